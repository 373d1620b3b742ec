# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A Linux guest under QEMU (emulated, never /dev/kvm), booted from a kernel and an initramfs made of
# files of this machine: BusyBox, programs with their libraries, whatever a test adds. Sourced by
# run.sh here and by tests/bench/guest.

guest_cache=${CRUET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cruet}/guest

# Debian's kernel for virtual machines, with the modules that tests need beside it. Prints its folder.
guest_kernel() {
	"${BASH_SOURCE[0]%/tests/guest/lib.sh}/scripts/board/kernel" linux-image-cloud-amd64 amd64 fuse veth
}

# Debian's apparmor_parser, unpacked. Prints its path.
guest_apparmor() {
	local program=$guest_cache/apparmor_parser
	if [ ! -x "$program" ]; then
		mkdir -p "$guest_cache"
		(
			cd "$guest_cache" || exit 1
			apt-get -o APT::Sandbox::User=root -qq download apparmor >&2 || exit 1
			dpkg-deb --fsys-tarfile apparmor_*.deb | tar -xO ./sbin/apparmor_parser > parser.part &&
				chmod +x parser.part && mv parser.part "$program"
			rm -f apparmor_*.deb
		) || return 1
	fi
	[ -x "$program" ] && echo "$program"
}

# guest_root DIR BUSYBOX: an empty root with BusyBox and all its commands
guest_root() {
	local applet
	mkdir -p "$1"/{dev,etc,proc,root,run,sys,tmp,var/lib,usr/bin,usr/sbin,usr/lib,usr/lib64}
	ln -s usr/bin "$1/bin"
	ln -s usr/sbin "$1/sbin"
	ln -s usr/lib "$1/lib"
	ln -s usr/lib64 "$1/lib64"
	mknod "$1/dev/console" c 5 1
	mknod "$1/dev/null" c 1 3
	cp -L "$2" "$1/usr/bin/busybox"
	[ -n "${GUEST_KERNEL-}" ] || find "$(guest_kernel)" -name '*.ko' -exec cp {} "$1/" \;
	# From what was made of it beside it, if it is another machine's.
	for applet in $("$2" --list 2> /dev/null || find "${2%/bin/busybox}" -lname '*busybox' -printf '%f\n'); do
		[ "$applet" = busybox ] || ln -sf busybox "$1/usr/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000::/tmp:/bin/sh > "$1/etc/passwd"
	printf '%s\n' root:x:0: user:x:1000: > "$1/etc/group"
}

# Where a guest's programs come from: this machine, or GUEST_USERLAND, a folder with those of another
# architecture (scripts/board/userland).
guest_find() { # PROGRAM: its file
	local folder
	for folder in usr/bin usr/sbin bin sbin usr/local/bin; do
		[ -x "${GUEST_USERLAND-}/$folder/$1" ] || continue
		echo "${GUEST_USERLAND-}/$folder/$1"
		return
	done
	return 1
}

# guest_program DIR PROGRAM...: programs with their libraries; names missing ones
guest_program() {
	local root=$1 program path
	shift
	for program in "$@"; do
		path=$(guest_find "$program") || { echo "guest: no $program here" >&2; continue; }
		path=$(readlink -f "$path")
		rm -f "$root/usr/bin/$program"
		cp -L "$path" "$root/usr/bin/$program"
		guest_libraries "$root" "$path"
	done
}

