#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bench.sh [BUILD]: what cruet costs beside the floor, Debian's crun and runc. Prints tables of
# medians and ratios; the same figures go as JSON to BUILD/bench/bench.json. BENCH_ROUNDS is how many
# rounds a table takes (default 30), BENCH_PARTS which tables:
# run cycle exec query mounts many memory limits calls size guest boards init unpack pull
#
# Two environments, because crun refuses a hybrid host and the floor needs cgroup v2:
#   v2  only cgroup2 is mounted: floor, cruet, runc (CPU figures that compare with the floor)
#   v1  only v1 hierarchies are mounted: cruet, crun, runc
# Figures of one table come from one environment. Peak memory is read from a v1 memory cgroup
# around the whole tree, which the runtimes do not see.
# shellcheck disable=SC2016 # jq's variables
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/bench}
parts=${BENCH_PARTS:-run cycle exec query mounts many memory limits calls size guest boards init unpack pull}
rounds=${BENCH_ROUNDS:-30}

fail() { echo "bench: $*" >&2; exit 1; }
wanted() { [[ " $parts " == *" $1 "* ]]; }
title() { printf '\n== %s\n' "$*"; }

# ---- bundles ----

# bundle NAME JQ-FILTER [JQ-ARGUMENT...]
bundle() {
	local name=$1 filter=$2
	shift 2
	mkdir -p "$work/$name"
	ln -sfn "$work/rootfs" "$work/$name/rootfs"
	jq "$@" ".root.path = \"$work/rootfs\" | $filter" "$here/config.json" > "$work/$name/config.json"
}

make_bundles() {
	local applet count busybox
	mkdir -p "$work/rootfs"/{bin,dev,etc,proc,sys,tmp,mnt}
	# Debian's (glibc, 39 page faults) is the payload that the goals were set with.
	busybox=$(type -P busybox || echo "$build/rootfs/bin/busybox")
	cp "$busybox" "$work/rootfs/bin/busybox"
	for applet in true sleep sh; do ln -sf busybox "$work/rootfs/bin/$applet"; done
	mkdir -p "$work/extra"
	bundle plain .
	bundle seccomp '.linux.seccomp = $profile[0]' --slurpfile profile "$here/seccomp.json"
	bundle native '.linux.seccomp = $profile[0] | .linux.seccomp.architectures |= .[0:1]' \
		--slurpfile profile "$here/seccomp.json"
	bundle sleep '.process.args = ["/bin/sleep", "100000"]'
	bundle sleep-seccomp '.process.args = ["/bin/sleep", "100000"] | .linux.seccomp = $profile[0]' \
		--slurpfile profile "$here/seccomp.json"
	for count in 10 100; do
		mkdir -p "$work/rootfs/mnt/"
		bundle "mounts-$count" '.mounts += [range(0; $count) | { destination: "/mnt/\(.)", type: "bind",
			source: $source, options: ["bind", "ro"] }]' \
			--argjson count "$count" --arg source "$work/extra"
	done
	for ((count = 0; count < 100; count++)); do mkdir -p "$work/rootfs/mnt/$count"; done
	"$programs/filter" "$here/seccomp.json" > "$work/filter"
}

# ---- environments ----

# in_v2 COMMAND...: with only cgroup2 in sight; in_v1: with only v1.
in_v2() {
	unshare --mount bash -c 'umount -R /sys/fs/cgroup &&
		mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' - "$@"
}
in_v1() {
	unshare --mount bash -c '[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified
		exec "$@"' - "$@"
}
have_v1() { [ -d /sys/fs/cgroup/memory ]; }

# runtimes of an environment: those that can run a container there
runtimes_of() {
	local name
	for name in cruet crun runc; do
		[ -n "${path[$name]-}" ] || continue
		if "in_$1" "${path[$name]}" --root "/run/probe-$name" run --bundle "$work/plain" "probe-$name" \
			> /dev/null 2> "$work/probe-$name-$1"; then
			echo "$name"
		else
			"in_$1" "${path[$name]}" --root "/run/probe-$name" delete --force "probe-$name" \
				> /dev/null 2>&1 || true
			echo "($name cannot run under $1: $(tail -n 1 "$work/probe-$name-$1" | cut -c 1-150))" >&2
		fi
	done
}

# measured ENVIRONMENT LABEL [OPTION...]: the plan on stdin, measured there
measured() {
	local env=$1 label=$2 plan="$work/plan"
	shift 2
	cat > "$plan"
	# shellcheck disable=SC2086 # words, or nothing
	"in_$env" $pinned "$programs/measure" -n "$rounds" -j "$results" -l "$label" "$@" "$plan" ||
		echo "bench: $label is left out" >&2
}

