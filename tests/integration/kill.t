#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill: signals by name and number, --all, --regex.
. "$(dirname "$0")/lib.sh"

processes_are() { test "$(cruet ps --format json "$id" | jq length)" "$@"; }

new_id
script_bundle "$id" 'for s in HUP INT QUIT USR1 USR2 TERM WINCH 40 64; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.02; done'
cruet run --detach --bundle "$BUNDLES/$id" "$id" >$T/output 2>&1
wait_for grep -q ready $T/output
for signal in HUP SIGHUP sighup hup 1 INT 2 USR1 10 SIGUSR2 TERM 15 WINCH 40 64; do
	: >$T/output
	run cruet kill "$id" $signal
	is "$status:$err" "0:" "kill $signal"
	check "... arrives" wait_for [ -s $T/output ]
done
: >$T/output
run cruet kill "$id"
wait_for [ -s $T/output ]
is "$(cat $T/output)" TERM "the default is TERM"
for signal in 0x1 65 -1 NOSUCH SIG TERMX 99999999999 1.5; do
	run cruet kill "$id" "$signal"
	unlike "$status" '^(0|137)$' "signal '$signal' is refused"
	is "$(state_of "$id")" running "... and the container lives"
done
run cruet kill "$id" KILL
is "$status" 0 "kill KILL"
check "stops it" becomes "$id" stopped
run cruet kill no-such TERM
failed 1 "does not exist" "kill of an unknown id"
remove "$id"

# a created container gets signals too
new_id
script_bundle "$id" "$SLEEPER"
cruet create --bundle "$BUNDLES/$id" "$id"
run cruet kill "$id" KILL
is "$status" 0 "kill of a created container"
check "stops it" becomes "$id" stopped
remove "$id"

# --all reaches every process
for form in "--all ID TERM" "-a ID TERM" "ID TERM --all" "--all=true ID 15"; do
	new_id
	script_bundle "$id" 'trap "" TERM; (trap "echo child >&2; exit 0" TERM; while :; do sleep 0.02; done) & echo ready; while :; do sleep 0.02; done'
	cruet run --detach --bundle "$BUNDLES/$id" "$id" >$T/output 2>&1
	wait_for grep -q ready $T/output
	sleep 0.05
	# shellcheck disable=SC2046
	run cruet kill $(echo "$form" | sed "s/ID/$id/")
	is "$status:$err" "0:" "kill $form"
	check "... reaches the child" wait_for grep -q child $T/output
	remove "$id"
done
new_id
script_bundle "$id" 'i=0; while [ $i -lt 30 ]; do (while :; do sleep 0.01; done) & i=$((i+1)); done; wait' "$HOST_PIDS"
cruet run --detach --bundle "$BUNDLES/$id" "$id"
wait_for processes_are -gt 30
run cruet kill --all "$id" KILL
is "$status" 0 "kill --all KILL of processes that fork, without a pid namespace"
check "none is left" wait_for processes_are = 0
remove "$id"
is_clean "$id" "nothing is left"

# KILL of a container without a pid namespace takes all its processes
new_id
script_bundle "$id" 'setsid sleep 1010 & setsid sleep 1011 & wait' "$HOST_PIDS"
cruet run --detach --bundle "$BUNDLES/$id" "$id"
wait_for pgrep -f '^sleep 1011' >/dev/null
run cruet kill "$id" KILL
wait_for nothing_runs
check "KILL takes all processes when there is no pid namespace to do it" nothing_runs
remove "$id"

# a paused one
sleeper
if cruet pause "$id"; then
	run cruet kill "$id" KILL
	is "$status" 0 "kill KILL of a paused container"
	check "takes effect" becomes "$id" stopped
	is "$(state_of "$id")" stopped "it is stopped"
fi
remove "$id"
is_clean "$id" "nothing is left"

# crun's --regex
if [ "$RUNTIME" != runc ]; then
	for name in web-1 web-2 db-1; do
		script_bundle $name "$SLEEPER"
		cruet run --detach --bundle $BUNDLES/$name $name
	done
	run cruet kill --regex '^web-' KILL
	is "$status" 0 "kill --regex"
	check "... the first" becomes web-1 stopped
	check "... the second" becomes web-2 stopped
	is "$(state_of db-1)" running "... not the third"
	run cruet kill -r '[' KILL
	is "$status" 1 "a bad expression"
	run cruet delete --regex 'web-.*'
	is "$status" 0 "delete --regex"
	is "$(ls $STATE)" db-1 "... removes those that match"
	run cruet delete -f -r '^db'
	is "$status" 0 "delete -f -r"
	is_clean db-1 "nothing is left"
fi
finish
