# SPDX-License-Identifier: Apache-2.0
"""Archives of every quirk that is known of tar, and random ones made of them.

Each quirk stands between two files, so that a reader that goes on at the wrong place is found out.
"""
import random

BLOCK = 512
NUMBERS = {"mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12), "mtime": (136, 12),
           "checksum": (148, 8), "major": (329, 8), "minor": (337, 8)}
TEXTS = {"name": (0, 100), "type": (156, 1), "link": (157, 100), "magic": (257, 8), "user": (265, 32),
         "group": (297, 32), "prefix": (345, 155), "end": (500, 12)}
FIELDS = {**NUMBERS, **TEXTS}
POSIX, GNU, V7 = b"ustar\00000", b"ustar  \0", bytes(8)


def octal(value, size):
    return b"%0*o\0" % (size - 1, value)


def base256(value, size):
    return (b"\x80" if value >= 0 else b"\xff") + value.to_bytes(size - 1, "big", signed=value < 0)


def checksum(header, signed=False):
    header[148:156] = b" " * 8
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in header)
    header[148:156] = b"%06o\0 " % total


def header(name=b"quirk", kind=b"0", size=0, signed=False, **fields):
    block = bytearray(BLOCK)
    size = size if isinstance(size, bytes) else octal(size, 12)
    values = {"name": name, "type": kind, "size": size, "mode": octal(0o644, 8), "uid": octal(1000, 8),
              "gid": octal(100, 8), "mtime": octal(1700000000, 12), "magic": POSIX, **fields}
    for field, value in values.items():
        start, length = FIELDS[field]
        value = value[:length]
        block[start:start + len(value)] = value
    if "checksum" not in fields:
        checksum(block, signed)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def file(name=b"quirk", data=b"data", **fields):
    return header(**{"name": name, "size": len(data), **fields}) + padded(data)


def record(text):
    """One of pax: text is "keyword=value"."""
    length = len(text) + 3
    while len(b"%d %s\n" % (length, text)) != length:
        length += 1
    return b"%d %s\n" % (length, text)


def pax(*texts, kind=b"x", **fields):
    body = b"".join(record(text) for text in texts)
    return header(b"pax", kind, len(body), **fields) + padded(body)


def raw_pax(body, kind=b"x"):
    return header(b"pax", kind, len(body)) + padded(body)


def long_name(text, kind=b"L"):
    return header(b"././@LongLink", kind, len(text), magic=GNU) + padded(text)


def between(*middle):
    return file(b"before", b"1st") + b"".join(middle) + file(b"after", b"2nd") + bytes(2 * BLOCK)


def number_quirks():
    values = [b"4", b"4\0", b"4 ", b" 4", b"   4 ", b"4 \0", b"4\0 ", b"4\0x", b"4 x", b"4x", b"\0004", b"", b" " * 12,
              b"-4", b"+4", b"0x4", b"4.0", b"8", b"9", b"\x80", b"\xff", b"\xc0", b"\x81", b"\t4", b"4\t", b"0" * 12,
              b"7" * 12, b"000000000004"]
    for field, (_, size) in NUMBERS.items():
        for value in values:
            for kind in b"0", b"5", b"3", b"2":
                if field in ("major", "minor") and kind != b"3":
                    continue
                body = padded(b"data") if kind == b"0" else b""
                fields = {"link": b"target"} if kind == b"2" else {}
                if field != "size" and kind == b"0":
                    fields["size"] = octal(4, 12)
                yield header(kind=kind, **{**fields, field: value[:size].ljust(size if value[:1] == b" " else 0)}) + body
        for value in 0, 1, 4, -1, -2, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**55, 2**56 - 1, 2**62, 2**63 - 1, 2**63, 2**64:
            if -256**(size - 1) // 2 <= value < 256**(size - 1):
                extra = {} if field == "size" else {"size": octal(4, 12)}
                yield header(**{**extra, field: base256(value, size)}) + padded(b"data")


