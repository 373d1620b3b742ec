#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store: many processes at once, file systems that are too small, and other tools that read it.
# shellcheck disable=SC2086,SC2015,SC2166 # names without blanks; each step only after the one before
export TEST_TIMEOUT="${TEST_TIMEOUT:-900}"
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

# Two small images that share a layer, as layouts.
mkdir -p $T/base/etc $T/one/bin $T/two/bin
head -c 300000 /dev/urandom >$T/base/etc/random
echo one >$T/one/bin/one
echo two >$T/two/bin/two
one=$(layout $T/layout-1 one $T/base $T/one --config '{"Cmd":["/bin/one"]}')
two=$(layout $T/layout-2 two $T/base $T/two --config '{"Cmd":["/bin/two"]}')
names() { image image ls --json | jq -r '.[].name' | sort; }
files() { (cd "$STORE" && find . "$@" | sort); }

# --- many at once ------------------------------------------------------------------------------

image import --quiet $T/layout-1 >/dev/null
writer() { # NUMBER: the same and other names, again and again; a failure leaves a file
	for round in 1 2 3 4; do
		image import --quiet --name "w$1-$round" $T/layout-$((1 + ($1 + round) % 2)) >/dev/null 2>$T/writer.$1.err &&
			image image tag "w$1-$round" "shared-$round" 2>>$T/writer.$1.err &&
			{ [ $((round % 2)) = 0 ] || image image rm --quiet "w$1-$round" >/dev/null 2>>$T/writer.$1.err; } ||
			{ echo "writer $1 round $round" >>$T/writer.failed && cat $T/writer.$1.err >>$T/writer.failed; }
	done
}
collector() {
	while [ ! -e $T/stop ]; do
		image image gc --quiet --partial 0 2>>$T/gc.failed || echo "gc failed" >>$T/gc.failed
		image image fsck --quiet --quick 2>>$T/gc.failed || echo "fsck failed" >>$T/gc.failed
	done
}
collector &
collector=$!
writers=
for number in 1 2 3 4 5 6 7 8; do
	writer $number &
	writers="$writers $!"
done
# shellcheck disable=SC2086
wait $writers
touch $T/stop
wait $collector
is "$(cat $T/writer.failed 2>/dev/null)" "" "8 writers at once: each import, tag and rm succeeds"
is "$(cat $T/gc.failed 2>/dev/null)" "" "gc and fsck meanwhile find nothing wrong"
is "$(names | tr '\n' ' ')" "one shared-1 shared-2 shared-3 shared-4 $(for n in 1 2 3 4 5 6 7 8; do printf 'w%s-2 w%s-4 ' $n $n; done)" \
	"no name is lost, none comes back"
is "$(image image ls --json | jq -r '.[].digest' | sort -u)" "$(printf '%s\n' "$one" "$two" | sort)" "each leads to one of the two"
run image image fsck
is "$status" 0 "fsck reads every byte and finds nothing"
image image gc --quiet --partial 0
is "$(files -name '.?*' -o -path './partial/*')" "" "nothing is left of the work"
is "$(find $STORE/blobs -type f ! -perm 400 -o -type d ! -perm 700)" "" "blobs can only be read, folders are private"

# --- others read it ----------------------------------------------------------------------------

run skopeo_ inspect --raw "oci:$STORE:shared-2"
like "$out" '"schemaVersion"' "skopeo reads the store as a layout"
run skopeo_ copy "oci:$STORE:one" "oci:$T/copy:one"
is "$status" 0 "skopeo copies an image out of it"
run umoci ls --layout "$STORE"
is "$(say "$out" | sort | tr '\n' ' ')" "$(names | tr '\n' ' ')" "umoci lists its names"
if [ "$(id -u)" = 0 ]; then
	run umoci unpack --rootless --image "$STORE:one" $T/unpacked
	is "$status:$(cat $T/unpacked/rootfs/bin/one)" "0:one" "umoci unpacks an image of it"
