#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# Ways to the end of a boot, and what the next one says of it: an ordered end, ctrl-alt-del, a kernel
# panic (its last words come through pstore), a unit's ladder; and a beginning with a broken unit.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

power_on board
boots "the board boots"
for name in web sensor monitor; do reaches $name ready "$name"; done
ask 'cruet list'
like "$answer" 'web.*running' "a container"
like "$answer" 'sensor.*running' "another one"
ask 'wget -q -O - http://10.77.0.2:8080/'
like "$answer" 'hello from a container' "the web server's container is reached over the bridge"
ask 'cruet logs sensor'
like "$answer" 'start number 1' "the sensor's log"
ask 'grep " / " /proc/mounts'
like "$answer" 'squashfs ro' "the root is a squashfs, read-only"

monitor 'sendkey ctrl-alt-delete'
sleep 2
boots "ctrl-alt-del: reboots"
last_reboot
like "$answer" 'planned.*ctrl-alt-del' "the next boot says so"
check "its logs begin anew" ask 'cruet logs sensor | grep "start number 2"'

ask 'echo 1 >/proc/sys/kernel/sysrq; cat /sys/module/pstore/parameters/backend'
note "pstore: $answer"
backend=$answer
new_log
type_line 'echo c >/proc/sysrq-trigger'
sleep 3
boots "a kernel panic: reboots"
last_reboot
if [ "$backend" = ramoops ]; then
	like "$answer" 'panic' "the next boot says that it was a panic"
	like "$answer" 'sysrq|Kernel panic' "and the kernel's last words"
	check "they are forgotten afterwards: not said of the boot after" ask 'ls /sys/fs/pstore; true'
else
	skip "no ramoops here" "the kernel's last words"
fi

new_log
type_line 'cruet reboot -m "firmware 2.0"'
sleep 2
boots "cruet reboot"
last_reboot
like "$answer" 'planned.*firmware 2.0' "the next boot says who asked"

# An ordered end: nothing is left to replay.
new_log
type_line poweroff
check "powers off" wait_off 30
is "$ended" 0 "exit status"
like "$(dumpe2fs -h "$W/data" 2> /dev/null | grep -E 'state|features')" 'state: *clean' "the file system is clean"
check "its journal is empty" sh -c "! dumpe2fs -h $W/data 2>/dev/null | grep -q needs_recovery"

# A unit whose ladder ends in a reboot.
variant ladder
unit ladder hopeless '{ exec: ["/bin/false"], when: ["!cmdline:calm"],
	restart: { delay: "100ms", max_delay: "100ms", escalate: [{ after: 3, do: "reboot" }] } }'
build ladder
power_on ladder
check "a ladder's last step: reboots" wait_says 40 'Restarting system|reboot: '
power_cut
power_on ladder calm
boots "boots"
last_reboot
like "$answer" 'hopeless' "the next boot names the unit"
power_cut

# A broken unit.
variant broken
echo '{ "exec": ["/bin/true"], "tpye": "service" }' > "$W/broken/overlay/etc/cruet/units/wrong.json"
UNCHECKED=1 build broken
power_on broken
check "a broken unit: the console says which, and where" wait_says 40 'wrong.json:1.*tpye'
has_shell 30
check "there is an emergency shell" ask 'id -u'
is "$answer" 0 "of root"
power_cut
finish
