#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pause, resume, update.
. "$(dirname "$0")/lib.sh"

new_id
script_bundle "$id" 'while :; do echo tick; sleep 0.01; done' '.linux.resources+={memory:{limit:33554432},cpu:{shares:512,quota:50000,period:100000},pids:{limit:50}}'
cruet run --detach --bundle "$BUNDLES/$id" "$id" >$T/output 2>&1
wait_for [ -s $T/output ]
run cruet pause "$id"
is "$status:$out:$err" "0::" "pause says nothing"
is "$(state_of "$id")" paused "state is paused"
sleep 0.05
size=$(wc -c <$T/output)
sleep 0.2
is "$(wc -c <$T/output)" "$size" "nothing runs"
run cruet pause "$id"
is "$status" 1 "a second pause is refused"
run cruet start "$id"
is "$status" 1 "start of a paused container is refused"
run cruet delete "$id"
is "$status" 1 "delete of a paused container is refused"
is "$(state_of "$id")" paused "it is paused still"
run cruet resume "$id"
is "$status:$out:$err" "0::" "resume says nothing"
is "$(state_of "$id")" running "state is running"
sleep 0.1
check "it runs on" [ "$(wc -c <$T/output)" -gt "$size" ]
run cruet resume "$id"
is "$status" 1 "a second resume is refused"
for command in pause resume; do
	run cruet $command no-such
	failed 1 "does not exist" "$command of an unknown container"
done

