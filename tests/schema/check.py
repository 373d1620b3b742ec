#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: check.py PARSER BARE-PARSER: compare our parser (check_config.c) with the schemas of the specification, in both directions.

1. The schemas' own samples: good ones are accepted, bad ones refused.
2. What we write (features, template) is valid.
3. Every property of the schema for Linux: a value of a wrong type is refused, so that none is missing in our table.
4. Every value of a configuration that has them all is replaced and removed: what the schema refuses, we refuse.
5. A build without any symbol (BARE-PARSER) refuses each property that needs one by that name, unless it asks for nothing.
Where we differ from the schema on purpose, the reason stands here. Prints TAP; with VERBOSE=1 also what only we refuse.
"""
import copy
import glob
import json
import os
import subprocess
import sys

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
OCI = f"{HERE}/oci"

# Good samples that we refuse: the property that we name, and why.
GOOD_BUT_REFUSED = {
    "spec-example": ("ociVersion", "we take versions 1.x only"),
    "zos-example": ("ociVersion", "we take versions 1.x only"),
    "freebsd-example": ("hostname", "without a uts namespace it would rename the host"),
    "linux-netdevice": ("linux.netDevices", "refused by the name of its Kconfig symbol"),
    "linux-rdma": ("linux.resources.rdma", "refused by the name of its Kconfig symbol"),
}
# Bad samples that we accept.
BAD_BUT_ACCEPTED = {
    "freebsd-vnet-disable": "properties of other platforms are unknown here, and ignored",
}
# What other platforms have in objects that we read: unknown, and ignored (config.md#extensibility).
OTHER_PLATFORMS = {
    ("process", "commandLine"), ("process", "user", "username"),
    ("solaris",), ("windows",), ("vm",), ("zos",), ("freebsd",),
}


# What a build without the symbol refuses, and what it accepts because nothing is asked for.
SYMBOLS = [
    ("USER_NAMESPACE", ("linux", "namespaces"), [{"type": "user"}], []),
    ("USER_NAMESPACE", ("linux", "uidMappings"), [{"containerID": 0, "hostID": 0, "size": 1}], []),
    ("HOOKS_CONTAINER", ("hooks", "poststop"), [{"path": "/a"}], []),
    ("HOOKS_CONTAINER", ("hooks", "startContainer"), [{}], []),
    ("SCHEDULER", ("process", "scheduler"), {"policy": "SCHED_RR", "priority": 1}, {}),
    ("PERSONALITY", ("linux", "personality"), {}, None),
    ("APPARMOR", ("process", "apparmorProfile"), "docker-default", "unconfined"),
    ("APPARMOR", ("process", "apparmorProfile"), "x", ""),
    ("SELINUX", ("process", "selinuxLabel"), "x", ""),
    ("SELINUX", ("linux", "mountLabel"), "x", ""),
    ("SECCOMP", ("linux", "seccomp"), {}, None),
    ("SECCOMP", ("linux", "seccomp"), {"defaultAction": "SCMP_ACT_ALLOW"}, None),
    ("IO_THROTTLE", ("linux", "resources", "blockIO", "throttleReadBpsDevice"), [{}], []),
    ("BLKIO_WEIGHT", ("linux", "resources", "blockIO", "weight"), 10, 0),
    ("BLKIO_WEIGHT", ("linux", "resources", "blockIO", "weightDevice"), [{}], []),
    ("CPU_REALTIME", ("linux", "resources", "cpu", "realtimeRuntime"), 1, 0),
    ("CPU_REALTIME", ("linux", "resources", "cpu", "realtimePeriod"), 1, 0),
    ("NET_CLS", ("linux", "resources", "network", "classID"), 1, 0),
    ("NET_CLS", ("linux", "resources", "network", "priorities"), [{}], []),
    ("HUGEPAGES", ("linux", "resources", "hugepageLimits"), [{}], []),
    ("RDMA", ("linux", "resources", "rdma"), {"x": {}}, {}),
    ("MEMORY_SWAPPINESS", ("linux", "resources", "memory", "swappiness"), 0, None),
    ("MEMORY_SWAPPINESS", ("linux", "resources", "memory", "disableOOMKiller"), True, False),
    ("IDMAP_MOUNTS", ("mounts", 0, "uidMappings"), [{}], []),
    ("TIME_NAMESPACE", ("linux", "namespaces"), [{"type": "time"}], []),
    ("TIME_NAMESPACE", ("linux", "timeOffsets"), {"monotonic": {}}, {}),
    ("NETDEVICES", ("linux", "netDevices"), {"eth0": {}}, {}),
    ("IO_PRIORITY", ("process", "ioPriority"), {}, None),
    ("EXEC_AFFINITY", ("process", "execCPUAffinity"), {"final": "0"}, {}),
    ("INTEL_RDT", ("linux", "intelRdt"), {}, None),
    ("MEMORY_POLICY", ("linux", "memoryPolicy"), {}, None),
]

DELETED = object()
WRONG = [None, True, "", "x", -1, 1.5, 1 << 32, 1 << 64, -(1 << 63) - 1, [], {}, [None], [1], ["x"], {"x": None}, DELETED]


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def check(self, good, name, details=()):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good:
            self.failures += 1
            for detail in list(details)[:20]:
                print(f"# {detail}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failures else 0


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validator(name):
    """Of a schema file; the others are found beside it."""
    store = {f"file://{file}": load(file) for file in glob.glob(f"{OCI}/*.json")}
    schema = store[f"file://{OCI}/{name}"]
    resolver = jsonschema.RefResolver(f"file://{OCI}/{name}", schema, store=store)
    return jsonschema.Draft4Validator(schema, resolver=resolver)


class Parser:
    def __init__(self, program):
        self.program = program

    def print(self, what):
        return subprocess.run([self.program, what], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout

    def verdicts(self, texts):
        """Of each text: "ok" or the message."""
        lines = "".join(text.replace("\n", " ") + "\n" for text in texts)
        done = subprocess.run([self.program, "lines"], check=True, input=lines, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, encoding="utf-8")
        answers = done.stdout.splitlines()
        assert len(answers) == len(texts), "one answer for each document"
        return answers


def check_samples(tap, parser):
    for path in sorted(glob.glob(f"{OCI}/test/config/*/*.json")):
        name = os.path.basename(path)[:-len(".json")]
        with open(path, encoding="utf-8") as file:
            answer = parser.verdicts([file.read()])[0]
        if "/good/" in path and answer != "ok" and name in GOOD_BUT_REFUSED:
            where, why = GOOD_BUT_REFUSED[name]
            tap.check(f": {where}: " in answer, f"good sample {name} is refused: {why}", [answer])
        elif "/good/" in path:
            tap.check(answer == "ok", f"good sample {name} is accepted", [answer])
        elif name in BAD_BUT_ACCEPTED:
            tap.check(answer == "ok", f"bad sample {name} is accepted: {BAD_BUT_ACCEPTED[name]}", [answer])
        else:
            tap.check(answer != "ok", f"bad sample {name} is refused")


def repaired_example():
    """The specification's own example, without what we refuse by name."""
    example = load(f"{OCI}/test/config/good/spec-example.json")
    example["ociVersion"] = "1.0.0"
    linux = example["linux"]
    del linux["timeOffsets"]
    linux["namespaces"] = [space for space in linux["namespaces"] if space["type"] != "time"]
    del linux["resources"]["blockIO"]["leafWeight"]
    del linux["resources"]["blockIO"]["weightDevice"][0]["leafWeight"]
    return example


