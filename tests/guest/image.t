#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # status, out and err are set by run
#
# Images on this machine, whatever its processor and its kernel: in, checked, unpacked, run, out again.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"

settings=$T/images.json
printf '{"store":"%s","policy":"%s","factory":[]}\n' "$T/store" "$T/policy.json" >"$settings"
export CRUET_IMAGES="$settings"
image() { "$CRUET" "$@"; }

cp -a "$ROOTFS" $T/tree
mkdir $T/tree/data
echo content >$T/tree/data/file
ln -s file $T/tree/data/link
ln $T/tree/data/file $T/tree/data/other
truncate -s 300000 $T/tree/data/zeros
chmod 4755 $T/tree/data/file
chown -h 1000:1000 $T/tree/data/file
run image import --name box --env NAME=box $T/tree /bin/sh -c 'echo hello from $NAME on $(uname -m); cksum </data/zeros'
is "$status" 0 "a folder becomes an image"
run image image ls --json
is "$(say "$out" | jq -r '.[].name')" box "it is in the store"
run cruet run --image box first
is "$status:$(say "$out" | head -n 1)" "0:hello from box on $(uname -m)" "it runs"
is "$(say "$out" | tail -n 1)" "$(cksum <$T/tree/data/zeros)" "with the files it was made of"
run image image bundle box $T/unpacked
is "$status" 0 "it is unpacked into a bundle"
is "$(cd $T/unpacked/rootfs 2>/dev/null && stat -c '%n %a %u %h %F' data/*)" "$(cd $T/tree && stat -c '%n %a %u %h %F' data/*)" \
	"modes, owners and links are those of the folder"
for format in oci docker-archive; do
	run image export --format $format box $T/$format.tar
	is "$status" 0 "export as $format"
	run image import --name back-$format $T/$format.tar
	is "$status" 0 "and import again"
	run cruet run --image back-$format again
	is "$status:$(say "$out" | head -n 1)" "0:hello from box on $(uname -m)" "it runs as before"
done
is "$(image image inspect back-oci | jq -r .digest)" "$(image image inspect box | jq -r .digest)" "the same image has the same digest"

# damaged on the way: refused, and nothing is left
size=$(stat -c %s $T/oci.tar)
cp $T/oci.tar $T/damaged.tar
printf 'X' | dd of=$T/damaged.tar bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
# In a store that has none of it: what is there already is not read again.
run image import --store $T/empty --name damaged $T/damaged.tar
failed 1 'sha256' "a damaged archive is refused"
head -c $((size / 2)) $T/oci.tar >$T/short.tar
run image import --store $T/empty --name short $T/short.tar
failed 1 'short.tar' "and one that was cut"
run image image ls --store $T/empty --json
is "$(say "$out" | jq length)" 0 "neither has a name"
run image image fsck
is "$status" 0 "the store is sound"
run image image rm box back-oci back-docker-archive
run image image gc
is "$(find $T/store/blobs $T/store/trees -type f | wc -l)" 0 "and empty when all is removed"
finish
