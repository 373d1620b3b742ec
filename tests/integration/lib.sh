# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# What every integration test stands on. A test is a script that sources this file first and calls
# `finish` last; it prints TAP. Sourcing runs the script again as the first process of namespaces
# of its own (mount, pid, network, ipc, uts, cgroup) with a private /run, /dev and cgroup
# hierarchies whose root is a group of its own below the caller's: nothing the runtime does or
# leaves behind reaches the machine. The last test of each file is that nothing is left.
#
# Settings (environment): CRUET the runtime (build/cruet), ROOTFS a root file system with BusyBox
# (build/rootfs, else one made from the BusyBox in PATH), TEST_TIMEOUT seconds a file may take.

set -u
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here" && while [ ! -e tests/integration/lib.sh ] && [ "$PWD" != / ]; do cd ..; done && pwd)
BUILD=${BUILD:-$top/build}
CRUET=${CRUET:-$BUILD/cruet}
TOOLS=${TOOLS:-$BUILD/tests}
ROOTFS=${ROOTFS:-$BUILD/rootfs}

# --- outside: make a place for the test, run it there, look whether it is clean after ---------

# Mount points of the cgroup hierarchies, and our group in each: "MOUNTPOINT TYPE OPTIONS GROUP" lines.
hierarchies() {
	while read -r _ _ _ root point _ rest; do
		rest=" $rest"
		rest=${rest##* - }
		type=${rest%% *}
		options=${rest##*,}
		options=${options##* }
		case $type in
		cgroup) group=$(grep -E "^[0-9]+:([^:]*,)?$options(,[^:]*)?:" /proc/self/cgroup) ;;
		cgroup2) group=$(grep '^0::' /proc/self/cgroup) ;;
		*) continue ;;
		esac
		group=${group#*:*:}
		[ "$root" = / ] || group=${group#"$root"}
		echo "$point $type ${options:-none} ${group%/}"
	done </proc/self/mountinfo
}

make_group() { # DIR OPTIONS
	mkdir "$1" || return
	if [ "$2" = cpuset ]; then
		for file in cpuset.cpus cpuset.mems; do
			cat "${1%/*}/$file" >"$1/$file"
		done
	fi
	# Real-time budget: some for the test's own group, a tenth of it for each below.
	if [ -e "$1/cpu.rt_runtime_us" ]; then
		case $1 in *cruet-test.*/* | */harness* | /sys/fs/cgroup/cpu/c[0-9]*) budget=5000 ;; *) budget=50000 ;; esac
		echo $budget 2>/dev/null >"$1/cpu.rt_runtime_us"
	fi
}

# Remove a group and those below it; says what was there besides the test's own.
remove_groups() { # DIR
	[ -d "$1" ] || return 0
	find "$1" -mindepth 1 -depth -type d | while read -r dir; do
		case $dir in "$1/harness") ;; *) echo "group left: $dir" ;; esac
		[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state"
		[ ! -e "$dir/cgroup.freeze" ] || echo 0 >"$dir/cgroup.freeze"
		while read -r pid; do
			echo "process left in $dir: $pid"
			[ "$pid" -le 0 ] || kill -KILL "$pid"
		done <"$dir/cgroup.procs"
		rmdir "$dir" 2>/dev/null || { sleep 0.2 && rmdir "$dir"; }
	done
	rmdir "$1"
}

