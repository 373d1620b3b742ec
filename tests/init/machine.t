#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# PID 1's duties, in namespaces: mounts, console, emergency shell, signals, applets, orphans.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
mkdir $M/extra
system '{ hostname: "device", mounts: [
	{ source: "extra", target: "/extra", type: "tmpfs", options: "size=1m,nosuid,mode=0700" },
	{ source: "/etc", target: "/extra/etc", type: "none", options: "bind,ro", make: true } ],
	sysctl: { "net.ipv4.ip_forward": "1" },
	interfaces: { br0: { bridge: true, addresses: ["10.9.8.1/24"] } } }'
shell_unit stays 'trap "echo stopped >>/trace; exit" TERM; while :; do sleep 1000 & wait; done'
shell_unit early 'echo early >>/trace; sleep 1000' 'early: true'
boot
reaches stays ready "a unit of the machine"

# ---- the board ----

is "$(inside hostname)" device "host name"
for mount in "/proc proc" "/sys sysfs" "/dev/pts devpts" "/dev/shm tmpfs" "/run tmpfs" "/extra tmpfs"; do
	is "$(inside awk -v point="${mount% *}" '$2 == point { print $3 }' /proc/mounts)" "${mount#* }" \
		"${mount% *} is mounted"
done
like "$(inside grep ' /extra ' /proc/mounts)" 'nosuid.*size=1024k.*mode=700' "with its options"
like "$(inside grep ' /extra/etc ' /proc/mounts)" ' ro' "a read-only bind mount, whose point was made"
is "$(inside cat /proc/sys/net/ipv4/ip_forward)" 1 "sysctl"
like "$(inside ip addr show lo)" '127.0.0.1' "loopback"
like "$(inside ip addr show br0)" '10.9.8.1/24' "a bridge with its address"
is "$(inside readlink /proc/1/exe)" /usr/bin/cruet "PID 1"
if [ $LAYOUT = v1 ]; then
	skip "only v2 asks for it" "PID 1 is in a leaf of its own"
else
	like "$(inside cat /proc/1/cgroup)" '^0::/init' "PID 1 is in a leaf of its own"
fi
is "$(inside ls -ld /run/cruet-init/control | cut -c1-10)" srw------- "the control socket is root's"
children=$(inside cat /proc/1/task/1/children | wc -w)
note "children of PID 1: $children"
is "$children" 3 "two units and the log writer: no other process"

# ---- orphans ----

# Counted when the jobs of the boot have ended: twice the same.
processes() { inside sh -c 'set -- /proc/[0-9]*; echo $#'; }
before=$(processes)
settled() { last=$before; sleep 0.3; before=$(processes); [ "$before" = "$last" ]; }
wait_long settled
start=$(date +%s%N)
run inside nasty zombies 10000
wait_long sh -c "! nsenter -t $init -m -p -r -w -- /bin/sh -c 'grep -l \"^State:.*Z\" /proc/[0-9]*/status' 2>/dev/null | grep -q ."
spent=$((($(date +%s%N) - start) / 1000000))
note "10 000 orphans were forked and reaped in $spent ms"
is "$out" "forked 10000" "10 000 orphans"
is "$(inside sh -c 'grep -l "^State:.*Z" /proc/[0-9]*/status 2>/dev/null | wc -l')" 0 "all are reaped"
is "$(processes)" "$before" "nothing is left of them"
# Only the reaping: PID 1 stopped, the zombies pile up, and it goes on.
kill -STOP "$init"
inside nasty zombies 10000 >/dev/null
count_zombies() { inside sh -c 'cat /proc/[0-9]*/stat 2>/dev/null | grep -c ") Z "'; }
piled=$(count_zombies)
kill -CONT "$init"
start=$(date +%s%N)
while [ "$(count_zombies)" -gt 0 ] && [ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ]; do :; done
spent=$((($(date +%s%N) - start) / 1000000))
note "$piled zombies at once were reaped in $spent ms"
check "so many zombies at once" test "$piled" -ge 10000
check "reaped in a second" test $spent -le 1000

# ---- clients' words, applets ----

run inside cruet status
like "$out" '^stays +ready' "status"
run inside /sbin/init
is "$status" 1 "init, when there is one"
run inside sh -c 'cd / && exec -a cruet /usr/bin/cruet init'
failed 1 'first process|supervise' "cruet init, not as the first process"

