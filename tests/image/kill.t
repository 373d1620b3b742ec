#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Import, pull, unpack, rm and gc, killed at a system call with all they started, or that call fails: the store is
# the old one or the new one, fsck finds nothing, doing it again succeeds, and gc leaves what is right.
#
# STEP=n tries every nth system call (default: about 40 a command), FULL=1 all of them. OPERATIONS, MODES.
export TEST_TIMEOUT="${TEST_TIMEOUT:-3600}"
. "$(dirname "$0")/lib.sh"
[ -x "$TOOLS/inject" ] || { echo "1..0 # SKIP no injector for this architecture" && exit 0; }

EIO=5 ENOSPC=28
OPERATIONS=${OPERATIONS:-"import pull unpack rm gc"}
MODES=${MODES:-"tree kill errno:$ENOSPC errno:$EIO"}

# Two small images that share a layer.
mkdir -p $T/base/etc $T/one/bin $T/two/bin
echo base >$T/base/etc/base
head -c 20000 /dev/urandom >$T/base/etc/random
echo one >$T/one/bin/one
echo two >$T/two/bin/two
layout $T/layout one $T/base $T/one --config '{"Cmd":["/bin/one"]}' >/dev/null
layout $T/other two $T/base $T/two --config '{"Cmd":["/bin/two"]}' >/dev/null
case $OPERATIONS in
*pull*)
	registry 5000
	skopeo_ copy --dest-tls-verify=false "oci:$T/other:two" docker://127.0.0.1:5000/two:1 >/dev/null
	;;
esac

# What each begins with, and what it does.
before() {
	rm -rf $STORE
	image import --quiet $T/layout >/dev/null
	image image unpack --quiet one
	case $1 in
	unpack | rm | gc) image import --quiet $T/other >/dev/null ;;
	esac
	case $1 in
	rm | gc) image image unpack --quiet two ;;
	esac
	[ "$1" != gc ] || image image rm two
}
words() {
	case $1 in
	import) echo import --quiet $T/other ;;
	pull) echo pull --quiet --insecure --as two 127.0.0.1:5000/two:1 ;;
	unpack) echo image unpack two ;;
	rm) echo image rm two ;;
	gc) echo image gc ;;
	esac
}

# Names and their digests; then also every file, but for logs and what only tells of an attempt.
names() { image image ls --json 2>&1 | jq -r '.[] | .name + " " + .digest'; }
files() { (cd $STORE && find . -type f ! -name 'audit*' ! -name lock ! -name '*.lock' -exec cksum {} + | sort -k 3); }
sound() { image image fsck --quiet >$T/fsck 2>&1; }

check_after() { # OPERATION WHERE: what the injected run left; prints what is wrong
	sound || { echo "$2: fsck: $(tail -n 1 $T/fsck)"; return; }
	names >$T/names
	cmp -s $T/names $T/names.before || cmp -s $T/names $T/names.after || { echo "$2: names: $(xargs <$T/names)"; return; }
	[ "$status" -ne 0 ] || [ "$1" = gc ] || cmp -s $T/names $T/names.after || echo "$2: success without its work"
	# Again. (A name that is gone already is not there.)
	# shellcheck disable=SC2046
	run image $(words "$1")
	[ "$status" -eq 0 ] || { [ "$1" = rm ] && cmp -s $T/names $T/names.after; } || { echo "$2: again: $err"; return; }
	image image gc --quiet --partial 0 >/dev/null 2>$T/fsck || { echo "$2: gc: $(cat $T/fsck)"; return; }
	sound || { echo "$2: fsck after: $(tail -n 1 $T/fsck)"; return; }
	names | cmp -s - $T/names.after || { echo "$2: names after: $(names | xargs)"; return; }
	files >$T/files
	cmp -s $T/files $T/files.after || { echo "$2: files: $(diff $T/files $T/files.after | xargs)"; return; }
}

for operation in $OPERATIONS; do
	before "$operation"
	cp -a $STORE $T/store.before
	names >$T/names.before
	# shellcheck disable=SC2046
	"$TOOLS/inject" -o $T/hit "$CRUET" $(words "$operation") >/dev/null 2>$T/.err || fail "$operation: $(cat $T/.err)"
	count=$(awk '$1 == "none" { print $2 }' $T/hit)
	image image gc --quiet --partial 0 >/dev/null
	names >$T/names.after
	files >$T/files.after
	step=${STEP:-$((count / 40 + 1))}
	[ -z "${FULL:-}" ] || step=1
	for mode in $MODES; do
		: >$T/wrong
		n=1 tried=0
		while [ $n -le "$count" ]; do
			rm -rf $STORE
			cp -a $T/store.before $STORE
			case $mode in
			tree) set -- -K ;;
			kill) set -- -k ;;
			errno:*) set -- -e "${mode#errno:}" ;;
			esac
			# shellcheck disable=SC2046
			timeout -s KILL 60 "$TOOLS/inject" -n "$n" "$@" -o $T/hit "$CRUET" $(words "$operation") >/dev/null 2>$T/.err </dev/null
			status=$?
			check_after "$operation" "$n ($(cut -c 1-60 $T/hit))" >>$T/wrong 2>&1
			n=$((n + step)) tried=$((tried + 1))
		done
		out='' err='' status=''
		check "$operation, $mode at each of $tried of $count calls: old or new" test ! -s $T/wrong
		head -n 8 $T/wrong | sed 's/^/#   /'
	done
	rm -rf $T/store.before
done
[ -z "${registry_pid:-}" ] || { kill "$registry_pid" && wait "$registry_pid" 2>/dev/null; }
finish
