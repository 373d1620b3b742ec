#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The boards whose kernel is built from their fragments: their units and settings pass `cruet check` against
# those fragments, and the fragments have all that `cruet check` can ask for. No kernel is built here.
. "$(dirname "$0")/lib.sh"

common=$top/board/common/linux.fragment

# What a kernel says of itself in its configuration; what is said last counts.
configuration() { # BOARD
	cat "$common" "$top/board/$1/linux.fragment" |
		sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1 n/p; s/^\(CONFIG_[A-Za-z0-9_]*\)=\(.*\)/\1 \2/p' |
		awk '{ value[$1] = $2 } END { for (name in value) if (value[name] != "n") print name "=" value[name] }' | sort
}

for conf in "$top"/board/*/board.conf; do
	board=$(basename "$(dirname "$conf")")
	grep -q '^KERNEL_IMAGE=' "$conf" || continue
	OVERLAYS=$(sed -n 's/^OVERLAYS="\(.*\)"/\1/p' "$conf")
	root=$T/$board
	cp -a "$ROOTFS" "$root"
	mkdir -p "$root/data" "$root/usr/bin"
	cp "$root/bin/busybox" "$root/usr/bin/cruet"
	for overlay in $OVERLAYS; do cp -R --remove-destination "$top/board/$overlay/overlay/." "$root/"; done
	cp -R --remove-destination "$top/board/$board/overlay/." "$root/"
	for bundle in "$root"/usr/lib/cruet/bundles/*/; do
		mkdir -p "${bundle}rootfs/usr/bin"
		cp -an "$ROOTFS/." "${bundle}rootfs/"
		cp "$root/bin/busybox" "${bundle}rootfs/usr/bin/sensor"
	done
	configuration "$board" >"$T/config"
	run "$CRUET" check --root "$root" --kernel-config "$T/config" "$root/etc/cruet/units"
	is "$status" 0 "$board: its units and settings are in order, and its kernel has what they need"
	like "$out$err" 'errors: 0, warnings: 0' "$board: without a warning"
	# The fragment counts: without control groups the same board is refused.
	grep -v '^CONFIG_CGROUPS=' "$T/config" >"$T/less"
	run "$CRUET" check --root "$root" --kernel-config "$T/less" "$root/etc/cruet/units"
	is "$((status != 0))" 1 "$board: a kernel without control groups is not enough"
	like "$out$err" 'CONFIG_CGROUPS' "$board: and it is named"
	rm -rf "$root"
done

# Each option that `cruet check` knows: in the shared fragment, or not for every device.
other='CGROUP_RDMA CGROUP_HUGETLB CPUSETS CGROUP_DEVICE TIME_NS MODULES EROFS_FS EXT4_FS VFAT_FS EXFAT_FS F2FS_FS
	UBIFS_FS JFFS2_FS BTRFS_FS XFS_FS ISO9660_FS NFS_FS 9P_FS FUSE_FS DEBUG_FS TRACING CONFIGFS_FS SECURITYFS HUGETLBFS'
known=$(sed -n 's/^\t"[-a-zA-Z][^|"]*|\([A-Z0-9_]*\)|.*/\1/p' "$top/init/unit/audit_kernel.c")
missing=
for symbol in $known; do
	! echo "$other" | grep -qw "$symbol" || continue
	grep -q "^CONFIG_$symbol=y" "$common" || missing="$missing $symbol"
done
is "$missing" "" "board/common/linux.fragment has what cruet check asks kernels for"
[ "$(echo "$known" | wc -l)" -gt 40 ]
is "$?" 0 "(the list was found)"

# The scripts for sfdisk are scripts for sfdisk.
if command -v sfdisk >/dev/null; then
	for script in "$top"/board/*/partitions.sfdisk; do
		truncate -s 2G "$T/disk"
		sfdisk -q "$T/disk" <"$script" >"$T/said" 2>&1
		is "$?" 0 "${script#"$top"/}: sfdisk takes it"
		rm -f "$T/disk"
	done
fi
finish
