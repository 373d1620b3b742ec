#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: make_image.py LAYOUT NAME ROOTFS... [--config JSON] [--compress gzip|none] [--platform OS/ARCH[/VARIANT]]
       [--annotation KEY=VALUE]... [--layer-annotation NUMBER:KEY=VALUE]... [--layer-type NUMBER:TYPE]...

Add an image to an OCI layout (made if it is not there), with each ROOTFS (a folder, a tar file, or a
squashfs or erofs, which stays one) as a layer, lowest first. JSON is the image config's `config`. Prints the manifest's digest. Python's own
modules only, so that nothing of what is tested takes part.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import tarfile


def blob(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as out:
        out.write(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def layer_tar(source):
    if os.path.isfile(source):
        with open(source, "rb") as data:
            return data.read()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(os.listdir(source)):
            tar.add(f"{source}/{name}", arcname=name)
    return out.getvalue()


def filesystem_type(data):
    """The media type of a layer that is mounted."""
    if data[:4] == b"hsqs":
        return "application/vnd.stacker.image.layer.squashfs"
    if data[1024:1028] == bytes.fromhex("e2e1f5e0"):
        return "application/vnd.erofs.layer.v1"
    return None


def document(layout, value):
    return blob(layout, json.dumps(value).encode())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("layout")
    parser.add_argument("name")
    parser.add_argument("rootfs", nargs="+")
    parser.add_argument("--config", default="{}")
    parser.add_argument("--compress", default="gzip")
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--annotation", action="append", default=[])
    parser.add_argument("--layer-annotation", action="append", default=[])
    parser.add_argument("--layer-type", action="append", default=[])
    options = parser.parse_args()
    layout = options.layout
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    with open(f"{layout}/oci-layout", "w", encoding="utf-8") as out:
        out.write('{"imageLayoutVersion": "1.0.0"}')
    layers, diff_ids = [], []
    for source in options.rootfs:
        data = layer_tar(source)
        diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
        kind = "application/vnd.oci.image.layer.v1.tar"
        if filesystem_type(data):
            kind = filesystem_type(data)
        elif options.compress == "gzip":
            data, kind = gzip.compress(data, 6, mtime=0), kind + "+gzip"
        layers.append({"mediaType": kind, **blob(layout, data)})
    for number, _, text in (option.partition(":") for option in options.layer_type):
        layers[int(number)]["mediaType"] = text
    for number, _, pair in (option.partition(":") for option in options.layer_annotation):
        layers[int(number)].setdefault("annotations", {}).update([pair.split("=", 1)])
    platform = dict(zip(("os", "architecture", "variant"), options.platform.split("/")))
    config = document(layout, {**platform, "config": json.loads(options.config),
                               "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config}, "layers": layers}
    if options.annotation:
        manifest["annotations"] = dict(pair.split("=", 1) for pair in options.annotation)
    descriptor = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **document(layout, manifest),
                  "platform": platform, "annotations": {"org.opencontainers.image.ref.name": options.name}}
    index = {"schemaVersion": 2, "manifests": []}
    if os.path.exists(f"{layout}/index.json"):
        with open(f"{layout}/index.json", encoding="utf-8") as old:
            index = json.load(old)
    index["manifests"].append(descriptor)
    with open(f"{layout}/index.json", "w", encoding="utf-8") as out:
        json.dump(index, out)
    print(descriptor["digest"])


main()
