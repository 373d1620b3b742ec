#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exec: a further process in a container: its options, its exit status, what it may do.
. "$(dirname "$0")/lib.sh"

sleeper '.process.env+=["WORD=container"]|.process.capabilities.bounding+=["CAP_CHOWN"]|.process.cwd="/tmp"'
box=$id
pid=$(pid_of "$box")

run cruet exec "$box" echo word
is "$status:$out:$err" "0:word:" "a command"
for code in 0 1 9 255; do
	run cruet exec "$box" sh -c "exit $code"
	is "$status" $code "the status is the process's: $code"
done
for signal in 9 15; do
	run cruet exec "$box" sh -c "kill -$signal \$\$; sleep 5"
	is "$status" $((128 + signal)) "killed by signal $signal: status 128 + $signal"
done
is "$(echo input | cruet exec "$box" cat)" input "stdin is the caller's"
run cruet exec "$box" sh -c 'echo err >&2'
is "$out:$err" ":err" "stderr is the caller's"

# where it is
for ns in pid ipc uts mnt net; do
	is "$(cruet exec "$box" readlink /proc/self/ns/$ns)" "$(readlink "/proc/$pid/ns/$ns")" "the container's $ns namespace"
done
cut -d: -f2- "/proc/$pid/cgroup" | sort >$T/groups
cruet exec "$box" sh -c 'cut -d: -f2- /proc/self/cgroup | sort' >$T/groups.exec
is "$(cat $T/groups.exec)" "$(cat $T/groups)" "all the container's groups"
run cruet exec "$box" sh -c 'pwd; hostname; echo $WORD; echo $HOME; umask'
is "$out" "$(printf '/tmp\nbox\ncontainer\n/root\n0022')" "cwd, host name, environment, HOME and umask are the container's"
run cruet exec "$box" grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
is "$out" "$(grep -E '^(Cap|NoNewPrivs|Seccomp:)' "/proc/$pid/status")" "capabilities, no_new_privs, seccomp as the container's process"
run cruet exec "$box" probe fds
is "$(say "$out" | cut -d' ' -f1 | sort | tr '\n' ' ')" "0 1 2 " "only the standard descriptors"
run cruet exec "$box" probe signals
is "$(say "$out" | standard_signals)" "$(printf 'SigBlk:0000000000000000\nSigIgn:0000000000000000')" "no signal is blocked or ignored"
run cruet exec "$box" sh -c 'ps | grep -c "[e]xec"; probe self'
is "$(say "$out" | head -n 1)" 0 "no process of the runtime is left in the container"
like "$out" '^dumpable=1$' "the process is dumpable again"
like "$out" '^pdeathsig=0$' "without a parent-death signal"
like "$out" '^keepcaps=0$' "without keepcaps"

# options
run cruet exec --cwd /etc "$box" pwd
is "$out" /etc "--cwd"
run cruet exec --cwd=/new/folder "$box" pwd
unlike "$status:$out" '^0:/$' "--cwd of a folder that does not exist"
for option in "--env A=1 -e B=2" "-e A=1 --env=B=2"; do
	# shellcheck disable=SC2086
	run cruet exec $option "$box" sh -c 'echo $A$B'
	is "$out" 12 "exec $option"
done
run cruet exec --env WORD=other "$box" sh -c 'echo $WORD'
is "$out" other "--env replaces the container's"
run cruet exec --env PATH=/nowhere "$box" true
failed 255 'executable file not found in \$PATH' "--env PATH is where the command is searched"
run cruet exec --env PATH=/bin "$box" true
is "$status" 0 "--env PATH replaces the container's PATH"
for spec in "1000:1000 1000" "1000:5 1000:5" "0 0"; do
	user=${spec#* }
	run cruet exec --user "$user" "$box" sh -c 'echo $(id -u):$(id -g)'
	case $user in *:*) wanted=$user ;; *) wanted=$user:0 ;; esac
	is "$out" "$wanted" "--user $user"
done
run cruet exec -u 1000:1000 "$box" sh -c 'echo $HOME; grep CapEff /proc/self/status | cut -f2'
is "$out" "$(printf '/home/user\n0000000000000000')" "-u: HOME is the user's, no effective capabilities"
for option in "-g 7 -g 8" "--additional-gids 7 --additional-gids=8"; do
	# shellcheck disable=SC2086
	run cruet exec $option "$box" id -G
	is "$out" "0 7 8" "exec $option"
