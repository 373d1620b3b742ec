# SPDX-License-Identifier: Apache-2.0
SUMMARY = "The least that boots with cruet as PID 1"
DESCRIPTION = "BusyBox, cruet, the device's units and the images of CRUET_FACTORY_IMAGES; the root is read-only."
LICENSE = "Apache-2.0"

inherit core-image cruet-image features_check

REQUIRED_DISTRO_FEATURES = "cruet"

IMAGE_INSTALL = "base-files base-passwd netbase ${VIRTUAL-RUNTIME_base-utils} cruet cruet-init cruet-device \
    kernel-modules ${CORE_IMAGE_EXTRA_INSTALL}"
IMAGE_FEATURES += "read-only-rootfs"
IMAGE_LINGUAS = ""
IMAGE_ROOTFS_EXTRA_SPACE = "0"
