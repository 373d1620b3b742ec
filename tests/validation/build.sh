#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [GOARCH]: build the OCI runtime validation suite from Debian's source package with Debian's Go
# and Go libraries, offline, once; print the folder in the cache that has the programs. GOARCH is another
# architecture than this machine's, as Go calls it.
# The source archive is taken from $CRUET_SOURCES, the cache, or the servers that apt knows.
# shellcheck disable=SC2016 # words of apt, not of the shell
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${CRUET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cruet}
package=golang-github-opencontainers-runtime-tools
archive=${package}_0.9.0.109.ge931285.orig.tar.xz
sha256=203989a1ea98cf2aaced79155bbda09270b20db19b03376dde91ab12e5e6a0fe
library=/usr/share/gocode/src

GOARCH=${1:-$(go env GOARCH 2> /dev/null || true)}
export GOARCH

fail() { echo "validation: $*" >&2; exit 1; }
right() { [ -f "$1" ] && echo "$sha256  $1" | sha256sum -c --status; }

fetch() {
	local site
	mkdir -p "$cache/sources"
	! right "$cache/sources/$archive" || return 0
	if [ -n "${CRUET_SOURCES-}" ] && right "$CRUET_SOURCES/$archive"; then
		cp "$CRUET_SOURCES/$archive" "$cache/sources/$archive"
		return
	fi
	for site in $(apt-get indextargets --format '$(ORIGIN) $(SITE)' 2> /dev/null |
		sed -n 's/^Debian //p' | sort -u); do
		/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file \
			"$site/pool/main/g/$package/$archive" "$cache/sources/$archive.part" \
			"SHA256:$sha256" > /dev/null 2>&1 || continue
		mv "$cache/sources/$archive.part" "$cache/sources/$archive"
		return 0
	done
	fail "no $archive with sha256 $sha256: put it into a folder and name that in CRUET_SOURCES"
}

command -v go > /dev/null || fail "needs golang-go"
for name in opencontainers/runtime-spec google/uuid mrunalp/fileutils syndtr/gocapability \
	opencontainers/selinux hashicorp/go-multierror sirupsen/logrus xeipuuv/gojsonschema urfave/cli; do
	[ -d "$library/github.com/$name" ] ||
		fail "needs $package-dev and golang-github-google-uuid-dev (no $name)"
done

key=$({
	go version
	echo "$GOARCH"
	cat "$0" "$here/tap/tap.go"
	dpkg-query -W '*-opencontainers-specs-dev'
} | sha256sum | cut -c 1-16)
result=$cache/validation-$key
if [ -e "$result/runtimetest" ]; then
	echo "$result"
	exit 0
fi
mkdir -p "$cache"
exec 9> "$cache/.validation.lock"
flock 9
if [ ! -e "$result/runtimetest" ]; then
	fetch
	work=$(mktemp -d "$cache/.validation.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	# A GOPATH of our own before Debian's: the suite, and our tap for the package Debian lacks.
	path=$work/go/src/github.com
	mkdir -p "$path/opencontainers/runtime-tools" "$path/mndrix/tap-go" "$work/programs"
	tar -xf "$cache/sources/$archive" -C "$path/opencontainers/runtime-tools" --strip-components=1
	cp "$here/tap/tap.go" "$path/mndrix/tap-go/tap.go"
	cd "$path/opencontainers/runtime-tools"
	export GOPATH=$work/go:/usr/share/gocode GO111MODULE=off GOCACHE=$work/cache CGO_ENABLED=0 GOARM=7 GOMIPS=hardfloat
	echo "validation: building the suite" >&2
	nice go build -tags "netgo osusergo" -ldflags "-s -w" -o "$work/programs/" ./cmd/runtimetest
	# All programs in one call: what they share is built once.
	mapfile -t names < <(find validation -mindepth 1 -maxdepth 1 -type d ! -name util \
		-printf './%p\n' | sort)
	nice go build -ldflags "-s -w" -o "$work/programs/" "${names[@]}"
	cp rootfs-amd64.tar.gz LICENSE "$work/programs/"
	rm -rf "$result"
	mv "$work/programs" "$result"
fi
echo "$result"
