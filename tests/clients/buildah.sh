#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# buildah, which runs the steps of a build by the runtime. See lib.sh.
# shellcheck disable=SC2154,SC2016,SC2317,SC2329,SC2086,SC2116,SC2119,SC2120 # what helpers set, what containers expand,
# functions called by name, words without spaces, the `echo` that a container is to run, default arguments

# shellcheck source=tests/clients/lib.sh
. "$(dirname "$0")/lib.sh"

set_up() {
	mkdir -p /run/conf
	cat > /run/conf/storage.conf <<-END
	[storage]
	driver = "overlay"
	graphroot = "/var/lib/containers/storage"
	runroot = "/run/containers/storage"
	END
	echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' > /run/conf/policy.json
	echo '[engine]' > /run/conf/containers.conf
	export CONTAINERS_STORAGE_CONF=/run/conf/storage.conf CONTAINERS_CONF=/run/conf/containers.conf
	export BUILDAH_RUNTIME=$runtime BUILDAH_ISOLATION=oci
	local base
	base=$(buildah from scratch)
	buildah add "$base" "$CLIENT_ROOTFS" /
	buildah config --env PATH=/bin:/sbin:/usr/bin:/usr/sbin --cmd sh "$base"
	buildah commit -q "$base" localhost/busybox
	buildah rm "$base"
}

clean_up() { buildah rm -a; }
tear_down() { :; }

working() { buildah from --pull-never --name box "$@" localhost/busybox; }
run() { buildah run --network none "${options[@]}" box -- "$@"; }
options=()
build() { # LINE...: of a Containerfile, after FROM
	mkdir -p $T/context
	printf '%s\n' "FROM localhost/busybox" "$@" > $T/context/Containerfile
	buildah bud -q --network none --pull-never -t localhost/made $T/context
}
content() { # FILE: of the image made
	buildah from --pull-never --name made localhost/made > /dev/null
	cat "$(buildah mount made)$1"
	buildah rm made > /dev/null
}

c_run() { working; is "$(run echo hello)" hello; }
c_run_exit() { working; status 7 run sh -c 'exit 7'; }
c_run_enoent() { working; fails run /no/such; like "$output" 'no such file or directory'; }
c_run_not_in_path() { working; fails run nosuchprogram; like "$output" 'executable file not found in \$PATH'; }
c_run_stdin() { working; is "$(echo text | run cat)" text; }
c_run_env() { working; options=(--env A=b); is "$(run sh -c 'echo $A')" b; }
c_run_user() { working; options=(--user 1000:1001); is "$(run sh -c 'id -u; id -g' | xargs)" "1000 1001"; }
c_run_dir() { working; options=(--workingdir /var); is "$(run pwd)" /var; }
c_run_hostname() { working; options=(--hostname own); is "$(run hostname)" own; }
c_run_caps() { working; options=(--cap-drop CAP_CHOWN --cap-add CAP_NET_ADMIN); is "$(run grep CapEff /proc/self/status | cut -f2)" 00000000a80435fa; }
c_run_volume() { working; mkdir -p $T/v; options=(--volume "$T/v:/v"); run sh -c 'echo x > /v/f'; is "$(cat $T/v/f)" x; }
c_run_volume_ro() { working; mkdir -p $T/v; options=(--volume "$T/v:/v:ro"); fails run touch /v/x; }
c_run_mount_tmpfs() { working; options=(--mount "type=tmpfs,destination=/t"); run sh -c 'mountpoint -q /t && touch /t/x'; }
c_run_terminal() { working; like "$(script -qec "buildah run --network none -t box -- tty" /dev/null)" '/dev/(pts/0|console)'; }
c_run_no_pivot() { working; options=(--no-pivot); is "$(run echo x)" x; }
c_run_seccomp() { working; like "$(run grep Seccomp: /proc/self/status)" '2$'; }
c_run_host_namespaces() { working; options=(--pid host --ipc host --uts host); is "$(run readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"; }
c_run_network_host() { working; is "$(buildah run --network host box -- readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"; }
c_run_chroot() { working; is "$(buildah run --isolation chroot box -- echo x)" x; }
c_run_runtime_flag() { working; options=(--runtime-flag root=/run/own-root); is "$(run echo x)" x; test -d /run/own-root; }
c_run_memory() { working --memory 64m; is "$(run sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null || cat /sys/fs/cgroup/memory.max')" 67108864; }
c_run_ulimit() { working --ulimit nofile=64:128; is "$(run sh -c 'ulimit -n; ulimit -Hn' | xargs)" "64 128"; }
c_run_shm() { working --shm-size 2m; like "$(run df -k /dev/shm)" ' 2048 '; }
c_run_device() { working --device /dev/fuse; like "$(run ls -l /dev/fuse)" '10, *229'; }
c_run_userns() { working --userns-uid-map 0:100000:65536 --userns-gid-map 0:100000:65536; is "$(run sh -c 'id -u; cat /proc/self/uid_map' | xargs)" "0 0 100000 65536"; }
c_run_many() { local i; working; for i in 1 2 3; do is "$(run sh -c "echo $i >> /n; wc -l < /n")" $i; done; }
c_run_null() { working; options=(--user 1000); run sh -c 'echo > /dev/null'; is "$(stat -c %u /dev/null)" 0; }
c_run_leaves_nothing() {
	local before
	working
	before=$(mounts_and_groups)
	run true
	is "$(mounts_and_groups)" "$before"
}
mounts_and_groups() { cut -d' ' -f5 /proc/self/mountinfo; find /sys/fs/cgroup -type d; }

c_bud() { build 'RUN echo built > /f'; is "$(content /f)" built; }
c_bud_fails() { fails build 'RUN exit 3'; like "$output" 'exit status 3'; }
c_bud_user() { build 'RUN mkdir -m 777 /w' 'USER 1000:1001' 'RUN id -u > /w/f && id -g >> /w/f'; is "$(content /w/f | xargs)" "1000 1001"; }
c_bud_workdir() { build 'WORKDIR /made/up' 'RUN pwd > /f'; is "$(content /f)" /made/up; }
c_bud_env() { build 'ENV A=b' 'ARG C=d' 'RUN echo $A$C > /f'; is "$(content /f)" bd; }
c_bud_exec_form() { build 'RUN ["/bin/touch", "/f"]'; is "$(content /f)" ""; }
c_bud_shell() { build 'SHELL ["/bin/ash", "-c"]' 'RUN echo own > /f'; is "$(content /f)" own; }
c_bud_many() { build 'RUN echo 1 > /f' 'RUN echo 2 >> /f' 'RUN echo 3 >> /f' 'RUN echo 4 >> /f'; is "$(content /f | xargs)" "1 2 3 4"; }
c_bud_mount() { mkdir -p $T/context; echo in > $T/context/file; build 'RUN --mount=type=bind,src=/file,dst=/bound cat /bound > /f' 'RUN --mount=type=tmpfs,dst=/t touch /t/x'; is "$(content /f)" in; }
c_bud_secret() { echo word > $T/secret; mkdir -p $T/context; printf 'FROM localhost/busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s > /f\n' > $T/context/Containerfile; buildah bud -q --network none --pull-never --secret id=s,src=$T/secret -t localhost/made $T/context; is "$(content /f)" word; }
c_bud_stages() { build 'RUN echo first > /f' 'FROM localhost/busybox' 'COPY --from=0 /f /g' 'RUN cat /g > /h'; is "$(content /h)" first; }

run_cases
