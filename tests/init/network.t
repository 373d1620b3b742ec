#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# The board's bridge and the units on it: who reaches whom, and what stays of it.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
PING='.process.capabilities[] += ["CAP_NET_RAW", "CAP_NET_ADMIN"]'
on_bridge() { # ADDRESS...
	echo "network: { bridge: \"br0\", interface: \"eth0\", addresses: [$(printf '"%s",' "$@" | sed 's/,$//')],
		routes: [{ to: \"default\", via: \"10.1.2.1\" }] }"
}
fast='restart: { delay: "100ms", max_delay: "400ms" }'
system '{ interfaces: { lo: { addresses: ["192.0.2.1/32"] },
	br0: { bridge: true, mtu: 1400, addresses: ["10.1.2.1/24", "fd00::1/64"] } } }'
container_unit one "$SLEEP" "$(on_bridge 10.1.2.3/24 fd00::3/64), $fast" "$PING"
container_unit two "$SLEEP" "$(on_bridge 10.1.2.4/24), $fast" "$PING"
container_unit alone "$SLEEP" 'network: "none"' "$PING"
container_unit open "$SLEEP" 'network: "host"' "$PING"
shell_unit process "$SLEEP" "$(on_bridge 10.1.2.5/24)"
shell_unit hermit "$SLEEP" 'network: "none"'
shell_unit plain "$SLEEP"
boot
for unit in one two alone open process hermit plain; do reaches $unit ready "$unit is up"; done

in_network() { # UNIT COMMAND...
	network_unit=$1
	shift
	inside nsenter --net="/proc/$(inside_pid "$network_unit")/ns/net" "$@"
}
inside_pid() { field "$1" pid; }
reaches_address() { in_network "$1" ping -c 1 -W 2 "$2" >/dev/null 2>&1; } # UNIT ADDRESS
can_reach() { check "$1 reaches $2${3:+: $3}" reaches_address "$1" "$2"; }
cannot_reach() {
	if reaches_address "$1" "$2"; then fail "$1 does not reach $2"; else pass "$1 does not reach $2"; fi
}
interfaces_of() { in_network "$1" ls /sys/class/net 2>/dev/null | xargs; }
ends() { inside sh -c 'ls /sys/class/net' | grep -c -- '-[0-9a-f]\{8\}$'; }
ends_are() { [ "$(ends)" = "$1" ]; }

# ---- who reaches whom ----

can_reach one 10.1.2.1 "its gateway"
can_reach one 10.1.2.4 "another container"
can_reach two 10.1.2.5 "a process"
can_reach process 10.1.2.3
can_reach one 192.0.2.1 "by the default route"
can_reach one fd00::1
can_reach plain 10.1.2.4
can_reach open 10.1.2.3
can_reach alone 127.0.0.1
can_reach hermit 127.0.0.1
cannot_reach alone 10.1.2.1
cannot_reach hermit 10.1.2.1
is "$(in_network one cat /sys/class/net/eth0/mtu 2>/dev/null || in_network one ip link show eth0 |
	sed -n 's/.* mtu \([0-9]*\) .*/\1/p')" 1400 "the bridge's MTU"
check "three pairs" ends_are 3

# ---- what comes and goes ----

old=$(field one pid)
inside kill -9 "$old"
check "one is started again" wait_long sh -c "[ \"\$(nsenter -t $init -m -p -r -w -- cruet status --json |
	jq -r '.units[] | select(.name == \"one\") | \"\\(.state) \\(.pid != $old)\"')\" = 'ready true' ]"
can_reach one 10.1.2.4 "after a kill"
can_reach two 10.1.2.3
check "still three pairs" wait_long ends_are 3
inside cruet down two process
check "those of stopped units are gone" wait_long ends_are 1
cannot_reach one 10.1.2.4
inside cruet up two
reaches two ready "up again"
can_reach one 10.1.2.4
inside cruet restart one
reaches one ready "restarted"
can_reach two 10.1.2.3

# ---- what cannot be ----

container_unit wrong "$SLEEP" "$(on_bridge 10.1.2.300/24)"
run inside cruet check /etc/cruet/units
unlike "$status" '^0$' "a wrong address is found before it is used"
like "$out$err" '10\.1\.2\.300' "... and named"
rm $M/etc/cruet/units/wrong.json
container_unit lost "$SLEEP" "$(on_bridge 10.1.2.9/24 | sed 's/10\.1\.2\.1"/10.77.0.1"/'),
	restart: { on: \"never\" }"
inside cruet reload
reaches lost failed "a gateway that is nowhere"
like "$(field lost status)" 'route to default via 10\.77\.0\.1' "... is named"
check "nothing of it stays" wait_long ends_are 2
finish_machine
