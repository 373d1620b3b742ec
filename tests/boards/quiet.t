#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016
#
# A device in steady state writes nothing to its disks, proven by the block devices' counters, over HOURS
# of the machine's time (default 24): the emulator jumps over idle time. Then the clock jumps.
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

variant steady
# All that goes on in a steady state, besides the board's own units: health checks, watchdogs, logs, one
# that fails for ever, one that comes and goes.
unit steady failing '{ exec: ["/bin/false"], restart: { delay: "1s", max_delay: "5m" } }'
unit steady comes '{ exec: ["/bin/sh", "-c", "echo here; sleep 600"], restart: { on: "always", delay: "5m" } }'
build steady
power_on steady "" -icount shift=auto,sleep=off
boots "boots" 120
for name in web sensor monitor; do reaches $name ready "$name"; done
finish