runtime() { echo "${path[$1]} --root /run/bench-$1-$env"; }
bottoms() {
	printf 'case payload\nmeasure %s true\n' "$work/rootfs/bin/busybox"
	printf 'case empty\nmeasure %s\n' "$programs/empty"
}
floor_case() { # NAME OPTIONS
	printf 'case %s\nmeasure %s %s run /sys/fs/cgroup/bench-floor %s /bin/true\n' "$1" \
		"$programs/floor" "$2" "$work/rootfs"
}

# ---- parts ----

base_run() { [ "$env" != v2 ] || echo "base $1"; }

plan_run() {
	local name
	bottoms
	if [ "$env" = v2 ]; then
		floor_case floor ""
		floor_case floor+seccomp "--seccomp $work/filter"
	fi
	for name in "$@"; do
		printf 'case run %s\nmeasure %s run --bundle %s b\n' "$name" "$(runtime "$name")" "$work/plain"
		base_run floor
		printf 'case run+seccomp %s\nmeasure %s run --bundle %s b\n' "$name" "$(runtime "$name")" \
			"$work/seccomp"
		base_run floor+seccomp
		printf 'case run+seccomp-native %s\nmeasure %s run --bundle %s b\n' "$name" "$(runtime "$name")" \
			"$work/native"
		base_run floor+seccomp
	done
	[ -n "${path[cruet]-}" ] || return 0
	printf 'case run+seccomp-cold cruet\nbefore /bin/rm -rf /run/bench-cold\n'
	printf 'measure %s --root /run/bench-cold run --bundle %s b\n' "${path[cruet]}" "$work/seccomp"
	base_run floor+seccomp
}

plan_cycle() {
	local name call
	bottoms
	for name in "$@"; do
		call=$(runtime "$name")
		cat <<-END
		case create $name
		measure $call create --bundle $work/plain c
		after $call delete --force c
		leaves 1
		case start $name
		base payload
		before $call create --bundle $work/plain c
		measure $call start c
		after $call delete c
		stays 1
		case start-alone $name
		base payload
		before $call create --bundle $work/plain c
		measure $call start c
		after $call delete c
		stays 1
		alone
		case delete $name
		base payload
		before $call create --bundle $work/plain c
		before $call start c
		measure $call delete c
		case delete-force $name
		base payload
		before $call run --detach --bundle $work/sleep c
		measure $call delete --force c
		stays 1
		alone
		END
	done
}

plan_exec() {
	local name
	if [ "$env" = v2 ]; then
		for name in sleep sleep-seccomp; do
			printf 'case floor exec %s\nmeasure %s %s exec %s %s /bin/true\n' "$name" \
				"$programs/floor" "$([ "$name" = sleep ] || echo "--seccomp $work/filter")" \
				"${cgroup[$name]}" "${pid[$name]}"
		done
	fi
	for name in "$@"; do
		printf 'case exec %s\nmeasure %s exec sleep /bin/true\n' "$name" "$(runtime "$name")"
		base_run "floor exec sleep"
		printf 'case exec+seccomp %s\nmeasure %s exec sleep-seccomp /bin/true\n' "$name" \
			"$(runtime "$name")"
		base_run "floor exec sleep-seccomp"
	done
}

plan_query() {
	local name word
	bottoms
	for name in "$@"; do
		for word in "state sleep" "kill sleep TERM" "list" "--version"; do
			printf 'case %s %s\nbase payload\nmeasure %s %s\n' "${word%% *}" "$name" \
				"$(runtime "$name")" "$word"
		done
	done
}

plan_mounts() {
	local name count
	for name in "$@"; do
		for count in 10 100; do
			printf 'case mounts-%s %s\nmeasure %s run --bundle %s b\n' "$count" "$name" \
				"$(runtime "$name")" "$work/mounts-$count"
		done
	done
}

plan_list() {
	local name
	for name in "$@"; do
		printf 'case list-%s %s\nmeasure %s list\n' "$many" "$name" "$(runtime "$name")"
	done
}

plan_memory() {
	local name
	floor_case floor ""
	floor_case floor+seccomp "--seccomp $work/filter"
	for name in "$@"; do
		printf 'case run %s\nmeasure %s run --bundle %s b\n' "$name" "$(runtime "$name")" "$work/plain"
		printf 'case run+seccomp %s\nmeasure %s run --bundle %s b\n' "$name" "$(runtime "$name")" \
			"$work/seccomp"
		printf 'case exec %s\nmeasure %s exec sleep /bin/true\n' "$name" "$(runtime "$name")"
	done
}

