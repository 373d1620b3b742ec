#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: attack.py CASE CANARY FOLDER

Write the layers of a hostile image to FOLDER/1.tar, 2.tar ... . CANARY is a folder of the host that must not
change. The headers are written byte by byte: Python's tarfile would not make most of this.
"""
import os
import sys

CASES = {}


def header(name, kind="0", data=b"", mode=0o644, link="", uid=0, gid=0, size=None, device=(0, 0), mtime=1000):
    def octal(value, width):
        return (b"%0*o" % (width - 1, value)) + b"\0"

    name, link = (value.encode() if isinstance(value, str) else value for value in (name, link))
    prefix = b""
    if len(name) > 100:
        cut = name.rindex(b"/", 0, 156)
        prefix, name = name[:cut], name[cut + 1:]
    block = (name.ljust(100, b"\0") + octal(mode, 8) + octal(uid, 8) + octal(gid, 8) +
             octal(len(data) if size is None else size, 12) + octal(mtime, 12) + b" " * 8 + kind.encode() +
             link.ljust(100, b"\0") + b"ustar\x0000" + b"\0" * 64 + octal(device[0], 8) + octal(device[1], 8) +
             prefix.ljust(155, b"\0")).ljust(512, b"\0")
    block = block[:148] + b"%06o\0 " % sum(block) + block[156:]
    return block + data + b"\0" * (-len(data) % 512)


def pax(records):
    data = b""
    for key, value in records.items():
        value = value if isinstance(value, bytes) else value.encode()
        body = b" " + key.encode() + b"=" + value + b"\n"
        length = len(body)
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        data += str(length).encode() + body
    return header("pax", "x", data)


def file(name, data=b"x", **more):
    return header(name, "0", data, **more)


def folder(name, **more):
    return header(name, "5", mode=more.pop("mode", 0o755), **more)


def symlink(name, target, **more):
    return header(name, "2", link=target, mode=0o777, **more)


def link(name, target, **more):
    return header(name, "1", link=target, **more)


def case(function):
    CASES[function.__name__] = function
    return function


# ---- 1: names ----

@case
def dotdot(_canary):
    return [[file("../x")]]


@case
def dotdot_inside(_canary):
    return [[folder("a"), file("a/../../x")]]


@case
def absolute(canary):
    return [[file(canary + "/victim", b"changed")]]


@case
def dot(_canary):
    return [[file(".")]]


@case
def empty_name(_canary):
    return [[file("")]]


@case
def dotdot_link(_canary):
    return [[link("x", "../../etc/passwd")]]


# ---- 2: the root ----

@case
def root_symlink(canary):
    return [[symlink("./", canary), file("victim", b"changed")]]


@case
def root_file(_canary):
    return [[file("./")]]


@case
def root_device(_canary):
    return [[header("./", "3", device=(1, 3))]]


# ---- 3: parents that are links ----

@case
def parent_link(canary):
    return [[symlink("etc", canary), file("etc/victim", b"changed"), file("etc/new")]]


@case
def parent_link_up(canary):
    return [[folder("a"), symlink("a/etc", "../../../../../../../../.." + canary), file("a/etc/victim", b"changed")]]


@case
def parent_link_next(canary):
    return [[symlink("etc", canary)], [file("etc/victim", b"changed"), folder("etc/new")]]


@case
def parent_link_chain(canary):
    return [[symlink("a", "b"), symlink("b", canary), file("a/victim", b"changed")], [file("a/victim", b"again")]]


# ---- 4: whiteouts through links ----

@case
def whiteout_link(canary):
    return [[symlink("link", canary)], [file("link/.wh.victim", b"")]]


@case
def opaque_link(canary):
    return [[symlink("link", canary)], [file("link/.wh..wh..opq", b"")]]


# ---- 5: hard links to the host ----

@case
def hard_absolute(canary):
    return [[link("h", canary + "/victim")]]


@case
def hard_relative(canary):
    return [[link("h", canary[1:] + "/victim")]]


@case
def hard_cwd(_canary):
    return [[link("h", "victim")]]


@case
def hard_symlink(canary):
    return [[symlink("s", canary), link("h", "s/victim")]]


@case
def hard_of_symlink(canary):
    return [[symlink("s", canary + "/victim"), link("h", "s"), file("h", b"changed")]]


@case
def hard_folder(_canary):
    return [[folder("d"), link("h", "d")]]


# ---- 6: through a hard link ----

@case
def hard_write(_canary):
    return [[file("a", b"old"), link("b", "a"), file("b", b"new", mode=0o4777)]]


@case
def hard_write_next(_canary):
    return [[file("a", b"old"), link("b", "a")], [file("b", b"new", mode=0o4777)]]


# ---- 7: attributes through a link ----

@case
def attributes_link(canary):
    return [[symlink("s", canary + "/victim", uid=7, gid=7), folder("s", mode=0o777, uid=7),
             symlink("t", canary), folder("t", mode=0o777, uid=7), symlink("u", canary + "/victim"),
             pax({"SCHILY.xattr.user.x": "y"}), file("u", b"changed", mode=0o777, uid=7)]]


@case
def xattr_symlink(canary):
    return [[pax({"SCHILY.xattr.user.x": "y", "SCHILY.xattr.trusted.x": "y"}), symlink("s", canary + "/victim")]]


# ---- 9: what must not be opened ----

@case
def nodes(_canary):
    return [[header("mem", "3", mode=0o666, device=(1, 1)), header("zero", "3", mode=0o666, device=(1, 5)),
             header("fifo", "6", mode=0o666), file("fifo2", b""), header("fifo2", "6"), file("fifo2", b"data"),
             header("disk", "4", mode=0o666, device=(7, 0))]]


# ---- 10 ----

@case
def setuid(_canary):
    return [[file("suid", b"x", mode=0o6755), folder("sticky", mode=0o3777)]]


# ---- 11: extended attributes ----

@case
def xattrs(_canary):
    return [[pax({"SCHILY.xattr.trusted.overlay.opaque": "y"}), folder("d"),
             pax({"SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.user.overlay.opaque": "y"}),
             folder("e"),
             pax({"SCHILY.xattr.security.selinux": "u:r:t:s0", "SCHILY.xattr.user.good": "kept"}), file("f"),
             pax({"SCHILY.xattr.security.capability": bytes.fromhex("0100000200040000000000000000000000000000")}),
             file("ping", mode=0o755)]]


@case
def xattr_nul(_canary):
    return [[pax({"SCHILY.xattr.user.a\0b": "y"}), file("f")]]


@case
def xattr_huge(_canary):
    return [[pax({"SCHILY.xattr.user.x": "y" * 100000}), file("f")]]


# ---- 12: too much ----

@case
def many_files(_canary):
    return [[file(f"f{number}", b"") for number in range(3000)]]


@case
def deep(_canary):
    return [[folder("/".join("d" * (level + 1))) for level in range(60)]]


@case
def deep_links(_canary):
    """Each step goes on below a link to the last folder: deeper than any name."""
    entries = []
    for step in range(40):
        base = f"l{step - 1}/" if step else ""
        path = base + "/".join("d" * 40)
        entries += [folder("/".join(path.split("/")[:level + 1])) for level in range(1 if base else 0, path.count("/") + 1)]
        entries.append(symlink(f"l{step}", path))
    return [entries + [file("l39/end")], [file(".wh.d", b""), file("new", b"1")]]


@case
def long_path(_canary):
    return [[pax({"path": "/".join(["x" * 200] * 40)}), file("f")]]


@case
def large(_canary):
    return [[file("zeros", b"\0" * (4 << 20))]]


# ---- 13: sizes that lie ----

@case
def cut_short(_canary):
    return [[header("f", size=1 << 20) + b"only this"]]


@case
def negative(_canary):
    block = bytearray(header("f", size=0))
    block[124:136] = b"\xff" * 12
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return [[bytes(block)]]


# ---- 19: the same path again ----

@case
def again(canary):
    return [[file("a", b"1"), folder("a"), file("a/in", b"in"), symlink("a", canary), file("a", b"2"),
             folder("B"), file("b", b"case"), folder("B", mode=0o700),
             symlink("l", "x"), link("l", "b"), header("l", "6"), folder("l"), file("l/in", b"in")]]


# ---- 20: whiteouts ----

def whiteout_case(name, *entries):
    CASES[name] = lambda _canary: [[folder("d"), file("d/low", b"low")], list(entries)]


whiteout_case("wh_nothing", file("d/.wh.", b""))
whiteout_case("wh_dot", file("d/.wh..", b""))
whiteout_case("wh_dotdot", file("d/.wh...", b""))
whiteout_case("wh_folder", folder("d/.wh.low"))
whiteout_case("wh_symlink", symlink("d/.wh.low", "x"))
whiteout_case("wh_hard", file("f"), link("d/.wh.low", "f"))
whiteout_case("wh_below", file("d/.wh.low/x"))
whiteout_case("wh_aufs", folder(".wh..wh.plnk"), file(".wh..wh.plnk/1"), file("d/.wh..wh.low", b""))


@case
def wh_good(_canary):
    low = [folder("d"), file("d/gone", b"0"), file("d/before", b"0"), file("d/after", b"0"), folder("d/sub"),
           file("d/sub/low", b"0"), folder("o"), file("o/low", b"0"), folder("o/sub"), file("o/sub/low", b"0"),
           folder("p"), file("p/low", b"0"), folder("kept"), file("kept/low", b"low")]
    top = [folder("d"), file("d/.wh.gone", b""), file("d/.wh.before", b""), file("d/before", b"1"),
           file("d/after", b"1"), file("d/.wh.after", b""), folder("d/sub"), file("d/sub/new", b"1"),
           file("d/.wh.sub", b""), file(".wh.missing", b""),
           folder("o"), folder("o/sub"), file("o/sub/new", b"1"), file("o/new", b"1"), file("o/.wh..wh..opq", b""),
           file("p/.wh..wh..opq", b""), folder("p"), file("p/new", b"1")]
    return [low, top]


@case
def wh_root_opaque(_canary):
    return [[folder("d"), file("d/low", b"0"), file("low", b"0")], [file(".wh..wh..opq", b""), file("new", b"1")]]


@case
def implied(_canary):
    """A layer without the folders of the layers below, and a hard link to one's file."""
    return [[folder("lib.d", mode=0o700, uid=7), file("lib.d/low", b"low"), symlink("lib", "lib.d"), folder("x"),
             file("x/low", b"low")], [file("lib/new", b"new"), link("x/hard", "x/low")]]


def main():
    name, canary, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for number, entries in enumerate(CASES[name](canary), 1):
        with open(f"{out}/{number}.tar", "wb") as tar:
            tar.write(b"".join(entries) + (b"" if name == "cut_short" else b"\0" * 1024))


main()
