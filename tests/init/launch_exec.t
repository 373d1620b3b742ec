#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Processes on the host: how they begin, what they have, and that nothing of them stays.
# shellcheck disable=SC2016,SC1091
. "$(dirname "$0")/launch/lib.sh"

# --- what the program finds --------------------------------------------------------------------

unit web '{ exec: ["sh", "-c", "echo $0 $* $GREETING $PATH; env | sort; pwd; id -u; id -g", "zero", "one"],
	environment: {GREETING: "hello"}, directory: "/usr", user: "1000:1001"}'
drive start web wait web clean web
like "$out" '^started [0-9]+' "it starts"
like "$out" '^exited 0' "its end is seen"
like "$log" '^zero one hello /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$' "words and environment"
like "$log" '^/usr$' "its folder"
is "$(echo "$log" | tail -n 2 | xargs)" "1000 1001" "its user and group"
unlike "$log" '^(HOME|TERM|NOTIFY_SOCKET|WATCHDOG_USEC|BUILD)=' "nothing else in the environment"
nothing_is_left web "nothing of it is left"

unit id '{exec: ["sh", "-c", "cat /proc/self/status; ls -l /proc/self/fd; cat /proc/self/oom_score_adj; umask; true"], user: "5"}'
drive start id wait id clean id
like "$log" '^Groups:[[:space:]]*$' "no groups but its own"
is "$(echo "$log" | standard_signals | grep -c '^Sig[BIC]..:0*$')" 3 "signals are unblocked and default"
is "$(echo "$log" | grep -c -- '->')" 4 "no descriptor but the standard streams, and that of ls"
like "$log" '0 -> /dev/null' "it reads from nowhere"
like "$log" "1 -> $T/log" "what it says goes to the log"
like "$log" '^0$' "OOM score"
like "$log" '^0022$' "umask"

unit path '{exec: ["tool"], environment: {PATH: "/run/t/tools"}}'
mkdir $T/tools && printf '#!/bin/sh\necho found by $PATH\n' >$T/tools/tool && chmod +x $T/tools/tool
drive start path wait path clean path
like "$log" '^found by /run/t/tools$' "the program is looked for in its own PATH"

unit ordinary '{exec: ["sleep", "1000"]}'
drive start ordinary sh 'echo "parent $(sed -n "s/^PPid:.//p" /proc/$PID/status) driver $PPID"; cat /proc/$PID/cgroup' \
	sh 'cat /proc/$PID/stat' stop ordinary 15 wait ordinary clean ordinary
parent=$(echo "$out" | sed -n 's/^parent \([0-9]*\) driver \([0-9]*\)$/\1=\2/p')
is "${parent%=*}" "${parent#*=}" "it is a child of the supervisor"
is "$(echo "$out" | grep -E '^[0-9]+:' | grep -vc '/cruet/ordinary$')" 0 "it is in its groups everywhere"
is "$(echo "$out" | awk '/\(sleep\)/ { print ($1 == $5) ($1 == $6) }')" 11 "it leads its session and process group"
like "$out" '^exited 143' "a signal ends it"

# --- what cannot be started ----------------------------------------------------------------------

unit gone '{exec: ["/no/such/program"]}'
drive start gone clean gone
like "$out" '^failed: execute /no/such/program: no such file' "a missing program is named"
nothing_is_left gone "a failed start leaves nothing"
unit folder '{exec: ["true"], directory: "/no/such"}'
drive start folder clean folder
like "$out" '^failed: directory /no/such: no such file' "a missing folder is named"
unit denied '{exec: ["true"], directory: "/run/t/private", user: "1000"}'
mkdir -m 700 $T/private
drive start denied clean denied
like "$out" '^failed: directory /run/t/private: permission denied' "the folder is entered as the user"

# --- readiness, notify, watchdog -------------------------------------------------------------------

