#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Environment and descriptor protocols: LISTEN_FDS, NOTIFY_SOCKET, pidfd socket, XDG_RUNTIME_DIR; the log.
. "$(dirname "$0")/lib.sh"

# LISTEN_FDS
echo passed >$T/file
new_id
script_bundle "$id" 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; cat <&4; probe fds | cut -d" " -f1 | sort | tr "\n" " "'
run "$TOOLS/client" listen 2 $T/file "$CRUET" --root $STATE run --bundle "$BUNDLES/$id" "$id"
is "$out" "$(printf '2 1\npassed\npassed\n0 1 2 3 4 ')" "LISTEN_FDS=2: descriptors 3 and 4, LISTEN_FDS and LISTEN_PID"
new_id
script_bundle "$id" 'cat <&3; cat <&4'
run "$TOOLS/client" listen 1 $T/file sh -c "exec '$CRUET' --root $STATE run --preserve-fds 1 --bundle '$BUNDLES/$id' $id 4</etc/hostname"
is "$out" "$(cat $T/file /etc/hostname)" "--preserve-fds counts after LISTEN_FDS"
new_id
script_bundle "$id" 'echo "$LISTEN_FDS"; probe fds | grep -c "^3 "'
LISTEN_FDS=1 LISTEN_PID=1 run cruet run --bundle "$BUNDLES/$id" "$id" 3<$T/file
is "$(say "$out" | tail -n 1)" 0 "LISTEN_FDS meant for another process is not ours"
new_id
script_bundle "$id" 'exit 0'
LISTEN_FDS=nonsense run cruet run --bundle "$BUNDLES/$id" "$id"
unlike "$status" '^137$' "LISTEN_FDS=nonsense does not hang"

# NOTIFY_SOCKET
"$TOOLS/client" notify $T/notify >$T/notified 2>&1 &
listener=$!
wait_for [ -S $T/notify ]
new_id
script_bundle "$id" 'echo "$NOTIFY_SOCKET" >/dev/shm/path; sleep 0.2; probe notify READY=1; sleep 1000'
NOTIFY_SOCKET=$T/notify run cruet run --detach --bundle "$BUNDLES/$id" "$id"
is "$status" 0 "run with NOTIFY_SOCKET"
wait_for grep -q MAINPID $T/notified
like "$(cat $T/notified)" '^READY=1$' "READY=1 is passed on"
like "$(cat $T/notified)" "^MAINPID=$(pid_of "$id")\$" "with the pid as the host sees it"
run cruet exec "$id" cat /dev/shm/path
unlike "$out" "^$T/notify" "the container has a socket of its own, not the host's"
like "$out" '^/' "... in its root"
remove "$id"
is_clean "$id" "nothing is left"
wait $listener
container 'echo "x$NOTIFY_SOCKET"'
is "$out" x "no NOTIFY_SOCKET: none in the container"

# pidfd socket
if [ "$RUNTIME" != runc ] && [ -z "${OLD_KERNEL:-}" ]; then
	"$TOOLS/client" pidfd $T/pidfd >$T/got &
	listener=$!
	wait_for [ -S $T/pidfd ]
	new_id
	script_bundle "$id" "$SLEEPER"
	run cruet create --pidfd-socket $T/pidfd --bundle "$BUNDLES/$id" "$id"
	wait $listener
	is "$status:$(cat $T/got)" "0:$(pid_of "$id")" "create --pidfd-socket sends a pidfd of the container"
	cruet start "$id"
	rm $T/pidfd
	"$TOOLS/client" pidfd $T/pidfd >$T/got &
	listener=$!
	wait_for [ -S $T/pidfd ]
	run cruet exec --detach --pid-file $T/pid --pidfd-socket $T/pidfd "$id" sleep 1060
	wait $listener
	is "$status:$(cat $T/got)" "0:$(cat $T/pid)" "exec --pidfd-socket sends one of its process"
	remove "$id"
fi

