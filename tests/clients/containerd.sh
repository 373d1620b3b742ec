#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# containerd with its shim, driven by ctr, and one runtime. See lib.sh.
# shellcheck disable=SC2154,SC2016,SC2317,SC2329,SC2086,SC2116,SC2119,SC2120 # what helpers set, what containers expand,
# functions called by name, words without spaces, the `echo` that a container is to run, default arguments

# shellcheck source=tests/clients/lib.sh
. "$(dirname "$0")/lib.sh"

image=localhost/busybox:latest
socket=/run/containerd/containerd.sock

ctr() { command ctr --address $socket --timeout 20s "$@"; }

start_daemon() {
	started=$((started + 1))
	PATH=/run/bin:$PATH setsid containerd --config /run/conf/containerd.toml > "$CLIENT_LOGS/containerd.$started" 2>&1 < /dev/null 9>&- &
	echo $! > /run/containerd.pid
	eventually ctr version
}
started=0

set_up() {
	mkdir -p /run/conf /run/bin
	ln -s "$runtime" /run/bin/runc
	cat > /run/conf/containerd.toml <<-END
	version = 2
	root = "/var/lib/containerd"
	state = "/run/containerd"
	disabled_plugins = ["io.containerd.grpc.v1.cri"]
	[grpc]
	address = "$socket"
	END
	start_daemon
	make_image $image "$CLIENT_ROOTFS" $T/busybox.tar
	ctr image import $T/busybox.tar
	run true
}

clean_up() {
	local id
	thaw_all
	for id in $(ctr task ls -q); do ctr task kill -a -s KILL "$id"; ctr task delete -f "$id"; done
	for id in $(ctr container ls -q); do ctr container rm "$id"; done
}

tear_down() { kill "$(cat /run/containerd.pid)"; }

options=(--runc-binary "$runtime")
# run [OPTION... --] COMMAND...
run() { create_and run --rm "$@"; }
detached() { create_and run --detach "$@"; }
create_and() { # ctr's COMMAND, what comes before, [OPTION... --] COMMAND...
	local own=() word
	for word; do
		if [ "$word" = -- ]; then
			while [ "$1" != -- ]; do own+=("$1"); shift; done
			shift
			command_of own "$@"
			return
		fi
	done
	own=("$1" "$2")
	shift 2
	command_of own "$@"
}
command_of() {
	local -n words=$1
	shift
	ctr "${words[0]}" "${options[@]}" "${words[@]:1}" $image c "$@"
}
sleeper() { detached "$@" -- sleep 100; }
execute() { ctr task exec --exec-id "e$RANDOM$RANDOM" "$@"; }
pid() { ctr task ls | awk -v id="${1:-c}" '$1 == id { print $2 }'; }
state() { ctr task ls | awk -v id="${1:-c}" '$1 == id { print $3 }'; }
in_state() { [ "$(state)" = "$1" ]; }
value() { cgroup_file "$(pid)" "$@"; }
gone() { ! kill -0 "$1"; }
# Its exit status is what ctr says when the task is deleted.
ended() { like "$(ctr task delete c 2>&1)" "code $1\b"; }
in_terminal() { script -qec "$1" /dev/null; }
full="command ctr --address $socket"

