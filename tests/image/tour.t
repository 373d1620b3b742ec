#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tour of the guide: a registry, Docker's archive and an ACI lead to the same container.
. "$(dirname "$0")/lib.sh"

CONFIG='{"Cmd":["/bin/echo","hello"],"Env":["PATH=/bin"]}'
layout $T/layout 1.0 $T/rootfs --config "$CONFIG" >/dev/null
registry 5000

run skopeo_ copy --dest-tls-verify=false "oci:$T/layout:1.0" docker://127.0.0.1:5000/team/hello:1.0
is "$status" 0 "skopeo pushes an image to a registry"
run image pull --insecure 127.0.0.1:5000/team/hello:1.0
is "$status" 0 "cruet pull"
run cruet run --image 127.0.0.1:5000/team/hello:1.0 one
is "$status:$out" "0:hello" "cruet run --image"

run skopeo_ copy "oci:$T/layout:1.0" docker-archive:$T/hello.tar:hello:1.0
run image import --name from-docker $T/hello.tar
is "$status" 0 "cruet import of what docker save writes"
run cruet run --image from-docker two
is "$status:$out" "0:hello" "runs"

mkdir -p $T/aci
cp -a $T/rootfs $T/aci/rootfs
jq -n '{acKind:"ImageManifest",acVersion:"0.8.11",name:"example.com/hello",
	labels:[{name:"os",value:"linux"},{name:"arch",value:"amd64"},{name:"version",value:"1.0"}],
	app:{exec:["/bin/echo","hello"],user:"0",group:"0"}}' >$T/aci/manifest
tar -C $T/aci -czf $T/hello.aci manifest rootfs
run image import $T/hello.aci
is "$status" 0 "cruet import of an ACI"
run cruet run --image example.com/hello:1.0 three
is "$status:$out" "0:hello" "runs"

run image export from-docker $T/again.tar --format docker-archive
run skopeo_ inspect docker-archive:$T/again.tar
is "$status" 0 "skopeo reads what cruet export writes"
run image push --insecure from-docker 127.0.0.1:5000/team/again:1.0
run skopeo_ inspect --tls-verify=false docker://127.0.0.1:5000/team/again:1.0
is "$status" 0 "and what cruet push sends"
run image image ls
like "$out" 'team/hello:1\.0 .* ready' "cruet image ls"
kill $registry_pid
wait $registry_pid 2>/dev/null
finish
