# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A Linux guest under QEMU (emulated, never /dev/kvm), booted from a kernel and an initramfs made of
# files of this machine: BusyBox, programs with their libraries, whatever a test adds. Sourced by
# run.sh here and by tests/bench/guest.

guest_cache=${CRUET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cruet}/guest

guest_kernel_package() {
	apt-cache depends linux-image-cloud-amd64 2> /dev/null |
		awk '/Depends: linux-image-/ { print $2; exit }'
}

# Debian's kernel for virtual machines, from its package (not installed: unpacked), with the
# modules that tests need beside it. Prints the image's path.
guest_kernel() {
	local package image module
	image=$(find "$guest_cache" -name 'vmlinuz-*' 2> /dev/null | sort -V | tail -n 1)
	if [ -z "$image" ] || [ ! -e "$guest_cache/veth.ko" ]; then
		package=$(guest_kernel_package)
		if [ -z "$package" ]; then
			apt-get -qq update >&2
			package=$(guest_kernel_package)
		fi
		[ -n "$package" ] || { echo "guest: apt knows no kernel package" >&2; return 1; }
		mkdir -p "$guest_cache"
		(
			cd "$guest_cache" || exit 1
			apt-get -o APT::Sandbox::User=root -qq download "$package" >&2 || exit 1
			for module in fuse veth; do
				dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xO --wildcards "*/$module.ko" > $module.ko
			done
			dpkg-deb --fsys-tarfile "$package"_*.deb |
				tar -x --wildcards './boot/vmlinuz-*' --strip-components=2
			rm -f "$package"_*.deb
		) || return 1
		image=$(find "$guest_cache" -name 'vmlinuz-*' | sort -V | tail -n 1)
	fi
	[ -n "$image" ] && echo "$image"
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
	cp "$guest_cache"/*.ko "$1/"
	for applet in $("$2" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/usr/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000::/tmp:/bin/sh > "$1/etc/passwd"
	printf '%s\n' root:x:0: user:x:1000: > "$1/etc/group"
}

# guest_program DIR PROGRAM...: programs of this machine with their libraries; names missing ones
guest_program() {
	local root=$1 program path
	shift
	for program in "$@"; do
		path=$(type -P "$program") || { echo "guest: no $program here" >&2; continue; }
		path=$(readlink -f "$path")
		rm -f "$root/usr/bin/$program"
		cp -L "$path" "$root/usr/bin/$program"
		guest_libraries "$root" "$path"
	done
}

guest_libraries() { # DIR PROGRAM-FILE
	local file
	{ ldd "$2" 2> /dev/null || true; } | { grep -o '/[^ ]*' || true; } | while read -r file; do
		mkdir -p "$1$(dirname "$file")"
		[ -e "$1$file" ] || cp -L "$file" "$1$file"
	done
}

# guest_pack DIR FILE
guest_pack() {
	(cd "$1" && find . -print0 | sort -z | cpio --null --quiet -o -H newc) > "$2"
}

# guest_boot SECONDS INITRAMFS KERNEL-ARGUMENTS QEMU-ARGUMENT...: console on stdout; ends with the
# guest or at the deadline. 0 if the guest powered itself off.
guest_boot() {
	local deadline=$1 initramfs=$2 arguments=$3 kernel
	shift 3
	kernel=$(guest_kernel) || return 1
	timeout -k 5 "$deadline" qemu-system-x86_64 -machine q35 -accel tcg -display none -nodefaults \
		-no-user-config -no-reboot -serial stdio -kernel "$kernel" -initrd "$initramfs" \
		-append "console=ttyS0 panic=-1 quiet $arguments" "$@" < /dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}
