#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Control groups: paths, limits on v1 and v2, device rules, managers.
. "$(dirname "$0")/lib.sh"

v1() { [ -d "/sys/fs/cgroup/$1" ] && grep -q " /sys/fs/cgroup/$1 cgroup " /proc/mounts; }
v2() { grep -q " /sys/fs/cgroup cgroup2 " /proc/mounts && grep -qw "$1" /sys/fs/cgroup/cgroup.controllers; }

# a limit: the value in the group while the container runs
limit() { # FILTER CONTROLLER V1-FILE V1-WANTED V2-FILE V2-WANTED
	if v1 "$2"; then
		file=$3 wanted=$4
	elif v2 "$2"; then
		file=$5 wanted=$6
	else
		skip "no controller $2" "$1"
		return
	fi
	[ "$file" != - ] || return 0
	try_sleeper ".linux.resources+={$1}"
	case $err in
	*CONFIG_*" is not set"*)
		skip "not in this build" "$1"
		return
		;;
	esac
	is "$(group_file "$id" "$2" "$file" "$file")" "$wanted" "$1: $file"
	remove "$id"
	is_clean "$id" "... nothing is left"
}

# where
sleeper '.linux.cgroupsPath="/deep/er/box"'
for point in $CGROUPS; do
	check "an absolute path is below the mount: ${point#/sys/fs/cgroup}" [ -d "$point/deep/er/box" ]
	is "$(wc -l <"$point/deep/er/box/cgroup.procs")" 2 "... the processes are in it"
done
remove "$id"
rmdir /sys/fs/cgroup/*/deep/er /sys/fs/cgroup/*/deep /sys/fs/cgroup/deep/er /sys/fs/cgroup/deep 2>/dev/null
is "$(find /sys/fs/cgroup -name deep)" "" "and removed"
sleeper 'del(.linux.cgroupsPath)'
# On v2 a group that has processes can have none below it with controllers: beside it, then.
case $(grep -c ' cgroup ' /proc/mounts) in 0) wanted=/$id ;; *) wanted=/harness/$id ;; esac
is "$(cut -d: -f3 "/proc/$(pid_of "$id")/cgroup" | sort -u)" "$wanted" "without a path: <id> below the caller's group"
remove "$id"
is "$(find /sys/fs/cgroup -name "$id")" "" "and removed"
sleeper '.linux.cgroupsPath="relative/box"'
check "a relative path" [ "$(find /sys/fs/cgroup -path '*relative/box' | wc -l)" -ge 1 ]
remove "$id"
find /sys/fs/cgroup -name relative -depth -exec rmdir {} \; 2>/dev/null
for path in /../escape /a/../../escape ../escape /./x/../../../y; do
	new_id
	script_bundle "$id" 'cut -d: -f3 /proc/self/cgroup | sort -u' ".linux.cgroupsPath=\"$path\""
	run cruet run --bundle "$BUNDLES/$id" "$id"
	unlike "$out" '\.\.' "cgroupsPath $path does not leave the hierarchy"
	find /sys/fs/cgroup -mindepth 1 -depth \( -name escape -o -name y -o -name a -o -name x \) -exec rmdir {} \; 2>/dev/null
done
new_id
script_bundle "$id" "$SLEEPER"
cruet run -d --bundle "$BUNDLES/$id" "$id"
first=$id
new_id
script_bundle "$id" 'exit 0' ".linux.cgroupsPath=\"/$first\""
run cruet create --bundle "$BUNDLES/$id" "$id"
failed 1 "cgroup|group|not empty|process" "a group with processes in it is refused"
is "$(state_of "$first")" running "and its container lives"
remove "$id"
is "$(state_of "$first")" running "also after the second was deleted"
remove "$first"
if v1 freezer; then
	new_id
	script_bundle "$id" 'exit 0'
	mkdir "/sys/fs/cgroup/freezer/$id"
	echo FROZEN >"/sys/fs/cgroup/freezer/$id/freezer.state"
	run cruet create --bundle "$BUNDLES/$id" "$id"
	failed 1 "frozen" "a frozen group is refused"
	remove "$id"
	rmdir "/sys/fs/cgroup/freezer/$id" 2>/dev/null
fi

# values
limit 'memory:{limit:33554432}' memory memory.limit_in_bytes 33554432 memory.max 33554432
limit 'memory:{limit:-1}' memory memory.limit_in_bytes 9223372036854771712 memory.max max
limit 'memory:{reservation:16777216}' memory memory.soft_limit_in_bytes 16777216 memory.low 16777216
if [ -e /sys/fs/cgroup/memory/harness/memory.memsw.limit_in_bytes ] || v2 memory; then
	limit 'memory:{limit:33554432,swap:67108864}' memory memory.memsw.limit_in_bytes 67108864 memory.swap.max 33554432
	limit 'memory:{limit:33554432,swap:-1}' memory memory.memsw.limit_in_bytes 9223372036854771712 memory.swap.max max
