#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI validation (tests/validation/run.sh) of the programs that are here.
suite=/cruet/validation
cd /cruet || exit 1
if [ ! -x $suite/runtimetest ]; then
	echo "1..0 # SKIP the suite is not here"
	exit 0
fi
# shellcheck disable=SC2046 # words
tests/sandbox.sh tests/validation/run.sh --inside $suite /cruet/build/cruet \
	$(find $suite -type f -perm -100 ! -name runtimetest | sed 's,.*/,,' | sort)
