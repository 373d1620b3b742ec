# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# shellcheck disable=SC2154,SC2086 # T and STORE: lib.sh, without blanks
#
# Looking at what was unpacked, without what is tested: layers are found by their diff ids.

attributes() { # FILE...: extended ones
	python3 -c 'import os, sys
for name in sys.argv[1:]:
    for key in sorted(os.listxattr(name)):
        print(name, key, os.getxattr(name, key).hex())' "$@"
}

# chain LAYER.tar...: the hex of the chain id of all
chain() {
	chain_id=
	for chain_layer; do
		chain_layer=$(sha256sum "$chain_layer" | cut -d' ' -f1)
		[ -z "$chain_id" ] || chain_layer=$(printf 'sha256:%s sha256:%s' "$chain_id" "$chain_layer" | sha256sum | cut -d' ' -f1)
		chain_id=$chain_layer
	done
	echo "$chain_id"
}

# view LAYER.tar...: what is in the image, lowest layer first, at $T/view: the tree of all layers if there is one,
# else overlayfs over each's own.
view() {
	mkdir -p $T/view $T/nothing
	view_tree=$STORE/trees/c-$(chain "$@")/root
	if [ -d "$view_tree" ]; then
		mount --bind "$view_tree" $T/view
		return
	fi
	view_lower=$T/nothing
	for view_layer; do
		view_layer=$(sha256sum "$view_layer" | cut -d' ' -f1)
		view_tree=$STORE/trees/d-$view_layer/root
		[ -d "$view_tree" ] || view_tree=$STORE/trees/c-$view_layer/root
		# At the top of a layer overlayfs does not look for it: root_mount() does.
		! attributes "$view_tree" 2>/dev/null | grep -q overlay.opaque || view_lower=$T/nothing
		view_lower=$view_tree:$view_lower
	done
	mount -t overlay overlay -o "lowerdir=$view_lower" $T/view
}
