#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: hostile.py LAYOUT NEW CASE: copy the OCI layout of one image to NEW with one thing wrong in its documents.

Digests and sizes are made right again, so that nothing but the case is what refuses it. `hostile.py` alone lists the cases.
"""
import base64
import hashlib
import json
import os
import shutil
import sys


class Image:
    """index.json -> manifest -> config, in memory; `text` replaces a document's own."""

    def __init__(self, folder):
        self.folder = folder
        with open(f"{folder}/index.json", encoding="utf-8") as file:
            self.index = json.load(file)
        self.entry = self.index["manifests"][0]
        self.manifest = self.read(self.entry)
        self.config = self.read(self.manifest["config"])
        self.texts = {}

    def path(self, digest):
        return f"{self.folder}/blobs/{digest.replace(':', '/')}"

    def read(self, descriptor):
        with open(self.path(descriptor["digest"]), encoding="utf-8") as file:
            return json.load(file)

    def put(self, descriptor, name, value):
        data = self.texts.get(name, json.dumps(value))
        data = data if isinstance(data, bytes) else data.encode()
        descriptor.update(digest="sha256:" + hashlib.sha256(data).hexdigest(), size=len(data))
        with open(self.path(descriptor["digest"]), "wb") as file:
            file.write(data)

    def write(self, last):
        if "config" in self.manifest:
            self.put(self.manifest["config"], "config", self.config)
        self.put(self.entry, "manifest", self.manifest)
        last(self)
        with open(f"{self.folder}/index.json", "w", encoding="utf-8") as file:
            file.write(self.texts.get("index", json.dumps(self.index)))


def nothing(_image):
    pass


def both_kinds(image):
    image.manifest["manifests"] = []


def both_spelled_otherwise(image):
    image.manifest["Manifests"] = []


def index_as_manifest(image):
    image.manifest.update(mediaType="application/vnd.oci.image.index.v1+json")


def docker_twin(image):
    image.manifest.update(mediaType="application/vnd.docker.distribution.manifest.v2+json")


def announced_as_index(image):
    image.entry["mediaType"] = "application/vnd.oci.image.index.v1+json"


def schema_1(image):
    image.manifest["schemaVersion"] = 1


def layers_128(image):
    image.manifest["layers"] = image.manifest["layers"][:1] * 129
    image.config["rootfs"]["diff_ids"] = image.config["rootfs"]["diff_ids"][:1] * 129


def more_layers(image):
    image.manifest["layers"].append(image.manifest["layers"][0])


def fewer_layers(image):
    image.manifest["layers"].pop()


def swapped_layers(image):
    image.manifest["layers"].reverse()


def wrong_diff_id(image):
    image.config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64


def short_diff_id(image):
    image.config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 63


def other_rootfs(image):
    image.config["rootfs"]["type"] = "tree"


def size_negative(image):
    image.manifest["layers"][0]["size"] = -1


def size_smaller(image):
    image.manifest["layers"][0]["size"] -= 1


def size_larger(image):
    image.manifest["layers"][0]["size"] += 1


def size_huge(image):
    image.manifest["layers"][0]["size"] = 1 << 64


def digest_upper(image):
    digest = image.manifest["layers"][0]["digest"]
    image.manifest["layers"][0]["digest"] = "sha256:" + digest[7:].upper()


def digest_short(image):
    image.manifest["layers"][0]["digest"] = image.manifest["layers"][0]["digest"][:-1]


def digest_path(image):
    image.manifest["layers"][0]["digest"] = "sha256:" + "../" * 20 + "etc"


def digest_unknown(image):
    image.manifest["layers"][0]["digest"] = "blake3:" + "0" * 64


def digest_of_other(image):
    image.manifest["layers"][0]["digest"] = "sha256:" + "0" * 64


def data_wrong(image):
    image.manifest["layers"][0]["data"] = base64.b64encode(b"x" * image.manifest["layers"][0]["size"]).decode()


def duplicate_key(image):
    image.texts["manifest"] = json.dumps(image.manifest)[:-1] + ', "layers": []}'


