#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers by the built-in runtime, in the supervisor's own process and by its own commands, and by
# other OCI runtimes: alike in all that follows.
# shellcheck disable=SC2016,SC1091
. "$(dirname "$0")/launch/lib.sh"

cat >$T/send <<'EOF'
#!/usr/bin/python3
import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])
EOF
mount -t tmpfs -o size=16m data $DATA
mounts_before=$(mounts)

container() { # NAME SCRIPT [KEYS [FILTER]]: with the runtime that is tried
	container_unit "$1" "$2" "${3-}${3:+, }$RUNTIME_KEY" "${4:-.}"
}

lives() {
	container web 'echo "$0 says $GREETING"; printenv; pwd; hostname; exit 7' \
		'environment: {GREETING: "hello", PATH: "/bin:/usr/bin"}'
	drive start web wait web clean web
	like "$out" '^started [0-9]+' "$1: a container starts"
	like "$out" '^exited 7' "$1: its exit status is seen"
	like "$log" ' says hello$' "$1: the unit's environment"
	is "$(echo "$log" | grep '^PATH=')" PATH=/bin:/usr/bin "$1: takes the place of the bundle's"
	nothing_is_left web "$1: nothing of it is left"

	container long 'trap "exit 3" TERM; sleep 1000 & wait'
	drive start long sh 'sed -n "s/^PPid:.//p" /proc/$PID/status; echo driver $PPID; cat /proc/$PID/cgroup' \
		sh 'sleep 0.3' stop long 15 wait long clean long
	is "$(echo "$out" | sed -n 2p)" "$(echo "$out" | sed -n 's/^driver //p')" "$1: a child of the supervisor"
	is "$(echo "$out" | grep -E '^[1-9][0-9]*:' | grep -vc '/cruet/long')" 0 "$1: in the unit's groups everywhere"
	like "$out" '^exited 3' "$1: it hears its stop signal"
	container long 'trap "" TERM; sleep 1000 & setsid sleep 1000 & while :; do sleep 1000; done'
	drive start long sh 'sleep 0.2' clean long wait long
	like "$out" '^exited 137' "$1: and is killed when it does not listen"
	nothing_is_left long "$1: with all that it has started"
	drive clean long start long start long clean long
	is "$(echo "$out" | grep -c started)" 2 "$1: what an earlier supervisor has left goes first"
	nothing_is_left long "$1: and nothing of either stays"
}

fails() {
	container bad true '' '.process.args=["/no/such/program"]'
	drive start bad clean bad
	like "$out" '^failed: ' "$1: a missing program is an error"
	nothing_is_left bad "$1: which leaves nothing"
	container bad true '' 'del(.process)'
	drive start bad clean bad
	like "$out" "^failed: bundle $BUNDLES/bad: process: is missing" "$1: so is a bundle without a process"
	echo '{ "root": 1, }' >$BUNDLES/bad/config.json
	drive start bad clean bad
	like "$out" "^failed: .*$BUNDLES/bad" "$1: and one that cannot be read"
	rm $BUNDLES/bad/config.json
	drive start bad clean bad
	like "$out" "^failed: .*$BUNDLES/bad.*no such file" "$1: or is not there"
	nothing_is_left bad "$1: none leaves anything"
	container tty 'test -t 0 || test -t 1 || echo no terminal' '' '.process.terminal=true'
	drive start tty wait tty clean tty
	like "$log" '^no terminal' "$1: a terminal is not given"
	like "$log" 'process.terminal: a unit has none' "$1: and that is said"
}

derives() {
	mkdir -p $BUNDLES/mounts/own
	echo from the bundle >$BUNDLES/mounts/own/file
	container mounts 'cat /mnt/file; ulimit -n' '' '.mounts+=[{destination: "/mnt", type: "bind", source: "own", options: ["rbind"]}] |
		.process.rlimits=[{type: "RLIMIT_NOFILE", soft: 77, hard: 77}] | .annotations={"org.example": "kept"}'
	drive start mounts sh "grep -c org.example.*kept $RUN/units/mounts/bundle/config.json" wait mounts clean mounts
	like "$log" '^from the bundle$' "$1: a relative source is the bundle's"
	like "$log" '^77$' "$1: what the unit does not change stays"
	like "$out" '^1$' "$1: unknown properties too"

	container limits 'sleep 1000' 'resources: {pids: {limit: 77}}' '.linux.resources.pids.limit=55 | .linux.resources.memory.limit=33554432'
	drive start limits sh "cat \$(find $(echo "$CGROUPS" | xargs) -path '*/cruet/limits/pids.max' \
		-o -path '*/cruet/limits/memory.limit_in_bytes' -o -path '*/cruet/limits/memory.max')" clean limits
	is "$(echo "$out" | grep -E '^(77|33554432)$' | sort | xargs)" "33554432 77" "$1: limits are merged over the bundle's"

	container ready 'ls -l /proc/self/fd >&2; echo yes >&5' 'ready: {by: "fd", fd: 5}'
	drive start ready ready ready wait ready clean ready
	like "$out" '^got yes' "$1: the readiness descriptor"
	container notify "printenv; test -S /run/cruet-notify && echo there; probe send /run/cruet-notify READY=1" \
		'ready: {by: "notify"}, watchdog: {timeout: "2s"}'
	drive start notify sh "$T/send /proc/\$PID/root/run/cruet-notify READY=1" notify notify wait notify clean notify
	like "$log" '^NOTIFY_SOCKET=/run/cruet-notify$' "$1: the notify socket is told"
	like "$log" '^WATCHDOG_USEC=2000000$' "$1: and the watchdog"
	like "$log" '^there$' "$1: and is there"
}