unit ready '{exec: ["sh", "-c", "echo >&7; exec sleep 1000"], ready: {by: "fd", fd: 7}}'
drive start ready ready ready stop ready 9 wait ready clean ready
like "$out" '^got $' "a newline on the readiness descriptor"
unit third '{exec: ["sh", "-c", "ls -l /proc/self/fd >&2; echo yes >&3"], ready: {by: "fd"}}'
drive start third ready third wait third clean third
like "$out" '^got yes' "descriptor 3 by default"
is "$(echo "$log" | grep -c -- '->')" 5 "and no other"

cat >$T/notify.sh <<'EOF'
echo "socket $NOTIFY_SOCKET usec $WATCHDOG_USEC pid $WATCHDOG_PID self $$"
$1 "$NOTIFY_SOCKET" READY=1
EOF
unit notify '{exec: ["sh", "/run/t/notify.sh", "/run/t/send"], ready: {by: "notify"}, watchdog: {timeout: "1500ms"}}'
cat >$T/send <<'EOF'
#!/usr/bin/python3
import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])
EOF
chmod +x $T/send
drive start notify notify notify wait notify clean notify
like "$out" '^got READY=1' "its notification arrives"
like "$log" "^socket $RUN/units/notify/notify usec 1500000 " "socket and watchdog are told"
is "$(echo "$log" | sed -n 's/.* pid \(.*\) self \(.*\)$/\1=\2/p' | awk -F= '{ print ($1 == $2) }')" 1 "the watchdog's pid is its own"
check "the socket stays for the next run" test -S $RUN/units/notify/notify

# --- resources, network, console ---------------------------------------------------------------------

unit limits '{exec: ["sleep", "1000"], resources: {pids: {limit: 77}, memory: {limit: 33554432}}}'
drive start limits sh "cat \$(find $(echo "$CGROUPS" | xargs) -path '*/cruet/limits/pids.max') \
	\$(find $(echo "$CGROUPS" | xargs) -path '*/cruet/limits/memory.limit_in_bytes' -o -path '*/cruet/limits/memory.max')" \
	clean limits wait limits
like "$out" '^77$' "a limit of processes"
like "$out" '^33554432$' "a limit of memory"
unit devices '{exec: ["sh", "-c", "mknod /run/t/kmsg c 1 11; head -c 0 /run/t/kmsg && echo may; rm /run/t/kmsg"], resources: {pids: {limit: 7}}}'
drive start devices wait devices clean devices
like "$log" '^may$' "limits do not take devices away"
unit wrong '{exec: ["true"], resources: {unified: {"no.such": "1"}}}'
drive start wrong clean wrong
like "$out" '^failed: .*no\.such' "a limit that cannot be is refused"
nothing_is_left wrong "and leaves nothing"

unit alone '{exec: ["sh", "-c", "readlink /proc/self/ns/net; cat /proc/self/net/dev"], network: "none"}'
drive start alone wait alone clean alone
is "$( (readlink /proc/self/ns/net; echo "$log" | grep '^net:') | sort -u | wc -l)" 2 "a network namespace of its own"
is "$(echo "$log" | sed -n 's/^ *\([a-z0-9]*\): .*/\1/p')" lo "with loopback only"

# --- checks --------------------------------------------------------------------------------------------

unit probe '{exec: ["sleep", "1000"], ready: {by: "exec", exec: ["sh", "-c", "cat /proc/self/cgroup; test -e /run/t/flag"]}}'
drive start probe check probe ready sh 'touch /run/t/flag' check probe ready clean probe
is "$(echo "$out" | tail -n 2 | xargs)" "not passed passed" "a command is asked"
like "$log" ':/.*/cruet/probe$' "in the unit's groups"
unlike "$log" 'probe failed' "that it is not ready yet is no news"
unit slow '{exec: ["sleep", "1000"], health: {exec: ["sh", "-c", "sleep 1001 & sleep 1002"], timeout: "1s"}}'
# (They are told to go; a busy machine takes a moment.)
drive start slow check slow health sh 'n=0; while [ $n -lt 30 ] && grep -qE "100[1]|100[2]" /proc/[0-9]*/cmdline; do
	sleep 0.1; n=$((n + 1)); done; grep -lE "100[1]|100[2]" /proc/[0-9]*/cmdline' clean slow
