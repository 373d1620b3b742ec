#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hostile images and containers: the holes that container runtimes are known for. A test names the
# class it belongs to (mostly by a CVE of the runtime that had it first).
. "$(dirname "$0")/lib.sh"

# A folder of the host that must never be reached: what appears in it is a hole.
mkdir -p $T/host
echo secret >$T/secret
echo data >$T/host/data
host_is_clean() { # NAME
	is "$(cd $T/host && find . -mindepth 1 | sort | tr '\n' ' '):$(cat $T/host/data):$(stat -c %u:%a $T/host/data)" "./data :data:0:644" "$1"
	find $T/host -mindepth 1 ! -name data -delete
	is "$(extra_mounts)" "" "... and no mount appears outside"
	while umount $T/host 2>/dev/null; do :; done
	mounts_before=$(mounts)
}
# A copy of the root file system to spoil, as $rootfs. Files are hard links: replace, do not write.
images=0
image() {
	images=$((images + 1))
	rootfs=$T/image$images
	cp -al $T/rootfs $rootfs
}
NO_DEV='.mounts|=map(select(.destination|startswith("/dev")|not))'
NO_PROC='.mounts|=map(select(.destination!="/proc"))|del(.linux.maskedPaths,.linux.readonlyPaths)'

# mount destinations (CVE-2018-..., CVE-2019-18837, CVE-2024-45310)
for target in $T/host ../../../../../../..$T/host; do
	image
	ln -s "$target" $rootfs/data
	container 'ls /data/ >/dev/null; exit 0' '.mounts+=[{destination:"/data/sub",type:"tmpfs",source:"t"}]|.root.readonly=false'
	host_is_clean "mount destination below a symbolic link to $target"
	container 'exit 0' '.mounts+=[{destination:"/data",type:"tmpfs",source:"t"}]|.root.readonly=false'
	host_is_clean "mount destination that is a symbolic link to $target"
	container 'exit 0' ".mounts+=[{destination:\"/data/file\",type:\"bind\",source:\"$T/secret\",options:[\"bind\"]}]|.root.readonly=false"
	host_is_clean "file mount below a symbolic link to $target"
	ln -s "$target/new" $rootfs/newfile
	container 'exit 0' ".mounts+=[{destination:\"/newfile\",type:\"bind\",source:\"$T/secret\",options:[\"bind\"]}]|.root.readonly=false"
	host_is_clean "file mount on a dangling link to $target/new"
	container 'exit 0' '.process.cwd="/data/made"|.root.readonly=false'
	host_is_clean "cwd below a symbolic link to $target is not made there"
	container 'exit 0' '.linux.devices=[{path:"/data/node",type:"c",major:1,minor:3}]|.root.readonly=false'
	host_is_clean "device below a symbolic link to $target"
	container 'exit 0' '.linux.maskedPaths=["/data","/newfile"]|.linux.readonlyPaths=["/data"]|.root.readonly=false'
	host_is_clean "masked and read-only paths that are links to $target"
done
image
ln -s b $rootfs/a
ln -s a $rootfs/b
container 'exit 0' '.mounts+=[{destination:"/a/x",type:"tmpfs",source:"t"}]'
failed 1 "/a" "a loop of links ends with an error"
ln -s / $rootfs/slash
container 'touch /etc/x && echo wrote; ls /bin/sh' '.mounts+=[{destination:"/slash",type:"tmpfs",source:"t"}]'
unlike "$status:$out" '^0:$' "a link to / as destination does not hide the root"
ln -s proc $rootfs/process
container 'stat -f -c %T /proc' ".mounts+=[{destination:\"/process\",type:\"bind\",source:\"$T/host\",options:[\"bind\"]}]"
unlike "$status:$out" '^0:tmpfs' "a link to /proc as destination does not put something else there"

