#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pull and push against Debian's docker-registry, with skopeo on the other side: http, https, passwords, tokens;
# mirrors of every kind; signatures as registry artifacts.
# shellcheck disable=SC2046,SC2086 # names without blanks
. "$(dirname "$0")/lib.sh"
unset SSL_CERT_FILE http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY

pids=
start_registry() { # PORT [YAML]
	registry "$@"
	pids="$pids $registry_pid"
}
digest_of() { jq -r '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == "'"$1"'") | .digest' $STORE/index.json; }
blobs() { find "$STORE/blobs" -type f | wc -l; }
fsck() { # NAME
	run image image fsck
	is "$status" 0 "$1: the store is sound"
}

mkdir -p $T/one/bin $T/two/etc
head -c 300000 /dev/urandom >$T/one/bin/data
echo two >$T/two/etc/two
digest=$(layout $T/layout 1.0 $T/one $T/two --compress gzip --config '{"Cmd":["/bin/true"]}')

# --- http ---
start_registry 5000
R=127.0.0.1:5000
run skopeo_ copy --dest-tls-verify=false "oci:$T/layout:1.0" docker://$R/team/app:1.0
is "$status" 0 "skopeo pushes"
run image pull $R/team/app:1.0
failed 1 'TLS' "http is not taken for https"
run image pull --insecure $R/team/app:1.0
is "$status:$out" "0:$digest" "pull over http"
is "$(digest_of $R/team/app:1.0)" "$digest" "its full name leads to it"
fsck "pulled"
run image pull --insecure --json $R/team/app:1.0
is "$(say "$out" | jq -r .digest)" "$digest" "again, as JSON"
run image pull --insecure --as app $R/team/app@$digest
is "$status:$(digest_of app)" "0:$digest" "by digest, under another name"
run image pull --insecure $R/team/app:1.0@sha256:$(printf %064d 0)
failed 1 'no manifests' "by a digest that is not there"
run image pull --insecure $R/team/app
failed 1 'no manifests/latest' "a tag that is not there"
run image pull --insecure $R/Team/app
failed 1 'no valid repository' "a name that is none"

rm -rf $STORE
for i in 1 2 3 4; do
	"$CRUET" pull --quiet --insecure --as app$i $R/team/app:1.0 2>$T/at-once.$i &
	eval "pull$i=$!"
done
for i in 1 2 3 4; do
	eval "wait \$pull$i"
	is "$?:$(cat $T/at-once.$i)" "0:" "four at once: $i"
done
fsck "four at once"

# Docker's media types; zstd.
run skopeo_ copy --format v2s2 --dest-tls-verify=false "oci:$T/layout:1.0" docker://$R/team/docker:1
run image pull --insecure $R/team/docker:1
is "$status" 0 "a manifest of Docker's kind"
run skopeo_ copy --dest-compress --dest-compress-format zstd "oci:$T/layout:1.0" "oci:$T/zstd:1.0"
run skopeo_ copy --dest-tls-verify=false "oci:$T/zstd:1.0" docker://$R/team/zstd:1
run image pull --insecure $R/team/zstd:1
is "$status" 0 "layers of zstd"

# Several platforms.
arm=$(layout $T/arm arm $T/two --platform linux/arm/v7)
this=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
layout $T/multi this $T/one --platform "linux/$this" >/dev/null
layout $T/multi arm $T/two --platform linux/arm/v7 >/dev/null
jq --arg this "$this" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [.manifests[] |
	{mediaType, digest, size, platform: (if .annotations."org.opencontainers.image.ref.name" == "arm"
	then {os: "linux", architecture: "arm", variant: "v7"} else {os: "linux", architecture: $this} end)}]}' \
	$T/multi/index.json >$T/index
top=$(sha256sum <$T/index | cut -d ' ' -f 1)
cp $T/index $T/multi/blobs/sha256/$top
jq -n --arg digest sha256:$top --argjson size "$(stat -c %s $T/index)" '{schemaVersion: 2, manifests: [
	{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
	annotations: {"org.opencontainers.image.ref.name": "all"}}]}' >$T/multi/index.json
