#!/usr/bin/python3 -Wignore::DeprecationWarning
# SPDX-License-Identifier: Apache-2.0
"""Usage: validate.py LAYOUT [NAME...]: all documents of an OCI layout (or only of the images NAME) against the schemas of the
image specification, and their descriptors against what is there. Prints what is wrong.
"""
import hashlib
import json
import os
import sys

import jsonschema

SCHEMAS = f"{os.path.dirname(os.path.abspath(__file__))}/../schema/oci-image"
KINDS = {
    "application/vnd.oci.image.index.v1+json": "image-index-schema.json",
    "application/vnd.oci.image.manifest.v1+json": "image-manifest-schema.json",
    "application/vnd.oci.image.config.v1+json": "config-schema.json",
}
REF_NAME = "org.opencontainers.image.ref.name"
wrong = 0


def complain(*words):
    global wrong
    wrong += 1
    print(*words)


def load(name):
    with open(f"{SCHEMAS}/{name}", encoding="utf-8") as text:
        return json.load(text)


def check(data, name, where):
    schema = load(name)
    handlers = {"https": lambda uri: load(uri.split("#")[0].rsplit("/", 1)[1])}
    resolver = jsonschema.RefResolver(schema["id"], schema, handlers=handlers)
    validator = jsonschema.Draft4Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
    for error in validator.iter_errors(data):
        complain(where, "/".join(map(str, error.path)), error.message)


def walk(layout, descriptor):
    path = f"{layout}/blobs/{descriptor['digest'].replace(':', '/')}"
    with open(path, "rb") as blob:
        data = blob.read()
    if len(data) != descriptor["size"] or hashlib.sha256(data).hexdigest() != descriptor["digest"][7:]:
        complain(path, "is not what its descriptor says")
    schema = KINDS.get(descriptor["mediaType"])
    if not schema:
        return
    document = json.loads(data)
    check(document, schema, path)
    for child in document.get("manifests", []) + document.get("layers", []):
        walk(layout, child)
    if "layers" in document:
        walk(layout, document["config"])


def main():
    layout, names = sys.argv[1], sys.argv[2:]
    with open(f"{layout}/oci-layout", encoding="utf-8") as text:
        check(json.load(text), "image-layout-schema.json", "oci-layout")
    with open(f"{layout}/index.json", encoding="utf-8") as text:
        index = json.load(text)
    check(index, "image-index-schema.json", "index.json")
    found = [one for one in index["manifests"] if not names or one.get("annotations", {}).get(REF_NAME) in names]
    if len(found) < max(1, len(names)):
        complain("index.json:", len(found), "images, wanted", names)
    for descriptor in found:
        walk(layout, descriptor)
    sys.exit(wrong > 0)


main()