# update: --resources FILE and -, as podman and docker call it
value() { group_file "$id" "$@" | tr '\t' ' '; }
memory() { value memory memory.limit_in_bytes memory.max; }
pids() { value pids pids.max pids.max; }
quota() { value cpu cpu.cfs_quota_us cpu.max | cut -d' ' -f1; }
is "$(memory) $(pids) $(quota)" "33554432 50 50000" "the limits at create"
echo '{"memory":{"limit":67108864},"pids":{"limit":60},"cpu":{"quota":20000,"period":100000}}' >$T/resources
run cruet update --resources $T/resources "$id"
is "$status:$out:$err" "0::" "update --resources FILE"
is "$(memory) $(pids) $(quota)" "67108864 60 20000" "sets memory, pids and cpu in one go"
echo '{"memory":{"limit":50331648}}' | cruet update --resources - "$id"
is "$?:$(memory) $(pids)" "0:50331648 60" "--resources -"
echo '{"memory":{"limit":33554432}}' | cruet update -r - "$id"
is "$?:$(memory)" "0:33554432" "-r -"
echo '{"memory":{"limit":67108864,"swap":0,"reservation":0},"cpu":{"shares":0,"period":0,"quota":0,"cpus":"","mems":"","realtimePeriod":0,"realtimeRuntime":0},"blockIO":{"weight":0}}' >$T/resources
run cruet update --resources $T/resources "$id"
is "$status:$(memory) $(quota)" "0:67108864 20000" "docker's way: zeros and empty strings mean nothing is asked"
if [ -e "/sys/fs/cgroup/memory/$id/memory.memsw.limit_in_bytes" ] || [ -e "/sys/fs/cgroup/$id/memory.swap.max" ]; then
	swap() { value memory memory.memsw.limit_in_bytes memory.swap.max; }
	for pair in "41943040 41943040" "83886080 167772160" "8388608 8388608" "33554432 67108864" "67108864 -1" "8388608 16777216"; do
		limit=${pair% *} swap=${pair#* }
		echo "{\"memory\":{\"limit\":$limit,\"swap\":$swap}}" >$T/resources
		run cruet update --resources $T/resources "$id"
		is "$status:$err:$(memory)" "0::$limit" "memory and swap in the order the kernel needs: $pair"
	done
	is "$(swap)" "$([ -e /sys/fs/cgroup/memory ] && echo 16777216 || echo 8388608)" "swap"
else
	skip "no swap accounting" "memory and swap in the order the kernel needs"
fi
echo '{"memory":{"limit":-1}}' | cruet update --resources - "$id"
is "$?" 0 "memory without limit"
echo '{"memory":{"limit":4096}}' | cruet update --resources - "$id" >$T/.out 2>&1
status=$?
out=$(memory)
if [ $status -eq 0 ]; then
	is "$out" 4096 "a limit below what is used: set"
else
	unlike "$out" '^4096$' "a limit below what is used: refused, the old value stands"
fi
remove "$id"

# one bad value: nothing is changed
sleeper '.linux.resources+={memory:{limit:33554432},pids:{limit:50}}'
echo '{"memory":{"limit":67108864},"pids":{"limit":70},"cpu":{"quota":1,"period":100000}}' >$T/resources
run cruet update --resources $T/resources "$id"
is "$status" 1 "a value that the kernel refuses"
is "$(memory) $(pids)" "33554432 50" "the old limits all stand"
for bad in '{' '{"memory":{"limit":"1"}}' '{"memory":{"limit":1.5}}' '{"pids":[]}' '[]' 'null' '{"memory":{"limit":1,"limit":2}}' '{"memory":{"limit":99999999999999999999}}'; do
	echo "$bad" | cruet update --resources - "$id" >$T/.out 2>$T/.err
	status=$?
	is "$status:$(memory)" "1:33554432" "update refuses $bad"
done

# flags
flag() { # OPTION CONTROLLER V1-FILE V2-FILE WANTED-V1 WANTED-V2
	# shellcheck disable=SC2086
	run cruet update $1 "$id"
	got=$(group_file "$id" "$2" "$3" "$4" | cut -d' ' -f1)
	if [ -e "/sys/fs/cgroup/$2" ]; then wanted=$5; else wanted=$6; fi
	is "$status:$err:$got" "0::$wanted" "update $1"
}
flag "--memory 67108864" memory memory.limit_in_bytes memory.max 67108864 67108864
flag "--memory=64m" memory memory.limit_in_bytes memory.max 67108864 67108864
flag "--memory 32M" memory memory.limit_in_bytes memory.max 33554432 33554432
flag "--memory-reservation 16777216" memory memory.soft_limit_in_bytes memory.low 16777216 16777216
flag "--pids-limit 33" pids pids.max pids.max 33 33
flag "--pids-limit -1" pids pids.max pids.max max max
flag "--pids-limit=44" pids pids.max pids.max 44 44
flag "--cpu-share 256" cpu cpu.shares cpu.weight 256 35
flag "--cpu-period 50000 --cpu-quota 10000" cpu cpu.cfs_quota_us cpu.max 10000 10000
flag "--cpu-quota 5000" cpu cpu.cfs_quota_us cpu.max 5000 5000
flag "--cpu-quota -1" cpu cpu.cfs_quota_us cpu.max -1 max
flag "--cpuset-cpus 0" cpuset cpuset.cpus cpuset.cpus 0 0
flag "--cpuset-mems 0" cpuset cpuset.mems cpuset.mems 0 0
run cruet update --kernel-memory 1000000 "$id"
is "$status" 0 "--kernel-memory is accepted and has no effect"
run cruet update --memory nonsense "$id"
unlike "$status" '^(0|137)$' "--memory nonsense is refused"
run cruet update --pids-limit 1x "$id"
unlike "$status" '^(0|137)$' "--pids-limit 1x is refused"
run cruet update --resources /no/such "$id"
failed 1 "no such file" "--resources of a missing file"
run cruet update --memory 1m no-such
failed 1 "does not exist" "update of an unknown container"
remove "$id"

# device rules by update: what is open stays, what is asked for changes
sleeper '.linux.resources.devices=[{allow:false,access:"rwm"},{allow:true,type:"c",major:1,minor:3,access:"rw"}]|.process.capabilities.effective+=["CAP_MKNOD"]|.process.capabilities.permitted+=["CAP_MKNOD"]|.process.capabilities.bounding+=["CAP_MKNOD"]'
run cruet exec "$id" sh -c 'mknod /dev/kmsg2 c 1 11 && cat /dev/kmsg2 >/dev/null'
unlike "$status" '^0$' "a device that is not allowed"
echo '{"pids":{"limit":100}}' | cruet update --resources - "$id"
run cruet exec "$id" sh -c 'cat /dev/kmsg2 >/dev/null'
unlike "$status" '^0$' "an update of something else does not open it"
run cruet exec "$id" sh -c 'echo >/dev/null'
is "$status" 0 "nor closes those that are allowed"
remove "$id"
finish
