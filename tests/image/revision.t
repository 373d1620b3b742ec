#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Revisions end to end: made and signed on a build host, carried by every way that carries images, installed,
# tried, committed, rolled back, removed; what is refused says why; killed anywhere, it is the old or the new one.
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

revision() { image revision "$@"; }
status_is() { # FILTER WANTED NAME
	is "$(image revision status --json | jq -rc "$1")" "$2" "$3"
}
last() { image image audit --json | tail -n 1 | jq -r "$1"; }
unit() { # FOLDER NAME IMAGE
	mkdir -p "$1"
	jq -n --arg image "$3" '{type: "oneshot", image: $image}' >"$1/$2.json"
}
numbers() { image revision list --json | jq -rc '[.[].revision]'; }

mkdir -p $T/one/bin $T/two/bin $T/keys
echo one >$T/one/bin/one
echo two >$T/two/bin/two
one=$(layout $T/layout app $T/one --config '{"Cmd":["/bin/one"]}')
two=$(layout $T/other app $T/two --config '{"Cmd":["/bin/two"]}')
image import --quiet $T/layout >/dev/null

# --- make ---

unit $T/units web app
run revision make fleet:1 $T/units
is "$status" 0 "make"
like "$out" '^sha256:[0-9a-f]{64}$' "it prints the digest"
first=$out
run revision make again $T/units
is "$out" "$first" "the same units and images make the same artifact"
image image rm again
run revision make x $T/nothing
failed 1 "$T/nothing: no such file or directory" "make: no folder"
mkdir $T/empty
run revision make x $T/empty
failed 1 "$T/empty: no unit \(NAME.json\) is there" "make: no unit"
unit $T/wrong web nowhere
run revision make x $T/wrong
failed 1 "unit web: no image nowhere in" "make: no such image"
unit $T/wrong web "app@$two"
run revision make x $T/wrong
failed 1 "unit web: .*the name has another digest" "make: another digest than the name's"
echo '{"image": 1}' >$T/wrong/web.json
run revision make x $T/wrong
failed 1 "unit web: .*image: not a string" "make: an image that is no name"
echo '{' >$T/wrong/web.json
run revision make x $T/wrong
failed 1 "unit web: " "make: no JSON"
run revision make x $T/units --without ../x
failed 1 "\-\-without ../x: not the name of a unit" "make: --without"
run revision make x $T/units --image nowhere
failed 1 "no image nowhere in" "make: --image"
is "$(image image ls --json | jq -r '[.[].name] | join(" ")')" "app fleet:1" "and nothing of all that has a name"

# --- carried ---

minisign -G -W -f -p $T/keys/release.pub -s $T/release.key >/dev/null
image image sign fleet:1 --key $T/release.key --counter 5 --as fleet
image image sign app --key $T/release.key --counter 5 --as app
image export fleet:1 $T/carried.tar >/dev/null 2>&1 || fail "export"
registry 5000
run image push --insecure fleet:1 127.0.0.1:5000/fleet:1
is "$status" 0 "push"
STORE=$T/device
settings
mkdir -p $T/device
run image import $T/carried.tar
is "$status" 0 "import of what was exported"
is "$(image image ls --json | jq -r '.[] | .name + " " + .digest')" "fleet:1 $first" "it is the same artifact"
image image rm fleet:1
image image gc --quiet --partial 0
run image pull --insecure --as fleet:1 127.0.0.1:5000/fleet:1
is "$status" 0 "pull"
is "$(image image ls --json | jq -r '.[] | .name + " " + .digest')" "fleet:1 $first" "and it is so again"

# --- install ---

run revision status
is "$status:$out" "0:committed  0 (the firmware's)
previous   0" "at first the firmware's units run"
run revision install nothing
failed 1 "no image nothing in" "install: no such artifact"
run revision install fleet:1
failed 1 "image app: blob sha256:.* is not in" "install: an image that is missing"
is "$(numbers)" "[]" "and nothing is installed"
image import --quiet $T/layout >/dev/null
run revision install app
failed 1 "app: not a revision" "install: no revision"
run revision install fleet:1
is "$status:$out" "0:1" "install prints the number"
is "$(last '.action, .name, .manifest, .id' | xargs)" "install fleet:1 $first 1" "and stands in the audit log"
is "$(jq -r .image $T/device/rev/1/units/web.json)" "app@$one" "the unit asks for the digest"
is "$(numbers)" "[1]" "list"
run revision show 1
like "$out" "image     app $one" "show"
is "$(revision show 1 --json | jq -c '[.whole, .state]')" '[true,"installed"]' "it is whole"
ls -A $T/device/rev | grep -v '^[0-9]' >$T/left
check "nothing else is there" test ! -s $T/left
jq '.color = 1' $T/units/web.json >$T/wrong/web.json
revision make bad $T/wrong >/dev/null
run revision install bad
failed 1 "bad cannot be installed, cruet check says: .*web.json:[0-9]*: color" "install: what cruet check says"
is "$(ls -A $T/device/rev)" 1 "leaves nothing"
image image rm bad

