# SPDX-License-Identifier: Apache-2.0
require ${@bb.utils.contains("DISTRO_FEATURES", "cruet", "recipes-extended/bzip2/bzip2-cruet.inc", "", d)}
