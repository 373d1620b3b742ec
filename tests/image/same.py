#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: same.py SEED FOLDER

Write three random layers, FOLDER/1.tar to 3.tar: files, folders, links, hard links, whiteouts and opaque folders,
of few names, so that they meet; the same path more than once, whiteouts before and after what they name.
"""
import io
import os
import random
import sys
import tarfile


class Layer:
    def __init__(self, name):
        self.tar = tarfile.open(name, "w", format=tarfile.PAX_FORMAT)
        self.types = {}
        self.count = 0

    def add(self, path, kind, link=""):
        self.count += 1
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mtime = kind, link, 1000 + self.count
        info.mode = random.choice((0o644, 0o755, 0o700, 0o1777 if kind == tarfile.DIRTYPE else 0o4755))
        info.uid = random.choice((0, 5))
        data = f"{path} {random.random()}".encode() if kind == tarfile.REGTYPE and ".wh." not in path else b""
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))
        if ".wh." not in path:
            # What is replaced takes along what was below it.
            if kind != tarfile.DIRTYPE or self.types.get(path) != tarfile.DIRTYPE:
                for below in [name for name in self.types if name.startswith(path + "/")]:
                    del self.types[below]
            self.types[path] = kind

    def parents(self, path):
        parts = path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            folder = "/".join(parts[:end])
            if self.types.get(folder) != tarfile.DIRTYPE:
                self.add(folder, tarfile.DIRTYPE)

    def random_entry(self):
        path = "/".join(random.choice("abc") for _ in range(random.randint(1, 3)))
        what = random.random()
        folder, _, name = path.rpartition("/")
        inside = f"{folder}/" if folder else ""
        self.parents(path)
        if what < 0.35:
            self.add(path, tarfile.REGTYPE)
        elif what < 0.6:
            self.add(path, tarfile.DIRTYPE)
        elif what < 0.68:
            self.add(path, tarfile.SYMTYPE, random.choice(("a", "/b", "../c", "/etc")))
        elif what < 0.74:
            files = [name for name, kind in self.types.items() if kind == tarfile.REGTYPE and name != path]
            if files:
                target = random.choice(files)
                if not path.startswith(target + "/") and not target.startswith(path + "/"):
                    self.add(path, tarfile.LNKTYPE, target)
                    self.types[path] = tarfile.REGTYPE
        elif what < 0.92:
            self.add(f"{inside}.wh.{name}", tarfile.REGTYPE)
        else:
            self.add(f"{inside}.wh..wh..opq", tarfile.REGTYPE)


def main():
    random.seed(int(sys.argv[1]))
    os.makedirs(sys.argv[2], exist_ok=True)
    for number in range(1, 4):
        layer = Layer(f"{sys.argv[2]}/{number}.tar")
        for _ in range(random.randint(3, 14)):
            layer.random_entry()
        layer.tar.close()


main()
