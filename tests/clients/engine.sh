# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016,SC2317,SC2329,SC2086,SC2119,SC2120 # what the caller sets, what
# containers expand, functions called by name, words without spaces, arguments that have a default
#
# The cases that podman and Docker have in common, by the command line that they share. $engine is the
# program; the client's file defines remove (rm -f at once) besides what lib.sh asks for.

make_images() {
	make_image localhost/busybox:latest "$CLIENT_ROOTFS" $T/busybox.tar
	cp -a "$CLIENT_ROOTFS" $T/linked && ln -s /var $T/linked/link
	make_image localhost/linked:latest $T/linked $T/linked.tar
	rm -rf $T/linked
}

run() { $engine run --rm --network none "$@"; }
detached() { $engine run -d --network none --name box "$@"; }
sleeper() { detached "$@" busybox sleep 100; }
pid() { $engine inspect -f '{{.State.Pid}}' "${1:-box}"; }
state() { $engine inspect -f '{{.State.Status}}' "${1:-box}"; }
exit_code() { $engine inspect -f '{{.State.ExitCode}}' box; }
in_state() { [ "$(state box)" = "$1" ]; }
# value CONTROLLER V1-FILE V2-FILE: of the container box
value() { cgroup_file "$(pid)" "$@"; }
# A shell that does this on a signal; the case waits until it can.
trapper() { # SIGNAL ACTION [OPTION...]
	detached "${@:3}" busybox sh -c "trap '$2' $1; echo ready; while :; do sleep 0.1; done"
	eventually logged ready
}
logged() { $engine logs box 2>&1 | grep -q "$1"; }

# ---- run and its exit status ----
c_run_output() { is "$(run busybox echo hello)" hello; }
c_run_exit() { status 7 run busybox sh -c 'exit 7'; }
c_run_enoent() { status 127 run busybox /no/such; }
c_run_not_in_path() { status 127 run busybox nosuchprogram; }
c_run_eacces() { status 126 run busybox /etc/passwd; }
c_run_folder() { status 126 run busybox /etc; }
c_run_usage() { status 125 run --no-such-option busybox true; }
c_run_signal() { sleeper; $engine kill box; is "$($engine wait box)" 137; is "$(exit_code)" 137; }
c_run_crash() { status 139 run --init busybox sh -c 'kill -SEGV $$'; }
c_run_stdin() { is "$(echo text | run -i busybox cat)" text; }
c_run_stdin_long() { is "$(head -c 1000000 /dev/zero | run -i busybox wc -c)" 1000000; }
c_run_output_long() { is "$(run busybox head -c 1000000 /dev/zero | wc -c)" 1000000; }
c_run_env() { like "$(run -e A='b c' busybox env)" '^A=b c$'; like "$(run -e HOME=/x busybox env)" '^HOME=/x$'; }
c_run_env_path() { like "$(run -e PATH=/usr/bin busybox env)" '^PATH=/usr/bin$'; }
c_run_home() { like "$(run busybox env)" '^HOME=/root$'; like "$(run -u 1000 busybox env)" '^HOME=/home/user$'; }
c_run_workdir() { is "$(run -w /var busybox pwd)" /var; }
c_run_entrypoint() { is "$(run --entrypoint /bin/echo busybox a b)" "a b"; }
c_run_hostname() { is "$(run --hostname box busybox hostname)" box; }
c_run_init() {
	like "$(run --init busybox cat /proc/1/cmdline | tr '\0' ' ')" init
	status 6 run --init busybox sh -c 'exit 6'
}
c_run_privileged() {
	like "$(run --privileged busybox grep Seccomp: /proc/self/status)" '0$'
	run --privileged busybox sh -c 'mount -t tmpfs x /mnt && echo 0 > /proc/sys/net/ipv4/ip_forward && ls /dev/fuse'
}
c_run_many() { local i; for i in 1 2 3 4 5; do is "$(run busybox echo $i)" $i; done; }
c_run_at_once() {
	local i
	for i in 1 2 3 4; do run busybox echo $i > "$T/at_once.$i" & done
	wait
	is "$(cat $T/at_once.? | xargs)" "1 2 3 4"
}
c_run_closed_fds() { is "$(run busybox sh -c 'ls /proc/self/fd | wc -l' 7< /dev/null)" 4; }
c_run_umask() { is "$(run busybox sh -c umask)" 0022; }
c_run_label() { sleeper --label a=b; like "$($engine ps --filter label=a=b)" 'sleep 100'; }