def check_own_documents(tap, parser, config_schema):
    features = json.loads(parser.print("features"))
    errors = [error.message for error in validator("features-schema.json").iter_errors(features)]
    tap.check(not errors, "the features document is valid", errors)
    for what in "template", "rootless":
        errors = [error.message for error in config_schema.iter_errors(json.loads(parser.print(what)))]
        tap.check(not errors, f"the {what} configuration is valid", errors)
    answer = parser.verdicts([json.dumps(repaired_example())])[0]
    tap.check(answer == "ok", "the specification's example is accepted, but for what is refused by name", [answer])


def set_at(document, path, value):
    """A copy of the document with the value at the path, which is made as needed."""
    document = copy.deepcopy(document)
    place = document
    for step, following in zip(path, path[1:]):
        if isinstance(place, list):
            if not place:
                place.append([] if isinstance(following, int) else {})
            place = place[step]
        else:
            place = place.setdefault(step, [] if isinstance(following, int) else {})
    if value is DELETED:
        del place[path[-1]]
    elif isinstance(place, list) and path[-1] == len(place):
        place.append(value)
    else:
        place[path[-1]] = value
    return document


def schema_properties(config_schema, schema, path=()):
    """All property paths of a schema, with the types that they may have."""
    resolver = config_schema.resolver
    if "$ref" in schema:
        with resolver.resolving(schema["$ref"]) as resolved:
            yield from schema_properties(config_schema, resolved, path)
        return
    if path and "type" in schema:
        yield path, schema["type"]
    for part in schema.get("allOf", []) + schema.get("anyOf", []):
        yield from schema_properties(config_schema, part, path)
    for name, below in schema.get("properties", {}).items():
        if path + (name,) not in OTHER_PLATFORMS:
            yield from schema_properties(config_schema, below, path + (name,))
    for below in schema.get("patternProperties", {}).values():
        yield from schema_properties(config_schema, below, path + ("x",))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from schema_properties(config_schema, schema["additionalProperties"], path + ("x",))
    if "items" in schema:
        yield from schema_properties(config_schema, schema["items"], path + (0,))