# Containers that sleep, for exec and the queries; the last runtime's are the floor's targets.
declare -A cgroup pid
start_sleepers() {
	local name bundle
	for name in "$@"; do
		for bundle in sleep sleep-seccomp; do
			# shellcheck disable=SC2046 # words
			"in_$env" $(runtime "$name") run --detach --pid-file "$work/pid" --bundle "$work/$bundle" \
				"$bundle" < /dev/null > /dev/null 2>&1
			pid[$bundle]=$(cat "$work/pid")
			cgroup[$bundle]=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/${pid[$bundle]}/cgroup")
		done
	done
}
stop_sleepers() {
	local name bundle
	for name in "$@"; do
		for bundle in sleep sleep-seccomp; do
			# shellcheck disable=SC2046
			"in_$env" $(runtime "$name") delete --force "$bundle" || true
		done
	done
}

many_containers() { # runtimes
	local name i
	many=100
	for name in "$@"; do
		for ((i = 2; i < many; i++)); do
			# shellcheck disable=SC2046
			"in_$env" $(runtime "$name") run --detach --bundle "$work/sleep" "many-$i" \
				< /dev/null > /dev/null 2>&1
		done
	done
	plan_list "$@" | measured "$env" "$env: $many containers"
	for name in "$@"; do
		for ((i = 2; i < many; i++)); do
			# shellcheck disable=SC2046
			"in_$env" $(runtime "$name") delete --force "many-$i"
		done
	done
}

# The smallest linux.resources.memory.limit under which /bin/true runs three times of three.
memory_limits() {
	local name kib try
	for name in "$@"; do
		for kib in 128 160 192 224 256 320 384 512 768 1024 1536 2048 3072 4096 6144 8192; do
			bundle limit ".linux.resources.memory.limit = $kib * 1024"
			for try in 1 2 3; do
				# shellcheck disable=SC2046
				in_v1 timeout 20 $(runtime "$name") run --bundle "$work/limit" "limit-$kib-$try" \
					> /dev/null 2>&1 && continue
				# shellcheck disable=SC2046
				in_v1 $(runtime "$name") delete --force "limit-$kib-$try" > /dev/null 2>&1 || true
				continue 2
			done
			printf '%-34s %10s\n' "$name" "$kib"
			printf '{"plan":"smallest memory limit","case":"%s","limit_kib":%s}\n' "$name" "$kib" \
				>> "$results"
			continue 2
		done
		printf '%-34s %10s\n' "$name" "> 8192"
	done
}

# calls NAME COMMAND...: system calls of the whole tree
calls() {
	local name=$1 count
	shift
	if ! "in_$env" strace -f -c -o "$work/calls" "$@" < /dev/null > /dev/null 2>&1; then
		echo "$name: failed"
		return 0
	fi
	count=$(awk '$NF == "total" { print $4 }' "$work/calls")
	printf '%-34s %10s\n' "$name" "$count"
	printf '{"plan":"system calls %s","case":"%s","calls":%s}\n' "$env" "$name" "$count" \
		>> "$results"
}

system_calls() {
	local name call
	if [ "$env" = v2 ]; then
		calls "floor" "$programs/floor" run /sys/fs/cgroup/bench-floor "$work/rootfs" /bin/true
		calls "floor+seccomp" "$programs/floor" --seccomp "$work/filter" \
			run /sys/fs/cgroup/bench-floor "$work/rootfs" /bin/true
		calls "floor exec" "$programs/floor" exec "${cgroup[sleep]}" "${pid[sleep]}" /bin/true
	fi
	calls payload "$work/rootfs/bin/busybox" true
	for name in "$@"; do
		read -ra call <<< "$(runtime "$name")"
		calls "run $name" "${call[@]}" run --bundle "$work/plain" b
		calls "run+seccomp $name" "${call[@]}" run --bundle "$work/seccomp" b
		calls "exec $name" "${call[@]}" exec sleep /bin/true
		calls "state $name" "${call[@]}" state sleep
		calls "list $name" "${call[@]}" list
		calls "kill $name" "${call[@]}" kill sleep TERM
		"in_$env" "${call[@]}" create --bundle "$work/plain" c < /dev/null > /dev/null 2>&1
		calls "start $name (alone)" "${call[@]}" start c
		sleep 0.3
		calls "delete $name" "${call[@]}" delete c
	done
}

binary_sizes() {
	local name library bytes total file
	printf '%-34s %10s %12s\n' "" bytes "with libs"
	for name in floor cruet crun runc; do
		file=${path[$name]-$programs/$name}
		[ -e "$file" ] || continue
		bytes=$(stat -L -c %s "$file")
		total=$bytes
		while read -r library; do
			total=$((total + $(stat -L -c %s "$library")))
		done < <(ldd "$file" 2> /dev/null | grep -o '/[^ ]*' || true)
		printf '%-34s %10s %12s\n' "$name" "$bytes" "$total"
		printf '{"plan":"size","case":"%s","bytes":%s,"with_libraries":%s}\n' "$name" "$bytes" \
			"$total" >> "$results"
	done
}