def name_quirks():
    names = [b"./a", b"/a", b"//a", b"././a", b".//a", b"a/", b"a//", b"a//b", b"a/./b", b"./", b".", b"/", b"..", b"../a", b"a/..",
             b"a/../b", b"", b"\xc3\xa4", b"\xff\xfe", b"a b", b"a\nb", b"a\\b", b'a"b', b"a\x01", b"x" * 100, b"d/" * 50,
             b"d/" * 49 + b"xx", b"a\0b", b"...", b".a", b"a.", b"-a", b"a -> b", b"C:\\a"]
    for name in names:
        for kind in b"0", b"\0", b"7", b"5", b"2", b"1":
            fields = {"link": b"target"} if kind in (b"1", b"2") else {}
            for magic in POSIX, GNU, V7:
                yield header(name, kind, magic=magic, **fields)
            if b"\0" not in name:
                yield pax(b"path=" + name) + header(b"short", kind, **fields)
                yield long_name(name + b"\0") + header(b"short", kind, magic=GNU, **fields)
        yield header(b"l", b"1", link=name)
        yield header(b"l", b"2", link=name)
        yield pax(b"linkpath=" + name) + header(b"l", b"1", link=b"t")
        yield pax(b"linkpath=" + name) + header(b"l", b"2", link=b"t")
        yield file(b"n", prefix=name)
        yield file(name, prefix=b"p")
        yield file(b"n", prefix=name, magic=GNU)
        yield file(b"n", prefix=name, magic=V7)


def header_quirks():
    for magic in (POSIX, GNU, V7, b"ustar\0\0\0", b"ustar\0 0", b"ustar  0", b"ustar 00", b"ustar00\0", b"USTAR\00000", b"junk", b"\0\0\0\0\00000"):
        yield file(magic=magic)
        yield file(magic=magic, prefix=b"p")
        yield file(magic=magic, end=b"\0\0\0\0\0\0\0\0tar\0")
        yield file(magic=magic, end=b"x")
        yield file(magic=magic, user=b"root", group=b"root")
    for kind in range(256):
        yield header(kind=bytes([kind]), link=b"target")
        yield file(kind=bytes([kind]))
    yield file(b"\xff\xfe\xfd", signed=True)
    yield file(b"\xff\xfe\xfd")
    for kind in b"1", b"2", b"3", b"4", b"5", b"6":
        yield pax(b"size=4") + header(kind=kind, link=b"target") + padded(b"data")
        yield pax(b"size=4") + header(kind=kind, link=b"target")
        yield pax(b"size=0") + header(kind=kind, link=b"target", size=4)
    yield file(link=b"ignored")


def extended_quirks():
    inner = padded(file(b"hidden"))
    for size in b"0", b"3", b"4", b"5", b"04", b"4 ", b" 4", b"-4", b"4.0", b"0x4", b"", b"1024", b"512", b"99999999999999999999":
        for declared in 0, 4, 5, 1024:
            yield pax(b"size=" + size) + header(b"outer", size=declared) + inner
    for text in (b"path=x", b"path=", b"path=a\0b", b"linkpath=x", b"uid=1", b"uid=", b"uid=-1", b"uid=4294967294", b"uid=4294967295", b"uid=x",
                 b"gid=070", b"gid=1.5", b"mtime=1", b"mtime=1.5", b"mtime=-1.5", b"mtime=-1", b"mtime=1.", b"mtime=.5", b"mtime=1e3", b"mtime=",
                 b"mtime=1.0000000001", b"mtime=+1", b"mtime= 1", b"comment=x", b"comment=", b"charset=x", b"hdrcharset=BINARY", b"atime=1", b"ctime=x",
                 b"uname=x", b"gname=", b"SCHILY.xattr.user.a=b", b"SCHILY.xattr.user.a=", b"SCHILY.xattr.=x", b"SCHILY.dev=1", b"LIBARCHIVE.xattr.user.a=Yg",
                 b"GNU.sparse.major=1", b"GNU.sparse.map=0,1", b"GNU.sparse.name=x", b"GNU.sparse.realsize=9", b"GNU.sparse.size=9", b"SCHILY.realsize=9",
                 b"SUN.holesdata=0", b"VENDOR.x=1", b"size=4", b"path=../x", b"path=/x", b"Path=x", b"PATH=x", b" path=x", b"path =x", b"SCHILY.filetype=dir"):
        for kind in b"x", b"g":
            yield pax(text, kind=kind) + file()
            yield pax(text, b"comment=2", text, kind=kind) + file()
            yield pax(text) + pax(b"comment=x", kind=kind) + file()
            yield pax(b"comment=x", kind=kind) + pax(text) + file()
            yield pax(text, kind=kind) + header(b"d/", b"5")
            yield pax(text, kind=kind) + header(b"l", b"2", link=b"t")
        yield pax(text, kind=b"X") + file()
        yield pax(text) + long_name(b"long\0") + file()
        yield long_name(b"long\0") + pax(text) + file()
        yield pax(text)
    for body in (b"", b"\0", b"9 path=x", b"9 path=x\n", b"8 path=x\n", b"10 path=x\n", b"09 path=x\n", b"9  path=x\n", b"9\tpath=x\n", b"+9 path=x\n",
                 b"9 path=x\n\0\0", b"9 path=x\n\n", b"9 pathx=\n", b"7 path\n", b"5 =x\n", b"3 \n", b"2\n", b"0 \n", b"99999999999999999999 a=b\n", b"9 path=x\n9 path=y\n",
                 b"9 path=x\n3"):
        for kind in b"x", b"g":
            yield raw_pax(body, kind) + file()


