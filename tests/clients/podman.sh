#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman with conmon, and one runtime. See lib.sh; started by run.sh.
# shellcheck disable=SC2317,SC2329 # the cases are called by name

# shellcheck source=tests/clients/lib.sh
. "$(dirname "$0")/lib.sh"

set_up() {
	mkdir -p /run/conf $T/hooks
	cat > /run/conf/containers.conf <<-END
	[containers]
	log_driver = "k8s-file"
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	runtime = "tested"
	infra_image = "localhost/pause"
	runtime_supports_json = ["tested", "$(basename "$runtime")"]
	runtime_supports_nocgroup = ["tested", "$(basename "$runtime")"]
	[engine.runtimes]
	tested = ["$runtime"]
	[network]
	network_backend = "netavark"
	END
	cat > /run/conf/storage.conf <<-END
	[storage]
	driver = "overlay"
	graphroot = "/var/lib/containers/storage"
	runroot = "/run/containers/storage"
	END
	export CONTAINERS_CONF=/run/conf/containers.conf CONTAINERS_STORAGE_CONF=/run/conf/storage.conf
	make_image localhost/busybox:latest "$CLIENT_ROOTFS" $T/busybox.tar
	make_image localhost/pause:latest "$CLIENT_ROOTFS" $T/pause.tar '{ "Entrypoint": ["/bin/sleep"], "Cmd": ["100000"] }'
	podman load -q -i $T/busybox.tar && podman load -q -i $T/pause.tar && podman run --rm busybox true
}

clean_up() {
	thaw_all
	podman pod rm -fa -t 0
	podman rm -fa -t 0
	podman volume prune -f
}

tear_down() { :; }

run() { podman run --rm --network none "$@"; }
detached() { podman run -d --network none --name c "$@"; }
pid() { podman inspect -f '{{.State.Pid}}' "${1:-c}"; }
state() { podman inspect -f '{{.State.Status}}' "${1:-c}"; }
in_state() { [ "$(state c)" = "$1" ]; }

# ---- run and its exit status ----
c_run_output() { is "$(run busybox echo hello)" hello; }
c_run_exit() { status 7 run busybox sh -c 'exit 7'; }
c_run_enoent() { status 127 run busybox /no/such; }
c_run_not_in_path() { status 127 run busybox nosuchprogram; }
c_run_eacces() { status 126 run busybox /etc; }
c_run_signal() { podman run --network none --name c busybox sleep 100 & eventually in_state running; podman kill c; is "$(wait $!; echo $?)" 137 || is "$(podman wait c)" 137; }
c_run_stdin() { is "$(echo text | run -i busybox cat)" text; }
c_run_env() { like "$(run -e A='b c' -e PATH=/bin:/usr/bin busybox env)" '^A=b c$'; }
c_run_workdir() { is "$(run -w /var busybox pwd)" /var; }
c_run_entrypoint() { is "$(run --entrypoint /bin/echo busybox a b)" "a b"; }
c_run_hostname() { is "$(run --hostname box busybox hostname)" box; }
c_run_init() { like "$(run --init busybox cat /proc/1/cmdline | tr '\0' ' ')" 'init'; }
c_run_privileged() { like "$(run --privileged busybox grep Seccomp: /proc/self/status)" '0$'; }
c_run_rootfs() { is "$(podman run --rm --network none --rootfs "$CLIENT_ROOTFS" echo x)" x; }
c_run_many() { for i in 1 2 3 4 5; do is "$(run busybox echo $i)" $i; done; }
c_run_preserve_fds() { is "$(run --preserve-fds 1 busybox sh -c 'cat <&3' 3< <(echo three))" three; }
c_run_closed_fds() { is "$(run busybox sh -c 'ls /proc/self/fd | wc -l' 7< /dev/null)" 4; }

