# SPDX-License-Identifier: Apache-2.0
require ${@bb.utils.contains("DISTRO_FEATURES", "cruet", "recipes-extended/xz/xz-cruet.inc", "", d)}