fi
limit 'memory:{kernel:1000000,kernelTCP:1000000,limit:33554432}' memory memory.limit_in_bytes 33554432 memory.max 33554432
limit 'cpu:{shares:512}' cpu cpu.shares 512 - -
limit 'cpu:{shares:1024}' cpu - - cpu.weight 100
limit 'cpu:{quota:25000,period:50000}' cpu cpu.cfs_quota_us 25000 cpu.max '25000 50000'
limit 'cpu:{quota:25000,period:50000}' cpu cpu.cfs_period_us 50000 - -
limit 'cpu:{quota:-1}' cpu cpu.cfs_quota_us -1 cpu.max 'max 100000'
limit 'cpu:{quota:50000,period:100000,burst:20000}' cpu cpu.cfs_burst_us 20000 cpu.max.burst 20000
limit 'cpu:{idle:1}' cpu cpu.idle 1 cpu.idle 1
limit 'cpu:{cpus:"0"}' cpuset cpuset.cpus 0 cpuset.cpus 0
limit 'cpu:{mems:"0"}' cpuset cpuset.mems 0 cpuset.mems 0
limit 'pids:{limit:17}' pids pids.max 17 pids.max 17
limit 'pids:{limit:-1}' pids pids.max max pids.max max
limit 'memory:{swappiness:10}' memory memory.swappiness 10 - -
if v1 memory; then
	limit 'memory:{disableOOMKiller:true,limit:33554432}' memory memory.oom_control "$(printf \
		'oom_kill_disable 1\nunder_oom 0\noom_kill 0')" - -
fi
if ! v1 cpu || [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
	limit 'cpu:{realtimeRuntime:3000,realtimePeriod:500000}' cpu cpu.rt_runtime_us 3000 - -
	limit 'cpu:{realtimeRuntime:3000,realtimePeriod:500000}' cpu cpu.rt_period_us 500000 - -
else
	skip "no CONFIG_RT_GROUP_SCHED in this kernel" "cpu.realtimeRuntime, cpu.realtimePeriod"
fi
if [ -e /sys/fs/cgroup/blkio/harness/blkio.bfq.weight ]; then
	limit 'blockIO:{weight:300}' blkio blkio.bfq.weight 300 - -
fi
device=$(sed -n 's/^ *\([0-9]*\) *\([0-9]*\) *[0-9]* *\(vda\|sda\|nvme0n1\|loop0\)$/\1:\2/p' /proc/partitions | head -n 1)
if [ -n "$device" ]; then
	major=${device%:*} minor=${device#*:}
	limit "blockIO:{throttleReadBpsDevice:[{major:$major,minor:$minor,rate:1048576}]}" blkio blkio.throttle.read_bps_device "$device 1048576" - -
	limit "blockIO:{throttleWriteBpsDevice:[{major:$major,minor:$minor,rate:2097152}]}" blkio blkio.throttle.write_bps_device "$device 2097152" - -
	limit "blockIO:{throttleReadIOPSDevice:[{major:$major,minor:$minor,rate:100}]}" blkio blkio.throttle.read_iops_device "$device 100" - -
	limit "blockIO:{throttleWriteIOPSDevice:[{major:$major,minor:$minor,rate:200}]}" blkio blkio.throttle.write_iops_device "$device 200" - -
	if v2 io; then
		limit "blockIO:{throttleReadBpsDevice:[{major:$major,minor:$minor,rate:1048576}],throttleWriteIOPSDevice:[{major:$major,minor:$minor,rate:200}]}" io - - io.max "$device rbps=1048576 wbps=max riops=max wiops=200"
	fi
fi
new_id
bundle "$id" '.ociVersion="1.3.0"|.linux.resources.pids.limit=0|.process.args=["probe","pause"]'
cruet run --detach --bundle "$BUNDLES/$id" "$id"
is "$(group_file "$id" pids pids.max pids.max)" 0 "pids.limit 0 is honoured"
remove "$id"
bundle "$id" '.ociVersion="1.2.0"|.linux.resources.pids.limit=0|.process.args=["probe","pause"]'
cruet run --detach --bundle "$BUNDLES/$id" "$id"
is "$(group_file "$id" pids pids.max pids.max)" max "before 1.3.0 it is what callers wrote for none"
remove "$id"
limit 'pids:{limit:0}' pids pids.max max pids.max max
is_clean "$id" "nothing is left"
refused '.linux.resources.cpu={quota:100,period:1}' "cpu" "values that the kernel refuses"
refused '.linux.resources.cpu={cpus:"4096"}' "cpu" "processors that are not there"
refused '.linux.resources.cpu={cpus:"x"}' "cpu" "nonsense as processors"

# effects
container 'probe fork 30' '.linux.resources.pids={limit:10}'
like "$out" '^[5-9]$' "pids.limit holds"
container 'probe grow 64; echo after' '.linux.resources.memory={limit:16777216,swap:16777216}|.process.args=["probe","grow","64"]'
is "$status" 137 "memory.limit holds: the process is killed"
unlike "$out" grown "and got no more"
container 'nproc' '.linux.resources.cpu={cpus:"0"}'
is "$out" 1 "cpuset holds"
container 'exit 0' '.linux.resources.memory={limit:65536}'
case $status in
0 | 137) pass "64 KiB: the process starts, or is killed for want of memory" ;;
*) like "$err" "memory" "a memory limit too low to start says so" ;;
esac
is_clean "$id" "nothing is left"

