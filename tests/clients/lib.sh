# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # what cases set, what a script of its own expands
#
# What the client tests stand on. A client's file defines functions c_NAME, one for each case, and
# set_up, clean_up (after each case) and tear_down, sources this file before and calls run_cases last. It runs inside
# tests/sandbox.sh. A case passes when its function ends well; every command in it must succeed (set -e).
# Results go to $CLIENT_LOGS/results as "CASE pass|fail SECONDS", output to $CLIENT_LOGS/CASE.
#
# From run.sh: CLIENT_RUNTIME (path of the runtime, under the name it is to have), CLIENT_LOGS, CLIENT_ROOTFS
# (a BusyBox root file system), CLIENT_CASES (empty: all).

set -u
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home
runtime=$CLIENT_RUNTIME
mkdir -p /run/home /run/t
T=/run/t
cd $T || exit 1

# The peers are out of reach: nothing but the runtime under test can run a container. What stands in
# their place can be executed, for dockerd does not start otherwise.
hide_other_runtimes() {
	local name path
	printf '#!/bin/sh\necho "$0 is not the runtime under test" >&2\nexit 1\n' > /run/no-runtime
	chmod +x /run/no-runtime
	for name in runc crun; do
		path=$(type -P "$name") || continue
		[ "$(readlink -f "$path")" = "$(readlink -f "$runtime")" ] || mount --bind /run/no-runtime "$path"
	done
}

# make_image NAME ROOT FILE [CONFIG-JSON]: a docker-archive of one layer
make_image() {
	local work=$T/image.$$ diff
	mkdir -p "$work/layer"
	tar --numeric-owner -C "$2" -cf "$work/layer/layer.tar" .
	diff=$(sha256sum "$work/layer/layer.tar" | cut -d' ' -f1)
	jq -n --arg diff "sha256:$diff" --argjson config "${4:-{\}}" '{ architecture: "amd64", os: "linux",
		created: "2024-01-01T00:00:00Z", rootfs: { type: "layers", diff_ids: [$diff] },
		history: [{ created: "2024-01-01T00:00:00Z" }],
		config: ({ Env: ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"], Cmd: ["sh"] } + $config) }' > "$work/config.json"
	jq -n --arg name "$1" '[{ Config: "config.json", RepoTags: [$name], Layers: ["layer/layer.tar"] }]' \
		> "$work/manifest.json"
	tar -C "$work" -cf "$3" manifest.json config.json layer/layer.tar
	rm -rf "$work"
}

# ---- what cases say ----

is() { # GOT WANTED
	[ "$1" = "$2" ] || { printf 'got: %s\nwanted: %s\n' "$1" "$2"; return 1; }
}

like() { # GOT EXTENDED-REGEX
	grep -qE -- "$2" <<< "$1" || { printf 'got: %s\nwanted: /%s/\n' "$1" "$2"; return 1; }
}

unlike() {
	! grep -qE -- "$2" <<< "$1" || { printf 'got: %s\nwanted not: /%s/\n' "$1" "$2"; return 1; }
}

# status WANTED COMMAND...: it ends with this status; its output (both streams) is in $output
status() {
	local wanted=$1 got=0
	shift
	output=$("$@" 2>&1) || got=$?
	echo "$output"
	[ "$got" = "$wanted" ] || { echo "status $got, wanted $wanted: $*"; return 1; }
}

fails() { # COMMAND...: it does not end with 0
	if output=$("$@" 2>&1); then
		echo "should have failed: $*: $output"
		return 1
	fi
	echo "$output"
}

# eventually COMMAND...: within ten seconds it succeeds
eventually() {
	local i
	for ((i = 0; i < 100; i++)); do
		! "$@" > /dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "never: $*"
	return 1
}

# cgroup_file PID CONTROLLER V1-FILE V2-FILE: the value in the group of a process
cgroup_file() {
	local group
	group=$(sed -n "s/^[0-9]*:\(.*,\)\?$2\(,.*\)\?://p" "/proc/$1/cgroup")
	if [ -n "$group" ]; then
		cat "/sys/fs/cgroup/$2$group/$3"
	else
		cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")/$4"
	fi
}

thaw_all() {
	find /sys/fs/cgroup -name freezer.state 2> /dev/null | while read -r file; do
		[ "$(cat "$file" 2> /dev/null)" = THAWED ] || echo THAWED > "$file" 2> /dev/null
	done || true
}

# ---- running them ----

# limited SECONDS LOG COMMAND...: in a process group of its own, of which nothing stays behind. A daemon
# that is to stay is started by setsid. Its exit status goes to $ended: were this called before || or in
# a condition, set -e would do nothing in the command.
limited() {
	local limit=$1 log=$2 worker watchdog
	ended=0
	shift 2
	set -m
	# The trace has a descriptor of its own, so that it is not in the output of what a case runs.
	( exec >> "$log" 2>&1 9>&1 < /dev/null; BASH_XTRACEFD=9; set +m -ex; "$@" ) &
	worker=$!
	( sleep "$limit"; echo "timed out" >> "$log"; kill -KILL -- "-$worker" ) 2> /dev/null &
	watchdog=$!
	set +m
	wait "$worker" 2> /dev/null || ended=$?
	kill -KILL -- "-$watchdog" "-$worker" 2> /dev/null
	wait "$watchdog" 2> /dev/null || true
}

run_case() { # NAME
	local begin=$EPOCHREALTIME result=pass
	limited "${CLIENT_TIMEOUT:-60}" "$CLIENT_LOGS/$1" "c_$1"
	[ "$ended" = 0 ] || result=fail
	limited 60 "$CLIENT_LOGS/$1.clean" clean_up
	echo "$1 $result $(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" \
		>> "$CLIENT_LOGS/results"
}

run_cases() {
	local name
	: > "$CLIENT_LOGS/results"
	hide_other_runtimes
	if ! set_up > "$CLIENT_LOGS/set_up" 2>&1 < /dev/null; then
		echo "set_up fail 0" >> "$CLIENT_LOGS/results"
		return 1
	fi
	for name in $(compgen -A function c_ | sed 's/^c_//'); do
		[[ -z $CLIENT_CASES || " $CLIENT_CASES " == *" $name "* ]] || continue
		run_case "$name"
	done
	tear_down > "$CLIENT_LOGS/tear_down" 2>&1 < /dev/null
}
