#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line itself: version, help, features, spec, and what is refused.
. "$(dirname "$0")/lib.sh"

for option in --version -v -V; do
	[ "$RUNTIME$option" != runc-V ] || continue
	run cruet $option
	is "$status" 0 "$option"
	like "$(say "$out" | head -n 1)" ' version [0-9]' "$option: NAME version X"
	like "$out" '^spec: 1\.' "$option: spec"
	like "$out" '^commit: ' "$option: commit"
done
for name in runc crun; do
	ln -sf "$CRUET" $T/$name
	[ -n "${OLD_KERNEL:-}" ] || [ "$RUNTIME" = runc ] ||
		like "$($T/$name --version | head -n 1)" "^$name version " "called as $name it says so: go-runc looks for it"
done
for option in --help -h help; do
	run cruet $option
	is "$status" 0 "$option"
	for command in create start run exec kill delete state list ps pause resume update features spec; do
		like "$out" "(^| )$command( |,|$)" "$option names $command"
	done
done
for command in create start run exec kill delete state list ps pause resume update features spec; do
	run cruet $command --help
	is "$status" 0 "$command --help"
	like "$out" "$command" "says how to call it"
done
has() { # COMMAND OPTION...
	command=$1
	shift
	help=$(cruet "$command" --help)
	for option; do
		like "$help" "(^|[ ,])$option([ ,=]|\$)" "$command --help has $option"
	done
}
[ "$RUNTIME" = runc ] || has create --bundle -b --console-socket --pid-file --no-pivot --no-new-keyring --preserve-fds --pidfd-socket --config -f
[ "$RUNTIME" = runc ] || has run --bundle -b --console-socket --pid-file --no-pivot --no-new-keyring --preserve-fds --pidfd-socket --config --detach -d --keep --no-subreaper
[ "$RUNTIME" = runc ] || has exec --console-socket --cwd --env -e --tty -t --user -u --process -p --detach -d --pid-file --process-label --apparmor --no-new-privs --cap -c --preserve-fds --cgroup --additional-gids -g --ignore-paused --pidfd-socket
[ "$RUNTIME" = runc ] || has update --resources -r --cpu-period --cpu-quota --cpu-share --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit

# what is wrong
run cruet
unlike "$status" '^137$' "nothing at all"
run cruet no-such-command
unlike "$status" '^(0|137)$' "an unknown command"
like "$err$out" "no-such-command" "is named"
run cruet --no-such-option list
unlike "$status" '^(0|137)$' "an unknown global option"
for command in create start run exec kill delete state ps pause resume update; do
	run cruet $command
	unlike "$status" '^(0|137)$' "$command without an id"
	run cruet $command --no-such-option c1
	unlike "$status" '^(0|137)$' "$command with an unknown option"
done
for command in create start run delete state pause resume; do
	run cruet $command one two
	unlike "$status" '^(0|137)$' "$command with two ids"
done
run cruet kill c1 TERM extra
unlike "$status" '^(0|137)$' "kill with too many words"
run cruet create --bundle
unlike "$status" '^(0|137)$' "an option without its value"
run cruet create --preserve-fds nonsense c1
unlike "$status" '^(0|137)$' "a number that is none"
run cruet create --preserve-fds -1 c1
unlike "$status" '^(0|137)$' "a negative count"
run cruet create --preserve-fds 99999999999999999999 c1
unlike "$status" '^(0|137)$' "a count out of range"
for option in "--criu /x" --criu=/x "--rootless false" "--rootless=auto" "--systemd-cgroup=false"; do
	# shellcheck disable=SC2086
	run cruet $option list -q
	is "$status:$err" "0:" "global $option is accepted"
done
run cruet --root "$STATE" --debug=false list -q
is "$status:$err" "0:" "--debug=false"
for command in checkpoint restore events; do
	run cruet $command c1
	unlike "$status" '^(0|137)$' "$command is not there yet, and says so"
done

# features
run cruet features
if [ "$RUNTIME" != runc ]; then
	is "$status" 0 "features"
	is "$(jq -r .ociVersionMin $T/.out)" 1.0.0 "ociVersionMin"
	like "$(jq -r .ociVersionMax $T/.out)" '^1\.[23]\.' "ociVersionMax"
	for hook in prestart createRuntime createContainer startContainer poststart poststop; do
		is "$(jq ".hooks|index(\"$hook\")!=null" $T/.out)" true "hooks: $hook"
	done
	for word in bind rbind ro rw nosuid rprivate tmpfs-no-such; do
		wanted=true
		[ $word != tmpfs-no-such ] || wanted=false
		is "$(jq ".mountOptions|index(\"$word\")!=null" $T/.out)" $wanted "mountOptions: $word is $wanted"
	done
	for ns in cgroup ipc mount network pid user uts; do
		is "$(jq ".linux.namespaces|index(\"$ns\")!=null" $T/.out)" true "namespaces: $ns"
	done
	is "$(jq '.linux.capabilities|length>=40 and index("CAP_SYS_ADMIN")!=null' $T/.out)" true "capabilities"
	is "$(jq -c '.linux.cgroup|[.v1,.v2,.systemd]' $T/.out)" '[true,true,false]' "cgroup"
	is "$(jq -c '.linux.seccomp|[.enabled,(.actions|index("SCMP_ACT_ERRNO")!=null),(.operators|length),(.archs|index("SCMP_ARCH_X86_64")!=null)]' $T/.out)" '[true,true,7,true]' "seccomp"
	# every mount option that features names is taken
	jq -r '.mountOptions[]' $T/.out >$T/options
	refused_options=
	while read -r word; do
		case $word in bind | rbind | remount | idmap | ridmap | tmpcopyup | *shared | *slave | *private | *unbindable) continue ;; esac
		container 'exit 0' ".mounts+=[{destination:\"/mnt\",type:\"tmpfs\",source:\"t\",options:[\"$word\"]}]"
		[ "$status" -eq 0 ] || refused_options="$refused_options $word"
	done <$T/options
	is "$refused_options" "" "every mount option that is named works"
fi

# spec
mkdir $T/spec
(cd $T/spec && cruet spec)
is $? 0 "spec"
check "writes config.json" [ -s $T/spec/config.json ]
(cd $T/spec && cruet spec >/dev/null 2>&1)
is $? 1 "and does not overwrite one"
cp -a $T/rootfs $T/spec/rootfs
jq '.process.args=["sh","-c","exit 8"]|.process.terminal=false|.linux.cgroupsPath="/spec"' $T/spec/config.json >$T/spec/new
mv $T/spec/new $T/spec/config.json
run cruet run --bundle $T/spec from-spec
is "$status" 8 "which runs"
mkdir $T/spec2 $T/spec3
run cruet spec --bundle $T/spec2
is "$status" 0 "spec --bundle"
run cruet spec -b $T/spec3 --rootless
is "$status:$(jq '[.linux.namespaces[].type]|index("user")!=null' $T/spec3/config.json)" 0:true "spec --rootless has a user namespace"
run cruet spec --bundle /no/such
is "$status" 1 "spec --bundle of no folder"
finish
