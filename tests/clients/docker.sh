#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# dockerd with its containerd, and one runtime: the cases of engine.sh, and what only Docker has. See lib.sh.
# shellcheck disable=SC2154,SC2016,SC2317,SC2329,SC2086,SC2116,SC2119,SC2120 # what helpers set, what containers expand,
# functions called by name, words without spaces, the `echo` that a container is to run, default arguments

# shellcheck source=tests/clients/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/clients/engine.sh
. "$(dirname "$0")/engine.sh"
engine=docker
export DOCKER_HOST=unix:///run/docker.sock DOCKER_BUILDKIT=0 DOCKER_CONFIG=/run/conf

start_daemon() { # [CONFIG]
	started=$((started + 1))
	rm -f /run/dockerd.pid
	setsid dockerd --config-file "${1:-/run/conf/daemon.json}" > "$CLIENT_LOGS/dockerd.$started" 2>&1 < /dev/null 9>&- &
	eventually docker version
}
started=0

set_up() {
	mkdir -p /run/conf
	# live-restore: containers outlive the daemon, and the next one finds them.
	jq -n --arg path "$runtime" '{ "hosts": ["unix:///run/docker.sock"], "data-root": "/var/lib/docker", "exec-root": "/run/docker",
		"pidfile": "/run/dockerd.pid", "storage-driver": "overlay2", "exec-opts": ["native.cgroupdriver=cgroupfs"],
		"default-runtime": "tested", "runtimes": { "tested": { "path": $path } }, "live-restore": true,
		"shutdown-timeout": 1 }' > /run/conf/daemon.json
	start_daemon
	make_images
	local image
	for image in busybox linked; do docker load -q -i $T/$image.tar; docker tag localhost/$image $image; done
	docker run --rm busybox true
}

clean_up() {
	thaw_all
	docker ps -aq | xargs -r docker rm -f
	docker volume prune -f
	docker network prune -f
	docker image prune -f
}

# Its containerd and the shims go with the namespaces.
tear_down() { kill "$(cat /run/dockerd.pid)"; }

remove() { docker rm -f "$@"; }

# ---- run ----
c_run_workdir_made() { is "$(run -w /made/up busybox pwd)" /made/up; }
c_run_runtime() { is "$(docker run --rm --network none --runtime tested busybox echo x)" x; fails docker run --rm --runtime nosuch busybox true; }
c_run_detach_error() { status 127 docker run -d --name box --network none busybox /no/such; like "$output" 'no such file or directory'; }
c_run_not_found_text() { status 127 run busybox nosuchprogram; like "$output" 'executable file not found in .PATH'; }
c_run_eacces_text() { status 126 run busybox /etc/passwd; like "$output" 'permission denied'; }
c_attach_exit() { detached busybox sh -c 'sleep 1; exit 5'; status 5 docker attach box; }
c_info() { like "$(docker info)" 'Default Runtime: tested'; like "$(docker info)" 'Runtimes:.* tested'; }

# Docker has 126 for all that exec cannot start.
c_exec_enoent() { sleeper; status 126 docker exec box /no/such; like "$output" 'no such file or directory'; status 126 docker exec box nosuchprogram; like "$output" 'executable file not found'; }

