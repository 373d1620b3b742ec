#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The container's file system: mounts and their options, propagation, devices, masked and read-only paths.
. "$(dirname "$0")/lib.sh"

# options of the mount on a path, from the container's mountinfo in $out
options_of() { say "$out" | awk -v path="$1" '$5 == path { line = $6 } END { print line }'; }
super_of() { say "$out" | awk -v path="$1" '$5 == path { line = $NF } END { print line }'; }
fields_of() { say "$out" | awk -v path="$1" '$5 == path { line = ""; for (i = 7; $i != "-"; i++) line = line $i " " } END { sub(/ $/, "", line); print line }'; }
has_options() { # PATH OPTION... : all of them
	path=$1
	shift
	for option; do
		case ",$(options_of "$path"),$(super_of "$path")," in *",$option,"*) ;; *) return 1 ;; esac
	done
}
lacks_options() {
	path=$1
	shift
	for option; do
		case ",$(options_of "$path")," in *",$option,"*) return 1 ;; esac
	done
}

# root
container 'cat /proc/self/mountinfo; touch /x && echo written'
check "root.readonly: the mount says so" has_options / ro
unlike "$out" written "root.readonly: nothing can be written"
container 'cat /proc/self/mountinfo; touch /written && echo written; rm /written' '.root.readonly=false'
check "root.readonly false" has_options / rw
like "$out" written "root.readonly false: it can be written"
container 'ls /proc/1/root/ >/dev/null; cd /; cd ..; pwd; ls -d run/t 2>&1; grep -c . /proc/self/mountinfo'
is "$(say "$out" | sed -n '1p;2p')" "$(printf '/\nls: run/t: No such file or directory')" "nothing of the host's tree is left"
container 'awk "{ print \$5 }" /proc/self/mountinfo | sort | uniq -d'
is "$out" "" "no mount is hidden below another"

# each option word: the effect on a tmpfs and on a bind mount
option() { # OPTIONS... with the last as "has X" or "lacks X" list, for tmpfs
	container 'cat /proc/self/mountinfo' ".mounts+=[{destination:\"/mnt\",type:\"tmpfs\",source:\"t\",options:[$1]}]"
	case $2 in
	has*) check "tmpfs with $1: $2" has_options /mnt "${2#has }" ;;
	*) check "tmpfs with $1: $2" lacks_options /mnt "${2#lacks }" ;;
	esac
}
while read -r options wanted; do
	option "$options" "$wanted"
done <<'END'
"ro" has ro
"rw" has rw
"ro","rw" has rw
"nosuid" has nosuid
"nosuid","suid" lacks nosuid
"nodev" has nodev
"nodev","dev" lacks nodev
"noexec" has noexec
"noexec","exec" lacks noexec
"sync" has sync
"sync","async" lacks sync
"dirsync" has dirsync
"noatime" has noatime
"noatime","atime" lacks noatime
"nodiratime" has nodiratime
"nodiratime","diratime" lacks nodiratime
"relatime" has relatime
"strictatime" lacks relatime
"strictatime" lacks noatime
"noatime","norelatime" has noatime
"defaults" has rw
"lazytime" has lazytime
"lazytime","nolazytime" lacks lazytime
"nosymfollow" has nosymfollow
"nosymfollow","symfollow" lacks nosymfollow
"silent" has rw
"loud" has rw
"mode=700" has mode=700
"size=64k","mode=711" has size=64k
"nr_inodes=77" has nr_inodes=77
"nostrictatime" has relatime
"iversion" has rw
"noiversion" has rw
"nomand" has rw
END

