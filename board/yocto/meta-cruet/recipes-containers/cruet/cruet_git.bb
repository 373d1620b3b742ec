# SPDX-License-Identifier: Apache-2.0
SUMMARY = "Containers for embedded Linux in one static binary"
DESCRIPTION = "OCI container runtime with the command line of runc and crun, image tool, and PID 1 with a \
supervisor for containers and host processes."
SECTION = "console/utils"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The repository that the layer lies in, as it is checked out, unless a distribution says otherwise:
#   CRUET_GIT = "git://HOST/cruet.git;protocol=https;branch=main"
#   CRUET_SRCREV = "<commit>"
# externalsrc (devtool modify) needs nothing of this.
CRUET_GIT ??= "git://${CRUET_TOP};protocol=file;usehead=1"
CRUET_SRCREV ??= "${AUTOREV}"
PV = "0.1.0+git"
SRCREV = "${CRUET_SRCREV}"
SRC_URI = "${CRUET_GIT};destsuffix=${BP}"

DEPENDS = "cjson python3-kconfiglib-native"

inherit cml1 features_check pkgconfig python3native update-alternatives

# The feature brings the static libraries that a distribution has turned off (recipes-*/*.bbappend).
REQUIRED_DISTRO_FEATURES:class-target = "cruet"
REQUIRED_DISTRO_FEATURES:class-native = ""

# ---- configuration: configs/NAME_defconfig, then PACKAGECONFIG, then file://*.cfg of SRC_URI ----

CRUET_DEFCONFIG ??= "full"
CRUET_DEFCONFIG:class-native = "full"
CRUET_FEATURES[full] = "seccomp images zstd minisign cosign tls"
CRUET_FEATURES[qemu_x86_64] = "seccomp images zstd minisign cosign tls"
CRUET_FEATURES[init] = "seccomp"
CRUET_FEATURES[runtime_only] = "seccomp"
CRUET_FEATURES[minimal] = ""

def cruet_features(d, without=""):
    """What CRUET_DEFCONFIG has, as far as the layers have recipes and the distribution wants it."""
    layer_of = {"minisign": "openembedded-layer", "cosign": "networking-layer", "tls": "networking-layer"}
    layers = (d.getVar("BBFILE_COLLECTIONS") or "").split()
    features = d.getVarFlag("CRUET_FEATURES", d.getVar("CRUET_DEFCONFIG")) or ""
    if not bb.utils.contains("DISTRO_FEATURES", "seccomp", True, False, d):
        without += " seccomp"
    return " ".join(feature for feature in features.split()
                    if feature not in without.split() and layer_of.get(feature, "core") in layers + ["core"])

PACKAGECONFIG ??= "${@cruet_features(d)}"
# On the build host it imports, checks and compiles plans; libseccomp has no native recipe.
PACKAGECONFIG:class-native = "${@cruet_features(d, 'seccomp tls')}"
PACKAGECONFIG[seccomp] = "CONFIG_SECCOMP=y,CONFIG_SECCOMP=n,libseccomp"
PACKAGECONFIG[images] = "CONFIG_IMAGE=y,CONFIG_IMAGE=n,zlib"
PACKAGECONFIG[zstd] = "CONFIG_IMAGE_ZSTD=y,CONFIG_IMAGE_ZSTD=n,zstd"
PACKAGECONFIG[xz] = "CONFIG_IMAGE_XZ=y,CONFIG_IMAGE_XZ=n,xz"
PACKAGECONFIG[bzip2] = "CONFIG_IMAGE_BZIP2=y,CONFIG_IMAGE_BZIP2=n,bzip2"
PACKAGECONFIG[minisign] = "CONFIG_SIGN_MINISIGN=y,CONFIG_SIGN_MINISIGN=n,libsodium"
PACKAGECONFIG[cosign] = "CONFIG_SIGN_COSIGN=y,CONFIG_SIGN_COSIGN=n,mbedtls"
PACKAGECONFIG[tls] = "CONFIG_PULL_TLS=y,CONFIG_PULL_TLS=n,mbedtls,,ca-certificates"

B = "${WORKDIR}/build"

# Kconfig says how to optimize; of two -O the last one counts.
FULL_OPTIMIZATION:remove = "-O2"
BUILD_OPTIMIZATION:remove = "-O2"