# ---- tty ----
c_tty() { like "$(run -t busybox sh -c 'test -t 0 && test -t 1 && tty')" '/dev/(pts/0|console)'; }
c_tty_exec() { detached busybox sleep 100; like "$(podman exec -t c tty)" '/dev/pts/'; }
c_tty_size() {
	like "$(script -qec "stty rows 31 cols 77; podman run --rm -it --network none busybox sh -c 'sleep 0.5; stty size'" /dev/null)" '31 77'
}
c_tty_input() {
	like "$( (sleep 1; echo 'echo a$((1+1))'; sleep 0.5; echo exit) | script -qec "podman run --rm -it --network none busybox sh" /dev/null)" 'a2'
}
c_tty_no() { fails run busybox tty; }

# ---- detached, logs, attach ----
c_detach() { detached busybox sleep 100; is "$(state)" running; like "$(podman ps)" 'sleep 100'; }
c_detach_wait() { detached busybox sh -c 'sleep 0.5; exit 3'; is "$(podman wait c)" 3; }
c_logs() { detached busybox sh -c 'echo out; echo err >&2'; podman wait c; like "$(podman logs c 2> /dev/null)" '^out$'; like "$(podman logs c 2>&1 > /dev/null)" '^err$'; }
c_logs_follow() { detached busybox sh -c 'for i in 1 2 3; do echo line$i; sleep 0.2; done'; is "$(podman logs -f c | tail -n 1)" line3; }
c_attach() { detached busybox sh -c 'sleep 1; echo late; sleep 0.3'; like "$(podman attach c)" late; }
c_create_start() { podman create --name c --network none busybox echo made; is "$(state)" created; is "$(podman start -a c)" made; }
c_start_again() { detached busybox sh -c 'echo x >> /count'; podman wait c; podman start c; podman wait c; podman cp c:/count $T/count; is "$(wc -l < $T/count)" 2; }
c_bad_start() { status 127 podman run -d --name c --network none busybox /no/such; is "$(state)" created; }

# ---- exec ----
c_exec() { detached busybox sleep 100; is "$(podman exec c echo hi)" hi; }
c_exec_exit() { detached busybox sleep 100; status 9 podman exec c sh -c 'exit 9'; }
c_exec_enoent() { detached busybox sleep 100; status 127 podman exec c /no/such; }
c_exec_eacces() { detached busybox sleep 100; status 126 podman exec c /etc; }
c_exec_user() { detached busybox sleep 100; is "$(podman exec -u 1000:1001 c id -u)" 1000; is "$(podman exec -u 1000:1001 c id -g)" 1001; }
c_exec_env() { detached -e A=1 busybox sleep 100; is "$(podman exec -e B=2 c sh -c 'echo $A$B')" 12; }
c_exec_workdir() { detached busybox sleep 100; is "$(podman exec -w /tmp c pwd)" /tmp; }
c_exec_stdin() { detached busybox sleep 100; is "$(echo text | podman exec -i c cat)" text; }
c_exec_detached() { detached busybox sleep 100; podman exec -d c sh -c 'echo x > /done'; eventually podman exec c test -e /done; }
c_exec_privileged() { detached busybox sleep 100; like "$(podman exec --privileged c grep CapEff /proc/self/status)" '[1-9a-f][0-9a-f]{8,}$'; }
c_exec_caps() { detached busybox sleep 100; is "$(podman exec c grep CapEff /proc/self/status)" "$(podman exec c grep CapEff /proc/1/status)"; }
c_exec_null() { detached busybox sleep 100; podman exec -u 1000 c sh -c 'echo > /dev/null'; is "$(stat -c %u /dev/null)" 0; is "$(podman exec c stat -c %u /dev/null)" 0; }
c_exec_many() { detached busybox sleep 100; for i in 1 2 3 4 5 6; do podman exec c true & done; wait; is "$(podman exec c ps | grep -c sleep)" 1; }
c_exec_stopped() { detached busybox true; podman wait c; fails podman exec c true; }
c_exec_cgroup() { detached busybox sleep 100; podman exec -d c sleep 50; eventually grep -q . <(cgroup_file "$(pid)" pids cgroup.procs cgroup.procs | sed -n 2p); }
c_exec_path() { detached busybox sleep 100; is "$(podman exec -e PATH=/sbin:/bin c echo ok)" ok; }

