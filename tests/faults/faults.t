#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Faults: the Nth system call of a command fails, or its caller is killed there, or the whole tree.
# Whatever happens, a container is as its configuration says or not there at all; nothing is left
# that `delete --force` does not remove; no command succeeds that did not do its work.
#
# STEP=n tries every nth system call (7), FULL=1 all of them, with more error numbers.
# OPERATIONS, MODES and VARIANTS (of the configuration) choose what to try.
export TEST_TIMEOUT="${TEST_TIMEOUT:-3600}"
. "$(dirname "$0")/../integration/lib.sh"

ID=fault
ENOMEM=12 EIO=5 EPERM=1 ENOSYS=38 EINTR=4
if [ -n "${FULL:-}" ]; then
	STEP=${STEP:-1}
	MODES=${MODES:-"errno:$ENOMEM errno:$EIO errno:$EPERM errno:$ENOSYS errno:$EINTR kill tree"}
else
	STEP=${STEP:-7}
	MODES=${MODES:-"errno:$ENOMEM kill tree"}
fi
OPERATIONS=${OPERATIONS:-"create run start exec kill delete"}
VARIANTS=${VARIANTS:-"plain mapped"}
# What is traced is the real program, also in old-kernel mode.
TRACED=$CRUET
[ -x "$TOOLS/inject" ] || { echo "1..0 # SKIP no injector for this architecture" && exit 0; }

# A configuration that promises much.
mkdir -p $T/source
FILTER='.root.readonly=true | .process.args=["probe","fingerprint"] |
	.process.rlimits=[{type:"RLIMIT_NOFILE",soft:512,hard:1024},{type:"RLIMIT_CORE",soft:0,hard:0}] | .process.oomScoreAdj=300 |
	.process.user={uid:0,gid:0,umask:23,additionalGids:[7]} | .process.env+=["WORD=x"] |
	.mounts+=[{destination:"/data",type:"tmpfs",source:"t",options:["nosuid","nodev","noexec","mode=700"]},
		{destination:"/mnt",type:"bind",source:"'$T/source'",options:["rbind","ro","nosuid"]}] |
	.linux.namespaces+=[{type:"cgroup"}] |
	.linux.devices=[{path:"/dev/fuse",type:"c",major:10,minor:229}] |
	.linux.resources+={memory:{limit:134217728},pids:{limit:100},cpu:{shares:512}} |
	.linux.sysctl={"net.ipv4.ip_forward":"1"} |
	.linux.maskedPaths+=["/etc/passwd","/etc/masked"] | .linux.readonlyPaths+=["/proc/irq"] |
	.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["keyctl","ptrace"],action:"SCMP_ACT_ERRNO"}]}'
mkdir -p $T/rootfs/data $T/rootfs/mnt $T/rootfs/etc/masked
HOOK='{path:"'$T/rootfs/bin/busybox'",args:["true"]}'
MAPPED="$FILTER"' | .linux.namespaces+=[{type:"user"}] |
	.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}] |
	.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}] |
	del(.process.oomScoreAdj, .linux.devices) |
	.hooks={prestart:['$HOOK'],createRuntime:['$HOOK'],createContainer:['$HOOK'],startContainer:[{path:"/bin/true"}],
		poststart:['$HOOK'],poststop:['$HOOK']}'
bundles() { # VARIANT
	case $1 in
	plain) filter=$FILTER ;;
	mapped) filter=$MAPPED ;;
	esac
	bundle fingerprint "$filter|.linux.cgroupsPath=\"/$ID\""
	bundle pause "$filter|.linux.cgroupsPath=\"/$ID\"|.process.args=[\"probe\",\"pause\"]"
}

traced() { "$TOOLS/inject" "$@"; }
runtime() { timeout --foreground -s KILL 15 "$TRACED" --root $STATE "$@"; }

# Fingerprints: namespaces by whether they are the host's.
for ns in mnt pid net ipc uts cgroup user; do
	echo "s/^ns $(readlink /proc/self/ns/$ns | sed 's/[][]/\\&/g')\$/ns host $ns/"
done >$T/normal.sed
# Where a device node cannot be made, the host's is bound: the same but for the mount.
cat >>$T/normal.sed <<'END'
s/^ns \([a-z]*\):.*/ns own \1/
/^mount \/dev\/[a-z]* /{/shm\|mqueue\|pts/!d}
END
# Where a user namespace may not mount a sysfs, the host's is bound with all below it: read-only.
(cat $T/normal.sed && echo '/^mount \/sys[^ ]* ro,/d') >$T/mapped.sed
cp $T/normal.sed $T/plain.sed
normal() { sed -f "$T/$variant.sed" "$1" | sort; }
# What was printed before it was killed, if anything, was right.
begins_right() { # FILE REFERENCE
	# (its lines are among those of the reference; the last may be cut short)
	sed -f "$T/$variant.sed" "$1" | head -n -1 | grep -vxFf "$2" >$T/begin
	[ ! -s $T/begin ]
}

