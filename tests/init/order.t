#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# Units of a machine: what starts after what, kinds of readiness, what goes down with what, and the
# order of the end.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
touch $M/trace
# A service that says in /trace when it starts and when it was told to stop.
traced='trap "echo stop $NAME >>/trace; exit 0" TERM; echo start $NAME >>/trace; '
stay='while :; do sleep 1000 & wait; done'
service() { # NAME KEYS [BEFORE-STAYING]
	shell_unit "$1" "$traced${3-}$stay" "environment: { NAME: \"$1\" }, $2"
}
trace() { grep -n "^$1 $2\$" $M/trace | head -n 1 | cut -d: -f1; }
before() { # WORD NAME WORD NAME TEST
	first=$(trace "$1" "$2") second=$(trace "$3" "$4")
	if [ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ]; then
		pass "$5"
	else
		out=$(cat $M/trace) fail "$5"
	fi
}

# ---- order and readiness ----

service base 'ready: { by: "notify", timeout: "10s" }' \
	'sleep 0.3; echo ready base >>/trace; nasty notify READY=1 STATUS=fine & '
service middle 'requires: ["base"], ready: { by: "file", path: "/tmp/middle", every: "50ms" }' \
	'sleep 0.2; echo ready middle >>/trace; touch /tmp/middle; '
service top 'requires: ["middle"], ready: { by: "exec", exec: ["/usr/bin/test", "-e", "/tmp/top"], every: "50ms" }' \
	'sleep 0.2; echo ready top >>/trace; touch /tmp/top; '
service descriptor 'after: ["top"], ready: { by: "fd", fd: 3 }' \
	'sleep 0.1; echo ready descriptor >>/trace; echo >&3; exec 3>&-; '
service early 'before: ["base"], ready: { by: "file", path: "/tmp/early", every: "50ms" }' 'touch /tmp/early; '
service port 'after: ["descriptor"], ready: { by: "tcp", port: 4000, every: "50ms" }' \
	'sleep 0.1; echo ready port >>/trace; nc -ll -p 4000 -e true & '
service healthy 'health: { exec: ["/usr/bin/test", "-e", "/tmp/middle"], every: "100ms" }, ready: { by: "health" }'
shell_unit once 'echo start once >>/trace; sleep 0.1; echo stop once >>/trace' 'type: "oneshot"'
service later 'requires: ["once"]'
unit all '{"type": "group", "requires": ["later", "port", "healthy"], "goal": true}'
shell_unit ask 'echo asked >>/trace' 'type: "task"'
service waits 'when: ["flag:go"]'
service never 'when: ["path:/nowhere"]'
service not_now 'when: ["!path:/etc/passwd"]'
boot
reaches all ready "a group is ready when all that it requires is"
is "$(system_field goal)" true "that was the boot's goal"
before start early start base "before"
before ready base start middle "notify: what requires it starts when it is ready"
before ready middle start top "file"
before ready top start descriptor "exec"
before ready descriptor start port "fd"
before stop once start later "a oneshot: what requires it starts when it has ended well"
is "$(state port)" ready "tcp"
is "$(state healthy)" ready "health"
is "$(field base status)" fine "STATUS of a notification"
is "$(state once)" ready "a oneshot stays ready"
is "$(state ask)" off "a task does not start by itself"
is "$(state never)" waiting "a condition that does not hold"
like "$(field never waits_for)" path:/nowhere "status says what it waits for"
is "$(state not_now)" waiting "a condition that must not hold"
is "$(trace start never)" "" "its process was never started"

# ---- asked for ----

run inside cruet up ask
is "$status" 0 "up: a task"
check "it has run" wait_for grep -q asked $M/trace
run inside cruet flag set go
reaches waits ready "a flag is set: who waits for it starts"
run inside cruet up nobody
is "$status" 1 "up: an unknown unit"
like "$err" 'nobody.*no such unit' "it is named"

# ---- what goes down with what ----

: >$M/trace
run inside cruet down base
is "$status" 0 "down: a unit that others require"
reaches base off "it is off"
before stop top stop middle "what requires it goes first, in reverse order"
before stop middle stop base "then itself"
is "$(state top)/$(state middle)" "off/off" "they are off"
is "$(state descriptor)" ready "who only starts after it stays"
run inside cruet up top
is "$status" 0 "up: pulls up what it requires"
reaches top ready "all of them"
: >$M/trace
run inside cruet restart base
reaches top ready "restart: what requires it comes back with it"
before stop middle stop base "stopped in reverse order"
before start base start middle "and started in order"

# A required unit that dies takes its dependents along, and they come back.
: >$M/trace
inside kill -KILL "$(field base pid)"
check "its dependents are stopped" wait_long grep -q 'stop middle' $M/trace
reaches top ready "and all come back"
before stop middle start middle "each was started anew"

# ---- the end ----

: >$M/trace
kill -USR2 "$init"
is "$(ended)" "power off" "power off"
before stop port stop descriptor "the end is the reverse order"
before stop descriptor stop top "the end is the reverse order: after"
before stop top stop middle "the end is the reverse order: requires"
before stop middle stop base "the end is the reverse order: to the bottom"
before stop base stop early "the end is the reverse order: before"
init=
finish_machine
