#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2153,SC2016,SC2317 # set by lib.sh and ask; programs of the machine
#
# Images on a device with 64 MB of RAM, whose power is cut at any moment, CUTS times (default 8), while one image
# after the other is imported, unpacked, run and collected: the store is always whole, and the image
# that runs is one of the two.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

variant images
# Two images of some MB that share a layer; larger than what the machine could hold twice.
mkdir -p "$W/base/bin" "$W/one" "$W/two" "$W/images/overlay/usr/share/images"
cp "$image/rootfs/bin/busybox" "$W/base/bin/busybox"
ln -s busybox "$W/base/bin/sh"
head -c 3000000 /dev/urandom > "$W/base/random"
for name in one two; do
	echo "$name" > "$W/$name/name"
	head -c 6000000 /dev/urandom > "$W/$name/large"
	"$top/tests/image/make_image.py" "$W/layout-$name" $name "$W/base" "$W/$name" \
		--config '{"Cmd":["/bin/sh","-c","read n </name; echo image $n"],"Env":["PATH=/bin"]}' > /dev/null
	tar -C "$W/layout-$name" -cf "$W/images/overlay/usr/share/images/$name.tar" .
done
echo '{"store": "/data/images", "factory": []}' > "$W/images/overlay/etc/cruet/images.json"
script images /usr/bin/load <<'END'
#!/bin/sh
while :; do
	for name in one two; do
		cruet import --quiet --name app /usr/share/images/$name.tar >/dev/null
		cruet image unpack --quiet app
		cruet run --image app loaded
		cruet image gc --quiet --partial 0
	done
done
END
unit images load '{ exec: ["/usr/bin/load"], autostart: false }'
unit images app '{ image: "app", type: "oneshot", autostart: false, layer: "boot" }'
build images
cuts=${CUTS:-8}
RANDOM=${SEED:-$$}
note "seed ${SEED:-$$}"

# Debian's kernel for PCs takes 48 MB for itself: 64 are left for all else.
small() { power_on images '' -m 112; }
small
has_shell 60 || { fail "boots with 64 MB"; finish; }
pass "boots with 64 MB"
ask 'free -m | awk "/Mem/ { print \$2 }"'
like "$answer" '^[3-6][0-9]$' "and has no more than that"
check "an image is imported, unpacked and run" ask 'cruet import --quiet --name app /usr/share/images/one.tar >/dev/null && cruet run --image app first' 90
like "$answer" '^image one' "it is the right one"
check "cruet up app: a unit of the image" ask 'cruet up app && cruet logs app' 60
like "$answer" 'image one' "runs it too"
ask 'grep VmHWM /proc/1/status'
note "PID 1: $answer"
bad=0
for ((i = 1; i <= cuts; i++)); do
	ask 'cruet up load'
	cut=$((RANDOM % 6000))
	sleep "$((cut / 1000)).$(printf '%03d' $((cut % 1000)))"
	power_cut
	small
	has_shell 60 || { bad=1; fail "cut $i: boots"; break; }
	ask 'cruet image fsck --quiet' 60 || { bad=1; fail "cut $i: the store is whole: $answer"; }
	ask 'cruet run --image app again' 60
	case $answer in *"image one"* | *"image two"*) ;; *) bad=1; fail "cut $i: the old or the new image runs: $answer" ;; esac
done
[ $bad = 0 ] && pass "$cuts cuts: the store was whole, and the old or the new image ran, after each"
ask 'cruet import --quiet --name app /usr/share/images/two.tar >/dev/null; cruet image gc --partial 0; cruet image du --json; ls /data/images/trees | wc -l' 60
like "$answer" '"unreferencedBytes": *0|unreferencedBytes +0' "gc leaves nothing behind"
type_line poweroff
check "powers off" wait_off 30
finish
