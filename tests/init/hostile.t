#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# Units and clients that behave as badly as they can; PID 1 and the other units go on.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
limits='resources: { pids: { limit: 20 }, memory: { limit: 16777216 } }'
container_unit good "$SLEEP"
shell_unit witness 'exec nasty ping 50' 'ready: { by: "notify" }, watchdog: { timeout: "5s" }'
boot
reaches good ready "a container that behaves"
reaches witness ready "a process that behaves, and wants to be heard"

# PID 1 answers within a second, and who behaves was not restarted.
goes_on() { # NAME
	start=$(date +%s%N)
	run inside cruet status
	spent=$((($(date +%s%N) - start) / 1000000))
	is "$status" 0 "$1: PID 1 answers"
	check "$1: at once ($spent ms)" test $spent -lt 1000
	is "$(field good starts)/$(field witness starts)" 1/1 "$1: the others go on"
}
stopped() { # UNIT
	run inside cruet down "$1"
	is "$status/$(state "$1")" 0/off "$1: it can be stopped"
}

# ---- processes ----

for kind in exec container; do
	if [ $kind = exec ]; then
		shell_unit forks_$kind 'exec nasty forks' "$limits"
	else
		container_unit forks_$kind 'exec nasty forks' "$limits"
	fi
	kill -HUP "$init"
	reaches forks_$kind ready "a fork bomb ($kind)"
	full() { [ "$(inside pgrep -f 'nasty forks' | wc -l)" -ge 15 ]; }
	check "it fills its limit" wait_long full
	sleep 0.5
	check "and no more" test "$(inside pgrep -f 'nasty forks' | wc -l)" -le 20
	goes_on "a fork bomb ($kind)"
	stopped forks_$kind
	is "$(inside pgrep -f 'nasty forks' | wc -l)" 0 "nothing is left of it ($kind)"
done
container_unit memory 'exec nasty memory' "$limits, restart: { delay: \"200ms\", max_delay: \"200ms\" }"
kill -HUP "$init"
restarted() { [ "$(field memory starts)" -ge 2 ]; }
check "one that takes all memory is killed and restarted" wait_long restarted
goes_on "memory"
stopped memory
shell_unit deaf 'exec nasty deaf' 'stop: { timeout: "300ms" }'
container_unit deaf_box 'exec nasty deaf' 'stop: { timeout: "300ms" }'
kill -HUP "$init"
reaches deaf ready "a process that ignores every signal"
reaches deaf_box ready "a container that does"
stopped deaf
stopped deaf_box
# Stopped as a whole, so that not even its init could react.
container_unit frozen "$SLEEP" 'stop: { timeout: "300ms" }'
kill -HUP "$init"
reaches frozen ready "a container"
inside cruet pause frozen
stopped frozen

# ---- the log ----

shell_unit floods 'exec nasty flood 100000000' 'log: { ring: "64K", rate: "1000/1s" }'
shell_unit floods_free 'exec nasty flood 100000000' 'log: { ring: "64K", rate: "none" }'
kill -HUP "$init"
start=$(date +%s%N)
goes_on "log floods"
ended_flood() { [ "$(state "$1")" = off ]; }
check "100 MB are written to the end" wait_long ended_flood floods_free
spent=$((($(date +%s%N) - start) / 1000000))
note "100 MB of lines in about $spent ms"
check "also against a rate limit" wait_long ended_flood floods
like "$(inside cruet logs floods_free | tail -n 3)" 'flood over' "the last line is in the ring"
check "the ring keeps its size" test "$(inside cruet logs floods_free | wc -c)" -le 262144
writer=$(system_field log_writer_pid)
shell_unit counts 'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo line $i; [ $((i % 100)) -ne 0 ] || sleep 0.2; done;
	exec sleep 1000' 'log: { ring: "256K", rate: "none" }'
kill -HUP "$init"
killed=0
counting() { inside cruet logs counts 2>/dev/null | grep -q 'line 3000$'; }
until counting || [ $killed -ge 40 ]; do
	writer=$(system_field log_writer_pid)
	[ "$writer" = null ] || { inside kill -KILL "$writer" 2>/dev/null && killed=$((killed + 1)); }
	sleep 0.1
done
check "the log writer is killed over and over ($killed times)" test $killed -ge 3
check "its lines come to the end" wait_long counting
is "$(inside cruet logs counts | grep -o 'line [0-9]*$' | uniq | wc -l)" 3000 "no line is lost"
is "$(inside cruet logs counts | grep -o 'line [0-9]*$' | sort | uniq -d | wc -l)" 0 "and none is there twice"
has_writer() { [ "$(system_field log_writer_pid)" != null ]; }
wait_long has_writer
inside kill -STOP "$(system_field log_writer_pid)"
goes_on "the log writer is stopped by SIGSTOP"
wait_long has_writer
inside kill -CONT "$(system_field log_writer_pid)"

# ---- clients ----

control=/run/cruet-init/control
run inside su user -c "/usr/bin/cruet status"
check "another user gets nothing" test "$status" -ne 0
pids=
for what in silent garbage huge many deaf flood; do
	inside nasty client $what $control 2>/dev/null &
	pids="$pids $!"
	sleep 0.3
	[ $what != many ] || continue # all places are taken: until they are dropped
	goes_on "client $what"
done
free() { inside cruet status >/dev/null 2>&1; }
check "those who say nothing are dropped" wait_long free
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
inside pkill -KILL -f 'nasty client' 2>/dev/null
reaches witness ready "after all that"
check "PID 1 is the same: not even re-executed" test "$(system_field reexecs)" = 0
finish_machine