done
run cruet exec --cap CAP_CHOWN -c CAP_KILL "$box" grep Cap /proc/self/status
like "$out" 'CapBnd:.[0-9a-f]*1$' "--cap adds to the bounding set"
like "$out" 'CapPrm:.[0-9a-f]*21$' "--cap adds to the permitted set"
like "$out" 'CapEff:.[0-9a-f]*21$' "--cap adds to the effective set"
like "$out" 'CapInh:.0000000000000000$' "--cap never adds to the inheritable set"
run cruet exec --no-new-privs "$box" grep NoNewPrivs /proc/self/status
like "$out" '1$' "--no-new-privs"
run cruet exec --preserve-fds 1 "$box" cat /proc/self/fd/3 3<"$T/rootfs/etc/group"
is "$out" "$(cat $T/rootfs/etc/group)" "--preserve-fds"
run cruet exec "$box" -- echo after
unlike "$status" '^0$' "options end at the container's id: what follows is the command"
run cruet exec "$box" echo --env -t
is "$out" "--env -t" "options of the command are left alone"
run cruet exec -t=false "$box" sh -c 'tty || true'
is "$out" "not a tty" "-t=false"

# detached
run cruet exec --detach --pid-file $T/exec.pid "$box" sleep 1234
is "$status:$out:$err" "0::" "exec --detach says nothing"
is "$(tr -d 0-9 <$T/exec.pid | wc -c)" 0 "its pid file has digits only"
like "$(tr '\0' ' ' <"/proc/$(cat $T/exec.pid)/cmdline")" '^sleep 1234' "the pid is the process's"
is "$(readlink "/proc/$(cat $T/exec.pid)/ns/mnt")" "$(readlink "/proc/$pid/ns/mnt")" "in the container"
kill -KILL "$(cat $T/exec.pid)"
script='exit 6'
"$TOOLS/client" reap timeout 20 "$CRUET" --root $STATE exec -d "$box" sh -c "$script" >$T/reaped
is "$(sort $T/reaped)" "$(printf 'command 0\norphan 6')" "a detached process is reparented to the caller's subreaper, alone"
run cruet exec --pid-file $T/exec2.pid "$box" true
check "a pid file in the foreground" [ -s $T/exec2.pid ]

# --process
base_config | jq '.process|.args=["sh","-c","echo $WORD; pwd; id -u; grep NoNewPrivs /proc/self/status; exit 4"]|
	.env+=["WORD=file"]|.cwd="/bin"|.user.uid=5|.noNewPrivileges=false|del(.capabilities)' >$T/process.json
for option in "--process $T/process.json" "-p $T/process.json" "--process=$T/process.json"; do
	# shellcheck disable=SC2086
	run cruet exec $option "$box"
	is "$status:$out" "4:$(printf 'file\n/bin\n5\nNoNewPrivs:\t0')" "exec ${option%/*}"
done
jq 'del(.args)' $T/process.json >$T/bad.json
run cruet exec --process $T/bad.json "$box"
failed 255 args "--process without args"
jq '.cwd="relative"' $T/process.json >$T/bad.json
run cruet exec --process $T/bad.json "$box"
failed 255 cwd "--process with a relative cwd"
echo '{' >$T/bad.json
run cruet exec --process $T/bad.json "$box"
is "$status" 255 "--process of a damaged file"
run cruet exec --process /no/such "$box"
failed 255 "no such file" "--process of a missing file"
jq '.rlimits=[{type:"RLIMIT_NOFILE",soft:100,hard:200}]|.oomScoreAdj=77|.user={uid:0,gid:0,umask:63,additionalGids:[9]}|
	.args=["sh","-c","ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; umask; id -G"]' $T/process.json >$T/limits.json
run cruet exec --process $T/limits.json "$box"
is "$out" "$(printf '100\n200\n77\n0077\n0 9')" "--process: limits, oom_score_adj, umask, groups"

