#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Damage: state files cut short, emptied, changed, removed; a full or read-only state folder; a state
# that names another process. `delete --force` removes the container all the same, and others are not harmed.
. "$(dirname "$0")/../integration/lib.sh"

ID=victim
bundle victim '.process.args=["probe","pause"]'
bundle healthy '.process.args=["probe","pause"]'
cruet run -d --bundle $BUNDLES/healthy healthy
is "$?" 0 "a healthy container beside"

flip() { # FILE OFFSET: turn one byte over
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 85)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
middle() { echo $(($(wc -c <"$1") / 2)); }

gone() { # NAME: delete --force must remove everything of it
	for command in state "ps --format json" "kill ID TERM" "list"; do
		# shellcheck disable=SC2046,SC2086
		run cruet $(case $command in list) echo list ;; kill*) echo kill $ID CONT ;; *) echo $command $ID ;; esac)
		[ "$status" -lt 124 ] || fail "$1: $command crashes or hangs"
	done
	run cruet list -q
	case $status:$out in
	0:*healthy*) ;;
	*) fail "$1: list loses the healthy container" ;;
	esac
	run cruet delete --force $ID
	deleted=$status
	left=$(leftovers $ID)
	alive=
	for process in $pids; do
		[ ! -d "/proc/$process/ns" ] || alive="$alive $process"
	done
	if [ "$deleted" -eq 0 ] && [ -z "$left$alive" ]; then
		pass "$1: delete --force removes it all"
	else
		fail "$1: delete --force removes it all (status $deleted; left: $left; alive: $alive)"
		for process in $pids; do kill -KILL "$process" 2>/dev/null; done
		sleep 0.1
		for point in $CGROUPS; do
			[ ! -e "$point/$ID" ] || find "$point/$ID" -depth -type d -exec rmdir {} \; 2>/dev/null
		done
		rm -rf "${STATE:?}/$ID"
	fi
}

damage() { # STATUS NAME COMMAND...: in the state folder of a container in this status
	wanted=$1 name=$2
	shift 2
	case $wanted in
	created) cruet create --bundle $BUNDLES/victim $ID >/dev/null 2>&1 </dev/null ;;
	*) cruet run -d --bundle $BUNDLES/victim $ID >/dev/null 2>&1 </dev/null ;;
	esac
	pids=$(pid_of $ID)
	case $wanted in
	paused) cruet pause $ID ;;
	stopped) cruet kill $ID KILL && becomes $ID stopped ;;
	esac
	(cd $STATE/$ID && "$@")
	gone "$wanted: $name"
}

cruet create --bundle $BUNDLES/victim $ID >/dev/null 2>&1 </dev/null
files=$(find $STATE/$ID -type f -printf '%f\n' | sort)
fifos=$(find $STATE/$ID -type p -printf '%f\n' | sort)
remove $ID
for wanted in running created paused stopped; do
	for file in $files; do
		damage "$wanted" "$file is empty" sh -c ": >$file"
		damage "$wanted" "$file is cut short" sh -c "truncate -s \$((\$(wc -c <$file) / 2)) $file"
		damage "$wanted" "$file is removed" rm "$file"
		damage "$wanted" "$file is zeroes" sh -c "head -c \$(wc -c <$file) /dev/zero >z && cat z >$file && rm z"
		damage "$wanted" "$file is null" sh -c "echo null >$file"
		flip_middle() { flip "$file" "$(middle "$file")"; }
		damage "$wanted" "$file has a changed byte" flip_middle
		damage "$wanted" "$file is a folder" sh -c "rm $file && mkdir $file"
		damage "$wanted" "$file is a link" sh -c "rm $file && ln -s /etc/passwd $file"
		damage "$wanted" "$file has more behind" sh -c "echo more >>$file"
	done
	for file in $fifos; do
		damage "$wanted" "$file is removed" rm -f "$file"
		damage "$wanted" "$file is a file" sh -c "rm -f $file && echo >$file"
	done
	damage "$wanted" "a foreign file" sh -c "echo x >foreign"
	damage "$wanted" "a foreign folder" sh -c "mkdir -p foreign/deep && echo x >foreign/deep/file"
	damage "$wanted" "a temporary file" sh -c "echo x >state.new"
