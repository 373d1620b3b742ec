#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# Revisions on a device: a good one proves itself over a reboot and is committed; a bad one, whose
# power is cut in the middle of its trial as well, is given up, and what was committed boots.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

variant revision
edit revision '.revision = { deadline: "20s", stable: "1s" }'
mkdir -p "$W/base/bin" "$W/firmware" "$W/good" "$W/bad" "$W/revision/overlay/usr/share/images"
cp "$image/rootfs/bin/busybox" "$W/base/bin/busybox"
ln -s busybox "$W/base/bin/sh"
ln -s busybox "$W/base/bin/sleep"
for name in firmware good bad; do
	echo "$name" > "$W/$name/name"
	script='read n </name; echo "runs $n"; exec sleep 100000'
	# Until it is told to: so that nothing depends on how fast the machine is.
	[ $name != bad ] || script='read n </name; echo "runs $n"; until [ -e /state/die ]; do sleep 0.2; done; exit 3'
	"$top/tests/image/make_image.py" "$W/layout-$name" $name "$W/base" "$W/$name" \
		--config "$(jq -nc --arg script "$script" '{Cmd: ["/bin/sh", "-c", $script], Env: ["PATH=/bin"]}')" > /dev/null
	tar -C "$W/layout-$name" -cf "$W/revision/overlay/usr/share/images/$name.tar" .
	[ $name != firmware ] || continue
	mkdir -p "$W/revision/overlay/usr/share/revisions/$name"
	stable=5s
	[ $name != bad ] || stable=1h
	jq -n --arg name $name --arg stable $stable '{ image: $name, layer: "boot", goal: { stable: $stable },
		volumes: [{ name: "state", path: "/state", class: "permanent" }],
		restart: { limit: 2, delay: "100ms" } }' > "$W/revision/overlay/usr/share/revisions/$name/app.json"
done
echo '{"store": "/data/images", "factory": []}' > "$W/revision/overlay/etc/cruet/images.json"
unit revision app '{ exec: ["/bin/sh", "-c", "echo runs firmware | tee -a /data/firmware; exec sleep 100000"], goal: true }'
build revision

install() { # NAME: $answer is its number
	ask "cruet import --quiet /usr/share/images/$1.tar >/dev/null && cruet revision make --quiet $1 /usr/share/revisions/$1 >/dev/null &&
		cruet revision install $1" 60 && ask "cruet revision try $answer" 20
}
runs() { # REVISION ON-TRIAL NAME
	ask 'cruet status --json' 20
	is "$(jq -r '.system.revision | "\(.running) \(.on_trial)"' <<< "$answer" 2> /dev/null)" "$1 $2" "$3"
}
becomes_committed() { # NUMBER SECONDS
	local end=$((SECONDS + $2))
	until ask 'cruet status --json' && jq -e ".system.revision | .committed == $1 and .on_trial == false" <<< "$answer" > /dev/null; do
		[ "$SECONDS" -lt "$end" ] && is_on || return 1
		sleep 0.5
	done
}

power_on revision
boots "boots with the firmware's units"
runs 0 false "and no revision"
check "a revision is installed and to be tried" install good
ask 'rm -f /data/firmware; sync'
id=$(boot_id)
type_line reboot
resets "$id" 60 "reboots"
runs 1 true "it is on trial"
check "proves itself, and is committed" becomes_committed 1 40
ask 'cruet logs app; cat /data/firmware'
like "$answer" 'runs good' "it is the one that runs"
check "the firmware's unit has not run" [ "${answer#*runs firmware}" = "$answer" ]
check "a bad one is installed and to be tried" install bad
ask sync
bad=0
for cut in 1 2; do
	power_cut
	power_on revision
	has_shell 60 || { bad=1; fail "boots after cut $cut"; break; }
	ask 'cruet status --json' 20
	[ "$(jq -r '.system.revision | "\(.running) \(.on_trial) \(.tries_left)"' <<< "$answer")" = "2 true $((3 - cut))" ] ||
		{ bad=1; fail "cut $cut: $answer"; }
done
[ $bad = 0 ] && pass "after each cut of power there is one boot less to try it"
ask 'touch /data/volumes/permanent/app/state/die'
check "its goal fails, and what was committed comes back" becomes_committed 1 60
runs 1 false "without a reboot"
reaches app ready "with its container"
ask 'cruet status'
like "$answer" 'revision 2 has failed: app' "the reason is kept"
id=$(boot_id)
power_cut
power_on revision
boots "boots after one more cut"
runs 1 false "what was committed"
ask 'cruet revision status; cat /data/firmware'
check "and never the firmware's unit" [ "${answer#*runs firmware}" = "$answer" ]
type_line poweroff
check "powers off" wait_off 30
finish
