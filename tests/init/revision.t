#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317,SC2016 # set by run; called by wait_long; for the units' shells
#
# Revisions under PID 1: a trial that proves itself is committed, one that does not goes back to
# what was committed, and whatever happens the firmware's form of a replaced unit never starts.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
STAY='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
SETTINGS='recorder: "/data/recorder", revision: { deadline: "4s", stable: "1s" }'
system "{ $SETTINGS }"
mkdir -p $M/rev $M/data
echo '{"store": "/data/images", "factory": []}' >$M/etc/cruet/images.json
shell_unit app "echo firmware >>/data/app; $STAY"
shell_unit old "echo old >>/data/old; $STAY"
shell_unit same "$STAY"
shell_unit first "echo first >>/data/first; $STAY" 'early: true'

# On the machine's disk, while it is off.
tool() { unshare -m sh -c 'mount --bind /proc "$0/proc" && exec chroot "$0" /usr/bin/cruet "$@"' "$M" "$@"; }
# A revision: `stage NAME`, unit files into $M/rev/NAME by `over`, then `install NAME`: $number.
stage() { rm -rf "$M/rev/$1"; mkdir -p "$M/rev/$1"; }
over() { # NAME UNIT SCRIPT [KEYS]
	jq -n --arg script "$3" "{ exec: [\"/bin/sh\", \"-c\", \$script] } + {${4-}}" >"$M/rev/$1/$2.json"
}
install() { # NAME [OPTION...]
	name=$1
	shift
	run tool revision make "$name" "/rev/$name" "$@"
	[ "$status" = 0 ] || fail "revision make $name: $err"
	run tool revision install "$name"
	[ "$status" = 0 ] || { fail "revision install $name: $err"; finish_machine; }
	number=$out
}
try() { run tool revision try "$@"; [ "$status" = 0 ] || fail "revision try $*: $err"; }
revision() { system_field "revision.$1"; }
is_committed() { [ "$(revision committed)/$(revision on_trial)" = "$1/false" ]; }
has_failed() { [ "$(revision failed)/$(revision on_trial)" = "$1/false" ]; }
runs() { [ "$(revision running)" = "$1" ]; }

# ---- the firmware alone ----

boot
reaches app ready "without a revision the firmware's units run"
is "$(revision running)/$(revision on_trial)" 0/false "and status says so"
unlike "$(inside cruet status)" 'revision' "in text it says nothing"
shut_down

# ---- at boot ----

# There is a store as soon as an image has been imported.
mkdir $T/empty
"$top/tests/image/make_image.py" $M/layout box $T/empty >/dev/null
run tool import --quiet /layout
is "$status" 0 "a store"

rm -f $M/data/app $M/data/old
stage good
over good app "echo good >>/data/app; $STAY" 'goal: { stable: "500ms" }'
over good new "echo new >>/data/new; $STAY"
install good --without old
good=$number
try "$good"
boot
reaches app ready "a revision on trial is started at boot"
is "$(revision running)" "$good" "status names it"
reaches new ready "with what it brings"
is "$(state old)" "" "without what it takes away"
check "it proves itself and is committed" wait_long is_committed "$good"
is "$(cat $M/data/app)/$(cat $M/data/old 2>/dev/null)" "good/" "the firmware's form never started"
is "$(grep -c first $M/data/first)" 2 "an early unit started once in each boot"
run inside cruet boot --json
like "$out" "revision $good: trial begun" "the journal has its beginning"
like "$out" "revision $good: committed" "and its end"
shut_down
boot
reaches app ready "it is what the next boot runs"
is "$(revision running)/$(revision on_trial)" "$good/false" "for good"
is "$(sort -u $M/data/app)" good "again without the firmware's"

# ---- by a reload: one that fails goes back without a reboot ----

pid=$(field same pid)
stage dies
over dies app "echo dies >>/data/app; exit 3" 'goal: true, restart: { limit: 2, delay: "100ms" }'
install dies
dies=$number
try "$dies"
run inside cruet reload
is "$status" 0 "a trial begins with a reload"
check "a goal unit that is given up ends it" wait_long has_failed "$dies"
check "what was committed comes back" wait_long runs "$good"
reaches app ready "and runs"
reaches new ready "all of it"
is "$(tail -n 1 $M/data/app)" good "in its form"
is "$(field same pid)" "$pid" "who is in both did not notice"
like "$(revision reason)" '^app: failed .*exit status 3' "the reason is kept"
like "$(inside cruet status)" "revision $dies has failed: app" "and shown"
run inside cruet boot --json
like "$out" "revision $dies: trial failed" "it is in the journal"
check "and in the flight recorder" wait_long sh -c "strings $M/data/recorder | grep -q 'revision $dies, app'"