# guest_libraries DIR FILE: what the dynamic linker will look for, and the linker itself. Read from the file,
# so that it need not run here.
guest_libraries() {
	local root=$1 userland=${GUEST_USERLAND-} triplet=* name file
	[ -n "$userland" ] || triplet=$(gcc -print-multiarch)
	{ readelf -ld "$2" 2> /dev/null || true; } |
		sed -n -e 's/.*(NEEDED).*\[\(.*\)\]/\1/p' -e 's/.*Requesting program interpreter: \/*\(.*\)\]/\1/p' |
		while read -r name; do
			for file in "$userland"/$name "$userland"/lib/$triplet/"$name" "$userland"/usr/lib/$triplet/"$name"; do
				[ -f "$file" ] || continue
				[ ! -e "$root${file#"$userland"}" ] || break
				mkdir -p "$root$(dirname "${file#"$userland"}")"
				cp -L "$file" "$root${file#"$userland"}"
				guest_libraries "$root" "$file"
				break
			done
		done
}

# guest_pack DIR FILE
guest_pack() {
	(cd "$1" && find . -print0 | sort -z | cpio --null --quiet -o -H newc) > "$2"
}

# guest_boot SECONDS INITRAMFS KERNEL-ARGUMENTS QEMU-ARGUMENT...: console on stdout; ends with the
# guest or at the deadline. 0 if the guest powered itself off. GUEST_KERNEL, GUEST_CONSOLE and GUEST_QEMU (words)
# are another machine's.
guest_boot() {
	local deadline=$1 initramfs=$2 arguments=$3 kernel=${GUEST_KERNEL-}
	shift 3
	[ -n "$kernel" ] || { kernel=$(guest_kernel) && kernel+=/vmlinuz; } || return 1
	# shellcheck disable=SC2086 # words
	timeout -k 5 "$deadline" ${GUEST_QEMU:-qemu-system-x86_64 -machine q35} -accel tcg -display none -nodefaults \
		-no-user-config -no-reboot -serial stdio -kernel "$kernel" -initrd "$initramfs" \
		-append "console=${GUEST_CONSOLE:-ttyS0} panic=-1 quiet $arguments" "$@" < /dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# ---- the test suite inside ----

# What the tests call, besides BusyBox.
guest_suite_programs=(bash dash jq unshare nsenter mount umount script timeout stat mawk pgrep ps
	flock ip find sed grep sort cut head tail tr cat cp ln ls mv mkdir mktemp rm rmdir touch wc od
	cmp diff tee chmod chown readlink dirname basename env sleep id date seq truncate xargs
	mountpoint mknod mkfifo setpriv findmnt prlimit taskset chroot stty expr comm uniq paste nproc
	sha256sum strings)
# Debian's packages that have them, for an architecture that is not this machine's.
guest_suite_packages=(bash dash gojq util-linux util-linux-extra bsdutils mount coreutils procps iproute2 mawk
	grep sed findutils diffutils binutils)

# guest_suite ROOT CRUET BUILD [ARCHITECTURE COMPILER]: the tests in /cruet, their programs, the runtime
# (CRUET) and what of the validation suite is there; for another architecture (Debian's name) with a compiler
# for it.
guest_suite() {
	local root=$1 cruet=$2 build=$3 architecture=${4-} compiler=${5:-gcc} source program suite GUEST_USERLAND=
	local top=${BASH_SOURCE[0]%/guest/lib.sh}
	[ -z "$architecture" ] ||
		GUEST_USERLAND=$("$top/../scripts/board/userland" "$architecture" "${guest_suite_packages[@]}") || return 1
	mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/cruet/build/tests" "$root/cruet/tests"
	guest_program "$root" "${guest_suite_programs[@]}" 2> /dev/null
	ln -sf dash "$root/usr/bin/sh"
	ln -sf mawk "$root/usr/bin/awk"
	# jq 1.6 takes long to start, and here everything takes twenty times as long: gojq starts at once.
	if guest_find gojq > /dev/null; then
		guest_program "$root" gojq
		mv "$root/usr/bin/gojq" "$root/usr/bin/jq"
	fi
	cp -a "$top"/{integration,init,guest,sandbox.sh,old-kernel} "$root/cruet/tests/"
	[ ! -d "$build/rootfs" ] || cp -a "$build/rootfs" "$root/cruet/build/rootfs"
	if [ -z "$architecture" ] && guest_apparmor > /dev/null; then
		install "$(guest_apparmor)" "$root/usr/sbin/apparmor_parser"
		guest_libraries "$root" "$(guest_apparmor)"
	fi
	guest_validation "$root/cruet/validation" "$architecture" "$build/rootfs/bin/busybox"
	install "$cruet" "$root/cruet/build/cruet"
	guest_libraries "$root" "$cruet" # for another runtime: cruet needs none
	for source in "$top"/{integration,init,old-kernel}/*.c; do
		[ -e "$source" ] || continue
		program=$root/cruet/build/tests/$(basename "$source" .c)
		$compiler -std=gnu11 -D_GNU_SOURCE -O1 -static -s -o "$program" "$source"
	done
}

# guest_validation DIR ARCHITECTURE BUSYBOX: the programs of the validation suite that GUEST_VALIDATION
# names, and the root that their containers get. That comes with the suite for amd64 only: for another
# machine its BusyBox is ours.
guest_validation() {
	local suite go program work
	case $2 in
	'') go= ;;
	armhf) go=arm ;;
	mipsel) go=mipsle ;;
	*) go=$2 ;;
	esac
	suite=$("${BASH_SOURCE[0]%/guest/lib.sh}/validation/build.sh" $go 2> /dev/null) || return 0
	mkdir "$1"
	for program in runtimetest ${GUEST_VALIDATION-process_capabilities linux_process_apparmor_profile \
		linux_cgroups_hugetlb linux_cgroups_relative_hugetlb linux_cgroups_network \
		linux_cgroups_relative_network}; do
		cp "$suite/$program" "$1/"
	done
	[ -n "$go" ] || { cp "$suite/rootfs-amd64.tar.gz" "$1/"; return; }
	work=$(mktemp -d "$1/.root.XXXXXX")
	tar -xf "$suite/rootfs-amd64.tar.gz" -C "$work"
	cp "$3" "$work/bin/busybox"
	tar -czf "$1/rootfs-$go.tar.gz" -C "$work" .
	rm -rf "$work"
}

# guest_translate NAME FILE: a guest's console as TAP without numbers. A file that did not run what it
# planned, or failed without a failing test, is a failure; so is a guest that did not reach its end.
guest_translate() {
	awk -v guest="$1" '
		function result(word, text) { printf "%s - %s: %s\n", word, guest, text }
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
		}' "$2"
}

# Results on stdin get their numbers and the plan; 1 if one of them is a failure.
guest_number() {
	awk '/^ok - / { sub(/^ok/, "ok " ++count) }
		/^not ok - / { sub(/^not ok/, "not ok " ++count); bad = 1 }
		{ print }
		END { print "1.." count; exit bad }'
}