# ---- tty ----
in_terminal() { script -qec "$1" /dev/null; }
c_tty() { like "$(run -t busybox sh -c 'test -t 0 && test -t 1 && tty')" '/dev/(pts/0|console)'; }
c_tty_exec() { sleeper; like "$($engine exec -t box tty)" '/dev/pts/'; }
c_tty_size() { like "$(in_terminal "stty rows 31 cols 77; $engine run --rm -it --network none busybox sh -c 'sleep 0.5; stty size'")" '31 77'; }
c_tty_input() {
	like "$( (sleep 1; echo 'echo a$((1+1))'; sleep 0.5; echo exit) |
		in_terminal "$engine run --rm -it --network none busybox sh")" 'a2'
}
c_tty_exec_input() {
	sleeper
	like "$( (sleep 1; echo 'echo a$((1+1))'; sleep 0.5; echo exit) | in_terminal "$engine exec -it box sh")" 'a2'
}
c_tty_exit() { in_terminal "$engine run --rm -it --network none busybox sh -c 'exit 4'" || got=$?; is "$got" 4; }
c_tty_no() { fails run busybox tty; }
c_tty_detach() {
	(eventually in_state running; sleep 0.3; printf '\020'; sleep 0.3; printf '\021'; sleep 0.5) | in_terminal "$engine run -it --name box --network none busybox sleep 100"
	is "$(state)" running
}
c_tty_owner() { is "$(run -t -u 1000 busybox sh -c 'stat -c %u $(tty); echo x > /dev/stdout' | head -n 1 | tr -d '\r')" 1000; }

# ---- detached, logs, attach ----
c_detach() { sleeper; is "$(state)" running; like "$($engine ps)" 'sleep 100'; }
c_detach_wait() { detached busybox sh -c 'sleep 0.5; exit 3'; is "$($engine wait box)" 3; }
c_logs() {
	detached busybox sh -c 'echo out; echo err >&2'
	$engine wait box
	is "$($engine logs box 2> /dev/null)" out
	is "$($engine logs box 2>&1 > /dev/null)" err
}
c_logs_follow() { detached busybox sh -c 'for i in 1 2 3; do echo line$i; sleep 0.2; done'; is "$($engine logs -f box | tail -n 1)" line3; }
c_attach() { detached busybox sh -c 'sleep 1; echo late; sleep 0.3'; like "$($engine attach box)" late; }
c_create_start() { $engine create --name box --network none busybox echo made; is "$(state)" created; is "$($engine start -a box)" made; }
c_create_remove() { $engine create --name box --network none busybox true; $engine rm box; fails $engine container inspect box; }
c_start_again() {
	detached busybox sh -c 'echo x >> /count'
	$engine wait box; $engine start box; $engine wait box
	$engine cp box:/count $T/count; is "$(wc -l < $T/count)" 2
}
c_bad_start() { status 127 $engine run -d --name box --network none busybox /no/such; is "$(state)" created; }

