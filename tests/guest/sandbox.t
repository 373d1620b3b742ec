#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/sandbox.sh, which other tests stand on, on the cgroup layouts of the guests.
sandbox=/cruet/tests/sandbox.sh
number=0

is() { # GOT WANTED NAME
	number=$((number + 1))
	[ "$1" = "$2" ] && echo "ok $number - $3" && return
	echo "not ok $number - $3"
	echo "# got: $1, wanted: $2"
	bad=1
}

bad=0
out=$($sandbox --state /var/lib sh -c 'ls /var/lib | wc -l; exit 5')
is $? 5 "the command's status"
is "$out" 0 "its output: an empty state folder"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	$sandbox --cgroup v1 true
	is $? 77 "there is no v1 here"
	# shellcheck disable=SC2016 # for the inner shell
	is "$($sandbox sh -c 'mkdir /sys/fs/cgroup/x && echo 7 > /sys/fs/cgroup/x/pids.max &&
		cat /sys/fs/cgroup/x/pids.max')" 7 "groups below have controllers"
else
	is "$($sandbox --cgroup v1 sh -c 'ls /sys/fs/cgroup | grep -c memory')" 1 "v1 hierarchies"
	is "$($sandbox sh -c 'mkdir /sys/fs/cgroup/pids/x && echo 7 > /sys/fs/cgroup/pids/x/pids.max &&
		cat /sys/fs/cgroup/pids/x/pids.max')" 7 "groups below have controllers"
fi
is "$(find /sys/fs/cgroup -name 'cruet-test-*' | wc -l)" 0 "no group is left"
echo "1..$number"
exit $bad