# /proc, /sys and /dev are links or files (CVE-2019-19921, CVE-2023-27561, CVE-2026-41579, CVE-2026-47766)
for dir in proc sys dev; do
	for target in $T/host ../../../../../../..$T/host etc /tmp; do
		image
		rm -r "${rootfs:?}/$dir"
		ln -s "$target" "$rootfs/$dir"
		container 'cat /proc/self/mountinfo' '.root.readonly=false'
		host_is_clean "/$dir is a link to $target"
		[ $dir = dev ] || unlike "$status" '^(0|137)$' "... which is refused"
		[ $dir != dev ] || container 'true' "$NO_DEV|.root.readonly=false"
		[ $dir != dev ] || host_is_clean "/$dir is a link to $target, nothing mounted on it"
	done
	image
	rm -r "${rootfs:?}/$dir"
	echo file >"$rootfs/$dir"
	container 'true' '.root.readonly=false'
	unlike "$status" '^(0|137)$' "/$dir is a file"
done
image
mkdir -p $rootfs/proc/self/attr $rootfs/proc/self/fd $rootfs/proc/sys/net
for destination in /proc/self /proc/self/attr /proc/self/attr/exec /proc/sys/net /proc/sys/kernel /proc/1 /proc/self/fd /proc/thread-self; do
	refused ".mounts+=[{destination:\"$destination\",type:\"tmpfs\",source:\"t\"}]" "proc" "a mount on $destination (CVE-2019-16884, CVE-2025-52881)"
	refused ".mounts+=[{destination:\"$destination\",type:\"bind\",source:\"$T/host\",options:[\"bind\"]}]" "proc" "a bind mount on $destination"
done

# a fake /proc in the image, nothing mounted on it (CVE-2026-115521): what was promised holds all the same
image
mkdir -p $rootfs/proc/self/fd $rootfs/proc/thread-self $rootfs/proc/sys/kernel
for n in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
	ln -s /tmp $rootfs/proc/self/fd/$n
done
container 'touch /x && echo written; touch /etc/secret2 && echo written; exit 3' "$NO_PROC|.linux.readonlyPaths=[\"/etc\"]"
unlike "$out" written "a fake /proc/self/fd does not keep the root writable"
like "$status" '^(1|3)$' "... the container is read-only or refused"
container 'cat /etc/passwd; exit 3' "$NO_PROC|.linux.maskedPaths=[\"/etc/passwd\"]"
unlike "$out" root "... nor a path unmasked"

# the devices that the runtime itself uses (CVE-2025-31133, CVE-2026-88265, CVE-2025-52565, CVE-2026-88264)
image
rm -rf "${rootfs:?}/dev"
mkdir -p $rootfs/dev $rootfs/mnt
echo evil >$rootfs/evil
ln -s /evil $rootfs/dev/null
container 'cat /etc/passwd' "$NO_DEV|.linux.maskedPaths=[\"/etc/passwd\"]|.root.readonly=false"
unlike "$status:$out" '^0:.*(evil|root:)' "a /dev/null that is a link is not what masks a path"
image
rm -rf "${rootfs:?}/dev"
mkdir -p $rootfs/dev $rootfs/mnt
ln -s /mnt/data $rootfs/dev/null
container 'true' "$NO_DEV|.root.readonly=false|.process.user.uid=1000|.mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/host\",options:[\"bind\"]}]"
host_is_clean "a /dev/null that links to a file of the host: its owner and mode stay"
try_sleeper "$NO_DEV|.root.readonly=false|.mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/host\",options:[\"bind\"]}]"
run cruet exec --user 1000:1000 "$id" true
host_is_clean "... nor does exec change it"
remove "$id"
image
rm -rf "${rootfs:?}/dev"
mkdir -p $rootfs/dev
for name in console ptmx pts tty null zero full random urandom fd stdin stdout stderr core shm; do
	ln -s $T/host/$name $rootfs/dev/$name
