# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# What the tests of PID 1 stand on, besides tests/integration/lib.sh, which makes the place where
# they run. A machine is a root of its own with `cruet init` as the first process of namespaces
# (tests/init/machine.c):
#
#	unit web '{"exec": ["/bin/sleep", "1000"]}'; system '{"hostname": "x"}'; boot
#	inside cruet status; becomes_state web ready; shut_down
#
# `supervisor` starts `cruet supervise` in the test's own place instead; the rest is the same.

# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"

M=/run/machine	  # the machine's root; "" under `supervisor`
BOX=/usr/lib/box  # in it: the root of its containers
init=		  # PID 1, as seen here
cruet_binary=$CRUET
machine=

# A hierarchy with the controllers that limits need: v1 where the machine has them there.
if [ -d /sys/fs/cgroup/pids ]; then LAYOUT=v1; else LAYOUT=v2; fi

# An empty machine: BusyBox and cruet.
machine_root() {
	mkdir -p $M
	mount -t tmpfs -o mode=755,size=512m machine $M || exit 1
	cp -a $T/rootfs/. $M/
	rm -f $M/linuxrc $M/sbin/init $M/sbin/reboot $M/sbin/poweroff $M/sbin/halt
	mkdir -p $M/usr/bin $M/usr/lib $M/etc/cruet/units $M/data $M/run $M/dev $M/bundles
	cp -a $T/rootfs $M$BOX
	cp "$cruet_binary" $M/usr/bin/cruet
	cp "$TOOLS/probe" "$TOOLS/nasty" $M/usr/bin/
	cp "$TOOLS/nasty" $M$BOX/bin/
	for name in init reboot poweroff halt; do ln -s ../usr/bin/cruet $M/sbin/$name; done
	system '{}'
}

unit() { # NAME OBJECT (in jq's words)
	jq -n "$2" >$M/etc/cruet/units/"$1.json" || { echo "Bail out! $2" && exit 1; }
}
no_units() { rm -f $M/etc/cruet/units/*; }

# A unit whose process is `sh -c SCRIPT`; KEYS are further ones.
shell_unit() { # NAME SCRIPT [KEYS]
	unit "$1" "$(jq -n --arg script "$2" "{ exec: [\"/bin/sh\", \"-c\", \$script] } + {${3-}}")"
}

# The same in a container.
container_unit() { # NAME SCRIPT [KEYS [FILTER-OF-CONFIG]]
	machine_bundle "$1" "$2" "${4:-.}"
	unit "$1" "$(jq -n "{ bundle: \"/bundles/$1\" } + {${3-}}")"
}
machine_bundle() { # NAME SCRIPT [FILTER]
	mkdir -p "$M/bundles/$1"
	base_config | jq --arg script "$2" ".root.path=\"$BOX\" | del(.linux.cgroupsPath) | .hostname=\"$1\" |
		.process.args=[\"/bin/sh\", \"-c\", \$script] | ${3:-.}" >"$M/bundles/$1/config.json"
}

# Settings: OBJECT is added to what a test machine needs.
system() { # OBJECT
	jq -n "{ cgroups: \"$LAYOUT\", hostname: \"machine\", data: \"/data\",
		shutdown_timeout: \"20s\" } + ($1)" >$M/etc/cruet/system.json
}

machine_groups() {
	groups=
	for point in $CGROUPS; do
		make_group "$point/machine" "${point##*/}"
		[ -d "$point/machine" ] || exit 1
		groups=$groups:$point/machine
	done
	groups=${groups#:}
}

# Start the machine; $init is its PID 1.
start_machine() { # PROGRAM...
	[ -n "${groups-}" ] || machine_groups
	rm -f $T/machine.pid $T/console $T/ended
	[ -p $T/typed ] || mkfifo $T/typed
	"$TOOLS/machine" $M $T/machine.pid $T/console "$groups" "$@" <>$T/typed >$T/ended 2>&1 &
	machine=$!
	wait_for test -s $T/machine.pid || fail "the machine starts"
	init=$(cat $T/machine.pid)
}

boot() {
	start_machine /sbin/init
	answers && return
	fail "the machine boots"
	console | tail -n 20 | sed 's/^/# console: /'
	kill -KILL "$init" 2>/dev/null
	wait "$machine"
	init=
	finish_machine
}
answers() { wait_for supervisor_answers; }
supervisor_answers() { inside cruet status >/dev/null 2>&1; }
console() { tr -d '\r' <$T/console 2>/dev/null; }
type_line() { printf '%s\n' "$1" >$T/typed; }

# Run a command on the machine; a hang is a failure.
inside() {
	if [ -n "$M" ]; then
		timeout --foreground -s KILL "${INSIDE_TIMEOUT:-30}" nsenter -t "$init" -m -u -i -n -p -r -w -- env -i \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
	else
		"$@"
	fi
}

json() { inside cruet status --json 2>/dev/null; }
field() { json | jq -r --arg name "$1" ".units[] | select(.name == \$name) | .$2"; } # UNIT FIELD
system_field() { json | jq -r ".system.$1"; }
state() { field "$1" state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
becomes_state() { wait_long is_state "$1" "$2"; } # UNIT STATE
# A test: the unit comes to be so, within 15 s.
reaches() { # UNIT STATE NAME
	if becomes_state "$1" "$2"; then
		pass "$3"
	else
		status='' out=$(json | jq -c --arg name "$1" '.units[] | select(.name == $name)') err=
		fail "$3: wanted $2"
		inside cruet logs 2>&1 | tail -n 15 | sed 's/^/# log: /'
	fi
}

wait_long() { # COMMAND...: until it succeeds, at most 15 s
	long=$(($(date +%s) + 15))
	until "$@"; do
		[ "$(date +%s)" -lt $long ] || return 1
		sleep 0.05
	done
}

# How the machine ended, once it has: "reboot", "power off", "halt" by its last word in the kernel's log
# (in a namespace reboot(2) is not called); else the status.
ended() {
	wait_long test -s $T/ended || { echo "still running"; return; }
	wait "$machine" 2>/dev/null
	word=$(console | sed -n 's/^.*<5>cruet: \(reboot\|power off\|halt\): .*/\1/p' | tail -n 1)
	if [ "$(cat $T/ended)" = "exit 0" ] && [ -n "$word" ]; then echo "$word"; else cat $T/ended; fi
}
is_up() { [ ! -s $T/ended ] && kill -0 "$init" 2>/dev/null; }

# The end of a machine, part of a test's tidying.
shut_down() {
	[ -z "$init" ] || [ -s $T/ended ] || kill -USR2 "$init" 2>/dev/null
	how=$(ended)
	case $how in "power off" | halt) ;; *) note "the machine ended: $how"; kill -KILL "$init"; wait "$machine" ;; esac
	init=
}

finish_machine() {
	[ -z "$init" ] || shut_down
	umount $M 2>/dev/null || umount -l $M
	for group in $(echo "${groups-}" | tr : ' '); do
		find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
	done
	finish
}

# ---- `cruet supervise` in the test's own place ----

supervisor() {
	"$cruet_binary" supervise --units $T/units --system $T/system.json >$T/console 2>&1 &
	init=$!
	machine=$init
	answers && return
	fail "the supervisor starts"
	sed 's/^/# /' $T/console
	finish
}
