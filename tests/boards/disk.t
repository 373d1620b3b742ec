#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# Bad disks: full, read-only, slow, damaged, missing, one that answers no more. The machine boots, PID 1
# answers, the watchdog bites only when the probe says that the disk is gone.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

variant disk
edit disk '.watchdog.timeout = "6s" | .probe = { path: "'"$DATA"'", every: "1s", timeout: "5s" } | .shutdown_timeout = "10s"'
unit disk fills '{ exec: ["/bin/sh", "-c", "dd if=/dev/zero of=/data/big bs=64k 2>/dev/null; echo full; exit 1"], autostart: false,
	restart: { delay: "1s", max_delay: "1s" } }'
build disk

answers() { # NAME: within 3 s
	local start=$SECONDS
	ask 'cruet status | head -n 1' 20
	check "$1: PID 1 answers" test $? = 0 -a $((SECONDS - start)) -le 3
}
alive() { # NAME: longer than the watchdog's timeout
	ask 'cat /proc/sys/kernel/random/boot_id'
	local first=$answer
	sleep 8
	ask 'cat /proc/sys/kernel/random/boot_id'
	is "$answer" "$first" "$1: the machine goes on"
}

# Full: a unit does it, again and again.
power_on disk
boots "boots"
for name in web sensor; do reaches $name ready "$name"; done
ask 'cruet up fills; sleep 3; df /data | tail -n 1'
like "$answer" '100%' "full: the disk"
answers full
ask 'cruet restart sensor' 30
reaches sensor ready "full: a unit with a volume is restarted"
alive full
ask 'cruet down fills; rm /data/big; sync'

# Read-only, while running and at boot.
ask 'mount -o remount,ro /data; grep " /data " /proc/mounts'
like "$answer" ' ro' "read-only: the disk"
ask 'cruet restart web' 30
reaches web ready "read-only: a unit is restarted"
answers "read-only"
alive "read-only"
new_log
type_line 'cruet reboot'
sleep 2
boots "read-only: it reboots"
type_line poweroff
check "powers off" wait_off 40

# Slow: ten operations a second.
power_on disk "" -set drive.data.throttling.iops-total=10 -set drive.data.throttling.iops-size=4096
boots "slow: boots" 120
becomes sensor ready 60
is "$(unit_state sensor)" ready "slow: the sensor, which writes"
type_line 'dd if=/dev/zero of=/data/slow bs=4k count=100 conv=fsync 2>/dev/null &'
sleep 1
answers slow
alive slow
ask 'cruet restart web' 30
reaches web ready "slow: a unit is restarted"
power_cut

# Damaged, and missing.
fresh_data
dd if=/dev/urandom of="$W/data" bs=4k count=64 conv=notrunc 2> /dev/null
power_on disk
boots "damaged: boots"
reaches web ready "damaged: a unit that does not need it"
answers damaged
type_line poweroff
check "damaged: powers off" wait_off 40

# One that answers no more: the probe notices, and the watchdog resets the machine.
fresh_data
power_on disk "" -no-reboot
boots "boots once more"
reaches web ready web
monitor "block_set_io_throttle data 1 0 0 1 0 0"
check "gone: it is said" wait_says 20 'storage probe got no answer'
check "gone: reset by the watchdog" wait_off 60
power_on disk
boots "gone: boots when the disk is there again"
finish