# Peak memory is read on one CPU: the kernel charges groups in steps of 256 KiB for each CPU.
pinned=
declare -A path
find_runtimes() {
	local name
	[ ! -x "$build/cruet" ] || path[cruet]=$build/cruet
	[ -z "${CRUET-}" ] || path[cruet]=$CRUET
	for name in crun runc; do
		[ -z "$(type -P "$name" || true)" ] || path[$name]=$(readlink -f "$(type -P "$name")")
	done
	[ -n "${path[cruet]-}" ] || echo "bench: there is no $build/cruet: without it" >&2
}

in_environment() {
	local list
	env=$1
	list=$(runtimes_of "$env")
	[ -n "$list" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	set -- $list
	if wanted run; then
		title "run /bin/true ($env)"
		plan_run "$@" | measured "$env" "$env: run"
	fi
	if wanted cycle; then
		title "life cycle ($env); start with its payload, start-alone without"
		plan_cycle "$@" | measured "$env" "$env: cycle"
	fi
	if wanted mounts; then
		title "run with more read-only bind mounts ($env)"
		plan_mounts "$@" | measured "$env" "$env: mounts" -n $((rounds / 3 + 1))
	fi
	start_sleepers "$@"
	if wanted exec; then
		title "exec /bin/true ($env)"
		plan_exec "$@" | measured "$env" "$env: exec"
	fi
	if wanted query; then
		title "queries, two containers ($env)"
		plan_query "$@" | measured "$env" "$env: queries"
	fi
	if wanted calls && command -v strace > /dev/null; then
		title "system calls of the whole tree ($env)"
		system_calls "$@"
	fi
	if wanted memory && [ "$env" = v2 ] && have_v1; then
		title "peak memory of the tree, user + kernel (v2)"
		pinned="taskset -c 0"
		plan_memory "$@" | measured "$env" "peak memory" -n $((rounds / 3 + 1)) \
			-m "/proc/$holder/root/sys/fs/cgroup/memory"
		pinned=
	fi
	if wanted many; then
		title "list with 100 containers ($env)"
		many_containers "$@"
	fi
	stop_sleepers "$@"
	if wanted limits && [ "$env" = v1 ]; then
		title "smallest memory limit for /bin/true, KiB (v1)"
		memory_limits "$@"
	fi
}

inside() {
	work=/run/bench
	mkdir "$work"
	find_runtimes
	make_bundles
	sleep 100000 &
	holder=$!
	in_environment v2
	! have_v1 || in_environment v1
	if wanted size; then
		title "size of the programs"
		binary_sizes
	fi
	kill "$holder"
}

build=${1:-${BUILD:-$top/build}}
[ "$build" != --inside ] || build=$2
build=$(cd "$build" 2> /dev/null && pwd) || fail "no folder $build: run make first"
programs=$build/bench
results=$programs/results
if [ "${1-}" = --inside ]; then
	inside
	exit
fi
[ "$(id -u)" = 0 ] || fail "only as root"
command -v jq > /dev/null || fail "needs jq"
printf 'include Makefile\ninclude tests/bench/bench.mk\n' |
	make -s -C "$top" -f - O="$build" bench-programs
: > "$results"
for part in $parts; do
	[ "$part" = guest ] || [ "$part" = boards ] || [ "$part" = init ] || [ "$part" = unpack ] || [ "$part" = pull ] || { "$top/tests/sandbox.sh" "$0" --inside "$build"; break; }
done
if wanted guest; then
	title "in a QEMU guest under -icount, million instructions"
	"$here/guest" "$build" || echo "bench: the guest is left out" >&2
fi
if wanted boards; then
	for board in qemu-armv7 qemu-aarch64 qemu-mipsel; do
		title "the board $board under -icount, million instructions"
		printf 'include Makefile\ninclude tests/bench/bench.mk\n' |
			make -s -C "$top" -f - O="$build/board/$board" ARCH="${board#qemu-}" bench-board-programs &&
			"$here/guest" "$build" "$board" || echo "bench: $board is left out: make board-$board" >&2
	done
fi
if wanted init; then
	title "first processes, in a QEMU guest under -icount: Run /init to the first instruction; memory"
	"$here/init" "$build" || echo "bench: init is left out" >&2
fi
if wanted unpack; then
	title "unpacking a layer (one CPU, into memory)"
	"$here/unpack" "$build" || echo "bench: unpack is left out" >&2
fi
if wanted pull; then
	title "pulling a layer of 100 MB from a registry (into memory)"
	"$here/pull" "$build" || echo "bench: pull is left out" >&2
fi
title "goals (medians; payload is BusyBox's true, empty does nothing at all)"
jq -rs -f "$here/goals.jq" "$results" | awk -F '\t' '{ printf "%-40s %12s %12s  %s\n", $1, $2, $3, $4 }'
{ echo "["; sed '$!s/$/,/' "$results"; echo "]"; } > "$programs/bench.json"
echo
echo "As JSON: $programs/bench.json"
