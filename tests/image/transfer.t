#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# import and export against the tools that others use, in both directions.
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

# Storage of their own for podman and buildah.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/c/graph"\nrunroot = "%s/c/run"\n' $T $T >$T/storage.conf
printf '{"default": [{"type": "insecureAcceptAnything"}]}' >$T/trust.json
echo '{}' >$T/auth.json # buildah wants it to be there
export CONTAINERS_STORAGE_CONF=$T/storage.conf CONTAINERS_CONF=/dev/null BUILDAH_ISOLATION=chroot
podman_() { podman --cgroup-manager cgroupfs "$@" 2>&1; }
podman_load() { podman_ load --signature-policy $T/trust.json -q -i "$1"; }
# piped FILE ARGUMENTS: cruet with the file coming out of a pipe.
piped() { run sh -c 'file=$1 && shift && cat "$file" | "$CRUET" "$@"' piped "$@"; }
export CRUET
store_config() { # NAME: config digest by the store's own files
	manifest=$(jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name) | .digest' $STORE/index.json)
	jq -r .config.digest "$STORE/blobs/sha256/${manifest#sha256:}"
}
diff_ids() { # NAME
	config=$(store_config "$1")
	jq -c .rootfs.diff_ids "$STORE/blobs/sha256/${config#sha256:}"
}
left() { find "$1" -name '.*' ! -path "$1"; }

# Two layers: the second removes, replaces and adds.
mkdir -p $T/a/etc $T/a/bin $T/b/etc $T/b/opt
cp $T/rootfs/bin/busybox $T/a/bin/busybox
ln -s busybox $T/a/bin/sh
ln $T/a/bin/busybox $T/a/bin/linked
echo 'root:x:0:0::/:/bin/sh' >$T/a/etc/passwd
echo old >$T/a/etc/replaced
echo gone >$T/a/etc/gone
echo new >$T/b/etc/replaced
: >$T/b/etc/.wh.gone
echo added >$T/b/opt/added
layout $T/layout box $T/a $T/b --config '{"Entrypoint":["/bin/sh"],"Env":["PATH=/bin"],"Labels":{"org.example.a":"b"}}' >$T/digest
run image import $T/layout
is "$status:$out" "0:$(cat $T/digest)  box" "a folder that Python made"
config=$(store_config box)
ids=$(diff_ids box)

# ---- what others write, we read ----

skopeo_ copy -q oci:$T/layout:box docker-archive:$T/skopeo.tar:box:1.0 >/dev/null
skopeo_ copy -q oci:$T/layout:box oci-archive:$T/skopeo-oci.tar:box:2.0 >/dev/null
skopeo_ copy -q --dest-compress-format zstd --dest-compress oci:$T/layout:box oci:$T/zstd:box3 >/dev/null
umoci init --layout $T/umoci && cp -r $T/layout/blobs $T/umoci/ && cp $T/layout/index.json $T/umoci/ &&
	umoci tag --image $T/umoci:box tagged && umoci gc --layout $T/umoci >/dev/null 2>&1
run image import $T/skopeo.tar
is "$status:${out#*  }" "0:docker.io/library/box:1.0" "docker-archive of skopeo"
is "$(store_config docker.io/library/box:1.0) $(diff_ids docker.io/library/box:1.0)" "$config $ids" "with the same config and diff_ids"
piped $T/skopeo.tar import -
is "$status:${out#*  }" "0:docker.io/library/box:1.0" "through a pipe"
run image import $T/skopeo-oci.tar
is "$status:${out#*  }" "0:box:2.0" "oci-archive of skopeo"
is "$(store_config box:2.0)" "$config" "with the same config"
run image import --one --platform linux/arm64 --name other $T/skopeo-oci.tar
failed 1 'nothing for linux/arm64.*; there is: linux/amd64' "--one --platform: an image of another platform is refused"
run image import --one --platform linux/amd64 --name mine $T/skopeo-oci.tar
is "$status:${out#*  }" "0:mine" "and one of that platform taken"
is "$(image image ls --json | jq -r '.[].name' | grep -cx -e other -e mine)" 1 "what was refused has no name"
gzip -k $T/skopeo-oci.tar
run image import --name zipped $T/skopeo-oci.tar.gz
is "$status:${out#*  }" "0:zipped" "compressed as a whole"
run image import $T/zstd
is "$status:${out#*  }" "0:box3" "layers of zstd"
run image import --reference tagged $T/umoci
is "$status:${out#*  }" "0:tagged" "a layout of umoci, one of its tags"
run image import --name both $T/umoci
failed 1 'has 2 images' "one name for two images is refused"

