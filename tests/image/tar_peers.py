# SPDX-License-Identifier: Apache-2.0
"""What several programs read of a tar archive, in one form: a list of entries, or None for a refusal.

An entry is (type, path, link, size, digest, mode, uid, gid, mtime); a field is None where the program does not say.
"""
import calendar
import hashlib
import json
import os
import re
import subprocess
import tarfile
import time

ENVIRONMENT = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
PERMISSIONS = "rwxrwxrwx"


def clean(path):
    """As archive.h says it: bytes without leading "/" and "./" and trailing "/"."""
    while path.startswith((b"/", b"./")):
        path = path[1:] if path.startswith(b"/") else path[2:]
    path = path.rstrip(b"/")
    return b"" if path == b"." else path


def entry(kind, path, link, size, digest, mode, uid, gid, mtime):
    if kind != "f":
        size, digest = 0, None
    if kind == "l":
        mode = None  # programs show 0777 whatever it says
    link = {"h": clean(link), "l": link}.get(kind, b"")
    return (kind, clean(path), link, size, digest, mode, uid, gid, mtime)


# ---- cruet ----

def unescape(text):
    return re.sub(rb"\\x(..)", lambda match: bytes([int(match[1], 16)]), text)


def cruet(lister, name):
    """The entries and the digest of all data; None and the message; "crash" and the message."""
    with open(name, "rb") as file:
        done = subprocess.run([lister], stdin=file, capture_output=True, check=False)
    if done.returncode == 1:
        return None, done.stderr.decode(errors="replace").strip()
    if done.returncode or done.stderr:
        return "crash", done.stderr.decode(errors="replace")
    lines = done.stdout.splitlines()
    result = []
    for line in lines[:-1]:
        fields = line.split(b" ")
        kind = fields[0].decode()
        result.append(entry(kind, unescape(fields[1]), unescape(fields[9]), int(fields[6]),
                            fields[8].decode().rpartition(":")[2], int(fields[2], 8), int(fields[3]), int(fields[4]),
                            int(fields[5].split(b".")[0])))
    return result, lines[-1].rpartition(b":")[2].decode()


# ---- Python ----

PYTHON_TYPES = {tarfile.LNKTYPE: "h", tarfile.SYMTYPE: "l", tarfile.CHRTYPE: "c", tarfile.BLKTYPE: "b",
                tarfile.DIRTYPE: "d", tarfile.FIFOTYPE: "p"}


def python(name):
    result = []
    try:
        with tarfile.open(name, "r:", encoding="utf-8", errors="surrogateescape") as tar:
            for member in tar:
                digest = None
                if member.isreg():
                    data = tar.extractfile(member).read()
                    if len(data) != member.size:
                        return None
                    digest = hashlib.sha256(data).hexdigest()
                kind = PYTHON_TYPES.get(member.type, "f" if member.isreg() else "?")
                result.append(entry(kind, os.fsencode(member.name) + b"/" * (kind == "d"),
                                    os.fsencode(member.linkname), member.size, digest, member.mode & 0o7777,
                                    member.uid, member.gid, int(member.mtime // 1)))
    except (tarfile.TarError, ValueError, OverflowError, OSError, EOFError, IndexError, KeyError):
        return None
    return result


# ---- Go ----

GO_TYPES = {"0": "f", "\0": "f", "7": "f", "1": "h", "2": "l", "3": "c", "4": "b", "5": "d", "6": "p"}


def go(lister, names):
    """A dictionary of all."""
    result = {}
    lines = iter(subprocess.run([lister, *names], capture_output=True, check=True).stdout.splitlines())
    for name in names:
        entries = []
        for line in lines:
            values = json.loads(line)
            if isinstance(values, str):
                result[name] = entries if values == "end" else None
                break
            entries.append(entry(GO_TYPES.get(values[0], "?"), bytes.fromhex(values[1]), bytes.fromhex(values[2]),
                                 values[3], values[4], values[5], values[6], values[7], values[8]))
    return result


# ---- GNU tar and bsdtar: a listing, and the data of all files together ----

TAR_TYPES = {"-": "f", "h": "h", "l": "l", "c": "c", "b": "b", "d": "d", "p": "p", "C": "f"}


def unquote(text):
    plain = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

    def one(match):
        return plain.get(match[1], bytes([int(match[1], 8) & 255]) if match[1][:1].isdigit() else match[1])
    return re.sub(rb"\\([0-7]{3}|.)", one, text, flags=re.S)


def mode_of(text):
    """"rwsr-xr-t": 05755."""
    mode = 0
    for index, char in enumerate(text):
        bit = 0o400 >> index
        mode |= bit if char in "rwxst" else 0
        if index % 3 == 2 and char in "sStT":
            mode |= 0o4000 >> index // 3
    return mode


def listed(program, name, pattern, arguments):
    done = subprocess.run([program, *arguments, name], capture_output=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        return None, None
    data = subprocess.run([program, "-xOf", name], capture_output=True, check=False, env=ENVIRONMENT)
    if data.returncode:
        return None, None
    result = []
    for line in done.stdout.splitlines():
        match = re.fullmatch(pattern, line, flags=re.S)
        if not match:
            return [("unreadable", line)], None
        kind = TAR_TYPES.get(match["type"].decode(), "?")
        path, link = match["path"], match["link"] or b""
        if match["hard"]:
            kind, link = "h", match["hard"]
        size = int(match["size"]) if match["size"].isdigit() else 0
        mtime = None
        if re.match(rb"\d{4}-", match.groupdict().get("time") or b""):
            mtime = calendar.timegm(time.strptime(match["time"].decode(), "%Y-%m-%d %H:%M:%S"))
        result.append(entry(kind, unquote(path), unquote(link), size, None, mode_of(match["mode"].decode()),
                            int(match["uid"]), int(match["gid"]), mtime))
    return result, hashlib.sha256(data.stdout).hexdigest()


GNU = (rb"(?P<type>.)(?P<mode>.{9}) (?P<uid>-?\d+)/(?P<gid>-?\d+) +(?P<size>[\d,]+) (?P<time>-?\d+-\d+-\d+ [\d:]+)(?:\.\d+)? +"
       rb'"(?P<path>(?:[^"\\]|\\.)*)"(?: -> "(?P<link>(?:[^"\\]|\\.)*)")?(?: link to "(?P<hard>(?:[^"\\]|\\.)*)")?')
BSD = (rb"(?P<type>.)(?P<mode>.{9}) +\d+ (?P<uid>-?\d+) +(?P<gid>-?\d+) +(?P<size>[\d,]+) ... .\d (?:\d\d:\d\d| \d{4}|\d{4,})"
       rb" (?P<path>.*?)(?: -> (?P<link>.*))?(?: link to (?P<hard>.*))?")


def gnu(name):
    return listed("tar", name, GNU, ["--numeric-owner", "--full-time", "--quoting-style=c", "-tvf"])


def bsd(name):
    return listed("bsdtar", name, BSD, ["--numeric-owner", "-tvf"])