# ---- run ----
c_run_output() { is "$(run echo hello)" hello; }
c_run_exit() { status 7 run sh -c 'exit 7'; }
c_run_enoent() { fails run /no/such; like "$output" 'no such file or directory'; }
c_run_not_in_path() { fails run nosuchprogram; like "$output" 'executable file not found in \$PATH'; }
c_run_eacces() { fails run /etc/passwd; like "$output" 'permission denied'; }
c_run_stdin() { is "$(echo text | run sh -c 'read -r line; echo $line')" text; }
c_run_output_long() { is "$(run head -c 1000000 /dev/zero | wc -c)" 1000000; }
c_run_env() { like "$(run --env A=b -- env)" '^A=b$'; }
c_run_cwd() { is "$(run --cwd /var -- pwd)" /var; }
c_run_null_io() { is "$(run --null-io -- echo x)" ""; }
c_run_pid_file() { sleeper --pid-file $T/pid; is "$(cat $T/pid)" "$(pid)"; }
c_run_privileged() { run --privileged -- sh -c 'mount -t tmpfs x /mnt && test -c /dev/fuse'; }
c_run_read_only() { fails run --read-only -- touch /x; like "$output" 'Read-only'; }
c_run_rootfs() { is "$(ctr run "${options[@]}" --rm --rootfs "$CLIENT_ROOTFS" c /bin/echo x)" x; }
c_run_no_pivot() { is "$(run --no-pivot -- echo x)" x; }
c_run_many() { local i; for i in 1 2 3; do is "$(run echo $i)" $i; done; }
c_run_closed_fds() { is "$(run sh -c 'ls /proc/self/fd | wc -l')" 4; }
c_run_state_root() { is "$(run --runc-root /run/own-root -- echo x)" x; test -d /run/own-root; }
c_run_config() {
	"$runtime" spec -b $T 2> /dev/null || (cd $T && "$runtime" spec)
	jq --arg root "$CLIENT_ROOTFS" '.process.terminal = false | .root.path = $root | .process.args = ["echo", "own"]' $T/config.json > $T/own.json
	is "$(ctr run "${options[@]}" --rm --config $T/own.json c)" own
}
c_run_annotation() { sleeper --annotation org.example.key=word; like "$(ctr container info c)" 'org.example.key'; }
c_run_taken() { sleeper; fails run true; is "$(state)" RUNNING; }

# ---- tty ----
terminal_run() { in_terminal "$full run --runc-binary $runtime --rm -t $image c $1"; }
c_tty() { like "$(terminal_run tty)" '/dev/(pts/0|console)'; }
c_tty_size() { like "$(in_terminal "stty rows 31 cols 77; $full run --runc-binary $runtime --rm -t $image c sh -c 'sleep 0.5; stty size'")" '31 77'; }
c_tty_input() { like "$( (sleep 1; echo 'echo a$((1+1))'; sleep 0.5; echo exit) | terminal_run sh)" a2; }
c_tty_exec() { sleeper; like "$(in_terminal "$full task exec --exec-id e -t c tty")" '/dev/pts/'; }
c_tty_exit() { got=0; terminal_run "sh -c 'exit 4'" || got=$?; is "$got" 4; }

# ---- tasks ----
c_detach() { sleeper; is "$(state)" RUNNING; }
c_create_start() { # without --runc-binary: by the name that containerd looks for
	ctr container create $image c sleep 100
	is "$(ctr task ls -q)" ""
	ctr task start -d c
	is "$(state)" RUNNING
	is "$(execute c echo hi)" hi
}
c_attach() { detached sh -c 'sleep 1; echo late; sleep 0.3'; like "$(ctr task attach c)" late; }
c_stopped_state() { detached sh -c 'exit 3'; eventually in_state STOPPED; ended 3; }
c_delete_running() { sleeper; fails ctr task delete c; p=$(pid); ctr task delete -f c; eventually gone "$p"; }
c_start_again() { detached true; eventually in_state STOPPED; ctr task delete c; ctr task start -d c; eventually in_state STOPPED; }
c_bad_start_leaves_nothing() {
	fails detached /no/such
	ctr container rm c
	is "$(ctr task ls -q)" ""
	is "$(find /run/containerd/runc /run/containerd/io.containerd.runtime.v2.task -mindepth 2 2> /dev/null)" ""
}