podman_load $T/skopeo.tar >/dev/null
podman_ save -q --format docker-archive -o $T/podman.tar docker.io/library/box:1.0 >/dev/null
podman_ save -q --format oci-archive -o $T/podman-oci.tar docker.io/library/box:1.0 >/dev/null
podman_ save -q --format docker-dir -o $T/podman-dir docker.io/library/box:1.0 >/dev/null
podman_ tag docker.io/library/box:1.0 example.com/other:x >/dev/null
podman_ save -q -m -o $T/podman-many.tar docker.io/library/box:1.0 example.com/other:x >/dev/null
run image import --name p1 $T/podman.tar
is "$status:$(store_config p1)" "0:$config" "podman save, docker-archive"
run image import --name p2 $T/podman-oci.tar
is "$status:$(diff_ids p2)" "0:$ids" "podman save, oci-archive"
run image import $T/podman-many.tar
is "$status:$(say "$out" | sed 's/.*  //' | sort | tr '\n' ' ')" "0:docker.io/library/box:1.0 example.com/other:x " "podman save -m: all names"
buildah push --signature-policy $T/trust.json -q docker.io/library/box:1.0 docker-archive:$T/buildah.tar:some/name:tag >>$T/log 2>&1
buildah push --signature-policy $T/trust.json -q docker.io/library/box:1.0 oci-archive:$T/buildah-oci.tar:b2 >>$T/log 2>&1 || sed "s/^/# /" $T/log
run image import $T/buildah.tar
like "$status:$out" "^0:.*  docker.io/some/name:tag" "buildah push, docker-archive"
is "$(diff_ids docker.io/some/name:tag)" "$ids" "with the same diff_ids"
run image import $T/buildah-oci.tar
is "$status:${out#*  }:$(diff_ids b2)" "0:b2:$ids" "buildah push, oci-archive"