def long_quirks():
    for text in (b"long", b"long\0", b"long\0\0\0", b"long\0x", b"", b"\0", b"x" * 4000 + b"\0", b"x" * 200 + b"/y\0", b"y/" * 200 + b"z\0", b"d/\0"):
        for kind in b"L", b"K":
            for magic in GNU, POSIX, V7:
                yield long_name(text, kind) + file(magic=magic)
                yield long_name(text, kind) + header(kind=b"2", link=b"t", magic=magic)
                if text:
                    yield header(b"././@LongLink", kind, len(text) - 1, magic=GNU) + padded(text) + file(magic=magic)
            yield long_name(text, kind) * 2 + file()
            yield long_name(text, b"K") + long_name(text, b"L") + header(kind=b"1", link=b"t")
            yield long_name(text, kind) + header(kind=b"5")
            yield long_name(text, kind) + pax(b"comment=x", kind=b"g") + file()


def end_quirks():
    """Whole archives."""
    one = file()
    for tail in (b"", bytes(BLOCK), bytes(2 * BLOCK), bytes(3 * BLOCK), bytes(20 * BLOCK), bytes(BLOCK) + one, bytes(2 * BLOCK) + one, bytes(2 * BLOCK) + b"x",
                 bytes(2 * BLOCK) + b"x" * BLOCK, bytes(100), bytes(BLOCK + 100), bytes(2 * BLOCK + 100), b"x" * BLOCK, b"x",
                 pax(b"path=x"), long_name(b"x"), pax(b"path=x") + bytes(2 * BLOCK), long_name(b"x") + bytes(2 * BLOCK), pax(b"comment=x", kind=b"g"),
                 pax(b"comment=x", kind=b"g") + bytes(2 * BLOCK)):
        yield one + tail
        yield tail
    for size in range(0, len(one), 100):
        yield one + one[:size]
    yield one + one[:-1]
    yield file(data=b"x" * 1000)[:-1] + bytes(0)
    for kind in b"5", b"2", b"1":
        yield header(kind=kind, link=b"t")


def duplicates():
    for first in b"0", b"5", b"2", b"1":
        for second in b"0", b"5", b"2", b"1":
            yield header(b"a", first, link=b"t") + header(b"a", second, link=b"t")


def quirks():
    for group in number_quirks, name_quirks, header_quirks, extended_quirks, long_quirks, duplicates:
        for index, middle in enumerate(group()):
            yield f"{group.__name__}-{index}", between(middle)
    for index, whole in enumerate(end_quirks()):
        yield f"end-{index}", whole


def mutations(seed, count):
    """Archives of a few entries in whose fields something was changed; the checksum is right again, mostly."""
    source = random.Random(seed)
    bases = [file(), file(magic=GNU), file(magic=V7, kind=b"\0"), header(b"d/", b"5"), header(b"l", b"2", link=b"target"), header(b"h", b"1", link=b"before"),
             header(b"c", b"3", major=octal(1, 8), minor=octal(3, 8)), pax(b"path=long/name", b"mtime=1.5", b"uid=5") + file(),
             long_name(b"long/name\0") + file(magic=GNU), pax(b"comment=x", kind=b"g") + file(), file(prefix=b"some/folder")]
    texts = [b"", b"\0", b" ", b"/", b"..", b"../", b"./", b"a", b"0", b"7", b"\xff", b"\x80", b"12", b"000000", b"x" * 100]
    for index in range(count):
        blocks = bytearray(b"".join(source.choice(bases) for _ in range(source.randint(1, 3))))
        for _ in range(source.randint(1, 3)):
            block = source.randrange(len(blocks) // BLOCK) * BLOCK
            if source.random() < 0.3:
                blocks[block + source.randrange(BLOCK)] = source.choice([0, 32, 47, 48, 55, 128, 255, source.randrange(256)])
            else:
                start, size = FIELDS[source.choice(list(FIELDS))]
                value = source.choice(texts)[:size]
                offset = source.choice([0, 0, 0, source.randrange(size), size - len(value)])
                value = value[:size - offset]
                blocks[block + start + offset:block + start + offset + len(value)] = value
            view = blocks[block:block + BLOCK]
            if source.random() < 0.95 and any(view) and view[257:262] in (b"ustar", bytes(5)):
                checksum(view)
                blocks[block:block + BLOCK] = view
        yield f"mutation-{seed}-{index}", between(bytes(blocks))
