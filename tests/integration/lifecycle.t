#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete: the states of a container and what each command may do in them.
. "$(dirname "$0")/lib.sh"

# create: all but the process
new_id
script_bundle "$id" "echo started >$T/marker; $SLEEPER" ".mounts+=[{destination:\"$T\",source:\"$T\",options:[\"rbind\"]}]"
run cruet create --bundle "$BUNDLES/$id" --pid-file $T/pid "$id"
is "$status:$out:$err" "0::" "create says nothing"
is "$(state_of "$id")" created "state is created"
is "$(tr '0-9' 'd' <$T/pid | tr -d d | wc -c)" 0 "the pid file has digits only, no newline"
is "$(cat $T/pid)" "$(pid_of "$id")" "the pid file has the container's pid"
pid=$(cat $T/pid)


check "in a pid namespace of its own" [ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
check "the process is not started yet" [ ! -e $T/marker ]

# the state document
cruet state "$id" >$T/state.json
is "$(jq -r '[.id, .status, .bundle, .pid, .rootfs] | join(" ")' $T/state.json)" \
	"$id created $BUNDLES/$id $pid $T/rootfs" "state: id, status, bundle, pid, rootfs"
like "$(jq -r .ociVersion $T/state.json)" '^1\.[0-9]+\.[0-9]+' "state: ociVersion"
like "$(jq -r .created $T/state.json)" '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}(\.[0-9]+)?Z$' "state: created is RFC 3339"
is "$(jq -r '.owner' $T/state.json)" "" "state: owner is empty"
is "$(stat -c %a $STATE)" 700 "the state root is for its owner alone"

# a second create, a wrong start
run cruet create --bundle "$BUNDLES/$id" "$id"
failed 1 "already exists" "create with an id that is taken"
is "$(state_of "$id")" created "... and the first one is as it was"
run cruet start no-such
failed 1 "does not exist" "start of an unknown id"

# start
run cruet start "$id"
is "$status:$out:$err" "0::" "start says nothing"
[ "$RUNTIME" = runc ] || check "... and no state after it can say created: the fifo is gone" [ ! -e "$STATE/$id/start" ]
is "$(state_of "$id")" running "state is running"
check "the process runs" wait_for [ -e $T/marker ]
is "$(pid_of "$id")" "$pid" "under the same pid"
run cruet start "$id"
failed 1 "cannot start an already running container" "a second start"
run cruet delete "$id"
failed 1 "not stopped|running" "delete of a running container"
is "$(state_of "$id")" running "... and it runs on"

# kill, stopped, delete
run cruet kill "$id" TERM
is "$status:$out:$err" "0::" "kill says nothing"
check "then it is stopped" becomes "$id" stopped
is "$(cruet state "$id" | jq .pid)" 0 "a stopped container has pid 0"
run cruet kill "$id" TERM
failed 1 "container not running" "kill of a stopped container"
run cruet kill --all "$id" KILL
is "$status" 0 "kill --all of a stopped container is no error"
run cruet start "$id"
failed 1 "cannot start a container that has stopped" "start of a stopped container"
run cruet delete "$id"
is "$status:$out:$err" "0::" "delete says nothing"
is_clean "$id" "nothing is left after delete"
for command in state start kill delete; do
	run cruet $command "$id"
	is "$status" 1 "$command of a deleted container: status 1"
	like "$err" "does not exist" "$command of a deleted container: message"
done
run cruet delete --force "$id"
is "$status" 0 "delete --force of an unknown id is no error"
run cruet delete -f "$id"
is "$status" 0 "the same with -f"

# delete of a created container kills it
new_id
script_bundle "$id" "$SLEEPER"
cruet create --bundle "$BUNDLES/$id" "$id"
pid=$(pid_of "$id")
run cruet delete "$id"
is "$status" 0 "delete of a created container"
check "its process is gone" [ ! -d "/proc/$pid/ns" ]
is_clean "$id" "nothing is left"

# delete --force of a running container whose processes resist
new_id
script_bundle "$id" 'trap "" TERM HUP INT; (trap "" TERM; sleep 1000) & sleep 1000'
cruet run --detach --bundle "$BUNDLES/$id" "$id"
pid=$(pid_of "$id")
run cruet delete --force "$id"
is "$status:$out:$err" "0::" "delete --force of a running container"
check "its process is gone" [ ! -d "/proc/$pid/ns" ]
is_clean "$id" "nothing is left"

# without a pid namespace, all processes of the group are killed
new_id
script_bundle "$id" 'sleep 1001 & sleep 1002 & sleep 1003' "$HOST_PIDS"
cruet run --detach --bundle "$BUNDLES/$id" "$id"
sleeps() { pgrep -f "^sleep $1" >/dev/null; }
check "a container without a pid namespace runs" wait_for sleeps 1002
run cruet delete --force "$id"
is "$status" 0 "delete --force of it"
wait_for nothing_runs
check "leaves no process" nothing_runs
is_clean "$id" "leaves nothing else"
new_id
script_bundle "$id" 'setsid sleep 1004 & exit 0' "$HOST_PIDS"
cruet run --detach --bundle "$BUNDLES/$id" "$id"
check "its first process ends, another lives" becomes "$id" stopped
run cruet kill --all "$id" KILL
is "$status" 0 "kill --all reaches the rest"
run cruet delete "$id"
is "$status" 0 "delete"
wait_for nothing_runs
check "leaves no process" nothing_runs
is_clean "$id" "leaves nothing else"

# a zombie is stopped
new_id
script_bundle "$id" "$SLEEPER"
touch $T/keep
"$TOOLS/client" noreap $T/keep timeout 20 "$CRUET" --root $STATE run --detach --bundle "$BUNDLES/$id" "$id" >$T/noreap &
wait_for [ -s $T/noreap ]
pid=$(pid_of "$id")
kill -KILL "$pid"
wait_for grep -q '^State:.Z' "/proc/$pid/status"
is "$(state_of "$id")" stopped "a zombie counts as stopped"
run cruet kill "$id" TERM
failed 1 "container not running" "kill of a zombie: not running"
run cruet delete "$id"
is "$status" 0 "delete with a zombie that nobody reaps"
is_clean "$id" "nothing is left"
rm $T/keep
wait

# who waits for a detached container is the caller's subreaper, as conmon is
new_id
script_bundle "$id" 'sleep 0.2; exit 5'
"$TOOLS/client" reap timeout 20 "$CRUET" --root $STATE run --detach --bundle "$BUNDLES/$id" "$id" >$T/reaped
is "$(cat $T/reaped)" "$(printf 'command 0\norphan 5')" "the container's process is reparented to the caller's subreaper, alone"
remove "$id"
new_id
script_bundle "$id" 'exit 6'
cat >$T/both <<END
timeout 20 $CRUET --root $STATE create --bundle $BUNDLES/$id $id && timeout 20 $CRUET --root $STATE start $id
END
"$TOOLS/client" reap sh $T/both >$T/reaped
is "$(sort $T/reaped)" "$(printf 'command 0\norphan 6')" "the same after create and start"
remove "$id"

# config.json may change after create: that has no effect
new_id
script_bundle "$id" "echo first; exit 3" ".process.env+=[\"WORD=first\"]|.annotations={\"a.b\":\"c\"}"
cruet create --bundle "$BUNDLES/$id" "$id" >$T/output
echo '{ "broken' >"$BUNDLES/$id/config.json"
is "$(cruet state "$id" | jq -r '.annotations["a.b"]')" c "state has the annotations of the configuration"
run cruet exec "$id" sh -c 'echo $WORD'
is "$out" first "exec uses the configuration at create"
run cruet start "$id"
is "$status" 0 "start does not read the bundle again"
wait_for [ -s $T/output ]
is "$(cat $T/output)" first "the process is that of create"
becomes "$id" stopped
rm -r "${BUNDLES:?}/$id"
run cruet delete "$id"
is "$status" 0 "delete without the bundle"

# ids
mkdir -p $T/outside
for bad in ../outside .. . .hidden a/b /abs '' 'a b' "$(printf 'a\nb')" a:b 'a;b' "$(printf '%0256d' 0)" 'ä'; do
	script_bundle bad true
	run cruet create --bundle $BUNDLES/bad "$bad"
	is "$status" 1 "create refuses the id '$(echo "$bad" | head -c 20 | tr '\n' ' ')'"
	run cruet delete --force "$bad"
	unlike "$status" '^(0|137)$' "delete --force refuses it too"
done
check "a folder outside the state root is untouched" [ -d $T/outside ]
is "$(ls -A $STATE)" "" "no bad id left any state"
for good in a Z9 a.b a_b+c-d _x "$(printf '%0255d' 0)"; do
	script_bundle good 'exit 0' '.linux.cgroupsPath="/good"'
	run cruet run --bundle $BUNDLES/good "$good"
	is "$status:$err" "0:" "the id '$(echo "$good" | head -c 20)' is fine"
done

# the folder of the bundle: default, relative, missing
new_id
script_bundle "$id" 'exit 8'
(cd "$BUNDLES/$id" && cruet run "$id")
is "$?" 8 "the bundle is the current folder by default"
(cd $BUNDLES && cruet run --pid-file here.pid -b "$id" "$id")
is "$?" 8 "a bundle relative to the current folder"
check "a pid file is relative to the caller's folder, not the bundle's" [ -e $BUNDLES/here.pid ]
run cruet create --bundle /no/such "$id"
failed 1 "no such file" "a bundle that does not exist"
mkdir $T/empty
run cruet create --bundle $T/empty "$id"
failed 1 "config.json" "a bundle without config.json"
script_bundle config 'exit 9'
mv $BUNDLES/config/config.json $BUNDLES/config/other.json
run cruet run --bundle $BUNDLES/config --config $BUNDLES/config/other.json "$id"
[ "$RUNTIME" = runc ] || is "$status" 9 "--config names another file than config.json"
script_bundle relative 'exit 4' '.root.path="rootfs"'
cp -a $T/rootfs $BUNDLES/relative/rootfs
run cruet run --bundle $BUNDLES/relative "$id"
is "$status" 4 "root.path relative to the bundle"

# pid file that cannot be written: an error, and nothing is left
new_id
script_bundle "$id" 'exit 0'
run cruet create --bundle "$BUNDLES/$id" --pid-file /no/such/pid "$id"
expect_refusal "pid" "a pid file that cannot be written"

# a state of many kilobytes: long paths and many annotations, as managers give them
new_id
script_bundle "$id" 'exit 0' '.annotations = ([range(200) | { key: "org.example.key\(.)", value: "a long value \(.)" }] | from_entries)'
run cruet create --bundle "$BUNDLES/$id" "$id"
is "$status" 0 "create with 200 annotations"
is "$(cruet state "$id" | jq -r '.status, (.annotations | length)' | xargs)" "created 200" "their state can be read"
run cruet start "$id"
is "$status" 0 "they start"
check "and end" becomes "$id" stopped
run cruet delete "$id"
is "$status" 0 "they can be deleted"
finish
