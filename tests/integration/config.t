#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config.json: the rules that hold for every property (runtime-spec config.md), refused and accepted documents.
. "$(dirname "$0")/lib.sh"

# versions
for version in 1.0.0 1.0.2 1.0.2-dev 1.1.0 1.2.1 1.3.0 1.3.0+dev 1.99.0 1.0.0-rc5; do
	accepted ".ociVersion=\"$version\"" "ociVersion $version"
done
for version in 2.0.0 0.2.0 '' x 1 1.0 1.0.0.0 v1.0.0 '1.0.0 ' ' 1.0.0' 10.0.0 1.a.0 -1.0.0; do
	refused ".ociVersion=\"$version\"" ociVersion "ociVersion '$version'"
done
refused 'del(.ociVersion)' ociVersion "no ociVersion"
refused '.ociVersion=1' ociVersion "ociVersion as a number"

# what is unknown is ignored
accepted '.unknown={"a":[1,2]}|.process.unknown=7|.linux.unknown=null|.root.unknown="x"|.mounts[0].unknown={}|.linux.resources.unknown=1' \
	"unknown properties everywhere"
accepted '.annotations={"a":"b","":""}|del(.annotations[""])' "annotations"
accepted '.windows={}|.solaris={}|.vm={}|.zos={}' "other platforms' objects"

# shape: wrong types, by path
while read -r path value; do
	refused "$path=$value" "$(echo "${path#.}" | sed 's/[][]/./g; s/^hooks\..*/hooks/')" "$path=$value"
done <<'END'
.process.args "true"
.process.args []
.process.args [1]
.process.args null
.process.env {}
.process.env ["a","b",3]
.process.cwd 1
.process.cwd ""
.process.cwd "relative"
.process.user []
.process.user.uid -1
.process.user.uid "0"
.process.user.uid 4294967296
.process.user.uid 1.5
.process.user.gid -1
.process.user.additionalGids {}
.process.user.additionalGids [-1]
.process.user.umask -1
.process.user.umask "022"
.process.terminal 1
.process.terminal "true"
.process.noNewPrivileges "yes"
.process.oomScoreAdj 1001
.process.oomScoreAdj -1001
.process.oomScoreAdj "5"
.process.capabilities []
.process.capabilities -1
.process.capabilities.bounding "CAP_KILL"
.process.capabilities.effective [1]
.process.rlimits {}
.process.rlimits[0] {"type":"RLIMIT_NOSUCH","soft":1,"hard":1}
.process.rlimits[0] {"type":"RLIMIT_NOFILE","soft":1}
.process.rlimits[0] {"type":"RLIMIT_NOFILE","soft":-1,"hard":1}
.process.rlimits[0] {"type":"RLIMIT_NOFILE","soft":2,"hard":1}
.process.scheduler {"policy":"SCHED_NOSUCH"}
.root []
.root.path 1
.root.path ""
.root.path "/no/such/rootfs"
.root.readonly "true"
.hostname 1
.mounts {}
.mounts[0] "x"
.mounts[0].destination 1
.mounts[0].options "ro"
.mounts[0].options [1]
.mounts[0].type 1
.hooks []
.hooks.poststart {}
.annotations []
.annotations {"a":1}
.linux []
.linux.namespaces {}
.linux.namespaces[0] {}
.linux.namespaces[0].type "foo"
.linux.namespaces[0].type 1
.linux.namespaces[0].path "relative"
.linux.devices {}
.linux.devices[0] {"path":"/dev/x","type":"z","major":1,"minor":3}
.linux.devices[0] {"path":"/dev/x","type":"c","major":1}
.linux.devices[0] {"path":"/dev/x","type":"c","major":"1","minor":3}
.linux.devices[0] {"path":"dev/x","type":"c","major":1,"minor":3}
.linux.devices[0] {"type":"c","major":1,"minor":3}
.linux.maskedPaths "/proc/kcore"
.linux.maskedPaths[0] "relative"
.linux.readonlyPaths[0] 1
.linux.cgroupsPath 1
.linux.rootfsPropagation "nonsense"
.linux.resources []
.linux.resources.devices {}
.linux.resources.devices[0] {"allow":"yes","access":"rwm"}
.linux.resources.devices[0] {"allow":true,"type":"c","access":"x"}
.linux.resources.devices[0] {"allow":true,"type":"x","access":"r"}
.linux.resources.memory []
.linux.resources.memory.limit "1"
.linux.resources.memory.limit 1.5
.linux.resources.memory.limit 9223372036854775808
.linux.resources.pids {}
.linux.resources.pids.limit "max"
.linux.resources.cpu.shares -1
.linux.resources.cpu.quota "5"
.linux.resources.cpu.cpus 0
.linux.resources.unified {"memory.high":1}
.linux.resources.unified {"../x":"1"}
.linux.sysctl []
.linux.sysctl {"net.ipv4.ip_forward":1}
.linux.seccomp []
.linux.seccomp {}
.linux.seccomp {"defaultAction":"SCMP_ACT_NOSUCH"}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_NOSUCH"]}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","flags":["NOSUCH"]}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO"}]}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_ERRNO"}]}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}
.linux.seccomp {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"NOSUCH"}]}]}
.linux.personality {"domain":"NOSUCH"}
.linux.personality {}
.linux.uidMappings {}
END

