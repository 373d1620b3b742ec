#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signatures, the policy and the audit log, with minisign, OpenSSL and gpgv on the other side.
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

APP=registry.example/team/app
digest=$(layout $T/layout $APP:1 $T/rootfs --config '{"Cmd":["echo","it runs"]}')
hex=${digest#sha256:}
mkdir $T/keys $T/out
minisign -G -W -f -p $T/keys/release.pub -s $T/release.key >/dev/null
minisign -G -W -f -p $T/keys/other.pub -s $T/other.key >/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out $T/ec.key
openssl pkcs8 -topk8 -nocrypt -in $T/ec.key -out $T/ec8.key
openssl ec -in $T/ec.key -pubout -out $T/keys/ci.pub 2>/dev/null

policy() { # [JQ-FILTER]: rules[0] is for the team
	jq -n '{device: "model-a", rules: [{prefix: "registry.example/team", keys: [
		{name: "release", type: "minisign", file: "keys/release.pub"}]},
		{prefix: "", action: "refuse"}]} | '"${1:-.}" >$T/policy.json
}
statement() { # NAME [JQ-FILTER]: as a signer without our tools writes it
	jq -cn --arg digest "$digest" '{manifest: $digest} | '"${2:-.}" >"$T/out/$1"
}
last() { image image audit --json | tail -n 1 | jq -r "$1"; } # FILTER
traces() {
	grep -c /run/cruet-bundles /proc/self/mountinfo
	find /run/cruet-bundles /run/cruet-images -mindepth 1 2>/dev/null
}
runs() { # NAME
	run cruet run --image $APP:1 c1
	is "$status:$out" "0:it runs" "$1"
}
refused() { # REGEX NAME
	run cruet run --image $APP:1 c1
	failed 1 "$1" "$2"
}

# --- no policy, and broken ones ---

run image import $T/layout
is "$status" 0 "import without a policy"
runs "without a policy everything runs"
is "$(last '.action, .rule, .signer, .allowed, .id, .uid, .manifest')" "$(printf 'start\n\n\ntrue\nc1\n0\n%s' "$digest")" \
	"and the audit log says so"
policy
refused "0 of 1 good signatures" "with one, an image without signature is refused"
is "$(traces)" 0 "and nothing is left"
is "$(last '.action, .rule, .allowed, .reason' | sed 's/^registry.example.* is refused: .*:1 is.*//')" \
	"$(printf 'refuse\nregistry.example/team\nfalse\n%s' "$(last .reason)")" "the refusal is in the audit log"
like "$(last .reason)" "0 of 1 good signatures" "with its reason"
run cruet run --image "$digest" c1
failed 1 "rule \*.*it says so" "a name that only the last rule fits"
echo '{"rules":' >$T/policy.json
refused "refused: policy" "a policy that is cut off refuses"
policy '.rules[1].action = "reject"'
refused "rules.action" "an unknown word in it refuses"
policy '.colour = 1'
refused "policy.colour.*unknown property" "an unknown property in it refuses"
rm $T/policy.json && mkdir $T/policy.json
refused "refused: policy" "one that cannot be read refuses"
rmdir $T/policy.json
policy '.rules[0].keys[0].type = "gpg"'
refused "keys.type" "an unknown type of key refuses"

# --- minisign as the signer ---

for kind in prehashed legacy; do
	statement $kind ".counter = 3"
	option=-l
	[ $kind = legacy ] || option=
	# shellcheck disable=SC2086 # none, or one option
	minisign -S $option -s $T/release.key -m $T/out/$kind -t "release 3" >/dev/null
	policy
	run image image attach $APP:1 $T/out/$kind.minisig
	is "$status" 0 "attach a signature of minisign ($kind)"
	runs "and the image runs"
	is "$(last '.signer, .key, .counter')" \
		"$(printf 'release\n%16s\n3' "$(sed -n 's/.*public key //p' $T/keys/release.pub)" | tr ' ' 0)" "signer, key and counter are in the audit log"
	printf '\001' | dd of="$STORE/signatures/$hex.statement" bs=1 seek=20 conv=notrunc 2>/dev/null
	refused "0 of 1 good signatures" "a changed statement is refused ($kind)"
	rm -r $STORE/signatures