mkdir -p $T/source/sub $T/outer
echo content >$T/source/file
mount -t tmpfs -o nodev inner $T/source/sub
mounts_before=$(mounts)
bind() { container "$1" ".mounts+=[{destination:\"/mnt\",type:\"${3:-bind}\",source:\"$T/source\",options:[$2]}]"; }
bind 'cat /mnt/file; cat /proc/self/mountinfo' '"bind"'
like "$out" '^content' "a bind mount"
is "$(options_of /mnt/sub)" "" "bind is not recursive"
bind 'cat /proc/self/mountinfo' '"rbind"'
unlike "$(options_of /mnt/sub)" '^$' "rbind is"
bind 'cat /mnt/file' '"bind"' none
is "$out" content "type none with bind"
container 'cat /mnt/file' ".mounts+=[{destination:\"/mnt\",source:\"$T/source\",options:[\"bind\"]}]"
is "$out" content "no type with bind"
for options in '"bind","ro"' '"rbind","ro"' '"ro","bind"'; do
	bind 'cat /proc/self/mountinfo; touch /mnt/x 2>&1' "$options"
	check "$options: ro" has_options /mnt ro
	like "$out" 'Read-only' "$options: nothing can be written"
done
bind 'cat /proc/self/mountinfo' '"bind","nosuid","nodev","noexec","noatime"'
check "bind with nosuid, nodev, noexec, noatime" has_options /mnt nosuid nodev noexec noatime
bind 'cat /proc/self/mountinfo' '"rbind","rprivate","nosuid","ro"'
check "rbind with ro and nosuid" has_options /mnt nosuid ro
is "$(grep " $T/source " /proc/self/mountinfo)" "" "the source is not changed by it"
mount --bind -o nosuid,nodev $T/source $T/outer
mount -o remount,bind,nosuid,nodev $T/outer
mounts_before=$(mounts)
container 'cat /proc/self/mountinfo' ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/outer\",options:[\"bind\"]}]"
check "a bind mount keeps the flags of its source" has_options /mnt nosuid nodev
container 'cat /proc/self/mountinfo' ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/outer\",options:[\"bind\",\"ro\"]}]"
check "ro" has_options /mnt ro
umount $T/outer
mounts_before=$(mounts)
container 'cat /f' ".mounts+=[{destination:\"/f\",type:\"bind\",source:\"$T/source/file\",options:[\"bind\",\"ro\"]}]"
is "$out" content "a file is bound on a file that is made"
container 'exit 0' ".mounts+=[{destination:\"/f2\",type:\"bind\",source:\"/no/such\",options:[\"bind\"]}]"
failed 1 "no such file or directory" "a bind source that is missing"
like "$err" "/no/such" "... is named"
is_clean "$id" "nothing is left"
container 'cat /mnt/file' '.mounts+=[{destination:"/mnt",type:"bind",source:"relative",options:["bind"]}]'
failed 1 "relative" "a relative bind source that is missing"
new_id
script_bundle "$id" 'cat /mnt/file' '.mounts+=[{destination:"/mnt",type:"bind",source:"relative",options:["bind"]}]'
mkdir "$BUNDLES/$id/relative" && echo bundle >"$BUNDLES/$id/relative/file"
run cruet run --bundle "$BUNDLES/$id" "$id"
is "$out" bundle "a relative bind source is relative to the bundle"
ln -s $T/source $T/link
container 'cat /mnt/file' ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/link\",options:[\"bind\"]}]"
is "$out" content "a bind source that is a symbolic link"

# order, nesting, destinations
container 'ls /a; ls /a/b' '.mounts+=[{destination:"/a",type:"tmpfs",source:"t"},{destination:"/a/b",type:"tmpfs",source:"t"},{destination:"/a/b/c",type:"tmpfs",source:"t"}]|.root.readonly=false'
is "$out" "$(printf 'b\nc')" "mounts in the listed order, with mount points made as needed"
container 'ls /a' '.mounts+=[{destination:"/a/b",type:"tmpfs",source:"t"},{destination:"/a",type:"tmpfs",source:"t"}]'
is "$out" "" "a later mount covers an earlier one"
container 'stat -c %a /a/b /a' '.mounts+=[{destination:"/a/b",type:"tmpfs",source:"t",options:["mode=1777"]}]'
is "$out" "$(printf '1777\n755')" "folders that are made are 0755"
container 'cat /proc/self/mountinfo' '.mounts+=[{destination:"//x/./y/../z//",type:"tmpfs",source:"t"}]'
unlike "$(options_of /x/z)" '^$' "a destination with . and .. and //"
container 'cat /proc/self/mountinfo' '.mounts+=[{destination:"/../../up",type:"tmpfs",source:"t"}]'
unlike "$(options_of /up)" '^$' "a destination above / is below it"
refused '.mounts+=[{destination:"/",type:"tmpfs",source:"t"}]' "mount|root|destination" "a mount over the root"
ln -s usr/real $T/rootfs/alias
mkdir -p $T/rootfs/usr/real
container 'cat /proc/self/mountinfo' '.mounts+=[{destination:"/alias/in",type:"tmpfs",source:"t"}]'
unlike "$(options_of /usr/real/in)" '^$' "a symbolic link in the destination is followed inside the root"

