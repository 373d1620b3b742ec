#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set by run; called by wait_long
# shellcheck disable=SC2016 # for the units' shells
#
# What happens to a unit whose process ends, hangs or does not start: restart policy, backoff, health,
# its watchdog, timeouts, the ladder. Containers and host processes alike.
# shellcheck source=tests/init/lib.sh
. "$(dirname "$0")/lib.sh"

machine_root
touch $M/starts
note_start='echo $(cut -d. -f1 /proc/uptime) $NAME >>/starts; '
named() { echo "environment: { NAME: \"$1\" }"; }
starts_of() { grep -c " $1\$" $M/starts; }
fast='delay: "100ms", max_delay: "400ms"'
SLEEP='trap "exit 0" TERM; while :; do sleep 1000 & wait; done'

shell_unit crash "$note_start exit 3" "$(named crash), restart: { $fast, reset_after: \"1m\" }"
shell_unit well "$note_start exit 0" "$(named well)"
shell_unit always "$note_start sleep 0.1; exit 0" "$(named always), restart: { on: \"always\", $fast }"
shell_unit never "$note_start exit 1" "$(named never), restart: { on: \"never\" }"
shell_unit fine "$note_start exit 7" "$(named fine), restart: { success: [7], $fast }"
shell_unit prevented "$note_start kill -ABRT \$\$" "$(named prevented), restart: { prevent: [\"SIGABRT\"], $fast }"
shell_unit limited "$note_start exit 1" "$(named limited), restart: { limit: 3, $fast }"
unit missing '{ exec: ["/bin/no-such-program"], restart: { delay: "1h", max_delay: "1h" } }'
shell_unit unready "$note_start sleep 1000" "$(named unready), ready: { by: \"notify\", timeout: \"300ms\" },
	restart: { $fast }"
shell_unit pinger 'exec nasty ping 100' 'ready: { by: "notify" }, watchdog: { timeout: "700ms" }, restart: { delay: "100ms" }'
shell_unit sick "rm -f /tmp/sick; touch /tmp/well; $SLEEP" 'health: { exec: ["/usr/bin/test", "-e", "/tmp/well"],
	every: "100ms", failures: 3 }, restart: { delay: "100ms" }'
shell_unit slow_end 'trap "" TERM; while :; do sleep 1000 & wait; done' 'stop: { timeout: "500ms" }'
shell_unit other_signal 'trap "echo usr1 >>/starts; exit 0" USR1; while :; do sleep 1000 & wait; done' \
	'stop: { signal: "SIGUSR1", timeout: "5s" }'
shell_unit family 'sleep 4242 & setsid sleep 4243 & trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
container_unit box "$SLEEP" 'restart: { delay: "100ms" }'
container_unit box_ping 'exec nasty ping 100' 'ready: { by: "notify" }, watchdog: { timeout: "700ms" },
	restart: { delay: "100ms" }'
container_unit box_health "touch /tmp/well; $SLEEP" 'health: { exec: ["/usr/bin/test", "-e", "/tmp/well"], every: "200ms",
	failures: 2 }, restart: { delay: "100ms" }' '.mounts += [{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }]'
boot

# ---- policies ----

reaches well off "exit 0: a service that ended well is not restarted"
reaches never failed "never"
is "$(field never exit_status)" 1 "the status is known"
reaches fine off "a status that counts as success"
reaches prevented failed "a signal that prevents"
is "$(field prevented exit_status)" 134 "128 + signal"
reaches limited failed "a limit of failures"
is "$(starts_of limited)" 3 "so many starts"
is "$(field limited cause)" limit "the cause"
is "$(state missing)" backoff "no such program: tried again later"
like "$(field missing status)" 'no-such-program' "status says why"
sleep 1.5
for name in well never fine prevented; do is "$(starts_of $name)" 1 "$name: started once"; done
count=$(starts_of crash)
note "crash: $count starts in the first seconds"
check "crash: restarted again and again" test "$count" -ge 4
check "with a growing delay" test "$count" -le 25
check "crash never gives up" test "$(state crash)" != failed
check "always: restarted after exit 0" test "$(starts_of always)" -ge 3
check "not ready in time: restarted" test "$(starts_of unready)" -ge 2

# ---- watchdog and health ----

for name in pinger box_ping; do
	reaches $name ready "$name pings"
	sleep 1
	is "$(field "$name" starts)" 1 "$name: it goes on while it pings"
	inside kill -USR1 "$(field $name pid)"
	restarted() { [ "$(field "$name" starts)" -ge 2 ]; }
	check "$name hangs: it is restarted" wait_long restarted
	reaches $name ready "$name is well again"
	inside kill -STOP "$(field $name pid)"
	restarted() { [ "$(field "$name" starts)" -ge 3 ]; }
	check "$name is stopped by SIGSTOP: it is killed and restarted" wait_long restarted
done
reaches sick ready "a healthy unit"
rm $M/tmp/well
restarted() { [ "$(field sick starts)" -ge 2 ]; }
check "three failed checks: it is restarted" wait_long restarted
reaches sick ready "and healthy again"
reaches box_health ready "a healthy container"
inside cruet exec box_health rm /tmp/well
restarted() { [ "$(field box_health starts)" -ge 2 ]; }
check "two failed checks in the container: it is restarted" wait_long restarted

# ---- ends ----

reaches box ready "a container"
pid=$(field box pid)
inside kill -KILL "$pid"
restarted() { [ "$(field box starts)" -ge 2 ]; }
check "kill -9 of a container's process: it is restarted" wait_long restarted
reaches box ready "and runs"
for name in box family; do
	run inside cruet down $name
	is "$status/$(state $name)" 0/off "down $name"
done
is "$(inside pgrep -f 'sleep 424[23]' | wc -l)" 0 "the whole group went, with what left the session"
is "$(inside cruet list -q)" "$(printf 'box_health\nbox_ping')" "no container is left of it"
start=$(date +%s%N)
run inside cruet down slow_end
spent=$((($(date +%s%N) - start) / 1000000))
is "$status/$(state slow_end)" 0/off "TERM is ignored: killed"
check "after its stop timeout ($spent ms)" test $spent -ge 450 -a $spent -lt 4000
run inside cruet down other_signal
is "$(grep -c usr1 $M/starts)" 1 "another stop signal"
run inside cruet up limited
check "a failed unit can be asked for again" test "$(starts_of limited)" -ge 4

# ---- the ladder ----

shut_down
no_units
machine_bundle writes 'test -e /file && echo again >>/host/ladder || echo fresh >>/host/ladder; echo x >/file; exit 1' \
	'.root.readonly=false | .mounts += [{ destination: "/host", type: "bind", source: "/data/out", options: ["bind"] },
	{ destination: "/boot", type: "tmpfs", source: "tmpfs" }]'
mkdir -p $M/data/out
unit writes '{ bundle: "/bundles/writes", layer: "permanent", restart: { delay: "100ms", max_delay: "100ms",
	escalate: [{ after: 3, do: "reset" }, { after: 5, do: "reboot" }] } }'
boot
is "$(ended)" reboot "the ladder's last step reboots the machine"
is "$(xargs <$M/data/out/ladder)" "fresh again again fresh again" "the writable layer is thrown away on the way there"
init=
finish_machine