# ---- exec ----
c_exec() { sleeper; is "$($engine exec box echo hi)" hi; }
c_exec_exit() { sleeper; status 9 $engine exec box sh -c 'exit 9'; }
c_exec_eacces() { sleeper; status 126 $engine exec box /etc/passwd; status 126 $engine exec box /etc; }
c_exec_signal() { sleeper; status 143 $engine exec box sh -c 'kill $$'; }
c_exec_user() { sleeper; is "$($engine exec -u 1000:1001 box sh -c 'id -u; id -g' | xargs)" "1000 1001"; }
c_exec_user_name() { sleeper; is "$($engine exec -u user box sh -c 'id -un; echo $HOME' | xargs)" "user /home/user"; }
c_exec_groups() { sleeper --group-add 5000; like "$($engine exec box id -G)" 5000; }
c_exec_env() { sleeper -e A=1; is "$($engine exec -e B=2 box sh -c 'echo $A$B')" 12; }
c_exec_path() { sleeper; is "$($engine exec -e PATH=/sbin:/bin box sh -c 'echo $PATH')" /sbin:/bin; }
c_exec_workdir() { sleeper; is "$($engine exec -w /tmp box pwd)" /tmp; }
c_exec_stdin() { sleeper; is "$(echo text | $engine exec -i box cat)" text; }
c_exec_detached() { sleeper; $engine exec -d box sh -c 'echo x > /done'; eventually $engine exec box test -e /done; }
c_exec_privileged() { sleeper; like "$($engine exec --privileged box grep CapEff /proc/self/status)" '[1-9a-f][0-9a-f]{8,}$'; }
c_exec_caps() { sleeper; is "$($engine exec box grep CapEff /proc/self/status)" "$($engine exec box grep CapEff /proc/1/status)"; }
c_exec_null() {
	sleeper
	$engine exec -u 1000 box sh -c 'echo > /dev/null'
	is "$(stat -c %u /dev/null)" 0
	is "$($engine exec box stat -c %u /dev/null)" 0
}
c_exec_many() { local i; sleeper; for i in 1 2 3 4 5 6; do $engine exec box true & done; wait; is "$($engine exec box ps | grep -c sleep)" 1; }
c_exec_stopped() { detached busybox true; $engine wait box; fails $engine exec box true; }
c_exec_cgroup() {
	sleeper
	is "$($engine exec box cat /proc/self/cgroup)" "$($engine exec box cat /proc/1/cgroup)"
}
c_exec_namespaces() {
	local kind
	sleeper
	for kind in mnt pid ipc uts net; do
		is "$($engine exec box readlink /proc/self/ns/$kind)" "$(readlink "/proc/$(pid)/ns/$kind")"
	done
}
c_exec_seccomp() { sleeper; like "$($engine exec box grep Seccomp: /proc/self/status)" '2$'; }
c_exec_outlives() { sleeper; $engine exec -d box sleep 50; p=$(pid); remove box; eventually gone "$p"; eventually no_process 'sleep 50'; }
gone() { ! kill -0 "$1"; }

# ---- stop, kill, pause ----
c_stop() { trapper TERM 'exit 5'; $engine stop box; is "$(exit_code)" 5; }
c_stop_timeout() { trapper TERM ''; $engine stop -t 1 box; is "$(exit_code)" 137; }
c_stop_signal() { trapper USR1 'exit 6' --stop-signal USR1; $engine stop box; is "$(exit_code)" 6; }
c_kill() { sleeper; $engine kill box; is "$($engine wait box)" 137; }
c_kill_name() { trapper USR2 'echo got'; $engine kill -s USR2 box; eventually logged got; $engine kill -s SIGUSR2 box; is "$(state)" running; }
c_kill_stopped() { detached busybox true; $engine wait box; fails $engine kill box; }
c_pause() {
	detached busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i > /n; done'
	$engine pause box; is "$(state)" paused
	a=$($engine cp box:/n - | tar -xO); sleep 0.3; is "$($engine cp box:/n - | tar -xO)" "$a"
	$engine unpause box; is "$(state)" running
	remove box
}
c_pause_twice() { sleeper; $engine pause box; fails $engine pause box; $engine unpause box; fails $engine unpause box; $engine exec box true; }
c_pause_exec() { sleeper; $engine pause box; fails $engine exec box true; $engine unpause box; $engine exec box true; }
c_pause_kill() { sleeper; $engine pause box; remove box; fails $engine container inspect box; }
c_restart() { sleeper; a=$(pid); $engine restart -t 0 box; [ "$(pid)" != "$a" ]; is "$(state)" running; is "$($engine exec box echo again)" again; }
c_restart_policy() { detached --restart on-failure:2 busybox sh -c 'echo x; exit 1'; sleep 1; eventually in_state exited; is "$($engine logs box | wc -l)" 3; }
c_rm_running() { sleeper; fails $engine rm box; p=$(pid); remove box; eventually gone "$p"; }
c_rm_leaves_nothing() {
	sleeper; id=$($engine inspect -f '{{.Id}}' box); remove box
	is "$(find /sys/fs/cgroup -name "*$id" ! -name '*conmon*')" ""
	is "$(find /run -name "$id" ! -path '/run/libpod/*')" ""
	unlike "$(cat /proc/mounts)" "$id"
}
c_stop_three() { local n; for n in 1 2 3; do $engine run -d --network none --name n$n busybox sleep 100; done; $engine stop -t 0 n1 n2 n3; is "$($engine ps -q | wc -l)" 0; }
c_killed_outside() { sleeper; kill -KILL "$(pid)"; eventually in_state exited; is "$(exit_code)" 137; }