# the document itself
valid() {
	base_config | jq --arg rootfs $T/rootfs '.root.path=$rootfs|.linux.cgroupsPath="/document"'
}
document() { # PATTERN NAME: $T/document is config.json
	new_id
	mkdir -p "$BUNDLES/$id"
	cp $T/document "$BUNDLES/$id/config.json"
	run cruet create --bundle "$BUNDLES/$id" "$id"
	expect_refusal "$1" "a document: $2"
}
changed() { # SED-EXPRESSION PATTERN NAME
	valid | sed "$1" >$T/document
	if valid | cmp -s - $T/document; then fail "nothing changed: $1"; else document "$2" "$3"; fi
}
: >$T/document && document . "nothing"
echo null >$T/document && document . "null"
echo '[]' >$T/document && document . "an array"
echo '"x"' >$T/document && document . "a string"
printf '{' >$T/document && document . "cut short"
(valid && valid) >$T/document && document . "two in one file"
(valid && echo x) >$T/document && document . "garbage behind it"
changed 's/"hostname": "box"/"hostname": "box", "hostname": "box"/' "hostname" "a key twice"
changed 's/"uid": 0/"uid": 0, "uid": 0/' "process.user.uid" "a key twice, further down"
changed 's/"hostname": "box"/"unknown": 1, "unknown": 2/' "unknown" "an unknown key twice"
changed 's/"hostname": "box"/"hostname": "b\x80x"/' "UTF-8" "invalid UTF-8"
changed 's/"hostname": "box"/"hostname": "b\xc0\x80x"/' "UTF-8" "overlong UTF-8"
changed 's/"hostname": "box"/"hostname": "b\\ud800x"/' "." "half a surrogate pair"
changed 's/"hostname": "box"/"hostname": "b\\u0000x"/' "hostname|NUL|u0000" "NUL in a string"
changed 's/"hostname": "box"/"hostname": "box",/' . "a comma too many"
changed 's/"uid": 0/"uid": 00/' . "a number with a leading zero"
changed "s/\"hostname\"/'hostname'/" . "single quotes"
changed 's/"hostname": "box"/"x": +1/' . "a number with a plus"
changed 's/"hostname": "box"/"x": .5/' . "a number that begins with a dot"
changed 's/"hostname": "box"/"x": NaN/' . "NaN"
changed 's/"hostname": "box"/"x": tru/' . "half a word"
changed 's/"hostname": "box"/"x": "a\tb"/' . "a tab inside a string"
changed 's/"hostname": "box"/\/* comment *\/ "hostname": "box"/' . "a comment"
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "[" }' >$T/document && document "deep|nest" "1000000 brackets"
awk 'BEGIN { printf "{\"a\":"; for (i = 0; i < 3000; i++) printf "["; for (i = 0; i < 3000; i++) printf "]"; print "}" }' >$T/document
document "deep|nest" "3000 nested arrays"
(valid | sed '$d' && yes ' ' | head -c 40000000 && echo '}') >$T/document && document . "a document of 20 MB"
: >$T/document
new_id
rm -f "$BUNDLES/$id/config.json"
mkdir -p "$BUNDLES/$id/config.json"
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal "config.json" "config.json that is a folder"
new_id
mkdir -p "$BUNDLES/$id"
mkfifo "$BUNDLES/$id/config.json"
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal "config.json" "config.json that is a fifo"
container 'echo "$WORD"' '.process.env+=["WORD=\u00e4\ud83d\ude00 \"\\\t"]'
is "$out" "$(printf '\303\244\360\237\230\200 "\\\t')" "escapes and other alphabets arrive"
new_id
base_config | jq --arg r $T/rootfs '.root.path=$r|.process.args=["true"]|.process.env=["PATH=/bin",range(100000)|"V\(.)=x"]' >$T/many
mkdir -p "$BUNDLES/$id" && cp $T/many "$BUNDLES/$id/config.json"
start=$(date +%s)
run cruet run --bundle "$BUNDLES/$id" "$id"
unlike "$status" '^(137|139|134)$' "100000 environment entries neither hang nor crash"
check "... nor take long" [ $(($(date +%s) - start)) -le 5 ]
remove "$id"