joins() {
	container net 'readlink /proc/self/ns/net; sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev' 'network: "host"'
	drive start net wait net clean net
	like "$log" "^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')$" "$1: the host's network"
	container net 'readlink /proc/self/ns/net; ifconfig lo | grep UP; sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev' 'network: "none"' \
		'.linux.namespaces|=map(select(.type!="network"))'
	drive start net wait net clean net
	unlike "$log" "^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')$" "$1: a network of its own"
	like "$log" 'UP LOOPBACK' "$1: with loopback, which is up"
}

bridged() {
	ip link add br0 type bridge 2>/dev/null || { skip "no bridges here" "$1: a bridge" && return; }
	ip address add 10.9.0.1/24 dev br0
	ip link set br0 up
	container net 'ifconfig eth0; route -n; sleep 1000' 'network: {bridge: "br0", interface: "eth0",
		addresses: ["10.9.0.2/24"], routes: [{to: "default", via: "10.9.0.1"}]}'
	drive start net sh "sleep 0.3; $T/rootfs/bin/ping -c 1 -W 2 10.9.0.2; ip -o link show master br0" clean net sh 'ip -o link show master br0'
	like "$log" 'inet addr:10\.9\.0\.2 ' "$1: an address before its program begins"
	like "$log" '^0\.0\.0\.0 +10\.9\.0\.1 ' "$1: and a route"
	like "$out" '1 (packets )?received' "$1: the bridge leads to it"
	is "$(echo "$out" | grep -c 'master br0')" 1 "$1: and the pair goes with it"
	nothing_is_left net "$1: nothing else stays"
	ip link del br0
}

probes() {
	container probe 'sleep 1000' 'ready: {by: "exec", exec: ["sh", "-c", "echo asked >&2; test -e /tmp/flag"]}' '.root.readonly=false'
	drive start probe check probe ready sh 'touch /proc/$PID/root/tmp/flag' check probe ready clean probe
	is "$(echo "$out" | grep passed | xargs)" "not passed passed" "$1: a command is asked in the container"
	is "$(echo "$log" | grep -c '^asked')" 2 "$1: its words are in the log"
	rm -f $T/rootfs/tmp/flag
	container slow 'sleep 1000' 'health: {exec: ["sh", "-c", "sleep 1001 & sleep 1002"], timeout: "1500ms"}'
	drive start slow check slow health sh 'sleep 0.1; grep -lE "100[1]|100[2]" /proc/[0-9]*/cmdline' clean slow
	like "$out" '^not passed' "$1: a probe that hangs has failed"
	unlike "$out" 'cmdline' "$1: and has been ended, with its children"
	container file 'sleep 1000' 'ready: {by: "file", path: "/var/link"}' '.root.readonly=false'
	ln -sfn /var/seen $T/rootfs/var/link
	touch /var/seen
	drive start file check file ready sh 'touch /proc/$PID/root/var/seen' check file ready clean file
	is "$(echo "$out" | grep passed | xargs)" "not passed passed" "$1: a file is looked for in its root, links and all"
	rm -f $T/rootfs/var/link $T/rootfs/var/seen /var/seen
	container tcp 'nc -ll -p 7001 -e true' 'network: "none", ready: {by: "tcp", port: 7001}'
	drive start tcp sh 'sleep 0.4' check tcp ready clean tcp
	like "$out" '^passed' "$1: a port in its network"
}