done
container 'true' "$NO_DEV|.root.readonly=false|.process.terminal=true"
host_is_clean "every name in /dev is a link to the host"
image
rm -rf "${rootfs:?}/dev"
mkdir -p $rootfs/dev
ln -s $T/host/console $rootfs/dev/console
new_id
script_bundle "$id" 'true' "$NO_DEV|.root.readonly=false|.process.terminal=true|.mounts+=[{destination:\"/dev/pts\",type:\"devpts\",source:\"devpts\",options:[\"newinstance\",\"ptmxmode=0666\"]}]"
run "$TOOLS/client" tty 24x80 timeout --foreground 20 "$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id"
host_is_clean "/dev/console is a link to the host"
remove "$id"
# the stdio of the caller is not given away: only what is no device is given to the user
rootfs=$T/rootfs
before=$(stat -c %u:%a /dev/null)
container 'true' '.process.user.uid=1000'
is "$(stat -c %u:%a /dev/null)" "$before" "the host's /dev/null keeps its owner when it is stdin"

# leaked descriptors and working folders (CVE-2024-21626)
for n in 3 4 5 6 7 8 9 10 11; do
	new_id
	script_bundle "$id" 'pwd; ls; ls ../../../../run/t ../../run/t 2>/dev/null; cat ../../../../run/t/secret ../../../secret 2>/dev/null' ".process.cwd=\"/proc/self/fd/$n\""
	exec 9<$T/host 8</
	run cruet run --bundle "$BUNDLES/$id" "$id"
	exec 9<&- 8<&-
	unlike "$out" 'secret|unreachable|bundles' "cwd /proc/self/fd/$n shows nothing of the host"
done
for n in 3 4 5 6 7 8 9 10 11; do
	new_id
	script_bundle "$id" 'pwd; cat ../../../../run/t/secret' ".process.cwd=\"/proc/self/fd/$n/../../..\""
	run cruet run --bundle "$BUNDLES/$id" "$id" 9<$T/host 8</
	unlike "$out" 'secret|unreachable' "cwd /proc/self/fd/$n/../../.."
done
sleeper
for n in 3 4 5 6 7 8 9 10 11; do
	run cruet exec --cwd /proc/self/fd/$n "$id" sh -c 'pwd; ls; cat ../../../../run/t/secret ../../../secret 2>/dev/null' 9<$T/host 8</
	unlike "$out" 'secret|unreachable|bundles' "exec --cwd /proc/self/fd/$n shows nothing of the host"
done
run cruet exec "$id" probe fds 9<$T/host 8</
is "$(say "$out" | grep -cvE '^[012] ')" 0 "descriptors of exec's caller do not get through"
remove "$id"
new_id
script_bundle "$id" 'probe fds'
run cruet run --bundle "$BUNDLES/$id" "$id" 9<$T/host 8</
is "$(say "$out" | grep -cvE '^[012] ')" 0 "descriptors of run's caller do not get through"

image
mkdir -p $rootfs/proc/self/fd $rootfs/proc/thread-self/fd
for fake in $rootfs $T/rootfs; do
	new_id
	rootfs=$fake bundle "$id" "$NO_PROC|.process.args=[\"probe\",\"leaked\"]"
	run cruet run --bundle "$BUNDLES/$id" "$id" 9<$T/host 8</
	is "$status:$out" "0:none" "nor where the image's own /proc is all there is"
done
rootfs=$T/rootfs

