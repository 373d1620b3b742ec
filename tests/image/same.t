#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Random layers: each by itself with overlayfs over all, and one over the other, must give the same root.
# SEEDS: which ones; ROUNDS: how many.
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/image/trees.sh
. "$images/trees.sh"

# What makes two roots the same. A whiteout in a folder that no layer below has is listed by overlayfs, and is not there.
picture() {
	(cd "$1" && find . -mindepth 1 -printf '%p %y %m %U %T@ %l\n' | sort && find . -type f | sort | xargs -r cat | cksum) 2>/dev/null
}

alone=0 bad=
for seed in ${SEEDS:-$(seq "${ROUNDS:-60}")}; do
	rm -rf $T/layers $T/layout $STORE
	"$images/same.py" "$seed" $T/layers
	set -- $T/layers/1.tar $T/layers/2.tar $T/layers/3.tar
	layout $T/layout "same$seed" "$@" >/dev/null
	image import $T/layout >/dev/null 2>&1
	settings
	run image image unpack "same$seed"
	if [ "$status" -ne 0 ]; then
		bad="$bad $seed: $err"
		continue
	fi
	[ -d "$STORE/trees/c-$(chain "$@")" ] || alone=$((alone + 1))
	view "$@" && picture $T/view >$T/one
	umount $T/view
	rm -rf $STORE/trees
	settings '.flat=true'
	run image image unpack "same$seed"
	[ "$status" -eq 0 ] || bad="$bad $seed: $err"
	view "$@" && picture $T/view >$T/all
	umount $T/view
	cmp -s $T/one $T/all || bad="$bad $seed: $(diff $T/one $T/all)"
done
settings
is "$bad" "" "the same, whichever way"
check "most were layers by themselves: $alone" test $alone -ge $((${ROUNDS:-60} / 2))
finish
