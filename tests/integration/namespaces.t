#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Namespaces, new and joined, host names, sysctls, user namespaces.
. "$(dirname "$0")/lib.sh"

# new ones, and those that are inherited
for pair in pid:pid network:net mount:mnt ipc:ipc uts:uts cgroup:cgroup; do
	type=${pair%:*} file=${pair#*:}
	container "readlink /proc/self/ns/$file" ".linux.namespaces|=(map(select(.type!=\"$type\"))+[{type:\"$type\"}])"
	unlike "$out" "$(readlink "/proc/self/ns/$file" | tr '[]' '..')" "a new $type namespace"
	like "$out" "^$file:" "... it has one"
	filter=".linux.namespaces|=map(select(.type!=\"$type\"))"
	case $type in
	mount) continue ;;
	pid) filter=$HOST_PIDS ;;
	uts) filter="$filter|del(.hostname)" ;;
	network) filter="$filter|.mounts[5]={destination:\"/sys\",type:\"bind\",source:\"/sys\",options:[\"rbind\",\"ro\"]}" ;;
	ipc) filter="$filter|.mounts|=map(select(.type!=\"mqueue\"))" ;;
	esac
	container "readlink /proc/self/ns/$file" "$filter"
	is "$out" "$(readlink "/proc/self/ns/$file")" "without $type it is the caller's"
done

