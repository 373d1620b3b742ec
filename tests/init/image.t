#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Units of images.
. "$(dirname "$0")/lib.sh"

[ -e "$top/tests/image/make_image.py" ] || exit 1
config='{"Cmd":["/bin/sh","-c","trap \"echo ended by USR1; exit 0\" USR1; echo up; while :; do sleep 1; done"],
	"Env":["PATH=/bin","FROM=image"],"StopSignal":"SIGUSR1",
	"Healthcheck":{"Test":["CMD","/bin/test","-e","/run/well"],"Interval":200000000,"Timeout":5000000000,"Retries":2}}'
digest=$("$top/tests/image/make_image.py" $T/layout box $T/rootfs --config "$config")
CRUET_IMAGES=/nosuch; export CRUET_IMAGES
unset CRUET_IMAGES

machine_root
# The store is on a mount of the board: not there when the units are read first.
mkdir -p $M/etc/cruet $M/data $M/disk
echo '{"store":"/data/images","factory":[]}' >$M/etc/cruet/images.json
chroot $M /usr/bin/cruet --version >/dev/null || exit 1
cp -a $T/layout $M/layout
chroot $M /usr/bin/cruet import --store /disk/images /layout >/dev/null
system '{"mounts": [{"source": "/disk", "target": "/data", "type": "none", "options": "bind"}]}'
unit web '{image: "box"}'
unit layered '{image: "box", layer: "boot", health: {exec: ["/bin/true"]}, stop: {signal: "SIGTERM", timeout: "1s"}}'
unit missing '{image: "nosuch", restart: {limit: 1, delay: "100ms"}}'
mkdir -p $T/aci
cp -a $T/rootfs $T/aci/rootfs
cp "$TOOLS/nasty" $T/aci/rootfs/bin/
jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/serves", labels: [{name: "os", value: "linux"},
	{name: "arch", value: "amd64"}, {name: "version", value: "1"}], app: {exec: ["/bin/nasty", "serve", "image"], user: "0", group: "0",
	ports: [{name: "http", protocol: "tcp", port: 8001, socketActivated: true}]}}' >$T/aci/manifest
tar -C $T/aci -cf $M/serves.aci manifest rootfs
chroot $M /usr/bin/cruet import --quiet --store /disk/images /serves.aci
unit serves '{image: "example.com/serves:1", network: "none"}'
unit elsewhere '{image: "example.com/serves:1", listen: [{address: "unix:@here", name: "mine"}]}'
boot

becomes_state layered ready
check "an image's container gets ready" becomes_state web ready
run inside cruet status --json web
is "$(say "$out" | jq -r '.units[0].image | .name, .digest')" "$(printf 'box\n%s' "$digest")" "status says which image runs"
run inside cruet status web
like "$out" "image box $digest" "in text, too"
run inside cruet logs web
like "$out" 'up' "its output is in the log"
check "an image's health check is probed" becomes_state web degraded
run inside cruet status missing
like "$out" 'failed|backoff' "an image that is not there is a failure"
run inside cruet down web
run inside cruet logs web
like "$out" 'ended by USR1' "it is stopped by the image's signal"
becomes_state serves ready
is "$(inside nasty ask tcp 8001)" "image http" "an image's ports are listened on for it"
becomes_state elsewhere ready
is "$(inside nasty ask unix @here)" "image mine" "unless the unit says where"
shut_down
finish_machine
