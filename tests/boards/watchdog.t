#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# The hardware watchdog: a critical unit that hangs, and PID 1 itself, reset the machine; the next boot
# says why. With an emulated chip (i6300esb) and with the kernel's (softdog).
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

# A critical unit: well, until /run/hang is there.
variant chip
edit chip '.watchdog.timeout = "6s"'
script chip /usr/bin/critical << 'END'
#!/bin/sh
[ ! -e /run/hang ] || exec sleep 100000
touch /run/critical
while [ ! -e /run/hang ]; do sleep 0.2; done
rm /run/critical
exec sleep 100000
END
unit chip critical '{ exec: ["/usr/bin/critical"], ready: { by: "file", path: "/run/critical", every: "200ms", timeout: "2s" },
	health: { path: "/run/critical", every: "300ms", failures: 2 },
	restart: { on: "always", delay: "200ms", max_delay: "200ms" },
	watchdog: { critical: true, budget: "3s" } }'
build chip
variant soft
cp -a "$W/chip/overlay/." "$W/soft/overlay/"
edit soft '.modules += ["softdog"]'
build soft

try() { # VARIANT NAME
	fresh_data
	power_on "$1"
	boots "$2: boots"
	ask 'ls /dev/watchdog*'
	like "$answer" /dev/watchdog "$2: there is a watchdog"
	reaches critical ready "$2: the critical unit is well"
	ask 'cruet status | head -n 1'
	like "$answer" 'watchdog 6(\.0)? ?s' "$2: its timeout is set"
	sleep 8
	ask 'cut -d. -f1 /proc/uptime'
	check "$2: fed while all is well" test "${answer:-0}" -ge 8

	first=$(boot_id)
	# It is well again in the next boot: only this one finds /run/hang.
	ask 'touch /run/hang'
	resets "$first" 60 "$2: a hung critical unit: the machine is reset"
	last_reboot
	like "$answer" 'watchdog.*critical' "$2: the next boot says why"

	# PID 1 itself hangs: in the freezer, as nothing inside can stop it.
	first=$(boot_id)
	type_line 'echo 1 > /sys/fs/cgroup/init/cgroup.freeze'
	resets "$first" 60 "$2: PID 1 hangs: the machine is reset"
	last_reboot
	if [ "$1" = chip ]; then
		like "$answer" 'watchdog' "$2: the next boot says so (the chip remembers)"
	else
		like "$answer" 'power|unknown' "$2: the next boot says that nobody said a word"
	fi
	type_line poweroff
	check "$2: powers off" wait_off 30
	is "${ended-}" 0 "$2: exit status"
}
try chip i6300esb
BOARD_DEVICES=$(echo "$DEVICES" | sed 's/-device i6300esb//')
export BOARD_DEVICES
try soft softdog
finish
