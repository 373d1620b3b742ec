#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# What units write: kept, shown, passed on; while the log writer is killed, units are read again, and
# one of them floods its log.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
STAY='while :; do sleep 1000; done'
shell_unit talks 'printf "one\n<3>two \033[2J\n" ; echo three >&2; printf "no end"; '"$STAY"
# Eight thousand lines while the writer is killed.
shell_unit counts 'i=0; while [ $i -lt 8000 ]; do
		echo "number $i"; i=$((i + 1)); [ $((i % 100)) -gt 0 ] || sleep 0.1
	done; echo through; '"$STAY" 'log: { ring: "2M", rate: "none" }'
shell_unit floods 'exec nasty flood 100000000000' 'log: { rate: "100/10s" }'
shell_unit ticks 'while :; do echo tick; sleep 0.1; done' 'log: { ring: "64K" }'
shell_unit files 'i=0; while [ $i -lt 300 ]; do echo "number $i"; i=$((i + 1)); done; trap "echo last words; exit" TERM
	while :; do sleep 1000 & wait; done' 'log: { to: ["file"], file: "/data/log", size: "4K", count: 3 }'
logs() { inside cruet logs "$@"; }
has() { logs "$1" | grep -q "$2"; } # UNIT PATTERN
log_writer() { system_field log_writer_pid; }
boot

# ---- the writer is killed over and over ----
killed=0
until has counts through || [ $killed -ge 6 ]; do
	pid=$(log_writer)
	[ "$pid" = null ] || { inside kill -KILL "$pid" && killed=$((killed + 1)); }
	sleep 0.1
done
check "the log writer was killed $killed times" test $killed -gt 3
check "and begun again each time" wait_long has counts through
is "$(logs counts | sed -n 's/.*: number //p' | tr '\n' ' ' | md5sum)" "$(seq 0 7999 | tr '\n' ' ' | md5sum)" \
	"no line of 8000 is missing, and none is there twice"

# ---- what is shown ----
check "lines of both outputs" wait_long has talks 'talks: three$'
like "$(logs talks)" 'talks: two \\x1b\[2J$' "what drives a terminal is shown as what it is"
like "$(logs talks)" 'no end' "a line without an end"
like "$(logs talks | head -n 1)" '^20[0-9-]*T[0-9:.]*Z talks: one$' "with the time"
like "$(logs --boot-time talks | head -n 1)" '^ *[0-9]*\.[0-9]* talks: one$' "or the time since the boot"
is "$(logs --json talks | jq -rs '.[1] | "\(.unit) \(.level) \(.text)"' | tr -d '\033')" "talks 3 two [2J" "as JSON"
is "$(logs -n 1 counts | sed 's/.*: //')" through "the last line"
is "$(logs --since 1d talks | wc -l)" "$(logs talks | wc -l)" "since yesterday"
is "$(logs --since 2100-01-01 talks)" "" "and since a day to come"
like "$(logs -s)" 'cruet: .*talks' "what the supervisor says"
run logs nobody
like "$status $out $err" '1 .*there is no unit nobody' "a unit that is not there"
run logs --since soon
like "$status $err" '1 .*soon: neither a date' "a time that is none"

# ---- a flood ----
check "what is too much is left out, and counted" wait_long has floods 'lines suppressed: more than 100 in 10000 ms'
before=$(logs ticks | wc -l)
sleep 2
check "others are heard nevertheless" test $(($(logs ticks | wc -l) - before)) -gt 10
inside cruet down floods

# ---- follow ----
: >$T/follow
inside cruet logs -f ticks >$T/follow 2>$T/follow.err &
follow=$!
check "what comes is shown" wait_for grep -q tick $T/follow
shell_unit added 'echo new here; '"$STAY"
inside cruet reload
check "units are read again" wait_long has added 'new here'
lines=$(wc -l <$T/follow)
sleep 1
check "and it goes on" test "$(wc -l <$T/follow)" -gt "$lines"
kill $follow
wait $follow
is "$(logs counts | grep -c 'number')" 8000 "the lines from before are there"
start=$(date +%s)
logs -f ticks | head -n 1 >/dev/null
check "it ends when nobody reads it any more" test $(($(date +%s) - start)) -le 3
inside cruet reexec
check "after a re-exec it is the same log" wait_long has counts 'number 7999'
check "which goes on" wait_long has added 'new here'

# ---- files ----
wait_long grep -q 'number 299' $M/data/log
is "$(cat $M/data/log.2 $M/data/log.1 $M/data/log | sed 's/.*: number //' | tail -n 100 | tr '\n' ' ')" \
	"$(seq 200 299 | tr '\n' ' ')" "a file that rotates"
check "of limited size" test "$(cat $M/data/log* | wc -c)" -le $((3 * 4096))
shut_down
like "$(tail -n 1 $M/data/log)" 'files: last words$' "has what was said last"
finish_machine
