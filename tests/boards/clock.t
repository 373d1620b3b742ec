#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# Clocks: one that begins in 1970 gets a floor; jumps to 2038 and back disturb nobody.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

variant clock
edit clock '.clock_floor = "/etc/cruet/system.json" | .watchdog.timeout = "10s"'
unit clock timer '{ exec: ["/bin/sh", "-c", "sleep 2; exit 1"], restart: { delay: "1s", max_delay: "1s" } }'
unit clock set '{ exec: ["/bin/sleep", "100000"], when: ["clock"] }'
unit clock checked '{ exec: ["/bin/sleep", "100000"],
	health: { exec: ["/bin/true"], every: "500ms", failures: 2 } }'
build clock
power_on clock "" -rtc base=1970-01-01T00:00:00
boots "boots with a clock that says 1970"
ask 'date +%Y; stat -c %Y /etc/cruet/system.json; date +%s'
check "the clock is not before the file that is its floor" \
	test "$(sed -n 3p <<< "$answer")" -ge "$(sed -n 2p <<< "$answer")"
for name in web sensor monitor checked; do reaches $name ready "$name"; done

starts() { ask "cruet status | awk '\$1 == \"$1\" { print \$5 }'"; echo "${answer:-0}"; }
for date in '@10' '@2145916800' '@2147483640' '@10' '@4102444800' '@1700000000'; do
	before=$(starts timer)
	ask "date -s $date > /dev/null; date +%s"
	sleep 5
	after=$(starts timer)
	check "date $date: timers go on ($before restarts, then $after)" test "$after" -gt "$before"
done
for name in web sensor monitor checked; do
	is "$(starts $name)" 0 "$name was never restarted"
done
ask 'cruet status | sed -n 1p; cruet logs timer | tail -n 3; cruet boot | tail -n 3'
check "status, logs and boot can be read" test $? = 0
ask 'date -s @1750000000 > /dev/null'
reaches set ready "a unit that waits for the clock starts once it is set"
sleep 6
ask 'cut -d. -f1 /proc/uptime'
check "the watchdog was fed all the time (up $answer s)" test "$answer" -gt 30
type_line poweroff
check "powers off" wait_off 30
finish
