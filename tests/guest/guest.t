#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # status, out and err are set by run
#
# What only the guest can show: a root that is the initramfs, one with all capabilities, AppArmor.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"

# ---- the container's root when the host's is the initramfs ----

host_root=$(sed -n 's,^[^ ]* [^ ]* [^ ]* [^ ]* / .* - \([^ ]*\) .*,\1,p' /proc/self/mountinfo |
	head -n 1)
note "the host's root is of type $host_root"
container 'cat /proc/self/mountinfo'
is "$status" 0 "a container starts"
unlike "$out" ' - rootfs ' "no mount of the host's root is left in it"
is "$(printf '%s\n' "$out" | awk '$5 == "/"' | wc -l)" 1 "it has one root"
container 'ls /; ls /..; ls -d /cruet /proc/1/root/cruet'
unlike "$out" 'cruet|init' "nothing of the host's root is in sight"
container 'cd /; for i in 1 2 3 4; do cd ..; done; test ! -e cruet && pwd'
is "$out" / "nor above the root"
container 'mkdir /r && chroot /r /bin/true; cat /proc/1/mountinfo | wc -l' '.root.readonly=false'
like "$out" '^[0-9]+$' "chroot has nothing to leave to"
container 'cd /proc/1/cwd && cd .. && test ! -e cruet && echo inside'
is "$out" inside "the process's folder is not the host's root"
sleeper
run cruet exec "$id" sh -c 'ls /; cat /proc/self/mountinfo'
is "$status" 0 "exec joins it"
unlike "$out" 'cruet| - rootfs ' "exec sees nothing of the host's root either"
remove "$id"
container 'echo x >/written; cat /written' '.root.readonly=false'
is "$out" x "a root that may be written"
container 'echo x >/written'
is "$status" 1 "a read-only root"
container 'true' '.linux.rootfsPropagation="shared"'
is "$status" 0 "shared propagation of the root"
container 'test ! -e /cruet && echo inside' . --no-pivot
is "$out" inside "--no-pivot"

# ---- a root with all capabilities ----

full=$(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status)
if [ "$full" = 000001ffffffffff ]; then
	# shellcheck disable=SC2016 # jq's variable
	all='["CHOWN","DAC_OVERRIDE","DAC_READ_SEARCH","FOWNER","FSETID","KILL","SETGID","SETUID",
		"SETPCAP","LINUX_IMMUTABLE","NET_BIND_SERVICE","NET_BROADCAST","NET_ADMIN","NET_RAW",
		"IPC_LOCK","IPC_OWNER","SYS_MODULE","SYS_RAWIO","SYS_CHROOT","SYS_PTRACE","SYS_PACCT",
		"SYS_ADMIN","SYS_BOOT","SYS_NICE","SYS_RESOURCE","SYS_TIME","SYS_TTY_CONFIG","MKNOD",
		"LEASE","AUDIT_WRITE","AUDIT_CONTROL","SETFCAP","MAC_OVERRIDE","MAC_ADMIN","SYSLOG",
		"WAKE_ALARM","BLOCK_SUSPEND","AUDIT_READ","PERFMON","BPF","CHECKPOINT_RESTORE"]'
	container 'grep Cap /proc/self/status' "($all|map(\"CAP_\"+.)) as \$all | .process.capabilities={
		bounding:\$all,effective:\$all,permitted:\$all,inheritable:\$all,ambient:\$all}"
	is "$(printf '%s\n' "$out" | grep -c 000001ffffffffff)" 5 "all 41 capabilities in all five sets"
	container 'ulimit -Hn' '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:5000,hard:1000000}]'
	is "$out" 1000000 "a limit above the caller's"
	container 'cat /proc/self/oom_score_adj' '.process.oomScoreAdj=-900'
	is "$out" -900 "an OOM score below the caller's"
else
	skip "the bounding set here is $full" "all 41 capabilities"
fi

# ---- AppArmor ----

if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] &&
	command -v apparmor_parser >/dev/null &&
	cruet features | jq -e '.linux.apparmor.enabled' >/dev/null; then
	mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
	cat >$T/profile <<-'END'
	profile cruet-test flags=(attach_disconnected,mediate_deleted) {
	  file,
	  capability,
	  mount,
	  signal,
	  deny /tmp/denied/ w,
	}
	END
	check "the profile is loaded" apparmor_parser --skip-cache --config-file /dev/null -r $T/profile
	container 'cat /proc/self/attr/current; mkdir /tmp/denied 2>&1; mkdir /tmp/other && echo made' \
		'.process.apparmorProfile="cruet-test" |
		.mounts+=[{destination:"/tmp",type:"tmpfs",source:"tmpfs"}]'
	like "$out" 'cruet-test \(enforce\)' "the process runs under its profile"
	like "$out" 'denied.*[Pp]ermission denied' "which denies"
	like "$out" '^made$' "and allows"
	sleeper '.process.apparmorProfile="cruet-test"'
	run cruet exec "$id" cat /proc/self/attr/current
	like "$out" 'cruet-test' "exec runs under the container's profile"
	remove "$id"
	container true '.process.apparmorProfile="no-such-profile"'
	is "$status" 1 "a profile that is not loaded is refused"
	is_clean "$id" "nothing is left of it"
else
	skip "no AppArmor in the kernel, the runtime or the guest" "AppArmor profile"
fi
finish
