#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [CRUET [FILE.t...]]: the integration suite, and the tests of this folder, in QEMU guests
# with kernels and cgroup layouts that this machine does not have. Prints TAP.
#
#   v2   cgroup v2 alone with all its controllers; the guest's root is the initramfs
#   v1   every controller in a v1 hierarchy; the guest's root is a tmpfs, as of a normal system
#   old  as v2, and the runtime does not get the newer system calls (tests/old-kernel)
#
# GUESTS chooses among them (default all, two at a time), GUEST_TIMEOUT is the time each may
# take in seconds (default 560; two minutes do where nothing else runs). Needs qemu-system-x86_64;
# the guest's kernel is taken from Debian's package once, into ${CRUET_CACHE:-~/.cache/cruet}/guest.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/guest}
# shellcheck source=tests/guest/lib.sh
. "$here/lib.sh"

cruet=$(readlink -f "${1:-${CRUET:-$top/build/cruet}}")
[ $# -eq 0 ] || shift
build=${BUILD:-$top/build}
guests=${GUESTS:-v1 v2 old}

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip_all "needs root (device nodes in the initramfs)"
for tool in qemu-system-x86_64 cpio jq gcc; do
	command -v "$tool" > /dev/null || skip_all "needs $tool"
done
[ -x "$cruet" ] || { echo "Bail out! no runtime at $cruet"; exit 1; }
guest_kernel > /dev/null || skip_all "no kernel for the guest"

work=$(mktemp -d "${TMPDIR:-/tmp}/cruet-guest.XXXXXX")
trap 'rm -rf "$work"' EXIT

make_initramfs() {
	local root=$work/root busybox=$build/rootfs/bin/busybox
	[ -x "$busybox" ] || busybox=$(type -P busybox)
	guest_root "$root" "$busybox"
	guest_suite "$root" "$cruet" "$build"
	install "$here/init" "$root/init"
	install "$here/job" "$root/cruet/job"
	guest_pack "$root" "$work/initramfs"
	rm -rf "$root"
}

boot() { # GUEST FILES
	local arguments="mitigations=off nokaslr cruet.job=$2"
	case $1 in
	v1) arguments+=" cruet.cgroup=v1 cruet.root=tmpfs" ;;
	old) arguments+=" cruet.old=1" ;;
	esac
	# Without what the emulation is slow at; one CPU, because the machine's two run a guest each.
	guest_boot "${GUEST_TIMEOUT:-560}" "$work/initramfs" "$arguments" \
		-cpu max,-avx,-avx2,-erms,-fsrm -smp 1 -m 1024 -device virtio-rng-pci > "$work/$1.log" ||
		echo "guest: qemu ended with $?" >> "$work/$1.log"
}

# What each guest runs by default: what depends on the kernel, the cgroup layout or the kind of
# root. The rest of the suite says the same everywhere, and all takes twenty times as long here.
declare -A files=(
	[v2]="guest.t sandbox.t cgroup.t exec.t pause_update.t kill.t lifecycle.t rootfs.t process.t"
	[v1]="guest.t sandbox.t validation.t cgroup.t pause_update.t exec.t kill.t namespaces.t"
	[old]="guest.t exec.t kill.t lifecycle.t"
)
make_initramfs
for guest in $guests; do
	[ $# -eq 0 ] || files[$guest]=$*
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do sleep 0.5; done
	boot "$guest" "$(echo "${files[$guest]}" | xargs | tr ' ' ,)" &
done
wait
for guest in $guests; do guest_translate "$guest" "$work/$guest.log"; done > "$work/tap"
guest_number < "$work/tap"