keeps() {
	container vol 'for v in perm rev boot; do cat /$v/seen; echo $v $(stat -c "%a %u %g" /$v) >/$v/seen; done; touch /ro/x 2>&1; df -k /boot | tail -n 1' \
		'volumes: [{name: "perm", path: "/perm", class: "permanent", mode: "0750"}, {name: "rev", path: "/rev", class: "revision"},
		{name: "boot", path: "/boot", class: "boot", size: "64K"}, {name: "read", path: "/ro", class: "permanent", read_only: true}]' \
		'.process.user={uid: 7, gid: 8} | .root.readonly=false'
	drive start vol wait vol clean vol
	like "$log" 'No such file' "$1: volumes begin empty"
	like "$log" 'touch: /ro/x: Read-only file system' "$1: or may not be written"
	like "$log" ' 64 ' "$1: the boot volume has its size"
	drive start vol wait vol clean vol
	is "$(echo "$log" | grep -E '^(perm|rev|boot) ' | xargs)" "perm 750 7 8 rev 755 7 8 boot 755 7 8" "$1: all outlive a run"
	drive reset vol start vol wait vol clean vol
	is "$(echo "$log" | grep -E '^(perm|rev|boot) ' | xargs)" "perm 750 7 8 rev 755 7 8" "$1: a reset empties the boot volume"
	drive reset vol
	nothing_is_left vol "$1: nothing but the volumes stays"
	is "$(cd $DATA && find . -name seen | sort | xargs)" "./volumes/permanent/vol/perm/seen ./volumes/revision/0/vol/rev/seen" "$1: where they belong"
	is "$(stat -c %a $DATA/volumes)" 700 "$1: in nobody else's sight"
	rm -rf $DATA/volumes
	rmdir $T/rootfs/perm $T/rootfs/rev $T/rootfs/boot $T/rootfs/ro
}

layers() {
	grep -q overlay /proc/filesystems || { skip "no overlayfs" "$1: layers" && return; }
	for layer in boot permanent; do
		container layer 'cat /seen; stat -c %a /; echo written >/seen; rm /etc/group; mkdir -p /a/b/c; ls /etc/group' "layer: \"$layer\""
		drive start layer wait layer clean layer
		like "$log" 'No such file|can.t open' "$1: a $layer layer begins empty"
		like "$log" '^755$' "$1: it looks like the root below"
		drive start layer wait layer clean layer
		like "$log" '^written' "$1: it outlives a run"
		check "$1: the root below is as it was" test -e $T/rootfs/etc/group -a ! -e $T/rootfs/seen
		drive reset layer start layer wait layer clean layer
		unlike "$log" '^written' "$1: and is thrown away by a reset"
		drive reset layer
		nothing_is_left layer "$1: nothing stays"
		[ ! -d $DATA/layers ] || is "$(ls -A $DATA/layers)" "" "$1: on the data partition neither"
	done
	rm -rf $DATA/layers
}

# Not every runtime takes both cgroup versions at a time.
no_hybrid() {
	[ -d /sys/fs/cgroup/unified ] || return
	umount /sys/fs/cgroup/unified && rmdir /sys/fs/cgroup/unified
	CGROUPS=$(awk '/ cgroup2? / { print $2 }' /proc/mounts)
	mounts_before=$(mounts)
}

# A launch that is killed at any moment.
cut_anywhere() { # NAME RANGE
	container cut 'sleep 1000 & setsid sleep 1000' 'volumes: [{name: "boot", path: "/var", class: "boot", size: "1M"}], layer: "permanent"'
	bad=
	for us in $(seq 1 "$(($2 / 50))" "$2"); do
		drive cut cut "$us" clean cut reset cut
		run_leftovers cut >$T/left
		[ -z "$out$(cat $T/left)" ] || bad="$bad $us: $out $(cat $T/left) $log"
	done
	is "$bad" "" "$1: a launch killed at any moment leaves nothing that clean does not find"
	drive start cut clean cut reset cut
	like "$out" '^started' "$1: and none that hinders the next"
	rm -rf $DATA/layers
}

for kind in "built-in" "by its commands" crun runc; do
	DRIVER=$T/own/driver RUNTIME_KEY= range=8000
	case $kind in
	by*) DRIVER=$T/driver range=12000 ;;
	crun) RUNTIME_KEY='runtime: "/usr/bin/crun"' range=25000 ;;
	runc) RUNTIME_KEY='runtime: "/usr/sbin/runc"' range=100000 ;;
	esac
	binary=${RUNTIME_KEY#*'"'} binary=${binary%'"'}
	[ -z "$binary" ] || no_hybrid
	[ -z "$binary" ] || [ -x "$binary" ] || { skip "no $binary here" "$kind" && continue; }
	for part in lives fails derives joins bridged probes keeps layers; do
		no_units
		$part "$kind"
	done
	no_units
	cut_anywhere "$kind" $range
done

DRIVER=$T/own/driver
container_unit gone true 'runtime: "/no/such/runtime"'
drive start gone clean gone
like "$out" '^failed: /no/such/runtime cannot be executed' "a runtime that is not there is named"
nothing_is_left gone "and nothing stays"
umount $DATA
mounts_before=$(mounts)
finish
