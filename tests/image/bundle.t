#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What an image's config means to its container: conversion.md where only a running one can tell, and what appc
# asks for beyond it.
. "$(dirname "$0")/lib.sh"

mkdir -p $T/rootfs/data/sub $T/rootfs/srv $T/host
echo seeded >$T/rootfs/data/file
echo from host >$T/host/file
chown -R 1000:100 $T/rootfs/data
chmod 1770 $T/rootfs/data
cat >$T/rootfs/etc/passwd <<-'EOF'
	root:x:0:0:root:/root:/bin/sh
	app:x:1000:100:App:/home/app:/bin/sh
EOF
cat >$T/rootfs/etc/group <<-'EOF'
	root:x:0:
	users:x:100:
	dialout:x:20:app
	video:x:44:root,app
EOF

# An image with this config, as NAME.
image_of() { # NAME CONFIG
	rm -rf "$T/layout-$1"
	layout "$T/layout-$1" "$1" $T/rootfs --config "$2" >/dev/null
	run image import "$T/layout-$1"
}

image_of volumes '{"User":"app","Volumes":{"/data":{},"/data/sub/deep":{},"/new":{}},"Cmd":["/bin/sh"]}'
run cruet run --image volumes v1 /bin/sh -c 'cat /data/file; stat -c "%a %u %g" /data /new; echo x >/data/y && echo written; id'
is "$status:$out" "0:seeded
1770 1000 100
755 0 0
written
uid=1000(app) gid=100(users) groups=20(dialout),44(video)" "volumes start with the image's content, owner and mode; the user's groups"
run cruet run --image volumes v2 /bin/sh -c 'ls /data; grep -c " /data/sub/deep tmpfs rw,nosuid,nodev" /proc/mounts; echo $HOME'
is "$status:$out" "0:file
sub
1
/home/app" "what was written is gone; HOME is the user's"
image_of data '{"Volumes":{"/data":{}},"Cmd":["/bin/sh"]}'
run cruet run --image data --volume /data=$T/host:ro --volume /srv=$T/host v3 /bin/sh -c 'cat /data/file; touch /data/x 2>&1; cat /srv/file'
is "$status:$out" "0:from host
touch: /data/x: Read-only file system
from host" "--volume in place of one, and in addition"
run cruet run --image data --read-only --identity v4 /bin/sh -c 'touch /x 2>&1; cat /run/cruet/image.json'
like "$out" 'touch: /x: Read-only file system' "a root that is read-only"
like "$out" '"name":"data","digest":"sha256:[0-9a-f]{64}"' "has the identity all the same"
run cruet run --image volumes --identity v5 /bin/sh -c 'echo x 2>&1 >/run/cruet/image.json'
like "$out" 'Read-only file system' "cannot be changed"

image_of number '{"User":"1000","Cmd":["/usr/bin/id"]}'
run cruet run --image number n1
is "$status:$out" "0:uid=1000(app) gid=100(users)" "a number: the group of passwd, and no others"
image_of pair '{"User":"app:video","Cmd":["/usr/bin/id"]}'
run cruet run --image pair n2
is "$status:$out" "0:uid=1000(app) gid=44(video)" "user and group: no others"
image_of limits '{"Cmd":["/bin/sh","-c","grep -E ^\\(NoNewPrivs\\|CapBnd\\) /proc/self/status; cat /proc/self/cgroup | head -n 1 | cut -d: -f3; cat /proc/sys/kernel/hostname; ulimit -n; ls /proc/acpi /proc/asound 2>/dev/null; touch /proc/sys/kernel/x 2>&1"]}'
run cruet run --image limits c1
like "$out" 'CapBnd:	00000000a80425fb' "the 14 capabilities"
like "$out" 'NoNewPrivs:	1' "no new privileges"
like "$out" '
/
c1
1024' "namespaces of its own for cgroups and the name; a limit of files"

# appc
aci() { # NAME APP
	rm -rf $T/aci
	mkdir -p $T/aci
	cp -a $T/rootfs $T/aci/rootfs
	jq -n --arg name "example.com/$1" --argjson app "$2" '{acKind: "ImageManifest", acVersion: "0.8.11", name: $name,
		labels: [{name: "os", value: "linux"}, {name: "arch", value: "amd64"}, {name: "version", value: "1"}], app: $app}' >$T/aci/manifest
	tar -C $T/aci -cf "$T/$1.aci" manifest rootfs
	run image import --quiet "$T/$1.aci"
	is "$status" 0 "ACI $1"
}
aci plain '{"exec":["/usr/bin/id"],"user":"/data","group":"/data/file","supplementaryGIDs":[7,8]}'
run cruet run --image example.com/plain:1 a1
is "$status:$out" "0:uid=1000(app) gid=100(users) groups=7,8" "user and group are a file's owner; supplementary groups"
aci isolated '{"exec":["/bin/sh","-c","grep -E ^\\(CapBnd\\|Seccomp:\\) /proc/self/status; mkdir /srv/x 2>&1"],"user":"0","group":"0","isolators":[
	{"name":"os/linux/capabilities-retain-set","value":{"set":["CAP_KILL","CAP_CHOWN"]}},
	{"name":"os/linux/seccomp-remove-set","value":{"set":["mkdir","mkdirat"],"errno":"EXDEV"}},
	{"name":"resource/network-bandwidth","value":{"limit":"1G"}},
	{"name":"resource/memory","value":{"limit":"64M"}}]}'