outside() {
	work=$(mktemp -d /tmp/cruet-test.XXXXXX) || exit 1
	name=${work##*/}
	hierarchies >"$work/hierarchies"
	[ -s "$work/hierarchies" ] || { echo "Bail out! no cgroup hierarchy is mounted" && exit 1; }
	while read -r point _ options group; do
		make_group "$point$group/$name" "$options" || exit 1
		make_group "$point$group/$name/harness" "$options" || exit 1
	done <"$work/hierarchies"
	TEST_WORK=$work TEST_STAGE=inside
	export TEST_WORK TEST_STAGE BUILD CRUET TOOLS ROOTFS
	sh "$top/tests/integration/enter.sh" "$work" "$name" "$0"
	result=$?
	while read -r point _ options group; do
		remove_groups "$point$group/$name"
	done <"$work/hierarchies" >"$work/left" 2>&1
	if [ -e "$work/count" ]; then
		read -r count <"$work/count"
		count=$((count + 1))
		if [ -s "$work/left" ]; then
			echo "not ok $count - no group or process is left on the machine"
			sed 's/^/# /' "$work/left"
			result=1
		else
			echo "ok $count - no group or process is left on the machine"
		fi
		echo "1..$count"
	else
		echo "# the test ended early: status $result"
		[ "$result" -ne 0 ] || result=1
	fi
	rm -rf "$work"
	exit "$result"
}

# Build the helper programs of the tests; several files may run at once.
build_tools() {
	mkdir -p "$TOOLS"
	(
		flock 9
		for source in "$top"/tests/integration/*.c "$top"/tests/init/*.c "$top"/tests/faults/*.c "$top"/tests/old-kernel/*.c; do
			[ -e "$source" ] || continue
			program=$TOOLS/$(basename "$source" .c)
			[ "$program" -nt "$source" ] && continue
			${HOSTCC:-gcc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O1 -static \
				-o "$program.new" "$source" && mv "$program.new" "$program" || exit 1
		done
	) 9>"$TOOLS/.lock"
}

if [ "${TEST_STAGE:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root" && exit 0; }
	[ -x "$CRUET" ] || { echo "Bail out! no runtime at $CRUET" && exit 1; }
	build_tools || { echo "Bail out! cannot build the test programs" && exit 1; }
	if [ -n "${OLD_KERNEL:-}" ]; then
		OLD_KERNEL_CRUET=$CRUET CRUET=$top/tests/old-kernel/cruet
		export OLD_KERNEL_CRUET
	fi
	outside
fi

# --- inside -----------------------------------------------------------------------------------

unset TEST_STAGE
T=/run/t			# everything of the test
STATE=/run/state		# --root
BUNDLES=$T/bundles
test_count=0
failures=0
ids=0

set_up_dev() {
	mount -t tmpfs -o mode=755 tmpfs /dev || exit 1
	for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
		# shellcheck disable=SC2086
		set -- $node
		mknod -m 666 "/dev/$1" c "$2" "$3"
	done
	mkdir /dev/pts /dev/shm /dev/mqueue
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	ln -s pts/ptmx /dev/ptmx
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/0 /dev/stdin
	ln -s /proc/self/fd/1 /dev/stdout
	ln -s /proc/self/fd/2 /dev/stderr
}

# The hierarchies anew: in our cgroup namespace their root is the group made for this test.
set_up_cgroups() {
	awk '$5 ~ /^\/sys\/fs\/cgroup/ { print $5 }' /proc/self/mountinfo | sort -r | while read -r point; do
		umount "$point"
	done
	if ! grep -q '^/sys/fs/cgroup ' "$TEST_WORK/hierarchies"; then
		mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup || exit 1
	fi
	while read -r point type options _; do
		[ -d "$point" ] || mkdir -p "$point"
		case $type,$options in
		cgroup2,*) grep -q " $point cgroup2 " /proc/mounts || mount -t cgroup2 cgroup2 "$point" ;;
		*,name=*) mount -t cgroup -o "none,$options" cgroup "$point" ;;
		*) mount -t cgroup -o "$options" cgroup "$point" ;;
		esac
		[ "$type" != cgroup2 ] || tr ' ' '\n' <"$point/cgroup.controllers" | while read -r controller; do
			echo "+$controller" 2>/dev/null >"$point/cgroup.subtree_control"
		done
	done <"$TEST_WORK/hierarchies"
}

set_up_rootfs() {
	if [ -x "$ROOTFS/bin/busybox" ]; then
		cp -a "$ROOTFS" $T/rootfs
	else
		mkdir -p $T/rootfs/bin
		cp "$(command -v busybox)" $T/rootfs/bin/busybox
		chroot $T/rootfs /bin/busybox --install -s /bin
	fi
	(cd $T/rootfs && mkdir -p dev etc proc sys tmp root home var run mnt)
	chmod 1777 $T/rootfs/tmp
	printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000:user:/home/user:/bin/sh \
		1001:x:0:0:trap:/trap:/bin/sh >$T/rootfs/etc/passwd
	printf '%s\n' root:x:0: user:x:1000: >$T/rootfs/etc/group
	cp "$TOOLS/probe" $T/rootfs/bin/probe
}

set_up() {
	mount -t tmpfs -o mode=755 tmpfs /run || exit 1
	mkdir -p $T/bundles
	set_up_dev
	set_up_cgroups
	set_up_rootfs
	ip link set lo up
	cd $T || exit 1
	unset XDG_RUNTIME_DIR NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
	CGROUPS=$(awk '/ cgroup2? / { print $2 }' /proc/mounts)
	mounts_before=$(mounts)
	case $(basename "$CRUET") in runc | crun) RUNTIME=$(basename "$CRUET") ;; *) RUNTIME=cruet ;; esac
	# Filters that every process here has (old-kernel mode), so that the container's own can be counted.
	FILTERS=$(sed -n 's/^Seccomp_filters:[^0-9]*//p' /proc/self/status)
	[ -z "${OLD_KERNEL:-}" ] || FILTERS=$((FILTERS + 1))
}

mounts() { awk '{ print $4, $5, $6, $(NF - 2) }' /proc/self/mountinfo; }

# --- results ----------------------------------------------------------------------------------

pass() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $*"
}

fail() {
	test_count=$((test_count + 1))
	failures=$((failures + 1))
	echo "not ok $test_count - $*"
	echo "#   status: ${status-}"
	[ -z "${out-}" ] || say "$out" | head -n 12 | sed 's/^/#   stdout: /'
	[ -z "${err-}" ] || say "$err" | head -n 8 | sed 's/^/#   stderr: /'
}

skip() { # COUNT-OF-ONE: REASON, TEST
	test_count=$((test_count + 1))
	echo "ok $test_count - $2 # SKIP $1"
}

note() { echo "# $*"; }

say() { printf '%s\n' "$*"; } # dash's echo takes backslashes for more than they are

is() { # GOT WANTED NAME
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		say "#   got: $1" | head -n 20 | sed '2,$s/^/#        /'
		say "#   wanted: $2" | sed '2,$s/^/#        /'
	fi
}

like() { # GOT EXTENDED-REGEX NAME
	if printf '%s\n' "$1" | grep -qE -- "$2"; then
		pass "$3"
	else
		fail "$3"
		say "#   got: $1" | head -n 20 | sed '2,$s/^/#        /'
		say "#   wanted: /$2/"
	fi
}

unlike() { # GOT EXTENDED-REGEX NAME
	if printf '%s\n' "$1" | grep -qE -- "$2"; then
		fail "$3"
		say "#   got: $1" | head -n 20 | sed '2,$s/^/#        /'
		say "#   wanted not: /$2/"
	else
		pass "$3"
	fi
}

# The command run last must have ended with this status and said something like this on stderr.
failed() { # STATUS EXTENDED-REGEX NAME
	if [ "$status" -eq "$1" ] && printf '%s\n' "$err" | grep -qiE -- "$2"; then
		pass "$3"
	else
		fail "$3: wanted status $1, /$2/"
	fi
}

check() { # NAME COMMAND...
	check_name=$1
	shift
	if "$@"; then pass "$check_name"; else fail "$check_name"; fi
}

# --- running things ---------------------------------------------------------------------------

# The runtime under test; a hang is a failure with status 137.
cruet() { timeout --foreground -s KILL 20 "$CRUET" --root $STATE "$@"; }

# Run a command: $status, $out, $err.
run() {
	"$@" >$T/.out 2>$T/.err </dev/null
	status=$?
	out=$(cat $T/.out)
	err=$(cat $T/.err)
	return 0
}

# What every bundle starts from; changed by jq filters. --arg id and rootfs are known to them.
base_config() {
	cat <<'JSON'
{ "ociVersion": "1.0.2",
  "process": {
    "user": { "uid": 0, "gid": 0 }, "cwd": "/", "args": [ "true" ],
    "env": [ "PATH=/bin:/sbin:/usr/bin:/usr/sbin" ],
    "capabilities": {
      "bounding": [ "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
      "effective": [ "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
      "permitted": [ "CAP_KILL", "CAP_NET_BIND_SERVICE" ] },
    "noNewPrivileges": true },
  "root": { "path": "", "readonly": true },
  "hostname": "box",
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
      "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": [ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" ] },
    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
      "options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] },
    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
      "options": [ "nosuid", "noexec", "nodev" ] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs",
      "options": [ "nosuid", "noexec", "nodev", "ro" ] } ],
  "linux": {
    "cgroupsPath": "",
    "resources": { "devices": [ { "allow": false, "access": "rwm" } ] },
    "namespaces": [ { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" },
      { "type": "network" } ],
    "maskedPaths": [ "/proc/kcore", "/proc/keys", "/sys/firmware" ],
    "readonlyPaths": [ "/proc/sys", "/proc/sysrq-trigger" ] } }
JSON
}

new_id() {
	ids=$((ids + 1))
	id=c$ids
}

# Make $BUNDLES/ID/config.json: the base with a jq filter. "@MAX@" becomes 2^64 - 1, which jq cannot write.
bundle() { # ID [FILTER [JQ-ARGUMENTS...]]
	bundle=$BUNDLES/$1
	bundle_id=$1
	bundle_filter=${2:-.}
	shift
	[ $# -eq 0 ] || shift
	mkdir -p "$bundle"
	base_config | jq --arg id "$bundle_id" --arg rootfs "${rootfs:-$T/rootfs}" "$@" \
		".root.path=\$rootfs | .linux.cgroupsPath=\"/\"+\$id | $bundle_filter" \
		>"$bundle/config.json.new" || { echo "Bail out! jq: $bundle_filter" && exit 1; }
	sed 's/"@MAX@"/18446744073709551615/' "$bundle/config.json.new" >"$bundle/config.json"
}

# The same with `sh -c SCRIPT` as the process.
script_bundle() { # ID SCRIPT [FILTER]
	bundle "$1" ".process.args=[\"sh\",\"-c\",\$script] | ${3:-.}" --arg script "$2"
}

# Run a script in a new container in the foreground: $id, $status, $out, $err.
container() { # SCRIPT [FILTER [RUN-OPTIONS...]]
	new_id
	script_bundle "$id" "$1" "${2:-.}"
	shift
	[ $# -eq 0 ] || shift
	run cruet run "$@" --bundle "$BUNDLES/$id" "$id"
}

# A filter: no pid namespace of its own, and the /proc of the test.
HOST_PIDS='.linux.namespaces|=map(select(.type!="pid")) |
	.mounts[0]={destination:"/proc",type:"bind",source:"/proc",options:["rbind"]}'

# One that runs until it is killed; $id. Fails the test file's current test if it does not start.
SLEEPER='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
sleeper() {
	try_sleeper "$@"
	[ $status -eq 0 ] || fail "sleeping container $id"
}
try_sleeper() { # [FILTER [RUN-OPTIONS...]]: may be refused
	new_id
	script_bundle "$id" "$SLEEPER" "${1:-.}"
	[ $# -eq 0 ] || shift
	cruet run --detach "$@" --bundle "$BUNDLES/$id" "$id" >$T/.out 2>$T/.err </dev/null
	status=$?
	out=$(cat $T/.out)
	err=$(cat $T/.err)
}

state_of() { cruet state "$1" 2>/dev/null | jq -r .status; }
has_status() { [ "$(state_of "$1")" = "$2" ]; }
becomes() { wait_for has_status "$1" "$2"; } # ID STATUS
pid_of() { cruet state "$1" 2>/dev/null | jq -r .pid; }

# Delete containers by force; part of a test's tidying, not a test.
remove() {
	for container; do
		cruet delete --force "$container" >/dev/null 2>&1
	done
}

wait_for() { # COMMAND...: until it succeeds, at most 5 s; a guest that is emulated gets more (TEST_PATIENCE)
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt "${TEST_PATIENCE:-250}" ] || return 1
		sleep 0.02
	done
}

# What a container can leave: its groups, state, processes, mounts. Prints what there is.
leftovers() { # ID
	for point in $CGROUPS; do
		[ ! -e "$point/$1" ] || echo "group $point/$1"
	done
	[ ! -e "$STATE/$1" ] || echo "state $STATE/$1"
	extra_mounts
}

extra_mounts() {
	mounts >$T/.mounts
	[ "$(cat $T/.mounts)" = "$mounts_before" ] || printf '%s\n' "$mounts_before" |
		grep -vxFf - $T/.mounts | sed 's/^/mount /'
}

extra_processes() {
	for pid in /proc/[0-9]*; do
		[ "${pid#/proc/}" -ne $$ ] || continue
		command=$(tr '\0' ' ' 2>/dev/null <"$pid/cmdline") || continue
		grep -qE '^State:.[ZX]' "$pid/status" 2>/dev/null && continue
		[ -n "$command" ] && echo "process ${pid#/proc/} $command"
	done
}

is_clean() { # ID NAME
	is "$(leftovers "$1")" "" "$2"
}

# create must refuse this configuration: status 1, a message that says why, and nothing left.
refused() { # FILTER PATTERN NAME
	new_id
	bundle "$id" "$1"
	run cruet create --bundle "$BUNDLES/$id" "$id"
	expect_refusal "$2" "$3"
}

expect_refusal() { # PATTERN NAME
	left=$(leftovers "$id")
	if [ "$status" -ne 1 ]; then
		fail "$2: wanted status 1"
	elif ! printf '%s\n' "$err" | grep -qiE -- "$1"; then
		fail "$2: wanted /$1/"
	elif [ -n "$left" ]; then
		fail "$2: left $left"
	else
		pass "$2"
	fi
	if [ "$status" -eq 0 ] || [ -n "$left" ]; then
		remove "$id"
		mounts_before=$(mounts) # once is enough to say it
	fi
}

# create and start must accept it.
accepted() { # FILTER NAME
	container "exit 7" "$1"
	is "$status" 7 "$2"
	[ "$status" -eq 7 ] || remove "$id"
}

# A value of the container's groups: the v1 file in its hierarchy, or the v2 one.
group_file() { # ID CONTROLLER V1-FILE V2-FILE
	if [ -e "/sys/fs/cgroup/$2/$1/$3" ]; then
		cat "/sys/fs/cgroup/$2/$1/$3"
	elif [ -e "/sys/fs/cgroup/$1/$4" ]; then
		cat "/sys/fs/cgroup/$1/$4"
	else
		cat "/sys/fs/cgroup/unified/$1/$4"
	fi
}

finish() {
	if [ -e "$STATE" ]; then
		for container in "$STATE"/*; do
			[ -d "$container" ] || continue
			left_container=${container##*/}
			echo "# container left: $left_container"
			cruet delete --force "$left_container" 2>&1 | sed 's/^/# /'
		done
		is "$(find "$STATE" -mindepth 1 -maxdepth 1 ! -name '.*')" "" "no state is left"
	fi
	unset out err status
	wait_for nothing_runs
	extra_processes >$T/.processes
	is "$(cat $T/.processes)" "" "no process is left"
	is "$(extra_mounts)" "" "no mount is left"
	echo "$test_count" >"$TEST_WORK/count"
	[ "$failures" -eq 0 ]
	exit
}

nothing_runs() {
	extra_processes >$T/.processes
	[ ! -s $T/.processes ]
}

set_up

# Lines of /proc/PID/status without signals 32 and 33, which C libraries keep to themselves: a caller may
# have them ignored, and no program notices. A mask without any has one form (MIPS has twice the signals).
standard_signals() { tr -d '\t' | sed -e 's/^\(Sig...:\)0*$/\10000000000000000/' -e 's/^\(Sig...:0000000\)[01][08]/\100/'; }