# What no tool here writes: compressed layers in a docker-archive, links, legacy.
mkdir $T/dk && tar -C $T/dk -xf $T/skopeo.tar
(cd $T/dk && for layer in *.tar; do gzip -nq "$layer" || [ $? = 2 ]; done && rm -rf ./*/ repositories &&
	jq -c '.[0].Layers |= map(. + ".gz")' manifest.json >m && mv m manifest.json && tar -cf $T/gz.tar -- *)
run image import --name gz $T/gz.tar
is "$status:$(store_config gz):$(diff_ids gz)" "0:$config:$ids" "a docker-archive with gzip layers"
run image import --name gz $T/dk
is "$status:$(store_config gz)" "0:$config" "the same as a folder"
(cd $T/dk && first=$(jq -r '.[0].Layers[0]' manifest.json) && last=$(jq -r '.[0].Layers[1]' manifest.json) &&
	mv "$first" t && mv "$last" "$first" && mv t "$last")
run image import --name swapped $T/dk
failed 1 "is not what the config's diff_ids say" "layers that have changed places"
mkdir -p $T/v1/0123 && echo '{}' >$T/v1/repositories && echo '{}' >$T/v1/0123/json && : >$T/v1/0123/layer.tar
tar -C $T/v1 -cf $T/v1.tar repositories 0123
run image import $T/v1.tar
failed 1 'saved by docker before 1.10' "what Docker wrote before 1.10"

# ---- what we write, others read ----

mkdir $T/out
run image export box $T/out/o.tar
is "$status:$out" "0:" "export, an OCI layout as tar"
is "$(skopeo_ inspect --config oci-archive:$T/out/o.tar:box | jq -c .rootfs.diff_ids)" "$ids" "skopeo reads it"
run image export --folder box $T/out/folder
is "$status:$out" "0:" "export, as a folder"
is "$(umoci ls --layout $T/out/folder)" box "umoci lists it"
umoci unpack --image $T/out/folder:box $T/umoci-bundle >/dev/null 2>&1
is "$(cd $T/umoci-bundle/rootfs && cat etc/replaced opt/added && find etc -name gone)" "$(printf 'new\nadded')" "and unpacks it"
run image export --format docker-archive --name example.com/back:1 box $T/out/d.tar
is "$status:$out" "0:" "export, docker-archive"
is "$(tar tf $T/out/d.tar | grep -c '\.tar$')" 2 "its layers"
is "$(skopeo_ inspect --raw docker-archive:$T/out/d.tar | jq -r .config.digest)" "$config" "skopeo reads it, with the same config"
like "$(podman_load $T/out/d.tar)" 'example.com/back:1' "podman loads it"
like "$(podman_load $T/out/o.tar)" 'box' "podman loads the OCI layout"
is "$(podman_ image inspect example.com/back:1 | jq -c '.[0].RootFS.Layers')" "$ids" "its layers there"
run image import $T/out/d.tar
is "$status:${out#*  }" "0:example.com/back:1" "and back again"
is "$(store_config example.com/back:1) $(diff_ids example.com/back:1)" "$config $ids" "with the same config and diff_ids"
run image export --format docker-archive box3 $T/out/z.tar
is "$status:$(tar xOf $T/out/z.tar manifest.json | jq -c '.[0].Layers')" \
	"0:$(say "$ids" | jq -c '[.[] | sub("sha256:"; "") + ".tar"]')" "layers of zstd are written plain"

check "what is exported is valid by the specification's schemas" "$images/validate.py" $T/out/folder
mkdir $T/untarred && tar -C $T/untarred -xf $T/out/o.tar
check "as a tar archive, too" "$images/validate.py" $T/untarred
check "so is what is made for images without a manifest" "$images/validate.py" $STORE example.com/back:1

# ---- the same bytes; all or nothing ----

image export --quiet box - >$T/out/o2.tar
check "an export is the same bytes each time, to a pipe too" cmp $T/out/o.tar $T/out/o2.tar
run image export --folder box $T/out/folder
failed 1 'out/folder: open: file exists' "a folder that is there is not touched"
ln -s /dev/full $T/out/full
run image export box $T/out/full
failed 1 'no space left' "a device is written to"
check "and not replaced" test -c /dev/full
rm $T/out/full
old=$(sha256sum <$T/out/o.tar)
layer=$(jq -r '.layers[0].digest' "$STORE/blobs/sha256/$(cut -d: -f2 $T/digest)")
cp "$STORE/blobs/sha256/${layer#sha256:}" $T/saved
chmod u+w "$STORE/blobs/sha256/${layer#sha256:}"
printf X | dd of="$STORE/blobs/sha256/${layer#sha256:}" bs=1 seek=100 conv=notrunc 2>/dev/null
run image export box $T/out/o.tar
failed 1 'is damaged' "a damaged blob is not exported"
is "$(sha256sum <$T/out/o.tar)" "$old" "and the old file stays"
run image export --format docker-archive box $T/out/never.tar
failed 1 '' "nor into a docker-archive"
is "$(find $T/out -name never.tar):$(left $T/out)" ":" "and nothing is left"
cat $T/saved >"$STORE/blobs/sha256/${layer#sha256:}"

# ---- signatures go along ----

minisign -G -W -f -p $T/key.pub -s $T/key >/dev/null
run image image sign --key $T/key box
is "$status" 0 "a signed image"
hex=$(cut -d: -f2 $T/digest)
run image export --folder box $T/out/signed
is "$(ls $T/out/signed/signatures)" "$(printf '%s.minisig\n%s.statement' "$hex" "$hex")" "export has its signature"
image export --quiet box $T/out/signed.tar
for from in $T/out/signed $T/out/signed.tar; do
	rm -rf $T/other
	run image import --store $T/other "$from"
	is "$status:$(ls $T/other/signatures)" "0:$(printf '%s.minisig\n%s.statement' "$hex" "$hex")" "and import takes it: ${from##*/}"
