#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman with conmon, and one runtime: the cases of engine.sh, and what only podman has. See lib.sh.
# shellcheck disable=SC2154,SC2016,SC2317,SC2329,SC2086,SC2116,SC2119,SC2120 # what helpers set, what containers expand,
# functions called by name, words without spaces, the `echo` that a container is to run, default arguments

# shellcheck source=tests/clients/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/clients/engine.sh
. "$(dirname "$0")/engine.sh"
engine=podman

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
	make_images
	make_image localhost/pause:latest "$CLIENT_ROOTFS" $T/pause.tar '{ "Entrypoint": ["/bin/sleep"], "Cmd": ["100000"] }'
	local image
	for image in busybox linked pause; do podman load -q -i $T/$image.tar; done
	podman run --rm busybox true
}

clean_up() {
	thaw_all
	podman pod rm -fa -t 0
	podman rm -fa -t 0 || podman rm -fa -t 0 # it may find a mount busy that another of its processes is just about to undo
	podman volume prune -f
}

tear_down() { :; }

remove() { podman rm -f -t 0 "$@"; }

c_run_rootfs() { is "$(podman run --rm --network none --rootfs "$CLIENT_ROOTFS" echo x)" x; }
c_run_preserve_fds() { is "$(run --preserve-fds 1 busybox sh -c 'cat <&3' 3< <(echo three))" three; }
c_run_umask_own() { is "$(run --umask 0077 busybox sh -c umask)" 0077; }
c_run_timeout() { fails run --timeout 1 busybox sleep 100; }
c_run_sdnotify() {
	python3 -c 'import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/run/notify"); s.recv(99)' &
	eventually test -S /run/notify
	is "$(NOTIFY_SOCKET=/run/notify run --sdnotify container busybox sh -c 'test -S "$NOTIFY_SOCKET" && echo yes')" yes
}
c_run_systemd() { run --systemd always busybox sh -c 'mountpoint -q /run && mountpoint -q /tmp && mkdir /sys/fs/cgroup/systemd/below && rmdir /sys/fs/cgroup/systemd/below'; }
c_exec_enoent() { sleeper; status 127 podman exec box /no/such; status 127 podman exec box nosuchprogram; }
c_exec_preserve_fds() { sleeper; is "$(podman exec --preserve-fds 1 box sh -c 'cat <&3' 3< <(echo three))" three; }
c_init() { podman create --name box --network none busybox echo made; podman init box; in_state initialized || in_state created; is "$(podman start -a box)" made; }
c_init_remove() { podman create --name box --network none busybox sleep 100; podman init box; p=$(pid); podman rm -f -t 0 box; eventually gone "$p"; }
c_pause_all() { sleeper; podman pause --all; is "$(state)" paused; podman unpause --all; is "$(state)" running; }
c_rename() { sleeper; podman rename box d; is "$(podman exec d echo x)" x; podman rename d box; }

# ---- limits ----
c_lim_update() {
	sleeper -m 64m
	podman update --memory 96m --cpus 0.25 --cpuset-cpus 0 box
	is "$(value memory memory.limit_in_bytes memory.max)" 100663296
	like "$(value cpu cpu.cfs_quota_us cpu.max)" '^25000'
	is "$(value cpuset cpuset.cpus cpuset.cpus)" 0
}
c_lim_update_down() { sleeper -m 64m; podman update --memory 32m box; is "$(value memory memory.limit_in_bytes memory.max)" 33554432; }
c_lim_cgroups_disabled() {
	podman run -d --network none --name box --cgroups disabled busybox sleep 100
	is "$(cat "/proc/$(pid)/cgroup")" "$(cat /proc/self/cgroup)"
	is "$(podman exec box echo x)" x
	podman stop -t 0 box
}
c_lim_cgroups_noconmon() { run --cgroups no-conmon busybox true; }

