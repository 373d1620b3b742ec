#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# What the clients say about a supervisor at work, and that it is JSON where it says so.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

M=
mkdir -p $T/units
unit() { jq -n "$2" >$T/units/"$1.json"; }
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
echo '{}' >$T/system.json
shell_unit base "sleep 0.3; touch $T/base; $SLEEP" "ready: { by: \"file\", path: \"$T/base\", every: \"20ms\" }"
shell_unit top "$SLEEP" 'requires: ["base"], goal: true, description: "the goal"'
shell_unit fast "$SLEEP"
shell_unit flagged "$SLEEP" 'when: ["flag:go"]'
shell_unit once 'exit 3' 'type: "task"'
shell_unit hostile "$TOOLS/nasty notify READY=1 \"\$(printf 'STATUS=\033[2Jowned')\"; $SLEEP" 'ready: { by: "notify" }'
holds() { jq -e "$1" "$2" >/dev/null; }
cruet() { timeout --foreground -s KILL 20 "$cruet_binary" "$@"; }

run cruet status
is "$status" 1 "status without a supervisor: an error"
like "$err" '^cruet: error: no supervisor is running here \(/run/cruet-init/control\)' "... that says so"
run cruet reboot
is "$status" 1 "reboot without a supervisor: an error"
supervisor
reaches top ready "the units start"

# ---- status ----

run cruet status
is "$status" 0 "status"
like "$out" '^up [0-9.]+(ms|s), [0-9] of 6 units ready' "the supervisor's line"
like "$out" '^NAME +STATE +PID +SINCE +RESTARTS +REASON$' "a table"
like "$out" '^top +ready +[0-9]+ +[0-9.]+(ms|s) +0$' "a unit that is ready"
like "$out" '^flagged +waiting +- .* for flag:go$' "what one waits for"
run cruet status top fast
is "$status" 0 "named units that are ready: 0"
is "$(printf '%s\n' "$out" | sed -n "4,\$s/ .*//p")" "$(printf 'top\nfast')" "in the order of their names"
run cruet status top flagged
is "$status" 3 "one that is not ready: 3"
run cruet status nobody
is "$status/$err" "1/cruet: error: nobody: no such unit" "one that does not exist"
reaches hostile ready "one that speaks of itself"
run cruet status
unlike "$out" "$(printf '\033')" "a unit's own words do nothing to the terminal"
like "$out" '^hostile .* \\x1b\[2Jowned$' "... and are seen as they are"
(timeout 2 "$cruet_binary" status --watch --interval 1 >$T/watched)
is "$(grep -c '^NAME' $T/watched)" 2 "status --watch"

# ---- as JSON ----

run cruet status --json
check "status --json" holds '.system.pid and (.units | length == 6) and
	([.units[] | select(.name == "top")][0] | .state == "ready" and .pid > 0 and .description == "the goal")' \
	$T/.out
run cruet boot --json
check "boot --json" holds '.goal_ms > 0 and (.journal | length > 5) and
	([.units[] | select(.critical) | .name] == ["base", "top"]) and
	all(.units[]; .starting_ms >= 0)' $T/.out
run cruet boot
like "$out" '^\* base .* =+#*$' "boot: what the goal waited for"
like "$out" '^  fast .*#$' "... and what it did not"
run cruet boot --svg
check "boot --svg" sh -c "python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.stdin)' <$T/.out"

# ---- changes ----

timeout 10 "$cruet_binary" monitor >$T/monitor 2>&1 &
text=$!
timeout 10 "$cruet_binary" monitor --json flagged >$T/monitor.json 2>&1 &
json=$!
sleep 0.3
run cruet flag set go
is "$status" 0 "flag set"
is "$(cruet flag list)" go "flag list"
reaches flagged ready "a unit that waited for the flag"
run cruet restart --no-wait fast
is "$status/$out" 0/ "restart --no-wait"
run cruet restart fast
like "$out" 'fast: .* -> ready' "restart shows the way"
run cruet up once
is "$status" 1 "up: a task that fails"
like "$err" 'once: .*exit status 3.*cruet logs once' "... says how, and where to look"
run cruet down base
like "$out" 'top: ready -> stopping, dependency' "down: what requires it goes first"
is "$(state base)/$(state top)" off/off "... and all are off when it returns"
run cruet up --timeout 10 top
is "$status/$(state base)/$(state top)" 0/ready/ready "up: with what it requires"
run cruet flag clear go
is "$status/$(cruet flag list)" 0/ "flag clear"
run cruet reexec
is "$status" 0 "reexec"
sleep 0.5
run cruet restart fast
kill $text $json
wait $text $json 2>/dev/null
like "$(cat $T/monitor)" '^\[ +[0-9]+\.[0-9]{3}\] fast: stopping -> ' "monitor"
like "$(sed '/connecting again/,$!d' $T/monitor)" 'fast: .* -> ready' "... over a re-exec"
check "monitor --json" sh -c "grep -v '^cruet: ' $T/monitor.json |
	jq -se 'all(.[]; .unit == \"flagged\" and .time and .monotonic_ms > 0) and any(.[]; .state == \"ready\")' >/dev/null"
run cruet reload
is "$status/$out" "0/all units are as before" "reload: nothing is different"
shell_unit fast "$SLEEP" 'stop: { timeout: "3s" }'
rm $T/units/once.json
shell_unit new "$SLEEP"
run cruet reload
is "$status/$(printf '%s\n' "$out" | tr -s ' ')" "$(printf '0/new: new\nchanged: fast\ngone: once')" "reload says what is"
echo '{ "exec": ["/bin/true"], "typo": 1 }' >$T/units/new.json
run cruet reload
is "$status" 1 "reload: a mistake"
like "$err" "new.json:1: typo: unknown property" "... is named"

run cruet halt --message enough
is "$status" 0 "halt"
wait "$init"
is $? 0 "it ends"
run cruet status
is "$status" 1 "nobody answers any more"
init=
finish
