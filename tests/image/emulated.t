#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The other byte order, and 32 bits, under qemu-user: what is verified and unpacked there is the same, and
# the stores are each other's. `make emulated` builds the binaries.
. "$(dirname "$0")/lib.sh"

mkdir -p $T/tree/etc $T/tree/deep
cp -a $T/rootfs/bin $T/rootfs/etc $T/tree/
head -c 3000000 /dev/urandom >$T/tree/deep/random
ln $T/tree/deep/random $T/tree/deep/again
ln -s ../etc/passwd $T/tree/deep/link
setfattr -n user.word -v value $T/tree/etc/passwd 2>/dev/null
touch -d @4000000000 $T/tree/etc/group
long=$T/tree/$(printf '%0200d/%0200d' 1 2)
mkdir -p "$long"
echo long >"$long/$(printf '%0200d' 3)"
layout $T/layout box $T/tree --config '{"Cmd":["/bin/true"]}' >/dev/null
layout $T/zstd box $T/tree --compress none >/dev/null
skopeo_ copy --dest-compress --dest-compress-format zstd oci:$T/zstd:box oci:$T/layout-zstd:box >/dev/null
settings '.flat = true'

# All that is in a tree (its root, which the layer says nothing of, has the time of day), by another program.
listing() { (cd "$1" && tar --sort=name --xattrs --numeric-owner --pax-option=delete=atime,delete=ctime -cf - -- * | sha256sum); }
trees() { for tree in "$1"/trees/*/root; do listing "$tree"; done; }
blobs() { (cd "$1/blobs/sha256" && ls); }

# An appc image for whatever imports it, with errors that have other numbers on mips: ENOSYS is 89 there.
mkdir -p $T/aci/rootfs/bin
cp $T/rootfs/bin/busybox $T/aci/rootfs/bin/
for set in remove retain; do
	jq -n --arg set os/linux/seccomp-$set-set '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app",
		app: {exec: ["/bin/busybox"], user: "0", group: "0", isolators: [{name: $set, value: {set: ["mkdir"], errno: "ENOSYS"}}]}}' \
		>$T/aci/manifest
	tar -C $T/aci -cf $T/$set.aci manifest rootfs
done
errno() { # BUNDLE
	jq -r '.linux.seccomp | .defaultErrnoRet // .syscalls[0].errnoRet' "$1/config.json"
}

for layout in layout layout-zstd; do
	run image import --store "$T/native-$layout" --name box "$T/$layout"
	run image image unpack --store "$T/native-$layout" box
	is "$status" 0 "$layout: unpacked natively"
done
for machine in mips:qemu-mips-static armv7:qemu-arm-static; do
	binary=$BUILD/emulated/${machine%%:*}/cruet
	if [ ! -x "$binary" ]; then
		fail "$machine: there is no $binary: make emulated"
		continue
	fi
	machine=${machine%%:*} emulator=$(command -v "${machine#*:}")
	case $machine in mips) emulator=$(command -v qemu-mips-static) ;; armv7) emulator=$(command -v qemu-arm-static) ;; esac
	emulated() { timeout -s KILL 300 "$emulator" "$binary" "$@"; }
	for layout in layout layout-zstd; do
		store=$T/$machine-$layout
		run emulated import --store "$store" --name box "$T/$layout"
		is "$status" 0 "$machine: import of $layout"
		run emulated image unpack --store "$store" box
		is "$status" 0 "$machine: unpack"
		is "$(trees "$store")" "$(trees "$T/native-$layout")" "$machine: the same files"
		is "$(blobs "$store")" "$(blobs "$T/native-$layout")" "$machine: the same blobs"
		run emulated image fsck --store "$store"
		is "$status" 0 "$machine: fsck"
		run image image fsck --store "$store"
		is "$status" 0 "$machine: its store is good here, too"
	done
	run emulated image verify --store $T/native-layout box
	is "$status" 0 "$machine: verify, of our store"
	emulated export --quiet --store "$T/$machine-layout" box "$T/$machine.tar"
	image export --quiet --store $T/native-layout box $T/native.tar
	is "$(sha256sum <"$T/$machine.tar")" "$(sha256sum <$T/native.tar)" "$machine: export gives the same bytes"
	minisign -G -W -f -p $T/key.pub -s $T/key >/dev/null 2>&1
	emulated image sign --quiet --store "$T/$machine-layout" --key $T/key box
	jq -n --arg key "$(tail -n 1 $T/key.pub)" '{rules:[{prefix:"box",keys:[{name:"k",type:"minisign",key:$key}]}]}' >$T/policy.json
	run image image verify --store "$T/$machine-layout" box
	is "$status" 0 "$machine: what is signed there is good here"
	run emulated image verify --store "$T/$machine-layout" box
	is "$status" 0 "$machine: and there"
	rm -f $T/policy.json
	case $machine in mips) platform=linux/mips number=89 ;; *) platform=linux/arm/v7 number=38 ;; esac
	for set in remove retain; do
		run image import --quiet --store $T/native-$machine --platform $platform --name $set $T/$set.aci
		is "$status" 0 "$machine: an appc image is imported here"
		run emulated image bundle --store $T/native-$machine $set $T/bundle-$machine-$set
		is "$status:$(errno $T/bundle-$machine-$set)" "0:$number" "$machine: its ENOSYS ($set) is that machine's when it runs"
		run emulated export --quiet --store $T/native-$machine --format aci $set $T/$machine-$set.aci
		is "$(tar -xOf $T/$machine-$set.aci manifest | jq -r '.app.isolators[] | .value.errno // empty')" ENOSYS "$machine: exported by name"
	done
	# One wrong byte.
	blob=$(find "$T/$machine-layout/blobs/sha256" -size +100k | head -n 1)
	chmod u+w "$blob"
	printf X | dd of="$blob" bs=1 seek=50000 conv=notrunc 2>/dev/null
	run emulated image verify --store "$T/$machine-layout" box
	failed 1 'digest|damaged' "$machine: a wrong byte is found"
done
finish