# ---- limits ----
c_lim_memory() { sleeper -m 64m; is "$(value memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_memory_swap() { sleeper -m 64m --memory-swap 96m; is "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" 100663296; }
c_lim_memory_swap_none() { sleeper -m 64m --memory-swap -1; is "$(value memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_reservation() { sleeper --memory-reservation 32m; is "$(value memory memory.soft_limit_in_bytes memory.low)" 33554432; }
c_lim_swappiness() { sleeper --memory-swappiness 10; is "$(value memory memory.swappiness memory.swappiness)" 10; }
c_lim_oom_disable() { sleeper -m 64m --oom-kill-disable; like "$(value memory memory.oom_control memory.events)" 'oom_kill_disable 1'; }
c_lim_pids() { sleeper --pids-limit 20; is "$(value pids pids.max pids.max)" 20; }
c_lim_pids_none() { sleeper --pids-limit -1; is "$(value pids pids.max pids.max)" max; }
c_lim_pids_works() { fails run --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait'; }
c_lim_cpus() { sleeper --cpus 0.5; like "$(value cpu cpu.cfs_quota_us cpu.max)" '^50000'; }
c_lim_quota() { sleeper --cpu-period 50000 --cpu-quota 20000; is "$(value cpu cpu.cfs_period_us cpu.max):$(value cpu cpu.cfs_quota_us cpu.max)" 50000:20000; }
c_lim_shares() { sleeper --cpu-shares 512; is "$(value cpu cpu.shares cpu.weight)" 512; }
c_lim_cpuset() { sleeper --cpuset-cpus 0 --cpuset-mems 0; is "$(value cpuset cpuset.cpus cpuset.cpus):$(value cpuset cpuset.mems cpuset.mems)" 0:0; }
c_lim_cpuset_bad() { fails run --cpuset-cpus 9999 busybox true; }
c_lim_device_read_bps() {
	mknod -m 600 /dev/disk b "$(block_device major)" "$(block_device minor)" 2> /dev/null || test -b /dev/disk
	sleeper --device-read-bps /dev/disk:1mb --device-write-iops /dev/disk:100
	is "$(value blkio blkio.throttle.read_bps_device io.max)" "$(block_device) 1048576"
	is "$(value blkio blkio.throttle.write_iops_device io.max)" "$(block_device) 100"
}
block_device() { # [major|minor]
	local number
	number=$(cat /sys/block/*/dev | sort | tail -n 1)
	case ${1-} in major) echo "${number%:*}" ;; minor) echo "${number#*:}" ;; *) echo "$number" ;; esac
}
c_lim_blkio_weight() { run --blkio-weight 300 busybox true; }
c_lim_ulimit() { is "$(run --ulimit nofile=64:128 --ulimit nproc=99:99 busybox sh -c 'ulimit -n; ulimit -Hn; ulimit -u' | xargs)" "64 128 99"; }
c_lim_ulimit_exec() { sleeper --ulimit nofile=64:128 --ulimit nproc=99:99; is "$($engine exec box sh -c 'ulimit -n; ulimit -Hn' | xargs)" "64 128"; }
c_lim_oom_score() { is "$(run --oom-score-adj 500 busybox cat /proc/self/oom_score_adj)" 500; }
c_lim_shm() { like "$(run --shm-size 2m busybox df -k /dev/shm)" ' 2048 '; }
c_lim_oom_exit() { detached -m 8m busybox tail /dev/zero; is "$($engine wait box)" 137; }
c_lim_oom_killed() { detached -m 8m busybox sh -c 'tail /dev/zero'; is "$($engine wait box)" 137; is "$($engine inspect -f '{{.State.OOMKilled}}' box)" true; }
c_lim_parent() { sleeper --cgroup-parent /own-parent; like "$(cat "/proc/$(pid)/cgroup")" 'memory:.*/own-parent/'; }
c_lim_parent_twice() { sleeper --cgroup-parent /own-parent; like "$(run --cgroup-parent /own-parent --cgroupns host busybox cat /proc/self/cgroup)" 'pids:.*/own-parent/'; }
c_lim_cgroupns() { is "$(run --cgroupns private busybox grep :memory: /proc/self/cgroup | cut -d: -f3)" /; }
c_lim_cgroupns_host() { unlike "$(run --cgroupns host busybox grep :memory: /proc/self/cgroup | cut -d: -f3)" '^/$'; }
c_lim_cgroup_mount() { run busybox sh -c 'test -e /sys/fs/cgroup/memory/memory.limit_in_bytes || test -e /sys/fs/cgroup/cgroup.procs'; }
c_lim_cgroup_mount_ro() { fails run busybox mkdir /sys/fs/cgroup/memory/x; }
c_stats() { sleeper; like "$($engine stats --no-stream --format '{{.Name}} {{.PIDs}}' box)" '^box 1'; }
c_top() { sleeper; $engine exec -d box sleep 90; eventually both_seen; }
both_seen() { [ "$($engine top box | grep -c 'sleep [19]0')" = 2 ]; }

# ---- users, capabilities, seccomp, devices, sysctl ----
bits() { run "$@" busybox grep CapEff /proc/self/status | cut -f2; }
c_sec_user() { is "$(run -u 1000:1001 busybox sh -c 'id -u; id -g' | xargs)" "1000 1001"; }
c_sec_user_name() { is "$(run -u nobody busybox id -un)" nobody; }
c_sec_user_unknown() { fails run -u nosuchuser busybox true; }
c_sec_groups() { like "$(run -u 1000 --group-add 5000 busybox id -G)" '5000'; }
c_sec_user_caps() { is "$(bits -u 1000 | tr -d 0)" ""; }
c_sec_caps_default() { unlike "$(run busybox grep CapBnd /proc/self/status)" 'ffffffffff'; }
c_sec_cap_drop() { is "$(bits --cap-drop all)" 0000000000000000; }
c_sec_cap_add() { is "$(bits --cap-drop all --cap-add net_admin)" 0000000000001000; }
c_sec_cap_bad() { fails run --cap-add nosuchcap busybox true; }
c_sec_nnp() { like "$(run --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status)" '1$'; }
c_sec_nnp_exec() { sleeper --security-opt no-new-privileges; like "$($engine exec box grep NoNewPrivs /proc/self/status)" '1$'; }
c_sec_seccomp_default() { like "$(run busybox grep Seccomp: /proc/self/status)" '2$'; }
c_sec_seccomp_off() { like "$(run --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status)" '0$'; }
c_sec_seccomp_own() {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' > $T/seccomp.json
	like "$(run --security-opt seccomp=$T/seccomp.json busybox mkdir /x 2>&1)" 'No space'
}
c_sec_seccomp_arguments() {
	cat > $T/seccomp.json <<-'END'
	{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
	  "syscalls": [{ "names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 1, "value": 10, "op": "SCMP_CMP_EQ" }] }] }
	END
	fails run --security-opt seccomp=$T/seccomp.json busybox sh -c 'trap "" USR1; kill -USR1 $$'
	run --security-opt seccomp=$T/seccomp.json busybox sh -c 'trap "" USR2; kill -USR2 $$'
}
c_sec_masked() { is "$(run busybox sh -c 'cat /proc/keys /proc/timer_list /proc/kcore 2> /dev/null | wc -c; ls -A /sys/firmware | wc -l' | xargs)" "0 0"; }
c_sec_proc_ro() { fails run busybox sh -c 'echo 1 > /proc/sys/kernel/panic'; fails run busybox sh -c 'echo 1 > /proc/sysrq-trigger'; fails run busybox mkdir /sys/fs/x; }
c_sec_device_denied() { fails run --cap-add mknod busybox sh -c 'mknod /d b 254 0 && cat /d'; like "$output" 'permitted'; }
c_sec_devices_default() { run busybox sh -c 'echo > /dev/null && head -c 1 /dev/zero > /dev/full || head -c 1 /dev/urandom > /dev/null && test -c /dev/tty && test -L /dev/ptmx -o -c /dev/ptmx && test -L /dev/stdin && test -L /dev/fd && test -d /dev/mqueue'; }
c_sec_device() { like "$(run --device /dev/fuse busybox ls -l /dev/fuse)" '10, *229'; run --device /dev/net/tun busybox sh -c 'test -c /dev/net/tun'; }
c_sec_device_named() { run --device /dev/zero:/dev/other:r busybox sh -c 'head -c 1 /dev/other > /dev/null'; }
c_sec_device_access() { fails run --device /dev/fuse:/dev/fuse:r busybox sh -c 'exec 3<> /dev/fuse'; run --device /dev/fuse busybox sh -c 'exec 3<> /dev/fuse'; }
c_sec_device_rule() {
	run --device-cgroup-rule 'c 10:229 rw' --cap-add mknod busybox sh -c 'mknod /k c 10 229 && exec 3<> /k'
	fails run --cap-add mknod busybox sh -c 'mknod /k c 10 229 && exec 3<> /k'
}
c_sec_sysctl() { is "$(run --sysctl net.ipv4.ip_unprivileged_port_start=77 busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 77; }
c_sec_sysctl_ipc() { is "$(run --sysctl kernel.msgmax=9000 busybox cat /proc/sys/kernel/msgmax)" 9000; }
c_sec_sysctl_bad() { fails run --sysctl kernel.panic=1 busybox true; }

# ---- mounts ----
c_mnt_bind() { mkdir -p $T/v; echo in > $T/v/f; is "$(run -v $T/v:/v busybox sh -c 'cat /v/f; echo out > /v/g')" in; is "$(cat $T/v/g)" out; }
c_mnt_ro() { mkdir -p $T/v; fails run -v $T/v:/v:ro busybox touch /v/x; like "$output" 'Read-only'; }
c_mnt_file() { echo text > $T/file; is "$(run -v $T/file:/etc/own/file busybox cat /etc/own/file)" text; }
c_mnt_volume() { run -v data:/data busybox sh -c 'echo kept > /data/f'; is "$(run -v data:/data busybox cat /data/f)" kept; }
c_mnt_volume_copy() { like "$(run -v own:/etc busybox cat /etc/passwd)" '^root:'; }
c_mnt_volumes_from() { sleeper -v data:/data; is "$(run --volumes-from box busybox sh -c 'mountpoint -q /data && echo yes')" yes; }
c_mnt_tmpfs() { like "$(run --tmpfs /t:size=1m,mode=700 busybox df -k /t)" ' 1024 '; }
c_mnt_tmpfs_mount() { like "$(run --mount type=tmpfs,destination=/t,tmpfs-size=2m,tmpfs-mode=1770 busybox sh -c 'df -k /t; stat -c %a /t')" '1770'; }
c_mnt_type_bind() { mkdir -p $T/v; fails run --mount type=bind,src=$T/v,dst=/v,readonly busybox touch /v/x; }
c_mnt_missing() { fails run --mount type=bind,src=/no/such,dst=/v busybox true; }
c_mnt_read_only() { fails run --read-only busybox touch /x; like "$output" 'Read-only'; run --read-only --tmpfs /t busybox touch /t/x; }
c_mnt_read_only_volume() { run --read-only -v data:/data busybox touch /data/x; }
propagation() { # OPTION: does a mount made on the host later arrive?
	mkdir -p $T/p; mountpoint -q $T/p || mount -t tmpfs p $T/p; mount --make-shared $T/p; mkdir -p $T/p/sub
	sleeper -v "$T/p:/p:$1"
	mount -t tmpfs late $T/p/sub; touch $T/p/sub/file
	if $engine exec box test -e /p/sub/file; then result=arrives; else result=stays; fi
	umount $T/p/sub
}
c_mnt_rslave() { propagation rslave; is "$result" arrives; }
c_mnt_rprivate() { propagation rprivate; is "$result" stays; }
c_mnt_rshared() {
	propagation rshared; is "$result" arrives
	remove box
	run --privileged -v $T/p:/p:rshared busybox sh -c 'mkdir -p /p/in && mount -t tmpfs x /p/in && touch /p/in/seen'
	test -e $T/p/in/seen; umount $T/p/in
}
c_mnt_nested() {
	mkdir -p $T/outer $T/inner; touch $T/inner/file
	run -v $T/outer:/outer -v $T/inner:/outer/deep busybox test -e /outer/deep/file
}
c_mnt_submounts() {
	mkdir -p $T/r/sub; mountpoint -q $T/r/sub || mount -t tmpfs sub $T/r/sub; touch $T/r/sub/file
	run -v $T/r:/r busybox test -e /r/sub/file
}
c_mnt_over_image() { run -v $T:/bin/../mnt busybox test -d /mnt; }
c_mnt_symlink() { run -v $T:/link/below linked test -d /var/below; }
c_mnt_hosts() { like "$($engine run --rm --network host --add-host name:1.2.3.4 busybox cat /etc/hosts)" '1.2.3.4'; }
c_mnt_cp() { sleeper; echo copied > $T/cp; $engine cp $T/cp box:/cp; is "$($engine exec box cat /cp)" copied; }

# ---- namespaces and network ----
c_ns_none() { is "$(run busybox ls /sys/class/net)" lo; like "$(run busybox ip -o addr show lo)" '127.0.0.1'; }
c_ns_host() { is "$($engine run --rm --network host busybox readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"; }
c_ns_container() { sleeper; is "$($engine run --rm --network container:box busybox readlink /proc/self/ns/net)" "$(readlink "/proc/$(pid)/ns/net")"; }
c_ns_bridge() { like "$($engine run --rm busybox ip -o addr show eth0)" 'inet (10\.88|172\.17)\.'; }
address() { $engine inspect -f '{{.NetworkSettings.IPAddress}}' box; }
c_ns_two() { $engine run -d --name box busybox sleep 100; $engine run --rm busybox ping -c 1 -W 2 "$(address)"; }
c_ns_publish() {
	$engine run -d --name box -p 8088:80 busybox sh -c 'echo page > /index.html; httpd -f -h / -p 80'
	eventually fetch "http://$(address)/index.html"
	is "$(fetch "http://$(address)/index.html")" page
}
fetch() { "$CLIENT_ROOTFS/bin/busybox" wget -qO- "$1"; }
c_ns_pid_container() { sleeper; like "$(run --pid container:box busybox ps)" 'sleep 100'; }
c_ns_pid_host() { is "$(run --pid host busybox readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"; }
c_ns_pid_host_kill() { detached --pid host busybox sh -c 'sleep 77 & exec sleep 100'; $engine stop -t 1 box; is "$(state)" exited; $engine rm box; eventually no_process 'sleep 77'; }
no_process() { ! pgrep -fx "$1"; }
c_ns_ipc() { sleeper --ipc shareable; is "$(run --ipc container:box busybox readlink /proc/self/ns/ipc)" "$(readlink "/proc/$(pid)/ns/ipc")"; }
c_ns_ipc_host() { is "$(run --ipc host busybox readlink /proc/self/ns/ipc)" "$(readlink /proc/self/ns/ipc)"; }
c_ns_uts_host() { is "$(run --uts host busybox hostname)" "$(hostname)"; }
c_ns_all_host() { is "$($engine run --rm --network host --pid host --ipc host --uts host busybox echo x)" x; }

# ---- life cycle ----
c_life_commit() { $engine run --network none --name box busybox sh -c 'echo x > /committed'; $engine commit box localhost/new; is "$(run localhost/new cat /committed)" x; }
c_life_build() {
	mkdir -p $T/build; printf 'FROM localhost/busybox\nRUN echo built > /f && id -u\nUSER 1000\nRUN test $(id -u) = 1000\nCMD cat /f\n' > $T/build/Dockerfile
	$engine build --network none -t localhost/built $T/build; is "$(run localhost/built)" built
}
c_life_build_fails() { mkdir -p $T/bad; printf 'FROM localhost/busybox\nRUN exit 3\n' > $T/bad/Dockerfile; fails $engine build --network none $T/bad; }
c_life_diff() { detached busybox touch /new; $engine wait box; like "$($engine diff box)" '^A /new'; }