# tmpfs mode
mkdir -m 1751 $T/rootfs/odd
chown 12:34 $T/rootfs/odd
container 'stat -c %a /odd' '.mounts+=[{destination:"/odd",type:"tmpfs",source:"t"}]'
is "$out" 1751 "a tmpfs takes the mode of the folder it covers"
container 'stat -c %a /odd' '.mounts+=[{destination:"/odd",type:"tmpfs",source:"t",options:["mode=0700"]}]'
is "$out" 700 "unless a mode is given"
container 'stat -c %a:%u:%g /odd' '.mounts+=[{destination:"/odd",type:"tmpfs",source:"t",options:["uid=5","gid=6","mode=0750"]}]'
is "$out" 750:5:6 "uid and gid"
container 'cat /proc/self/mountinfo; cat /odd/x 2>&1; touch /odd/x 2>&1' '.mounts+=[{destination:"/odd",type:"tmpfs",source:"t",options:["ro"]}]'
check "a read-only tmpfs" has_options /odd ro
like "$out" "Read-only" "is one"

# tmpcopyup
echo there >$T/rootfs/odd/file
mkdir $T/rootfs/odd/sub
ln -s file $T/rootfs/odd/link
chmod 640 $T/rootfs/odd/file
container 'stat -c %a:%F /odd/file /odd/sub /odd/link; cat /odd/link; stat -f -c %T /odd; echo x >/odd/file' \
	'.mounts+=[{destination:"/odd",type:"tmpfs",source:"t",options:["tmpcopyup"]}]'
case $err in
*CONFIG_*) skip "not in this build" tmpcopyup ;;
*) is "$out" "$(printf '640:regular file\n755:directory\n777:symbolic link\nthere\ntmpfs')" "tmpcopyup" ;;
esac
is "$(cat $T/rootfs/odd/file)" there "what is copied is a copy"
rm -r $T/rootfs/odd/file $T/rootfs/odd/sub $T/rootfs/odd/link

# propagation
for word in private rprivate slave rslave shared rshared unbindable runbindable; do
	container 'cat /proc/self/mountinfo' ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/source\",options:[\"rbind\",\"$word\"]}]"
	case $word in *shared) wanted='shared:' ;; *unbindable) wanted='unbindable' ;; *) wanted='^$' ;; esac
	like "$(fields_of /mnt)" "$wanted" "propagation $word"
done
propagation() { # ROOTFS-PROPAGATION PATTERN
	container 'cat /proc/self/mountinfo' ".linux.rootfsPropagation=\"$1\""
	like "$(fields_of /)" "$2" "rootfsPropagation $1"
}
propagation private '^$'
propagation rprivate '^$'
propagation shared 'shared:'
propagation rshared 'shared:'
propagation unbindable unbindable
propagation slave '^(master:.*)?$'
propagation rslave '^(master:.*)?$'
# a shared source: mounts made on the host later appear with slave, not with private; none comes out of the container
mkdir -p $T/live
mount -t tmpfs live $T/live
mount --make-shared $T/live
mkdir $T/live/in $T/live/out
mounts_before=$(mounts)
for word in rslave rshared rprivate; do
	root=rslave
	[ $word != rshared ] || root=rshared
	sleeper ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/live\",options:[\"rbind\",\"$word\"]}]|.linux.rootfsPropagation=\"$root\"|.process.capabilities.bounding+=[\"CAP_SYS_ADMIN\"]|.process.capabilities.effective+=[\"CAP_SYS_ADMIN\"]|.process.capabilities.permitted+=[\"CAP_SYS_ADMIN\"]"
	mount -t tmpfs late $T/live/in
	run cruet exec "$id" sh -c 'grep -c " /mnt/in " /proc/self/mountinfo; mount -t tmpfs t /mnt/out; true'
	case $word in rprivate) wanted=0 ;; *) wanted=1 ;; esac
	is "$out" $wanted "$word: a later mount of the host is seen $wanted times"
	case $word in rshared) wanted=1 ;; *) wanted=0 ;; esac
	is "$(grep -c " $T/live/out " /proc/self/mountinfo)" $wanted "$word: a mount of the container is seen outside $wanted times"
	remove "$id"
	umount $T/live/in
	umount $T/live/out 2>/dev/null