fi
# What another tool writes into it stays.
run skopeo_ copy "oci:$T/layout-2:two" "oci:$STORE:theirs"
is "$status" 0 "skopeo writes into it"
image image tag theirs ours
is "$(image image ls --json | jq -r '.[] | select(.name == "ours" or .name == "theirs").digest' | uniq)" "$two" \
	"its name is there, and another one for the same"
run image image fsck
is "$status" 0 "and the store is sound"

# --- too little room ---------------------------------------------------------------------------

# What the whole takes, in KiB, on a tmpfs.
small() { # KIB: an empty file system with a store that has one small image
	umount $T/small 2>/dev/null
	mkdir -p $T/small
	mount -t tmpfs -o size="$1k",mode=700 tmpfs $T/small
}
STORE=$T/small/store
settings '.limits = {reserveBytes: 0}'
mkdir -p $T/tiny
echo tiny >$T/tiny/tiny
layout $T/layout-0 tiny $T/tiny >/dev/null
small 8192
image import --quiet $T/layout-0 >/dev/null
least=$(du -sk $T/small | cut -f 1)
image import --quiet $T/layout-1 >/dev/null
image image unpack --quiet one
needed=$(du -sk $T/small | cut -f 1)
note "one image needs $((needed - least)) KiB more than $least"
bad=
refused=0
passed=0
for percent in 5 10 15 20 25 30 35 40 45 50 55 60 65 70 75 80 85 90 95 100 110 130; do
	small $((least + 16 + (needed - least) * percent / 100))
	image import --quiet $T/layout-0 >/dev/null 2>&1 || { bad="$bad first:$percent" && continue; }
	before=$(cksum <$STORE/index.json)
	if image import --quiet $T/layout-1 >/dev/null 2>$T/err; then
		imported=yes
	else
		imported=no
		grep -qi 'no space\|are needed' $T/err || bad="$bad message:$percent"
		[ "$(cksum <$STORE/index.json)" = "$before" ] || bad="$bad index:$percent"
	fi
	if [ $imported = yes ] && ! image image unpack --quiet one 2>$T/err; then
		imported=no
		grep -qi 'no space\|are needed' $T/err || bad="$bad unpack:$percent"
	fi
	[ $imported = no ] || passed=$((passed + 1))
	[ $imported = yes ] || refused=$((refused + 1))
	image image fsck --quiet 2>$T/err || bad="$bad fsck:$percent"
	names | grep -q '^tiny$' || bad="$bad name:$percent"
	# The rest of the room is used again: once there is more, it goes on.
	mount -o remount,size=8192k $T/small
	image import --quiet $T/layout-1 >/dev/null 2>$T/err && image image unpack --quiet one 2>>$T/err || bad="$bad again:$percent"
	image image fsck --quiet 2>$T/err || bad="$bad fsck-again:$percent"
	image image gc --quiet --partial 0 || bad="$bad gc:$percent"
	[ "$(du -sk $T/small | cut -f 1)" -le $((needed + 16)) ] || bad="$bad left:$percent"
done
is "$bad" "" "from 5 % to 130 % of the room: a clear message, the old names, and then the new"
check "it was refused where there was too little" test $refused -ge 10
check "it succeeded where there was enough" test $passed -ge 2
umount $T/small

# gc makes room on a file system that is full to the last byte.
small $((needed + 64))
image import --quiet $T/layout-0 >/dev/null
image import --quiet $T/layout-1 >/dev/null
cat /dev/zero >$T/small/filler 2>/dev/null
run image import --quiet $T/layout-2
[ "$status" -ne 0 ] || fail "no room is noticed"
image image rm --quiet one >/dev/null 2>$T/err
is "$?" 1 "a name cannot be removed from a full file system, which is said"
rm $T/small/filler
image image rm --quiet one >/dev/null
run image image gc --quiet
is "$status:$(names)" "0:tiny" "gc makes room again"
run image image fsck
is "$status" 0 "and all is sound"
umount $T/small
finish