run skopeo_ copy --all --dest-tls-verify=false "oci:$T/multi:all" docker://$R/team/multi:1
is "$status" 0 "skopeo pushes an index"
rm -rf $STORE
run image pull --insecure $R/team/multi:1
is "$status:$out" "0:sha256:$top" "of an index this machine's platform"
is "$(blobs)" 4 "and nothing of the other one"
run image push --insecure $R/team/multi:1 $R/team/copy:1
failed 1 'all-platforms' "what is not all there is not pushed as if it were"
run image pull --insecure --platform linux/arm/v7 $R/team/multi:1
is "$status:$out" "0:$arm" "another platform, by name"
run image pull --insecure --platform linux/riscv64 $R/team/multi:1
failed 1 'riscv64|linux/arm/v7' "one that there is not"
run image pull --insecure --all-platforms $R/team/multi:1
is "$status:$out:$(blobs)" "0:sha256:$top:7" "all of them"
run image push --insecure $R/team/multi:1 $R/team/copy:1
is "$status:$out" "0:sha256:$top" "push an index"
run skopeo_ copy --all --src-tls-verify=false docker://$R/team/copy:1 "oci:$T/back:all"
is "$status:$(jq -r '.manifests[0].digest' $T/back/index.json)" "0:sha256:$top" "skopeo pulls the same back"
run image push --insecure --platform linux/arm/v7 $R/team/multi:1 $R/team/arm:1
is "$status:$out" "0:$arm" "push one platform of it"
fsck "platforms"

# --- push ---
run image push --insecure $R/team/app:1.0 $R/other/app:2.0
failed 1 'no image' "push what is not there"
run image pull --insecure $R/team/app:1.0
run image push --insecure $R/team/app:1.0 $R/other/app:2.0
is "$status:$out" "0:$digest" "push to another repository"
run skopeo_ inspect --tls-verify=false docker://$R/other/app:2.0
is "$(say "$out" | jq -r .Digest)" "$digest" "skopeo sees it"
run image push --insecure $R/team/app:1.0 $R/other/app:2.0
is "$status:$(say "$err" | grep -c '^push')" "0:0" "again: no blob is sent"
run image push --insecure $R/team/app:1.0 "$R/other/app@$digest"
is "$status" 0 "push by digest"
run image push --insecure $R/team/app:1.0 "$R/other/app@sha256:$(printf %064d 0)"
failed 1 'another digest' "by a wrong one"

# --- https, passwords ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $T/ca.key -out $T/ca.pem -days 30 \
	-subj /CN=ca -addext basicConstraints=critical,CA:TRUE 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout $T/server.key -out $T/server.csr -subj /CN=localhost 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth' >$T/extensions
openssl x509 -req -in $T/server.csr -CA $T/ca.pem -CAkey $T/ca.key -CAcreateserial -out $T/server.pem -days 30 \
	-extfile $T/extensions 2>/dev/null
mkdir $T/certificates
cp $T/ca.pem $T/certificates/ca.crt
htpasswd -Bbn joe secret >$T/htpasswd
tls="tls: {certificate: $T/server.pem, key: $T/server.key}"
start_registry 5001 "http: {addr: \"127.0.0.1:5001\", $tls}
auth: {htpasswd: {realm: test, path: $T/htpasswd}}"
S=localhost:5001
settings ".certificates = \"$T/ca.pem\""
rm -rf $STORE
run skopeo_ copy --dest-creds joe:secret --dest-cert-dir $T/certificates "oci:$T/layout:1.0" docker://$S/team/app:1.0
is "$status" 0 "skopeo pushes over https with a password"
run image pull $S/team/app:1.0
failed 1 "cruet login $S" "without a password"
run image login -u joe -p wrong $S
run image pull $S/team/app:1.0
failed 1 'authentication required' "with a wrong one"
run sh -c "echo secret | '$CRUET' login --username joe --password-stdin $S"
is "$status:$(stat -c %a $T/auth.json)" "0:600" "login"
run image pull $S/team/app:1.0
is "$status:$out" "0:$digest" "with the right one"
run image push $S/team/app:1.0 $S/team/again:1.0
is "$status:$out" "0:$digest" "push over https"
run skopeo_ inspect --authfile $T/auth.json --cert-dir $T/certificates docker://$S/team/again:1.0
is "$(say "$out" | jq -r .Digest)" "$digest" "skopeo reads our auth.json"
run skopeo login --authfile $T/auth.json -u joe -p secret --cert-dir $T/certificates 127.0.0.1:5001
run image pull 127.0.0.1:5001/team/app:1.0
is "$status" 0 "and we read skopeo's"
jq '.auths["localhost:5001/team"] = .auths["localhost:5001"] | .auths["localhost:5001"] = {auth: "eDp5"} | .extra = {a: [1, "2"]}' \
	$T/auth.json >$T/auth.new && mv $T/auth.new $T/auth.json
run image pull --as x $S/team/app:1.0
is "$status" 0 "the longest key counts"
run image logout 127.0.0.1:5001
is "$status:$(jq -c '[(.auths | keys), .extra]' $T/auth.json)" \
	'0:[["localhost:5001","localhost:5001/team"],{"a":[1,"2"]}]' "logout leaves all else as it was"