done
umount $T/live
mounts_before=$(mounts)

# devices
container 'ls -l /dev | awk "{ print \$1, \$5 \$6, \$NF }"; stat -c "%t:%T %a %n" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty'
is "$(say "$out" | tail -n 6)" "$(printf '1:3 666 /dev/null\n1:5 666 /dev/zero\n1:7 666 /dev/full\n1:8 666 /dev/random\n1:9 666 /dev/urandom\n5:0 666 /dev/tty')" "the default devices"
container 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
is "$out" "$(printf '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx')" "the default links"
container 'echo x >/dev/null && head -c 3 /dev/zero | wc -c; head -c 2 /dev/urandom | wc -c; echo x 2>/dev/null >/dev/full || echo full'
is "$out" "$(printf '3\n2\nfull')" "and they work"
DEVICE='.linux.resources.devices=[{allow:true,access:"rwm"}]|.linux.devices='
container 'stat -c "%F %t:%T %a %u:%g %n" /dev/one /dev/deep/two /dev/pipe /dev/plain' "$DEVICE"'[{path:"/dev/one",type:"c",major:1,minor:5,fileMode:384,uid:3,gid:4},{path:"/dev/deep/two",type:"b",major:7,minor:9,fileMode:416},{path:"/dev/pipe",type:"p",fileMode:438},{path:"/dev/plain",type:"u",major:1,minor:7}]'
is "$out" "$(printf 'character special file 1:5 600 3:4 /dev/one\nblock special file 7:9 640 0:0 /dev/deep/two\nfifo 0:0 666 0:0 /dev/pipe\ncharacter special file 1:7 666 0:0 /dev/plain')" "devices: type, numbers, mode, owner"
container 'stat -c "%t:%T" /dev/null' "$DEVICE"'[{path:"/dev/null",type:"c",major:1,minor:3,fileMode:8630,uid:0,gid:0}]'
is "$status:$out" 0:1:3 "a default device listed again"
mkdir -p $T/rootfs/nodes
echo file >$T/rootfs/nodes/file
mknod $T/rootfs/nodes/zero c 1 5
mknod $T/rootfs/nodes/null c 1 3
refused "$DEVICE"'[{path:"/nodes/file",type:"c",major:1,minor:3}]' "devices.*(/nodes/file|exist)|/nodes/file" "a device whose path is a file"
refused "$DEVICE"'[{path:"/nodes/zero",type:"c",major:1,minor:3}]' "/nodes/zero" "a device whose path is another device"
refused "$DEVICE"'[{path:"/etc",type:"c",major:1,minor:3}]' "/etc" "a device whose path is a folder"
container 'exit 4' "$DEVICE"'[{path:"/nodes/null",type:"c",major:1,minor:3}]'
is "$status" 4 "a device that is there already"
mkdir -p $T/hostdev
mount -t tmpfs hostdev $T/hostdev
mknod $T/hostdev/null c 1 3
mkdir $T/hostdev/pts $T/hostdev/shm $T/hostdev/mqueue
mounts_before=$(mounts)
container 'ls /dev' ".mounts[1]={destination:\"/dev\",type:\"bind\",source:\"$T/hostdev\",options:[\"rbind\"]}"
is "$(cd $T/hostdev && find . -mindepth 1 | sort | tr '\n' ' ')" "./mqueue ./null ./pts ./shm " "a /dev that is bound from the host is left as it is"
umount $T/hostdev
mounts_before=$(mounts)

