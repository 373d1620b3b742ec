# SPDX-License-Identifier: Apache-2.0
require ${@bb.utils.contains("DISTRO_FEATURES", "cruet", "${CRUET_LAYER}/dynamic-layers/openembedded-layer/recipes-crypto/libsodium/libsodium-cruet.inc", "", d)}