done
rm -rf $T/other
cp $T/out/signed/signatures/*.minisig $T/out/o.tar.minisig
cp $T/out/signed/signatures/*.statement $T/out/o.tar.statement
run image import --store $T/other $T/out/o.tar
is "$status:$(ls $T/other/signatures)" "0:$(printf '%s.minisig\n%s.statement' "$hex" "$hex")" "or beside the file"
rm -rf $T/other $T/out/o.tar.*

# ---- plain root file systems ----

tar -C $T/a -cf $T/root.tar .
gzip -k $T/root.tar
run image import --name root --platform linux/arm/v7 --env A=b --user user --workdir /etc $T/root.tar.gz /bin/sh -c true
is "$status:${out#*  }" "0:root" "a tar archive"
root=$(store_config root)
is "$(jq -c '[.architecture, .variant, .config, .rootfs.diff_ids]' "$STORE/blobs/sha256/${root#sha256:}")" \
	"[\"arm\",\"v7\",{\"User\":\"user\",\"Env\":[\"A=b\"],\"Cmd\":[\"/bin/sh\",\"-c\",\"true\"],\"WorkingDir\":\"/etc\"},[\"sha256:$(sha256sum <$T/root.tar | cut -d' ' -f1)\"]]" \
	"its config is what was said"
piped $T/root.tar import --name root2 -
is "$status:$(diff_ids root2)" "0:$(diff_ids root)" "through a pipe"
run image import $T/root.tar
failed 1 'no name inside' "without a name"
run image import --name folder $T/a /bin/busybox echo hello
is "$status:${out#*  }" "0:folder" "a folder"
run cruet run --image folder f1
is "$status:$out" "0:hello" "which runs"
is "$(jq -c 'has("variant")' "$STORE/blobs/sha256/$(store_config folder | cut -d: -f2)")" false "what this machine could do is not what it needs"
check "which is valid" "$images/validate.py" $STORE root folder
mksquashfs $T/a $T/root.squashfs -comp zstd -quiet -no-progress >/dev/null
mkfs.erofs $T/root.erofs $T/a >/dev/null 2>&1
for kind in squashfs erofs; do
	run image import --name $kind $T/root.$kind /bin/busybox echo mounted
	is "$status:${out#*  }" "0:$kind" "$kind"
	run image export --format docker-archive $kind $T/out/$kind.tar
	failed 1 "cannot have a layer application/vnd" "which a docker-archive cannot have"
	piped $T/root.$kind import --name $kind -
	is "$status" 0 "$kind through a pipe"
	head -c 5000 $T/root.$kind >$T/short
	run image import --name short $T/short
	failed 1 'ends early' "$kind that is cut off"
done
like "$(jq -r .layers[0].mediaType "$STORE/blobs/sha256/$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "squashfs") | .digest' $STORE/index.json | cut -d: -f2)")" \
	'squashfs\+zstd$' "the compression stands in the media type"

# ---- appc ----

mkdir -p $T/base/rootfs/lib $T/base/rootfs/bin $T/app/rootfs/bin
cp $T/a/bin/busybox $T/base/rootfs/bin/
echo base >$T/base/rootfs/lib/of-base
ln -s lib $T/base/rootfs/etc
for applet in sh id cat readlink grep; do ln -s busybox $T/app/rootfs/bin/$applet; done
mkdir $T/app/rootfs/etc # in place of the link
echo 'user:x:1000:1000::/:/bin/sh' >$T/app/rootfs/etc/passwd
jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/base", labels: [{name: "version", value: "1"}]}' >$T/base/manifest
jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app", dependencies: [{imageName: "example.com/base"}],
	annotations: [{name: "created", value: "2014-10-27T19:32:27.67021798Z"}],
	app: {exec: ["/bin/sh", "-c", "id -u; echo $A; cat /lib/of-base; readlink /etc || echo folder; grep CapBnd /proc/self/status"],
		user: "user", group: "1000", environment: [{name: "A", value: "b"}],
		isolators: [{name: "os/linux/capabilities-retain-set", value: {set: ["CAP_KILL"]}}, {name: "example.com/none", value: 1}]}}' >$T/app/manifest
tar -C $T/base --owner 0 --group 0 -czf $T/base.aci manifest rootfs
tar -C $T/app --owner 0 --group 0 -cf $T/app.aci manifest rootfs
run image import $T/app.aci
failed 1 'dependency example.com/base: import it first' "an ACI whose dependency is not there"
run image import $T/base.aci
is "$status:${out#*  }" "0:example.com/base:1" "an ACI without an app"
piped $T/app.aci import -
is "$status:${out#*  }" "0:example.com/app" "one that stands on it, through a pipe"
like "$err" 'example.com/none is ignored' "what has no effect is said"
run cruet run --image example.com/app aci1
is "$status:$out" "0:$(printf '1000\nb\nbase\nfolder\nCapBnd:\t0000000000000020')" "it runs: user, environment, layers, isolators"
run cruet run --image example.com/base:1 aci2
failed 1 '' "a base has nothing to run"
check "valid documents" "$images/validate.py" $STORE example.com/app example.com/base:1
run image export --format aci example.com/app $T/out/app.aci
is "$status:$(tar tf $T/out/app.aci | grep -v ^rootfs)" "0:manifest" "exported as ACI"
is "$(tar xOf $T/out/app.aci manifest | jq -c '[.name, .app.user, .app.group, .app.exec[0], .app.isolators[0]]')" \
	'["example.com/app","user","1000","/bin/sh",{"name":"os/linux/capabilities-retain-set","value":{"set":["CAP_KILL"]}}]' "with its manifest"
is "$(tar tf $T/out/app.aci | sort | uniq -d)" "" "no entry is there twice"
run image import --name again $T/out/app.aci
run cruet run --image again aci3
is "$status:$(say "$out" | head -4 | tr '\n' ' ')" "0:1000 b base folder " "and back again, in one layer"
run image export --format aci --name example.com/box:7 box $T/out/box.aci
is "$status:$(tar xOf $T/out/box.aci manifest | jq -c '[.name, .labels, .app.exec, .app.user, .app.group]')" \
	'0:["example.com/box",[{"name":"version","value":"7"},{"name":"os","value":"linux"},{"name":"arch","value":"amd64"}],["/bin/sh"],"0","0"]' \
	"an OCI image as ACI"
is "$(tar tf $T/out/box.aci | grep -c 'gone\|wh')" 0 "its whiteouts are carried out"
run image export --format aci --name BOX box $T/out/never.aci
failed 1 'no name for an ACI' "a name that an ACI cannot have"
is "$(left $T/out)" "" "nothing is left"

# ---- cut off, empty, a folder of nothing ----

for size in 0 100 512 5000 100000; do
	head -c $size $T/skopeo.tar >$T/cut
	run image import --name cut $T/cut
	failed 1 "import $T/cut: " "docker-archive cut off after $size bytes"
	[ $size != 512 ] || continue # a whole archive: of one empty folder
	head -c $size $T/skopeo-oci.tar >$T/cut
	piped $T/cut import --name cut -
	failed 1 "import -: " "oci-archive, from a pipe, too"
done
is "$(jq -r '[.manifests[].annotations[]] | map(select(. == "cut")) | length' $STORE/index.json)" 0 "nothing was named"
run image image gc
is "$status" 0 "gc"
is "$(image image fsck >/dev/null 2>&1; echo $?)" 0 "and the store is whole"
run image export box $T/out/after.tar
is "$status:$(cmp $T/out/signed.tar $T/out/after.tar)" "0:" "what has a name is still there"

finish
