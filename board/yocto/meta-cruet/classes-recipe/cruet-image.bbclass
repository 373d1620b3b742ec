# SPDX-License-Identifier: Apache-2.0
#
# For images whose PID 1 or supervisor is cruet: imports container images into the read-only store of the
# firmware, checks the units against root file system and kernel, and compiles their plan.
#
#   inherit core-image cruet-image
#   CRUET_FACTORY_IMAGES = "web:1.0=${THISDIR}/files/web.tar sensor=${DEPLOY_DIR_IMAGE}/sensor.squashfs"

# NAME=FILE ...: an archive of docker or podman save, an OCI layout, an ACI, a tar or squashfs of a root.
CRUET_FACTORY_IMAGES ??= ""
CRUET_FACTORY_STORE ??= "${datadir}/cruet/images"
# Of an image for several platforms this one is taken, and a plain root file system gets it.
CRUET_PLATFORM ??= "${@cruet_platform(d)}"
# Further options, for all of them: cruet-image(1).
CRUET_IMPORT_OPTIONS ??= ""
# What `cruet check` is told: the kernel's configuration (or "none"), and the device's memory, as "64m".
CRUET_KERNEL_CONFIG ??= "${STAGING_KERNEL_BUILDDIR}/.config"
CRUET_MEMORY ??= ""

inherit siteinfo

def cruet_platform(d):
    """The machine as images name it: OS/ARCHITECTURE[/VARIANT]."""
    names = {"aarch64": "arm64", "x86_64": "amd64", "i486": "386", "i586": "386", "i686": "386",
             "mipsel": "mipsle", "mips64el": "mips64le", "powerpc": "ppc", "powerpc64le": "ppc64le"}
    arch = d.getVar("TARGET_ARCH")
    if arch == "arm":
        tune = (d.getVar("TUNE_FEATURES") or "").split()
        variant = "v5" if "armv5" in tune or "armv5e" in tune else "v6" if "armv6" in tune else "v7"
        return "linux/arm/" + variant
    return "linux/" + names.get(arch, arch)

do_rootfs[depends] += "cruet-native:do_populate_sysroot"
do_rootfs[depends] += "${@'' if d.getVar('CRUET_KERNEL_CONFIG') == 'none' else 'virtual/kernel:do_shared_workdir'}"
do_rootfs[file-checksums] += "${@' '.join('%s:True' % image.split('=', 1)[1] for image in d.getVar('CRUET_FACTORY_IMAGES').split() if '=' in image)}"
do_rootfs[vardeps] += "CRUET_FACTORY_IMAGES CRUET_FACTORY_STORE CRUET_PLATFORM CRUET_IMPORT_OPTIONS CRUET_KERNEL_CONFIG CRUET_MEMORY"

python () {
    for image in d.getVar("CRUET_FACTORY_IMAGES").split():
        name, equals, path = image.partition("=")
        if not name or not equals or not path.startswith("/"):
            bb.fatal("CRUET_FACTORY_IMAGES: '%s' is not NAME=/FILE" % image)
}

# pseudo is left out of cruet's processes: the one that parses archives may do nothing but read and write.
cruet_unfaked() {
	PSEUDO_UNLOAD=1 cruet "$@" || bbfatal "cruet $1: see the lines above"
}

cruet_factory_store() {
	[ -n "${CRUET_FACTORY_IMAGES}" ] || return 0
	store=${IMAGE_ROOTFS}${CRUET_FACTORY_STORE}
	# Settings and policy of the build host are not the device's.
	echo '{ "policy": "${WORKDIR}/no-policy.json", "factory": [] }' > ${WORKDIR}/cruet-images.json
	install -d $store
	for image in ${CRUET_FACTORY_IMAGES}; do
		cruet_unfaked import --quiet --settings ${WORKDIR}/cruet-images.json --store $store \
			--name "${image%%=*}" --one --platform ${CRUET_PLATFORM} ${CRUET_IMPORT_OPTIONS} "${image#*=}"
	done
	cruet_unfaked image fsck --settings ${WORKDIR}/cruet-images.json --store $store
	chown -R root:root $store
}

cruet_check_units() {
	units=${IMAGE_ROOTFS}${sysconfdir}/cruet/units
	[ -d $units ] || return 0
	cruet_unfaked check --root ${IMAGE_ROOTFS} --kernel-config ${CRUET_KERNEL_CONFIG} \
		${@'--memory ' + d.getVar('CRUET_MEMORY') if d.getVar('CRUET_MEMORY') else ''} $units
	cruet_unfaked compile --${@'big' if d.getVar('SITEINFO_ENDIANNESS') == 'be' else 'little'}-endian \
		--${@'' if d.getVar('TARGET_ARCH').startswith('mips') else 'no-'}mips $units
	chown root:root ${IMAGE_ROOTFS}${sysconfdir}/cruet/plan
}

ROOTFS_POSTPROCESS_COMMAND += "cruet_factory_store; cruet_check_units;"