# ---- exec ----
c_exec() { sleeper; is "$(execute c echo hi)" hi; }
c_exec_exit() { sleeper; status 9 execute c sh -c 'exit 9'; }
c_exec_enoent() { sleeper; fails execute c /no/such; like "$output" 'no such file or directory'; fails execute c nosuchprogram; like "$output" 'executable file not found'; is "$(state)" RUNNING; }
c_exec_eacces() { sleeper; fails execute c /etc/passwd; like "$output" 'permission denied'; }
c_exec_user() { sleeper; is "$(execute --user 1000:1001 c sh -c 'id -u; id -g' | xargs)" "1000 1001"; }
c_exec_cwd() { sleeper; is "$(execute --cwd /var c pwd)" /var; }
c_exec_stdin() { sleeper; is "$(echo text | execute c sh -c 'read -r line; echo $line')" text; }
c_exec_detached() { sleeper; execute --detach c sh -c 'echo x > /done; sleep 50'; eventually execute c test -e /done; is "$(ctr task ps c | grep -c '^[0-9]')" 2; }
c_exec_many() { local i; sleeper; for i in 1 2 3 4 5; do ctr task exec --exec-id many$i c true & done; wait; is "$(ctr task ps c | grep -c '^[0-9]')" 1; }
c_exec_stopped() { detached true; eventually in_state STOPPED; fails execute c true; }

