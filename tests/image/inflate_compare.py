#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""inflate_compare.py OURS UPSTREAM SEED SECONDS: do both make the same of everything? TAP."""
import random
import struct
import subprocess
import sys
import threading
import time
import zlib

STREAM_END = 1
GIVE = [1, 7, 15, 16, 17, 31, 1000, 32768, 1 << 20]
TAKE = [1, 100, 276, 277, 278, 300, 4096, 65536, 196608]


def make_data(rand):
    """Literals, runs, short periods, matches of all lengths, as far back as the window goes."""
    size = rand.choice([10, 300, 5000, 40000, 150000])
    out = bytearray()
    while len(out) < size:
        kind = rand.randrange(6)
        if kind == 0:
            out += rand.randbytes(rand.randrange(1, 600))
        elif kind == 1:
            out += rand.randbytes(1) * rand.randrange(1, 700)
        elif kind == 2:
            out += rand.randbytes(rand.randrange(1, 40)) * rand.randrange(1, 40)
        elif kind == 3 and len(out) > 32768:
            start = len(out) - rand.randrange(32000, 32769)
            out += out[start:start + rand.randrange(3, 259)]
        elif kind == 4 and out:
            start = rand.randrange(len(out))
            out += out[start:start + rand.randrange(1, 400)]
        else:
            out += bytes(rand.choice(b"etaoin shrdlu\n") for _ in range(rand.randrange(1, 300)))
    return bytes(out)


def compress(rand, data):
    strategy = rand.randrange(5)  # default, filtered, Huffman only, runs, fixed tables
    deflate = zlib.compressobj(rand.choice([1, 2, 4, 6, 9]), 8, rand.choice([9, 10, 12, 15, 31]),
                               rand.choice([1, 8, 9]), strategy)
    out, at = b"", 0
    while at < len(data):
        piece = rand.randrange(1, len(data) + 1)
        out += deflate.compress(data[at:at + piece])
        at += piece
        if rand.random() < 0.3:
            out += deflate.flush(rand.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    return bytearray(out + deflate.flush())


def ask(process, message):
    """(status, what came out), or None: it died."""
    def send():
        try:
            process.stdin.write(message)
            process.stdin.flush()
        except BrokenPipeError:
            pass
    thread = threading.Thread(target=send)
    thread.start()
    head = process.stdout.read(8)
    result = None
    if len(head) == 8:
        status, size = struct.unpack("<iI", head)
        result = status, process.stdout.read(size)
    thread.join()
    return result


def main():
    programs, seed, seconds = sys.argv[1:3], int(sys.argv[3]), float(sys.argv[4])
    ours, upstream = (subprocess.Popen([program], stdin=-1, stdout=-1) for program in programs)
    end = time.monotonic() + seconds
    counts = {"whole": 0, "damaged": 0, "cut": 0}
    refused = 0
    while time.monotonic() < end:
        seed += 1
        rand = random.Random(seed)
        data = make_data(rand)
        packed = compress(rand, data)
        kind = rand.choice(["whole", "whole", "damaged", "cut"])
        if kind == "damaged":
            for _ in range(rand.randrange(1, 4)):
                packed[rand.randrange(len(packed))] ^= 1 << rand.randrange(8)
        elif kind == "cut":
            del packed[rand.randrange(1, len(packed)):]
        # Small pieces of much, and large ones for little, take their time.
        give = rand.choice(GIVE if len(data) < 3000 else GIVE[2:])
        take = rand.choice(TAKE[:7] if give < 1000 else TAKE[1:])
        message = struct.pack("<III", len(packed), give, take) + packed
        found, wanted = ask(ours, message), ask(upstream, message)
        if found is None or found != wanted or (kind == "whole" and found != (STREAM_END, data)):
            print("1..1\nnot ok 1 - seed %d (%s): another result" % (seed - 1, kind))
            return 1
        counts[kind] += 1
        refused += found[0] < 0
    enough = min(counts.values()) >= 10 and refused >= 10
    print("1..1\n%sok 1 - the same of %s, of which %d are refused" % ("" if enough else "not ", counts, refused))
    return not enough


sys.exit(main())