def check_every_property(tap, parser, config_schema):
    base = {"ociVersion": "1.0.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["sh"]}}
    paths = sorted(set(schema_properties(config_schema, config_schema.schema)), key=str)
    wrong = {"string": 7, "integer": "7", "boolean": "true", "array": {}, "object": []}
    answers = parser.verdicts([json.dumps(set_at(base, path, wrong[kind])) for path, kind in paths])
    accepted = [f"{path}: wants {kind}" for (path, kind), answer in zip(paths, answers) if answer == "ok"]
    tap.check(len(paths) > 200, f"the schema has many properties ({len(paths)})")
    tap.check(not accepted, "no property of the schema takes a value of a wrong type", accepted)


def nodes(document, path=()):
    if path:
        yield path
    steps = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for step, below in steps:
        yield from nodes(below, path + (step,))


def check_mutations(tap, parser, config_schema):
    full = load(f"{HERE}/full.json")
    answer = parser.verdicts([json.dumps(full)])[0]
    errors = [error.message for error in config_schema.iter_errors(full)]
    tap.check(answer == "ok" and not errors, "the full configuration is accepted, and valid", [answer] + errors)

    changes = [(path, value) for path in nodes(full) for value in WRONG]
    documents = [set_at(full, path, value) for path, value in changes]
    answers = parser.verdicts([json.dumps(document) for document in documents])
    wrong, stricter = [], 0
    for (path, value), document, answer in zip(changes, documents, answers):
        valid = config_schema.is_valid(document)
        change = f"{path} = {'deleted' if value is DELETED else json.dumps(value)}"
        if not valid and answer == "ok":
            wrong.append(change)
        if valid and answer != "ok":
            stricter += 1
            if os.environ.get("VERBOSE"):
                print(f"# {change}: {answer}")
    tap.check(not wrong, f"of {len(changes)} changes none is accepted that the schema refuses", wrong)
    print(f"# refused though the schema allows them: {stricter}")


def check_symbols(tap, bare):
    base = {
        "ociVersion": "1.0.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["sh"]},
        "mounts": [{"destination": "/a"}],
    }
    for symbol, path, value, nothing in SYMBOLS:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
        if path[-1] == "namespaces":
            place += "[0].type"
        answers = bare.verdicts([json.dumps(set_at(base, path, value)), json.dumps(set_at(base, path, nothing))])
        wanted = f"config.json:1: {place}: CONFIG_{symbol} is not set"
        good = answers[0] == wanted and (nothing is None or answers[1] == "ok")
        tap.check(good, f"without {symbol} {'.'.join(map(str, path))} is refused by name", answers)


def main():
    tap = Tap()
    parser = Parser(sys.argv[1])
    config_schema = validator("config-schema.json")
    check_samples(tap, parser)
    check_own_documents(tap, parser, config_schema)
    check_every_property(tap, parser, config_schema)
    check_mutations(tap, parser, config_schema)
    check_symbols(tap, Parser(sys.argv[2]))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
