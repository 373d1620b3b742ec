#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our parsers against the JSON schemas of the specifications: see check.py and check_image.py. Prints TAP. Links the objects
# of the unit tests' build (every symbol on, with the sanitizers), which is made if it is not there.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
CC=${HOSTCC:-gcc}

if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	echo "1..0 # SKIP no python3-jsonschema"
	exit 0
fi
[ -e "$BUILD/unit/units.a" ] || make O="$BUILD" unit-tests >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck disable=SC2046
build() {
	$CC -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. $(pkg-config --cflags libcjson) -g \
		-fsanitize=address,undefined "$@" $(pkg-config --libs libcjson libseccomp)
}
build -o "$folder/check_config" tests/schema/check_config.c "$BUILD/unit/units.a"
build -o "$folder/check_image" tests/schema/check_image.c "$BUILD/unit/units.a"
# The same with every symbol off: what is needed is few enough to compile it here.
build -o "$folder/bare" tests/schema/check_config.c runtime/spec/*.c runtime/mount_option.c lib/arena.c lib/error.c lib/fd.c \
	lib/file.c lib/json*.c lib/log.c lib/path*.c lib/process.c lib/str.c
/usr/bin/python3 -W ignore::DeprecationWarning tests/schema/check.py "$folder/check_config" "$folder/bare"
/usr/bin/python3 -W ignore::DeprecationWarning tests/schema/check_image.py "$folder/check_image"
