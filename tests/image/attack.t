#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hostile layers, each kind that is known (the numbers are those of the list in SECURITY.md's reading):
# refused, or kept inside; nothing outside the tree changes. Every one is unpacked both ways, each layer by
# itself (alone) and one over the other (flat).
# shellcheck disable=SC2010,SC2012,SC2016,SC2231,SC2317 # names without blanks; commands for another shell
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/image/trees.sh
. "$images/trees.sh"

CANARY=$T/canary
mkdir -p $CANARY/sub
echo safe >$CANARY/victim
echo safe >$CANARY/sub/victim
ln -s victim $CANARY/link
chmod 640 $CANARY/victim
touch -d @1000000 $CANARY/victim $CANARY/sub/victim $CANARY/sub $CANARY

outside_is() { # all of the canary, and what /tmp and / have
	(cd $CANARY && find . -printf '%p %y %m %U %G %s %n %T@ %l\n' | sort && cat victim sub/victim && attributes . victim)
	ls -a /
}
before=$(outside_is)

# Make the image of a case. Its layers' trees are then looked for by their diff ids.
make_case() { # CASE
	rm -rf "$T/layers" "$T/layout" "$STORE"
	"$images/attack.py" "$1" $CANARY $T/layers
	layout $T/layout "$1" $T/layers/*.tar >/dev/null
	run image import $T/layout
}

# Both ways: refused with this message (nothing stays in the store), and the canary is untouched.
refused() { # ROW CASE EXTENDED-REGEX
	for way in false true; do
		settings ".flat=$way | .limits=${LIMITS:-{\}}"
		make_case "$2"
		[ "$status" -ne 0 ] || run image image unpack "$2"
		failed 1 "$3" "$1 $2, flat=$way: refused"
		# A layer below may have become a tree: what was refused has not.
		is "$(find $STORE/trees -mindepth 1 -maxdepth 1 -name '.*' 2>/dev/null; ls $STORE/trees 2>/dev/null | grep -c ^c-)" 0 \
			"$1 $2, flat=$way: no half of a tree stays"
		is "$(outside_is)" "$before" "$1 $2, flat=$way: nothing outside changed"
	done
	settings
}

# Both ways: taken, nothing outside changed, and what a command says of $T/view.
inside() { # ROW CASE COMMAND WANTED
	for way in false true; do
		settings ".flat=$way"
		make_case "$2"
		run image image unpack "$2"
		is "$status" 0 "$1 $2, flat=$way: unpacked"
		is "$(outside_is)" "$before" "$1 $2, flat=$way: nothing outside changed"
		view $T/layers/*.tar
		is "$(cd $T/view && eval "$3" 2>&1)" "$4" "$1 $2, flat=$way: and it is what it should be"
		umount $T/view
	done
	settings
}

mode() { stat -c '%F %a %u' "$@"; }

# 1: names
refused 1 dotdot 'dotdot|\.\.'
refused 1 dotdot_inside '\.\.'
inside 1 absolute 'cat ./$CANARY/victim' changed
refused 1 dot "entry .*for what is none"
refused 1 empty_name 'without a name'
refused 1 dotdot_link '\.\.'

# 2: the root itself
refused 2 root_symlink 'root is not a folder|what is none'
refused 2 root_file 'root is not a folder|what is none'
refused 2 root_device 'root is not a folder|what is none'

# 3: parents that are links: followed inside the root
inside 3 parent_link 'cat ./$CANARY/victim; readlink etc' "$(printf 'changed%s' $CANARY)"
inside 3 parent_link_up 'cat ./$CANARY/victim' changed
inside 3 parent_link_next 'cat ./$CANARY/victim; readlink etc; mode ./$CANARY/new' "$(printf 'changed%s\ndirectory 755 0' $CANARY)"
inside 3 parent_link_chain 'cat ./$CANARY/victim; readlink a b' "$(printf 'againb\n%s' $CANARY)"

# 4: whiteouts through links
inside 4 whiteout_link 'readlink link; find . -name .wh\*' $CANARY
inside 4 opaque_link 'readlink link; find . -name .wh\*' $CANARY

# 5: hard links
cd $CANARY || exit 1
refused 5 hard_absolute 'h: make'
refused 5 hard_relative 'h: make'
refused 5 hard_cwd 'h: make'
refused 5 hard_symlink 'h: make'
refused 5 hard_folder 'h: make'
inside 5 hard_of_symlink 'readlink s; cat h' "$(printf '%s/victim\nchanged' $CANARY)"
cd $T || exit 1

# 6: through a hard link
inside 6 hard_write 'cat a b; mode a b' "$(printf 'oldnewregular file 644 0\nregular file 4777 0')"
inside 6 hard_write_next 'cat a b; mode a b' "$(printf 'oldnewregular file 644 0\nregular file 4777 0')"

# 7: attributes through a link
inside 7 attributes_link 'mode s t u; cat u' "$(printf 'directory 777 7\ndirectory 777 7\nregular file 777 7\nchanged')"
inside 7 xattr_symlink 'readlink s' $CANARY/victim

# 8: somebody swaps folders while it is unpacked; he must have got into the private store first
python3 - >$T/layers.swap.tar <<-'EOF'
	import io, sys, tarfile
	with tarfile.open(fileobj=sys.stdout.buffer, mode="w") as tar:
	    for number in range(4000):
	        info = tarfile.TarInfo(f"a/b{number % 7}/f{number}")
	        info.size = 2
	        tar.addfile(info, io.BytesIO(b"xx"))
EOF
for way in false true; do
	settings ".flat=$way"
	rm -rf $T/layout $STORE
	layout $T/layout swap $T/layers.swap.tar >/dev/null
	image import $T/layout >/dev/null
	while :; do
		for tree in $STORE/trees/.new-*/root; do
			mv -T "$tree/a" "$tree/moved" && ln -s $CANARY "$tree/a" && sleep 0.002 && rm "$tree/a" && mv -T "$tree/moved" "$tree/a"
		done
	done 2>/dev/null &
	swapper=$!
	for _ in 1 2 3 4 5; do
		rm -rf $STORE/trees/[cd]-*
		image image unpack swap >/dev/null 2>&1
	done
	kill $swapper
	wait $swapper 2>/dev/null
	is "$(outside_is)" "$before" "8 swapped folders, flat=$way: nothing outside changed"
done

# 9: devices and pipes are made, never opened, and dead where they are mounted
inside 9 nodes 'mode mem zero fifo fifo2; cat fifo2' \
	"$(printf 'character special file 666 0\ncharacter special file 666 0\nfifo 666 0\nregular file 644 0\ndata')"
layout $T/layout9 nodes9 $T/rootfs $T/layers/1.tar >/dev/null
image import $T/layout9 >/dev/null
run cruet run --image nodes9 nodes9 sh -c 'cat /zero || echo dead'
is "$status:$out" 0:dead "9 a device node of an image cannot be opened"

# 10: setuid programs in a world that cannot reach them
inside 10 setuid 'mode suid sticky' "$(printf 'regular file 6755 0\ndirectory 3777 0')"
is "$(stat -c %a $STORE $STORE/trees $STORE/trees/*)" "$(printf '700\n700\n700')" "10 the store and the tree are private"

# 11: extended attributes
inside 11 xattrs 'attributes d e f ping' \
	"$(printf 'f user.good 6b657074\nping security.capability 0100000200040000000000000000000000000000')"
refused 11 xattr_nul NUL
refused 11 xattr_huge 'bytes of extended attributes'

# 12: too much
LIMITS='{"entries":1000}'
refused 12 many_files 'too many entries'
LIMITS='{"depth":50}'
refused 12 deep 'too many components'
LIMITS='{"layerBytes":1000000}'
refused 12 large 'too large'
LIMITS='{"imageBytes":1000000}'
refused 12 large 'too large'
LIMITS=
refused 12 long_path 'path is too long'
# Deeper than any path; without openat2(2) the limit is 128 folders.
[ -n "${OLD_KERNEL:-}" ] || inside 12 deep_links 'ls -d d l39 new' "$(printf 'ls: cannot access %sd%s: No such file or directory\nl39\nnew' "'" "'")"

# 13: sizes that lie
refused 13 cut_short truncated
refused 13 negative 'bad size'

# 19: the same path again
inside 19 again 'cat a b l/in; mode B b' "$(printf '2casein%s\n%s' 'directory 700 0' 'regular file 644 0')"

# 20: whiteouts
refused 20 wh_nothing 'whiteout of nothing'
refused 20 wh_dot 'whiteout of nothing'
refused 20 wh_dotdot 'whiteout of nothing'
refused 20 wh_folder 'whiteout that is not a file'
refused 20 wh_symlink 'whiteout that is not a file'
refused 20 wh_hard 'whiteout that is not a file'
refused 20 wh_below 'below a whiteout'
inside 20 wh_aufs 'find . -type f' ./d/low
inside 20 wh_good 'find . -type f | sort | tr "\n" " "; find . -type c' './d/after ./d/before ./d/sub/new ./kept/low ./o/new ./o/sub/new ./p/new '
inside 20 wh_root_opaque 'find . -type f; find . -type c' ./new
inside 20 implied 'find . -type f | sort | tr "\n" " "; readlink lib; mode lib.d' \
	"$(printf './lib.d/low ./lib.d/new ./x/hard ./x/low lib.d\ndirectory 700 7')"

# 27: killed at any moment: what is taken for a tree is whole, and the next try makes it
for way in false true; do
	settings ".flat=$way"
	rm -rf $T/layout $STORE
	layout $T/layout swap $T/layers.swap.tar >/dev/null
	image import $T/layout >/dev/null
	bad=0
	for delay in 0.005 0.01 0.02 0.03 0.04 0.06 0.08 0.1 0.15; do
		timeout -s KILL $delay "$CRUET" image unpack swap >/dev/null 2>&1
		for tree in $STORE/trees/[cd]-*; do
			[ ! -e "$tree/complete" ] || [ "$(find "$tree/root" -type f -size 2c | wc -l)" = 4000 ] || bad=$((bad + 1))
		done
	done
	is $bad 0 "27 killed while unpacking, flat=$way: no tree is half"
	run image image unpack swap
	is "$status:$(find $STORE/trees/[cd]-*/root -type f | wc -l)" 0:4000 "27 and then it is unpacked"
	image image gc >/dev/null
	is "$(ls -A $STORE/trees | wc -l)" 1 "27 gc removes what was left"
done
settings
finish
