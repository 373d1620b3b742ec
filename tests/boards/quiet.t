#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# A device in steady state writes nothing to its disks, proven by the block devices' counters, over HOURS
# of the machine's time (default 24): the emulator jumps over idle time. And nothing grows.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

hours=${HOURS:-24}
variant steady
# Besides the board's own units: one that fails for a while, one that comes and goes, one that talks.
unit steady failing '{ exec: ["/bin/false"], restart: { delay: "1s", max_delay: "1h", reset_after: "2h" } }'
unit steady comes '{ exec: ["/bin/sh", "-c", "echo here; sleep 1800"], restart: { on: "always", delay: "5m" } }'
unit steady talks '{ exec: ["/bin/sh", "-c", "while :; do echo $(cut -d. -f1 /proc/uptime); sleep 60; done"] }'
build steady
power_on steady "" -icount shift=auto,sleep=off
boots "boots" 120
for name in web sensor monitor talks; do reaches $name ready "$name"; done

writes() { ask "awk '{ print \$5 }' /sys/block/$1/stat"; echo "${answer:-none}"; }
kept() { # what PID 1 and the log writer hold
	ask 'awk "/^Anonymous/ { sum += \$2 } END { print sum }" /proc/1/smaps_rollup'
	echo "$answer"
}
# Failures are events, and recorded at the 1st, 2nd, 4th, 8th ... in a row: not a steady state.
ask 'cruet down failing; sync; sleep 60' 100
first=$(writes "${DATA##*/}") root_first=$(writes "${ROOT##*/}")
ask 'cut -d. -f1 /proc/uptime'
began=$answer
memory=$(kept)
ask 'ls /proc/1/fd | wc -l; ls -d /proc/[0-9]* | wc -l'
descriptors=$answer
start=$SECONDS
for ((hour = 1; hour <= hours; hour++)); do
	ask 'sleep 3600' 900 || { fail "hour $hour passes"; break; }
done
ask 'cut -d. -f1 /proc/uptime'
note "$((answer - began)) s of the machine's time in $((SECONDS - start)) s"
check "$hours hours have passed" test $((answer - began)) -ge $((hours * 3600))
last=$(writes "${DATA##*/}")
note "writes to the data partition since power on: $first before, $last after"
is "$last" "$first" "not one write to the data partition"
is "$(writes "${ROOT##*/}")" "$root_first" "nor to the root"
ask 'cruet status'
for name in web sensor monitor talks; do
	like "$answer" "^$name +ready" "$name goes on"
done
is "$(awk '$1 == "sensor" { print $5 }' <<< "$answer")" 0 "its watchdog was pinged all the time: never restarted"
now=$(kept)
check "PID 1 has not grown: $memory kB, now $now kB" test "$now" -le $((memory + 4))
ask 'ls /proc/1/fd | wc -l; ls -d /proc/[0-9]* | wc -l'
is "$(head -n 1 <<< "$answer")" "$(head -n 1 <<< "$descriptors")" "no descriptor was left"
type_line poweroff
check "powers off" wait_off 60
finish
