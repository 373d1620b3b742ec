#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# enter.sh WORK GROUP SCRIPT: run a test in groups and namespaces of its own (see lib.sh, which calls it).
# The group made for it becomes the root of its cgroup namespace; after that all its processes
# are in the leaf `harness`: a v2 group that has processes cannot give controllers to those below.
set -u

join() { # GROUP: in every hierarchy
	while read -r point _ _ group; do
		echo $$ >"$point$group/$1/cgroup.procs" || exit 1
	done <"$work/hierarchies"
}

work=$1
if [ "${ENTER_STAGE:-}" != namespace ]; then
	join "$2"
	ENTER_STAGE=namespace exec unshare --cgroup sh "$0" "$@"
fi
unset ENTER_STAGE
join "$2/harness"
exec timeout --foreground -k 5 "${TEST_TIMEOUT:-240}" unshare --mount --pid --fork --kill-child \
	--net --ipc --uts --mount-proc --propagation private sh "$3"