# ---- stop, kill, pause ----
c_stop() { detached busybox sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'; podman stop c; is "$(podman inspect -f '{{.State.ExitCode}}' c)" 5; }
c_stop_timeout() { detached busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'; podman stop -t 1 c; is "$(podman inspect -f '{{.State.ExitCode}}' c)" 137; }
c_stop_signal() { detached --stop-signal USR1 busybox sh -c 'trap "exit 6" USR1; while :; do sleep 0.1; done'; podman stop c; is "$(podman inspect -f '{{.State.ExitCode}}' c)" 6; }
c_kill() { detached busybox sleep 100; podman kill c; is "$(podman wait c)" 137; }
c_kill_name() { detached busybox sh -c 'trap "echo got" USR2; while :; do sleep 0.1; done'; sleep 0.3; podman kill -s USR2 c; eventually grep -q got <(podman logs -f c); }
c_kill_stopped() { detached busybox true; podman wait c; fails podman kill c; }
c_pause() {
	detached busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i > /n; done'
	podman pause c; is "$(state)" paused
	a=$(podman cp c:/n - | tar -xO); sleep 0.3; is "$(podman cp c:/n - | tar -xO)" "$a"
	podman unpause c; is "$(state)" running
	podman rm -f -t 0 c
}
c_pause_exec() { detached busybox sleep 100; podman pause c; fails podman exec c true; podman unpause c; podman exec c true; }
c_pause_kill() { detached busybox sleep 100; podman pause c; podman rm -f -t 0 c; fails podman inspect c; }
c_restart() { detached busybox sleep 100; a=$(pid); podman restart -t 0 c; [ "$(pid)" != "$a" ]; is "$(state)" running; }
c_restart_policy() { detached --restart on-failure:2 busybox sh -c 'echo x; exit 1'; sleep 2; eventually in_state exited; is "$(podman logs c | wc -l)" 3; }
c_rm_running() { detached busybox sleep 100; p=$(pid); podman rm -f -t 0 c; fails kill -0 "$p"; }
c_rm_leaves_nothing() {
	detached busybox sleep 100; podman rm -f -t 0 c
	is "$(find /sys/fs/cgroup -path '*libpod-*' -type d ! -path '*conmon*' | wc -l)" 0
}

# ---- limits ----
c_lim_memory() { detached -m 64m busybox sleep 100; is "$(cgroup_file "$(pid)" memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_memory_swap() { detached -m 64m --memory-swap 96m busybox sleep 100; is "$(cgroup_file "$(pid)" memory memory.memsw.limit_in_bytes memory.swap.max)" 100663296; }
c_lim_reservation() { detached --memory-reservation 32m busybox sleep 100; is "$(cgroup_file "$(pid)" memory memory.soft_limit_in_bytes memory.low)" 33554432; }
c_lim_pids() { detached --pids-limit 20 busybox sleep 100; is "$(cgroup_file "$(pid)" pids pids.max pids.max)" 20; }
c_lim_pids_works() { fails run --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait'; }
c_lim_cpus() { detached --cpus 0.5 busybox sleep 100; like "$(cgroup_file "$(pid)" cpu cpu.cfs_quota_us cpu.max)" '^50000'; }
c_lim_shares() { detached --cpu-shares 512 busybox sleep 100; is "$(cgroup_file "$(pid)" cpu cpu.shares cpu.weight)" 512; }
c_lim_cpuset() { detached --cpuset-cpus 0 busybox sleep 100; is "$(cgroup_file "$(pid)" cpuset cpuset.cpus cpuset.cpus)" 0; }
c_lim_ulimit() { is "$(run --ulimit nofile=64:128 --ulimit nproc=99:99 busybox sh -c 'ulimit -n; ulimit -Hn' | xargs)" "64 128"; }
c_lim_oom_score() { is "$(run --oom-score-adj 500 busybox cat /proc/self/oom_score_adj)" 500; }
c_lim_shm() { like "$(run --shm-size 2m busybox df -k /dev/shm)" ' 2048 '; }
c_lim_oom() { detached -m 8m busybox sh -c 'tail /dev/zero'; is "$(podman wait c)" 137; is "$(podman inspect -f '{{.State.OOMKilled}}' c)" true; }
c_lim_oom_exit() { detached -m 8m busybox tail /dev/zero; is "$(podman wait c)" 137; }
c_lim_update() {
	detached -m 64m busybox sleep 100
	podman update --memory 96m --cpus 0.25 --pids-limit 33 c || podman update --memory 96m --cpus 0.25 c
	is "$(cgroup_file "$(pid)" memory memory.limit_in_bytes memory.max)" 100663296
	like "$(cgroup_file "$(pid)" cpu cpu.cfs_quota_us cpu.max)" '^25000'
}
c_lim_update_down() { detached -m 64m busybox sleep 100; podman update --memory 32m c; is "$(cgroup_file "$(pid)" memory memory.limit_in_bytes memory.max)" 33554432; }
c_lim_parent() { detached --cgroup-parent /own-parent busybox sleep 100; like "$(cat "/proc/$(pid)/cgroup")" 'memory:.*/own-parent/'; }
c_lim_cgroups_disabled() { run --cgroups disabled busybox true; }
c_lim_cgroupns() { unlike "$(run --cgroupns private busybox cat /proc/self/cgroup)" 'libpod'; }
c_stats() { detached busybox sleep 100; like "$(podman stats --no-stream --format '{{.Name}} {{.PIDs}}' c)" '^c 1'; }
c_top() { detached busybox sleep 100; like "$(podman top c args)" 'sleep 100'; }

# ---- users and capabilities ----
c_sec_user() { is "$(run -u 1000:1000 busybox id -u)" 1000; }
c_sec_user_name() { is "$(run -u nobody busybox id -un)" nobody || run -u root busybox id; }
c_sec_groups() { like "$(run -u 1000 --group-add 5000 busybox id -G)" '5000'; }
c_sec_user_caps() { is "$(run -u 1000 busybox grep CapEff /proc/self/status | tr -d 'CapEff:\t')" 0000000000000000; }
c_sec_caps_default() { like "$(run busybox grep CapBnd /proc/self/status)" '[0-9a-f]{16}'; unlike "$(run busybox grep CapBnd /proc/self/status)" 'ffffffffff'; }
c_sec_cap_drop() { is "$(run --cap-drop all busybox grep CapEff /proc/self/status | tr -d 'CapEff:\t')" 0000000000000000; }
c_sec_cap_add() { is "$(run --cap-drop all --cap-add net_admin busybox grep CapEff /proc/self/status | tr -d 'CapEff:\t')" 0000000000001000; }
c_sec_cap_ambient() { like "$(run -u 1000 --cap-drop all --cap-add net_raw busybox grep CapEff /proc/self/status)" '0000002000$'; }
c_sec_nnp() { like "$(run --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status)" '1$'; }
c_sec_seccomp_default() { like "$(run busybox grep Seccomp: /proc/self/status)" '2$'; }
c_sec_seccomp_off() { like "$(run --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status)" '0$'; }
c_sec_seccomp_own() {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' > $T/seccomp.json
	like "$(run --security-opt seccomp=$T/seccomp.json busybox mkdir /x 2>&1)" 'No space'
}
c_sec_seccomp_exec() {
	detached busybox sleep 100
	like "$(podman exec c grep Seccomp: /proc/self/status)" '2$'
}
c_sec_masked() { is "$(run busybox sh -c 'cat /proc/keys | wc -l; ls /proc/acpi /sys/firmware 2> /dev/null | grep -vc :' | xargs)" "0 0" || is "$(run busybox sh -c 'cat /proc/keys /proc/timer_list | wc -c')" 0; }
c_sec_proc_ro() { fails run busybox sh -c 'echo 1 > /proc/sys/kernel/panic'; fails run busybox sh -c 'echo 1 > /sys/kernel/profiling'; }
c_sec_unmask() { is "$(run --security-opt unmask=ALL busybox grep -c ' /proc/' /proc/mounts || true)" 0; }
c_sec_device_denied() { fails run --cap-add mknod busybox sh -c 'mknod /d b 254 0 && cat /d'; }
c_sec_device() { like "$(run --device /dev/fuse busybox ls -l /dev/fuse)" '10, *229'; run --device /dev/net/tun busybox test -c /dev/net/tun; }
c_sec_device_named() { run --device /dev/zero:/dev/other:r busybox sh -c 'head -c 1 /dev/other > /dev/null'; }
c_sec_sysctl() { is "$(run --sysctl net.ipv4.ip_unprivileged_port_start=77 busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 77; }
c_sec_sysctl_ipc() { is "$(run --sysctl kernel.msgmax=9000 busybox cat /proc/sys/kernel/msgmax)" 9000; }
c_sec_sysctl_bad() { fails run --sysctl kernel.panic=1 busybox true; }
c_sec_userns() { is "$(run --uidmap 0:100000:65536 busybox sh -c 'id -u; cat /proc/self/uid_map' | xargs)" "0 0 100000 65536"; }
c_sec_userns_exec() { detached --uidmap 0:100000:65536 busybox sleep 100; is "$(podman exec c id -u)" 0; is "$(stat -c %u "/proc/$(pid)")" 100000; podman rm -f -t 0 c; }
c_sec_userns_user() { is "$(run --uidmap 0:100000:65536 -u 5:6 busybox id -u)" 5; }
c_sec_userns_write() { run --uidmap 0:100000:65536 busybox sh -c 'echo x > /root/x && test -O /root/x'; }
c_sec_userns_share() { podman run -d --network none --name c --uidmap 0:100000:65536 busybox sleep 100; is "$(run --userns container:c --uidmap 0:100000:65536 busybox id -u 2> /dev/null || run --userns container:c busybox id -u)" 0; }

# ---- mounts ----
c_mnt_bind() { mkdir -p $T/v; echo in > $T/v/f; is "$(run -v $T/v:/v busybox sh -c 'cat /v/f; echo out > /v/g')" in; is "$(cat $T/v/g)" out; }
c_mnt_ro() { mkdir -p $T/v; fails run -v $T/v:/v:ro busybox touch /v/x; like "$output" 'Read-only'; }
c_mnt_file() { echo text > $T/file; is "$(run -v $T/file:/etc/own/file busybox cat /etc/own/file)" text; }
c_mnt_volume() { run -v data:/data busybox sh -c 'echo kept > /data/f'; is "$(run -v data:/data busybox cat /data/f)" kept; }
c_mnt_volume_copy() { like "$(run -v own:/etc busybox ls /etc)" 'passwd|hosts'; }
c_mnt_tmpfs() { like "$(run --tmpfs /t:size=1m,mode=700 busybox df -k /t)" ' 1024 '; }
c_mnt_options() { like "$(run -v $T:/v:noexec,nosuid,nodev busybox grep ' /v ' /proc/mounts)" 'nosuid,nodev,noexec'; }
c_mnt_type_bind() { mkdir -p $T/v; run --mount type=bind,src=$T/v,dst=/v,ro busybox test -d /v; }
c_mnt_read_only() { fails run --read-only busybox touch /x; run --read-only busybox touch /tmp/x; }
c_mnt_read_only_strict() { fails run --read-only --read-only-tmpfs=false busybox touch /tmp/x; }
propagation() { # OPTION: does a mount made on the host later arrive?
	mkdir -p $T/p; mountpoint -q $T/p || mount -t tmpfs p $T/p; mount --make-shared $T/p; mkdir -p $T/p/sub
	detached -v "$T/p:/p:$1" busybox sleep 100
	mount -t tmpfs late $T/p/sub; touch $T/p/sub/file
	if podman exec c test -e /p/sub/file; then result=arrives; else result=stays; fi
	umount $T/p/sub
}
c_mnt_rslave() { propagation rslave; is "$result" arrives; }
c_mnt_rprivate() { propagation rprivate; is "$result" stays; }
c_mnt_rshared() {
	propagation rshared; is "$result" arrives
	podman rm -f -t 0 c
	run --privileged -v $T/p:/p:rshared busybox sh -c 'mkdir -p /p/in && mount -t tmpfs x /p/in && touch /p/in/seen'
	test -e $T/p/in/seen; umount $T/p/in
}
c_mnt_rbind() {
	mkdir -p $T/r/sub; mountpoint -q $T/r/sub || mount -t tmpfs sub $T/r/sub; touch $T/r/sub/file
	run -v $T/r:/r:rbind busybox test -e /r/sub/file
	fails run -v $T/r:/r:bind busybox test -e /r/sub/file
}
c_mnt_userns() { mkdir -p $T/u; chown 100000 $T/u; run --uidmap 0:100000:65536 -v $T/u:/u busybox touch /u/f; is "$(stat -c %u $T/u/f)" 100000; }
c_mnt_over_image() { run -v $T:/bin/../mnt busybox test -d /mnt; }
c_mnt_symlink() { printf 'FROM busybox\nRUN ln -s /var /link\n' > $T/Containerfile; podman build -q --network none -t linked -f $T/Containerfile; run -v $T:/link/below linked test -d /var/below; }
c_mnt_hosts() { like "$(run --add-host name:1.2.3.4 busybox cat /etc/hosts)" '1.2.3.4'; }
c_mnt_cp() { detached busybox sleep 100; echo copied > $T/cp; podman cp $T/cp c:/cp; is "$(podman exec c cat /cp)" copied; }

# ---- namespaces and network ----
c_ns_none() { is "$(run busybox ls /sys/class/net)" lo; }
c_ns_host() { like "$(podman run --rm --network host busybox cat /proc/net/dev)" 'lo:'; }
c_ns_container() { detached busybox sleep 100; is "$(podman run --rm --network container:c busybox readlink /proc/self/ns/net)" "$(readlink "/proc/$(pid)/ns/net")"; }
c_ns_bridge() { like "$(podman run --rm busybox ip -o addr show eth0)" '10\.88\.'; }
c_ns_two() { podman run -d --name c busybox sleep 100; ip=$(podman inspect -f '{{.NetworkSettings.IPAddress}}' c); podman run --rm busybox ping -c 1 -W 2 "$ip"; }
c_ns_publish() { podman run -d --name c -p 8088:80 busybox sh -c 'echo page > /index.html; httpd -f -h / -p 80'; sleep 0.5; is "$(busybox wget -qO- "http://$(podman inspect -f '{{.NetworkSettings.IPAddress}}' c)/index.html")" page; }
c_ns_pid_container() { detached busybox sleep 100; like "$(run --pid container:c busybox ps)" 'sleep 100'; }
c_ns_pid_host() { like "$(run --pid host busybox ps)" 'podman'; }
c_ns_ipc() { podman run -d --network none --ipc shareable --name c busybox sleep 100; is "$(run --ipc container:c busybox readlink /proc/self/ns/ipc)" "$(readlink "/proc/$(pid)/ns/ipc")"; }
c_ns_uts_host() { is "$(run --uts host busybox hostname)" "$(hostname)"; }

# ---- pods ----
c_pod() {
	podman pod create --name p --network none
	podman run -d --pod p --name a busybox sleep 100; podman run -d --pod p --name b busybox sleep 100
	is "$(readlink "/proc/$(pid a)/ns/net")" "$(readlink "/proc/$(pid b)/ns/net")"
	is "$(readlink "/proc/$(pid a)/ns/ipc")" "$(readlink "/proc/$(pid b)/ns/ipc")"
	podman pod stop -t 0 p; is "$(state a)" exited
	podman pod start p; is "$(state b)" running
}
c_pod_pause() { podman pod create --name p --network none; podman run -d --pod p --name a busybox sleep 100; podman pod pause p; is "$(state a)" paused; podman pod unpause p; is "$(state a)" running; }
c_pod_pid() { podman pod create --name p --network none --share pid,ipc; podman run -d --pod p --name a busybox sleep 77; like "$(podman run --rm --pod p busybox ps)" 'sleep 77'; }
c_pod_kube() {
	cat > $T/kube.yaml <<-END
	apiVersion: v1
	kind: Pod
	metadata: { name: kube }
	spec:
	  hostNetwork: true
	  containers:
	  - { name: one, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sleep, "100"],
	      resources: { limits: { memory: 64Mi } } }
	END
	podman play kube $T/kube.yaml
	is "$(state kube-one)" running
	is "$(cgroup_file "$(pid kube-one)" memory memory.limit_in_bytes memory.max)" 67108864
}

# ---- life cycle ----
c_life_health() {
	podman run -d --network none --name c --health-cmd 'test -e /well' --health-interval disable --health-retries 1 busybox sleep 100
	fails podman healthcheck run c
	podman exec c touch /well
	podman healthcheck run c
}
c_life_hook() {
	cat > $T/hook.sh <<-'END'
	#!/bin/sh
	cat > /run/t/hook.$1
	END
	chmod +x $T/hook.sh; rm -f $T/hook.*json $T/hook.create $T/hook.stop
	for stage in createRuntime:create poststop:stop; do
		jq -n --arg stage "${stage%:*}" --arg word "${stage#*:}" '{ version: "1.0.0", when: { always: true },
			hook: { path: "/run/t/hook.sh", args: ["hook", $word] }, stages: [$stage] }' > "$T/hooks/${stage#*:}.json"
	done
	podman --hooks-dir $T/hooks run --rm --network none --annotation own=note busybox true
	is "$(jq -r .status $T/hook.create)" creating || is "$(jq -r .status $T/hook.create)" created
	is "$(jq -r .annotations.own $T/hook.create)" note
	is "$(jq -r .status $T/hook.stop)" stopped
}
c_life_hook_fails() {
	printf '#!/bin/sh\necho no such luck >&2\nexit 3\n' > $T/bad.sh; chmod +x $T/bad.sh; mkdir -p $T/bad
	echo '{"version":"1.0.0","when":{"always":true},"hook":{"path":"/run/t/bad.sh"},"stages":["createRuntime"]}' > $T/bad/bad.json
	fails podman --hooks-dir $T/bad run --rm --network none busybox true
}
c_life_commit() { podman run --network none --name c busybox sh -c 'echo x > /committed'; podman commit -q c localhost/new; is "$(run localhost/new cat /committed)" x; }
c_life_build() { printf 'FROM busybox\nRUN echo built > /f\nCMD cat /f\n' > $T/Containerfile; podman build -q --network none -t built -f $T/Containerfile; is "$(run built)" built; }
c_life_exec_after_restart() { detached busybox sleep 100; podman restart -t 0 c; is "$(podman exec c echo again)" again; }
c_life_diff() { detached busybox touch /new; podman wait c; like "$(podman diff c)" '^A /new'; }
c_life_conmon_gone() { detached busybox sleep 100; kill -KILL "$(pid)"; eventually in_state exited; }
c_life_two_stop() { for n in 1 2 3; do podman run -d --network none --name n$n busybox sleep 100; done; podman stop -a -t 0; is "$(podman ps -q | wc -l)" 0; }
c_life_version() { like "$("$runtime" --version)" '^[a-z]+ version '; podman info | grep -A 3 ociRuntime; }

run_cases
