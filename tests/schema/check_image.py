#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: check_image.py PROGRAM: compare our readers and writers of image documents (check_image.c) with the schemas of
the image specification.

1. Documents that have everything are accepted, and what we write of them is valid and the same.
2. Every value of them is replaced and removed: what the schema refuses, we refuse.
3. What the schema accepts and we accept is valid again as we write it.
Where we differ from the schema on purpose, the reason stands here. Prints TAP.
"""
import copy
import json
import os
import subprocess
import sys

import jsonschema

SCHEMAS = f"{os.path.dirname(os.path.abspath(__file__))}/oci-image"
DIGEST = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
DELETED = object()
WRONG = [None, True, "", "x", -1, 1.5, 1 << 63, 1 << 64, [], {}, [None], [1], ["x"], {"x": None}, {"x": 1}, {"x": "y"}, DELETED]


def blob(media_type, **more):
    return {"mediaType": media_type, "digest": DIGEST, "size": 0, **more}


CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCUMENTS = {
    "manifest": ("image-manifest-schema.json", {
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x",
        "config": blob(CONFIG), "layers": [blob(LAYER, annotations={"a": "b"}), blob(LAYER)],
        "subject": blob(MANIFEST), "annotations": {"c": "d"}}),
    "index": ("image-index-schema.json", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [blob(MANIFEST, platform={"architecture": "arm", "os": "linux", "os.version": "1", "variant": "v7"}),
                      blob(MANIFEST, artifactType="application/x", annotations={"a": "b"})],
        "annotations": {"c": "d"}}),
    "config": ("config-schema.json", {
        "created": "2026-01-01T00:00:00Z", "author": "me", "architecture": "arm", "os": "linux", "variant": "v7",
        "config": {"User": "u", "ExposedPorts": {"80/tcp": {}}, "Env": ["A=1"], "Entrypoint": ["e"], "Cmd": ["c"],
                   "Volumes": {"/v": {}}, "WorkingDir": "/", "Labels": {"l": "m"}, "StopSignal": "SIGTERM"},
        "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
        "history": [{"created": "2026-01-01T00:00:00Z", "author": "a", "created_by": "c", "comment": "x", "empty_layer": True}]}),
}
# Where the schema refuses what we accept: beginnings of paths.
ACCEPTED = {
    "manifest": {
        ("layers",): "absent or null is no layer",
        ("mediaType",): "null is absent",
        ("artifactType",): "null is absent; \"\" is none",
        ("annotations",): "null is absent",
        ("subject",): "null is absent",
    },
    "index": {
        ("mediaType",): "null is absent",
        ("annotations",): "null is absent",
        ("manifests", 0, "platform"): "null is absent; a platform without an architecture fits, last",
    },
    "config": {
        ("architecture",): "an image that does not say it fits, last",
        ("os",): "the same",
        ("config", "ExposedPorts"): "the values say nothing, only keys are looked at",
        ("config", "Volumes"): "the same",
        ("config", "Env"): "the runtime decides what it takes",
        ("rootfs", "diff_ids"): "absent or null is no layer",
        ("history",): "shown, never acted on",
    },
}
# Members of descriptors that may be null.
NULLABLE = {"artifactType", "annotations", "platform", "urls", "data", "variant", "os.version"}


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


def load(name):
    with open(f"{SCHEMAS}/{name}", encoding="utf-8") as file:
        return json.load(file)


def validator(name):
    """References are relative to the schemas' ids: only the last part of them is a file of ours."""
    schema = load(name)
    handlers = {"https": lambda uri: load(uri.split("#")[0].rsplit("/", 1)[1])}
    resolver = jsonschema.RefResolver(schema["id"], schema, handlers=handlers)
    return jsonschema.Draft4Validator(schema, resolver=resolver)


def answers(program, kind, documents):
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    done = subprocess.run([program, kind], check=True, input=lines, stdout=subprocess.PIPE, encoding="utf-8")
    result = done.stdout.splitlines()
    assert len(result) == len(documents), "one answer for each document"
    return result


def paths(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from paths(below, path + (key,))


def replaced(document, path, value):
    document = copy.deepcopy(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is DELETED:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def excused(kind, path, value):
    if value is None and (path[-1] in NULLABLE or kind == "config"):
        return True
    return any(path[:len(start)] == start for start in ACCEPTED[kind])


def check_kind(tap, program, kind, schema_name, full):
    schema = validator(schema_name)
    answer = answers(program, kind, [full])[0]
    written = json.loads(answer[3:]) if answer.startswith("ok ") else None
    tap.check(written == full, f"{kind}: what we write is what we read", [answer])
    tap.check(not list(schema.iter_errors(full)), f"{kind}: the sample is valid")
    cases = [(path, value) for path in paths(full) for value in WRONG]
    documents = [replaced(full, path, value) for path, value in cases]
    laxer, invalid, accepted = [], [], 0
    for (path, value), document, answer in zip(cases, documents, answers(program, kind, documents)):
        valid = schema.is_valid(document)
        name = f"{'.'.join(map(str, path))} = {'(removed)' if value is DELETED else json.dumps(value)}: {answer[:150]}"
        if not answer.startswith("ok "):
            continue
        accepted += 1
        if not valid and not excused(kind, path, value):
            laxer.append(name)
        if valid and not schema.is_valid(json.loads(answer[3:])):
            invalid.append(name)
    tap.check(len(cases) > 300 and accepted > 20, f"{kind}: {len(cases)} documents, {accepted} accepted")
    tap.check(not laxer, f"{kind}: what the schema refuses, we refuse", laxer)
    tap.check(not invalid, f"{kind}: what is valid is valid as we write it", invalid)


def main():
    tap = Tap()
    for kind, (schema, document) in DOCUMENTS.items():
        check_kind(tap, sys.argv[1], kind, schema, document)
    print(f"1..{tap.count}")
    return 1 if tap.failures else 0


sys.exit(main())
