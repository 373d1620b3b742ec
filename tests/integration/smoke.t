#!/bin/sh
. "$(dirname "$0")/lib.sh"
container 'echo hello; id -u; cat /proc/self/cgroup'
is "$status" 0 "status"
like "$out" hello out
sleeper
is "$(state_of $id)" running running
remove $id
is_clean $id clean
finish