# ---- signals, as BusyBox's users know them ----

shell_unit added 'sleep 1000'
kill -HUP "$init"
reaches added ready "HUP: a new unit starts"
is_reexecuted() { [ "$(system_field reexecs)" = "$1" ]; }
pid=$(field stays pid)
kill -QUIT "$init"
check "QUIT: re-executes itself" wait_long is_reexecuted 1
is "$(field stays pid)" "$pid" "the units go on"

: >$M/trace
kill -TERM "$init"
is "$(ended)" reboot "TERM: reboot"
is "$(cat $M/trace)" stopped "the units were told to stop"
for signal in "USR1 halt" "USR2 power off" "PWR power off" "INT reboot"; do
	boot
	kill -"${signal%% *}" "$init"
	is "$(ended)" "${signal#* }" "${signal%% *}: ${signal#* }"
done
system '{ ctrl_alt_del: "ignore" }'
boot
kill -INT "$init"
sleep 0.5
check "INT: ignored when system.json says so" is_up
for word in HUP INT; do inside kill -$word 1; done
inside sh -c 'kill -KILL 1; kill -STOP 1; kill -SEGV 1' 2>/dev/null
check "nothing inside kills PID 1" supervisor_answers
run inside reboot
is "$(ended)" reboot "reboot, by its name"
boot
run inside poweroff
is "$(ended)" "power off" "poweroff, by its name"
boot
run inside halt
is "$(ended)" halt "halt, by its name"
boot
run inside cruet reboot -m "for a test"
is "$(ended)" reboot "cruet reboot -m REASON"

# ---- PID 1 sleeps while it waits ----

# CPU time of PID 1 in hundredths of a second.
spent() { awk '{ print $14 + $15 }' "/proc/$init/stat"; }
cp -R $M/etc/cruet/units $T/units
cp $M/etc/cruet/system.json $T/system.json
no_units
shell_unit deaf 'trap "" TERM; while :; do sleep 1; done' 'stop: { timeout: "3s" }'
system '{ probe: { path: "/etc/passwd", every: "500ms", timeout: "1s" } }'
boot
reaches deaf ready "a unit that will not stop"
kill -TERM "$init"
sleep 1.2
ticks=$(spent)
sleep 1
ticks=$(($(spent) - ticks))
note "$ticks hundredths of a second"
check "its end is awaited without work" test "$ticks" -lt 30
is "$(ended)" reboot "and comes"
mkfifo $M/fifo
system '{ probe: { path: "/fifo", every: "500ms", timeout: "1s" } }'
start_machine /sbin/init
is "$(ended)" reboot "a disk that does not answer: the machine begins anew"
like "$(console)" 'storage probe' "and says why"
rm -r $M/etc/cruet/units $M/fifo
mv $T/units $M/etc/cruet/units
mv $T/system.json $M/etc/cruet/system.json

# ---- trouble at the beginning ----

cp $M/etc/cruet/units/stays.json $T/stays.json
echo '{ "exec": ["/bin/true"], "nonsense": 1 }' >$M/etc/cruet/units/broken.json
start_machine /sbin/init
says() { console | grep -qE "$1"; }
check "a broken unit: the console says which" wait_long says 'broken.json:1.*nonsense'
check "PID 1 stays" is_up
type_line 'echo shell is $((40 + 2))'
check "there is an emergency shell" wait_long says 'shell is 42'
type_line 'rm /etc/cruet/units/broken.json; exit'
check "mended, it boots" answers
reaches stays ready "and the units start"
shut_down
system '{ mounts: [{ source: "/dev/nothing", target: "/mnt", type: "ext4", required: true, wait: "200ms" }] }'
start_machine /sbin/init
check "a required mount is missing: it is named" wait_long says '/dev/nothing|/mnt'
type_line 'echo shell is $((50 + 2))'
check "there is an emergency shell too" wait_long says 'shell is 52'
kill -TERM "$init"
is "$(ended)" reboot "it can be rebooted"
echo '{ not JSON' >$M/etc/cruet/system.json
start_machine /sbin/init
check "system.json is no JSON: the console says so" wait_long says 'system.json:1'
check "PID 1 stays" is_up
kill -KILL "$init"
wait "$machine"
init=
finish_machine