# Processes of this pid namespace but for the test itself; no fork is needed to count them.
processes_are() { # COUNT
	tries=0
	while :; do
		set -- "$1" /proc/[0-9]*
		[ $# -gt $(($1 + 2)) ] || return 0
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.02
	done
}

bad() { echo "$variant $operation $mode site $n ($where): $*" >>$T/bad; }

nothing_left() { # PROCESSES-EXPECTED
	left=
	for point in $CGROUPS; do
		[ ! -e "$point/$ID" ] || left="$left group:$point"
	done
	[ ! -e $STATE/$ID ] || left="$left state"
	[ "$(mounts)" = "$mounts_before" ] || left="$left mount"
	processes_are "$1" || left="$left process"
	[ -z "$left" ]
}

tidy() { # by hand, after a leak, so that the next site starts clean
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[ "$pid" -eq $$ ] || kill -KILL "$pid" 2>/dev/null
	done
	sleep 0.1
	for point in $CGROUPS; do
		[ ! -e "$point/$ID/freezer.state" ] || echo THAWED >"$point/$ID/freezer.state"
		[ ! -e "$point/$ID" ] || find "$point/$ID" -depth -type d -exec rmdir {} \; 2>/dev/null
	done
	rm -rf "${STATE:?}/$ID"
}

delete_by_force() { # must succeed and leave nothing
	runtime delete --force $ID >$T/delete 2>&1
	deleted=$?
	if [ $deleted -ne 0 ]; then
		bad "delete --force: status $deleted: $(head -n 1 $T/delete)"
	fi
	if ! nothing_left 0; then
		bad "left after delete --force (status $deleted):$left"
		tidy
	fi
}

prepare() {
	case $operation in
	start) runtime create --bundle $BUNDLES/fingerprint $ID >$T/out 2>$T/err </dev/null ;;
	exec) [ -e $STATE/$ID ] || runtime run -d --bundle $BUNDLES/pause $ID >$T/out 2>$T/err </dev/null ;;
	kill) runtime run -d --bundle $BUNDLES/pause $ID >$T/out 2>$T/err </dev/null ;;
	delete) runtime run -d --bundle $BUNDLES/pause $ID >$T/out 2>$T/err </dev/null ;;
	*) : >$T/out ;;
	esac
}

command_line() {
	case $operation in
	create) echo create --bundle $BUNDLES/fingerprint $ID ;;
	run) echo run --bundle $BUNDLES/fingerprint $ID ;;
	start) echo start $ID ;;
	exec) echo exec $ID probe fingerprint ;;
	kill) echo kill $ID KILL ;;
	delete) echo delete --force $ID ;;
	esac
}

