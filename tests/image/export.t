#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Export, when a system call fails: the whole file or nothing. And imports from archives, likewise.
#
# STEP=n tries every nth system call (default: about 30 a command), FULL=1 all of them.
export TEST_TIMEOUT="${TEST_TIMEOUT:-1200}"
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$TOOLS/inject" ] || { echo "1..0 # SKIP no injector for this architecture" && exit 0; }

mkdir -p $T/base/etc $T/one/etc $T/out $T/aci/rootfs/etc
echo base >$T/base/etc/base
echo one >$T/one/etc/one
: >$T/one/etc/.wh.base
layout $T/layout box $T/base $T/one --config '{"Cmd":["/bin/one"]}' >/dev/null
image import --quiet $T/layout >/dev/null
image export --quiet --format docker-archive --name example.com/box:1 box $T/docker.tar
echo '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"example.com/box","labels":[{"name":"version","value":"2"}]}' >$T/aci/manifest
echo aci >$T/aci/rootfs/etc/aci
tar -C $T/aci -cf $T/box.aci manifest rootfs
cp -a $STORE $T/saved

# calls WORDS...: how many system calls the command makes; it must succeed.
calls() {
	"$TOOLS/inject" -o $T/hit "$CRUET" "$@" >/dev/null 2>$T/.err || fail "$*: $(cat $T/.err)"
	count=$(awk '$1 == "none" { print $2 }' $T/hit)
	step=${STEP:-$((count / 30 + 1))}
	[ -z "${FULL:-}" ] || step=1
}
injected() { # NUMBER ERRNO WORDS...
	at=$1 errno=$2
	shift 2
	timeout -s KILL 60 "$TOOLS/inject" -n "$at" -e "$errno" -o $T/hit "$CRUET" "$@" >/dev/null 2>$T/.err </dev/null
	status=$?
}
sum() { find "$1" -type f | sort | xargs cat 2>/dev/null | cksum; }

for kind in oci folder docker-archive aci; do
	case $kind in
	folder) set -- export --quiet --folder box $T/out/x ;;
	aci) set -- export --quiet --format aci --name example.com/box:1 box $T/out/x ;;
	*) set -- export --quiet --format $kind --name example.com/box:1 box $T/out/x ;;
	esac
	rm -rf $T/out/x
	calls "$@"
	wanted=$(sum $T/out)
	: >$T/wrong
	for errno in 5 28; do
		n=1
		while [ $n -le "$count" ]; do
			rm -rf $T/out/x
			injected $n "$errno" "$@"
			if [ $status -eq 0 ]; then
				[ "$(sum $T/out)" = "$wanted" ] || echo "$n ($(cat $T/hit)): success, with other bytes"
			# It may be whole, and whether it would survive a cut of power is what is not known.
			elif [ -n "$(ls -A $T/out)" ] && [ "$(sum $T/out)" != "$wanted" ]; then
				echo "$n ($(cat $T/hit)): left: $(ls -A $T/out)"
			fi
			rm -rf $T/out && mkdir $T/out
			n=$((n + step))
		done
	done >>$T/wrong 2>&1
	out='' err='' status=''
	check "export, $kind: all or nothing" test ! -s $T/wrong
	head -n 8 $T/wrong | sed 's/^/#   /'
done

names() { image image ls --json 2>&1 | jq -r '.[] | .name + " " + .digest'; }
for file in docker.tar box.aci; do
	set -- import --quiet $T/$file
	rm -rf $STORE && cp -a $T/saved $STORE
	names >$T/before
	calls "$@"
	names >$T/after
	: >$T/wrong
	for errno in 5 28; do
		n=1
		while [ $n -le "$count" ]; do
			rm -rf $STORE && cp -a $T/saved $STORE
			injected $n "$errno" "$@"
			names >$T/names
			cmp -s $T/names $T/before || cmp -s $T/names $T/after || echo "$n ($(cat $T/hit)): $(xargs <$T/names)"
			[ $status -ne 0 ] || cmp -s $T/names $T/after || echo "$n ($(cat $T/hit)): success without a name"
			image image fsck --quiet >$T/fsck 2>&1 || echo "$n ($(cat $T/hit)): $(tail -n 1 $T/fsck)"
			n=$((n + step))
		done
	done >>$T/wrong 2>&1
	out='' err='' status=''
	check "import of $file: old or new" test ! -s $T/wrong
	head -n 8 $T/wrong | sed 's/^/#   /'
done
rm -rf $STORE $T/saved
finish