# a container that watches exec, as root with CAP_SYS_PTRACE (CVE-2016-9962, LXC's CVE-2016-8649)
PTRACE='.process.capabilities|=map_values(.+["CAP_SYS_PTRACE","CAP_DAC_READ_SEARCH"])'
watched() { # WHAT FILTER COMMAND...: the command again and again while a container watches
	what=$1
	new_id
	script_bundle "$id" 'probe attack 2000 >/dev/shm/found; while :; do sleep 1; done' "$2"
	shift 2
	cruet run --detach --bundle "$BUNDLES/$id" "$id"
	watcher=$id
	end=$(($(date +%s) + 2))
	while [ "$(date +%s)" -lt $end ]; do
		"$@"
	done
	wait_for cruet exec "$watcher" grep -q seen /dev/shm/found
	run cruet exec "$watcher" sort -u /dev/shm/found
	unlike "$out" "host|writable" "nothing of the host is reached through $what"
	like "$out" "seen some" "... whose processes were seen"
	remove "$watcher"
}
do_exec() { cruet exec "$watcher" true; }
do_join() {
	new_id
	bundle "$id" ".linux.namespaces|=map(select(.type!=\"pid\"))+[{type:\"pid\",path:\"/proc/$(pid_of "$watcher")/ns/pid\"}]"
	cruet run --bundle "$BUNDLES/$id" "$id" >/dev/null 2>&1 </dev/null
}
watched exec . do_exec
watched "a container that joins its pid namespace" . do_join
watched "exec, with CAP_SYS_PTRACE" "$PTRACE" do_exec
# (with CAP_SYS_PTRACE, such a container can be looked at while it is made: SECURITY.md)

# the runtime's own binary (CVE-2019-5736), on a file system where it can be written
mkdir $T/bin
real=${OLD_KERNEL_CRUET:-$CRUET}
cp "$real" $T/bin/cruet
chmod 755 $T/bin/cruet
own=$T/bin/cruet
[ -z "${OLD_KERNEL:-}" ] || { OLD_KERNEL_CRUET=$own && own=$CRUET && export OLD_KERNEL_CRUET; }
sum=$(sha256sum <$T/bin/cruet)
unchanged() {
	is "$(sha256sum <$T/bin/cruet)" "$sum" "$1"
	[ "$(sha256sum <$T/bin/cruet)" = "$sum" ] || cp "$real" $T/bin/cruet
}
image
printf '#!/proc/self/exe\n' >$rootfs/bin/reexec
chmod 755 $rootfs/bin/reexec
ln -sf /proc/self/exe $rootfs/bin/self
for command in /proc/self/exe /bin/reexec /bin/self /proc/thread-self/exe; do
	new_id
	bundle "$id" ".process.args=[\"$command\",\"list\"]|$PTRACE"
	run timeout 10 "$own" --root $STATE run --bundle "$BUNDLES/$id" "$id"
	unchanged "the process is $command"
	remove "$id"
done
new_id
script_bundle "$id" 'probe attack 3000 >/dev/shm/found; while :; do sleep 1; done' "$PTRACE|.process.capabilities|=map_values(.+[\"CAP_DAC_OVERRIDE\"])"
timeout 20 "$own" --root $STATE run --detach --bundle "$BUNDLES/$id" "$id"
end=$(($(date +%s) + 3))
while [ "$(date +%s)" -lt $end ]; do
	timeout 10 "$own" --root $STATE exec "$id" /proc/self/exe list >/dev/null 2>&1
	timeout 10 "$own" --root $STATE exec "$id" /bin/reexec --version >/dev/null 2>&1
	timeout 10 "$own" --root $STATE exec "$id" true
done
wait_for cruet exec "$id" grep -q seen /dev/shm/found
run cruet exec "$id" cat /dev/shm/found
unlike "$out" "writable executable" "no executable outside the image can be written through /proc/PID/exe"
unchanged "the binary is what it was"
remove "$id"
rootfs=$T/rootfs
# exec of /proc/self/exe, held open by a process that then tries to write to it
sleeper "$PTRACE"
for try in 1 2 3 4 5; do
	timeout 10 "$own" --root $STATE exec "$id" sh -c 'exec 9</proc/self/exe; (exec 8>>/proc/self/fd/9) 2>/dev/null; echo' >/dev/null 2>&1
done
unchanged "nor by a shell that reopens what it has"
remove "$id"

