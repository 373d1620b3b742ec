#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run: exit status, signals, standard streams, descriptors, --detach, --keep.
. "$(dirname "$0")/lib.sh"

for code in 0 1 7 125 255; do
	container "exit $code"
	is "$status" "$code" "the status is the process's: $code"
	is_clean "$id" "nothing is left"
done
for signal in 9 15 11; do
	container "kill -$signal \$\$; sleep 5" "$HOST_PIDS"
	is "$status" $((128 + signal)) "killed by signal $signal: status 128 + $signal"
done
container 'echo out; echo err >&2'
is "$status:$out:$err" "0:out:err" "stdout and stderr are the caller's"
new_id
script_bundle "$id" 'read -r line; echo "got $line"'
is "$(echo word | cruet run --bundle "$BUNDLES/$id" "$id")" "got word" "stdin is the caller's"
container 'for i in 1 2 3 4 5 6 7 8; do (sleep 0.01; exit 3) & done; wait; exit 4'
is "$status" 4 "children of the process do not matter"
container 'exec probe fds' '.mounts|=map(select(.destination!="/dev"))'
like "$out" '^0 ' "stdin is open"
is "$(say "$out" | grep -cvE '^[012] ')" 0 "no other descriptor is"

# what the caller's own state must not break or reach the container
new_id
script_bundle "$id" 'exec probe signals'
run "$TOOLS/client" odd timeout 20 "$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id"
is "$status" 0 "a caller that blocks all signals and ignores SIGCHLD"
for n in 0 1 2; do
	new_id
	script_bundle "$id" "[ -e /proc/self/fd/$n ] && ls -l /proc/self/fd/$n >/dev/null; exit 5"
	run "$TOOLS/client" closed $n timeout 20 "$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id"
	is "$status" 5 "a caller with descriptor $n closed"
done

container 'exec probe signals'
is "$(say "$out" | standard_signals)" "$(printf 'SigBlk:0000000000000000\nSigIgn:0000000000000000')" \
	"no signal is blocked or ignored"

# --detach
sleeper . --pid-file $T/pid
is "$status:$out:$err" "0::" "run --detach says nothing"
is "$(cat $T/pid)" "$(pid_of "$id")" "pid file"
is "$(state_of "$id")" running "it runs"
remove "$id"
new_id
script_bundle "$id" "$SLEEPER"
run cruet run -d -b "$BUNDLES/$id" "$id"
is "$(state_of "$id")" running "-d -b"
remove "$id"

gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }
# signals to `run` in the foreground reach the process
for signal in TERM INT HUP USR1 USR2; do
	new_id
	script_bundle "$id" "trap 'exit 41' $signal; echo ready; while :; do sleep 0.02; done"
	: >$T/out
	"$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id" >>$T/out 2>&1 &
	pid=$!
	wait_for grep -q ready $T/out
	kill -s $signal $pid
	wait_for gone $pid || kill -KILL $pid
	wait $pid
	is $? 41 "SIG$signal is forwarded"
	is_clean "$id" "and then the container is deleted"
done

# --keep
new_id
script_bundle "$id" 'exit 6'
run cruet run --keep --bundle "$BUNDLES/$id" "$id"
is "$status" 6 "run --keep: the process's status"
is "$(state_of "$id")" stopped "run --keep: the container is still there, stopped"
run cruet delete "$id"
is "$status" 0 "and can be deleted"
is_clean "$id" "nothing is left"

# both spellings, options accepted for their callers' sake
for option in --no-subreaper -no-subreaper --no-new-keyring --preserve-fds=0 "--preserve-fds 0" --no-pivot=false; do
	new_id
	script_bundle "$id" 'exit 6'
	# shellcheck disable=SC2086
	run cruet run $option --bundle="$BUNDLES/$id" "$id"
	is "$status:$err" "6:" "run $option"
done
new_id
script_bundle "$id" 'exit 6'
run cruet run -bundle "$BUNDLES/$id" "$id"
is "$status" 6 "one dash before a long name"

# --preserve-fds
new_id
script_bundle "$id" 'cat <&3; cat <&4; probe fds | grep -c "^5 "'
echo three >$T/three
echo four >$T/four
echo five >$T/five
run cruet run --preserve-fds 2 --bundle "$BUNDLES/$id" "$id" 3<$T/three 4<$T/four 5<$T/five
is "$out" "$(printf 'three\nfour\n0')" "--preserve-fds 2 passes 3 and 4, not 5"
new_id
script_bundle "$id" 'exit 0'
run cruet run --preserve-fds 3 --bundle "$BUNDLES/$id" "$id"
is "$status" 1 "--preserve-fds with descriptors that are not open is refused"
is_clean "$id" "nothing is left"

# commands that cannot be executed: words that clients look for
new_id
bundle "$id" '.process.args=["no-such-command"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'exec: .?"no-such-command.?": executable file not found in \$PATH' "command not found"
is_clean "$id" "nothing is left"
new_id
bundle "$id" '.process.args=["/no/such/command"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'no such file or directory' "absolute command that does not exist"
is_clean "$id" "nothing is left"
new_id
bundle "$id" '.process.args=["/etc/passwd"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'permission denied' "command that is not executable"
is_clean "$id" "nothing is left"
new_id
bundle "$id" '.process.args=["/etc"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'permission denied' "command that is a folder"
new_id
bundle "$id" '.process.args=["/etc/passwd/x"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'not a directory' "command below a file"
printf '#!/no/such/interpreter\n' >$T/rootfs/bin/lost
chmod +x $T/rootfs/bin/lost
new_id
bundle "$id" '.process.args=["lost"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'no such file or directory' "script without its interpreter"
is_clean "$id" "nothing is left"
printf 'garbage' >$T/rootfs/bin/garbage
chmod +x $T/rootfs/bin/garbage
new_id
bundle "$id" '.process.args=["garbage"]'
run cruet run --bundle "$BUNDLES/$id" "$id"
failed 1 'exec format error' "a file of no known format"
is_clean "$id" "nothing is left"
new_id
bundle "$id" '.process.args=["no-such-command"]'
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal 'executable file not found in \$PATH' "create finds it out already"

# a lost standard output is no reason to hang or leak
new_id
script_bundle "$id" 'yes 2>/dev/null; exit 0'
cruet run --bundle "$BUNDLES/$id" "$id" 2>/dev/null | head -n 1 >$T/out
is "$(cat $T/out)" y "a pipe that its reader closes"
is_clean "$id" "nothing is left"

# it needs no more than 256 KiB
container 'exit 3' '.linux.resources.memory={limit:262144}'
is "$status" 3 "a container starts under a memory limit of 256 KiB"
container 'exit 3' '.linux.resources.memory={limit:4096}'
like "$status" '^(1|137)$' "and fails under one of 4 KiB"
is_clean "$id" "leaving nothing"
finish