EXTRA_OEMAKE = "-C ${S} O=${B} PREFIX=${prefix} LIBRARIES=pkg-config SKIP_STRIP=y 'WARNINGS=-Wall' \
    'CC=${CC}' 'AR=${AR}' 'RANLIB=${RANLIB}' CROSS_COMPILE=${TARGET_PREFIX} PKG_CONFIG=pkg-config PYTHON=${PYTHON}"
EXTRA_OEMAKE:append:class-native = " LIBRARIES=shared"

do_configure() {
	oe_runmake ${CRUET_DEFCONFIG}_defconfig
	for line in ${PACKAGECONFIG_CONFARGS}; do
		echo "$line"
	done > ${B}/packageconfig.cfg
	cat ${B}/packageconfig.cfg ${@" ".join(find_cfgs(d))} >> ${B}/.config
	oe_runmake olddefconfig
}
do_configure[cleandirs] = "${B}"

# A fragment that has no effect is a mistake: a wrong name, or a dependency that is off.
python cruet_check_config() {
    import os
    import re

    build = d.getVar("B")
    with open(os.path.join(build, ".config")) as config:
        values = dict(line.strip().split("=", 1) for line in config if line.startswith("CONFIG_"))
    wanted = {}
    for name in [os.path.join(build, "packageconfig.cfg")] + find_cfgs(d):
        with open(name) as fragment:
            for line in fragment:
                match = re.match(r"(CONFIG_\w+)=(.*)$|# (CONFIG_\w+) is not set$", line.strip())
                if match:
                    symbol = match.group(1) or match.group(3)
                    wanted[symbol] = (match.group(2) or "n", os.path.basename(name))
    lost = ["%s: %s=%s is %s in the configuration" % (name, symbol, value, values.get(symbol, "n"))
            for symbol, (value, name) in wanted.items() if values.get(symbol, "n") != value]
    if lost:
        bb.fatal("\n".join(lost))
}
do_configure[postfuncs] += "cruet_check_config"

KCONFIG_CONFIG_COMMAND = "menuconfig ${EXTRA_OEMAKE}"
do_savedefconfig() {
	oe_runmake savedefconfig
	bbplain "The configuration's shortest form: ${B}/defconfig"
}

do_compile() {
	oe_runmake all
}

do_install() {
	oe_runmake install DESTDIR=${D}
	install -d ${D}${sysconfdir}/cruet/units ${D}${datadir}/cruet/images
}
do_install:append:class-target() {
	ln -s cruet ${D}${bindir}/runc
	ln -s cruet ${D}${bindir}/crun
}

# ---- packages ----

PACKAGE_BEFORE_PN = "${PN}-init ${PN}-runc-compat"

# cruet as PID 1: the names in /sbin, beside those of BusyBox and others.
SUMMARY:${PN}-init = "cruet as the first process of a device"
ALLOW_EMPTY:${PN}-init = "1"
RDEPENDS:${PN}-init = "${PN}"
RPROVIDES:${PN}-init = "virtual-init-manager"
ALTERNATIVE_PRIORITY = "300"
ALTERNATIVE:${PN}-init = "init reboot poweroff halt"
ALTERNATIVE_LINK_NAME[init] = "${base_sbindir}/init"
ALTERNATIVE_LINK_NAME[reboot] = "${base_sbindir}/reboot"
ALTERNATIVE_LINK_NAME[poweroff] = "${base_sbindir}/poweroff"
ALTERNATIVE_LINK_NAME[halt] = "${base_sbindir}/halt"
ALTERNATIVE_TARGET = "${bindir}/cruet"

# For what starts containers by the name of another runtime.
SUMMARY:${PN}-runc-compat = "The names runc and crun for cruet"
FILES:${PN}-runc-compat = "${bindir}/runc ${bindir}/crun"
RDEPENDS:${PN}-runc-compat = "${PN}"
RPROVIDES:${PN}-runc-compat = "virtual-runc"
RCONFLICTS:${PN}-runc-compat = "crun runc-docker runc-opencontainers"

FILES:${PN} += "${datadir}/cruet"

BBCLASSEXTEND = "native"
