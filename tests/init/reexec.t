#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# PID 1 replaces itself in place, REEXECS times (default 1000) under load: containers, pipes, timers,
# watchdogs and notifications go on. Then another binary, a broken one, and a crash.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

times=${REEXECS:-1000}
machine_root
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
for i in 1 2 3 4; do container_unit box$i "$SLEEP"; done
shell_unit pinger 'exec nasty ping 200' 'ready: { by: "notify" }, watchdog: { timeout: "3s" }'
container_unit box_pinger 'exec nasty ping 200' 'ready: { by: "notify" }, watchdog: { timeout: "3s" }'
shell_unit talks 'i=0; while :; do i=$((i + 1)); echo line $i; sleep 0.02; done' 'log: { ring: "1M", rate: "none" }'
shell_unit comes_and_goes 'sleep 0.3; exit 1' 'restart: { delay: "200ms", max_delay: "200ms" }'
shell_unit healthy "$SLEEP" 'health: { exec: ["/bin/true"], every: "300ms" }'
shell_unit backs_off 'exit 1' 'restart: { delay: "1h", max_delay: "1h" }'
boot
for name in box1 box2 box3 box4 pinger box_pinger healthy talks; do reaches $name ready "$name"; done
reaches backs_off backoff "one that waits for its next start"
settled='.units[] | select(.name | test("box|pinger|talks|healthy|backs_off")) | [.name, .state, .pid, .starts] | @csv'
before=$(json | jq -r "$settled")
boot_id=$(inside cat /proc/1/stat | awk '{ print $22 }')

descriptors=$(inside ls /proc/1/fd | wc -l)
count=0
seen=0
start=$(date +%s%N)
while [ "$count" -lt "$times" ]; do
	INSIDE_TIMEOUT=120 inside sh -c '
		i=0
		while [ $i -lt 50 ]; do
			i=$((i + 1))
			old=$(cruet status --json | tr "," "\n" | sed -n "s/.*\"reexecs\": *\([0-9]*\).*/\1/p")
			kill -QUIT 1
			tries=0
			until new=$(cruet status --json 2>/dev/null | tr "," "\n" |
				sed -n "s/.*\"reexecs\": *\([0-9]*\).*/\1/p") && [ "${new:-$old}" != "$old" ]; do
				tries=$((tries + 1))
				[ $tries -lt 500 ] || exit 1
			done
		done' || { fail "re-executed $count times, then no more"; break; }
	count=$(system_field reexecs)
	[ "$seen" -lt "${count:-0}" ] || break
	seen=$count
done
spent=$((($(date +%s%N) - start) / 1000000))
note "$count re-executions in $spent ms"
check "$times re-executions" test "${count:-0}" -ge "$times"
is "$(json | jq -r "$settled")" "$before" "every unit goes on: same process, same number of starts"
is "$(inside cat /proc/1/stat | awk '{ print $22 }')" "$boot_id" "PID 1 is the same process"
check "no descriptor is lost or left ($descriptors before, now $(inside ls /proc/1/fd | wc -l))" \
	test "$(inside ls /proc/1/fd | wc -l)" -le $((descriptors + 2))
lines=$(inside cruet logs talks | grep -o 'line [0-9]*$' | cut -d' ' -f2)
first=$(echo "$lines" | head -n 1) last=$(echo "$lines" | tail -n 1)
is "$(echo "$lines" | uniq | wc -l)" $((last - first + 1)) "no line of the log is lost or doubled"
starts=$(field comes_and_goes starts)
check "one that comes and goes went on doing so ($starts starts)" test "$starts" -gt 5
inside kill -USR1 "$(field pinger pid)"
restarted() { [ "$(field pinger starts)" -ge 2 ]; }
check "a watchdog still bites" wait_long restarted
inside kill -KILL "$(field box1 pid)"
restarted() { [ "$(field box1 starts)" -ge 2 ]; }
check "a container still is restarted" wait_long restarted
reaches box1 ready "and is ready"

# ---- what is executed ----

is_at() { [ "$(system_field reexecs)" = "$1" ]; }
cp $M/usr/bin/cruet $M/usr/bin/cruet.new
mv $M/usr/bin/cruet.new $M/usr/bin/cruet
now=$(system_field reexecs)
run inside cruet reexec
is "$status" 0 "cruet reexec, the binary has been replaced"
check "it was executed" wait_long is_at $((now + 1))
unlike "$(inside readlink /proc/1/exe)" deleted "the new one runs"
mv $M/usr/bin/cruet $M/usr/bin/good
cp $M$BOX/bin/busybox $M/usr/bin/cruet
kill -QUIT "$init"
sleep 1
check "a program that is no cruet is not executed" is_up
run inside /usr/bin/good status
is "$status" 0 "it answers"
printf '#!/bin/sh\nexit 0\n' >$M/usr/bin/cruet
kill -QUIT "$init"
sleep 1
run inside /usr/bin/good status
is "$status" 0 "nor one that ends well whatever it is asked"
head -c 100000 /dev/urandom >$M/usr/bin/cruet
kill -QUIT "$init"
sleep 1
run inside /usr/bin/good status
is "$status" 0 "nor one that is no program"
mv $M/usr/bin/good $M/usr/bin/cruet
is "$(state box2)" ready "the units go on"

# ---- a crash of PID 1 itself ----

settled='.units[] | select(.name | test("box[234]|talks|healthy")) | [.name, .state, .pid, .starts] | @csv'
before=$(json | jq -r "$settled")
kill -SEGV "$init"
check "a crash: it is there again" answers
is "$(json | jq -r "$settled")" "$before" "no unit has noticed"
inside cruet logs | tail -n 20 >$T/.log
note "the log says: $(grep -iE 'crash|signal' $T/.log | tail -n 1)"
finish_machine
