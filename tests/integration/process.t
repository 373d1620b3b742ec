#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# process: user, groups, umask, environment, working directory, capabilities, limits, scheduling and the rest.
. "$(dirname "$0")/lib.sh"

# user
container 'echo $(id -u):$(id -g):$(id -G)' '.process.user={uid:1000,gid:1001,additionalGids:[5,6]}'
is "$out" "1000:1001:1001 5 6" "uid, gid, additionalGids"
container 'grep -E "^(Uid|Gid|Groups):" /proc/self/status | tr "\t" " "' '.process.user={uid:7,gid:8}'
is "$out" "$(printf 'Uid: 7 7 7 7\nGid: 8 8 8 8\nGroups:  ')" "all four ids, and no groups of the caller"
container 'id -u' '.process.user={uid:4294967294,gid:4294967294}'
is "$out" 4294967294 "the largest uid"
refused '.process.user={uid:4294967295,gid:0}' "uid" "the uid that means none"
container 'umask' '.process.user.umask=63'
is "$out" 0077 "umask"
container 'umask' .
is "$out" 0022 "umask is 0022 when none is given"

# environment
container 'echo "$A:$B"' '.process.env+=["A=1","A=2","B=x=y"]'
is "$out" "2:x=y" "the last of two environment entries wins; = in a value"
container 'env | grep -c ^A=' '.process.env+=["A=1","A=2"]'
is "$out" 1 "and the first is not there"
container 'echo $HOME' .
is "$out" /root "HOME from the container's passwd"
container 'echo $HOME' '.process.user.uid=1000'
is "$out" /home/user "... of the user"
container 'echo $HOME' '.process.user.uid=77'
is "$out" / "... / for one who is not in it"
container 'echo $HOME' '.process.env+=["HOME=/mine"]'
is "$out" /mine "HOME as configured"
LEAK=secret container 'env' 'del(.process.env)|.process.args[0]="/bin/sh"'
unlike "$out" 'LEAK|secret|TEST_WORK' "nothing of the caller's environment"
container 'echo started' '.process.env=["PATH=/nowhere"]'
failed 1 'executable file not found in \$PATH' "PATH is the container's"
container 'exit 5' '.process.env=[]|.process.args[0]="/bin/sh"'
is "$status" 5 "an empty environment"
mkdir -p $T/rootfs/opt/bin
cp $T/rootfs/bin/busybox $T/rootfs/opt/bin/sh2
container 'exit 5' '.process.env=["PATH=/nowhere::/opt/bin"]|.process.args=["sh2","-c"]|.process.args[0]="/opt/bin/sh2"'
unlike "$status" '^137$' "PATH with empty parts"

# working directory
container pwd '.process.cwd="/etc"'
is "$out" /etc "cwd"
container 'pwd; stat -c %a .' '.process.cwd="/new/deep"|.root.readonly=false'
is "$out" "$(printf '/new/deep\n755')" "cwd is made when it is missing"
container 'pwd' '.process.cwd="/root/.."'
is "$out" / "cwd with .."
chmod 700 $T/rootfs/root
container 'pwd' '.process.cwd="/root"|.process.user.uid=1000'
unlike "$status:$out" '^0:/$' "a cwd the user may not enter is not replaced by another"
container 'pwd' '.process.cwd="/etc/passwd"'
failed 1 "not a directory" "a cwd that is a file"
is_clean "$id" "nothing is left"

# capabilities
caps() { say "$out" | sed -n "s/^Cap$1:.//p"; }
container 'cat /proc/self/status' '.process.capabilities={bounding:["CAP_KILL","CAP_CHOWN"],effective:["CAP_KILL"],permitted:["CAP_KILL","CAP_CHOWN"],inheritable:["CAP_CHOWN"],ambient:["CAP_CHOWN"]}|.process.user.uid=1000'
is "$(caps Bnd) $(caps Prm) $(caps Inh) $(caps Amb)" "0000000000000021 0000000000000001 0000000000000001 0000000000000001" \
	"a user: permitted after execve are the ambient ones"
container 'cat /proc/self/status' '.process.capabilities={bounding:["CAP_KILL","CAP_CHOWN"],effective:["CAP_KILL"],permitted:["CAP_KILL","CAP_CHOWN"],inheritable:["CAP_CHOWN"]}'
is "$(caps Bnd) $(caps Inh) $(caps Amb)" "0000000000000021 0000000000000001 0000000000000000" "root: bounding, inheritable"
container 'cat /proc/self/status' 'del(.process.capabilities)'
is "$(caps Bnd) $(caps Eff) $(caps Prm)" "0000000000000000 0000000000000000 0000000000000000" "without capabilities: none, as with runc"
container 'cat /proc/self/status' '.process.capabilities={}'
is "$(caps Bnd) $(caps Eff) $(caps Prm)" "0000000000000000 0000000000000000 0000000000000000" "an empty object: none"
container 'cat /proc/self/status' '.process.capabilities={bounding:["CAP_KILL","CAP_SYS_RESOURCE","CAP_BPF"],permitted:["CAP_KILL","CAP_SYS_RESOURCE"],effective:["CAP_KILL","CAP_SYS_RESOURCE"]}'
is "$status" 0 "a capability that the caller may lack is no error"
container 'cat /proc/self/status' '.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"],effective:["CAP_KILL"],ambient:["CAP_KILL"]}|.process.user.uid=5'
unlike "$(caps Inh)$(caps Amb)" '[1-9]' "ambient without inheritable is not given"

# no_new_privs
container 'grep NoNewPrivs /proc/self/status | cut -f2' '.process.noNewPrivileges=false'
is "$out" 0 "noNewPrivileges false"
container 'grep NoNewPrivs /proc/self/status | cut -f2' '.process.noNewPrivileges=true'
is "$out" 1 "noNewPrivileges true"

