#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# The power is cut at any moment, CUTS times (default 12), while the machine boots and writes what it
# records: it always boots again, the file system is whole, the flight recorder can be read.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

# A unit that fails again and again, so that there is something to record all the time.
variant busy
unit busy failing '{ exec: ["/bin/false"], restart: { delay: "100ms", max_delay: "200ms", reset_after: "1m" } }'
unit busy one '{ exec: ["/bin/sh", "-c", "sleep 0.2; exit 2"], restart: { delay: "100ms", max_delay: "100ms" } }'
build busy
cuts=${CUTS:-12}
RANDOM=${SEED:-$$}
note "seed ${SEED:-$$}"
whole() {
	cp "$W/data" "$W/copy"
	# The journal is replayed, as the kernel does at mount: status 1. Then there is nothing to mend.
	e2fsck -p "$W/copy" > "$W/fsck" 2>&1 || [ $? -le 1 ] || { sed 's/^/# /' "$W/fsck"; return 1; }
	e2fsck -fn "$W/copy" > "$W/fsck" 2>&1 || { sed 's/^/# /' "$W/fsck"; return 1; }
}
# How long it takes to its shell here, which is a moment before the first record; then it is cut there.
start=$(date +%s%N)
power_on busy
boots "boots"
took=$((($(date +%s%N) - start) / 1000000))
note "up in $took ms"
ask 'sleep 3'
power_cut
bad=0
for ((i = 1; i <= cuts; i++)); do
	power_on busy
	# From before the data are mounted on, until something has been recorded many times.
	cut=$((took / 2 + RANDOM % (took / 2 + 5000)))
	sleep "$((cut / 1000)).$(printf '%03d' $((cut % 1000)))"
	power_cut
	whole || { bad=1; fail "cut $i: the file system is whole"; }
done
[ $bad = 0 ] && pass "$cuts cuts: the file system was whole after each"
power_on busy
boots "it boots after all cuts"
last_reboot
reason=$answer
ask 'cruet status --json'
json=$(echo "$answer" | sed -n '/^{/,$p')
boots=$(jq '.boots | length' <<< "$json" 2> /dev/null || echo 0)
note "$(jq -c '.boots[1]' <<< "$json" 2> /dev/null)"
check "the flight recorder can be read: $boots boots" test "${boots:-0}" -ge 1
like "$reason" 'unknown|power' "it does not know why: nobody had a chance to say"
type_line poweroff
check "powers off" wait_off 30
power_on busy
boots "boots"
last_reboot
like "$answer" 'planned.*power off' "after an ordered end it says so, and by whom"
check "its file is as small as ever" ask 'test $(stat -c %s /data/recorder) -le 16384'
finish
