#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hooks: when, where, in which namespaces, with what environment and state, and what their failure does.
. "$(dirname "$0")/lib.sh"

# One script for all: writes what it sees to $T/log/KIND. The rootfs has it too, for startContainer.
mkdir -p $T/log $T/rootfs/log
cat >$T/hook <<'END'
#!/bin/sh
PATH=/bin:/usr/bin:/sbin
log=${LOG:-/run/t/log}
state=$(cat)
{
	echo "mnt=$(readlink /proc/self/ns/mnt)"
	echo "pid=$(readlink /proc/self/ns/pid)"
	echo "net=$(readlink /proc/self/ns/net)"
	echo "uts=$(readlink /proc/self/ns/uts)"
	echo "cwd=$(pwd)"
	echo "args=$0 $*"
	echo "state=$state"
} >$log/$1 2>&1
env >$log/$1.env
echo "$1" >>$log/order
END
chmod +x $T/hook
cp $T/hook $T/rootfs/bin/hook
see() { sed -n "s/^$2=//p" "$T/log/$1"; }
state_in() { see "$1" state | jq -r "$2"; }
WRITABLE=".mounts+=[{destination:\"/log\",type:\"bind\",source:\"$T/log\",options:[\"bind\"]}]"
ALL=".hooks={prestart:[{path:\"$T/hook\",args:[\"hook\",\"prestart\"],env:[\"X=1\"]}],
	createRuntime:[{path:\"$T/hook\",args:[\"hook\",\"createRuntime\"]}],
	createContainer:[{path:\"$T/hook\",args:[\"hook\",\"createContainer\"],env:[\"LOG=$T/log\"]}],
	startContainer:[{path:\"/bin/hook\",args:[\"hook\",\"startContainer\"],env:[\"LOG=/log\"]}],
	poststart:[{path:\"$T/hook\",args:[\"hook\",\"poststart\"]}],
	poststop:[{path:\"$T/hook\",args:[\"hook\",\"poststop\"]}]}"

new_id
script_bundle "$id" "echo process >>/log/order; sleep 0.1" "$WRITABLE|$ALL|.annotations={\"key\":\"value\"}"
cruet create --bundle "$BUNDLES/$id" "$id"
is "$?:$(tr '\n' ' ' <$T/log/order)" "0:prestart createRuntime createContainer " "create runs prestart, createRuntime, createContainer"
pid=$(pid_of "$id")
cruet start "$id"
is "$(sed -n 4p $T/log/order)" startContainer "start runs startContainer before the process"
check "poststart has run when start returns" grep -q poststart $T/log/order
becomes "$id" stopped
cruet delete "$id"
is "$(sed '5,6d' $T/log/order | tr '\n' ' ')" "prestart createRuntime createContainer startContainer poststop " "delete runs poststop"
check "the process ran" grep -q process $T/log/order

for kind in prestart createRuntime poststart poststop; do
	is "$(see $kind mnt) $(see $kind net)" "$(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/net)" "$kind: in the runtime's namespaces"
done
unlike "$(see createContainer net)" "$(readlink /proc/self/ns/net | tr '[]' '..')" "createContainer: in the container's network namespace"
unlike "$(see createContainer mnt)" "$(readlink /proc/self/ns/mnt | tr '[]' '..')" "createContainer: in the container's mount namespace"
is "$(see startContainer net)" "$(see createContainer net)" "startContainer: the same network namespace"
is "$(see startContainer cwd)" / "startContainer: inside the container"
like "$(see createRuntime args)" ' createRuntime$' "args"

like "$(state_in prestart .status)" '^(creating|created)$' "prestart: status"
is "$(state_in createRuntime .status)" creating "createRuntime: status creating"
is "$(state_in createContainer .status)" creating "createContainer: status creating"
is "$(state_in startContainer .status)" created "startContainer: status created"
is "$(state_in poststart .status)" running "poststart: status running"
is "$(state_in poststop .status)" stopped "poststop: status stopped"
for kind in prestart createRuntime createContainer startContainer poststart poststop; do
	is "$(state_in $kind '[.id, .bundle, .annotations.key] | join(" ")')" "$id $BUNDLES/$id value" "$kind: id, bundle, annotations"
	like "$(state_in $kind .ociVersion)" '^1\.' "$kind: ociVersion"
	is "$(see $kind state | wc -l)" 1 "$kind: one line"
done
for kind in prestart createRuntime poststart; do
	is "$(state_in $kind .pid)" "$pid" "$kind: the pid as the runtime sees it"
done
for kind in createContainer startContainer; do
	is "$(state_in $kind .pid)" 1 "$kind: the pid as the container sees it"
done
like "$(state_in poststop .pid)" '^(0|null)$' "poststop: no pid"

# environment
export LEAK=secret
is "$(grep -v -E '^(PWD|SHLVL|_|OLDPWD)=' $T/log/prestart.env)" X=1 "env as configured"
for kind in createRuntime poststart poststop; do
	is "$(grep -v -E '^(PWD|SHLVL|_|OLDPWD)=' $T/log/$kind.env)" "" "$kind without env: empty"
done
new_id
script_bundle "$id" true ".process.env+=[\"WORD=process\",\"LOG=/log\"]|$WRITABLE|.hooks={startContainer:[{path:\"/bin/hook\",args:[\"hook\",\"startContainer\"]}]}"
cruet run --bundle "$BUNDLES/$id" "$id"
like "$(cat $T/log/startContainer.env)" '^WORD=process$' "startContainer without env: the process's"
unlike "$(cat $T/log/*.env)" 'LEAK' "nothing of the caller's environment in any hook"
unset LEAK

# args missing: the path alone
cat >$T/bare <<'END'
#!/bin/sh
echo "$# $0" >/run/t/log/bare
END
chmod +x $T/bare
container true ".hooks={createRuntime:[{path:\"$T/bare\"}]}"
is "$status:$(cat $T/log/bare)" "0:0 $T/bare" "a hook without args"

# SIGPIPE: hooks that do not read the state
container 'exit 7' ".annotations={big:\"$(printf '%065000d' 0)\"}|.hooks={prestart:[{path:\"/bin/true\"}],createRuntime:[{path:\"/bin/true\"}],poststart:[{path:\"/bin/true\"}],poststop:[{path:\"/bin/true\"}],createContainer:[{path:\"/bin/true\"}],startContainer:[{path:\"/bin/true\"}]}"
is "$status:$err" 7: "hooks that end without reading their stdin"
is_clean "$id" "nothing is left"

# several in order; the first that fails ends it
hook() { printf '{path:"/bin/sh",args:["sh","-c","%s"],env:["PATH=/bin:/usr/bin"]%s}' "$1" "${2:-}"; }
: >$T/log/order
container true ".hooks={createRuntime:[$(hook "echo 1 >>$T/log/order"),$(hook "echo 2 >>$T/log/order"),$(hook "echo 3 >>$T/log/order")]}"
is "$(tr '\n' ' ' <$T/log/order)" "1 2 3 " "several hooks in order"
for kind in prestart createRuntime createContainer; do
	: >$T/log/order
	new_id
	script_bundle "$id" "exit 0" ".hooks={$kind:[$(hook "echo 1 >>$T/log/order"),$(hook "echo said >&2; exit 3"),$(hook "echo 3 >>$T/log/order")],poststop:[$(hook "echo stop >>$T/log/order")]}"
	run cruet create --bundle "$BUNDLES/$id" "$id"
	expect_refusal "$kind.*(3|exit)" "$kind fails: so does create"
	like "$err" "said" "... its stderr is in the message"
	unlike "$(cat $T/log/order)" 3 "... the next hook does not run"
done
: >$T/log/order
new_id
script_bundle "$id" "echo ran >/log/ran" "$WRITABLE|.hooks={startContainer:[{path:\"/bin/false\"}],poststop:[$(hook "echo stop >>$T/log/order")]}"
cruet create --bundle "$BUNDLES/$id" "$id"
run cruet start "$id"
failed 1 "startContainer|hook" "startContainer fails: so does start"
check "... the process does not run" [ ! -e $T/log/ran ]
is "$(cat $T/log/order)" stop "... poststop hooks run"
is_clean "$id" "... the container is deleted"
remove "$id"
: >$T/log/order
new_id
script_bundle "$id" "$SLEEPER" ".hooks={poststart:[$(hook "exit 4"),$(hook "echo second >>$T/log/order")],poststop:[$(hook "echo stop >>$T/log/order")]}"
cruet create --bundle "$BUNDLES/$id" "$id"
run cruet start "$id"
failed 1 "poststart|hook" "poststart fails: so does start"
is "$(cat $T/log/order)" stop "... the next one does not run, poststop hooks do"
is_clean "$id" "... the container is stopped and deleted"
remove "$id"
: >$T/log/order
new_id
script_bundle "$id" "exit 0" ".hooks={poststop:[$(hook "exit 4"),$(hook "echo second >>$T/log/order"),{path:\"/no/such\"},$(hook "echo fourth >>$T/log/order")]}"
run cruet run --bundle "$BUNDLES/$id" "$id"
is "$status" 0 "poststop fails: that is a warning"
like "$err" "poststop|hook" "... which is given"
is "$(tr '\n' ' ' <$T/log/order)" "second fourth " "... and the others run"
is_clean "$id" "... nothing is left"
refused ".hooks={createRuntime:[{path:\"/no/such/hook\"}]}" "/no/such/hook" "a hook that does not exist"
refused ".hooks={createRuntime:[{path:\"/etc/passwd\"}]}" "/etc/passwd" "a hook that is not executable"
new_id
script_bundle "$id" 'exit 0' ".hooks={createRuntime:[$(hook 'kill -9 $$')]}"
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal "createRuntime.*(signal|kill|9)" "a hook that is killed"

# shape
refused '.hooks={createRuntime:[{path:"true"}]}' "createRuntime.*path" "a relative path"
refused '.hooks={createRuntime:[{}]}' "createRuntime.*path" "no path"
refused '.hooks={createRuntime:[{path:"/bin/true",timeout:0}]}' "timeout" "timeout 0"
refused '.hooks={createRuntime:[{path:"/bin/true",timeout:-1}]}' "timeout" "timeout -1"
refused '.hooks={poststop:[{path:"true"}]}' "poststop.*path" "a relative path of a late hook is found out early"

# timeout
new_id
script_bundle "$id" 'exit 0' ".hooks={createRuntime:[$(hook "echo \$\$ >$T/log/pid; sleep 1050 & sleep 1051" ',timeout:1')]}"
start=$(date +%s)
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal "createRuntime.*(time|1)" "a hook that takes longer than its timeout"
check "... is ended by then" [ $(($(date +%s) - start)) -le 3 ]
wait_for nothing_runs
check "... with its children" nothing_runs
container 'exit 5' ".hooks={createRuntime:[$(hook 'sleep 0.1' ',timeout:10')]}"
is "$status" 5 "one that is in time"

# what hooks can do: the container's files are there, and its namespaces can be reached
container 'cat /dev/shm/from-hook; ip -o link show dummy0 | wc -l' ".hooks={createRuntime:[$(hook "pid=\$(sed 's/.*\\\"pid\\\":\\\\([0-9]*\\\\).*/\\\\1/'); /usr/bin/nsenter -t \$pid -n /usr/sbin/ip link add dummy0 type dummy || /usr/bin/nsenter -t \$pid -n /sbin/ip link set lo down")]}"
is "$status" 0 "a createRuntime hook enters the container's network namespace"
: >$T/log/order
container 'exit 0' ".hooks={createContainer:[$(hook "grep -c ' $T/rootfs/proc ' /proc/self/mountinfo >$T/log/order; ls -d $T/rootfs/dev/null >>$T/log/order")]}"
is "$(cat $T/log/order)" "$(printf '1\n%s/rootfs/dev/null' $T)" "createContainer: mounts are made, the root is not changed yet"
: >$T/log/order
container 'exit 0' ".hooks={createRuntime:[$(hook "ls /proc/self/fd | wc -l >$T/log/order")]}"
like "$(cat $T/log/order)" '^[45]$' "no descriptor of the runtime in a hook"

# signals and delete during a hook: the runtime is killed
new_id
script_bundle "$id" 'exit 0' ".hooks={createRuntime:[$(hook "echo x >$T/log/in; exec sleep 1052")]}"
rm -f $T/log/in
"$CRUET" --root $STATE create --bundle "$BUNDLES/$id" "$id" >/dev/null 2>&1 &
creator=$!
wait_for [ -e $T/log/in ]
like "$(state_of "$id")" '^creating$' "state while a hook runs: creating"
kill -KILL $creator
wait $creator 2>/dev/null
wait_for nothing_runs
check "the runtime is killed while a hook runs: hook and container die with it" nothing_runs
run cruet state "$id"
unlike "$status:$(say "$out" | jq -r .status 2>/dev/null)" '^0:(running|created)$' "state does not take it for a container"
run cruet delete --force "$id"
is "$status" 0 "delete --force"
is_clean "$id" "leaves nothing"
finish