# joined by path
sleeper '.linux.namespaces+=[{type:"cgroup"}]'
other=$id
pid=$(pid_of "$other")
for pair in pid:pid network:net ipc:ipc uts:uts cgroup:cgroup; do
	type=${pair%:*} file=${pair#*:}
	container "readlink /proc/self/ns/$file" ".linux.namespaces|=(map(select(.type!=\"$type\"))+[{type:\"$type\",path:\"/proc/$pid/ns/$file\"}])|del(.hostname)"
	is "$status:$out" "0:$(readlink "/proc/$pid/ns/$file")" "joins a $type namespace by path"
done
container 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts; readlink /proc/self/ns/pid' \
	".linux.namespaces=[{type:\"mount\"},{type:\"network\",path:\"/proc/$pid/ns/net\"},{type:\"ipc\",path:\"/proc/$pid/ns/ipc\"},{type:\"uts\",path:\"/proc/$pid/ns/uts\"},{type:\"pid\",path:\"/proc/$pid/ns/pid\"}]|del(.hostname)"
is "$out" "$(for f in net ipc uts pid; do readlink "/proc/$pid/ns/$f"; done)" "as a pod: all of another container's"
container 'echo ran' ".linux.namespaces=[{type:\"mount\"},{type:\"pid\",path:\"/proc/$pid/ns/pid\"}]|del(.hostname)|.mounts|=map(select(.type!=\"mqueue\" and .type!=\"sysfs\"))
	|.hooks=([\"prestart\",\"createRuntime\",\"poststart\",\"poststop\"]|map({key:.,value:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"readlink /proc/self/ns/pid >>$T/hooked\"],env:[\"PATH=/bin:/usr/bin\"]}]})|from_entries)"
is "$status:$out:$(sort -u $T/hooked)" "0:ran:$(readlink /proc/self/ns/pid)" "hooks are in the caller's pid namespace all the same"
is "$(wc -l <$T/hooked)" 4 "... all four"
sleeper ".linux.namespaces=[{type:\"mount\"},{type:\"pid\",path:\"/proc/$pid/ns/pid\"}]|del(.hostname)|.mounts|=map(select(.type!=\"mqueue\"))|.mounts[4]={destination:\"/sys\",type:\"bind\",source:\"/sys\",options:[\"rbind\",\"ro\"]}"
run cruet exec "$id" sh -c 'exit 6'
is "$status" 6 "exec in a container with a joined pid namespace"
run cruet delete --force "$id"
is "$status:$(state_of "$other")" 0:running "its end does not end the one it joined"
is_clean "$id" "nothing is left"

# paths of the wrong type, or none at all
refused ".linux.namespaces|=(map(select(.type!=\"network\"))+[{type:\"network\",path:\"/proc/$pid/ns/pid\"}])" "namespaces.*(pid|network)|network.*namespace" "a network namespace whose path is a pid namespace"
refused ".linux.namespaces|=(map(select(.type!=\"uts\"))+[{type:\"uts\",path:\"/proc/$pid/ns/ipc\"}])|del(.hostname)" "uts" "a UTS namespace whose path is an ipc namespace"
refused '.linux.namespaces|=(map(select(.type!="uts"))+[{type:"uts",path:"/etc/passwd"}])|del(.hostname)' "/etc/passwd|uts" "a namespace path that is a file"
refused '.linux.namespaces|=(map(select(.type!="uts"))+[{type:"uts",path:"/no/such"}])|del(.hostname)' "no such file" "a namespace path that is missing"
remove "$other"

# names
container 'hostname; cat /proc/sys/kernel/domainname' '.hostname="host-1"|.domainname="example"'
is "$out" "$(printf 'host-1\nexample')" "hostname and domainname"
container 'hostname' 'del(.hostname)'
is "$out" "$(hostname)" "without hostname it is the caller's"
refused ".hostname=\"$(printf '%065d' 0)\"" "hostname" "a hostname of 65 characters"

# the network: lo is up
container 'ip -o link show lo; ping -c 1 -w 2 127.0.0.1 >/dev/null && echo answered' '.process.capabilities|=map_values(.+["CAP_NET_RAW"])'
like "$out" 'LOOPBACK,UP|<.*UP' "lo is up in a new network namespace"
like "$out" answered "and answers"
container 'ip -o link | wc -l'
is "$out" 1 "nothing but lo is there"

# sysctls
container 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max' '.linux.sysctl={"net.ipv4.ip_forward":"1","kernel.shmmax":"1000000","fs.mqueue.msg_max":"33"}'
is "$out" "$(printf '1\n1000000\n33')" "sysctls of the network and ipc namespaces"
container 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname' '.linux.sysctl={"net/ipv4/ip_forward":"1","kernel/domainname":"dom"}'
is "$out" "$(printf '1\ndom')" "with slashes; of the UTS namespace"
is "$(cat /proc/sys/net/ipv4/ip_forward)" 0 "the caller's network namespace is untouched"
for name in kernel.panic vm.swappiness fs.file-max kernel.hostnamex kernel.core_pattern net fs.mqueue net..ipv4 net.ipv4.../x; do
	refused ".linux.sysctl={\"$name\":\"1\"}" "sysctl" "sysctl $name"
done
for name in net/../kernel/panic net.ipv4/../../kernel/panic net/ipv4/../../vm/swappiness ../net/x /net/ipv4/ip_forward net//../x; do
	refused ".linux.sysctl={\"$name\":\"1\"}" "sysctl" "sysctl $name does not leave its namespace"
done
refused '.linux.sysctl={"net.ipv4.no_such":"1"}' "no_such" "a sysctl that does not exist"
refused '.linux.sysctl={"net.ipv4.ip_forward":"nonsense"}' "ip_forward" "a value that the kernel refuses"
refused '.linux.sysctl={"net.ipv4.ip_forward":"1"}|.linux.namespaces|=map(select(.type!="network"))' "sysctl|network" "a network sysctl without a network namespace"
refused '.linux.sysctl={"kernel.shmmax":"1000"}|.linux.namespaces|=map(select(.type!="ipc"))|.mounts|=map(select(.type!="mqueue"))' "sysctl|ipc" "an ipc sysctl without an ipc namespace"
refused '.linux.sysctl={"net.ipv4.ip_forward":"1"}|.linux.namespaces|=(map(select(.type!="network"))+[{type:"network",path:"/proc/self/ns/net"}])' "sysctl|network" "a network sysctl in the runtime's own namespace by path"

# user namespaces
USERNS='.linux.namespaces+=[{type:"user"}]|.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:200000,size:65536}]|.'
chown -R 100000:200000 $T/rootfs/home
container 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; id -u; id -g; stat -c %u:%g /home; cat /proc/self/setgroups; touch /home/x && stat -c %u /home/x; rm /home/x' "$USERNS|.root.readonly=false"
is "$out" "$(printf ' 0 100000 65536\n 0 200000 65536\n0\n0\n0:0\nallow\n0')" "a user namespace with mappings"
container 'touch /etc/x 2>&1; ls -l /dev/null; echo x >/dev/null && echo works; grep Cap /proc/self/status; cat /proc/self/mountinfo | grep -c .; exit 3' "$USERNS"
is "$status" 3 "starts"
like "$out" works "devices work in a user namespace"
container 'id -G' "$USERNS|.process.user={uid:0,gid:0,additionalGids:[3,4]}"
is "$out" "0 3 4" "additional groups"
container 'id -u; id -g' "$USERNS|.process.user={uid:1000,gid:1000}"
is "$out" "$(printf '1000\n1000')" "another user"
refused "$USERNS|.process.user.uid=70000" "uid|map|user id" "a user who is not mapped"
refused "$USERNS|.process.user.additionalGids=[70000]" "group|gid|map" "a group that is not mapped"
sleeper "$USERNS"
pid=$(pid_of "$id")
is "$(stat -c %u "/proc/$pid")" 100000 "the host sees the mapped user"
run cruet exec "$id" sh -c 'readlink /proc/self/ns/user; id -u; touch /home/y; echo ok'
is "$out" "$(printf '%s\n0\nok' "$(readlink "/proc/$pid/ns/user")")" "exec joins the user namespace"
run cruet exec --user 1000:1000 "$id" id -u
is "$out" 1000 "exec as another user there"
check "delete" cruet delete --force "$id"
is_clean "$id" "nothing is left"
container 'cat /proc/self/uid_map | tr -s " "; id -u' '.linux.namespaces+=[{type:"user"}]'
is "$status:$(say "$out" | tail -n 1)" "0:0" "a user namespace without mappings"
like "$out" '^ 0 0 4294967295$' "is the identity, for root"
sleeper "$USERNS"
other=$id
pid=$(pid_of "$other")
container 'readlink /proc/self/ns/user; id -u' ".linux.namespaces|=map(select(.type!=\"user\"))+[{type:\"user\",path:\"/proc/$pid/ns/user\"}]"
is "$out" "$(printf '%s\n0' "$(readlink "/proc/$pid/ns/user")")" "joins a user namespace by path"
container 'readlink /proc/self/ns/user; readlink /proc/self/ns/net' ".linux.namespaces|=map(select(.type!=\"user\" and .type!=\"network\"))+[{type:\"network\",path:\"/proc/$pid/ns/net\"},{type:\"user\",path:\"/proc/$pid/ns/user\"}]"
is "$out" "$(printf '%s\n%s' "$(readlink "/proc/$pid/ns/user")" "$(readlink "/proc/$pid/ns/net")")" "together with a namespace it owns"
remove "$other"
refused "$USERNS|.linux.uidMappings=[{containerID:0,hostID:0,size:0}]" "uidMappings|map" "a mapping of size 0"
refused "$USERNS|.linux.uidMappings+=[{containerID:0,hostID:0,size:10}]" "uid_map|uidMappings|map" "mappings that overlap"
refused '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' "uidMappings|user namespace" "mappings without a user namespace"
# bind sources that the mapped root cannot reach
mkdir -m 700 $T/closed
mkdir $T/closed/in
echo reached >$T/closed/in/file
chmod 755 $T/closed/in
chmod 644 $T/closed/in/file
container 'cat /mnt/file' "$USERNS|.mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/closed/in\",options:[\"rbind\",\"ro\"]}]"
is "$out" reached "a bind source below a folder that the mapped root may not enter"
mkdir $T/flags
mount -t tmpfs -o nosuid,nodev,noexec flags $T/flags
mounts_before=$(mounts)
container 'grep " /mnt " /proc/self/mountinfo' "$USERNS|.mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/flags\",options:[\"bind\",\"ro\"]}]"
like "$out" ' ro,nosuid,nodev,noexec' "flags that are locked stay when a bind mount is made read-only"
refused "$USERNS|.mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$T/flags\",options:[\"bind\",\"ro\",\"exec\"]}]" "mnt" "one that is cleared on purpose is refused"
umount $T/flags
mounts_before=$(mounts)
finish
