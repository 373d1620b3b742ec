#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sandbox.sh [--cgroup host|v1|v2] [--state FOLDER[,FOLDER...]] COMMAND [ARG...]
#
# Run a command as root in mount, pid, net, ipc, uts and cgroup namespaces of its own, in one cgroup
# per hierarchy below the caller's, with a private /run and /dev and an empty tmpfs over each
# --state folder: whatever it starts, mounts or leaves behind goes when it ends. The exit status
# is the command's; 77 if this host cannot offer the cgroup layout asked for. `host` (the default)
# is the host's own: v2, or every v1 hierarchy and v2 at /sys/fs/cgroup/unified.
set -eu

fail() { echo "sandbox: $*" >&2; exit 125; }

# One line for each hierarchy of this host: NAME<tab>MOUNT OPTIONS<tab>MOUNT POINT<tab>OWN PATH
hierarchies() {
	local controllers path point
	while IFS=: read -r _ controllers path; do
		if [ -z "$controllers" ]; then
			point=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
			[ -z "$point" ] || printf 'unified\t-\t%s\t%s\n' "$point" "$path"
			continue
		fi
		point=$(awk -v want=",$controllers," '/ - cgroup / {
			if (index("," $NF ",", want)) { print $5; exit } }' /proc/self/mountinfo)
		case $controllers in
		name=*) name=${controllers#name=} controllers=none,$controllers ;;
		*) name=$controllers ;;
		esac
		[ -z "$point" ] || printf '%s\t%s\t%s\t%s\n' "$name" "$controllers" "$point" "$path"
	done < /proc/self/cgroup
}

outside() {
	local group="cruet-test-$$" folders=() name options point path folder child status=0
	while IFS=$'\t' read -r name options point path; do
		folder=$point${path%/}/$group
		mkdir "$folder" 2> /dev/null || { [ "$name" = unified ] || continue; fail "cannot make $folder"; }
		folders+=("$folder")
		if [ -e "$folder/cpuset.cpus" ] && [ "$name" != unified ]; then
			cat "$point${path%/}/cpuset.cpus" > "$folder/cpuset.cpus"
			cat "$point${path%/}/cpuset.mems" > "$folder/cpuset.mems"
		fi
	done < <(hierarchies)
	(
		for folder in "${folders[@]}"; do echo "$BASHPID" > "$folder/cgroup.procs"; done
		SANDBOX_STATE=$state exec unshare --cgroup "$0" --between "${folders[*]}" "$cgroup" "$@"
	) <&0 &
	child=$!
	# unshare(1) does not listen to these itself.
	trap 'kill -KILL "$child" 2> /dev/null' HUP INT TERM
	wait "$child" || status=$?
	while kill -0 "$child" 2> /dev/null; do wait "$child" || status=$?; done
	for folder in "${folders[@]}"; do
		find "$folder" -name freezer.state -exec sh -c 'echo THAWED > "$1"' - {} \; 2> /dev/null
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			find "$folder" -depth -type d -exec rmdir {} \; 2> /dev/null
			[ -d "$folder" ] || break
			sleep 0.2
		done
		[ ! -d "$folder" ] || echo "sandbox: $folder stays behind" >&2
	done
	exit "$status"
}

# In the cgroup namespace of the new groups. On v2 only a group without processes has controllers
# for those below: back to the caller's group, the inside has one of its own. (v1: the groups stay.)
between() { # FOLDERS CGROUP COMMAND...
	[[ $1 == *" "* ]] || echo 0 2> /dev/null > "${1%/*}/cgroup.procs" || true
	shift
	exec unshare --mount --pid --fork --kill-child --net --ipc --uts --mount-proc "$0" --inside "$@"
}

private_dev() {
	local node
	mkdir /run/dev
	mount -t tmpfs -o mode=755,nosuid dev /run/dev
	for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		IFS=: read -r name major minor <<< "$node"
		mknod -m 666 "/run/dev/$name" c "$major" "$minor"
	done
	mkdir /run/dev/pts /run/dev/shm /run/dev/mqueue /run/dev/net
	mknod -m 666 /run/dev/net/tun c 10 200
	mknod -m 666 /run/dev/fuse c 10 229
	mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /run/dev/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev shm /run/dev/shm
	mount -t mqueue mqueue /run/dev/mqueue
	ln -s pts/ptmx /run/dev/ptmx
	ln -s /proc/self/fd /run/dev/fd
	ln -s /proc/self/fd/0 /run/dev/stdin
	ln -s /proc/self/fd/1 /run/dev/stdout
	ln -s /proc/self/fd/2 /run/dev/stderr
	mount --move /run/dev /dev
}

mount_cgroups() {
	local name options
	hierarchies > /run/hierarchies
	umount -R /sys/fs/cgroup 2> /dev/null || umount -lR /sys/fs/cgroup 2> /dev/null || true
	if [ "$1" = v2 ] || [ "$1:$(cut -f 1 /run/hierarchies | xargs)" = host:unified ]; then
		grep -q '^unified' /run/hierarchies || exit 77
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		[ "$(wc -l < /run/hierarchies)" -eq 1 ] || return 0
		mkdir /sys/fs/cgroup/sandbox
		echo 0 > /sys/fs/cgroup/sandbox/cgroup.procs
		xargs -r -n 1 < /sys/fs/cgroup/cgroup.controllers | while read -r name; do
			echo "+$name" 2> /dev/null > /sys/fs/cgroup/cgroup.subtree_control || true
		done
		return 0
	fi
	[ "$(wc -l < /run/hierarchies)" -gt 1 ] || exit 77
	mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
	while IFS=$'\t' read -r name options _; do
		[ "$name:$1" != unified:v1 ] || continue
		mkdir "/sys/fs/cgroup/$name"
		if [ "$name" = unified ]; then
			mount -t cgroup2 cgroup2 "/sys/fs/cgroup/$name"
		else
			mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$name"
		fi
	done < /run/hierarchies
}

inside() {
	local folder
	mount --make-rprivate /
	mount -t tmpfs -o mode=755 run /run
	mount_cgroups "$1"
	shift
	private_dev
	mkdir -p /run/lock /run/tmp
	chmod 1777 /run/tmp
	for folder in ${SANDBOX_STATE//,/ }; do
		[ -d "$folder" ] || continue
		mount -t tmpfs -o mode=755 state "$folder"
	done
	ip link set lo up 2> /dev/null || true
	export TMPDIR=/run/tmp
	unset SANDBOX_STATE
	"$@"
}

cgroup=host
state=
if [ "${1-}" = --between ]; then
	shift
	between "$@"
fi
if [ "${1-}" = --inside ]; then
	shift
	inside "$@"
	exit
fi
while [ $# -gt 0 ]; do
	case $1 in
	--cgroup) cgroup=${2/hybrid/host}; shift 2 ;;
	--state) state=$2; shift 2 ;;
	-*) fail "unknown option $1" ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || fail "usage: sandbox.sh [--cgroup host|v1|v2] [--state FOLDERS] COMMAND"
[ "$(id -u)" = 0 ] || fail "only as root"
outside "$@"