# masked and read-only paths
echo secret >$T/rootfs/etc/secret
mkdir -p $T/rootfs/etc/secrets
echo secret >$T/rootfs/etc/secrets/one
MASK='.linux.maskedPaths=["/etc/secret","/etc/secrets","/no/such","/proc/kcore","/proc/timer_list","/sys/firmware"]'
container 'cat /etc/secret | wc -c; ls -A /etc/secrets /sys/firmware | grep -v :; cat /proc/self/mountinfo; touch /etc/secrets/x 2>&1; echo x 2>&1 >/etc/secret; cat /etc/secret | wc -c; stat -c %a /etc/secrets' "$MASK"
is "$status:$(say "$out" | sed -n 1p)" 0:0 "a masked file is empty"
unlike "$out" "^one|acpi|memmap" "a masked folder is empty"
check "and read-only" has_options /etc/secrets ro
like "$out" "touch: /etc/secrets/x: Read-only" "nothing can be written there"
is "$(cat $T/rootfs/etc/secret)" secret "what is masked is not changed"
is "$(say "$out" | tail -n 2 | head -n 1)" 0 "a masked file stays empty"
container 'cat /proc/self/mountinfo; echo x >/etc/shadow2 2>&1; sh -c "echo 1 >/proc/sys/kernel/domainname" 2>&1; ls /etc/secrets' '.root.readonly=false|.linux.readonlyPaths=["/etc","/proc/sys","/no/such","/etc/secret"]'
check "readonlyPaths" has_options /etc ro
check "readonlyPaths in /proc" has_options /proc/sys ro
check "readonlyPaths: a file" has_options /etc/secret ro
unlike "$out" "^$" "they can be read"
check "nothing was written" [ ! -e $T/rootfs/etc/shadow2 ]
container 'cat /proc/self/mountinfo' '.mounts+=[{destination:"/data",type:"tmpfs",source:"t",options:["nosuid","nodev","noexec"]}]|.linux.readonlyPaths=["/data"]'
check "readonlyPaths keep the other flags" has_options /data ro nosuid nodev noexec
i=0
many='['
while [ $i -lt 60 ]; do
	mkdir -p "$T/rootfs/etc/many/$i"
	many="$many\"/etc/many/$i\","
	i=$((i + 1))
done
container 'find /etc/many -mindepth 2; awk "\$5 ~ /^.etc.many/ { print \$3 }" /proc/self/mountinfo | sort -u | wc -l' ".linux.maskedPaths=${many%,}]"
is "$status:$out" "0:1" "60 masked folders share one file system"

# /proc and /sys
container 'stat -f -c %T /proc /sys; cat /proc/sys/kernel/hostname' .
is "$out" "$(printf 'proc\nsysfs\nbox')" "proc and sysfs"
refused '.mounts+=[{destination:"/proc/sys",type:"tmpfs",source:"t"}]' "proc" "a mount below /proc"
refused ".mounts+=[{destination:\"/proc\",type:\"bind\",source:\"$T/source\",options:[\"bind\"]}]" "proc" "a folder bound on /proc"
container 'cat /proc/uptime' ".mounts+=[{destination:\"/proc/uptime\",type:\"bind\",source:\"$T/source/file\",options:[\"bind\"]}]"
is "$out" content "the files that lxcfs covers may be"

# a root that is truly read-only
cp -a $T/rootfs $T/rootfs2
mkdir -p $T/ro
mount --bind $T/rootfs2 $T/ro
mount -o remount,bind,ro $T/ro
mounts_before=$(mounts)
rootfs=$T/ro container 'echo works; cat /proc/self/mountinfo'
like "$status:$out" "0:works" "a root on a read-only file system that has all mount points"
rootfs=$T/ro container 'echo works' '.mounts+=[{destination:"/not/there",type:"tmpfs",source:"t"}]'
failed 1 "/not.*read-only" "and one without says which is missing"
is_clean "$id" "nothing is left"
umount $T/ro
mounts_before=$(mounts)

# no pivot
container 'cat /proc/self/mountinfo; ls /; ls -d /run/t 2>&1; true' . --no-pivot
is "$status" 0 "--no-pivot"
like "$out" '/run/t: No such file' "--no-pivot: the host's tree is out of sight"
umount $T/source/sub
mounts_before=$(mounts)
finish
