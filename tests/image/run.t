#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run --image: from a name to a container, and nothing left when it is gone.
. "$(dirname "$0")/lib.sh"

CONFIG='{"Entrypoint":["/bin/sh","-c"],"Cmd":["echo hello from $NAME in $PWD as $(id -u):$(id -g)"],
	"Env":["PATH=/bin:/usr/bin","NAME=box"],"User":"user","WorkingDir":"/tmp","StopSignal":"SIGUSR1",
	"Labels":{"org.example.team":"blue"},"Volumes":{"/data":{}}}'
mkdir $T/rootfs/data
chown 1000:1000 $T/rootfs/data
digest=$(layout $T/layout box $T/rootfs --config "$CONFIG")
run image import $T/layout
is "$status:$out" "0:$digest  box" "import says what it put into the store"

# What is mounted and written outside the container, and who uses an image.
traces() {
	grep -c /run/cruet-bundles /proc/self/mountinfo
	find /run/cruet-bundles /run/cruet-images -mindepth 1 2>/dev/null
}

run cruet run --image box first
is "$status:$out" "0:hello from box in /tmp as 1000:1000" "entrypoint, command, environment, user and folder are the image's"
is "$(traces)" 0 "nothing is left of it"
run cruet run --image box second 'echo $0 and $NAME; exit 7'
is "$status:$out" "7:/bin/sh and box" "a command in place of the image's; its exit status"
is "$(traces)" 0 "nothing is left of that"
run cruet run --image box --env NAME=other --env MORE=1 third 'echo $NAME $MORE'
is "$status:$out" "0:other 1" "--env replaces and adds"
run cruet run --image box fourth 'echo x >/tmp/x && cat /tmp/x'
is "$status:$out" "0:x" "its root can be written to"
run cruet run --image box fifth 'ls /tmp'
is "$status:$out" "0:" "and what was written is gone with it"
run cruet run --image box --read-only sixth 'echo x 2>/dev/null >/tmp/x || echo refused'
is "$status:$out" "0:refused" "--read-only"
mkdir -p $T/upper
run cruet run --image box --upper $T/upper seventh 'echo kept >/tmp/kept'
run cruet run --image box --upper $T/upper eighth 'cat /tmp/kept'
is "$status:$out" "0:kept" "--upper keeps what is written"
mkdir -p $T/shared
echo shared >$T/shared/file
run cruet run --image box --volume /data=$T/shared:ro ninth 'cat /data/file; echo x 2>/dev/null >/data/x || echo refused'
is "$status:$out" "0:$(printf 'shared\nrefused')" "--volume in place of the image's volume, read-only"
run cruet run --image box tenth 'echo x >/data/x && stat -f -c %T /data'
is "$status:$out" "0:tmpfs" "else a volume is a tmpfs"
run cruet run --image box --identity eleventh 'cat /run/cruet/image.json'
is "$(say "$out" | jq -r '.name, .digest, .signer')" "$(printf 'box\n%s\n' "$digest")" "--identity says inside which image runs"
run cruet run --image "$digest" twelfth
is "$status:$out" "0:hello from box in /tmp as 1000:1000" "an image by its digest"
is "$(traces)" 0 "nothing is left of all these"

# A container that lives on.
cruet run -d --image box --pid-file $T/pid life "$SLEEPER" >/dev/null 2>&1
is "$(state_of life)" running "run -d"
is "$(cat $T/pid)" "$(pid_of life)" "the runtime's options are passed on"
is "$(cruet state life | jq -r '.annotations | ."cruet.image.digest", ."cruet.image.name", ."org.example.team", ."org.opencontainers.image.stopSignal"')" \
	"$(printf '%s\nbox\nblue\nSIGUSR1' "$digest")" "state says which image it is; labels and stop signal are annotations"
is "$(find /run/cruet-images -type f | sed 's,.*/,,')" life "the image is in use"
run cruet run --image box life
failed 1 'life' "a second container of the same id is refused"
is "$(state_of life)" running "and harms the first one not"
run image image rm box
is "$status" 0 "image rm"
run image image gc
is "$status" 0 "gc while it runs, and its name is gone"
run cruet exec life cat /etc/passwd
is "$status" 0 "its files are still there"
cruet kill life KILL
becomes life stopped
cruet delete life
is "$(traces)" 0 "delete takes the mounts and the use away"
run image image gc
is "$(find $STORE/blobs $STORE/trees -mindepth 2 2>/dev/null | head -n 1)" "" "now gc frees it all"

run image import --quiet $T/layout
is "$status:$out" "0:" "import --quiet"
cruet create --image box made >/dev/null 2>&1
is "$(state_of made)" created "create --image"
cruet start made
becomes made stopped
cruet delete made
is "$(traces)" 0 "delete after create and start"

# What is wrong leaves nothing.
run cruet run --image nosuch wrong
failed 1 'nosuch' "an image that is not there"
run cruet run --image box ../wrong
failed 1 'id' "an id that is none"
run cruet run --image box
failed 1 'id is missing' "no id"
run cruet run --image box --volume relative=x wrong
failed 1 'relative|absolute' "a volume that is none"
run cruet run --image box --bundle /x wrong
failed 1 'bundle' "--bundle beside --image"
run cruet run --image box --pid-file /nosuch/file wrong
failed 1 '/nosuch/file' "what the runtime refuses"
is "$(traces)" 0 "nothing is left of all these"
layout $T/foreign foreign $T/rootfs --platform linux/s390x >/dev/null
run image import $T/foreign
run cruet run --image foreign wrong
failed 1 's390x' "an image for another machine"
layout $T/nobody nobody $T/rootfs --config '{"User":"nobody-knows","Cmd":["true"]}' >/dev/null
run image import $T/nobody
run cruet run --image nobody wrong
failed 1 'nobody-knows' "a user that its passwd does not know"
layout $T/nothing nothing $T/rootfs >/dev/null
run image import $T/nothing
run cruet run --image nothing wrong
failed 1 'nothing' "an image without a command"
run cruet run --image nothing wrong2 /bin/true
is "$status" 0 "which can be given one"
is "$(traces)" 0 "nothing is left of all these, either"

# A bundle that needs no store.
run image image bundle box $T/bundle
is "$status" 0 "image bundle"
run cruet run --bundle $T/bundle apart
is "$status:$out" "0:hello from box in /tmp as 1000:1000" "which runs by itself"
run image image bundle box $T/bundle
failed 1 'bundle' "and is not overwritten"

# What a lost container has left is released by name.
cruet run -d --image box lost "$SLEEPER" >/dev/null 2>&1
cruet kill lost KILL
becomes lost stopped
run image image release lost
is "$status" 0 "image release"
is "$(traces)" 0 "takes away what there is"
run cruet delete lost
is "$status" 0 "delete finds nothing more to release"
finish
