#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [RUNTIME [CLIENT[:CASE,CASE...]...]]: podman, buildah, containerd and Docker from Debian's
# packages with one runtime (default build/cruet), each in namespaces, cgroups and state folders of its
# own. Prints TAP: a line for each case, and one that nothing is left on the machine.
#
# A case that fails is run again with Debian's runc. It may fail only if `expected` lists it with a
# reason and runc fails too; a listed case that passes is an error as well. Lines of `expected`:
# CLIENT CASE | REASON, with ? before CLIENT for one that comes and goes.
# CLIENTS_LOGS names a folder that keeps what the cases print. COMPARE=1 runs all cases with runc too
# and says in comments where the results differ. With RUNTIME=runc (or crun) nothing is judged but itself.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/clients}
build=${BUILD:-$top/build}
all="podman docker containerd buildah"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin # Debian's clients, not what /usr/local has

skip_all() { echo "1..0 # SKIP $*"; exit 0; }

runtime=$(readlink -f "$(type -P "${1:-${RUNTIME:-${CRUET:-$build/cruet}}}" || true)")
[ $# -eq 0 ] || shift
[ -x "$runtime" ] || { echo "Bail out! no runtime"; exit 1; }
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$build/rootfs/bin/busybox" ] || skip_all "needs $build/rootfs"
"$top/scripts/packages" clients || true # what is still missing is skipped by name
command -v jq > /dev/null || skip_all "needs jq"
peer=$(type -P runc || true)
# shellcheck disable=SC2086 # several
[ $# -gt 0 ] || set -- $all

logs=${CLIENTS_LOGS:-$(mktemp -d "${TMPDIR:-/tmp}/cruet-clients.XXXXXX")}
mkdir -p "$logs"
chmod 755 "$logs"
# shellcheck disable=SC2154 # job
trap 'for job in $(jobs -rp); do pkill -P "$job"; done; wait; [ -n "${CLIENTS_LOGS-}" ] || rm -rf "$logs"' EXIT
trap 'exit 1' HUP INT TERM

missing() { # CLIENT: what it lacks here
	local program need
	case $1 in
	podman) need="podman conmon script ip" ;;
	buildah) need="buildah script" ;;
	containerd) need="containerd ctr containerd-shim-runc-v2 script" ;;
	docker) need="dockerd docker containerd containerd-shim-runc-v2 iptables script ip" ;;
	*) need="$1" ;;
	esac
	for program in $need; do
		type -P "$program" > /dev/null || echo "$program"
	done
}

# run_client CLIENT CASES RUNTIME FOLDER
run_client() {
	mkdir -p "$4"
	CLIENT_RUNTIME=$3 CLIENT_LOGS=$4 CLIENT_CASES=$2 CLIENT_ROOTFS=$build/rootfs \
		timeout --foreground -k 20 900 "$top/tests/sandbox.sh" --cgroup hybrid --state /var/lib \
		"$here/$1.sh" > "$4/client.out" 2>&1 < /dev/null || true
}

