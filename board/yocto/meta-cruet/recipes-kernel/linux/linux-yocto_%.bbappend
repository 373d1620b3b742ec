# SPDX-License-Identifier: Apache-2.0
require ${@bb.utils.contains("DISTRO_FEATURES", "cruet", "recipes-kernel/linux/linux-cruet.inc", "", d)}