# --- policy ---

jq -n '{rules: [{prefix: "", threshold: 1, counter: "name", keys: [
	{name: "release", type: "minisign", file: "keys/release.pub"}]}]}' >$T/policy.json
minisign -G -W -f -p $T/keys/other.pub -s $T/other.key >/dev/null
image image sign app --key $T/release.key --counter 5 --as app
run revision install fleet:1
is "$status:$out" "0:2" "a signed one is installed"
revision make unsigned $T/units --image app --without old >/dev/null
run revision install unsigned
failed 1 "unsigned is refused: rule" "install: what the policy refuses"
is "$(last '.action, .name' | xargs)" "refuse unsigned" "is in the audit log"
rm $T/policy.json

# --- try, commit, rollback ---

run revision try 9
failed 1 "revision 9 is not installed" "try: none"
run revision try 0
failed 1 "revision 0 is what the firmware brings" "try: the firmware's"
run revision try one
failed 1 "one is not the number of a revision" "try: no number"
run revision try 1 --tries 0
failed 1 "\-\-tries: 1 to 1000" "try: no tries"
run revision rollback
failed 1 "no revision was committed before" "rollback: nothing"
run revision commit
failed 1 "no revision is on trial" "commit: nothing"
run revision try 1
is "$status:$out" "0:revision 1 is on trial: \`cruet reload\` or a reboot begins it" "try"
status_is '[.committed, .trial, .triesLeft]' '[0,1,3]' "it has three boots"
run revision try 2
failed 1 "revision 1 is on trial" "try: another one is"
run revision remove 1
failed 1 "revision 1 is on trial: it stays" "remove: on trial"
run revision commit 2
failed 1 "revision 2 is not on trial" "commit: not on trial"
run revision commit
is "$status:$out" "0:revision 1 is committed" "commit"
run revision remove 1
failed 1 "revision 1 is committed: it stays" "remove: committed"
revision try 2 >/dev/null
run revision rollback
is "$status:$out" "0:revision 1 is committed: \`cruet reload\` or a reboot begins it" "rollback of a trial"
status_is '[.committed, .trial, .failed, .reason]' '[1,0,2,"rolled back by hand"]' "it has failed"
is "$(last '.action, .id, .reason' | xargs)" "fail 2 rolled back by hand" "and stands in the audit log"
revision try 2 >/dev/null
revision commit >/dev/null
status_is '[.committed, .previous, .failed]' '[2,1,0]' "tried again, and committed"
run revision remove 1
failed 1 "revision 1 is what rollback goes back to: it stays" "remove: previous"
run revision rollback
is "$out" "revision 1 is committed: \`cruet reload\` or a reboot begins it" "rollback of a commit"
status_is '[.committed, .previous]' '[1,2]' "swaps the two"

# --- the name moves on, what is installed stays ---

image import --quiet $T/other >/dev/null
is "$(image image inspect app | jq -r '.. | .digest? // empty' | grep -c "$two")" 1 "the name leads to another image"
run image image inspect "app@$one"
is "$status" 0 "what a revision has is found by name and digest"
run image image inspect "other@$one"
failed 1 "no image other" "but under its own name only"
image image rm app fleet:1
image image gc --quiet --partial 0
is "$(revision show 1 --json | jq -c .whole)" true "gc keeps what is installed"
run image image fsck
is "$status" 0 "fsck finds nothing"
unit $T/units web app
image import --quiet $T/other >/dev/null
revision make fleet:2 $T/units >/dev/null
is "$(revision install fleet:2)" 3 "the next has the next number"
run revision remove 3
is "$status" 0 "remove"
is "$(last '.action, .name, .id' | xargs)" "remove fleet:2 3" "stands in the audit log"
image image rm app fleet:2
image image gc --quiet --partial 0
check "then gc takes its image" test ! -e "$T/device/blobs/sha256/${two#sha256:}"
run revision remove 3
failed 1 "revision 3 is not installed" "remove: none"

# --- damage ---

