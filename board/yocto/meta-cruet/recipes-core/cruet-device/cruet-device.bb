# SPDX-License-Identifier: Apache-2.0
SUMMARY = "What cruet does as PID 1 of this machine"
DESCRIPTION = "system.json and the units of a device. A product replaces the files by a bbappend with its own \
FILESEXTRAPATHS, or sets PREFERRED_RPROVIDER and brings a recipe of its own."
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/files/common-licenses/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "file://system.json file://console.json"
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}"

PACKAGE_ARCH = "${MACHINE_ARCH}"
INHIBIT_DEFAULT_DEPS = "1"

# The first of SERIAL_CONSOLES ("115200;ttyS0 ...").
CRUET_CONSOLE ??= "${@((d.getVar('SERIAL_CONSOLES') or 'console').split() or ['console'])[0].split(';')[-1]}"
CRUET_HOSTNAME ??= "${MACHINE}"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
	install -d ${D}${sysconfdir}/cruet/units
	sed -e 's|@CONSOLE@|${CRUET_CONSOLE}|' -e 's|@HOSTNAME@|${CRUET_HOSTNAME}|' ${S}/system.json \
		> ${D}${sysconfdir}/cruet/system.json
	for unit in ${S}/*.json; do
		[ "$unit" = ${S}/system.json ] || install -m 644 "$unit" ${D}${sysconfdir}/cruet/units/
	done
}

FILES:${PN} = "${sysconfdir}/cruet"
CONFFILES:${PN} = "${sysconfdir}/cruet/system.json"
RDEPENDS:${PN} = "cruet-init"