# ---- security ----
c_sec_cap_ambient() { like "$(bits -u 1000 --cap-drop all --cap-add net_raw)" '0000002000$'; }
c_sec_unmask() { is "$(run --security-opt unmask=ALL busybox grep -c ' /proc/' /proc/mounts || true)" 0; }
c_sec_mask() { is "$(run --security-opt mask=/proc/version busybox cat /proc/version)" ""; }
c_sec_proc_options() { like "$(run --security-opt proc-opts=hidepid=2 busybox grep ' /proc proc' /proc/mounts)" 'hidepid=(2|invisible)'; }
c_sec_secret() { echo word > $T/secret; podman secret create word $T/secret; is "$(run --secret word busybox cat /run/secrets/word)" word; podman secret rm word; }
c_sec_personality() { is "$(run --personality LINUX32 busybox uname -m)" i686; }
map="--uidmap 0:100000:65536"
c_sec_userns() { is "$(run $map busybox sh -c 'id -u; cat /proc/self/uid_map' | xargs)" "0 0 100000 65536"; }
c_sec_userns_exec() { sleeper $map; is "$(podman exec box id -u)" 0; is "$(stat -c %u "/proc/$(pid)")" 100000; }
c_sec_userns_exec_user() { sleeper $map; is "$(podman exec -u 7:8 box sh -c 'id -u; id -g' | xargs)" "7 8"; }
c_sec_userns_user() { is "$(run $map -u 5:6 busybox id -u)" 5; }
c_sec_userns_write() { run $map busybox sh -c 'echo x > /root/x && test -O /root/x'; }
c_sec_userns_caps() { run $map --cap-add sys_admin --security-opt seccomp=unconfined busybox mount -t tmpfs x /mnt; }
c_sec_userns_tty() { like "$(run $map -t busybox sh -c 'tty; stat -c %u $(tty)' | tr -d '\r' | xargs)" '/dev/(pts/0|console) 0'; }
c_sec_userns_devices() { run $map busybox sh -c 'echo > /dev/null && head -c 1 /dev/urandom > /dev/null'; }
c_sec_userns_sysctl() { is "$(run $map --sysctl net.ipv4.ip_unprivileged_port_start=77 busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 77; }
c_sec_userns_share() {
	sleeper $map
	is "$(run --userns container:box busybox readlink /proc/self/ns/user)" "$(readlink "/proc/$(pid)/ns/user")"
}
c_sec_userns_auto() { echo containers:200000:65536 > /run/subuid; mount --bind /run/subuid /etc/subuid; mount --bind /run/subuid /etc/subgid; is "$(run --userns auto:size=1000 busybox id -u)" 0; }

# ---- mounts ----
c_mnt_options() { like "$(run -v $T:/v:noexec,nosuid busybox grep ' /v ' /proc/mounts)" 'nosuid,.*noexec'; }
c_mnt_read_only_strict() { fails run --read-only --read-only-tmpfs=false busybox touch /tmp/x; run --read-only busybox touch /tmp/x; }
c_mnt_tmpfs_copies() { like "$(run --tmpfs /etc busybox cat /etc/passwd)" '^root:'; }
c_mnt_rbind() {
	mkdir -p $T/r/sub; mountpoint -q $T/r/sub || mount -t tmpfs sub $T/r/sub; touch $T/r/sub/file
	run -v $T/r:/r:rbind busybox test -e /r/sub/file
	fails run -v $T/r:/r:bind busybox test -e /r/sub/file
}
c_mnt_userns() { mkdir -p $T/u; chown 100000 $T/u; run $map -v $T/u:/u busybox touch /u/f; is "$(stat -c %u $T/u/f)" 100000; }
c_mnt_userns_closed() { mkdir -p $T/closed/in; chmod 700 $T/closed; chmod 755 $T/closed/in; echo x > $T/closed/in/f; is "$(run $map -v $T/closed/in:/in busybox cat /in/f)" x; }
c_mnt_chown() { mkdir -p $T/owned; touch $T/owned/f; run -u 1000 -v $T/owned:/v:U busybox sh -c 'echo x > /v/f'; }
c_mnt_overlay() { mkdir -p $T/v; run -v $T/v:/v:O busybox touch /v/overlaid; test ! -e $T/v/overlaid; }
c_mnt_image() { run --mount type=image,src=localhost/pause,dst=/image busybox test -x /image/bin/sleep; }
c_mnt_devpts() { run --mount type=devpts,destination=/own/pts busybox test -e /own/pts/ptmx; }
c_mnt_idmap() { mkdir -p $T/i; chown 0 $T/i; run $map -v $T/i:/i:idmap busybox sh -c 'touch /i/f'; is "$(stat -c %u $T/i/f)" 0; }

# ---- pods ----
in_pod() { podman run -d --pod p --name "$1" busybox sleep 100; }
c_pod() {
	podman pod create --name p --network none
	in_pod a; in_pod b
	is "$(readlink "/proc/$(pid a)/ns/net")" "$(readlink "/proc/$(pid b)/ns/net")"
	is "$(readlink "/proc/$(pid a)/ns/ipc")" "$(readlink "/proc/$(pid b)/ns/ipc")"
	podman pod stop -t 0 p; is "$(state a)" exited
	podman pod start p; is "$(state b)" running
}
c_pod_pause() { podman pod create --name p --network none; in_pod a; podman pod pause p; is "$(state a)" paused; podman pod unpause p; is "$(state a)" running; }
c_pod_pid() { podman pod create --name p --network none --share pid,ipc; in_pod a; like "$(podman run --rm --pod p busybox ps)" 'sleep 100'; }
c_pod_exec() { podman pod create --name p --network none; in_pod a; is "$(podman exec a hostname)" p; }
c_pod_cgroup() { podman pod create --name p --network none; in_pod a; podman pod rm -f -t 0 p; is "$(find /sys/fs/cgroup -path '*libpod_pod_*' -name 'libpod-*' -type d | grep -vc conmon)" 0; }
# podman takes a moment to turn "stopped" into "exited", and at times, with any runtime, it never does.
ended() { [[ $(state "$1") =~ ^(exited|stopped)$ ]]; }
c_pod_kill() { podman pod create --name p --network none; in_pod a; in_pod b; podman pod kill p; eventually ended b; }
c_pod_update() {
	podman pod create --name p --network none --memory 128m --cpus 0.5
	in_pod a; podman update --memory 48m a
	is "$(cgroup_file "$(pid a)" memory memory.limit_in_bytes memory.max)" 50331648
}
# Without restartPolicy it is Always, for the init container as well: podman 4.3 then at times starts the one that has
# ended again, with every runtime, and so removes it while it runs, or mounts its /dev/shm a second time, which a
# removal then finds busy ("unlinkat .../userdata/shm: device or resource busy").
c_pod_kube() {
	cat > $T/kube.yaml <<-END
	apiVersion: v1
	kind: Pod
	metadata: { name: kube, annotations: { io.podman.annotations.init.container.type: always } }
	spec:
	  restartPolicy: Never
	  hostNetwork: true
	  initContainers:
	  - { name: first, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sh, -c, "exit 0"] }
	  containers:
	  - { name: one, image: localhost/busybox:latest, imagePullPolicy: Never, command: [sleep, "100"],
	      securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } },
	      resources: { limits: { memory: 64Mi } }, env: [{ name: WORD, value: kube }] }
	END
	podman play kube $T/kube.yaml
	is "$(state kube-one)" running
	is "$(cgroup_file "$(pid kube-one)" memory memory.limit_in_bytes memory.max)" 67108864
	is "$(podman exec kube-one sh -c 'id -u; echo $WORD' | xargs)" "1000 kube"
	podman play kube --down $T/kube.yaml
	fails podman pod exists kube
}

