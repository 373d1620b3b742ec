#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: fault_server.py PORT LAYOUT LOG [--tls CERTIFICATE KEY] [--other URL] [--password BASE64]

A registry that serves an OCI layout and does wrong what the first part of the repository says
("cut.1000/app": each blob's answer ends after 1000 bytes). A line of JSON for each request goes to
LOG. --other: where redirects lead. --password: as a proxy, only with it.
"""
import argparse
import hashlib
import http.server
import json
import os
import re
import select
import socket
import socketserver
import ssl
import time
import urllib.parse

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
uploads, pushed = {}, set()
seen = {}  # how often each path was asked for


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    # ---- what there is ----

    def manifest(self, reference):
        with open(f"{options.layout}/index.json", encoding="utf-8") as text:
            for entry in json.load(text)["manifests"]:
                name = entry.get("annotations", {}).get("org.opencontainers.image.ref.name")
                if reference in (name, entry["digest"]):
                    return self.blob(entry["digest"]), entry.get("mediaType", MANIFEST)
        return None, None

    @staticmethod
    def blob(digest):
        path = f"{options.layout}/blobs/{digest.replace(':', '/')}"
        if not os.path.exists(path):
            return None
        with open(path, "rb") as data:
            return data.read()

    # ---- answers ----

    def raw(self, data):
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            pass

    def answer(self, status, body=b"", headers=(), length=None, end=False):
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body) if length is None else length}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.raw(head.encode() + b"\r\n" + (b"" if self.command == "HEAD" else body))
        self.close_connection = self.close_connection or end

    def missing(self):
        self.answer(404, b'{"errors":[{"code":"UNKNOWN","message":"there is no such thing"}]}')

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.log_request_line()
        if self.path.startswith("http://"):  # of a proxy
            if self.stranger():
                return
            self.path = "/" + self.path.split("/", 3)[3]
        upload = re.fullmatch(r"/v2/[a-z0-9.]+/app/blobs/uploads/(\d+)\?.*", self.path)
        if upload and upload[1] in uploads:
            got = len(uploads[upload[1]])
            self.answer(204, headers=[("Location", self.path), ("Range", f"0-{max(got - 1, 0)}")])
            return
        if self.command == "HEAD" and "/blobs/" in self.path:
            self.answer(200 if self.path.split("/")[-1] in pushed else 404)
            return
        match = re.fullmatch(r"/v2/([a-z0-9]+)(?:\.(\w+))?/[a-z/0-9]+/(manifests|blobs|referrers)/([\w.:-]+)", self.path)
        if self.path == "/v2/":
            self.answer(200, b"{}")
        elif self.path.startswith("/blob/"):
            self.answer(200, self.blob(self.path[6:].partition("?")[0]))
        elif self.path.startswith("/token"):
            self.token()
        elif not match:
            self.missing()
        elif match[3] == "manifests":
            self.serve_manifest(match[1], match[2], match[4])
        elif match[3] == "blobs":
            self.serve_blob(match[1], match[2], match[4])
        else:
            self.missing()

    def token(self):
        good = self.headers.get("Authorization") == "Basic am9lOnNlY3JldA=="  # joe:secret
        self.answer(200 if good else 401, b'{"token":"good"}' if good else b"{}")

    # ---- uploads ----

    def log_request_line(self):
        seen[self.path] = seen.get(self.path, 0) + 1
        with open(options.log, "a", encoding="utf-8") as log:
            log.write(json.dumps({"method": self.command, "path": self.path, "headers": dict(self.headers)}) + "\n")

    def body(self, most=1 << 30):
        return self.rfile.read(min(int(self.headers["Content-Length"]), most))

    def where(self, fault, name):
        relative = f"/v2/{fault}/app/blobs/uploads/{name}?state=1"
        return relative if fault.startswith("up") else f"http://{self.headers['Host']}{relative}"

    def do_POST(self):
        self.log_request_line()
        fault, name = self.path.split("/")[2], str(len(uploads))
        uploads[name] = bytearray()
        self.body()
        self.answer(202, headers=[("Location", self.where(fault, name))])

    def do_PATCH(self):
        self.log_request_line()
        fault, name = self.path.split("/")[2], self.path.split("/")[-1].partition("?")[0]
        kind, _, number = fault.partition(".")
        content_range = self.headers.get("Content-Range")
        if kind == "refuse":
            self.body()
            self.answer(413, b'{"errors":[{"message":"too much"}]}')
        elif content_range and int(content_range.split("-")[0]) != len(uploads[name]):
            self.body()
            self.answer(416)
        elif number and not seen.setdefault(f"cut {fault}", 0) and int(self.headers["Content-Length"]) > int(number):
            seen[f"cut {fault}"] = 1
            uploads[name] += self.body(int(number))
            if kind == "lost":
                del uploads[name]
            self.connection.shutdown(2)
            self.close_connection = True
        else:
            uploads[name] += self.body()
            self.answer(202, headers=[("Location", self.where(fault, name)), ("Range", f"0-{len(uploads[name]) - 1}")])

    def do_PUT(self):
        self.log_request_line()
        body = self.body()
        if "/manifests/" in self.path:
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            self.answer(201, headers=[("Docker-Content-Digest", digest)])
            return
        name = self.path.split("/")[-1].partition("?")[0]
        digest = urllib.parse.unquote(self.path.partition("digest=")[2])
        good = digest == "sha256:" + hashlib.sha256(uploads[name] + body).hexdigest()
        if good:
            pushed.add(digest)
        self.answer(201 if good else 400, b"" if good else b'{"errors":[{"message":"another digest"}]}')

    # ---- a proxy ----

    def stranger(self):
        if not options.password or self.headers.get("Proxy-Authorization") == f"Basic {options.password}":
            return False
        self.answer(407, headers=[("Proxy-Authenticate", 'Basic realm="proxy"')])
        return True

    def do_CONNECT(self):
        self.log_request_line()
        self.close_connection = True
        if self.stranger():
            return
        host, _, port = self.path.rpartition(":")
        if host == "refused.example":
            self.answer(403)
            return
        with socket.create_connection((host, int(port))) as server:
            self.raw(b"HTTP/1.1 200 Connected\r\nX: y\r\n\r\n")
            pairs = {server: self.connection, self.connection: server}
            while True:
                for one in select.select(list(pairs), [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    pairs[one].sendall(data)

    # ---- manifests ----

    def serve_manifest(self, fault, parameter, reference):
        body, media_type = self.manifest(reference)
        if body is None:
            self.missing()
            return
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        headers = [("Content-Type", media_type), ("Docker-Content-Digest", digest)]
        here = f"http{'s' if options.tls else ''}://{self.headers['Host']}"
        simple = {
            "headers": lambda: self.answer(200, body, headers + [(f"X-{i}", "y" * 4000) for i in range(20)]),
            "header": lambda: self.answer(200, body, headers + [("X-Long", "y" * 9000)]),
            "noname": lambda: self.answer(200, body, headers + [(" X", "y")]),
            "folded": lambda: self.answer(200, body, headers + [("X", "y\r\n z")]),
            "gzip": lambda: self.answer(200, body, headers + [("Content-Encoding", "gzip")]),
            "lengths": lambda: self.answer(200, body, headers + [("Content-Length", "1")]),
            "both": lambda: self.answer(200, body, headers + [("Transfer-Encoding", "chunked")]),
            "type": lambda: self.answer(200, body, [("Content-Type", INDEX)]),
            "otherdigest": lambda: self.answer(200, body + b" ", headers),
            "baddigest": lambda: self.answer(200, body, [headers[0], ("Docker-Content-Digest", "sha256:../../x")]),
            "extra": lambda: self.answer(200, body + b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n{}",
                                         headers, length=len(body)),
            "lf": lambda: self.raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
            "nul": lambda: self.raw(b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\n{}"),
            "status": lambda: self.raw(b"HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\n{}"),
            "spoken": lambda: self.raw(b"220 smtp.example ready\r\n"),
            "silent": lambda: time.sleep(30),
            "continued": lambda: (self.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"),
                                  self.answer(200, body, headers)),
            "manifestloop": lambda: self.answer(307, headers=[("Location", self.path)]),
            "userinfo": lambda: self.answer(307, headers=[("Location", "http://a:b@127.0.0.1/")]),
            "space": lambda: self.answer(307, headers=[("Location", "/a b")]),
            "ftp": lambda: self.answer(307, headers=[("Location", "ftp://127.0.0.1/")]),
            "huge": lambda: self.answer(200, b" " * (5 << 20), headers),
            "hugechunks": lambda: self.endless(headers),
            "broken": lambda: self.answer(500, b"no"),
            "late": lambda: self.answer(429, headers=[("Retry-After", "3600")]),
        }
        if fault in simple:
            self.close_connection = fault != "extra"
            simple[fault]()
        elif fault == "busy" and seen[self.path] <= int(parameter):
            self.answer(429, b"slow down", [("Retry-After", "1")])
        elif fault == "down" and seen[self.path] <= int(parameter):
            self.answer(503, b"later")
        elif fault in ("realm", "token") and self.headers.get("Authorization") != "Bearer good":
            realm = f"{here}/token" if fault == "token" else f"{options.other}/token"
            self.answer(401, b"{}", [("WWW-Authenticate", f'Bearer realm="{realm}",service="x",scope="y"')])
        elif fault == "basic" and self.headers.get("Authorization") != "Basic am9lOnNlY3JldA==":
            self.answer(401, b"{}", [("WWW-Authenticate", 'Basic realm="x"')])
        else:
            self.answer(200, body, headers)

    # ---- blobs ----

    def endless(self, headers):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
        self.raw("".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n")
        for _ in range(2000):
            self.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def chunks(self, data, size=b"fa0", after=b"\r\n", end=b"0\r\n\r\n"):
        self.close_connection = True
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(data) - 3999, 4000):
            self.raw(size + b"\r\n" + data[at:at + 4000] + after)
        rest = data[len(data) - len(data) % 4000:]
        self.raw(b"%x;ext=1\r\n" % len(rest) + rest + b"\r\n" + end)

    def cut(self, status, data, headers, after):
        self.answer(status, data[:after], headers, length=len(data), end=after < len(data))

    def serve_blob(self, fault, parameter, digest):
        data = self.blob(digest)
        if data is None:
            self.missing()
            return
        number = int(parameter) if parameter and parameter.isdigit() else 0
        times = seen[self.path]
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        tag = f'"{times if fault == "etag" else digest}"'
        headers = [("ETag", tag)]
        part, status = data, 200
        if match and fault != "norange":
            if start >= len(data):
                self.answer(416, headers=[("Content-Range", f"bytes */{len(data)}")])
                return
            part, status = data[start:], 206
            shift = 1 if fault == "rangestart" else 0
            total = len(data) + (1 if fault == "rangetotal" else 0)
            headers.append(("Content-Range", f"bytes {start + shift}-{len(data) - 1}/{total}"))
            if fault == "norangeheader":
                headers.pop()
        small = len(data) < 1000  # the config: only layers suffer
        if small:
            self.answer(status, part, headers)
        elif fault in ("cut", "etag", "tail"):
            self.cut(status, part, headers, number)
        elif fault in ("cutonce", "norange", "rangestart", "rangetotal", "norangeheader"):
            self.cut(status, part, headers, number if times == 1 else len(part))
        elif fault == "changed":  # the first answer is of another content
            self.cut(status, bytes(len(data)) if times == 1 else part, [("ETag", f'"{times}"')] + headers[1:],
                     number if times == 1 else len(part))
        elif fault == "short":
            self.answer(200, data[:-number], headers)
        elif fault == "long":
            self.answer(200, data + b"x" * number, headers)
        elif fault == "unsaid":
            self.close_connection = True
            self.raw(b"HTTP/1.0 200 OK\r\n\r\n" + data[:len(data) - number])
        elif fault == "flip":
            self.answer(200, data[:-1] + bytes([data[-1] ^ 1]), headers)
        elif fault == "endless":
            self.endless([])
        elif fault == "chunked":
            self.chunks(data)
        elif fault == "chunkend":
            self.chunks(data, end=b"")
        elif fault == "chunksize":
            self.chunks(data, size=b"FFFFFFFFFFFFFFFFF")
        elif fault == "chunksign":
            self.chunks(data, size=b"-1000")
        elif fault == "chunklie":
            self.chunks(data, size=b"fff")
        elif fault == "trailer":
            self.chunks(data, end=b"0\r\nX: y\r\n\r\n")
        elif fault == "stall" and times <= (1 if parameter else 1000):
            self.answer(status, part[:1000], headers, length=len(part))
            time.sleep(30)
        elif fault == "pause":
            self.answer(status, part[:number], headers, length=len(part))
            time.sleep(30)
        elif fault == "redirect":
            self.answer(307, headers=[("Location", f"{options.other}/blob/{digest}")])
        elif fault == "relative":
            self.answer(302, headers=[("Location", f"../../../../../blob/./{digest}?x=../..")])
        elif fault == "loop":
            self.answer(302, headers=[("Location", self.path)])
        elif fault == "reset" and times == 1:
            self.connection.shutdown(2)
            self.close_connection = True
        else:
            self.answer(status, part, headers)


parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("layout")
parser.add_argument("log")
parser.add_argument("--tls", nargs=2)
parser.add_argument("--other")
parser.add_argument("--password")
options = parser.parse_args()
server = Server(("127.0.0.1", options.port), Handler)
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