# device rules: in the listed order, with the default devices
CAN_MKNOD='.process.capabilities|=map_values(.+["CAP_MKNOD"])'
devices() { # RULES SCRIPT
	container "$2" "$CAN_MKNOD|.linux.resources.devices=$1"
}
TRY='try() { mknod /dev/t-$2-$3 $1 $2 $3 2>/dev/null && (exec 3<>/dev/t-$2-$3) 2>/dev/null && echo "$2:$3"; }; try c 1 3; try c 1 5; try c 10 229; try c 10 237; true'
devices '[{allow:false,access:"rwm"}]' "$TRY"
is "$(say "$out" | tr '\n' ' ')" "1:3 1:5 " "all denied: the default devices are there, no others"
devices '[{allow:false,access:"rwm"},{allow:true,type:"c",major:10,minor:229,access:"rw"}]' "$TRY"
is "$(say "$out" | tr '\n' ' ')" "1:3 1:5 10:229 " "one allowed"
devices '[{allow:true,type:"c",major:10,minor:229,access:"rw"},{allow:false,access:"rwm"}]' "$TRY"
is "$(say "$out" | tr '\n' ' ')" "1:3 1:5 " "a later rule overrules an earlier one"
devices '[{allow:false,access:"rwm"},{allow:true,type:"c",major:10,access:"rw"},{allow:false,type:"c",major:10,minor:229,access:"rwm"}]' "$TRY"
case $out in
*10:229*) v1 devices && skip "v1 has a list of exceptions, no order" "allow 10:*, then deny 10:229" || fail "allow 10:*, then deny 10:229" ;;
*) pass "allow 10:*, then deny 10:229" ;;
esac
devices '[{allow:true,access:"rwm"}]' "$TRY"
like "$out" '10:229' "all allowed"
devices '[{allow:false,access:"rwm"},{allow:true,type:"c",major:10,minor:229,access:"r"}]' 'mknod /dev/k c 10 229; (exec 3</dev/k) && echo read; (exec 3>/dev/k) && echo write'
is "$out" read "access r alone"
devices '[{allow:false,access:"rwm"}]' 'mknod /dev/k c 1 11 && echo made'
is "$out" made "mknod of any device is allowed, opening is not"
if v1 devices; then
	sleeper '.linux.resources.devices=[{allow:false,access:"rwm"},{allow:true,type:"c",major:10,minor:229,access:"rw"},{allow:true,type:"b",major:7,access:"r"}]'
	list=$(cat "/sys/fs/cgroup/devices/$id/devices.list")
	for rule in 'c 10:229 rw' 'b 7:\* r' 'c \*:\* m' 'b \*:\* m' 'c 1:3 rwm' 'c 1:8 rwm' 'c 1:7 rwm' 'c 5:0 rwm' 'c 1:5 rwm' 'c 1:9 rwm' 'c 136:\* rwm' 'c 5:2 rwm'; do
		like "$list" "^$rule\$" "devices.list has $rule"
	done
	remove "$id"
fi
container 'exit 3' '.linux.resources.devices=[{allow:false,access:"rwm"},{allow:true,type:"a",access:"rwm"}]'
is "$status" 3 "type a"

