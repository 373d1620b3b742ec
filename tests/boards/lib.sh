# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A board under QEMU, driven from outside: sourced by the tests of this folder. A test builds variants of
# the board's image (units and settings in a folder that is put over the root), powers it on, types
# on its console, watches it, cuts its power. Prints TAP.
#
#	variant quiet; edit quiet '.watchdog.timeout = "6s"'; build quiet
#	power_on quiet; ask 'cruet status'; like "$answer" ready "..."; power_cut
#
# BOARD is its name, BUILD the build folder. KEEP=1 keeps what the machines said.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/boards}
BOARD=${BOARD:-qemu-x86_64}
BUILD=${BUILD:-$top/build}
image=$BUILD/board/$BOARD
# shellcheck source=scripts/board/lib.sh
. "$top/scripts/board/lib.sh"

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip_all "needs root (device nodes in the image)"
board_read "$BOARD" || exit 1
command -v "$QEMU" > /dev/null || skip_all "needs $QEMU"
[ -e "$image/root.squashfs" ] || { echo "Bail out! no image in $image: make board-$BOARD"; exit 1; }

W=$(mktemp -d "${TMPDIR:-/tmp}/cruet-boards.XXXXXX")
log=$W/console	# what the machine said, over all its boots
vm=		# the emulator's pid, while it runs
ended=		# its exit status, after that
: > "$log"
count=0 failures=0
leave() {
	[ -z "$vm" ] || kill -KILL "$vm" 2> /dev/null
	[ -z "${KEEP-}" ] || cp "$log" "/tmp/cruet-$(basename "$0").console"
	rm -rf "$W"
}
trap leave EXIT
trap 'exit 1' INT TERM

# --- results ---

pass() { count=$((count + 1)); echo "ok $count - $*"; }
fail() {
	count=$((count + 1)) failures=$((failures + 1))
	echo "not ok $count - $*"
	tail -n "${FAIL_LINES:-25}" "$log" 2> /dev/null | tr -d '\r' | cut -c 1-200 | sed 's/^/#   console: /'
}
note() { echo "# $*"; }
skip() { count=$((count + 1)); echo "ok $count - $2 # SKIP $1"; }
is() { # GOT WANTED NAME
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3: got '$1', wanted '$2'"; fi
}
like() { # GOT REGEX NAME
	if grep -qE -- "$2" <<< "$1"; then pass "$3"; else fail "$3: wanted /$2/ in: $(head -c 600 <<< "$1" | tr '\n' '|')"; fi
}
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then pass "$name"; else fail "$name"; fi
}
finish() {
	[ -z "$vm" ] || power_cut
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}

# --- images ---

# variant NAME: begin one, in $W/NAME/overlay; unit and edit change it, build makes its image.
variant() {
	mkdir -p "$W/$1/overlay/etc/cruet/units"
	cp "$board/overlay/etc/cruet/system.json" "$W/$1/overlay/etc/cruet/system.json"
}
unit() { # VARIANT NAME OBJECT (in jq's words)
	jq -n "$3" > "$W/$1/overlay/etc/cruet/units/$2.json"
}
script() { # VARIANT PATH: from stdin
	mkdir -p "$(dirname "$W/$1/overlay$2")"
	cat > "$W/$1/overlay$2"
	chmod +x "$W/$1/overlay$2"
}
edit() { # VARIANT FILTER: of system.json
	local file=$W/$1/overlay/etc/cruet/system.json
	jq "$2" "$file" > "$file.new" && mv "$file.new" "$file"
}
build() {
	"$top/scripts/board/image" "$BOARD" "$image" "$W/$1" "$W/$1/overlay" || { echo "Bail out! no image"; exit 1; }
}

# --- the machine ---

