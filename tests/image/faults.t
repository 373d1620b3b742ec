#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A registry that does everything wrong: cut connections go on, lies are refused, nothing is named that is not
# whole, and no credential goes where it does not belong.
# shellcheck disable=SC2046,SC2086 # names without blanks
. "$(dirname "$0")/lib.sh"
unset SSL_CERT_FILE http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY

head -c 70000 /dev/urandom >$T/data
mkdir -p $T/tree/bin
cp $T/data $T/tree/bin/data
digest=$(layout $T/layout 1.0 $T/tree --compress none)
layer=$(jq -r '.layers[0].digest' "$T/layout/blobs/sha256/${digest#sha256:}")
size=$(jq -r '.layers[0].size' "$T/layout/blobs/sha256/${digest#sha256:}")

serve() { # PORT [OPTION...]
	port=$1
	shift
	"$images/fault_server.py" "$port" $T/layout "$T/log-$port" "$@" 2>"$T/server-$port.err" &
	server=$!
	servers="${servers-} $server"
	wait_for port_open "$port"
}
serve 5001 --other http://127.0.0.1:5002
first=$server
serve 5002

H=127.0.0.1:5001
# Pull into an empty store. What stays is looked at by the caller.
pull() {
	rm -rf $STORE
	: >$T/log-5001
	: >$T/log-5002
	image pull --insecure "$@"
}
names() { jq '.manifests | length' $STORE/index.json 2>/dev/null || echo 0; }
layer_requests() { jq -c "select(.path | endswith(\"$layer\")) | .headers.Range // \"all\"" "${1:-$T/log-5001}" | tr -d '"' | xargs; }
part_of_it() { [ "$(stat -c %s $STORE/partial/*.data 2>/dev/null || echo 0)" -ge 8000000 ]; }
layer_is_there() { [ "$(sha256sum <"$STORE/blobs/sha256/${layer#sha256:}")" = "${layer#sha256:}  -" ]; }

good() { # FAULT NAME
	run pull "$H/$1/app:1.0"
	if [ "$status:$out" = "0:$digest" ] && layer_is_there; then pass "$2"; else fail "$2"; fi
}
bad() { # FAULT REGEX NAME
	run pull --attempts 2 "$H/$1/app:1.0"
	failed 1 "$2" "$3"
	[ "$(names)" = 0 ] || fail "$3: and yet it has a name"
}

good ok "a registry that does right"

# --- cut: goes on where it ended ---
good cutonce.1 "cut after a byte"
is "$(layer_requests)" "all bytes=1-" "goes on at the second one"
good cutonce.0 "cut before the first byte"
is "$(layer_requests)" "all all" "begins again"
for at in 999 4096 16384 32768 65535 65536 65537 $((size - 1)); do
	good cutonce.$at "cut after $at bytes"
	is "$(layer_requests)" "all bytes=$at-" "goes on at byte $at"
done
good cut.30000 "cut again and again"
is "$(layer_requests)" "all bytes=30000- bytes=60000-" "goes on each time"
good reset "a connection that ends without an answer"
good norange.20000 "a server that knows no ranges"
is "$(layer_requests)" "all bytes=20000-" "begins anew with what it sends"
good changed.30000 "content that changes while it is fetched (by its ETag)"
is "$(layer_requests)" "all bytes=30000- all" "begins anew"
good chunked "chunks"
good trailer "chunks with a trailer"
good chunkend "chunks without an end, when all that is wanted has come"
good continued "interim answers"
good extra "an answer behind the answer, which nobody asked for"
run pull --stall 1 "$H/stall.once/app:1.0"
is "$status:$out" "0:$digest" "a server that stops in the middle"
is "$(layer_requests)" "all bytes=1000-" "is given up, and goes on"

# An attempt that fails leaves what it got; the next one, another process, goes on there.
run pull --attempts 1 "$H/cut.20000/app:1.0"
failed 1 'after 20000 bytes' "a pull that may not try again"
is "$(names)" 0 "has named nothing"
: >$T/log-5001
run image pull --insecure "$H/ok/app:1.0"
is "$status:$out" "0:$digest" "the next one"
is "$(layer_requests)" "bytes=20000-" "goes on inside the layer"
# What is there may be of something else: then all of it comes again.
run pull --attempts 1 "$H/changed.20000/app:1.0"
failed 1 'after 20000 bytes' "a pull of a server that sent something else"
run image pull --insecure "$H/ok/app:1.0"
is "$status:$out" "0:$digest" "is mended by the next"

# So does it after a death: what was written up to the last mark of the hash is not fetched again.
head -c 9000000 /dev/urandom >$T/tree/bin/data
big=$(layout $T/layout big $T/tree --compress none)
layer=$(jq -r '.layers[0].digest' "$T/layout/blobs/sha256/${big#sha256:}")
rm -rf $STORE
"$CRUET" pull --insecure "$H/pause.8000000/app:big" >/dev/null 2>&1 &
wait_for part_of_it
kill -9 $!
{ wait $!; } 2>/dev/null
is "$(names)" 0 "a pull that is killed names nothing"
: >$T/log-5001
run image pull --insecure "$H/ok/app:big"
is "$status:$out" "0:$big" "the next one"
like "$(layer_requests)" '^bytes=[1-9][0-9]{6}-$' "goes on inside the layer, too"
rm $T/tree/bin/data
layer=$(jq -r '.layers[0].digest' "$T/layout/blobs/sha256/${digest#sha256:}")

# --- lies ---
bad short.10 'bytes come where the manifest says' "a body that is shorter than the manifest says"
bad long.10 'bytes come where the manifest says' "a longer one"
bad unsaid.10 'only [0-9]+ of [0-9]+ bytes' "a shorter one without a length"
bad endless 'more than|larger|too large|bytes' "one without an end"
bad flip 'digest|sha256' "content with another digest"
bad chunksize 'chunk' "a chunk of more than 64 bits"
bad chunksign 'chunk' "a chunk of less than nothing"
bad chunklie "the server's answer" "a chunk that is longer than it says"
for fault in rangestart rangetotal norangeheader; do
	bad $fault.1000 'another range' "206 and $fault"
done

# --- heads ---
bad headers 'head is too large' "a head of 80 KB"
bad header 'head is too large' "a line of 9 KB"
bad noname 'header' "a blank before a header"
bad folded 'header' "a header on two lines"
bad gzip 'Content-Encoding' "an encoding that nobody asked for"
bad lengths 'two lengths' "two lengths"
bad both 'two lengths' "a length and chunks"
bad lf 'CR LF' "lines without CR"
bad nul 'control' "NUL in a header"
bad status 'HTTP/1.1' "a status that is no number"
bad spoken 'HTTP/1.1' "another protocol"
bad huge 'says that it has' "a manifest of 5 MB"
bad hugechunks 'more than 4 MiB' "a manifest without an end"
bad type 'mediaType|media type|index|manifest' "Content-Type says index, and it is a manifest"
bad otherdigest 'Docker-Content-Digest' "a manifest that is not what Docker-Content-Digest says"
bad baddigest 'Docker-Content-Digest' "a Docker-Content-Digest that is a path"
run pull --attempts 1 --stall 1 "$H/silent/app:1.0"
failed 1 'nothing from the server for 1 s' "a server that says nothing"

# --- later ---
good busy.2 "429 with Retry-After"
good down.2 "503"
bad broken 'status 500' "500 for ever"
run pull "$H/late/app:1.0"
failed 1 'status 429' "429 that wants an hour is not waited for"
run pull "$H/ok/other:2.0"
failed 1 'no manifests/2.0: there is no such thing' "what is not there is not asked for again"
is "$(grep -c manifests/2.0 $T/log-5001)" 1 "but once"
run pull "127.0.0.1:5009/ok/app:1.0" --attempts 1
failed 1 'connection refused' "nobody there"
run pull "$H/ok/app:1.0@sha256:$(printf %064d 1)"
failed 1 'no manifests/sha256' "a digest that nobody has"

# --- uploads ---
patches() { jq -r 'select(.method == "PATCH") | .headers | (."Content-Range" // "all") + " " + ."Content-Length"' $T/log-5001 | tail -n "$1" | xargs; }
pushes() { # FAULT
	: >$T/log-5001
	run image push --insecure "$H/ok/app:1.0" "$H/$1/app:1.0"
}
run pull "$H/ok/app:1.0"
pushes up
is "$status:$out" "0:$digest" "push"
pushes upagain
is "$status:$(grep -c PATCH $T/log-5001)" "0:0" "again: what is there is not sent"
restart() { # a registry that has nothing
	kill "$first"
	{ wait "$first"; } 2>/dev/null
	servers=$(say "$servers" | sed "s/ $first\\b//")
	serve 5001 --other http://127.0.0.1:5002
	first=$server
}
restart
pushes up.30000
is "$status:$out" "0:$digest" "an upload that is cut"
like "$(patches 9)" "all $size .*30000-$((size - 1)) $((size - 30000))" "goes on where the registry has got to"
restart
pushes absolute.1
is "$status:$out" "0:$digest" "cut after a byte; absolute addresses"
restart
pushes lost.30000
is "$status:$out" "0:$digest" "an upload that the registry forgot"
like "$(patches 9)" "all $size .*all $size" "begins anew"
restart
pushes refuse
failed 1 'status 413: too much' "one that it refuses"

# --- proxies ---
: >$T/log-5002
run env http_proxy=http://127.0.0.1:5002 "$CRUET" pull --insecure http.example:80/ok/app:1.0
is "$status:$out" "0:$digest" "http by a proxy"
like "$(jq -r .path $T/log-5002)" '^http://http.example/v2/ok/app/manifests/1.0$' "which is given whole addresses"
: >$T/log-5002
by_proxy() { # NO_PROXY HOST
	: >$T/log-5002
	run env http_proxy=127.0.0.1:5002 no_proxy="$1" "$CRUET" pull --insecure --attempts 1 "$2/ok/app:1.0"
	if [ -s $T/log-5002 ]; then say proxy; else say direct; fi
}
no_proxy() { # LIST HOST proxy|direct
	is "$(by_proxy "$1" "$2")" "$3" "no_proxy='$1': $2: $3"
}
no_proxy x,127.0.0.1 $H direct
no_proxy '10.0.0.0/8 127.0.0.0/8' $H direct
no_proxy 127.0.0.2/31 $H proxy
no_proxy 126.0.0.0/7 $H direct
no_proxy .0.0.1 $H proxy
no_proxy 127.0.0 $H proxy
no_proxy '*' $H direct
no_proxy 'x, *' $H proxy
no_proxy example http.example:80 direct
no_proxy .example. http.example:80 direct
no_proxy http.EXAMPLE http.example:80 direct
no_proxy tp.example http.example:80 proxy
no_proxy ::1,fe80::/10 '[::1]:5009' direct
no_proxy ::2/127 '[::1]:5009' proxy

# A password: joe:p@ss:word.
serve 5003 --password am9lOnBAc3M6d29yZA==
run env http_proxy=http://joe:p%40ss:word@127.0.0.1:5003 "$CRUET" pull --insecure http.example:80/ok/app:1.0
is "$status:$out" "0:$digest" "a proxy with a user and password"
run env http_proxy=joe:p%40ss:wurd@127.0.0.1:5003 "$CRUET" pull --insecure --attempts 1 http.example:80/ok/app:1.0
failed 1 'the proxy does not take the user' "another password"
run env http_proxy=127.0.0.1:5003 "$CRUET" pull --insecure --attempts 1 http.example:80/ok/app:1.0
failed 1 'the proxy does not take the user' "none"
for wrong in joe:%zz joe:% joe:%00 j%3ao:x; do
	run env http_proxy=http://$wrong@127.0.0.1:5003 "$CRUET" pull --insecure --attempts 1 http.example:80/ok/app:1.0
	failed 1 'proxy: its user and password: must be' "a user that cannot be read ($wrong)"
done
: >$T/log-5001
run env http_proxy=http://joe:p%40ss:word@127.0.0.1:5003 no_proxy=127.0.0.1 "$CRUET" pull --insecure "$H/ok/app:1.0"
is "$status:$(grep -ci proxy-authorization $T/log-5001)" "0:0" "a registry without the proxy does not get its password"

# --- redirects and credentials ---
image login -u joe -p secret $H
good redirect "a redirect to another host"
is "$(jq -r '.headers.Authorization // "none"' $T/log-5002 | sort -u)" none "does not take credentials there"
good relative "a relative redirect"
bad loop 'more than 10 redirects' "redirects without an end"
bad manifestloop 'more than 10 redirects' "of a manifest, too"
bad userinfo 'user names' "a redirect with a password in it"
bad space 'escaped' "one with a blank"
bad ftp 'neither' "one to another protocol"
good basic "user and password"
good token "a token"
is "$(jq -r 'select(.path | startswith("/token")) | .path' $T/log-5001 | sort -u)" "/token?service=x&scope=y" "for the scope of the challenge"
image logout $H
bad basic 'cruet login' "no user and password"
bad token 'token' "no token for nobody"

# Programs that keep them: the server comes on their standard input, the answer on their output.
mkdir -p $T/helpers
helper() { # NAME, its text on stdin
	{ printf '#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r server\necho "$server" >>%s\n' $T/asked; cat; } >"$T/helpers/docker-credential-$1"
	chmod +x "$T/helpers/docker-credential-$1"
	: >$T/asked
	jq -n --arg host $H --arg name "$1" '{auths: {($host): {auth: "d3Jvbmc6eA=="}}, credHelpers: {($host): $name}}' >$T/auth.json
}
PATH=$T/helpers:$PATH
helper good <<'END'
echo '{"ServerURL":"x","Username":"joe","Secret":"secret"}'
END
good basic "credHelpers: user and password of a program, not of the file"
is "$(sort -u $T/asked)" $H "which is asked for the registry"
good token "for a token, too"
run image login -u joe -p x $H
failed 1 'docker-credential-good keeps what is for' "login does not write what would not be read"
jq -n '{credsStore: "good"}' >$T/auth.json
good basic "credsStore"
jq -n '{credsStore: "missing"}' >$T/auth.json
bad basic 'docker-credential-missing: not in PATH' "a store that is not there is said"
bad basic 'cruet login' "and nobody is logged in"
helper lost <<'END'
echo 'credentials not found in native keychain'; exit 1
END
bad basic 'cruet login' "a program that has nothing for it"
helper locked <<'END'
printf 'the keychain\033 is locked'; exit 1
END
bad basic 'docker-credential-locked: status 1: the keychain  is locked' "one that fails"
helper killed <<'END'
kill -9 $$
END
bad basic 'docker-credential-killed: status 128' "one that dies"
helper large <<'END'
exec cat /dev/zero
END
bad basic 'docker-credential-large: prints more than 65535 bytes' "one without an end"
is "$(pgrep -f docker-credential-large)" "" "which is ended"
for answer in '' '[' '{}' '{"Username":"joe"}' '{"Username":"","Secret":"x"}' '{"Username":"a:b","Secret":"x"}' '{"Username":1,"Secret":"x"}'; do
	helper wrong <<-END
		echo '$answer'
	END
	bad basic 'docker-credential-wrong' "an answer that is none ($answer)"
done
helper slow <<'END'
exec sleep 600
END
bad basic 'docker-credential-slow: no answer in 30 s' "one that does not answer"
for name in ../helpers/docker /bin/x none; do
	jq -n --arg host $H --arg name $name '{credHelpers: {($host): $name}}' >$T/auth.json
	bad basic "credential helper|not in PATH" "a name that is none ($name)"
done
rm $T/auth.json

# --- TLS ---
make_ca() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$1.key" -out "$T/$1.pem" \
		-days 30 -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
}
make_certificate() { # NAME CA SUBJECT-ALT-NAMES [OPTION...]
	name=$1 ca=$2 names=$3
	shift 3
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$name.key" -out "$T/$name.csr" -subj /CN=x 2>/dev/null
	printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$names" "${USAGE:-serverAuth}" >$T/extensions
	openssl x509 -req -in "$T/$name.csr" -CA "$T/$ca.pem" -CAkey "$T/$ca.key" -CAcreateserial -out "$T/$name.pem" \
		-days 30 -extfile $T/extensions "$@" 2>/dev/null
}
make_ca ca
make_ca stranger
make_certificate right ca DNS:localhost,IP:127.0.0.1
make_certificate foreign stranger DNS:localhost,IP:127.0.0.1
make_certificate other ca DNS:registry.example,IP:127.0.0.2
make_certificate named ca DNS:127.0.0.1,DNS:localhost.example
USAGE=clientAuth make_certificate client ca DNS:localhost,IP:127.0.0.1
{
	echo "Text between certificates is nothing special."
	cat $T/foreign.pem $T/ca.pem
} >$T/bundle.pem
settings ".certificates = \"$T/bundle.pem\" | .helper = []"
serve 5443 --tls $T/right.pem $T/right.key --other http://127.0.0.1:5002
serve 5444 --tls $T/foreign.pem $T/foreign.key
serve 5445 --tls $T/other.pem $T/other.key
serve 5446 --tls $T/named.pem $T/named.key
serve 5447 --tls $T/client.pem $T/client.key

tls() { # HOST FAULT
	rm -rf $STORE
	: >$T/log-5443
	run image pull --attempts 2 "$1/$2/app:1.0"
}
tls 127.0.0.1:5443 ok
is "$status:$out" "0:$digest" "https, verified by address"
tls localhost:5443 ok
is "$status:$out" "0:$digest" "and by name"
tls localhost:5443 cut.30000
is "$status:$(layer_requests $T/log-5443)" "0:all bytes=30000- bytes=60000-" "https that is cut goes on"
tls localhost:5444 ok
failed 1 'issuer is unknown' "an unknown issuer"
tls localhost:5445 ok
failed 1 'for another host' "a certificate for another name"
tls 127.0.0.1:5445 ok
failed 1 'for another host' "for another address"
tls 127.0.0.1:5446 ok
failed 1 'for another host' "an address as a name is no address"
tls localhost:5447 ok
failed 1 'certificate is refused' "a client's certificate"
run env SSL_CERT_FILE=$T/stranger.pem "$CRUET" pull localhost:5444/ok/app:1.0
is "$status:$out" "0:$digest" "SSL_CERT_FILE"
tls localhost:5001 ok
failed 1 'TLS' "https where there is none"
is "$(names)" 0 "and nothing has a name"
tls localhost:5443 redirect
failed 1 'from https to http' "a redirect from https to http"
image login -u joe -p secret localhost:5443
: >$T/log-5002
tls localhost:5443 realm
failed 1 'over http' "a realm to which credentials would go over http"
is "$(cat $T/log-5002)" "" "is never asked"
tls localhost:5443 token
is "$status:$out" "0:$digest" "a token over https"

: >$T/log-5002
export https_proxy=http://127.0.0.1:5002
tls localhost:5443 ok
is "$status:$out:$(jq -r '.method + " " + .path' $T/log-5002 | sort -u)" "0:$digest:CONNECT localhost:5443" "https through a proxy's tunnel"
tls refused.example:443 ok
failed 1 'the proxy refuses' "a proxy that refuses"
https_proxy=http://joe:p%40ss:word@127.0.0.1:5003
tls localhost:5443 ok
is "$status:$out:$(grep -ci proxy-authorization $T/log-5443)" "0:$digest:0" "a tunnel with a user and password, for the proxy only"
https_proxy=http://joe@127.0.0.1:5003
tls localhost:5443 ok
failed 1 'the proxy refuses localhost: .* 407' "a tunnel with another"

serve 5449 --tls $T/right.pem $T/right.key --password am9lOnBAc3M6d29yZA==
serve 5450 --tls $T/foreign.pem $T/foreign.key
https_proxy=https://joe:p%40ss:word@localhost:5449
: >$T/log-5449
tls 127.0.0.1:5443 cut.30000
is "$status:$out:$(jq -r '.method + " " + .path' $T/log-5449 | sort -u)" "0:$digest:CONNECT 127.0.0.1:5443" "TLS in TLS, through a proxy that is spoken to over https"
export http_proxy=$https_proxy
run image pull --insecure http.example:80/ok/app:1.0
is "$status:$out" "0:$digest" "http by such a proxy"
: >$T/log-5450
https_proxy=https://joe:secret@localhost:5450
unset http_proxy
settings ".certificates = \"$T/bundle.pem\" | .noOrigin = true |
	.mirrors = [{prefix: \"\", location: \"https://localhost:5443\", insecure: true}]"
run image pull --attempts 1 "x.example/ok/app@$digest"
failed 1 'proxy localhost: .*issuer is unknown' "an insecure mirror does not mean an insecure proxy"
is "$(cat $T/log-5450)" "" "which is told nothing"
unset https_proxy
settings ".certificates = \"$T/bundle.pem\" | .helper = []"

make_certificate expired ca DNS:localhost -days -1
serve 5448 --tls $T/expired.pem $T/expired.key
tls localhost:5448 ok
failed 1 'has expired' "an expired certificate"

for pid in $servers; do kill "$pid"; done
{ wait; } 2>/dev/null
finish
