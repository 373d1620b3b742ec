#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reading tar: a corpus of quirks and random changes, read by cruet's reader and by four others. SEED and COUNT
# make other changes.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
# shellcheck disable=SC2046
${HOSTCC:-gcc} -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -I. -I/usr/include/cjson -include "$BUILD/generated/autoconf.h" \
	-include "$BUILD/generated/version.h" -ffunction-sections -Wl,--gc-sections -o "$folder/archive_list" \
	tests/image/archive_list.c $(git ls-files 'image/archive/*.c' image/document/digest.c 'lib/*.c') \
	-lz -lzstd -llzma -lbz2 -lcjson
GOCACHE=$folder/go go build -o "$folder/tar_list" tests/image/tar_list.go
mkdir "$folder/corpus"
status=0
python3 tests/image/tar_compare.py "$folder/archive_list" "$folder/tar_list" "$folder/corpus" "${SEED:-1}" "${COUNT:-500}" || status=1
exit $status