stage late
over late app "echo late >>/data/app; $STAY" 'goal: true, ready: { by: "file", path: "/nosuch", timeout: "1m" }'
install late
late=$number
try "$late"
run inside cruet reload
like "$(inside cruet status)" "revision $late on trial .*: app has to be ready within" "status says what it waits for"
check "the deadline ends a trial" wait_long has_failed "$late"
check "that goes back, too" wait_long runs "$good"
reaches app ready "to what runs"
like "$(revision reason)" '^app: not ready in time' "with the reason"

# ---- without a goal: the services ----

stage plain
over plain app "echo plain >>/data/app; $STAY"
install plain
plain=$number
try "$plain"
run inside cruet reload
reaches app ready "a revision without a goal runs"
check "it is committed once its services are stable" wait_long is_committed "$plain"
is "$(state new)" "" "what the one before brought is gone"
is "$(state old)" ready "what it took away is back"

# ---- units that cannot be loaded ----

shut_down
stage wrong
over wrong app "$STAY" 'requires: ["extra"]'
over wrong extra "$STAY"
install wrong
wrong=$number
try "$wrong"
# The firmware is another one now: what the installation has checked is true no longer.
shell_unit early "$STAY" 'early: true, requires: ["first"]'
cp $M/rev/wrong/extra.json $M/etc/cruet/units/extra.json
jq '.early = true' $M/rev/wrong/extra.json >$M/etc/cruet/units/extra.json
rm -f $M/data/app
boot
check "a trial that cannot be loaded is none" wait_long has_failed "$wrong"
reaches app ready "what is committed runs in the same boot"
is "$(revision running)/$(cat $M/data/app)" "$plain/plain" "and nothing else did"
like "$(revision reason)" 'early' "with the reason"
rm $M/etc/cruet/units/extra.json $M/etc/cruet/units/early.json
shut_down

# ---- power cuts and crashes ----

stage crash
over crash app "$STAY" 'goal: { stable: "1h" }'
install crash
crash=$number
try "$crash"
for boot in 1 2 3; do
	boot
	is "$(revision running)/$(revision on_trial)" "$crash/true" "boot $boot tries it"
	is "$(revision tries_left)" "$(if [ $boot = 3 ]; then echo null; else echo $((3 - boot)); fi)" "with fewer tries"
	if [ $boot = 1 ]; then
		run inside cruet reexec
		check "re-exec goes on with the trial" wait_long test "$(revision running)/$(revision on_trial)" = "$crash/true"
	fi
	kill -KILL "$init"
	wait "$machine"
	init=
done
boot
is "$(revision running)/$(revision failed)" "$plain/$crash" "the next one has what was committed"
reaches app ready "which runs"

# ---- volumes ----

shut_down
no_units
unit app '{ bundle: "/bundles/app", volumes: [{ name: "state", path: "/state", class: "revision" }] }'
machine_bundle app "echo x >>/state/count; $STAY"
stage volumes
cp $M/etc/cruet/units/app.json $M/rev/volumes/app.json
jq '.goal = true' $M/etc/cruet/units/app.json >$M/rev/volumes/app.json
install volumes
volumes=$number
run tool revision rollback
try "$volumes"
boot
reaches app ready "a unit with a volume of its revision"
check "is committed" wait_long is_committed "$volumes"
check "its volume is the revision's" test -s "$M/data/volumes/revision/$volumes/app/state/count"
mkdir -p $M/data/volumes/revision/77/app/state $M/data/volumes/revision/0/app/state
shut_down
boot
reaches app ready "once more"
check "those of revisions that are gone are removed" wait_long test ! -e $M/data/volumes/revision/77
check "the firmware's stay" test -d $M/data/volumes/revision/0/app/state
check "and so do the installed ones'" test -s "$M/data/volumes/revision/$volumes/app/state/count"
shut_down
# As if the disk with the store were not mounted: an empty folder says nothing of what there was.
mv $M/data/images $M/data/images.away
"$top/tests/image/make_image.py" $M/layout box $T/empty >/dev/null
run tool import --quiet /layout
boot
reaches app ready "with a store that has no revision"
shut_down
check "no volume is removed" test -s "$M/data/volumes/revision/$volumes/app/state/count"
finish_machine
