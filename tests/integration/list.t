#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# list, ps: formats.
. "$(dirname "$0")/lib.sh"

run cruet list
is "$status" 0 "list without containers"
is "$(say "$out" | wc -l)" 1 "is a header"
like "$out" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER *$' "as runc's"
run cruet list --format json
is "$status:$(say "$out" | tr -d ' \n')" "0:null" "list --format json without containers is null, as runc's"
run cruet list -q
is "$status:$out" "0:" "list -q without containers"

new_id
script_bundle "$id" "$SLEEPER" '.annotations={"key":"a \"quoted\" \\ value\n"}'
cruet create --bundle "$BUNDLES/$id" "$id"
created=$id
sleeper
running=$id
new_id
script_bundle "$id" 'exit 0'
cruet run --keep --bundle "$BUNDLES/$id" "$id"
stopped=$id

run cruet list
is "$(say "$out" | awk 'NR > 1 { print $1, $3, $4, $6 }')" \
	"$(printf '%s created %s root\n%s running %s root\n%s stopped %s root' "$created" "$BUNDLES/$created" \
		"$running" "$BUNDLES/$running" "$stopped" "$BUNDLES/$stopped")" "table: id, status, bundle, owner"
is "$(say "$out" | awk '$1 == "'"$running"'" { print $2 }')" "$(pid_of "$running")" "table: pid"
run cruet list --quiet
is "$out" "$(printf '%s\n%s\n%s' "$created" "$running" "$stopped")" "--quiet"
for option in "--format json" "-f json" "--format=json"; do
	# shellcheck disable=SC2086
	run cruet list $option
	is "$(say "$out" | jq -r 'map(.id + " " + .status) | join(" ")')" \
		"$created created $running running $stopped stopped" "list $option"
done
is "$(say "$out" | jq -r '.[0].annotations.key')" "$(printf 'a "quoted" \\ value\n')" "json: annotations"
is "$(say "$out" | jq -r '.[] | [.owner, .bundle, .rootfs] | join(" ")' | head -n 1)" \
	"root $BUNDLES/$created $T/rootfs" "json: owner, bundle, rootfs"
is "$(say "$out" | jq -c '.[2] | keys - ["annotations"]')" \
	'["bundle","created","id","ociVersion","owner","pid","rootfs","status"]' "json: the properties"
is "$(say "$out" | jq '.[2].pid')" 0 "json: pid 0 when stopped"
is "$(cat $T/.out | wc -l)" 1 "json: one line"
run cruet list --format xml
is "$status" 1 "an unknown format"
mkdir $STATE/empty
run cruet list -q
is "$status:$out" "0:$(printf '%s\n%s\n%s' "$created" "$running" "$stopped")" "a folder without state does not hide the others"
rmdir $STATE/empty 2>/dev/null

# ps
cruet exec -d "$running" sleep 1020
run cruet ps --format json "$running"
is "$status" 0 "ps --format json"
is "$(say "$out" | jq -c type,length | tr '\n' ' ')" '"array" 3 ' "an array of the three pids"
is "$(say "$out" | jq "index($(pid_of "$running")) != null")" true "with that of the first process"
for option in "-f json" "--format=json"; do
	# shellcheck disable=SC2086
	run cruet ps $option "$running"
	is "$(say "$out" | jq length)" 3 "ps $option"
done
run cruet ps "$running"
is "$status" 0 "ps as a table"
like "$out" "PID" "has a header"
like "$out" "(^| )$(pid_of "$running")( |$)" "and the pid"
run cruet ps "$running" -ef
is "$status" 0 "ps options after the id are accepted"
run cruet ps --format json "$stopped"
like "$out" '^(\[\]|null)$' "ps of a stopped container"
run cruet ps --format json no-such
failed 1 "does not exist" "ps of an unknown container"
remove "$created" "$running" "$stopped"
finish