# ---- limits ----
c_lim_update() {
	sleeper -m 64m
	docker update --memory 96m --memory-swap 128m --cpus 0.25 --pids-limit 33 --cpuset-cpus 0 --cpu-shares 300 box
	is "$(value memory memory.limit_in_bytes memory.max)" 100663296
	is "$(value memory memory.memsw.limit_in_bytes memory.max)" 134217728
	like "$(value cpu cpu.cfs_quota_us cpu.max)" '^25000'
	is "$(value cpu cpu.shares cpu.weight)" 300
	is "$(value pids pids.max pids.max)" 33
	is "$(value cpuset cpuset.cpus cpuset.cpus)" 0
}
c_lim_update_down() { sleeper -m 64m; docker update --memory 32m --memory-swap 48m box; is "$(value memory memory.memsw.limit_in_bytes memory.max)" 50331648; }
c_lim_update_up() { sleeper -m 32m --memory-swap 32m; docker update --memory 64m --memory-swap 64m box; is "$(value memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_update_pids() { sleeper; docker update --pids-limit 44 box; is "$(value pids pids.max pids.max)" 44; }
c_lim_update_cpus() { sleeper; docker update --cpus 1.5 box; like "$(value cpu cpu.cfs_quota_us cpu.max)" '^150000'; }
c_lim_update_too_small() { sleeper -m 64m; fails docker update --memory 1 box; is "$(value memory memory.limit_in_bytes memory.max)" 67108864; }
c_lim_update_policy() { sleeper; docker update --restart always box; is "$(docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' box)" always; }
c_lim_update_stopped() { docker create --name box --network none -m 64m busybox sleep 100; docker update -m 96m --memory-swap 96m box; docker start box; is "$(value memory memory.limit_in_bytes memory.max)" 100663296; }
c_lim_update_paused() { sleeper -m 64m; docker pause box; docker update --pids-limit 21 box; is "$(value pids pids.max pids.max)" 21; docker unpause box; }

# ---- security ----
c_sec_unmask() { is "$(run --security-opt systempaths=unconfined busybox grep -c ' /proc/' /proc/mounts || true)" 0; }
c_sec_apparmor_off() { run --security-opt apparmor=unconfined --security-opt label=disable busybox true; }
c_sec_caps_all() { run --cap-add ALL busybox true; }

# ---- mounts ----
c_mnt_nonrecursive() {
	mkdir -p $T/r/sub; mountpoint -q $T/r/sub || mount -t tmpfs sub $T/r/sub; touch $T/r/sub/file
	fails run --mount type=bind,src=$T/r,dst=/r,bind-nonrecursive=true busybox test -e /r/sub/file
	run --mount type=bind,src=$T/r,dst=/r busybox test -e /r/sub/file
}
c_mnt_propagation_option() { mkdir -p $T/p; mountpoint -q $T/p || mount -t tmpfs p $T/p; mount --make-shared $T/p; run --mount type=bind,src=$T/p,dst=/v,bind-propagation=rslave busybox grep -q ' /v ' /proc/mounts; }
c_mnt_volume_driver() { docker volume create --driver local --opt type=tmpfs --opt device=tmpfs --opt o=size=3m small; like "$(run -v small:/s busybox df -k /s)" ' 3072 '; docker volume rm small; }

# ---- networks ----
c_net_own() {
	docker network create own
	docker run -d --name box --network own busybox sleep 100
	docker run --rm --network own busybox ping -c 1 -W 2 box || docker run --rm --network own busybox ping -c 1 -W 2 "$(docker inspect -f '{{.NetworkSettings.Networks.own.IPAddress}}' box)"
	remove box
	docker network rm own
}
c_net_connect() {
	docker network create own
	docker run -d --name box busybox sleep 100
	docker network connect own box
	is "$(docker exec box ls /sys/class/net | grep -c eth)" 2
	remove box
	docker network rm own
}

# ---- life cycle ----
c_life_health() {
	sleeper --health-cmd 'test -e /well' --health-interval 300ms --health-retries 1
	eventually in_health unhealthy
	docker exec box touch /well
	eventually in_health healthy
}
in_health() { [ "$(docker inspect -f '{{.State.Health.Status}}' box)" = "$1" ]; }
c_life_events() {
	local begin
	begin=$(date +%s.%N)
	sleeper; remove box
	like "$(docker events --since "$begin" --until "$(date +%s.%N)" --format '{{.Action}}' | xargs)" 'create.* start.* kill die.* destroy'
}
c_life_rename() { sleeper; docker rename box other; is "$(docker exec other echo x)" x; docker rename other box; }
c_life_export() { sleeper; docker export -o $T/export.tar box; tar -tf $T/export.tar | grep bin/busybox; }
stopped_daemon() { ! docker version; }
restart_daemon() { # SIGNAL [CONFIG]
	kill "-$1" "$(cat /run/dockerd.pid)"
	eventually stopped_daemon
	eventually no_process 'dockerd --config-file.*'
	start_daemon "${@:2}"
}
c_zz_daemon_restart() {
	trapper TERM 'exit 5'
	p=$(pid)
	restart_daemon TERM
	is "$(state)" running
	is "$(pid)" "$p"
	is "$(docker exec box echo x)" x
	docker pause box; docker unpause box
	docker stop box; is "$(exit_code)" 5
	docker start box; is "$(docker exec box echo again)" again
}
c_zz_daemon_killed() {
	sleeper
	p=$(pid)
	restart_daemon KILL
	is "$(state)" running
	is "$(docker exec box echo x)" x
	docker kill box; is "$(docker wait box)" 137
	eventually gone "$p"
}
# All containers in a user namespace.
c_zz_remapped() {
	printf 'nobody:200000:65536\nnogroup:200000:65536\n' > /run/subids
	mount --bind /run/subids /etc/subuid; mount --bind /run/subids /etc/subgid
	jq '. + { "userns-remap": "nobody:nogroup" }' /run/conf/daemon.json > /run/conf/remapped.json
	restart_daemon TERM /run/conf/remapped.json
	docker load -q -i $T/busybox.tar; docker tag localhost/busybox busybox
	is "$(run busybox cat /proc/self/uid_map | xargs)" "0 200000 65536"
	run busybox sh -c 'echo x > /root/x && test -O /root/x && echo > /dev/null'
	sleeper -p 8089:80 -m 64m
	is "$(stat -c %u "/proc/$(pid)")" 200000
	is "$(docker exec -u 5:6 box id -u)" 5
	like "$(docker exec -t box sh -c 'tty; stat -c %u $(tty)' | tr -d '\r' | xargs)" '/dev/pts/[0-9]+ 0'
	is "$(run --userns host busybox readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)"
	is "$(docker run --rm busybox ip -o link show eth0 | grep -c eth0)" 1
	remove box
	restart_daemon TERM
}

run_cases
