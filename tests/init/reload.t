#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# New units while the machine runs: what did not change goes on, what did is restarted, what is gone
# is stopped, and a mistake changes nothing.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
container_unit same "$SLEEP"
shell_unit changes "$SLEEP" 'description: "before"'
shell_unit goes "$SLEEP"
shell_unit follows "$SLEEP" 'requires: ["changes"]'
boot
for name in same changes goes follows; do reaches $name ready "$name"; done
pid=$(field same pid)
changed_pid=$(field changes pid)

shell_unit changes "echo new; $SLEEP" 'environment: { NEW: "1" }'
rm $M/etc/cruet/units/goes.json
shell_unit added "$SLEEP" 'requires: ["same"]'
shell_unit task 'echo ran >/data/task' 'type: "task"'
run inside cruet reload
is "$status" 0 "reload"
reaches added ready "a new unit starts"
reaches changes ready "a changed unit runs"
check "anew" test "$(field changes pid)" != "$changed_pid"
like "$(inside cruet logs changes)" 'new' "as it is now"
reaches follows ready "who requires it came back with it"
is "$(field same pid)/$(field same starts)" "$pid/1" "an unchanged container did not notice"
is "$(field goes state)" "" "one that is gone is forgotten"
is "$(inside pgrep -x sleep | wc -l)" 4 "and its processes are gone"
is "$(state task)" off "a new task does not start by itself"
run inside cruet up task
check "it starts when asked" wait_for test -e $M/data/task

# ---- mistakes ----

cp $M/etc/cruet/units/changes.json $T/changes.json
echo '{ "exec": ["/bin/true"], "typo": 1 }' >$M/etc/cruet/units/changes.json
run inside cruet reload
is "$status" 1 "a mistake in a unit: refused"
like "$(inside cruet logs 2>&1; printf '%s' "$err")" 'changes.json:1.*typo' "with file, line and property"
is "$(state changes)/$(state follows)/$(field same pid)" "ready/ready/$pid" "nothing has changed"
cp $T/changes.json $M/etc/cruet/units/changes.json
unit circle '{ exec: ["/bin/true"], requires: ["added"] }'
unit added '{ exec: ["/bin/true"], requires: ["circle"] }'
run inside cruet reload
is "$status" 1 "a cycle: refused"
rm $M/etc/cruet/units/circle.json
shell_unit added "$SLEEP" 'requires: ["same"]'
count=0
while [ $count -lt 20 ]; do
	count=$((count + 1))
	shell_unit changes "$SLEEP" "environment: { COUNT: \"$count\" }"
	kill -HUP "$init"
	sleep 0.05
done
run inside cruet reload
is "$status" 0 "twenty reloads in a row"
reaches changes ready "the last one counts"
is "$(inside sh -c "tr '\\0' '\\n' </proc/$(field changes pid)/environ" | grep COUNT)" COUNT=20 "with its environment"
is "$(field same pid)" "$pid" "the container still did not notice"

# ---- a compiled plan ----

run inside cruet compile /etc/cruet/units
is "$status" 0 "cruet compile"
check "the plan is there" test -s $M/etc/cruet/plan
run inside cruet reload
is "$status" 0 "reload takes it"
like "$(system_field units_from)" '/etc/cruet' "status says where the units come from"
is "$(field same pid)" "$pid" "the same units: nothing happens"
shut_down
boot
reaches follows ready "a boot with the plan"
printf 'x' | dd of=$M/etc/cruet/plan bs=1 seek=200 conv=notrunc 2>/dev/null
shut_down
boot
reaches follows ready "a damaged plan: the JSON is used"
like "$(console; inside cruet logs)" 'plan' "and it is said"
finish_machine