# The output of the container's process is complete: compare it with what a run without fault gave.
ends() {
	tries=0
	until [ "$(runtime state $ID 2>/dev/null | jq -r .status)" = stopped ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.02
	done
}
compare() {
	if [ ! -s "$1" ]; then
		bad "status 0, but the process did not run"
	elif ! normal "$1" | cmp -s - "$T/reference.$operation"; then
		bad "DEGRADED at status 0: $(normal "$1" | diff "$T/reference.$operation" - | grep '^[<>]' | head -n 4 | tr '\n' ';')"
	else
		echo unchanged >>$T/verdicts
	fi
}

# After an error number: the command has failed and left nothing, or what it made is as it should be.
judge_errno() {
	if [ "$status" -ge 125 ] && [ "$operation" != exec ]; then
		bad "died: status $status"
	elif [ "$status" -ne 0 ] && [ ! -s $T/err ] && [ "${where#hit 1 parent 0x2 }" = "$where" ]; then
		# (unless it was the message that could not be written)
		bad "failed with status $status without a message"
	fi
	case $operation,$status in
	create,0)
		if runtime start $ID >/dev/null 2>$T/err2; then
			ends
			compare $T/out
		elif ends && [ -s $T/err2 ] && [ ! -s $T/out ]; then
			# The fault hit the container's process when create had done its work.
			echo ended >>$T/verdicts
		else
			bad "create succeeded, start does not: $(head -n 1 $T/err2)"
		fi
		;;
	create,*)
		nothing_left 0 || bad "failed (status $status) and left:$left"
		echo failed >>$T/verdicts
		;;
	run,0)
		compare $T/out
		nothing_left 0 || bad "status 0 and left:$left"
		;;
	run,*)
		if [ -s $T/out ]; then
			begins_right $T/out $T/reference.run || bad "ran DEGRADED, then failed"
		elif ! nothing_left 0; then
			bad "failed (status $status) and left:$left"
		fi
		echo failed >>$T/verdicts
		;;
	start,0)
		ends
		compare $T/out
		;;
	start,*)
		[ ! -s $T/out ] || begins_right $T/out $T/reference.start || bad "ran DEGRADED, then failed"
		echo failed >>$T/verdicts
		;;
	exec,0) compare $T/out ;;
	exec,*)
		[ ! -s $T/out ] || begins_right $T/out $T/reference.exec || bad "ran DEGRADED, then failed"
		[ "$(runtime state $ID 2>/dev/null | jq -r .status)" = running ] || bad "the container does not run any more"
		processes_are 1 || bad "a process of exec is left"
		echo failed >>$T/verdicts
		;;
	kill,0)
		ends || bad "status 0, but it is not stopped"
		echo unchanged >>$T/verdicts
		;;
	delete,0)
		nothing_left 0 || bad "status 0 and left:$left"
		echo unchanged >>$T/verdicts
		;;
	*) echo failed >>$T/verdicts ;;
	esac
}

judge_kill() {
	echo killed >>$T/verdicts
	runtime list -q >/dev/null 2>$T/err2 || bad "list fails after it: $(head -n 1 $T/err2)"
	case $operation in
	exec)
		[ "$(runtime state $ID 2>/dev/null | jq -r .status)" = running ] || bad "the container does not run any more"
		if [ "$mode" = tree ]; then
			processes_are 1 || bad "a process of exec is left"
		fi
		;;
	esac
}

sweep() { # OPERATION MODE
	operation=$1 mode=$2
	case $mode in
	errno:*) flags="-e ${mode#*:}" ;;
	kill) flags=-k ;;
	tree) flags=-K ;;
	esac
	: >$T/bad
	: >$T/verdicts
	# Where to begin differs, so that the sweeps of a sample do not all try the same calls.
	offset=$((offset % STEP + 1))
	n=$offset
	while :; do
		prepare
		# shellcheck disable=SC2046,SC2086
		traced -n $n $flags -t 15 -o $T/hit "$TRACED" --root $STATE $(command_line) >>$T/out 2>$T/err </dev/null
		status=$?
		where=$(cat $T/hit)
		case $where in
		*hang) bad "hangs" ;;
		none*) break ;;
		*)
			case $mode in
			errno:*) judge_errno ;;
			*) judge_kill ;;
			esac
			;;
		esac
		# The container of exec lives on from site to site, unless it was harmed.
		if [ "$operation" != exec ] || [ -s $T/bad ] || ! processes_are 1; then
			delete_by_force
		else
			: >$T/out
		fi
		n=$((n + STEP))
		[ $n -lt 3000 ] || break
		[ "$(wc -l <$T/bad)" -lt 40 ] || break
	done
	delete_by_force
	counts=$(sort $T/verdicts | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }')
	if [ -s $T/bad ]; then
		fail "$variant: $operation, $mode: ${counts:-nothing}, $(wc -l <$T/bad) bad"
		head -n 15 $T/bad | sed 's/^/#   /'
	elif [ ! -s $T/verdicts ]; then
		fail "$variant: $operation, $mode: no system call was hit"
	else
		pass "$variant: $operation, $mode: $counts"
	fi
}

# What each operation gives without a fault.
reference() {
	operation=$1 n=0 mode=none where=none
	prepare
	# shellcheck disable=SC2046
	runtime $(command_line) >>$T/out 2>$T/err </dev/null
	is "$?:$(cat $T/err)" 0: "$variant: $1 without a fault"
	[ "$operation" != create ] || runtime start $ID
	case $operation in
	create | start) ends ;;
	esac
	normal $T/out >"$T/reference.$operation"
	: >$T/bad
	delete_by_force
	is "$(cat $T/bad)" "" "and delete --force after it"
}

offset=0
for variant in $VARIANTS; do
	bundles "$variant"
	for operation in $OPERATIONS; do
		reference "$operation"
		for mode in $MODES; do
			sweep "$operation" "$mode"
		done
	done
done
unset out err
finish
