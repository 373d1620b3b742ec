#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: tar_compare.py CRUET-LISTER GO-LISTER FOLDER [SEED [COUNT]]

What cruet reads of the corpus is what GNU tar, bsdtar, Python and Go all read, or it refuses. Prints TAP.
"""
import collections
import concurrent.futures
import os
import subprocess
import sys
import tarfile

import tar_corpus
import tar_peers


def same(ours, theirs):
    """A field that one of them does not say is no difference."""
    if theirs is None or len(ours) != len(theirs):
        return False
    return all(len(our) == len(their) and all(None in pair or pair[0] == pair[1] for pair in zip(our, their))
               for our, their in zip(ours, theirs))


def is_plain(name):
    try:
        return " -> " not in name.decode()
    except UnicodeDecodeError:
        return False


def look(lister, name, go):
    """Accepted?, and what is wrong."""
    ours, digest = tar_peers.cruet(lister, name)
    if ours == "crash":
        return False, [f"crash: {digest}"]
    if ours is None:
        return False, []
    wrong = []
    for peer, theirs in ("Go", go), ("Python", tar_peers.python(name)):
        if not same(ours, theirs):
            wrong.append(f"{peer}: {theirs}, not {ours}")
    tars = [("GNU tar", tar_peers.gnu(name))]
    # bsdtar refuses to show names that are not UTF-8, and its listing does not quote.
    if all(is_plain(path) and is_plain(link) for _, path, link, *_ in ours):
        tars.append(("bsdtar", tar_peers.bsd(name)))
    for peer, (theirs, data) in tars:
        if not same(ours, theirs):
            wrong.append(f"{peer}: {theirs}, not {ours}")
        elif data != digest:
            wrong.append(f"{peer}: other data")
    return True, wrong


def make_tree(folder):
    """What the programs' own archives are of."""
    long = "long-name-" * 9 + "x"
    os.makedirs(f"{folder}/{long}/{long}")
    os.makedirs(f"{folder}/empty", mode=0o750)
    for name, data in (("small", b"x"), ("none", b""), ("large", bytes(range(256)) * 2000), (f"{long}/{long}/file", b"deep"),
                       ("h\u00e9", b"utf-8"), ("a b", b"blank"), ("setuid", b"s")):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    os.chmod(f"{folder}/setuid", 0o4755)
    os.utime(f"{folder}/small", ns=(10**18, 10**18 + 123456789))
    os.utime(f"{folder}/none", (0, -5))
    os.link(f"{folder}/large", f"{folder}/large-too")
    os.symlink("../" + long, f"{folder}/link")
    os.symlink(long * 2, f"{folder}/long-link")
    os.mkfifo(f"{folder}/pipe")


# ustar has no room for a long link or a negative time.
LEFT = ["--exclude=long-link", "--exclude=none"]


def programs(folder):
    """Archives that GNU tar, bsdtar and Python write of one tree: all must be read."""
    tree = f"{folder}/tree"
    make_tree(tree)
    for kind in "ustar", "gnu", "oldgnu", "posix":
        name = f"{folder}/programs-tar-{kind}.tar"
        left = LEFT if kind == "ustar" else []
        subprocess.run(["tar", "-C", tree, f"--format={kind}", *left, "-cf", name, "."], check=True)
        yield name
    for kind in "ustar", "pax", "gnutar":
        name = f"{folder}/programs-bsdtar-{kind}.tar"
        left = LEFT if kind == "ustar" else []
        subprocess.run(["bsdtar", "-C", tree, f"--format={kind}", *left, "-cf", name, "."], check=True, env=tar_peers.ENVIRONMENT)
        yield name
    for kind in tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT:
        name = f"{folder}/programs-python-{kind}.tar"
        with tarfile.open(name, "w:", format=kind) as tar:
            tar.add(tree, "tree", filter=lambda one, kind=kind: None if kind == tarfile.USTAR_FORMAT and one.name.endswith(("long-link", "none")) else one)
        yield name


def main():
    lister, go_lister, folder = sys.argv[1:4]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 500
    corpus = list(tar_corpus.quirks()) + list(tar_corpus.mutations(seed, count))
    names = []
    for name, content in corpus:
        names.append(os.path.join(folder, name + ".tar"))
        with open(names[-1], "wb") as file:
            file.write(content)
    own = list(programs(folder))
    names += own
    go = tar_peers.go(go_lister, names)
    groups = collections.defaultdict(lambda: [0, 0, []])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, (accepted, wrong) in zip(names, pool.map(lambda one: look(lister, one, go[one]), names)):
            group = groups[os.path.basename(name).split("-")[0]]
            group[0] += 1
            group[1] += accepted
            group[2] += [f"{os.path.basename(name)}: {text}" for text in wrong]
            if not wrong:
                os.unlink(name)
    failed = 0
    for number, (group, (all_, accepted, wrong)) in enumerate(groups.items(), 1):
        # To refuse everything would be easy.
        bad = bool(wrong) or accepted < 10 or (group == "programs" and accepted < all_)
        failed += bad
        print(f"{'not ok' if bad else 'ok'} {number} - {group}: {all_} archives, {accepted} read as all others read them")
        for text in wrong[:int(os.environ.get("SHOW", "10"))]:
            print(f"# {text}")
    print(f"1..{len(groups)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