# ---- kill, pause, ps, metrics ----
c_kill() { detached sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'; sleep 0.3; ctr task kill c; eventually in_state STOPPED; ended 5; }
c_kill_name() { sleeper; ctr task kill -s SIGKILL c; eventually in_state STOPPED; ended 137; }
c_kill_all() { sleeper; execute --detach c sleep 55; ctr task kill -a -s KILL c; eventually in_state STOPPED; eventually no_process 'sleep 55'; }
no_process() { ! pgrep -fx "$1"; }
c_kill_exec() { sleeper; ctr task exec --detach --exec-id known c sleep 56; ctr task kill --exec-id known -s KILL c; eventually no_process 'sleep 56'; is "$(state)" RUNNING; }
c_kill_stopped() { detached true; eventually in_state STOPPED; fails ctr task kill c; like "$output" 'process already finished|not found'; }
c_pause() { sleeper; ctr task pause c; is "$(state)" PAUSED; ctr task resume c; is "$(state)" RUNNING; is "$(execute c echo x)" x; }
c_pause_exec() { sleeper; ctr task pause c; fails execute c true; ctr task resume c; execute c true; }
c_pause_delete() { sleeper; ctr task pause c; ctr task delete -f c || { ctr task resume c; ctr task delete -f c; }; is "$(ctr task ls -q)" ""; }
c_ps() { sleeper; execute --detach c sleep 57; like "$(ctr task ps c)" "^$(pid)\b"; is "$(ctr task ps c | grep -c '^[0-9]')" 2; }
c_metrics() { sleeper; like "$(ctr task metrics c)" 'memory.usage_in_bytes|memory.usage'; }
c_events_oom() {
	ctr events > $T/events 2>&1 &
	sleep 0.3
	detached --memory-limit 8388608 -- sh -c 'tail /dev/zero; sleep 1'
	eventually grep -q /tasks/oom $T/events
	kill $!
}

# ---- limits ----
c_lim_memory() { sleeper --memory-limit 67108864; is "$(value memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_cpus() { sleeper --cpus 0.5; like "$(value cpu cpu.cfs_quota_us cpu.max)" '^50000'; }
c_lim_quota() { sleeper --cpu-quota 20000 --cpu-period 50000; is "$(value cpu cpu.cfs_quota_us cpu.max):$(value cpu cpu.cfs_period_us cpu.max)" 20000:50000; }
c_lim_shares() { sleeper --cpu-shares 512; is "$(value cpu cpu.shares cpu.weight)" 512; }
c_lim_cgroup() { sleeper --cgroup /own/path; like "$(cat "/proc/$(pid)/cgroup")" 'memory:.*/own/path$'; }
c_lim_cgroup_gone() { sleeper --cgroup /gone/path; ctr task delete -f c; is "$(find /sys/fs/cgroup -path '*gone/path' -type d)" ""; }

# ---- security ----
field() { run "${@:2}" -- grep "$1:" /proc/self/status | cut -f2; }
c_sec_seccomp() { is "$(field Seccomp --seccomp)" 2; is "$(field Seccomp --null-io=false)" 0; }
c_sec_seccomp_own() {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' > $T/seccomp.json
	like "$(run --seccomp --seccomp-profile $T/seccomp.json -- mkdir /x 2>&1)" 'No space'
}
c_sec_nnp() { is "$(field NoNewPrivs --null-io=false)" 1; is "$(field NoNewPrivs --allow-new-privs)" 0; }
c_sec_caps() { is "$(field CapEff --cap-drop CAP_CHOWN --cap-drop CAP_KILL)" 00000000a80425da; like "$(field CapEff --cap-add CAP_NET_ADMIN)" '35fb$'; }
c_sec_caps_unknown() { run --cap-add CAP_NOSUCH -- true; }
c_sec_masked() { is "$(run sh -c 'cat /proc/keys /proc/timer_list 2> /dev/null | wc -c')" 0; fails run sh -c 'echo 1 > /proc/sys/kernel/panic'; }
c_sec_device() { run --device /dev/fuse -- test -c /dev/fuse; }
c_sec_userns() { chmod 711 /var/lib/containerd /run/containerd 2> /dev/null; is "$(run --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- sh -c 'id -u; cat /proc/self/uid_map' | xargs)" "0 0 100000 65536"; }
c_sec_userns_exec() { sleeper --uidmap 0:100000:65536 --gidmap 0:100000:65536; is "$(execute c id -u)" 0; is "$(stat -c %u "/proc/$(pid)")" 100000; }

# ---- mounts and namespaces ----
c_mnt_bind() { mkdir -p $T/v; echo in > $T/v/f; is "$(run --mount type=bind,src=$T/v,dst=/v,options=rbind:rw -- sh -c 'cat /v/f; echo out > /v/g')" in; is "$(cat $T/v/g)" out; }
c_mnt_ro() { mkdir -p $T/v; fails run --mount type=bind,src=$T/v,dst=/v,options=rbind:ro -- touch /v/x; like "$output" 'Read-only'; }
c_mnt_tmpfs() { like "$(run --mount type=tmpfs,src=tmpfs,dst=/t,options=size=1m -- df -k /t)" ' 1024 '; }
c_mnt_missing() { fails run --mount type=bind,src=/no/such,dst=/v,options=rbind -- true; like "$output" 'no such file'; }
c_mnt_propagation() { run --rootfs-propagation shared -- true; run --rootfs-propagation slave -- true; }
c_ns_host() { is "$(run --net-host -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"; }
c_ns_join() {
	sleeper
	is "$(ctr run "${options[@]}" --rm --with-ns "network:/proc/$(pid)/ns/net" --with-ns "pid:/proc/$(pid)/ns/pid" $image d readlink /proc/self/ns/net)" "$(readlink "/proc/$(pid)/ns/net")"
}
c_ns_join_pid() { sleeper; like "$(ctr run "${options[@]}" --rm --with-ns "pid:/proc/$(pid)/ns/pid" $image d ps)" 'sleep 100'; }

# ---- the daemon goes, the shim stays ----
restart_daemon() {
	kill "-$1" "$(cat /run/containerd.pid)"
	eventually gone "$(cat /run/containerd.pid)"
	start_daemon
}
c_zz_restart() {
	sleeper
	p=$(pid)
	restart_daemon TERM
	is "$(state)" RUNNING
	is "$(pid)" "$p"
	is "$(execute c echo x)" x
	ctr task pause c; is "$(state)" PAUSED; ctr task resume c
	ctr task kill -s KILL c; eventually in_state STOPPED; ended 137
}
c_zz_killed() { sleeper; restart_daemon KILL; is "$(execute c echo x)" x; ctr task delete -f c; }
c_zz_ends_meanwhile() {
	detached sh -c 'sleep 1; exit 6'
	kill -KILL "$(cat /run/containerd.pid)"; eventually gone "$(cat /run/containerd.pid)"
	sleep 1.2
	start_daemon
	eventually in_state STOPPED
	ended 6
}
c_zz_shim_killed() {
	sleeper
	p=$(pid)
	kill -KILL "$(pgrep -f 'containerd-shim-runc-v2.*-id c ')"
	eventually gone "$p"
	eventually no_task
}
no_task() { [ -z "$(ctr task ls -q)" ] || [ "$(state)" = STOPPED ] || [ "$(state)" = UNKNOWN ]; }

run_cases