# --root and XDG_RUNTIME_DIR
XDG_RUNTIME_DIR=$T/xdg run "$CRUET" list -q
check "root does not use XDG_RUNTIME_DIR" [ ! -e $T/xdg ]
new_id
script_bundle "$id" "$SLEEPER"
(cd $T && "$CRUET" --root relative run -d --bundle "$BUNDLES/$id" "$id")
is "$(cd / && "$CRUET" --root $T/relative state "$id" | jq -r .status)" running "a relative --root"
"$CRUET" --root $T/relative delete --force "$id"
"$CRUET" --root $T/deep/er/root list >/dev/null
check "--root is made with its parents" [ -d $T/deep/er/root ]
chmod 755 $T/deep/er/root
run "$CRUET" --root=$T/deep/er/root list -q
is "$status" 0 "--root=PATH"
rm -rf $T/deep $T/relative

# the log
new_id
bundle "$id" '.process.args=["no-such"]'
for order in "--log $T/log --log-format json" "--log=$T/log --log-format=json" "--log-format json --log $T/log"; do
	rm -f $T/log
	# shellcheck disable=SC2086
	run cruet $order create --bundle "$BUNDLES/$id" "$id"
	is "$(jq -s length $T/log)" 1 "$order: one object on failure"
done
is "$(jq -r .level $T/log)" error "level"
like "$(jq -r .msg $T/log)" 'exec: "no-such": executable file not found in \$PATH' "msg, in words that clients look for"
like "$(jq -r .time $T/log)" '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}' "time"
like "$err" "executable file not found" "and on stderr too"
new_id
script_bundle "$id" 'exit 0' '.process.capabilities.bounding+=["CAP_NO_SUCH"]'
rm -f $T/log
run cruet --log $T/log --log-format json run --bundle "$BUNDLES/$id" "$id"
is "$status:$(cat $T/log)" "0:" "warnings do not go to the log by default"
new_id
bundle "$id" '.process.args=["no-such"]|.process.capabilities.bounding+=["CAP_NO_SUCH"]'
run cruet --log $T/log --log-format json create --bundle "$BUNDLES/$id" "$id"
is "$(jq -s length $T/log)" 1 "an error after a warning: one object still"
rm -f $T/log
run cruet --log $T/log create --bundle "$BUNDLES/$id" "$id"
like "$(cat $T/log)" 'level=error.*executable file not found' "the text format"
if [ "$RUNTIME" != runc ]; then
	rm -f $T/log
	new_id
	bundle "$id" '.hostname=1'
	run cruet --log $T/log --log-format json create --bundle "$BUNDLES/$id" "$id"
	is "$(jq -r .property $T/log)" hostname "property: which one is wrong"
	unlike "$(jq -r .code $T/log)" '^(null|)$' "code"
	rm -f $T/log
	run cruet --debug --log $T/log --log-format json create --bundle "$BUNDLES/$id" "$id"
	is "$status:$(jq -s 'map(select(.level=="error"))|length' $T/log)" 1:1 "--debug: the error among others"
	for level in error warning debug info; do
		run cruet --log-level $level list -q
		is "$status" 0 "--log-level $level"
	done
	run cruet --log-level nonsense list -q
	is "$status" 1 "--log-level nonsense"
	run cruet --log "file:$T/log2" create --bundle "$BUNDLES/$id" "$id"
	check "--log file:PATH" [ -s $T/log2 ]
fi
printf 'old\n' >$T/log
run cruet --log $T/log create --bundle "$BUNDLES/$id" "$id"
is "$(head -n 1 $T/log)" old "the log is appended to"
run cruet --log /no/such/log list
is "$status" 1 "a log that cannot be opened"
run cruet --log-format xml list
is "$status" 1 "an unknown log format"
echo '{ "ociVersion": "1.0.2", "x": "' >$T/quoted
new_id
mkdir "$BUNDLES/$id"
printf '{"ociVersion":"1.0.2","hostname":"a\\"b\\\\c\\u0001","root":{"path":"/no/\\"such\\\\"},"process":{"cwd":"/","args":["x"],"user":{"uid":0,"gid":0}}}' >"$BUNDLES/$id/config.json"
rm -f $T/log
run cruet --log $T/log --log-format json create --bundle "$BUNDLES/$id" "$id"
is "$(jq -s length $T/log)" 1 "odd characters in a message leave valid JSON"
finish
