#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# board/host/config/inflate_wide.c against zlib as it is upstream: random data, compressed in all ways, whole
# and damaged, in pieces of all sizes. SEED and SECONDS_MOST make other runs.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
top=$PWD here=$PWD/board/host
archive=$("$here/fetch" zlib)
for name in upstream ours; do
	mkdir "$folder/$name"
	tar -xf "$archive" -C "$folder/$name" --strip-components=1
done
while read -r patch; do patch -s -d "$folder/ours" -p1 <"$here/patches/zlib/$patch"; done <"$here/patches/zlib/series"
program() { # NAME SOURCE [FLAGS]
	(
		name=$1 source=$2
		shift 2
		cd "$folder/$name"
		${HOSTCC:-gcc} -std=gnu99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined "$@" \
			-DDYNAMIC_CRC_TABLE -DBUILDFIXED -I. -o "$folder/$name.program" "$top/tests/image/inflate_pieces.c" \
			"$source" inflate.c inftrees.c crc32.c adler32.c zutil.c
	)
}
program upstream inffast.c
program ours "$here/config/inflate_wide.c" -include "$here/config/zlib.h"
python3 tests/image/inflate_compare.py "$folder/ours.program" "$folder/upstream.program" "${SEED:-1}" "${SECONDS_MOST:-15}"