# limits
container 'ulimit -n; ulimit -Hn; ulimit -c; ulimit -t' '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:123,hard:456},{type:"RLIMIT_CORE",soft:0,hard:0},{type:"RLIMIT_CPU",soft:100,hard:200}]'
is "$out" "$(printf '123\n456\n0\n100')" "rlimits"
container 'grep -E "files|stack|locked" /proc/self/limits | tr -s " "' '.process.rlimits=[{type:"RLIMIT_STACK",soft:1048576,hard:"@MAX@"},{type:"RLIMIT_MEMLOCK",soft:4096,hard:8192}]'
like "$out" "stack size 1048576 unlimited" "a limit of 2^64 - 1 is none"
like "$out" "locked memory 4096 8192" "memlock"
for name in AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK; do
	accepted ".process.rlimits=[{type:\"RLIMIT_$name\",soft:0,hard:0}]|if \"$name\"|IN(\"AS\",\"DATA\",\"STACK\",\"CPU\",\"NOFILE\",\"FSIZE\",\"NPROC\") then .process.rlimits[0]+={soft:100000000,hard:100000000} else . end|if \"$name\"==\"NOFILE\" then .process.rlimits[0]+={soft:64,hard:64} else . end|if \"$name\"==\"NPROC\" then .process.rlimits[0]+={soft:1000,hard:1000} else . end" "RLIMIT_$name"
done

# the OOM killer, the scheduler, the personality
container 'cat /proc/self/oom_score_adj' '.process.oomScoreAdj=500'
is "$out" 500 "oomScoreAdj"
before=$(cat /proc/self/oom_score_adj)
container 'cat /proc/self/oom_score_adj' .
is "$out" "$before" "oomScoreAdj is left alone when it is not given"
self() { say "$out" | sed -n "s/^$1=//p"; }
container 'probe self' '.process.scheduler={policy:"SCHED_BATCH",nice:7}'
is "$status:$(self policy):$(self nice)" 0:3:7 "scheduler: SCHED_BATCH, nice"
container 'probe self' '.process.scheduler={policy:"SCHED_OTHER",nice:-3}'
is "$(self policy):$(self nice)" 0:-3 "scheduler: SCHED_OTHER with a negative nice"
container 'probe self' '.process.scheduler={policy:"SCHED_IDLE"}'
is "$(self policy)" 5 "scheduler: SCHED_IDLE"
new_id
script_bundle "$id" 'probe self' '.process.scheduler={policy:"SCHED_FIFO",priority:10}'
for point in $CGROUPS; do [ ! -e "$point/cpu.rt_runtime_us" ] || make_group "$point/$id" cpu; done
run cruet run --bundle "$BUNDLES/$id" "$id"
case $status:$err in
*ermitted*) skip "no real-time budget here" "scheduler: SCHED_FIFO" ;;
*) is "$(self policy):$(self priority)" 1:10 "scheduler: SCHED_FIFO" ;;
esac
remove "$id"
refused '.process.scheduler={policy:"SCHED_OTHER",priority:5}' "priority|scheduler" "scheduler: priority where it has no meaning"
refused '.process.scheduler={policy:"SCHED_FIFO",priority:5,runtime:5}' "runtime|scheduler" "scheduler: runtime where it has no meaning"
refused '.process.scheduler={policy:"SCHED_OTHER",nice:50}' "nice|scheduler" "scheduler: nice out of range"
refused '.process.scheduler={policy:"SCHED_OTHER",flags:["NO_SUCH"]}' "flags|scheduler" "scheduler: an unknown flag"
container 'uname -m; probe self' '.linux.personality={domain:"LINUX32"}'
is "$(self personality)" 0x8 "personality LINUX32"
container 'probe self' '.linux.personality={domain:"LINUX"}'
is "$(self personality)" 0 "personality LINUX"
refused '.linux.personality={domain:"LINUX",flags:["ADDR_NO_RANDOMIZE"]}' "personality" "personality flags"

# the session keyring (KEYCTL_GET_KEYRING_ID of KEY_SPEC_SESSION_KEYRING)
own=$("$TOOLS/probe" syscall keyctl 0 -3 0)
case $own in
E*) skip "the kernel has no keys" "a session keyring of its own" ;;
*)
	KEYRING='.process.args=["probe","syscall","keyctl","0","-3","0"]'
	container . "$KEYRING"
	unlike "$out" "^(E.*|$own)\$" "a session keyring of its own"
	container . "$KEYRING" --no-new-keyring
	is "$out" "$own" "--no-new-keyring: the caller's"
	sleeper
	run cruet exec "$id" probe syscall keyctl 0 -3 0
	unlike "$out" "^(E.*|$own)\$" "exec does not have the caller's"
	first=$out
	run cruet exec "$id" probe syscall keyctl 0 -3 0
	is "$out" "$first" "but the container's, each time"
	remove "$id"
	;;
esac

# what the process must not inherit
container 'probe self'
is "$(self dumpable) $(self pdeathsig) $(self subreaper) $(self keepcaps) $(self securebits)" "1 0 0 0 0" \
	"dumpable, no death signal, no subreaper, no keepcaps, no securebits"
container 'exec probe self'
is "$(self session)" 1 "a session of its own"
container 'exec probe self' '.process.user.uid=1000|.process.noNewPrivileges=false'
is "$(self dumpable) $(self pdeathsig)" "1 0" "the same as a user"
container 'ls -d /proc/[0-9]*; :'
is "$out" /proc/1 "the container sees its own processes alone"
finish