# races over a shared volume (CVE-2021-30465): a neighbour exchanges a folder with a link to the host
mkdir -p $T/volume/a $T/host2
ln -s $T/host2 $T/volume/b
cat >$T/racer <<END
$TOOLS/probe swap $T/volume/a $T/volume/b 6000
END
sh $T/racer &
racer=$!
end=$(($(date +%s) + 5))
tries=0
while [ "$(date +%s)" -lt $end ]; do
	tries=$((tries + 1))
	new_id
	bundle "$id" ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$T/volume\",options:[\"rbind\"]},{destination:\"/vol/a/x$tries\",type:\"tmpfs\",source:\"t\"},{destination:\"/vol/a/f$tries\",type:\"bind\",source:\"$T/secret\",options:[\"bind\"]}]"
	cruet run --bundle "$BUNDLES/$id" "$id" >/dev/null 2>&1
	rm -r "${BUNDLES:?}/$id"
done
kill $racer 2>/dev/null
wait $racer 2>/dev/null
wait_for nothing_runs
is "$(find $T/host2 -mindepth 1)" "" "nothing appears on the host in $tries mounts against a swap of folder and link"
is "$(extra_mounts)" "" "and no mount"

# files of the image that the runtime reads: never a hang, never without bound
for passwd in fifo zero huge directory link host; do
	image
	rm $rootfs/etc/passwd
	case $passwd in
	fifo) mkfifo $rootfs/etc/passwd ;;
	zero) mknod $rootfs/etc/passwd c 1 5 ;;
	huge) truncate -s 2G $rootfs/etc/passwd ;;
	directory) mkdir $rootfs/etc/passwd ;;
	link) ln -s passwd $rootfs/etc/passwd ;;
	host) ln -s ../../../../../../../run/t/host/passwd $rootfs/etc/passwd ;;
	esac
	start=$(date +%s)
	container 'echo "$HOME"' .
	check "/etc/passwd is a $passwd: no hang" [ $(($(date +%s) - start)) -lt 5 ]
	like "$status:$out" "^(0:/|1:)" "... HOME is / or it is refused"
done
image
awk 'BEGIN { for (i = 0; i < 200000; i++) print "user" i ":x:" i + 1000 ":0::/home/" i ":/bin/sh" }' >$rootfs/etc/passwd.new
mv $rootfs/etc/passwd.new $rootfs/etc/passwd
container 'echo "$HOME"' '.process.user.uid=2000'
like "$out" '^/(home/1000)?$' "a passwd of 200000 lines"
image
rm $rootfs/etc/passwd
printf 'root:x:0:0:root:/ho\001me\nroot:x:0:0::/second:\n' >$rootfs/etc/passwd
container 'echo "$HOME" | tr -d "\001"' .
is "$status" 0 "an odd passwd"
printf 'root:x:0:0:root:relative/home:/bin/sh\n' >$rootfs/etc/passwd
container 'true' .
is "$status" 0 "a relative home"

# sysfs and groups: read-only for a container in a user namespace without a cgroup namespace (CVE-2023-25809)
rootfs=$T/rootfs
container 'cat /proc/self/mountinfo; for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do [ ! -e $f ] || { (: >>$f) 2>/dev/null && echo "writable $f"; }; done' \
	'.linux.namespaces+=[{type:"user"}]|.linux.uidMappings=[{containerID:0,hostID:0,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:0,size:65536}]|.mounts[5]={destination:"/sys",type:"bind",source:"/sys",options:["rbind","ro"]}|.mounts+=[{destination:"/sys/fs/cgroup",type:"cgroup",source:"cgroup",options:["ro"]}]'
unlike "$out" "^writable" "the container's groups are not writable through /sys/fs/cgroup"

# what the state folder shows
sleeper
is "$(find $STATE -mindepth 1 -perm /077 ! -type p ! -type l)" "" "nothing in the state folder is for others"
remove "$id"
finish
