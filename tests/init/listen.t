#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# Socket activation: sockets that are open before a unit runs, over its restarts, a re-exec and a reload.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
# What a server on the machine says.
ask() { inside /usr/bin/nasty ask "$@"; } # tcp PORT, udp PORT, unix PATH
SERVE='exec nasty serve'
shell_unit exec 'echo >&6; exec nasty serve exec' 'listen: [{ address: "tcp:127.0.0.1:81", name: "first" },
	{ address: "tcp:127.0.0.1:82" }, { address: "udp:127.0.0.1:83", name: "third" }], ready: { by: "fd" }, user: "7:8"'
container_unit box "$SERVE box 1" 'listen: [{ address: "tcp:0.0.0.0:84", name: "web" },
	{ address: "unix:/run/box/socket", mode: "0640", user: "5:6" }], network: "none",
	restart: { on: "always", delay: "1500ms", max_delay: "1500ms" }'
container_unit host_pid "$SERVE host" 'listen: [{ address: "unix:@host" }]' \
	'.linux.namespaces |= map(select(.type != "pid"))'
container_unit box_fd 'echo >&5; exec nasty serve fd' 'listen: [{ address: "tcp:0.0.0.0:85" }, { address: "tcp:0.0.0.0:86" }],
	ready: { by: "fd" }'
shell_unit demand "$SERVE demand 1" 'listen: [{ address: "tcp:127.0.0.1:87" }], on_demand: true'
shell_unit later 'sleep 2; exec nasty serve later' 'listen: [{ address: "tcp:127.0.0.1:88" }]'
shell_unit taken "$SERVE taken" 'listen: [{ address: "tcp:0.0.0.0:81" }], restart: { delay: "100ms", limit: 2 }'
boot

# ---- what a unit gets ----

is "$(ask tcp 88)" "later later" "a connection waits for a unit that has only just begun"
reaches exec ready "a program on the host is ready by the descriptor behind its sockets"
like "$(inside cruet logs exec)" '3 sockets: first:exec:third' "it is told how many there are, and their names"
is "$(ask tcp 81)" "exec first" "it serves the first"
is "$(ask tcp 82)" "exec exec" "and the second, called as the unit"
ask udp 83 >/dev/null
got_datagram() { inside cruet logs exec | grep -q 'exec third got hello'; }
check "and datagrams" wait_for got_datagram
reaches box_fd ready "a container is ready by the descriptor behind its sockets"
is "$(ask tcp 86)" "fd box_fd" "and serves them"
is "$(ask unix @host)" "host host_pid" "LISTEN_PID is right in the host's PID namespace, too"

# ---- restarts ----

is "$(ask tcp 84)" "box web" "a container without a network serves one of the host"
becomes_state box backoff
check "it has ended" is_state box backoff
is "$(ask tcp 84)" "box web" "a connection made while it is away is served by the next run"
becomes_state box backoff
is "$(inside stat -c '%F %a %u:%g' /run/box/socket)" "socket 640 5:6" "a path has its mode and owner"
is "$(ask unix /run/box/socket)" "box box" "and is served"

# ---- on demand ----

is "$(state demand)/$(field demand starts)" off/0 "on demand: it does not run"
is "$(ask tcp 87)" "demand demand" "the first connection starts it"
becomes_state demand off
is "$(state demand)" off "it has ended well, and is off again"
is "$(ask tcp 87)/$(field demand starts)" "demand demand/2" "the next one starts it again"
becomes_state demand off

# ---- failure ----

reaches taken failed "who finds the address taken has failed"
like "$(inside cruet logs taken; inside cruet status taken; inside cruet logs)" 'listen tcp:0.0.0.0:81: [Aa]ddress' "which names the address and the reason"
check "the machine goes on" is_up

# ---- re-exec and reload ----

listening() { inside cat /proc/net/tcp | awk '$4 == "0A" { print $2 }' | sort | xargs; }
inode() { inside cat /proc/net/tcp | awk -v port=":$(printf %04X "$1")\$" '$4 == "0A" && $2 ~ port { print $10 }'; } # PORT
before=$(inode 81)/$(inode 84)/$(inode 87)
sockets=$(listening)
run inside cruet reexec
is "$status" 0 "re-exec"
again() { [ "$(system_field reexecs)" = 1 ]; }
check "it was executed" wait_long again
is "$(inode 81)/$(inode 84)/$(inode 87)" "$before" "the sockets are the same after a re-exec"
is "$(ask tcp 87)" "demand demand" "one is still waited for"
kill -SEGV "$init"
check "a crash: it is there again" answers
is "$(listening)" "$sockets" "the sockets are the same after a crash"

unit exec "$(jq '.listen = [.listen[0]] | .exec[2] = "echo >&4; exec nasty serve new"' $M/etc/cruet/units/exec.json)"
unit box "$(jq '.listen = [.listen[0]]' $M/etc/cruet/units/box.json)"
rm $M/etc/cruet/units/demand.json
unit moved "$(jq -n '{ exec: ["/usr/bin/nasty", "serve", "moved"], listen: [{ address: "tcp:127.0.0.1:82" }] }')"
run inside cruet reload
is "$status" 0 "reload"
reaches exec ready "the changed unit runs"
is "$(inode 81)/$(inode 84)" "$(echo "$before" | cut -d/ -f1,2)" "what a unit still has stays open"
is "$(ask tcp 81)" "new first" "and is served by the new run"
is "$(inode 87)" "" "that of a unit that is gone is closed"
is "$(ask tcp 82)" "moved moved" "one that moved to another unit is its"
check "a path that is no longer listened on is gone" inside test ! -e /run/box/socket

# ---- the end ----

unit path "$(jq -n '{ exec: ["/bin/true"], type: "task", listen: [{ address: "unixpacket:/run/deep/path" }] }')"
inside cruet reload >/dev/null
check "a path in a new folder" inside test -S /run/deep/path
shut_down

# Its path is to be seen afterwards only where /run stays.
mkdir -p $T/units
cp $M/etc/cruet/units/path.json $T/units/path.json
M=
echo '{}' >$T/system.json
cruet() { timeout --foreground -s KILL 20 "$cruet_binary" "$@"; }
PATH=$PATH:$(dirname "$cruet_binary")
supervisor
check "a path of another supervisor" test -S /run/deep/path
kill -TERM "$init"
wait "$init"
init=
check "goes with it" test ! -e /run/deep/path
M=/run/machine
finish_machine