run image logout 127.0.0.1:5001
failed 1 'nobody is logged in' "twice"
run image pull --insecure --as y 127.0.0.1:5001/team/app:1.0
failed 1 'cruet login' "what was forgotten is not sent"

# --- tokens ---
"$images/token_server.py" 5003 $T/server.pem $T/server.key --tls 2>$T/token.err &
pids="$pids $!"
wait_for port_open 5003
start_registry 5002 "http: {addr: \"127.0.0.1:5002\", $tls}
auth: {token: {realm: \"https://localhost:5003/token\", service: test, issuer: test, rootcertbundle: $T/server.pem}}"
K=localhost:5002
rm -f $T/auth.json
run skopeo_ copy --dest-creds joe:secret --dest-cert-dir $T/certificates "oci:$T/layout:1.0" docker://$K/public/app:1.0
is "$status" 0 "skopeo pushes with a token"
run skopeo_ copy --dest-creds joe:secret --dest-cert-dir $T/certificates "oci:$T/layout:1.0" docker://$K/private/app:1.0
rm -rf $STORE
run image pull $K/public/app:1.0
is "$status:$out" "0:$digest" "pull with a token for anybody"
run image pull $K/private/app:1.0
failed 1 'authentication required|denied' "which is not good for all"
image login -u joe -p secret $K
run image pull $K/private/app:1.0
is "$status:$out" "0:$digest" "a token for a user"
run image push $K/private/app:1.0 $K/private/new:1.0
is "$status:$out" "0:$digest" "push with one"
jq -n --arg host $K '{auths: {($host): {identitytoken: "joe'"'"'s"}}}' >$T/auth.json
run image pull --as z $K/private/new:1.0
is "$status:$out" "0:$digest" "a token for an identity token"
jq -n --arg host $K '{auths: {($host): {identitytoken: "jane'"'"'s"}}}' >$T/auth.json
run image pull --as z $K/private/new:1.0
failed 1 'token' "not for another"
rm $T/auth.json

# --- mirrors ---
mirror() { # LOCATION [JQ-FILTER]: for registry.example/base
	settings ".certificates = \"$T/ca.pem\" | .noOrigin = true | .mirrors =
		[{prefix: \"registry.example/base\", location: \"$1\"}] | ${2:-.}"
	rm -rf $STORE
}
M=registry.example/base/app
mirror http://$R/team
run image pull $M:1.0
failed 1 'only what has a digest' "a mirror over http is not asked what a tag means"
run image pull $M@$digest
is "$status:$out" "0:$digest" "but for what has a digest"
mirror https://localhost:5002/public
run image pull $M:1.0
is "$status:$(digest_of $M:1.0)" "0:$digest" "a mirror over https is; the name stays"
run image pull registry.example/based:1.0
failed 1 'no mirror' "a prefix ends at a '/'"
mirror https://localhost:5002/nothing ".mirrors += [{prefix: \"\", location: \"https://localhost:5009\"},
	{prefix: \"registry.example\", location: \"https://localhost:5002/public\"},
	{prefix: \"registry.example/base\", location: \"https://localhost:5002/public\"}]"
run image pull --attempts 1 $M:1.0
is "$status:$out" "0:$digest" "mirrors are tried in order"
like "$err" "localhost:5002/nothing: .*(no manifests|denied|required)" "and what fails is said"
# A tag by the origin, its content by a mirror over http.
settings ".certificates = \"$T/ca.pem\" | .mirrors = [{prefix: \"$K/public\", location: \"http://$R/team\"}]"
rm -rf $STORE
run image pull $K/public/app:1.0
is "$status:$out" "0:$digest" "the origin says what a tag means, a mirror has the content"
unlike "$err" "http://$R/team:" "without a failure"

mirror file://$T/layout
run image pull $M:1.0
is "$status:$out" "0:$digest" "a folder that is an OCI layout"
run image pull $M@$digest
is "$status:$out" "0:$digest" "by digest"
run image pull $M:2.0
failed 1 '2.0' "a name that it does not have"
mkdir -p $T/stick/sub
skopeo_ copy "oci:$T/layout:1.0" "oci-archive:$T/stick/app-1.0.tar:x" >/dev/null
skopeo_ copy "oci:$T/layout:1.0" "docker-archive:$T/stick/plain.tar:x" >/dev/null
mirror file://$T/stick
run image pull $M:1.0
is "$status:$out" "0:$digest" "a folder of archives"
is "$(digest_of $M:1.0)" "$digest" "gives it the name that was asked for"
run image pull $M:3.0
failed 1 'nothing of that name' "an archive that is not there"
run image pull registry.example/base/plain
is "$status" 0 "an archive of Docker's"
run image pull "$M:1.0@sha256:$(printf %064d 0)"
failed 1 'another digest' "an archive with another digest"

# A static web server.
python3 -m http.server --bind 127.0.0.1 --directory $T/stick 5005 >/dev/null 2>&1 &
pids="$pids $!"
wait_for port_open 5005
mirror 'http://127.0.0.1:5005/{name}-{version}.{ext}'
run image pull $M:1.0
failed 1 'without a digest' "a template over http, without a digest or a signature"
is "$(digest_of $M:1.0)" "" "names nothing"
run image pull $M:1.0@$digest
is "$status:$out" "0:$digest" "with a digest"
mirror 'http://127.0.0.1:5005/{name}-{colour}'
run image pull $M:1.0@$digest
failed 1 'what is {colour}' "a word that nobody knows"

# --- the helper program ---
settings ".certificates = \"/nonexistent\" | .helper = [\"$(command -v curl)\", \"-sfL\", \"--cacert\", \"$T/ca.pem\",
	\"-H\", \"Accept: {accept}\", \"-C\", \"{offset}\", \"{url}\"]"
start_registry 5006 "http: {addr: \"127.0.0.1:5006\", $tls}"
run skopeo_ copy --dest-cert-dir $T/certificates "oci:$T/layout:1.0" docker://localhost:5006/team/app:1.0
rm -rf $STORE
run image pull localhost:5006/team/app:1.0
is "$status:$out" "0:$digest" "pull by curl"
run image pull localhost:5006/team/nothing:1.0
failed 1 'curl .*status 22' "its failure is ours"
run image push localhost:5006/team/app:1.0 localhost:5006/team/b:1
failed 1 'can only fetch' "it cannot push"

# --- signatures ---
settings ".certificates = \"$T/ca.pem\""
rm -rf $STORE
run image pull --insecure $R/team/app:1.0
minisign -G -W -f -p $T/release.pub -s $T/release.key >/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $T/ec.key 2>/dev/null
openssl pkey -in $T/ec.key -pubout -out $T/ec.pub
run image image sign --key $T/release.key --as $R/signed/app --counter 3 $R/team/app:1.0
run image image sign --key $T/ec.key --as $R/signed/app $R/team/app:1.0
run image push --insecure $R/team/app:1.0 $R/signed/app:1.0
is "$status:$out" "0:$digest" "push with two signatures"
hex=${digest#sha256:}
run curl -sf http://$R/v2/signed/app/manifests/sha256-$hex.sig -H 'Accept: application/vnd.oci.image.manifest.v1+json'
is "$(say "$out" | jq -r '.layers[] | .mediaType, (.annotations | keys[])')" \
	"$(printf 'application/vnd.dev.cosign.simplesigning.v1+json\ndev.cosignproject.cosign/signature')" "one as cosign keeps it"
run curl -sf http://$R/v2/signed/app/manifests/sha256-$hex -H 'Accept: application/vnd.oci.image.index.v1+json'
is "$(say "$out" | jq -r '.manifests[].artifactType')" application/vnd.cruet.signature.minisign.v1 "one as a referrer"
run image push --insecure $R/team/app:1.0 $R/signed/app:1.0
run curl -sf http://$R/v2/signed/app/manifests/sha256-$hex -H 'Accept: application/vnd.oci.image.index.v1+json'
is "$(say "$out" | jq '.manifests | length')" 1 "once, also when it is pushed twice"

policy() { # KEY-TYPE KEY-FILE
	jq -n --arg type "$1" --arg file "$2" --arg prefix $R/signed '{rules: [{prefix: $prefix, keys:
		[{name: "release", type: $type, file: $file}]}, {prefix: "", action: "refuse"}]}' >$T/policy.json
}
for kind in minisign cosign; do
	[ $kind = minisign ] && policy minisign $T/release.pub || policy cosign $T/ec.pub
	rm -rf $STORE
	run image pull --insecure $R/signed/app:1.0
	is "$status:$out" "0:$digest" "a policy with a key of $kind takes what came with a signature"
	is "$(image image audit --json | jq -r 'select(.action == "pull") | .signer')" release "and the audit log says whose"
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $T/other.key 2>/dev/null
openssl pkey -in $T/other.key -pubout -out $T/other.pub
policy cosign $T/other.pub
rm -rf $STORE
run image pull --insecure $R/signed/app:1.0
failed 1 'good signatures|refused' "a policy with another key refuses"
is "$(find $STORE/blobs -size +100k | wc -l)" 0 "before any layer is fetched"
run image pull --insecure $R/team/app:1.0
failed 1 'refused' "what no rule takes is refused"
policy minisign $T/release.pub
rm $T/policy.json

for pid in $pids; do kill "$pid"; done
wait
finish