# errors: 255 and words that clients look for
run cruet exec "$box" no-such-command
failed 255 'executable file not found in \$PATH' "command not found"
run cruet exec "$box" /no/such/command
failed 255 "no such file or directory" "absolute command that does not exist"
run cruet exec "$box" /etc/passwd
failed 255 "permission denied" "command that is not executable"
run cruet exec --cwd /etc/passwd "$box" true
failed 255 "not a directory" "cwd that is a file"
run cruet exec "$box"
unlike "$status" '^(0|137)$' "exec without a command"
run cruet exec no-such true
like "$status:$err" '^(1|255):.*does not exist' "exec in an unknown container"
for user in -1 4294967295 4294967296 99999999999999999999 '' root 1x x1 1:x 1: :1 ' 1' +1 0x10 1:2:3 1001y; do
	run cruet exec --user "$user" "$box" id -u
	unlike "$status:$out" '^(0:|137)' "--user '$user' is refused"
	unlike "$out" '[0-9]' "... and nothing runs"
done
run cruet exec --user 1001:1001 "$box" sh -c 'id -u'
is "$out" 1001 "a numeric user is a number, also if passwd has it as a name"
for gid in -1 x 4294967295 ''; do
	run cruet exec -g "$gid" "$box" true
	unlike "$status" '^(0|137)$' "-g '$gid' is refused"
done
run cruet exec --cap CAP_NO_SUCH "$box" grep -c . /proc/self/status
unlike "$status" '^137$' "an unknown capability does not hang"
run cruet exec --env novalue "$box" true
unlike "$status" '^(0|137)$' "--env without = is refused"
remove "$box"

# in a created container, not in a stopped or paused one
new_id
script_bundle "$id" "$SLEEPER"
cruet create --bundle "$BUNDLES/$id" "$id"
run cruet exec "$id" echo early
is "$status:$out" "0:early" "exec in a created container"
is "$(state_of "$id")" created "which is created still"
cruet start "$id"
if cruet pause "$id"; then
	run cruet exec "$id" true
	failed 255 "paused" "exec in a paused container"
	cruet exec --ignore-paused "$id" sh -c 'exit 3' >/dev/null 2>&1 &
	sleep 0.1
	cruet resume "$id"
	wait $!
	is $? 3 "--ignore-paused waits for it"
fi
cruet kill "$id" KILL
becomes "$id" stopped
run cruet exec "$id" true
failed 255 "not running|stopped" "exec in a stopped container"
remove "$id"

# the container ends during exec: its processes go with it
sleeper
cruet exec "$id" sleep 1235 >/dev/null 2>&1 &
wait_for pgrep -f '^sleep 1235' >/dev/null
cruet kill "$id" KILL
wait $!
is $? 137 "exec of a process that is killed with the container"
remove "$id"

# seccomp and namespaces of the container hold for exec
sleeper '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_ERRNO",errnoRet:7}]}'
run cruet exec "$id" probe syscall mkdir :/tmp/x 0777
is "$out" E2BIG "the seccomp profile holds for exec"
remove "$id"
sleeper '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_ERRNO",errnoRet:7}]}|.process.noNewPrivileges=false'
run cruet exec "$id" probe syscall mkdir :/tmp/x 0777
is "$out" E2BIG "also without no_new_privs"
remove "$id"

# exec --cgroup: a group below the container's, never another
sleeper
mkdir_sub() { for point in $CGROUPS; do [ ! -d "$point/$id" ] || make_group "$point/$id/$1" "${point##*/}"; done; }
mkdir_sub sub
run cruet exec --cgroup sub "$id" sh -c 'cut -d: -f3 /proc/self/cgroup | grep -vc "/sub$"'
is "$out" 0 "--cgroup sub"
run cruet exec --cgroup pids:sub "$id" grep :pids: /proc/self/cgroup
case $RUNTIME,$(grep -c ' cgroup ' /proc/mounts) in
*,0) skip "no v1 here" "--cgroup pids:sub" ;;
*) like "$out" "/sub$" "--cgroup pids:sub" ;;
esac
make_group_beside() { for point in $CGROUPS; do make_group "$point/${id}x" "${point##*/}"; done; }
make_group_beside
for sub in ../x "../${id}x" "sub/../../${id}x" .. /.. "x/../.." "../${id}/../${id}x"; do
	run cruet exec --cgroup "$sub" "$id" sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
	case $status in
	0) unlike "$out" "(^|[^0-9])${id}x|^/harness|^/$" "exec --cgroup $sub does not leave the container's group" ;;
	*) pass "exec --cgroup $sub is refused" ;;
	esac
done
run cruet exec --cgroup no-such "$id" true
unlike "$status" '^(0|137)$' "--cgroup of a group that is not there"
for point in $CGROUPS; do rmdir "$point/${id}x"; done
remove "$id"
is_clean "$id" "delete removes groups below the container's too"
finish
