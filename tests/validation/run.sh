#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [RUNTIME [PROGRAM...]]: the OCI runtime validation suite against a runtime (default
# build/cruet), in namespaces and cgroups of its own. Prints TAP: one test for each of the suite's
# programs, which is right if the program's results are exactly those that the file `expected`
# foretells: a failure that is not listed fails, and so does a listed failure that did not happen.
#
# `expected` has lines of  PROGRAM | RESULT | REASON:  RESULT is a part of the failed test's text,
# or "exit" for a program that ends with an error; with ? before PROGRAM the failure comes and goes, with
# 32: or mips: it is one of such kernels.
#
# VALIDATION_CGROUP is the cgroup layout (see sandbox.sh), VALIDATION_EXPECTED another file (for
# another runtime), VALIDATION_LOGS a folder that keeps what the programs print.
# shellcheck disable=SC2317 # run_one is called by xargs
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/validation}

skip_all() { echo "1..0 # SKIP $*"; exit 0; }

# Outside: what is needed, then again inside the sandbox.
if [ "${1-}" != --inside ]; then
	runtime=$(readlink -f "$(type -P "${1:-${CRUET:-$top/build/cruet}}" || true)")
	[ $# -eq 0 ] || shift
	[ -x "$runtime" ] || { echo "Bail out! no runtime"; exit 1; }
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	suite=$("$here/build.sh") || skip_all "the suite cannot be built here"
	exec "$top/tests/sandbox.sh" --cgroup "${VALIDATION_CGROUP:-host}" \
		"$0" --inside "$suite" "$runtime" "$@"
fi

shift
suite=$1 runtime=$2
shift 2
expected=${VALIDATION_EXPECTED:-$here/expected}
logs=${VALIDATION_LOGS:-/run/logs}
mkdir -p "$logs"
cd "$suite"

if [ $# -gt 0 ]; then
	programs=("$@")
else
	mapfile -t programs < <(find . -maxdepth 1 -type f -perm -100 ! -name runtimetest \
		-printf '%f\n' | sort)
fi

# The suite knows cgroup v1 only; where there is none, its programs about cgroups say nothing.
skipped=()
if [ ! -d /sys/fs/cgroup/memory ]; then
	for program in "${programs[@]}"; do
		[[ $program != *cgroups* && $program != *resources* ]] || skipped+=("$program")
	done
	mapfile -t programs < <(printf '%s\n' "${programs[@]}" | grep -v -e cgroups -e resources)
fi

run_one() { # PROGRAM
	RUNTIME=$runtime timeout -k 5 60 "./$1" > "$logs/$1" 2> "$logs/$1.err" < /dev/null
	echo $? > "$logs/$1.status"
}
export -f run_one
export runtime logs

# Two at a time; those that use cgroups of the same name one after the other.
run_many() { xargs -r -P "$1" -I {} bash -c 'run_one {}' || true; }
printf '%s\n' "${programs[@]}" | { grep -v -e cgroups -e resources || true; } | run_many 2
printf '%s\n' "${programs[@]}" | { grep -e cgroups -e resources || true; } | run_many 1

# The failed results of a program, one a line. Some programs print no result, but an error in a
# diagnostic; the *_fail ones may print nothing when all is well.
failures() { # PROGRAM
	local status
	status=$(cat "$logs/$1.status")
	sed -n '/^ *not ok/{/# TODO/!s/^ *not ok [0-9]* *-* *//p}' "$logs/$1" | sort -u
	if [ "$status" != 0 ]; then
		echo "exit status $status: $(tail -n 1 "$logs/$1.err" | cut -c 1-200)"
	elif ! grep -q '^ok\|^not ok' "$logs/$1"; then
		sed -n 's/^ *"error": /error: /p' "$logs/$1"
		[ -s "$logs/$1" ] || [[ $1 == *_fail ]] || echo "exit without a result"
	fi
}

# Flags of this machine: a kernel of 32 bits does not have all that one of 64 bits has, and the suite does
# not know MIPS.
machine=()
case $(uname -m) in arm* | i?86 | mips | ppc) machine+=("32:") ;; esac
case $(uname -m) in mips*) machine+=("mips:") ;; esac

foretold() { # PROGRAM FLAG...: its RESULTs
	local program=$1 flag
	shift
	[ -e "$expected" ] || return 0
	for flag; do
		sed -e 's/#.*//' "$expected" | awk -F ' *[|] *' -v name="$flag$program" '$1 == name { print $2 }'
	done
}

trim() { sed 's/[[:space:]]*$//'; }

judge() { # PROGRAM: prints what is wrong
	local line pattern found
	failures "$1" > "$logs/$1.failures"
	foretold "$1" "" "?" ${machine[@]+"${machine[@]}"} | trim > "$logs/$1.foretold"
	while read -r line; do
		found=
		while read -r pattern; do
			[[ $line != *"$pattern"* ]] || { found=1; break; }
		done < "$logs/$1.foretold"
		[ -n "$found" ] || echo "not foretold: $line"
	done < "$logs/$1.failures"
	while read -r pattern; do
		grep -qF -- "$pattern" "$logs/$1.failures" || echo "foretold, but did not fail: $pattern"
	done < <(foretold "$1" "" ${machine[@]+"${machine[@]}"} | trim)
}

number=0 bad=0
for program in "${programs[@]}"; do
	number=$((number + 1))
	wrong=$(judge "$program")
	results=$(grep -c '^ *\(not \)\?ok ' "$logs/$program" || true)
	listed=$(wc -l < "$logs/$program.failures")
	if [ -z "$wrong" ]; then
		echo "ok $number - $program: $results results, $listed failed as foretold"
		[ "$listed" = 0 ] || sed -e "/^[^ |]*[?:]\?$program /!d" -e 's/^[^|]*|/# as foretold:/' "$expected"
	else
		bad=1
		echo "not ok $number - $program: $results results, $listed failed"
		printf '%s\n' "$wrong" | head -n 20 | sed 's/^/#   /'
		tail -n 3 "$logs/$program.err" | cut -c 1-300 | sed 's/^/#   stderr: /'
	fi
done
for program in "${skipped[@]}"; do
	number=$((number + 1))
	echo "ok $number - $program # SKIP needs cgroup v1"
done
echo "1..$number"
exit "$bad"
