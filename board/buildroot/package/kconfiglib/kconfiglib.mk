################################################################################
#
# kconfiglib
#
################################################################################

KCONFIGLIB_VERSION = 14.1.0
KCONFIGLIB_SITE = https://files.pythonhosted.org/packages/59/29/d557718c84ef1a8f275faa4caf8e353778121beefbe9fadfa0055ca99aae
KCONFIGLIB_LICENSE = ISC
KCONFIGLIB_LICENSE_FILES = LICENSE.txt

# Plain modules, for the python3 that Buildroot itself needs.
define HOST_KCONFIGLIB_INSTALL_CMDS
	mkdir -p $(HOST_DIR)/share/kconfiglib
	for module in kconfiglib menuconfig defconfig olddefconfig savedefconfig; do \
		$(INSTALL) -m 0644 -t $(HOST_DIR)/share/kconfiglib \
			$(@D)/$$module.py || exit 1; \
	done
endef

$(eval $(host-generic-package))
