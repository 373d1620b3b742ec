#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root file system of an image: layers that are file systems, trees, and overlayfs over them.
# shellcheck disable=SC2012,SC2016,SC2231 # names without blanks; commands for another shell
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

# A layer as a folder: tree NAME FILE=CONTENT...; FILE/ is a folder.
tree() {
	tree_name=$1
	shift
	rm -rf "${T:?}/$tree_name"
	mkdir -p "$T/$tree_name"
	for pair; do
		case $pair in
		*/) mkdir -p "$T/$tree_name/$pair" ;;
		*) mkdir -p "$(dirname "$T/$tree_name/${pair%%=*}")" && say "${pair#*=}" >"$T/$tree_name/${pair%%=*}" ;;
		esac
	done
}
squashfs() { # FOLDER FILE [OPTIONS]
	rm -f "$2"
	mksquashfs "$@" -noappend -all-time 0 >/dev/null 2>$T/squashfs.log
}
add() { # NAME LAYER... [OPTIONS]: into the store
	rm -rf $T/layout
	layout $T/layout "$@" >/dev/null && image import $T/layout >/dev/null
}
# What is left outside: mounts, loop devices of ours, folders.
# The kernel lets go of a loop device a little after its last user.
traces() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(traces_now)" != 0 ] || break
		sleep 0.2
	done
	traces_now
}
traces_now() {
	grep -c -e /run/cruet-bundles -e cruet-private /proc/self/mountinfo
	grep -l $STORE /sys/block/loop*/loop/backing_file 2>/dev/null
	find /run/cruet-bundles -mindepth 1 2>/dev/null
}
inside() { # NAME WANTED COMMAND WHAT [OPTIONS]
	ids=$((ids + 1))
	inside_what=$4 inside_wanted=$2
	inside_command=$3 inside_name=$1
	shift 4
	run cruet run --image "$inside_name" "$@" mount$ids sh -c "$inside_command"
	is "$status:$out" "0:$inside_wanted" "$inside_what"
	is "$(traces)" 0 "$inside_what: nothing is left"
}

squashfs $T/rootfs $T/base.squashfs
mkfs.erofs $T/base.erofs $T/rootfs >/dev/null 2>&1
tree one one=1 both=1 etc/one=1 gone=1 opaque/low=1 dir/low=1
tree two two=2 both=2 etc/two=2 .wh.gone= opaque/.wh..wh..opq= opaque/top=2 dir/.wh.low= dir/top=2

# ---- one file system ----
add sq $T/base.squashfs
inside sq 'root:x:0:0:root:/root:/bin/sh' 'head -n 1 /etc/passwd' "a squashfs" --read-only
inside sq 'refused' 'echo x 2>/dev/null >/etc/x || echo refused' "read-only is read-only" --read-only
inside sq 'x' 'echo x >/etc/x && cat /etc/x' "a squashfs with a tmpfs over it"
is "$(ls $STORE/trees 2>/dev/null | wc -l)" 0 "it is not unpacked"
add er $T/base.erofs
inside er 'root:x:0:0:root:/root:/bin/sh' 'head -n 1 /etc/passwd' "an erofs" --read-only
inside er 'x' 'echo x >/etc/x && cat /etc/x' "an erofs with a tmpfs over it"

# ---- several ----
squashfs $T/two $T/two.squashfs # its whiteouts are plain files: a file system has overlayfs's
is "$(grep -c . $T/squashfs.log)" 0 "mksquashfs has nothing to say"
MERGED='cat /one /two /both /etc/one /etc/two /opaque/* /dir/*; ls /gone /opaque /dir 2>&1 | tr "\n" " "'
WANTED="$(printf '1\n2\n2\n1\n2\n2\n2\nls: /gone: No such file or directory /dir: top  /opaque: top ')"
for flat in false true; do
	settings ".flat=$flat"
	add three $T/rootfs $T/one $T/two
	inside three "$WANTED" "$MERGED" "three archives, flat=$flat"
	inside three "$WANTED" "$MERGED" "three archives, read-only, flat=$flat" --read-only
	inside three '1' 'rm -r /etc && mkdir /etc && echo 1 >/etc/1 && cat /etc/*' "what is below can be replaced, flat=$flat"