# run_all RUNTIME SUFFIX CLIENT...: two at a time
run_all() {
	local tested=$1 suffix=$2 client cases
	shift 2
	for client; do
		cases=
		[[ $client != *:* ]] || cases=${client#*:}
		client=${client%%:*}
		[ -z "$(missing "$client")" ] || continue
		while [ "$(jobs -rp | wc -l)" -ge 2 ]; do sleep 0.2; done
		run_client "$client" "${cases//,/ }" "$tested" "$logs/$client$suffix" &
	done
	wait
}

outcome() { # FOLDER CASE
	awk -v name="$2" '$1 == name { print $2 }' "$logs/$1/results" 2> /dev/null || true
}

# What must be the same before and after. Others may be at work here, so processes and groups are ours only.
machine() {
	local file job
	cat /proc/self/mountinfo
	ip -o link 2> /dev/null | cut -d: -f2
	find /run/containerd /run/docker* /run/cruet /run/runc /run/libpod /run/containers /run/netns /run/crun \
		/var/lib/containers /var/lib/docker /var/lib/containerd /var/lib/cni -maxdepth 2 2> /dev/null | sort
	stat -c '%n %a %u %g %t %T' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/shm
	for file in /proc/[0-9]*/environ; do
		tr '\0' '\n' 2> /dev/null < "$file" | grep -q "^CLIENT_LOGS=$logs/" && echo "process ${file%/environ}"
	done
	cat "$logs"/*/client.out 2> /dev/null | grep 'stays behind' || true
}

number=0 bad=0
result() { # WORD TEXT
	number=$((number + 1))
	echo "$1 $number - $2"
	[ "$1" = ok ] || bad=1
}

reason() { # CLIENT CASE FLAG
	sed -n "s/^$3$1 $2 *| *//p" "$here/expected"
}

judge() { # CLIENT CASE RESULT PEER-RESULT
	local why flaky
	why=$(reason "$1" "$2" '')
	flaky=$(reason "$1" "$2" '?')
	if [ "$3" = pass ] && [ -n "$why" ] && [ "$name" = cruet ]; then
		result "not ok" "$1 $2: passes, but is listed as failing: $why"
	elif [ "$3" = pass ]; then
		result ok "$1 $2"
	elif [ -n "$flaky" ]; then
		result ok "$1 $2: failed this time, as it may: $flaky"
	elif [ -n "$why" ] && [ "$4" = fail ]; then
		result ok "$1 $2: fails as it does with runc: $why"
	else
		result "not ok" "$1 $2 (with runc: ${4:-not run})"
		tail -n 12 "$logs/$1/$2" 2> /dev/null | cut -c 1-300 | sed 's/^/#   /'
	fi
}

report() { # CLIENT
	local lack failed case result
	lack=$(missing "$1" | xargs)
	if [ -n "$lack" ]; then
		result ok "$1 # SKIP no $lack here"
		return
	fi
	if ! grep -qv '^set_up' "$logs/$1/results" 2> /dev/null; then
		result "not ok" "$1 did not start"
		cat "$logs/$1/client.out" "$logs/$1/set_up" 2> /dev/null | tail -n 20 | sed 's/^/#   /'
		return
	fi
	failed=$(awk '$2 == "fail" { print $1 }' "$logs/$1/results" | xargs)
	if [ -n "$failed" ] && [ -n "$peer" ] && [ "$name" = cruet ] && [ "${COMPARE-}" != 1 ]; then
		run_client "$1" "$failed" "$peer" "$logs/$1-runc"
	fi
	while read -r case result _; do
		judge "$1" "$case" "$result" "$(outcome "$1-runc" "$case")"
		if [ "${COMPARE-}" = 1 ] && [ "$result" != "$(outcome "$1-runc" "$case")" ]; then
			echo "# $1 $case: $result, with runc: $(outcome "$1-runc" "$case")"
			tail -n 3 "$logs/$1-runc/$case" | cut -c 1-300 | sed 's/^/#   runc: /'
		fi
	done < "$logs/$1/results"
}

# The runtime under its own name, or cruet's, whatever its file is called.
mkdir -p "$logs/bin"
name=cruet tested=$logs/bin/cruet
case $(basename "$runtime") in
runc | crun) name=$(basename "$runtime") tested=$runtime ;;
*) install "$runtime" "$tested" ;;
esac

machine > "$logs/before"
run_all "$tested" "" "$@"
[ "${COMPARE-}" != 1 ] || [ -z "$peer" ] || run_all "$peer" -runc "$@"
for client; do report "${client%%:*}"; done
machine > "$logs/after"
if diff "$logs/before" "$logs/after" > "$logs/left"; then
	result ok "nothing is left on the machine"
else
	result "not ok" "nothing is left on the machine"
	sed 's/^/#   /' "$logs/left"
fi
echo "1..$number"
exit "$bad"
