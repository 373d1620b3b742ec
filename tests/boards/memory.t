#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How little memory will do: MIPS with Debian's kernel, whose own need is 48 MB, in 64.
BOARD=qemu-mipsel
# shellcheck source=tests/boards/lib.sh
. "$(dirname "$0")/lib.sh"

power_on board cruet.show -m 64
check "two containers are ready in 64 MB" wait_says 120 'units ready, goal reached'
check "and do their work" wait_says 60 'the web server says: cruet: hello from a container'
check "the machine switches itself off" wait_off 60
if says 'Out of memory|oom-kill|Kernel panic'; then fail "nothing had to end for want of memory"; else pass "nothing had to end for want of memory"; fi
finish
