# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# What the tests of images stand on, besides tests/integration/lib.sh, which makes the place where they
# run: namespaces of their own, a private /run, nothing left behind.
#
#	layout "$T/layout" box $T/rootfs; run image import $T/layout; image run --image box c1 true

# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"

STORE=$T/store
SETTINGS=$T/images.json
images=$top/tests/image

# No file of the machine takes part: settings, policy and credentials are the test's.
settings() { # [JQ-FILTER]
	jq -n --arg store $STORE --arg uses /run/cruet-images --arg policy $T/policy.json --arg auth $T/auth.json \
		"{store:\$store, uses:\$uses, policy:\$policy, auth:\$auth, factory:[]} | ${1:-.}" >$SETTINGS
}
settings
export REGISTRY_AUTH_FILE=$T/auth.json HOME=$T/home
mkdir -p $HOME
export CRUET_IMAGES=$SETTINGS # what --settings would say

# The image tool; a hang is a failure with status 137.
image() { timeout --foreground -s KILL "${IMAGE_TIMEOUT:-120}" "$CRUET" "$@"; }

# An OCI layout made without anything that is tested: layout FOLDER NAME ROOTFS... [OPTIONS].
layout() { "$images/make_image.py" "$@"; }

# A registry in our network namespace: registry PORT [YAML of its http and auth sections]; its log is $T/registry-PORT.log.
registry() {
	mkdir -p "$T/registry-$1"
	cat >"$T/registry-$1.yml" <<-EOF
		version: 0.1
		log: {level: warn}
		storage: {filesystem: {rootdirectory: $T/registry-$1}, delete: {enabled: true}}
	EOF
	if [ $# -gt 1 ]; then say "$2"; else say "http: {addr: \"127.0.0.1:$1\"}"; fi >>"$T/registry-$1.yml"
	# It takes settings from variables of that name.
	env -u REGISTRY_AUTH_FILE docker-registry serve "$T/registry-$1.yml" >"$T/registry-$1.log" 2>&1 &
	registry_pid=$!
	wait_for port_open "$1" || sed 's/^/# /' "$T/registry-$1.log"
}
port_open() { ss -ltn | grep -q ":$1 "; }
skopeo_() { skopeo --insecure-policy "$@" 2>&1; }
