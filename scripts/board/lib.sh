# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A board is a folder with data, board/NAME; this reads it. Sourced by the scripts beside it.
# board/README.md says what stands in the folder.

board_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# board_read NAME: sets board, the variables of its board.conf, and what targets.mk says of its ARCH.
board_read() {
	board=$board_top/board/$1
	[ -f "$board/board.conf" ] || { echo "board: there is no board $1" >&2; return 1; }
	# shellcheck source=/dev/null
	. "$board/board.conf"
	# shellcheck disable=SC2034 # for who sources this
	read -r CROSS_COMPILE DEBIAN_ARCH TRIPLET TARGET_FLAGS < <(
		sed -n "s/^target-$ARCH *:= *//p" "$board_top/board/host/targets.mk")
}

# The words of a list file: one a line, # begins a comment.
board_list() { sed 's/#.*//' "$1" | xargs; }

# board_qemu FOLDER DATA ARGUMENTS [QEMU-ARGUMENT...]: become the emulator of the board that was read,
# with the image in FOLDER; DATA is the file of the data partition, ARGUMENTS are added to the
# kernel's command line. BOARD_DEVICES replaces the board's devices (for another watchdog).
board_qemu() {
	local folder=$1 data=$2 arguments="console=$CONSOLE $COMMAND_LINE $3"
	local options=(-display none -nodefaults -no-user-config -kernel "$folder/kernel"
		-drive "if=none,id=root,format=raw,readonly=on,file=$folder/root.squashfs"
		-device "$DISK,drive=root"
		-drive "if=none,id=data,format=raw,file=$data" -device "$DISK,drive=data")
	shift 3
	if [ -e "$folder/initramfs" ]; then
		options+=(-initrd "$folder/initramfs")
	else
		arguments+=" root=$ROOT ro"
	fi
	# shellcheck disable=SC2086 # words
	exec "$QEMU" $MACHINE ${BOARD_DEVICES-$DEVICES} "${options[@]}" -append "$arguments" "$@"
}