def deep(image):
    image.manifest["annotations"] = {"x": "x"}
    image.texts["manifest"] = json.dumps(image.manifest)[:-1] + ', "y": ' + "[" * 2000 + "]" * 2000 + "}"


def nul(image):
    image.manifest["annotations"] = {"x": "a\0b"}


def not_utf8(image):
    image.texts["manifest"] = json.dumps(image.manifest)[:-1].encode() + b', "y": "\xff"}'


def many_values(image):
    image.texts["config"] = json.dumps(image.config)[:-1] + ', "y": [' + "0," * 200000 + "0]}"


def huge_manifest(image):
    image.texts["manifest"] = json.dumps(image.manifest) + " " * (4 << 20)


def huge_config(image):
    image.texts["config"] = json.dumps(image.config) + " " * (4 << 20)


def user_number(image):
    image.config["config"]["User"] = 0


def reserved_label(image):
    image.config["config"]["Labels"] = {"cruet.image.signer": "the factory"}


def volume(path):
    def change(image):
        image.config["config"]["Volumes"] = {path: {}}
    return change


def appc(**label):
    def change(image):
        image.config["config"]["Labels"] = {"cruet.appc": json.dumps(label)}
    return change


# What happens after digests and sizes are right again.
def truncated_blob(image):
    path = image.path(image.manifest["layers"][0]["digest"])
    os.truncate(path, os.path.getsize(path) - 1)


def flipped_bit(image):
    with open(image.path(image.manifest["layers"][0]["digest"]), "r+b") as file:
        first = file.read(1)[0]
        file.seek(0)
        file.write(bytes([first ^ 1]))


def flipped_config(image):
    with open(image.path(image.manifest["config"]["digest"]), "r+b") as file:
        file.write(b" ")


def index_digest_path(image):
    image.entry["digest"] = "sha256:../../../../etc/passwd"


def index_duplicate(image):
    image.texts["index"] = json.dumps(image.index)[:-1] + ', "manifests": []}'


def nested(image, depth):
    for _ in range(depth):
        entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "annotations": image.entry["annotations"]}
        image.put(entry, "", {"schemaVersion": 2, "manifests": [{**image.entry, "annotations": {}}]})
        image.entry = entry
    image.index["manifests"] = [image.entry]


CASES = {name: (value, nothing) for name, value in list(globals().items())
         if callable(value) and name.islower() and name not in ("nothing", "volume", "appc", "nested")}
for late in truncated_blob, flipped_bit, flipped_config, index_digest_path, index_duplicate:
    CASES[late.__name__] = (nothing, late)
CASES["nested_3"] = (nothing, lambda image: nested(image, 3))
CASES["nested_6"] = (nothing, lambda image: nested(image, 6))
CASES["volume_up"] = (volume("/data/../../x"), nothing)
CASES["volume_relative"] = (volume("data"), nothing)
CASES["volume_proc"] = (volume("/proc/self"), nothing)
CASES["appc_hook"] = (appc(patch={"hooks": {"poststop": [{"path": "/bin/sh"}]}}), nothing)
CASES["appc_capability"] = (appc(patch={"process": {"capabilities": {"bounding": ["CAP_SYS_ADMIN"]}}}), nothing)
CASES["appc_devices"] = (appc(patch={"linux": {"resources": {"devices": [{"allow": True}]}}}), nothing)
CASES["appc_namespaces"] = (appc(patch={"linux": {"namespaces": []}}), nothing)
CASES["appc_bind"] = (appc(mounts=[{"name": "x", "path": "/../etc", "readOnly": False}]), nothing)
CASES["appc_sysctl"] = (appc(patch={"linux": {"sysctl": {"kernel.core_pattern": "|/bin/sh"}}}), nothing)


def main():
    if len(sys.argv) != 4:
        print("\n".join(sorted(CASES)))
        return
    change, last = CASES[sys.argv[3]]
    shutil.copytree(sys.argv[1], sys.argv[2])
    image = Image(sys.argv[2])
    change(image)
    image.write(last)


main()
