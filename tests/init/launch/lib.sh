# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# What the launch tests stand on, besides tests/integration/lib.sh: the driver, which does to units
# what the supervisor does (driver.c), with units and system.json of their own.

export BUILD="${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}"
if [ "${TEST_STAGE:-}" != inside ] && [ "$(id -u)" = 0 ]; then
	"$(dirname "$0")/launch/build" || { echo "Bail out! cannot build the driver" && exit 1; }
fi
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"

DATA=/run/data
RUN=/run/cruet-init
UNITS=$T/units
mkdir -p $DATA $UNITS $T/own
echo "{\"data\": \"$DATA\", \"interfaces\": {\"br0\": {\"bridge\": true}}}" >$T/system.json
# The program makes containers itself where these cannot write to it, as on a device's root.
mount -t tmpfs -o mode=755 own $T/own
cp "$BUILD/tests/launch-driver" $T/own/driver
cp "$BUILD/tests/launch-driver" $T/driver
mount -o remount,ro $T/own
mounts_before=$(mounts)

unit() { # NAME OBJECT [JQ-ARGUMENTS...]: in jq's words
	name=$1 object=$2
	shift 2
	jq -n "$@" "$object" >$UNITS/"$name.json" || { echo "Bail out! $object" && exit 1; }
}
no_units() { rm -f $UNITS/*; }

DRIVER=$T/own/driver
drive() { # STEP...: $out, and $log of the units
	: >$T/log
	run timeout -s KILL 100 ${OLD_KERNEL:+"$TOOLS/old_kernel"} "$DRIVER" $UNITS $T/system.json $T/log "$@"
	log=$(cat $T/log)
}

# The groups of a unit, in all hierarchies.
groups_of() { # UNIT
	for point in $CGROUPS; do
		find "$point" -type d -path "*/cruet/$1"
	done
}

# Nothing of a run is there any more. (Not in a subshell, which would be a process that is left.)
nothing_is_left() { # UNIT NAME
	run_leftovers "$1" >$T/left
	is "$(cat $T/left)" "" "$2"
}

# All that a run may leave.
run_leftovers() { # UNIT
	groups_of "$1"
	for point in $CGROUPS; do find "$point" -type d -name cruet; done
	find $RUN/units/"$1" -mindepth 1 ! -name notify 2>/dev/null
	for folder in /run/cruet $RUN/oci; do
		[ ! -d $folder ] || find $folder -mindepth 1 -maxdepth 1 ! -name '.*'
	done
	extra_mounts
	# Orphans are on their way out, and ours to reap.
	wait_for nothing_runs || cat $T/.processes
}

# A container: $UNITS/NAME.json with KEYS, and its bundle with `sh -c SCRIPT`, changed by FILTER.
container_unit() { # NAME SCRIPT [KEYS [FILTER]]
	script_bundle "$1" "$2" "del(.linux.cgroupsPath) | ${4:-.}"
	unit "$1" "{ bundle: \"$BUNDLES/$1\" } + {${3-}}"
}