done
run image image attach $APP:1 $T/out/legacy.minisig
run cruet run -d --image $APP:1 c2 sleep 100
is "$(cruet state c2 | jq -r '.annotations."cruet.image.signer"')" release "state says who vouches for it"
remove c2
wait_for test ! -e /run/cruet-images/c2
minisign -S -s $T/other.key -m $T/out/legacy -x $T/out/other.minisig >/dev/null
cp $T/out/legacy $T/out/other
rm -r $STORE/signatures
run image image attach $APP:1 $T/out/other.minisig
refused "0 of 1 good signatures" "a good signature of another key is refused"
policy '.rules[0].keys[0].file = "keys/missing.pub"'
refused "missing.pub" "a key that is missing refuses"
policy '.rules[0].keys += [{name: "other", type: "minisign", file: "keys/other.pub"}] | .rules[0].threshold = 2'
refused "1 of 2 good signatures" "one of two"
run image image attach $APP:1 $T/out/legacy.minisig
runs "two of two"
statement wrong '.manifest = "sha256:" + ("0" * 64)'
minisign -S -s $T/release.key -m $T/out/wrong >/dev/null
run image image attach $APP:1 $T/out/wrong.minisig
failed 1 "another manifest" "a signature of another image is not taken"
head -c 70000 /dev/zero | tr '\0' ' ' >$T/out/large
minisign -S -s $T/release.key -m $T/out/large >/dev/null
run image image attach $APP:1 $T/out/large.minisig
failed 1 "large|65536" "nor one of a statement beyond 64 KiB"
rm -r $STORE/signatures

# --- our signatures, for minisign and OpenSSL; and OpenSSL's for us ---

policy
run image image sign --key $T/release.key --counter 5 --device model-a --output $T/out $APP:1
is "$status" 0 "sign with a key of minisign"
run minisign -V -p $T/keys/release.pub -m "$T/out/$hex.statement" -x "$T/out/$hex.minisig"
is "$status" 0 "minisign verifies it"
run minisign -V -p $T/keys/other.pub -m "$T/out/$hex.statement" -x "$T/out/$hex.minisig"
is "$status" 1 "but not with another key"
refused "0 of 1 good" "it is not in the store yet"
run image image attach $APP:1 "$T/out/$hex.minisig"
runs "then it is"