# duplicates
refused '.linux.namespaces+=[{type:"pid"}]' "namespace.*(pid|twice|duplicate)" "a namespace type twice"
refused '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:10,hard:10},{type:"RLIMIT_NOFILE",soft:10,hard:10}]' "rlimit.*|RLIMIT_NOFILE" "a limit twice"

# process may be missing: create works, start fails
new_id
bundle "$id" 'del(.process)'
run cruet create --bundle "$BUNDLES/$id" "$id"
is "$status" 0 "create without process"
is "$(state_of "$id")" created "it is created"
run cruet start "$id"
failed 1 "process" "start without process fails"
is "$(state_of "$id")" created "and it stays as it was"
remove "$id"
is_clean "$id" "nothing is left"
refused 'del(.root)' root "no root"

# what is warned about only
container 'grep CapBnd /proc/self/status' '.process.capabilities.bounding+=["CAP_NO_SUCH","CAP_SYS_RESOURCE"]'
is "$status" 0 "an unknown capability is no error"
like "$err" "CAP_NO_SUCH" "it is warned about"
container 'exit 7' '.mounts+=[{destination:"relative/folder",type:"tmpfs",source:"tmpfs"}]'
is "$status" 7 "a relative mount destination is taken from /"

# without linux
container 'exit 7' 'del(.linux)|.mounts|=map(select(.destination=="/nothing"))|del(.hostname)|.process.capabilities={}|del(.process.capabilities)|.root.readonly=false'
is "$status" 7 "a configuration without linux"

# values
refused '.linux.resources.unified={"memory.high":"1"}' "unified|cgroup|memory.high" "unified on cgroup v1"
refused '.hostname="x"|.linux.namespaces|=map(select(.type!="uts"))' "hostname|uts" "hostname without a UTS namespace"
refused '.domainname="x"|del(.hostname)|.linux.namespaces|=map(select(.type!="uts"))' "domainname|uts" "domainname without a UTS namespace"
refused '.process.env=["A=b","novalue"]' "env" "an environment entry without ="
refused '.process.env=["=b"]' "env" "an environment entry without a name"
refused '.process.selinuxLabel="a:b:c:d"' "selinux" "an SELinux label that the kernel cannot apply"
refused '.process.apparmorProfile="no-such-profile"' "apparmor" "an AppArmor profile that the kernel cannot apply"
refused '.mounts+=[{destination:"/t",type:"tmpfs",source:"t",options:["no-such-option"]}]' "mount|/t|no-such-option" "a mount option that the kernel does not know"
# what this build does not offer is refused by the name of its symbol
while read -r symbol filter; do
	refused "$filter" "CONFIG_$symbol is not set" "$filter"
done <<'END'
TIME_NAMESPACE .linux.namespaces+=[{type:"time"}]
TIME_NAMESPACE .linux.timeOffsets={monotonic:{secs:1}}|.linux.namespaces+=[{type:"time"}]
IDMAP_MOUNTS .mounts+=[{destination:"/mnt",type:"bind",source:"/run",options:["bind","idmap"]}]
IDMAP_MOUNTS .mounts+=[{destination:"/mnt",type:"bind",source:"/run",options:["bind","ridmap"]}]
RECURSIVE_ATTRIBUTES .mounts+=[{destination:"/mnt",type:"bind",source:"/run",options:["rbind","rro"]}]
NETDEVICES .linux.netDevices={eth0:{name:"eth1"}}
IO_PRIORITY .process.ioPriority={class:"IOPRIO_CLASS_IDLE"}
EXEC_AFFINITY .process.execCPUAffinity={initial:"0"}
INTEL_RDT .linux.intelRdt={closID:"x"}
MEMORY_POLICY .linux.memoryPolicy={mode:"MPOL_BIND",nodes:"0"}
RDMA .linux.resources.rdma={"mlx5_1":{hcaHandles:3}}
END
refused '.linux.resources.blockIO={leafWeight:10}' "leafWeight" "leafWeight"
refused '.linux.timeOffsets={monotonic:{secs:1}}' "timeOffsets|time" "timeOffsets without a time namespace"
finish
