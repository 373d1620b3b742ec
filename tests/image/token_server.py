#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: token_server.py PORT CERTIFICATE KEY [--tls]

Tokens for docker-registry (distribution's "Token Authentication Specification"): anybody may pull from
public/, joe with the password secret, or the identity token "joe's", may do all. RS256, by openssl.
"""
import base64
import http.server
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.parse

port, certificate, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def make_token(service, access):
    with open(certificate, encoding="utf-8") as text:
        der = "".join(re.findall(r"^[A-Za-z0-9+/=]+$", text.read(), re.M))
    header = encode(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [der]}).encode())
    now = int(time.time())
    claims = {"iss": "test", "sub": "", "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now - 10,
              "jti": "1", "access": access}
    text = header + b"." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, capture_output=True, check=True)
    return (text + b"." + encode(signature.stdout)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, query, known, name):
        access = []
        for scope in query.get("scope", []):
            kind, repository, actions = scope.split(":")
            allowed = actions.split(",") if known else ["pull"] if repository.startswith("public/") else []
            access.append({"type": kind, "name": repository, "actions": allowed})
        self.answer(200, {name: make_token(query["service"][0], access)})

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization")
        if given not in (None, "Basic " + base64.b64encode(b"joe:secret").decode()):
            self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "who is that?"}]})
        else:
            self.give(query, given is not None, "token")

    def do_POST(self):
        query = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if query.get("grant_type") != ["refresh_token"] or query.get("refresh_token") != ["joe's"]:
            self.answer(401, {})
        else:
            self.give(query, True, "access_token")


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
if "--tls" in sys.argv:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