done
is "$(ls $STORE/trees | cut -c1-2 | sort | uniq -c | tr -s ' ' | tr -d '\n')" ' 1 c- 3 d-' "trees of layers, and one of all"
settings
add other $T/rootfs $T/two
inside other 2 'cat /two' "another image of the same layers"
is "$(ls $STORE/trees | wc -l)" 4 "has its trees already"
add mixed $T/base.squashfs $T/one $T/two
inside mixed "$WANTED" "$MERGED" "archives over a squashfs"
inside mixed "$WANTED" "$MERGED" "the same read-only" --read-only
mkdir -p $T/over/etc $T/over/tmp
mknod $T/over/both c 0 0
say 3 >$T/over/etc/one
setfattr_() { python3 -c 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())' "$@"; }
mkdir $T/over/opaque $T/over/lead
setfattr_ $T/over/opaque trusted.overlay.opaque y
setfattr_ $T/over/lead trusted.overlay.redirect /etc
squashfs $T/over $T/over.squashfs
add over $T/base.erofs $T/one $T/two $T/over.squashfs
inside over "$(printf '1\n2\n3\n2\nls: /both: No such file or directory')" \
	'cat /one /two /etc/one /etc/two; ls /opaque; ls /both 2>&1; ls /lead 2>/dev/null; true' \
	"a squashfs over all of these: its whiteouts count, its redirections do not"

# ---- the root folder ----
mkdir -p $T/rootone && cp -a $T/rootfs/. $T/rootone && chmod 711 $T/rootone && chown 3:4 $T/rootone
tar -C $T/rootone -cf $T/rootone.tar .
add rooted $T/rootone.tar $T/one
inside rooted '711 3 4' 'stat -c "%a %u %g" /' "the root folder is what the layer says that says something"
inside rooted '711 3 4' 'stat -c "%a %u %g" /' "and read-only" --read-only
settings '.flat=true'
inside rooted '711 3 4' 'stat -c "%a %u %g" /' "and flat"
settings
mkdir -p $T/new/bin && : >$T/new/.wh..wh..opq && cp $T/rootfs/bin/busybox $T/new/bin/sh && say new >$T/new/new
for flat in false true; do
	settings ".flat=$flat"
	add renewed $T/rootfs $T/one $T/new
	inside renewed "$(printf 'new\n/bin/sh\n/new')" 'read -r line </new; echo $line; for f in /bin/* /[a-z]*; do [ ! -f $f ] || echo $f; done' \
		"a layer that hides all below, flat=$flat"
done
settings

# ---- many ----
many=
for number in $(seq 127); do
	tree "many$number" "n$number=$number" "same=$number"
	many="$many $T/many$number"
done
# shellcheck disable=SC2086
add many $T/rootfs $many
inside many "$(printf '127\n127\n1\n64\n127')" 'ls /n* | wc -l; cat /same /n1 /n64 /n127' "128 layers"
inside many "$(printf '127\n127\n1\n64\n127')" 'ls /n* | wc -l; cat /same /n1 /n64 /n127' "128 layers read-only" --read-only

# ---- upper ----
mkdir $T/upper
inside three kept 'echo kept >/kept; rm /one; cat /kept' "a folder for what is written" --upper $T/upper
inside three 'kept no' 'echo $(cat /kept) $(cat /one 2>/dev/null || echo no)' "is there again" --upper $T/upper

# ---- two at once ----
cruet run -d --image sq first sh -c "$SLEEPER" >/dev/null 2>&1
is "$(state_of first)" running "a container on a squashfs runs"
run cruet run --image mixed second sh -c 'cat /two; head -c 4 /etc/passwd'
is "$status:$out" "0:$(printf '2\nroot')" "another one on the same layer meanwhile"
is "$(cruet exec first head -c 4 /etc/passwd)" root "whose end does not harm the first"
cruet delete --force first
is "$(traces)" 0 "nothing is left of both"

# ---- what cannot be mounted ----
broken() { # WHAT EXTENDED-REGEX LAYER... [OPTIONS]
	broken_what=$1 broken_wanted=$2
	shift 2
	add broken "$@"
	run cruet run --image broken broken true
	failed 1 "$broken_wanted" "$broken_what"
	is "$(traces)" 0 "$broken_what: nothing is left"
}
{ printf hsqs && head -c 8188 /dev/zero; } >$T/bad.squashfs
broken "a damaged squashfs" 'layer sha256:.*mount as squashfs' $T/rootfs $T/bad.squashfs
broken "hashes that are asked for and not there" 'verity' $T/base.squashfs \
	--layer-type 0:application/vnd.stacker.image.layer.squashfs+zstd+verity
hash=$(printf '%064d' 0)
broken "a root hash that is none" 'root hash' $T/base.squashfs --layer-annotation "0:cruet.verity.root-hash=x y"
broken "hashes at no place" 'verity.offset' $T/base.erofs --layer-annotation "0:cruet.verity.root-hash=$hash"
broken "hashes outside" 'verity.offset' $T/base.squashfs --layer-annotation "0:cruet.verity.root-hash=$hash" \
	--layer-annotation 0:cruet.verity.offset=999999999999
broken "hashes that are not behind the squashfs" 'verity|hashes' $T/base.squashfs \
	--layer-annotation "0:dev.stackeroci.stacker.squashfs_verity_root_hash=$hash"
broken "another fs-verity digest, or none" 'fs-verity' $T/base.squashfs --layer-annotation "0:cruet.fsverity.digest=sha256:$hash"
finish
