#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Terminals: --console-socket, -t, in the foreground and detached.
. "$(dirname "$0")/lib.sh"

TTY='.process.terminal=true'
server() { # SOCKET: takes the terminal; its output to $T/console, its input from $T/input
	rm -f $T/input $T/console "$1"
	mkfifo $T/input
	"$TOOLS/client" console "$1" <$T/input >$T/console 2>&1 &
	server=$!
	exec 7>$T/input
	wait_for [ -S "$1" ]
}
console() { sed -n "s/^$1=//p" $T/console | tr -d '\r'; }

# create with a console socket
server $T/socket
new_id
script_bundle "$id" 'tty; stty size; stat -c "%t %u %g %a" $(tty); readlink /proc/self/fd/0; readlink /proc/self/fd/2; read -r line; echo "got $line"; exec 3<>/dev/tty && echo controlling; stat -c %t /dev/console' \
	"$TTY|.process.consoleSize={height:30,width:90}"
run cruet create --bundle "$BUNDLES/$id" --console-socket $T/socket "$id"
is "$status:$out:$err" "0::" "create --console-socket"
wait_for grep -q ^master $T/console
is "$(console master)" yes "one descriptor, a terminal's master, is received"
like "$(console name)" '^/dev/(pts/[0-9]+|console|ptmx)$' "with the terminal's name"
is "$(console size)" 30x90 "consoleSize"
cruet start "$id"
echo word >&7
wait_for grep -q '^88' $T/console
exec 7>&-
wait $server
out=$(tr -d '\r' <$T/console)
like "$out" '^/dev/(pts/0|console)' "tty"
like "$out" '^30 90$' "the size inside"
like "$out" '^88 0 5 620' "the terminal is the user's"
like "$out" '^got word' "input arrives"
like "$out" '^controlling' "it is the controlling terminal"
remove "$id"

# a user other than root owns it
server $T/socket
new_id
script_bundle "$id" 'stat -L -c "owner %u" /proc/self/fd/0; echo x >/dev/tty && echo writable' "$TTY|.process.user={uid:1000,gid:1000}"
run cruet run --detach --bundle "$BUNDLES/$id" --console-socket $T/socket "$id"
is "$status" 0 "run --detach --console-socket"
wait_for grep -q writable $T/console
exec 7>&-
wait $server
like "$(cat $T/console)" 'owner 1000' "the terminal belongs to the user"
like "$(cat $T/console)" writable "and can be opened"
remove "$id"

# a socket with a long path, as podman's
long=$T/$(printf '%0100d' 0)
mkdir -p "$long"
server "$long/socket"
new_id
script_bundle "$id" 'echo hello' "$TTY"
run cruet run --detach --bundle "$BUNDLES/$id" --console-socket "$long/socket" "$id"
is "$status" 0 "a console socket with a long path"
wait_for grep -q hello $T/console
exec 7>&-
wait $server
like "$(cat $T/console)" hello "works"
remove "$id"

# mismatches
new_id
bundle "$id" "$TTY"
run cruet create --bundle "$BUNDLES/$id" "$id"
expect_refusal "console|terminal" "terminal without a console socket when the caller does not stay"
new_id
bundle "$id" .
run cruet create --bundle "$BUNDLES/$id" --console-socket $T/socket "$id"
expect_refusal "console|terminal" "a console socket without terminal"
new_id
bundle "$id" "$TTY"
run cruet create --bundle "$BUNDLES/$id" --console-socket /no/such "$id"
expect_refusal "no such file|console" "a console socket that is not there"

# in the foreground on a terminal
new_id
script_bundle "$id" 'tty; stty size; echo "$(stty -a | grep -c isig)"; exit 5' "$TTY"
run "$TOOLS/client" tty 33x77 timeout --foreground 20 "$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id"
is "$status" 5 "run on a terminal: the status is the process's"
out=$(say "$out" | tr -d '\r')
like "$out" '^/dev/(pts/0|console)' "the process has a terminal of its own"
like "$out" '^33 77' "of the same size"
is_clean "$id" "nothing is left"
new_id
script_bundle "$id" 'echo hello' "$TTY"
run cruet run --bundle "$BUNDLES/$id" "$id"
unlike "$status" '^137$' "terminal without the caller having one does not hang"
remove "$id"

# exec
sleeper
run "$TOOLS/client" tty 22x66 timeout --foreground 20 "$CRUET" --root $STATE exec --tty "$id" sh -c 'tty; stty size; exit 6'
is "$status" 6 "exec --tty"
like "$(say "$out" | tr -d '\r')" '^22 66' "of the same size"
like "$(say "$out" | tr -d '\r')" '^/dev/pts/[0-9]' "a terminal of the container's own devpts"
run "$TOOLS/client" tty 22x66 timeout --foreground 20 "$CRUET" --root $STATE exec -t "$id" sh -c 'stat -L -c "%t" /dev/stdin; exit 6'
is "$status" 6 "exec -t"
server $T/socket
run cruet exec --tty --detach --console-socket $T/socket --pid-file $T/pid "$id" sh -c 'tty; echo hello'
is "$status" 0 "exec --tty --detach --console-socket"
wait_for grep -q hello $T/console
exec 7>&-
wait $server
like "$(cat $T/console)" hello "its output arrives"
base_config | jq '.process|.terminal=true|.consoleSize={height:11,width:12}|.args=["sh","-c","stty size; tty"]' >$T/process.json
server $T/socket
run cruet exec --process $T/process.json --detach --console-socket $T/socket "$id"
is "$status" 0 "exec --process with terminal"
wait_for grep -q /dev/ $T/console
exec 7>&-
wait $server
like "$(cat $T/console)" '11 12' "its consoleSize"
run cruet exec --tty --detach "$id" true
unlike "$status" '^(0|137)$' "exec --tty --detach without a console socket is refused"
remove "$id"

# the caller's terminal is safe from the container
new_id
script_bundle "$id" 'probe tiocsti "touch /x" ; sleep 0.2' "$TTY"
cat >$T/victim <<END
timeout 20 $CRUET --root $STATE run --bundle $BUNDLES/$id $id
read -t 1 -r line && echo "INJECTED \$line"
echo end
END
run "$TOOLS/client" tty 24x80 busybox sh $T/victim
unlike "$out" "INJECTED" "TIOCSTI in a container with a terminal does not reach the caller's input"
like "$out" "end" "... the caller goes on"
new_id
script_bundle "$id" 'probe tiocsti "touch /x"; sleep 0.2'
sed "s/c[0-9]* c[0-9]*$/$id $id/; s|$BUNDLES/[^ ]*|$BUNDLES/$id|" $T/victim >$T/victim2
sed -i "s|--bundle .*|--bundle $BUNDLES/$id $id|" $T/victim2
run "$TOOLS/client" tty 24x80 busybox sh $T/victim2
unlike "$out" "INJECTED" "nor without a terminal, as the session is another"
finish