run cruet run --image example.com/isolated:1 a2
like "$out" 'CapBnd:	0000000000000021' "capabilities-retain-set"
like "$out" 'Seccomp:	2' "seccomp-remove-set"
like "$out" 'mkdir: .*(cross-device|Cross-device)' "with its errno"
run image image bundle example.com/isolated:1 $T/bundle
is "$(jq -r '.linux.resources.memory.limit, .annotations["cruet.appc.ignored"]' $T/bundle/config.json)" "64000000
resource/network-bandwidth" "memory limit; what is ignored is said"
aci points '{"exec":["/bin/cat","/logs/file"],"user":"0","group":"0","workingDirectory":"/srv","mountPoints":[{"name":"logs","path":"/logs","readOnly":true}]}'
run cruet run --image example.com/points:1 a3
failed 1 'mountPoints: logs: nothing to mount at /logs: give a volume logs=/SOURCE' "a mount point that nothing is given for"
run cruet run --image example.com/points:1 --volume logs=$T/host a4
is "$status:$out" "0:from host" "given by name"
run cruet run --image example.com/points:1 --volume /logs=$T/host a5
is "$status:$out" "0:from host" "given by path"
run cruet run --image example.com/points:1 --volume logs=$T/host --volume other=$T/host a6
failed 1 'volume other: the image has no mount point of that name' "one that it does not have"
aci nowhere '{"exec":["/bin/true"],"user":"0","group":"0","workingDirectory":"/nowhere"}'
run cruet run --image example.com/nowhere:1 a7
failed 1 'config.WorkingDir: /nowhere: not in the image' "a working directory that is not there"
aci greedy '{"exec":["/bin/true"],"user":"0","group":"0","isolators":[{"name":"os/linux/capabilities-retain-set","value":{"set":["CAP_SYS_ADMIN"]}}]}'
run cruet run --image example.com/greedy:1 a8
failed 1 'process.capabilities.bounding: an image may not set it to this' "more capabilities than images get"

# Ports that are to be listened on.
cp "$TOOLS/nasty" $T/rootfs/bin/
ports='[{"name":"http","protocol":"tcp","port":8001,"count":2,"socketActivated":true},{"name":"plain","protocol":"tcp","port":8004},
	{"name":"log","protocol":"udp","port":8003,"socketActivated":true}]'
aci serves '{"exec":["/bin/nasty","serve","from","4"],"user":"0","group":"0","ports":'"$ports}"
unlike "$err" 'socketActivated' "socketActivated is not said to be without effect"
cruet run -d --image example.com/serves:1 --quiet s1 >$T/log 2>&1 || fail "a socket activated container starts"
is "$("$TOOLS/nasty" ask tcp 8001)/$("$TOOLS/nasty" ask tcp 8002)" "from http/from http" "run --image opens its ports, from outside of its network"
"$TOOLS/nasty" ask udp 8003
"$TOOLS/nasty" ask udp 8003
becomes s1 stopped
is "$(cat $T/log)" "$(printf '3 sockets: http:http:log\nfrom log got hello\nfrom log got hello')" "and tells their names"
cruet delete s1
aci shell '{"exec":["/bin/sh","-c"],"user":"0","group":"0","ports":'"$ports}"
(exec "$TOOLS/client" listen 1 /etc/hostname "$CRUET" run --image example.com/shell:1 --quiet s2 'echo $LISTEN_FDS; cat <&3') >$T/log 2>&1
is "$(cat $T/log)" "$(printf '1\n%s' "$(cat /etc/hostname)")" "those of its caller go before"
run cruet run --image example.com/shell:1 --preserve-fds 2 s3 'cat <&6; cat <&7' 3</etc/hostname 4<$T/host/file
is "$status:$out" "0:$(cat /etc/hostname $T/host/file)" "--preserve-fds counts behind them"
"$TOOLS/nasty" listen 8002 >$T/log 2>&1 &
listener=$!
wait_for sh -c 'ss -ltn | grep -q :8002'
run cruet run --image example.com/serves:1 s4
failed 1 'listen tcp:0.0.0.0:8002: address already in use' "a port that is taken"
kill $listener
wait $listener 2>/dev/null
run image export --format aci example.com/serves:1 $T/back.aci
is "$(tar -xOf $T/back.aci manifest | jq -c '[.app.ports[] | {name, protocol, port, count, socketActivated} | with_entries(select(.value != null))]')" \
	"$(say "$ports" | jq -c '[.[] | {name, protocol, port, count: (.count // 1), socketActivated: (.socketActivated // false)}]')" \
	"an export has the ports as they were"
is "$(grep -c /run/cruet-bundles /proc/self/mountinfo)" 0 "nothing is left mounted"
finish
