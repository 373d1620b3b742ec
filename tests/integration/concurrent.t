#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several commands at once on one container, and many containers at once.
. "$(dirname "$0")/lib.sh"

# Run a command N times at once; how many ended with each status: "STATUS COUNT" lines in $T/statuses.
at_once() { # N COMMAND...
	count=$1
	shift
	rm -f $T/status.*
	i=0
	jobs=
	while [ $i -lt "$count" ]; do
		i=$((i + 1))
		(
			cruet "$@" >$T/status.$i.out 2>&1 </dev/null
			echo $? >$T/status.$i
		) &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job"
	done
	cat $T/status.[0-9] $T/status.[0-9][0-9] 2>/dev/null | sort | uniq -c | awk '{ print $2, $1 }' >$T/statuses
	out=$(cat $T/status.*.out)
	err=
}
statuses() { tr '\n' ' ' <$T/statuses; }

for round in 1 2 3; do
	new_id
	script_bundle "$id" "$SLEEPER"
	at_once 6 create --bundle "$BUNDLES/$id" "$id"
	is "$(statuses)" "0 1 1 5 " "six creates of one id: one succeeds"
	is "$(state_of "$id")" created "... and the container is created"
	at_once 6 start "$id"
	is "$(statuses)" "0 1 1 5 " "six starts: one succeeds"
	is "$(state_of "$id")" running "... and it runs"
	at_once 6 exec "$id" true
	is "$(statuses)" "0 6 " "six execs"
	at_once 6 state "$id"
	is "$(statuses)" "0 6 " "six states"
	at_once 6 delete --force "$id"
	is "$(statuses)" "0 6 " "six times delete --force: none fails"
	is_clean "$id" "... nothing is left"
done

# 20 containers at once, while somebody lists
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	script_bundle many$i "exit $i"
done
(
	while [ ! -e $T/enough ]; do
		cruet list -q >$T/list.out 2>$T/list.err || echo failed >>$T/list.bad
		grep -v warning $T/list.err >>$T/list.bad
		cruet list --format json | jq . >/dev/null 2>>$T/list.bad || echo json >>$T/list.bad
	done
) &
lister=$!
jobs=
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	(
		cruet run --bundle $BUNDLES/many$i many$i >/dev/null 2>$T/many.$i.err </dev/null
		echo "$i $?" >$T/many.$i
	) &
	jobs="$jobs $!"
done
for job in $jobs; do
	wait "$job"
done
touch $T/enough
wait $lister
is "$(cat $T/many.[0-9] $T/many.[0-9][0-9] | awk '$1 != $2' | tr '\n' ' ')" "" "20 containers at once: each gives its own status"
is "$(cat $T/many.*.err)" "" "... without a word"
is "$(sort -u $T/list.bad 2>/dev/null)" "" "list never fails while containers come and go"
left=
for i in 1 5 10 20; do
	left="$left$(leftovers many$i)"
done
is "$left" "" "nothing is left"

# create and delete --force of the same id against each other: whoever wins, nothing is half there
new_id
script_bundle "$id" "$SLEEPER"
i=0
while [ $i -lt 15 ]; do
	i=$((i + 1))
	cruet create --bundle "$BUNDLES/$id" "$id" >/dev/null 2>$T/create.err </dev/null &
	creator=$!
	cruet delete --force "$id" >/dev/null 2>$T/delete.err || echo "delete: $(cat $T/delete.err)" >>$T/race.bad
	wait $creator 2>/dev/null
	made=$?
	status=$(state_of "$id")
	case $made,$status in
	0,created | 0, | 1, | 137,) ;; # 137: delete --force kills who creates it
	*) echo "create $made, then '$status': $(cat $T/create.err)" >>$T/race.bad ;;
	esac
	cruet delete --force "$id" >/dev/null 2>&1
	left=$(leftovers "$id")
	[ -z "$left" ] || echo "left: $left" >>$T/race.bad
done
is "$(sort -u $T/race.bad 2>/dev/null)" "" "create against delete --force"

# kill, exec, pause, resume, update and delete in one storm
sleeper
jobs=
for command in "exec $id true" "kill $id CONT" "pause $id" "resume $id" "update --pids-limit 40 $id" "ps $id" \
	"exec $id true" "state $id" "delete --force $id" "exec $id true" "pause $id" "resume $id" "list"; do
	# shellcheck disable=SC2086
	(
		cruet $command >/dev/null 2>&1 </dev/null
		result=$?
		[ $result -lt 134 ] || [ $result -eq 255 ] || echo "$command: $result" >>$T/storm.bad
	) &
	jobs="$jobs $!"
done
for job in $jobs; do
	wait "$job"
done
is "$(cat $T/storm.bad 2>/dev/null)" "" "a storm of commands: none crashes or hangs"
run cruet delete --force "$id"
is "$status" 0 "delete --force after it"
is_clean "$id" "nothing is left"
finish