done
is "$(head -n 1 /etc/passwd | cut -d: -f1)" root "what a link points to is not touched"
# both records at once: where the groups are follows from the configuration
if [ "$RUNTIME" = cruet ]; then
	is "$(echo "$files" | grep -E '^(intent|state)$' | tr '\n' ' ')" "intent state " "the two records"
	flip_both() { for file in intent state; do flip "$file" "$(middle "$file")"; done; }
	for wanted in running created paused stopped; do
		damage "$wanted" "both records changed" flip_both
		damage "$wanted" "both records removed" rm -f intent state
	done
fi

# pid reuse: the record names a process that is another one now
sleep 1070 &
other=$!
cruet run -d --bundle $BUNDLES/victim $ID >/dev/null 2>&1 </dev/null
pids=$(pid_of $ID)
kill -KILL "$pids"
wait_for [ ! -d "/proc/$pids/ns" ]
for file in $files; do
	sed -i "s/^pid=$pids\$/pid=$other/; s/\"init_process_pid\":$pids,/\"init_process_pid\":$other,/" $STATE/$ID/"$file"
done
run cruet kill $ID KILL
run cruet delete --force $ID
check "a process that has the container's pid by now is not killed" kill -0 $other
kill $other
wait $other 2>/dev/null
rm -rf "${STATE:?}/$ID"
for point in $CGROUPS; do
	[ ! -e "$point/$ID" ] || find "$point/$ID" -depth -type d -exec rmdir {} \; 2>/dev/null
done

# no room, no writing
full=$T/full
mkdir $full
mount -t tmpfs -o size=64k,nr_inodes=40 full $full
mounts_before=$(mounts)
"$CRUET" --root $full/state list >/dev/null 2>&1
dd if=/dev/zero of=$full/fill bs=4k status=none 2>/dev/null
run "$CRUET" --root $full/state create --bundle $BUNDLES/victim $ID
is "$status" 1 "a full state folder: create fails"
like "$err" "no space|space left" "... and says so"
is "$(find $full -mindepth 1 ! -name fill ! -name state ! -name '.*' ! -path '*/.*')" "" "... leaving nothing"
is_clean $ID "... nowhere"
rm $full/fill
truncate -s 50k $full/fill && dd if=/dev/zero of=$full/fill bs=1k count=52 status=none 2>/dev/null
for size in 56 57 58 59 60 61 62 63; do
	dd if=/dev/zero of=$full/fill bs=1k count=$size status=none 2>/dev/null
	run "$CRUET" --root $full/state create --bundle $BUNDLES/victim $ID
	made=$status
	rm -f $full/fill
	if [ "$made" -ne 0 ]; then
		is "$(leftovers $ID)$(ls $full/state)" "" "$size of 64 KiB taken: create fails and leaves nothing"
	else
		run "$CRUET" --root $full/state delete --force $ID
		is "$status$(leftovers $ID)$(ls $full/state)" 0 "$size of 64 KiB taken: create works, so does delete"
	fi
	"$CRUET" --root $full/state delete --force $ID 2>/dev/null
done
umount $full
mount -t tmpfs -o ro,size=64k readonly $full
mounts_before=$(mounts)
run "$CRUET" --root $full/state create --bundle $BUNDLES/victim $ID
is "$status" 1 "a read-only state folder: create fails"
like "$err" "read-only" "... and says so"
is_clean $ID "... leaving nothing"
umount $full
mounts_before=$(mounts)

is "$(state_of healthy)" running "the healthy container has run all the time"
remove healthy
finish
