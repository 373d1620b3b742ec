#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hostile documents (hostile.py): refused at import with a message that names what is wrong, and then the store has
# no name; or, what only matters when it runs, refused then, and nothing is left.
. "$(dirname "$0")/lib.sh"

mkdir -p $T/second
echo second >$T/second/second
layout $T/good box $T/rootfs $T/second --config '{"Cmd":["true"]}' >/dev/null

at_import() { # CASE EXTENDED-REGEX
	rm -rf $T/bad $STORE
	"$images/hostile.py" $T/good $T/bad "$1"
	run image import $T/bad
	failed 1 "$2" "$1: refused at import"
	run image image ls --quiet
	is "$out" "" "$1: nothing has a name"
}

# Its layers are what they should be: only running it is refused.
at_run() { # CASE EXTENDED-REGEX
	rm -rf $T/bad $STORE
	"$images/hostile.py" $T/good $T/bad "$1"
	run image import $T/bad
	is "$status" 0 "$1: stored"
	run cruet run --image box bad
	failed 1 "$2" "$1: refused when it runs"
	is "$(grep -c /run/cruet-bundles /proc/self/mountinfo):$(find /run/cruet-images /run/cruet -name bad 2>/dev/null)" 0: \
		"$1: nothing is left"
}

run image import $T/good
is "$status" 0 "the image itself is fine"
run cruet run --image box good
is "$status" 0 "and runs"
rm -rf $STORE
"$images/hostile.py" $T/good $T/nested nested_3
run image import $T/nested
is "$status" 0 "so is an index in an index in an index"
run cruet run --image box good
is "$status" 0 "which runs as well"

# One document for two kinds
at_import both_kinds 'manifests: a document is either an index or a manifest'
at_import both_spelled_otherwise 'Manifests: a document is either'
at_import index_as_manifest 'mediaType: .*image.index.*something else was expected'
at_import docker_twin 'mediaType: .*docker.*but it was announced as'
at_import announced_as_index 'layers|config|manifests'
at_import schema_1 "schema 1"
at_import other_rootfs 'rootfs.type: not "layers"'

# Layers and diff_ids
at_import layers_128 'layers: too many'
at_import more_layers '3 layers, but 2 diff_ids'
at_import fewer_layers '1 layers, but 2 diff_ids'
at_import short_diff_id 'rootfs.diff_ids\[0\]: .*not 64 digits'
at_run wrong_diff_id 'diff_id|sha256:0000'
at_run swapped_layers 'diff_id|sha256:'

# Sizes and digests
at_import size_negative 'layers\[0\].size: not a whole number'
at_import size_huge 'layers\[0\].size: not a whole number'
at_import size_smaller 'size|bytes|larger|more'
at_import size_larger 'size|bytes|shorter|ends'
at_import truncated_blob 'size|bytes|shorter|ends'
at_import flipped_bit 'digest|sha256'
at_import flipped_config 'digest|sha256'
at_import digest_upper 'layers\[0\].digest: .*lower-case hex'
at_import digest_short 'layers\[0\].digest: .*not 64 digits'
at_import digest_path 'layers\[0\].digest: .*not a digest'
at_import digest_unknown 'layers\[0\].digest: .*cannot be verified here'
at_import digest_of_other 'sha256.0000.*no such file'
at_import index_digest_path 'manifests\[0\].digest: .*not a digest'
at_import data_wrong 'layers\[0\].data: does not have the digest'

# JSON itself
at_import duplicate_key 'layers: duplicate key'
at_import index_duplicate 'manifests: duplicate key'
at_import deep 'deep|depth|nested'
at_import nul 'NUL|\\u0000|control'
at_import not_utf8 'UTF-8'
at_import many_values 'too many values'
at_import huge_manifest 'bytes|large'
at_import huge_config 'bytes|large'
at_import user_number 'config.User: not a string'
at_import nested_6 'indexes in indexes'

# What an image may not say
at_run volume_up 'config.Volumes: /data/../../x: not a path to mount at'
at_run volume_relative 'config.Volumes: data: not a path to mount at'
at_run volume_proc 'config.Volumes: /proc/self: an image may not mount there'
at_run reserved_label 'config.Labels: cruet.image.signer: a name of ours'
at_run appc_hook 'hooks: an image may not set this'
at_run appc_capability 'process.capabilities.bounding: an image may not set it to this'
at_run appc_devices 'linux.resources.devices: an image may not set this'
at_run appc_namespaces 'linux.namespaces: an image may not set this'
at_run appc_bind 'mountPoints: /../etc: not a path to mount at'
at_run appc_sysctl 'sysctl'

# Users by a passwd that is not what it seems
user_case() { # NAME COMMAND... (in the root file system) EXTENDED-REGEX
	rm -rf $T/evil $T/bad $STORE
	cp -a $T/rootfs $T/evil
	rm -f $T/evil/etc/passwd
	(cd $T/evil/etc && eval "$2")
	layout $T/bad box $T/evil --config '{"Cmd":["/bin/id","-u"],"User":"victim"}' >/dev/null
	image import --quiet $T/bad
	run cruet run --image box bad
	failed 1 "$3" "user by $1: refused"
}
echo victim:x:77:77::/: >$T/host-passwd
user_case "a fifo" 'mkfifo passwd' 'passwd: not a regular file'
user_case "a device" 'mknod passwd c 1 5' 'passwd|device'
user_case "a folder" 'mkdir passwd' 'passwd: not a regular file'
user_case "a link to the host's file" "ln -s $T/host-passwd passwd" 'victim: no such user'
user_case "a link upwards" "ln -s ../../../../../../..$T/host-passwd passwd" 'victim: no such user'
user_case "a link to itself" 'ln -s passwd passwd' 'passwd'
user_case "a file without an end" 'truncate -s 2M passwd' 'passwd: more than 1048576 bytes'
user_case "an id that is none" 'echo victim:x:4294967295:0::/: >passwd' 'victim: no such user'
finish
