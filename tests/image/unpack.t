#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From blobs to trees: what is verified, what is shared, what stays when it goes wrong.
# shellcheck disable=SC2010,SC2012,SC2016,SC2231,SC2317 # names without blanks; commands for another shell
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"

trees() { ls -A $STORE/trees 2>/dev/null | cut -c1-2 | sort | uniq -c | tr -s ' ' | tr '\n' ' '; }
fresh() { # NAME LAYER... [OPTIONS]: the only image of a new store
	rm -rf $STORE $T/layout
	layout $T/layout "$@" >/dev/null && image import $T/layout >/dev/null 2>&1
}
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort && find . -printf '%p %y %m %U %G %l\n' | sort); }

mkdir -p $T/one/d $T/two/d
say 1 >$T/one/d/file
say 2 >$T/two/d/file
head -c 3000000 /dev/urandom >$T/one/d/large
: >$T/two/d/.wh.large

# ---- two at once ----
fresh both $T/rootfs $T/one $T/two
for _ in 1 2 3 4; do
	image image unpack both >$T/.o1 2>&1 &
	first=$!
	image image unpack both >$T/.o2 2>&1 &
	second=$!
	wait $first || fail "two at once: $(cat $T/.o1)"
	wait $second || fail "two at once: $(cat $T/.o2)"
	is "$(trees)" ' 3 d- ' "two unpack the same image: each tree is there once"
	rm -rf $STORE/trees
done
run image image unpack both
run image image unpack both
is "$status:$out:$err" 0:: "what is unpacked is not unpacked again"

# ---- both ways are the same ----
is "$(ls $STORE/trees | wc -l)" 3 "a tree for each layer"
mkdir -p $T/merged
lower=
for number in 2 1 0; do
	diff_id=$(skopeo_ inspect --config oci:$T/layout:both | jq -r ".rootfs.diff_ids[$number]")
	lower=$lower${lower:+:}$STORE/trees/d-${diff_id#sha256:}/root
done
mount -t overlay overlay -o "lowerdir=$lower" $T/merged
settings '.flat=true'
run image image unpack both
is "$status" 0 "flat"
is "$(sums $STORE/trees/c-*/root | sed 1,1d)" "$(sums $T/merged | sed 1,1d)" "one tree of all has what overlayfs shows"
umount $T/merged
settings

# ---- what is not what it should be ----
blob() { jq -r ".layers[$1].digest" "$STORE/blobs/sha256/$(jq -r '.manifests[0].digest' $STORE/index.json | cut -d: -f2)" | sed "s,sha256:,$STORE/blobs/sha256/,"; }
for way in false true; do
	settings ".flat=$way"
	fresh both $T/rootfs $T/one $T/two
	victim=$(blob 1)
	chmod 600 "$victim"
	printf x | dd of="$victim" bs=1 seek=1000000 conv=notrunc 2>/dev/null
	run image image unpack both
	failed 1 "layer sha256:$(basename "$victim")" "a damaged layer is named, flat=$way"
	case $way in false) is "$(trees)" ' 1 d- ' "and has no tree" ;; true) is "$(trees)" '' "and there is no tree" ;; esac
	rm "$victim"
	run image image unpack both
	failed 1 "sha256:$(basename "$victim")" "a missing layer is named, flat=$way"
done
settings
# The blob is right, and is not what the config says.
rm -rf $T/layout $STORE
layout $T/layout lie $T/rootfs >/dev/null
python3 - $T/layout <<-'EOF'
	import hashlib, json, sys
	root = sys.argv[1]
	def load(digest):
	    return json.load(open(f"{root}/blobs/sha256/{digest[7:]}"))
	def save(value):
	    data = json.dumps(value).encode()
	    name = hashlib.sha256(data).hexdigest()
	    open(f"{root}/blobs/sha256/{name}", "wb").write(data)
	    return {"digest": f"sha256:{name}", "size": len(data)}
	index = json.load(open(f"{root}/index.json"))
	manifest = load(index["manifests"][0]["digest"])
	config = load(manifest["config"]["digest"])
	config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
	manifest["config"].update(save(config))
	index["manifests"][0].update(save(manifest))
	json.dump(index, open(f"{root}/index.json", "w"))
EOF
image import $T/layout >/dev/null 2>&1
run image image unpack lie
failed 1 'diff id|sha256' "a diff id that lies"
is "$(trees)" '' "and there is no tree"

# ---- room ----
full() { # KIB WAY: import and unpack into a file system of that size
	umount $T/small 2>/dev/null
	mkdir -p $T/small
	mount -t tmpfs -o "size=${1}k" tmpfs $T/small
	settings ".store=\"$T/small/store\" | .flat=$2 | .limits={\"reserveBytes\":4096}"
	image import $T/layout >/dev/null 2>&1 && image image unpack both >/dev/null 2>$T/.full
}
rm -rf $T/layout
layout $T/layout both $T/rootfs $T/one $T/two >/dev/null
need=$(($(du -sk $T/layout $T/rootfs $T/one | awk '{ sum += $1 } END { print sum }')))
for way in false true; do
	reached=no
	for percent in 5 20 40 50 60 70 80 90 100 130; do
		if full $((need * percent / 100)) $way; then
			reached=$percent
			break
		fi
		is "$(find $T/small/store/trees -mindepth 1 -maxdepth 1 -name '.*' 2>/dev/null)" '' \
			"$percent % of the room that is needed, flat=$way: no half of a tree stays"
		! [ -e $T/small/store/index.json ] || [ "$(image image ls 2>/dev/null | grep -c both)" = 0 ] ||
			is "$(image image verify both >/dev/null 2>&1; echo $?)" 0 "$percent %: the image is whole, flat=$way"
	done
	like "$reached" '^(90|100|130)$' "with $reached % of it all is unpacked, flat=$way"
done
umount $T/small
settings

# ---- what is kept ----
settings '.keepBlobs=false'
fresh both $T/rootfs $T/one $T/two
before=$(find $STORE/blobs -type f | wc -l)
run image image unpack both
is "$status:$((before - $(find $STORE/blobs -type f | wc -l)))" 0:3 "keepBlobs is off: the layers' blobs go"
run cruet run --image both kept cat /d/file
is "$status:$out" 0:2 "and it runs"
settings

# ---- who is not root ----
if command -v setpriv >/dev/null; then
	fresh both $T/rootfs $T/one $T/two
	chmod 711 $T && chmod -R a+rX $T/layout && mkdir -m 777 $T/theirs
	cat >$T/theirs/settings <<-EOF
		{"store":"$T/theirs/store","uses":"$T/theirs/uses","policy":"$T/none"}
	EOF
	chmod 644 $T/theirs/settings
	user() { CRUET_IMAGES=$T/theirs/settings setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
	cp "$CRUET" $T/theirs/cruet
	run user $T/theirs/cruet import $T/layout
	is "$status" 0 "who is not root imports"
	run user $T/theirs/cruet image unpack both
	is "$status" 0 "and unpacks"
	is "$(stat -c '%u %a' $T/theirs/store/trees/c-*/root/d/file; find $T/theirs/store/trees -perm /6000 | wc -l; find $T/theirs/store/trees ! -uid 1000 | wc -l)" \
		"$(printf '1000 644\n0\n0')" "into one tree, all his, without setuid bits"
	is "$(find $T/theirs/store/trees -name large -o -name '.wh.*' | wc -l)" 0 "whiteouts count"
fi
finish
