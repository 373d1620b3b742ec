#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# The same supervisor under another init, or in a container: `cruet supervise`.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

M=
mkdir -p $T/etc $T/units $T/data
unit() { jq -n "$2" >$T/units/"$1.json"; }
bundle_root=$T/rootfs
container() { # NAME SCRIPT KEYS
	mkdir -p "$T/bundles/$1"
	base_config | jq --arg root "$bundle_root" --arg script "$2" '.root.path=$root | del(.linux.cgroupsPath) |
		.process.args=["/bin/sh", "-c", $script]' >"$T/bundles/$1/config.json"
	unit "$1" "{ bundle: \"$T/bundles/$1\" } + {${3-}}"
}
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
jq -n "{ hostname: \"not-mine\", data: \"$T/data\", shutdown_timeout: \"10s\" }" >$T/system.json
container box "$SLEEP" 'volumes: [{ name: "state", path: "/mnt", class: "permanent" }]'
container writer 'echo kept >/mnt/file; trap "exit 0" TERM; while :; do sleep 1000 & wait; done' \
	'volumes: [{ name: "state", path: "/mnt", class: "permanent" }]'
shell_unit process "trap 'echo told >>$T/told; exit' TERM; while :; do sleep 1000 & wait; done" 'requires: ["box"]'
shell_unit crash 'sleep 0.1; exit 1' 'restart: { delay: "100ms", max_delay: "100ms" }'
host_before=$(hostname)
PATH=$PATH:$(dirname "$cruet_binary")
cruet() { timeout --foreground -s KILL 20 "$cruet_binary" "$@"; }
supervisor
reaches box ready "a container"
reaches process ready "a process that requires it"
is "$(hostname)" "$host_before" "the machine's name is not its business"
run cruet status
is "$status" 0 "status"
check "one that crashes is restarted" wait_long sh -c "[ \"\$($cruet_binary status --json |
	jq '.units[] | select(.name == \"crash\") | .starts')\" -gt 3 ]"
reaches writer ready "a container that writes to a permanent volume"
is "$(find $T/data -name file -exec cat {} +)" kept "the data are there"
# An orphan of a unit comes to the supervisor, and is reaped.
before=$(ps -o pid= --ppid "$init" | wc -l)
run cruet exec box sh -c 'sleep 0.1 & exit 0'
sleep 0.5
is "$(ps -o stat= --ppid "$init" | awk '/Z/' | wc -l)" 0 "no zombie stays"
note "children of the supervisor: $before"
kill -QUIT "$init"
re_executed() { [ "$(system_field reexecs)" = 1 ]; }
check "it re-executes itself" wait_long re_executed
is "$(state box)" ready "the units go on"
"$cruet_binary" supervise --units $T/units --system $T/system.json >$T/second 2>&1
is $? 1 "a second one is refused"
note "$(cat $T/second)"
is "$(state box)" ready "the first one goes on"
kill -TERM "$init"
wait "$init"
is $? 0 "TERM: it ends, with status 0"
is "$(cat $T/told)" told "after the units"
init=
is "$(find /run/cruet /run/state -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null)" "" "no container is left"
check "its socket is gone" test ! -e /run/cruet-init/control

# ---- killed ----

supervisor
reaches box ready "once more"
kill -KILL "$init"
wait "$init" 2>/dev/null
supervisor
reaches process ready "after kill -9: a new supervisor cleans up and starts all anew"
is "$(cruet list -q 2>/dev/null | grep -c '^box$')" 1 "one container, not two"
kill -TERM "$init"
wait "$init"
is $? 0 "it ends"
init=
finish
