#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/from-bundle-to-firmware.md: its commands, as they stand there, in a copy of the sources.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/boards}
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root (device nodes in the image)"; exit 0; }
W=$(mktemp -d "${TMPDIR:-/tmp}/cruet-guide.XXXXXX")
trap 'rm -rf "$W"' EXIT
cd "$top" || exit 1
git ls-files 2> /dev/null | cpio --quiet -pdm "$W/sources" 2> /dev/null
[ -e "$W/sources/Makefile" ] || { echo "1..0 # SKIP these sources are no git checkout"; exit 0; }

# Each block of commands is a test; they are one shell, as the reader's is.
awk -v folder="$W" '
	/^```sh$/ { block++; file = sprintf("%s/block%02d", folder, block); next }
	/^```$/ { file = ""; next }
	file { print > file }' "$top/docs/from-bundle-to-firmware.md"
cd "$W/sources" || exit 1
unset MAKEFLAGS MFLAGS MAKEOVERRIDES O ARCH V BUILD CRUET
count=0 bad=0
result() { count=$((count + 1)); echo "$1 $count - $2"; [ "$1" = ok ] || bad=1; }
for block in "$W"/block*; do
	name="block ${block##*block}: $(head -n 1 "$block")"
	# shellcheck source=/dev/null
	if bash -ec ". '$block'" > "$W/out" 2>&1; then result ok "$name"; else
		result "not ok" "$name"
		tail -n 30 "$W/out" | sed 's/^/#   /'
	fi
	# Variables stay, as in the reader's shell.
	while read -r assignment; do export "${assignment?}"; done < <(grep -E '^[a-z]+=[^ ]+$' "$block")
	tr -d '\r' < "$W/out" >> "$W/all"
done
said() { # REGEX NAME
	if grep -qE "$1" "$W/all"; then result ok "$2"; else
		result "not ok" "$2: /$1/"
		tail -n 40 "$W/all" | sed 's/^/#   /'
	fi
}
said '^greeter +ready' "the unit is ready"
said 'hello, start number 1' "the container says hello"
said 'hello, start number 2' "the count survived the machine's end"
said 'last reboot: planned.*shown' "the second boot knows why the first one ended"
echo "1..$count"
exit $bad
