#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [RUNTIME [CLIENT[:CASE,CASE...]...]]: podman, buildah, containerd and Docker from Debian's
# packages with one runtime (default build/cruet), each in namespaces, cgroups and state folders of its
# own. Prints TAP.
#
# A case that fails is run again with Debian's runc. It may fail only if `expected` lists it with a
# reason and runc fails too; a listed case that passes is an error as well. Lines of `expected`:
# CLIENT CASE | REASON, with ? before CLIENT for one that comes and goes.
# CLIENTS_LOGS names a folder that keeps what the cases print. RUNTIME=runc judges nothing but itself.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/clients}
all="podman buildah containerd docker"

skip_all() { echo "1..0 # SKIP $*"; exit 0; }

runtime=$(readlink -f "$(type -P "${1:-${CRUET:-$top/build/cruet}}" || true)")
[ $# -eq 0 ] || shift
[ -x "$runtime" ] || { echo "Bail out! no runtime"; exit 1; }
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$top/build/rootfs/bin/busybox" ] || skip_all "needs build/rootfs"
command -v jq > /dev/null || skip_all "needs jq"
peer=$(type -P runc || true)
[ $# -gt 0 ] || eval set -- "$all"

logs=${CLIENTS_LOGS:-$(mktemp -d "${TMPDIR:-/tmp}/cruet-clients.XXXXXX")}
[ -n "${CLIENTS_LOGS-}" ] || trap 'rm -rf "$logs"' EXIT

missing() { # CLIENT: what it lacks here
	local program need
	case $1 in
	podman) need="podman conmon" ;;
	buildah) need="buildah" ;;
	containerd) need="containerd ctr containerd-shim-runc-v2" ;;
	docker) need="dockerd docker containerd containerd-shim-runc-v2 iptables" ;;
	*) need="$1" ;;
	esac
	for program in $need; do
		type -P "$program" > /dev/null || echo "$program"
	done
}

# run_client CLIENT CASES RUNTIME FOLDER
run_client() {
	mkdir -p "$4"
	CLIENT_RUNTIME=$3 CLIENT_LOGS=$4 CLIENT_CASES=$2 CLIENT_ROOTFS=$top/build/rootfs \
		timeout -k 5 900 "$top/tests/sandbox.sh" --cgroup hybrid --state /var/lib \
		"$here/$1.sh" > "$4/client.out" 2>&1 < /dev/null || true
}

# The runtime under its own name, or cruet's, whatever its file is called.
mkdir -p "$logs/bin"
name=cruet
case $(basename "$runtime") in runc | crun) name=$(basename "$runtime") ;; esac
[ "$name" != cruet ] || install "$runtime" "$logs/bin/cruet"
[ "$name" = cruet ] && tested=$logs/bin/cruet || tested=$runtime

number=0 bad=0
result() { # WORD TEXT
	number=$((number + 1))
	echo "$1 $number - $2"
	[ "$1" = ok ] || bad=1
}

reason() { # CLIENT CASE FLAG
	[ ! -e "$here/expected" ] || sed -n "s/^$3$1 $2 *| *//p" "$here/expected"
}

# Two clients at a time.
run_all() {
	local client cases
	for client in "$@"; do
		cases=
		[[ $client != *:* ]] || cases=${client#*:}
		client=${client%%:*}
		[ -z "$(missing "$client")" ] || continue
		while [ "$(jobs -rp | wc -l)" -ge 2 ]; do sleep 0.2; done
		run_client "$client" "${cases//,/ }" "$tested" "$logs/$client" &
	done
	wait
}

judge() { # CLIENT CASE RESULT PEER-RESULT
	local why flaky
	why=$(reason "$1" "$2" '')
	flaky=$(reason "$1" "$2" '?')
	if [ "$3" = pass ] && [ -n "$why" ] && [ "$name" = cruet ]; then
		result "not ok" "$1 $2: passes, but is listed as failing: $why"
	elif [ "$3" = pass ]; then
		result ok "$1 $2"
	elif [ "$4" = fail ] && [ -n "$why$flaky" ]; then
		result ok "$1 $2: fails as it does with runc: $why$flaky"
	else
		result "not ok" "$1 $2 (with runc: ${4:-not run})"
		tail -n 12 "$logs/$1/$2" 2> /dev/null | cut -c 1-300 | sed 's/^/#   /'
	fi
}

run_all "$@"
for client in "$@"; do
	client=${client%%:*}
	lack=$(missing "$client" | xargs)
	if [ -n "$lack" ]; then
		result ok "$client # SKIP no $lack here"
		continue
	fi
	if ! grep -qv '^set_up' "$logs/$client/results" 2> /dev/null; then
		result "not ok" "$client did not start"
		cat "$logs/$client/client.out" "$logs/$client/set_up" 2> /dev/null | tail -n 20 | sed 's/^/#   /'
		continue
	fi
	failed=$(awk '$2 == "fail" { print $1 }' "$logs/$client/results" | xargs)
	if [ -n "$failed" ] && [ -n "$peer" ] && [ "$name" != runc ]; then
		run_client "$client" "$failed" "$peer" "$logs/$client-runc"
	fi
	while read -r case outcome _; do
		with_peer=
		[ "$outcome" = pass ] || with_peer=$(awk -v name="$case" '$1 == name { print $2 }' \
			"$logs/$client-runc/results" 2> /dev/null || true)
		judge "$client" "$case" "$outcome" "$with_peer"
	done < "$logs/$client/results"
done
echo "1..$number"
exit "$bad"
