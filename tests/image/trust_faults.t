#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Any system call fails, and what is to be refused is refused still; attach and sign are killed anywhere, and doing
# it again succeeds. STEP=n tries every nth call.
export TEST_TIMEOUT="${TEST_TIMEOUT:-1200}"
# shellcheck source=tests/image/lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$TOOLS/inject" ] || { echo "1..0 # SKIP no injector for this architecture" && exit 0; }

EIO=5 ENOMEM=12 EACCES=13 EMFILE=24 ENOSPC=28
APP=registry.example/team/app:1
mkdir -p $T/tree/bin $T/keys
echo app >$T/tree/bin/app
layout $T/layout $APP $T/tree >/dev/null
minisign -G -W -f -p $T/keys/release.pub -s $T/release.key >/dev/null
minisign -G -W -f -p $T/keys/other.pub -s $T/other.key >/dev/null
jq -n '{device: "model-a", rules: [{prefix: "registry.example/team", counter: true, device: true, keys: [
	{name: "release", type: "minisign", file: "keys/release.pub"}]}]}' >$T/policy.json
image import --unverified --quiet $T/layout >/dev/null

sign() { # KEY COUNTER DEVICE
	rm -rf $STORE/signatures
	image image sign --key "$T/$1.key" --counter "$2" --device "$3" $APP
}

# Injected into each call of a command: count_calls COMMAND...; each_call MODE... -- COMMAND...
count_calls() {
	"$TOOLS/inject" -o $T/hit "$CRUET" "$@" >/dev/null 2>&1
	awk '$1 == "none" { print $2 }' $T/hit
}

# ENOENT is left out: a policy that is not there allows.
refuses() { # NAME
	: >$T/wrong
	calls=$(count_calls image verify $APP) tried=0
	for errno in $EIO $ENOMEM $EACCES $EMFILE; do
		n=1
		while [ $n -le "$calls" ]; do
			timeout -s KILL 60 "$TOOLS/inject" -n $n -e "$errno" -o $T/hit "$CRUET" image verify --json $APP >$T/.out 2>$T/.err </dev/null
			status=$?
			[ $status -eq 1 ] && ! grep -q '"allowed": true' $T/.out || echo "$n $errno ($(cut -c 1-60 $T/hit)): $status" >>$T/wrong
			n=$((n + ${STEP:-1})) tried=$((tried + 1))
		done
	done
	out=$(cat $T/wrong) err='' status=''
	check "$1: refused whatever of $calls calls fails, $tried times" test ! -s $T/wrong
}

refuses "without a signature"
sign other 7 model-a
refuses "with another's signature"
sign release 7 model-b
refuses "for another device"
sign release 4 model-a
echo '{"registry.example/team":5}' >$STORE/counters.json
refuses "with an old counter"
rm $STORE/counters.json

# The same signature, attached and made, killed anywhere or out of space.
mkdir $T/files
image image sign --key $T/release.key --counter 7 --device model-a --output $T/files $APP
set -- $T/files/*.minisig
signature=$1
again() { # NAME COMMAND...
	what=$1
	shift
	for mode in -K "-e $ENOSPC" "-e $EIO"; do
		: >$T/wrong
		rm -rf $STORE/signatures
		calls=$(count_calls "$@") n=1
		while [ $n -le "$calls" ]; do
			rm -rf $STORE/signatures
			# shellcheck disable=SC2086
			timeout -s KILL 60 "$TOOLS/inject" -n $n $mode -o $T/hit "$CRUET" "$@" >$T/.out 2>$T/.err </dev/null
			status=$?
			if [ $status -eq 0 ]; then
				image image verify --quiet $APP 2>/dev/null || echo "$n: done, and not there" >>$T/wrong
			fi
			image "$@" 2>>$T/wrong || echo "$n ($(cut -c 1-60 $T/hit)): again: $?" >>$T/wrong
			image image verify --quiet $APP 2>>$T/wrong || echo "$n: not good after" >>$T/wrong
			image image gc --quiet 2>>$T/wrong
			[ -z "$(find $STORE -name '.*.[0-9]*-[0-9]*')" ] || echo "$n: left: $(find $STORE -name '.*-*')" >>$T/wrong
			n=$((n + ${STEP:-1}))
		done
		out=$(cat $T/wrong) err='' status=''
		check "$what, $mode at each of $calls calls: again, and all is good" test ! -s $T/wrong
	done
}
again "attach" image attach $APP "$signature"
again "sign" image sign --key $T/release.key --counter 7 --device model-a $APP

finish
