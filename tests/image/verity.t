#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# dm-verity and fs-verity, and a kernel without overlayfs, in a QEMU guest: the device mapper is not in
# every kernel that tests run on, and overlayfs is in most. The images are made here, with veritysetup's and fsverity's own hashes; the guest's part is
# verity_inside.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/image}
# shellcheck source=tests/guest/lib.sh
. "$top/tests/guest/lib.sh"
build=${BUILD:-$top/build}
cruet=${CRUET:-$build/cruet}

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip_all "needs root (device nodes in the initramfs)"
for tool in qemu-system-x86_64 cpio veritysetup fsverity mksquashfs mkfs.erofs mkfs.ext4; do
	command -v "$tool" > /dev/null || skip_all "needs $tool"
done
modules=$("$top/scripts/board/kernel" linux-image-cloud-amd64 amd64 dm-verity loop squashfs erofs overlay \
	virtio_blk virtio_pci 2> /dev/null) || skip_all "no kernel for the guest"
guest_kernel() { echo "$modules"; }

work=$(mktemp -d "${TMPDIR:-/tmp}/cruet-verity.XXXXXX")
trap 'rm -rf "$work"' EXIT
layout=$work/root/cruet/layout

# format IMAGE [OPTION...]: hashes behind it; prints the root hash
format() {
	local size
	size=$((($(stat -c %s "$1") + 4095) / 4096 * 4096))
	truncate -s "$size" "$1"
	veritysetup format --data-blocks=$((size / 4096)) --hash-offset=$size --salt=0123456789abcdef "${@:2}" "$1" "$1" |
		sed -n 's/^Root hash:[^0-9a-f]*//p'
}

image() { # NAME FILE OPTION...
	"$here/make_image.py" "$layout" "$@" > /dev/null
}

make_images() {
	local hash size
	mkdir -p "$work"/tree/{bin,etc,dev,proc,sys,run,tmp} "$work/second/etc"
	echo second > "$work/second/etc/second"
	cp "$build/rootfs/bin/busybox" "$work/tree/bin/"
	for name in sh cat ls; do ln -s busybox "$work/tree/bin/$name"; done
	# A block that can be found in the image, and hurt; not what is read to start.
	head -c 262144 /dev/zero | tr '\0' x > "$work/tree/etc/marker"
	echo good > "$work/tree/etc/word"
	mksquashfs "$work/tree" "$work/plain.squashfs" -noappend -noI -noD -noF -no-fragments -all-time 0 > /dev/null
	mkfs.erofs "$work/plain.erofs" "$work/tree" > /dev/null 2>&1

	cp "$work/plain.squashfs" "$work/stacker"
	hash=$(format "$work/stacker")
	image stacker "$work/stacker" --layer-type 0:application/vnd.stacker.image.layer.squashfs+zstd+verity \
		--layer-annotation "0:dev.stackeroci.stacker.squashfs_verity_root_hash=$hash"
	image wrong "$work/stacker" --layer-annotation "0:cruet.verity.root-hash=$(echo "$hash" | tr 0123456789 1234567890)"
	cp "$work/plain.erofs" "$work/erofs"
	size=$((($(stat -c %s "$work/erofs") + 4095) / 4096 * 4096))
	hash=$(format "$work/erofs" --hash-block-size=1024)
	image erofs "$work/erofs" --layer-annotation "0:cruet.verity.root-hash=$hash" --layer-annotation "0:cruet.verity.offset=$size"
	cp "$work/plain.squashfs" "$work/bare"
	size=$((($(stat -c %s "$work/bare") + 4095) / 4096 * 4096))
	hash=$(format "$work/bare" --no-superblock)
	image bare "$work/bare" --layer-annotation "0:cruet.verity.root-hash=$hash" \
		--layer-annotation "0:cruet.verity.offset=$size" --layer-annotation 0:cruet.verity.salt=0123456789abcdef
	hash=$(fsverity digest --compact "$work/plain.erofs")
	image measured "$work/plain.erofs" --layer-annotation "0:cruet.fsverity.digest=sha256:$hash"
	image mismeasured "$work/plain.squashfs" --layer-annotation "0:cruet.fsverity.digest=sha256:$hash"
	image unmarked "$work/plain.squashfs"
	image archives "$work/tree" "$work/second"
	image both "$work/plain.squashfs" "$work/second"
}

guest_root "$work/root" "$build/rootfs/bin/busybox"
mkdir -p "$work/root/cruet"
make_images
rm -f "$work"/root/*.ko
guest_program "$work/root" grep # BusyBox has no -b
cp -a "$modules/lib/modules" "$work/root/usr/lib/"
ln -s ../bin/busybox "$work/root/usr/sbin/modprobe" # the kernel calls it
install "$cruet" "$work/root/usr/bin/cruet"
install "$top/tests/guest/init" "$work/root/init"
install "$here/verity_inside" "$work/root/cruet/job"
truncate -s 64M "$work/disk"
mkfs.ext4 -q -b 4096 -O verity "$work/disk"
guest_pack "$work/root" "$work/initramfs"
guest_boot "${GUEST_TIMEOUT:-240}" "$work/initramfs" "mitigations=off nokaslr cruet.job=verity" \
	-cpu max,-avx,-avx2,-erms,-fsrm -smp 1 -m 768 -device virtio-rng-pci \
	-drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" > "$work/log" ||
	echo "guest: qemu ended with $?" >> "$work/log"
guest_translate verity "$work/log" > "$work/tap"
guest_number < "$work/tap"