like "$out" '^not passed' "a probe that hangs has failed"
unlike "$out" 'cmdline' "and has been ended, with its children"
like "$log" 'did not end in time' "and that is said"
unit file '{exec: ["sleep", "1000"], ready: {by: "file", path: "/run/t/flag2"}}'
drive start file check file ready sh 'touch /run/t/flag2' check file ready clean file
is "$(echo "$out" | grep passed | xargs)" "not passed passed" "a file is looked for"
unit tcp '{exec: ["nc", "-l", "-s", "127.0.0.1", "-p", "7001"], ready: {by: "tcp", port: 7001}, network: "none"}'
if command -v busybox >/dev/null; then
	unit tcp '{exec: ["sh", "-c", "ip link set lo up; exec busybox nc -ll -p 7001 -e true"], ready: {by: "tcp", port: 7001}, network: "none"}'
	drive start tcp sh 'sleep 0.5' check tcp ready clean tcp
	like "$out" '^passed' "a port in the unit's network"
	drive check tcp ready
	like "$out" '^not passed' "a port without anybody"
else
	skip "no busybox here" "a port in the unit's network"
fi

# --- the end ------------------------------------------------------------------------------------------

unit family '{exec: ["sh", "-c", "sleep 1000 & (sleep 1000 & setsid sleep 1000) & exec sleep 1000"]}'
drive start family sh 'sleep 0.2' clean family wait family
like "$out" '^exited 137' "its main process is killed"
nothing_is_left family "and all that it has started"
drive clean family clean family
is "$out" "" "to clean what is clean is fine"
drive start family sh 'sleep 0.1' start family clean family
is "$(echo "$out" | grep -c started)" 2 "what an earlier supervisor has left goes first"
nothing_is_left family "and nothing of either stays"

unit one '{exec: ["sleep", "1000"]}'
unit two '{exec: ["sleep", "1000"]}'
drive start one start two clean one clean two end
nothing_is_left one "nor what units have in common"
drive start one end sh 'cat /proc/$PID/cgroup' clean one end
is "$(echo "$out" | grep -E '^[0-9]+:' | grep -vc '/cruet/one$')" 0 "which stays as long as somebody needs it"

# --- a network of its own ----------------------------------------------------------------------------

if ip link add br0 type bridge 2>/dev/null; then
	ip address add 10.9.0.1/24 dev br0
	ip link set br0 up
	unit net '{exec: ["sh", "-c", "ip address show eth0; ip route; exec sleep 1000"],
		network: {bridge: "br0", interface: "eth0", addresses: ["10.9.0.2/24"], routes: [{to: "default", via: "10.9.0.1"}]}}'
	drive start net sh "sleep 0.3; $T/rootfs/bin/ping -c 1 -W 2 10.9.0.2; ip -o link show master br0" clean net sh 'ip -o link show master br0'
	like "$log" 'inet 10\.9\.0\.2/24' "an address"
	like "$log" '^default via 10\.9\.0\.1' "and a route"
	like "$out" '1 (packets )?received' "the bridge leads to it"
	is "$(echo "$out" | grep -c 'master br0')" 1 "and the pair goes with it"
	ip link del br0
else
	skip "no bridges here" "a bridge"
fi

# --- a launch that is killed anywhere --------------------------------------------------------------

cut_anywhere() { # UNIT NAME
	bad=
	for us in $(seq 1 "$((RANGE / 60))" "$RANGE"); do
		drive cut "$1" "$us" clean "$1"
		run_leftovers "$1" >$T/left
		[ -z "$out$(cat $T/left)" ] || bad="$bad $us: $out $(cat $T/left)"
	done
	is "$bad" "" "$2"
}
RANGE=6000
cut_anywhere family "a launch killed at any moment leaves nothing that clean does not find"
unit family '{exec: ["sh", "-c", "sleep 1000 & exec sleep 1000"], network: "none"}'
cut_anywhere family "with a network of its own too"
finish
