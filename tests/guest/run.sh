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
programs=(bash dash jq unshare nsenter mount umount script timeout stat mawk pgrep ps flock ip find
	sed grep sort cut head tail tr cat cp ln ls mv mkdir mktemp rm rmdir touch wc od cmp diff tee
	chmod chown readlink dirname basename env sleep id date seq truncate xargs mountpoint mknod
	mkfifo setpriv findmnt prlimit taskset chroot stty expr comm uniq paste nproc sha256sum strings)

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
	local root=$work/root source program suite busybox=$build/rootfs/bin/busybox
	[ -x "$busybox" ] || busybox=$(type -P busybox)
	guest_root "$root" "$busybox"
	guest_program "$root" "${programs[@]}" 2> /dev/null
	ln -sf dash "$root/usr/bin/sh"
	ln -sf mawk "$root/usr/bin/awk"
	# jq 1.6 takes long to start, and here everything takes twenty times as long: gojq starts at once.
	if [ -n "$(type -P gojq)" ]; then
		guest_program "$root" gojq
		mv "$root/usr/bin/gojq" "$root/usr/bin/jq"
	fi
	mkdir -p "$root/cruet/build/tests" "$root/cruet/tests"
	cp -a "$top/tests/integration" "$here" "$top/tests/sandbox.sh" "$top/tests/old-kernel" \
		"$root/cruet/tests/"
	[ ! -d "$build/rootfs" ] || cp -a "$build/rootfs" "$root/cruet/build/rootfs"
	if guest_apparmor > /dev/null; then
		install "$(guest_apparmor)" "$root/usr/sbin/apparmor_parser"
		guest_libraries "$root" "$(guest_apparmor)"
	fi
	if suite=$("$top/tests/validation/build.sh" 2> /dev/null); then
		mkdir "$root/cruet/validation"
		cp "$suite"/{runtimetest,rootfs-amd64.tar.gz,process_capabilities} "$root/cruet/validation/"
		cp "$suite"/linux_{process_apparmor_profile,cgroups_{,relative_}{hugetlb,network}} \
			"$root/cruet/validation/"
	fi
	install "$here/init" "$root/init"
	install "$here/job" "$root/cruet/job"
	install "$cruet" "$root/cruet/build/cruet"
	guest_libraries "$root" "$cruet" # for another runtime: cruet needs none
	for source in "$top"/tests/integration/*.c "$top"/tests/old-kernel/*.c; do
		program=$root/cruet/build/tests/$(basename "$source" .c)
		gcc -std=gnu11 -D_GNU_SOURCE -O1 -static -s -o "$program" "$source"
	done
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

# The guest's TAP with our numbers. A file that did not run what it planned, or failed without a
# failing test, is a failure.
translate() { # GUEST
	awk -v guest="$1" -v first="$count" '
		function result(word, text) { printf "%s %d - %s: %s\n", word, ++first, guest, text }
		/^guest: file / { file = $3; seen = bad = 0; next }
		/^guest: status / {
			if ($3 != 0 && !bad) result("not ok", file " ended with status " $3)
			else if (!seen && !skipped) result("not ok", file " printed no test")
			print "# " guest ": " file " done " $4 " " $5 " " $6
			file = ""; skipped = 0
			next
		}
		/^guest: end/ { ended = 1 }
		/^guest: / { print "# " guest ": " substr($0, 8); next }
		/^not ok [0-9]+/ {
			bad = 1
			seen++
			sub(/^not ok [0-9]+( - )?/, "")
			result("not ok", file " " $0)
			next
		}
		/^ok [0-9]+/ { seen++; sub(/^ok [0-9]+( - )?/, ""); result("ok", file " " $0); next }
		/^1\.\.0/ { skipped = 1; sub(/^1\.\.0 */, ""); result("ok", file " " $0); next }
		/^Bail out/ { bad = 1; result("not ok", file " " $0); next }
		/^1\.\.[0-9]+$/ {
			if (substr($0, 4) + 0 != seen) { bad = 1; result("not ok", file " planned " $0 " ran " seen) }
			next
		}
		/^#/ { print; next }
		{ print "# " $0 }
		END {
			if (file) result("not ok", file " did not end in time")
			if (!ended) result("not ok", "the guest did not reach its end")
			else result("ok", "the guest booted, ran all and powered off")
			print first > "'"$work/count"'"
		}' "$work/$1.log"
	count=$(cat "$work/count")
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
count=0
for guest in $guests; do translate "$guest"; done > "$work/tap"
cat "$work/tap"
echo "1..$(cat "$work/count")"
! grep -q '^not ok' "$work/tap"