# ---- life cycle ----
c_life_health() {
	sleeper --health-cmd 'test -e /well' --health-interval disable --health-retries 1
	fails podman healthcheck run box
	podman exec box touch /well
	podman healthcheck run box
}
hook_file() { # STAGE
	jq -n --arg stage "$1" '{ version: "1.0.0", when: { always: true }, hook: { path: "/run/t/hook.sh", args: ["hook", $stage] },
		stages: [$stage] }' > "$T/hooks/$1.json"
}
c_life_hook() {
	local stage
	printf '#!/bin/sh\ncat > /run/t/hook.$1\n' > $T/hook.sh
	chmod +x $T/hook.sh
	for stage in prestart createRuntime poststart poststop; do hook_file $stage; done
	podman --hooks-dir $T/hooks run --rm --network none --annotation own=note busybox true
	like "$(jq -r .status $T/hook.createRuntime)" '^creat(ing|ed)$'
	is "$(jq -r .annotations.own $T/hook.createRuntime)" note
	like "$(jq -r .pid $T/hook.createRuntime)" '^[1-9]'
	is "$(jq -r .status $T/hook.poststart)" running
	is "$(jq -r .status $T/hook.poststop)" stopped
	test -s $T/hook.prestart
}
c_life_hook_deaf() { # its standard input is never read
	printf '#!/bin/sh\nexit 0\n' > $T/hook.sh
	chmod +x $T/hook.sh
	for stage in createRuntime poststart poststop; do hook_file $stage; done
	podman --hooks-dir $T/hooks run --rm --network none --annotation long="$(head -c 70000 /dev/zero | tr '\0' x)" busybox true
}
c_life_hook_fails() {
	printf '#!/bin/sh\necho no such luck >&2\nexit 3\n' > $T/bad.sh; chmod +x $T/bad.sh; mkdir -p $T/bad_hooks
	echo '{"version":"1.0.0","when":{"always":true},"hook":{"path":"/run/t/bad.sh"},"stages":["createRuntime"]}' > $T/bad_hooks/bad.json
	fails podman --hooks-dir $T/bad_hooks run --rm --network none busybox true
}
c_life_restart_always() { detached --restart always busybox sleep 0.3; sleep 1.5; is "$(state)" running || eventually in_state running; podman stop -t 0 box; is "$(state)" exited; }
c_life_stop_all() { for n in 1 2 3; do podman run -d --network none --name n$n busybox sleep 100; done; podman stop -a -t 0; is "$(podman ps -q | wc -l)" 0; }
c_life_conmon_gone() { # the one that holds its terminal and logs dies; the container can be ended all the same
	sleeper
	kill -KILL "$(podman inspect -f '{{.State.ConmonPid}}' box)"
	podman rm -f -t 0 box
	fails podman container inspect box
}
c_life_export() { sleeper; podman export -o $T/export.tar box; tar -tf $T/export.tar | grep bin/busybox; }
c_life_generate() { sleeper; like "$(podman generate kube box)" 'kind: Pod'; }
c_life_version() { like "$("$runtime" --version)" "^$(basename "$runtime") version "; like "$(podman info -f '{{.Host.OCIRuntime.Version}}')" version; }

run_cases
