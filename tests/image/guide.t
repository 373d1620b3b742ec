#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/from-docker-build-to-a-board.md: its commands, as they stand there.
. "$(dirname "$0")/lib.sh"

mkdir -p $T/tools $T/desk-work $T/podman
ln -s "$CRUET" $T/tools/cruet
ln -s "$ROOTFS/bin/busybox" $T/tools/busybox
# podman answers to the name of docker; its own storage lies in the test's place.
cat >$T/tools/docker <<END
#!/bin/sh
case \$1 in
build) shift; set -- build --quiet --isolation chroot "\$@" ;;
save) shift; set -- save --quiet --format docker-archive "\$@" ;;
esac
exec podman --root $T/podman/root --runroot $T/podman/run --storage-driver vfs --cgroup-manager cgroupfs "\$@"
END
chmod +x $T/tools/docker
PATH=$T/tools:$PATH
unset CRUET_IMAGES

# Each block of commands is a test; they are one shell, as the reader's is.
awk -v folder=$T '
	/^```sh$/ { block++; file = sprintf("%s/block%02d", folder, block); next }
	/^```$/ { file = ""; next }
	file { print > file }' "$top/docs/from-docker-build-to-a-board.md"
cd $T/desk-work || exit 1
for block in "$T"/block*; do
	run timeout -s KILL 120 sh -ec ". $block"
	is "$status" 0 "block ${block##*block}: $(head -n 1 "$block")"
	say "$out" >>$T/all
done
cd $T || exit 1
like "$(cat $T/all)" '^hello from version 1' "the first image runs"
is "$(grep -c '^hello from version 2' $T/all)" 3 "the second one runs: from the stick, after the first one was refused, from the mirror"
is "$(grep -c '^hello from version 1' $T/all)" 1 "the first one is refused then"
finish