# an init that gives its group's controllers to groups below, as systemd does
if v2 pids; then
	sleeper
	group=$(find /sys/fs/cgroup -type d -name "$id")
	mkdir "$group/init"
	xargs -n 1 sh -c 'echo "$1" >"$0"' "$group/init/cgroup.procs" <"$group/cgroup.procs"
	echo +pids >"$group/cgroup.subtree_control"
	run cruet exec "$id" cat /proc/self/cgroup
	is "$status" 0 "exec where the container's own group takes no process any more"
	like "$out" "/init$" "... it is where the init is"
	remove "$id"
	is_clean "$id" "... nothing is left"
else
	skip "no cgroup v2 with controllers" "exec where the init has made groups below"
fi

# unified
if grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts; then
	sleeper '.linux.resources.unified={"memory.high":"30000000","pids.max":"20"}'
	is "$(cat "/sys/fs/cgroup/$id/memory.high" "/sys/fs/cgroup/$id/pids.max" | tr '\n' ' ')" "29999104 20 " "unified"
	remove "$id"
	refused '.linux.resources.unified={"no.such":"1"}' "no.such" "unified: a file that does not exist"
	refused '.linux.resources.unified={"a/b":"1"}' "unified" "unified: a key with a slash"
	refused '.linux.resources.unified={"cgroup.procs/../x":"1"}' "unified" "unified: a key with .."
	refused '.linux.resources.unified={"memory.max":"nonsense"}' "memory.max" "unified: a value that the kernel refuses"
else
	refused '.linux.resources.unified={"memory.high":"30000000"}' "unified|memory.high" "unified needs v2 controllers"
fi

# mounts of type cgroup
CGROUP_MOUNT='.mounts+=[{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["ro","nosuid","nodev","noexec"]}]'
container 'cat /proc/self/mountinfo; ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/memory/x 2>&1' "$CGROUP_MOUNT"
is "$(say "$out" | grep -c 'cgroup.* ro,.* - cgroup ')" "$(grep -c ' cgroup ' /proc/mounts)" "all v1 hierarchies are mounted, read-only"
unlike "$out" 'cgroup.* rw,.* - cgroup' "none is writable"
unlike "$out" "harness" "only the container's own groups are in sight"
container 'cat /proc/self/mountinfo; cut -d: -f3 /proc/self/cgroup | sort -u; ls -d /sys/fs/cgroup/*/harness' "$CGROUP_MOUNT|.linux.namespaces+=[{type:\"cgroup\"}]"
is "$(say "$out" | grep '^/')" / "with a cgroup namespace the container's group is /"
unlike "$out" "harness" "and nothing above is in sight"

# managers
for option in "--cgroup-manager=disabled" "--cgroup-manager disabled"; do
	new_id
	script_bundle "$id" "$SLEEPER" 'del(.linux.resources)'
	# shellcheck disable=SC2086
	run cruet $option run --detach --bundle "$BUNDLES/$id" "$id"
	is "$status" 0 "$option"
	is "$(find /sys/fs/cgroup -name "$id")" "" "makes no group"
	is "$(cut -d: -f3 "/proc/$(pid_of "$id")/cgroup" | sort -u)" /harness "the container stays in the caller's"
	run cruet exec "$id" sh -c 'exit 5'
	is "$status" 5 "exec works"
	run cruet delete --force "$id"
	is "$status" 0 "delete works"
	is_clean "$id" "nothing is left"
done
new_id
script_bundle "$id" 'exit 0' '.linux.resources.memory={limit:33554432}'
run cruet --cgroup-manager=disabled run --bundle "$BUNDLES/$id" "$id"
unlike "$status" '^137$' "a limit with the manager disabled does not hang"
new_id
script_bundle "$id" 'exit 4'
run cruet --cgroup-manager=cgroupfs run --bundle "$BUNDLES/$id" "$id"
is "$status" 4 "--cgroup-manager=cgroupfs"
run cruet --cgroup-manager=nonsense list
is "$status" 1 "--cgroup-manager=nonsense is refused"
run cruet --systemd-cgroup run --bundle "$BUNDLES/$id" "$id"
failed 1 "systemd" "--systemd-cgroup says that it is not supported"
run cruet --cgroup-manager=systemd run --bundle "$BUNDLES/$id" "$id"
failed 1 "systemd" "--cgroup-manager=systemd too"

# groups that the container made below its own go with it
sleeper "$CGROUP_MOUNT|.mounts[-1].options=[\"rw\"]|.linux.namespaces+=[{type:\"cgroup\"}]|.process.capabilities|=map_values(.+[\"CAP_DAC_OVERRIDE\"])"
cruet exec "$id" sh -c 'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir -p $d/a/b/c && (sleep 1040 & echo $! >$d/a/b/cgroup.procs); done' 2>/dev/null
run cruet delete --force "$id"
is "$status" 0 "delete with groups below the container's"
is_clean "$id" "removes them"
finish