# power_on IMAGE [KERNEL-ARGUMENTS [QEMU-ARGUMENT...]]: IMAGE is a variant, or "board". The data partition
# is $W/data, kept until `fresh_data`.
power_on() {
	local folder=$W/$1 arguments=${2-}
	[ "$1" != board ] || folder=$image
	[ $# -lt 2 ] && shift || shift 2
	[ -e "$W/data" ] || fresh_data
	[ -p "$W/typed" ] || mkfifo "$W/typed"
	rm -f "$W/monitor.in" "$W/monitor.out"
	mkfifo "$W/monitor.in" "$W/monitor.out"
	(board_qemu "$folder" "$W/data" "$arguments" -serial stdio -chardev "pipe,id=monitor,path=$W/monitor" \
		-mon chardev=monitor "$@" <> "$W/typed" >> "$log" 2>&1) &
	vm=$!
	exec 7<> "$W/monitor.in" 8<> "$W/monitor.out"
	cat <&8 > /dev/null &
	monitor_reader=$!
	mark=$(wc -c < "$log" 2> /dev/null || echo 0)
}
fresh_data() { cp --sparse=always "$image/data.ext4" "$W/data"; }
monitor() { echo "$1" >&7; }
is_on() { [ -n "$vm" ] && kill -0 "$vm" 2> /dev/null; }
gone() { # the emulator has ended, of itself or by our hand
	wait "$vm" 2> /dev/null
	ended=$?
	vm=
	kill "$monitor_reader" 2> /dev/null
	wait "$monitor_reader" 2> /dev/null
	return 0
}
power_cut() { kill -KILL "$vm" 2> /dev/null; gone; }
# Until it has powered itself off: its exit status is in $ended.
wait_off() { # SECONDS
	local end=$((SECONDS + $1))
	while is_on; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
	gone
}

# What it said since the last `new_log` (or power on).
new_log() { mark=$(wc -c < "$log"); }
said() { tail -c "+$((mark + 1))" "$log" 2> /dev/null | tr -d '\r'; }
says() { said | grep -qE -- "$1"; }
wait_says() { # SECONDS REGEX
	local end=$((SECONDS + $1))
	until says "$2"; do
		[ $SECONDS -lt $end ] && is_on || return 1
		sleep 0.1
	done
}

type_line() { printf '%s\n' "$1" > "$W/typed"; }
# A shell on the console answers. After a reset, too.
has_shell() { # SECONDS
	local end=$((SECONDS + $1))
	new_log
	while [ $SECONDS -lt $end ] && is_on; do
		type_line 'echo shell-$((40 + 2))'
		wait_says 1 '^shell-42' && return
	done
	return 1
}
boots() { # NAME [SECONDS]: a test
	if has_shell "${2:-60}"; then pass "$1"; else fail "$1"; fi
}
# Which boot it is; and a test that another one comes within some seconds.
boot_id() { ask 'cat /proc/sys/kernel/random/boot_id'; echo "$answer"; }
resets() { # OLD-BOOT-ID SECONDS NAME
	local end=$((SECONDS + $2)) id
	while [ $SECONDS -lt $end ] && is_on; do
		id=
		! has_shell 5 || id=$(boot_id)
		[ ${#id} != 36 ] || [ "$id" = "$1" ] || { pass "$3"; return; }
		sleep 1
	done
	fail "$3"
}
# Run a command in the console's shell: its output in $answer, its status as ours (255: no answer).
asked=0
ask() { # COMMAND [SECONDS]
	asked=$((asked + 1))
	new_log
	type_line "echo \"begin\"-$asked; $1; echo \"end\"-$asked-\$?"
	answer=
	wait_says "${2:-20}" "^end-$asked-[0-9]+" || return 255
	answer=$(said | sed -n "/^begin-$asked\$/,/^end-$asked-/p" | sed '1d;$d')
	return "$(said | sed -n "s/^end-$asked-\([0-9]*\).*/\1/p" | head -n 1)"
}
# What `status` says of the boot before this one, once the recorder has been read: $answer.
last_reboot() {
	local end=$((SECONDS + 15))
	until ask 'cruet status | grep "last reboot"'; do
		[ $SECONDS -lt $end ] && is_on || return 1
		sleep 0.5
	done
}
unit_state() { ask "cruet status | awk '\$1 == \"$1\" { print \$2 }'"; echo "$answer" | tail -n 1; }
becomes() { # UNIT STATE [SECONDS]
	local end=$((SECONDS + ${3:-30}))
	until [ "$(unit_state "$1")" = "$2" ]; do [ $SECONDS -lt $end ] && is_on || return 1; done
}
reaches() { # UNIT STATE NAME
	if becomes "$1" "$2"; then pass "$3"; else fail "$3"; fi
}