cp -a $T/device $T/sound
echo x >>$T/device/rev/1/units/web.json
like "$(revision show 1)" "not whole revision 1: unit web is not what the artifact has" "show: a unit that was changed"
run image image fsck
failed 1 "damaged" "fsck finds it"
like "$err" "revision 1: unit web is not what the artifact has" "and says which"
echo '{}' >$T/device/rev/1/units/more.json
like "$(revision show 1)" "it has 2 units, and the artifact 1" "a unit too many"
rm $T/device/rev/1/revision.json
is "$(revision list --json | jq -c '.[0].name')" '"(damaged)"' "list: no revision.json"
rm -rf $T/device
cp -a $T/sound $T/device
printf x | dd of=$T/device/boot/a bs=1 seek=9 conv=notrunc 2>/dev/null
run image image fsck
failed 1 "damaged" "fsck finds a damaged record"
like "$err" "boot/a is damaged" "and says which"
run image image fsck --repair
is "$status" 0 "fsck --repair"
check "takes it away" test ! -e $T/device/boot/a
run image image fsck
is "$status" 0 "and all is well"
rm -rf $T/device
cp -a $T/sound $T/device
printf x | tee $T/device/boot/a >$T/device/boot/b
run revision status
is "$status" 0 "both records damaged"
like "$err" "boot state .* is damaged: the firmware's units run" "is said"

# --- anti-rollback ---

rm -rf $T/device $T/sound
mkdir $T/device
image import --quiet $T/layout >/dev/null
unit $T/units web app
jq -n '{rules: [{prefix: "", threshold: 1, counter: "name", keys: [
	{name: "release", type: "minisign", file: "keys/release.pub"}]}]}' >$T/policy.json.later
for counter in 1 2; do
	revision make fleet:$counter $T/units --without unit$counter >/dev/null
	image image sign fleet:$counter --key $T/release.key --counter $counter --as fleet
done
image image sign app --key $T/release.key --counter 7 --as app
mkdir -p $T/root/etc/cruet/units
for counter in 1 2; do unit $T/root/etc/cruet/units unit$counter app; done
mv $T/policy.json.later $T/policy.json
counters() { jq -c . $T/device/counters.json 2>/dev/null || echo none; }
is "$(revision install --root $T/root fleet:1)" 1 "install with a counter"
is "$(revision install --root $T/root fleet:2)" 2 "and another"
revision try 1 >/dev/null
is "$(counters)" none "a trial raises no counter"
revision commit >/dev/null
is "$(counters)" '{"fleet":1,"app":7}' "a commit raises those of the artifact and its images"
revision try 2 >/dev/null
revision commit >/dev/null
is "$(counters)" '{"app":7,"fleet":2}' "the next raises them on"
run revision rollback
failed 1 "cannot go back: .*its counter is 1, and the least that is taken is 2" "rollback: what the counter forbids"
status_is '[.committed, .previous]' '[2,1]' "changes nothing"
rm $T/policy.json

# --- killed ---

if [ -x "$TOOLS/inject" ]; then
	cp -a $T/device $T/before
	state() { image revision status --json | jq -c '[.committed, .previous, .trial, .failed]'; }
	operation() {
		case $1 in
		install) echo revision install --root $T/root fleet:1 ;;
		try) echo revision try 1 ;;
		rollback) echo revision rollback ;;
		remove) echo revision remove 3 ;;
		esac
	}
	for what in install try rollback remove; do
		rm -rf $T/device && cp -a $T/before $T/device
		[ $what != remove ] || revision install --root $T/root fleet:1 >/dev/null
		rm -rf $T/start && cp -a $T/device $T/start
		state_before=$(state) numbers_before=$(numbers)
		# shellcheck disable=SC2046
		"$TOOLS/inject" -o $T/hit "$CRUET" $(operation $what) >/dev/null 2>$T/.err || fail "$what: $(cat $T/.err)"
		count=$(awk '$1 == "none" { print $2 }' $T/hit)
		state_after=$(state) numbers_after=$(numbers)
		: >$T/bad
		n=1 tried=0
		while [ $n -le "$count" ]; do
			rm -rf $T/device && cp -a $T/start $T/device
			# shellcheck disable=SC2046
			timeout -s KILL 60 "$TOOLS/inject" -n $n -K -o $T/hit "$CRUET" $(operation $what) >/dev/null 2>&1 </dev/null
			now=$(state)
			[ "$now" = "$state_before" ] || [ "$now" = "$state_after" ] || echo "$n: $now" >>$T/bad
			now=$(numbers)
			[ "$now" = "$numbers_before" ] || [ "$now" = "$numbers_after" ] || echo "$n: $now" >>$T/bad
			image image gc --quiet --partial 0 2>>$T/bad
			image image fsck --quiet >>$T/bad 2>&1 || echo "$n: fsck" >>$T/bad
			ls -A $T/device/rev | grep '^\.' >>$T/bad
			n=$((n + count / 25 + 1)) tried=$((tried + 1))
		done
		out='' err='' status=''
		check "$what, killed at $tried of $count calls: old or new" test ! -s $T/bad
		head -n 8 $T/bad | sed 's/^/#   /'
	done
fi
kill "$registry_pid" && wait "$registry_pid" 2>/dev/null
finish