policy '.rules[0].keys = [{name: "ci", type: "cosign", file: "keys/ci.pub"}]'
refused "0 of 1 good" "a policy that wants cosign's"
for key in ec ec8; do
	rm -rf $STORE/signatures $T/out/*.cosign.*
	run image image sign --key $T/$key.key --output $T/out $APP:1
	is "$status" 0 "sign with a key of OpenSSL ($key)"
	base64 -d "$T/out/$hex.cosign.sig" >$T/out/der
	run openssl dgst -sha256 -verify $T/keys/ci.pub -signature $T/out/der "$T/out/$hex.cosign.json"
	is "$status:$out" "0:Verified OK" "OpenSSL verifies it"
	is "$(jq -r '.critical | .identity."docker-reference", .image."docker-manifest-digest", .type' "$T/out/$hex.cosign.json")" \
		"$(printf '%s\n%s\ncosign container image signature' $APP "$digest")" "the payload is as cosign writes it"
	run image image sign --key $T/$key.key $APP:1
	runs "and it counts"
done
rm -rf $STORE/signatures
jq -n --arg digest "$digest" '{critical: {identity: {"docker-reference": "registry.example/team/app"},
	image: {"docker-manifest-digest": $digest}, type: "cosign container image signature"},
	optional: {creator: "ci"}}' >$T/out/x.json
openssl dgst -sha256 -sign $T/ec8.key $T/out/x.json | base64 -w0 >$T/out/x.sig
run image image attach $APP:1 $T/out/x.sig
runs "a payload that OpenSSL signed, in whatever form of JSON"
sed -i s,/team/app,/team/apq, "$STORE/signatures/$hex.cosign.json"
refused "0 of 1 good" "a changed payload"
openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:x -out $T/locked.key 2>/dev/null
openssl pkcs8 -topk8 -passout pass:x -in $T/ec.key -out $T/locked8.key
for key in locked.key locked8.key keys/ci.pub keys/release.pub layout/oci-layout missing; do
	run image image sign --key $T/$key $APP:1
	failed 1 "key|missing" "a key that is none or is encrypted: $key"
done

# --- names, counters, devices ---

rm -rf $STORE/signatures
policy '.rules[0].counter = "name"'
image image tag $APP:1 registry.example/team/other:1
run image image sign --key $T/release.key $APP:1
refused "no counter" "a rule that wants a counter"
run image image sign --key $T/release.key --counter 5 $APP:1
runs "one that has it"
is "$(jq -c . $STORE/counters.json)" '{"registry.example/team/app":5}' "the counter is kept"
run cruet run --image registry.example/team/other:1 c1
failed 1 "it was signed as registry.example/team/app" "under another name"
rm -r $STORE/signatures
run image image sign --key $T/release.key --counter 4 $APP:1
refused "its counter is 4, and the least that is taken is 5" "an older one"
is "$(jq -c . $STORE/counters.json)" '{"registry.example/team/app":5}' "raises nothing"
run image image sign --key $T/release.key --counter 9 $APP:1
run image image verify $APP:1
is "$status" 0 "a newer one"
is "$(jq -c . $STORE/counters.json)" '{"registry.example/team/app":5}' "looking at it raises nothing"
runs "running it does"
is "$(jq -c . $STORE/counters.json)" '{"registry.example/team/app":9}' "raise the counter"
echo '{"registry.example/team/app":' >$STORE/counters.json
refused "counters.json" "counters that are damaged"
rm -r $STORE/counters.json $STORE/signatures
policy
run image image sign --key $T/release.key --device model-b --device model-c $APP:1
refused "other devices" "an image for other devices"
policy '.device = ["x", "model-c"]'
runs "on one of them"
printf 'vendor,x\0model-b\0' >$T/compatible
policy '.device = "file:'$T'/compatible"'
runs "names from a device tree"

# --- file systems that the kernel reads ---

mkdir -p $T/fs/bin && echo fs >$T/fs/bin/fs
mksquashfs $T/fs $T/fs.squashfs -quiet -no-progress >/dev/null
run image import --unverified --name registry.example/team/fs:1 $T/fs.squashfs /bin/fs
run image image sign --key $T/release.key registry.example/team/fs:1
policy '.rules[0].mounts = "verity"'
run cruet run --image registry.example/team/fs:1 c1
failed 1 "verity" "a file system without a root hash is not mounted where the policy wants one"
is "$(traces)" 0 "and nothing is left"
policy '.rules[0].mounts = "any"'
run cruet run --image registry.example/team/fs:1 c1
unlike "$err" "verity" "else that is no reason"

# --- import asks, too ---

policy
layout $T/second $APP:1 $T/fs --config '{"Cmd":["fs"]}' >/dev/null
second=$(jq -r '.manifests[0].digest' $T/second/index.json)
names=$(cat $STORE/index.json)
for format in folder tar; do
	[ $format = folder ] || { tar -C $T/second -cf $T/second.tar . && rm -r $T/second && ln -s second.tar $T/second; }
	run image import $T/second
	failed 1 "$APP:1 is refused: .*0 of 1 good signatures" "import of an image without signature ($format)"
done
is "$(cat $STORE/index.json)" "$names" "takes no name away from the one that runs"
is "$(last '.action, .rule, .allowed, .manifest')" "$(printf 'refuse\nregistry.example/team\nfalse\n%s' "$second")" "and is in the audit log"
run image import --name elsewhere.example/app:1 $T/second
failed 1 "rule \*.*it says so" "import under a name that is refused"
run image import --unverified $T/second
is "$status" 0 "--unverified"
like "$err" "does not run: .*0 of 1 good" "says what the policy says"
is "$(last '.action, .allowed')" "$(printf 'import\nfalse')" "as the audit log does"
run cruet run --image $APP:1 c1
failed 1 "0 of 1 good" "and run asks still"
image image sign --key $T/release.key --counter 2 --output $T/out $APP:1
rm -r $STORE/signatures
run image import --signature "$T/out/${second#sha256:}.minisig" $T/second.tar
is "$status" 0 "a signature that is given"
like "$err" "allowed by the rule registry.example/team, signed by release" "is asked for"
rm -r $STORE/signatures
cp "$T/out/${second#sha256:}.minisig" $T/second.tar.minisig
cp "$T/out/${second#sha256:}.statement" $T/second.tar.statement
run image import $T/second.tar
is "$status" 0 "one that lies beside the file"
rm $T/second.tar.*
run image export $APP:1 $T/signed.tar
rm -r $STORE/signatures
run image import $T/signed.tar
is "$status" 0 "one inside of it"
policy '.rules[0].counter = "name"'
echo '{"registry.example/team/app":3}' >$STORE/counters.json
run image import $T/signed.tar
failed 1 "its counter is 2, and the least that is taken is 3" "an old one"
rm -r $STORE/counters.json $STORE/signatures
run image import --signature $T/out/none.minisig $T/second.tar
failed 1 "none.minisig" "a signature that is not there"
policy
image image rm $APP:1
run image import --signature $T/out/legacy.minisig $T/second.tar
failed 1 "another manifest|0 of 1" "a signature of another image"
is "$(image image ls --json | jq -r '.[].name' | grep -c "^$APP:1$")" 0 "leaves no name"

# An index: signed as a whole, or what this machine runs of it.
jq -c '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [.manifests[0] | del(.annotations)]}' \
	$T/layout/index.json >$T/multi
multi=$(sha256sum <$T/multi | cut -c -64)
cp -r $T/layout $T/multi.oci
cp $T/multi "$T/multi.oci/blobs/sha256/$multi"
jq -n --arg digest "sha256:$multi" --arg name $APP:3 --argjson size "$(stat -c %s $T/multi)" '{schemaVersion: 2, manifests: [{digest: $digest,
	size: $size, mediaType: "application/vnd.oci.image.index.v1+json", annotations: {"org.opencontainers.image.ref.name": $name}}]}' \
	>$T/multi.oci/index.json
run image import $T/multi.oci
failed 1 "0 of 1 good" "an index without a signature"
run image import --unverified $T/multi.oci
image image sign --key $T/release.key --output $T/out $APP:3
run image import --signature "$T/out/$multi.minisig" $T/multi.oci
is "$status" 0 "a signature of the index"
rm -r $STORE/signatures
run image import --unverified $T/layout
image image sign --key $T/release.key --device model-a $APP:1
run image import $T/multi.oci
is "$status" 0 "one of what it leads to here"
image image rm $APP:3
rm -r $STORE/signatures
image image sign --key $T/release.key --device model-b --device model-c $APP:1

# --- verify and audit ---

policy
run image image verify --json $APP:1
is "$status:$(say "$out" | jq -r '.[0] | .allowed, .damaged, .missing')" "1:$(printf 'false\n0\n0')" "verify: refused"
policy '.device = ["model-c"]'
run image image verify --json $APP:1
is "$status:$(say "$out" | jq -r '.[0] | .allowed, .signer, .digest, .blobs')" "0:$(printf 'true\nrelease\n%s\n3' "$digest")" \
	"verify: allowed"
run image image audit "$digest"
is "$status:$(say "$out" | tail -n 1)" "0:$digest: ran here" "audit: it ran"
never=sha256:$(printf %064d 1)
run image image audit --quiet "$never"
is "$status:$out" "3:$never: never ran here" "audit: another never did"
run image image audit -q "$never" "$digest"
is "$status" 0 "audit: one of two did"
run image image audit sha256:12
failed 1 "sha256:12" "audit: what is no digest"
printf '{"time":"x","action":"sta' >>$STORE/audit.log
runs "after a torn line in the audit log"
run image image audit "$digest"
is "$status" 0 "the log is read past it"
like "$err" "damaged" "and it is told"
mv $STORE/audit.log $T/audit.log && mkdir $STORE/audit.log
refused "audit.log" "what cannot be logged does not run"
is "$(traces)" 0 "and nothing is left of it"
rmdir $STORE/audit.log
blob=$(find $STORE/blobs -size +100k | head -n 1)
cp "$blob" $T/blob && chmod u+w "$blob" && printf x | dd of="$blob" bs=1 seek=5000 conv=notrunc 2>/dev/null
run image image verify $APP:1
failed 1 "1 blobs are damaged" "verify: one byte of a layer"
cp $T/blob "$blob"

# --- through a registry ---

registry 5801
rm -rf $STORE/signatures
R=127.0.0.1:5801/team/app
image image tag $APP:1 $R:1
policy '.rules[0].prefix = "127.0.0.1:5801/team"'
run image push --insecure $R:1
is "$status" 0 "push"
run image pull --store $T/device --insecure $R:1
failed 1 "0 of 1 good signatures" "pull of an image without signature is refused"
is "$(find $T/device/blobs -size +100k)" "" "no layer was fetched"
for key in release ec8; do
	rm -rf $STORE/signatures $T/device
	image image sign --key $T/$key.key $R:1
	run image push --insecure $R:1
	[ $key = release ] || policy '.rules[0].prefix = "127.0.0.1:5801/team" |
		.rules[0].keys = [{name: "ci", type: "cosign", file: "keys/ci.pub"}]'
	run image pull --store $T/device --insecure $R:1
	is "$status" 0 "signed with $key.key, pushed and pulled, it is allowed"
	run cruet run --store $T/device --image $R:1 c1
	is "$status:$out" "0:it runs" "and runs"
done
policy '.rules[0].prefix = "127.0.0.1:5801/team" | .rules[0].keys[0].file = "keys/other.pub"'
run cruet run --store $T/device --image $R:1 c1
failed 1 "0 of 1 good" "another key in the policy, and it runs no more"
kill "$registry_pid"

# --- appc images and gpgv ---

aci() { # FILE
	mkdir -p $T/aci && cp -a $T/rootfs $T/aci/rootfs 2>/dev/null
	jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app",
		labels: [{name: "os", value: "linux"}, {name: "arch", value: "amd64"}],
		app: {exec: ["/bin/echo", "it runs"], user: "0", group: "0"}}' >$T/aci/manifest
	tar -C $T/aci --sort=name -cf "$1" manifest rootfs
}
pgp() { gpg --homedir $T/gnupg --batch --quiet --passphrase '' --pinentry-mode loopback "$@" 2>/dev/null; }
mkdir -m 700 $T/gnupg
for user in good bad; do
	pgp --quick-gen-key $user@example.com ed25519 sign never
	pgp --export $user@example.com >$T/keys/$user.gpg
done
print=$(pgp --with-colons --list-keys good@example.com | sed -n 's/^fpr:*\([0-9A-F]*\):.*/\1/p' | head -n 1)
aci $T/app.aci
jq -n '{rules: [{prefix: "example.com", aciKeyring: "keys/good.gpg"}]}' >$T/policy.json
run image import $T/app.aci
failed 1 "app.aci.asc" "an ACI without signature"
pgp -u bad@example.com --armor --detach-sign -o $T/app.aci.asc $T/app.aci
run image import $T/app.aci
failed 1 "not a good one of the keyring" "one of a key that is not in the keyring"
rm $T/app.aci.asc
pgp -u good@example.com --armor --detach-sign -o $T/app.aci.asc $T/app.aci
pgp -u good@example.com --armor --detach-sign -o $T/bad.aci.asc $T/app.aci
cp $T/app.aci $T/bad.aci && printf x | dd of=$T/bad.aci bs=1 seek=600 conv=notrunc 2>/dev/null
run image import $T/bad.aci
failed 1 "example.com/app is refused|checksum" "one that was changed"
jq -n '{rules: [{prefix: "example.com", aciKeyring: "keys/missing.gpg"}]}' >$T/policy.json
run image import $T/app.aci
failed 1 "missing.gpg" "a keyring that is missing"
jq -n '{rules: [{prefix: "example.com", aciKeyring: "keys/good.gpg"}]}' >$T/policy.json
if [ -e /usr/bin/gpgv ]; then
	mount --bind /dev/null /usr/bin/gpgv
	run image import $T/app.aci
	failed 1 "there is no gpgv" "no gpgv"
	umount /usr/bin/gpgv
fi
run image import $T/app.aci
is "$status" 0 "an ACI with a good signature"
name=$(image image ls --json | jq -r '.[].name' | grep example.com)
run cruet run --image "$name" c1
is "$status:$out" "0:it runs" "runs"
is "$(last '.signer, .key')" "$(printf 'gpgv\n%s' "$print")" "and the audit log has the fingerprint"
layout $T/evil "$name" $T/rootfs --config '{"Cmd":["echo","evil"]}' >/dev/null
run image import $T/evil
failed 1 "not imported as an ACI" "another image of that name does not come"
image import --unverified $T/evil >/dev/null
run cruet run --image "$name" c1
failed 1 "not imported as an ACI" "another image of that name does not"
gpgconf --homedir $T/gnupg --kill all

finish
