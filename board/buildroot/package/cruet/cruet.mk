################################################################################
#
# cruet
#
################################################################################

# This tree is a folder of the sources; CRUET_OVERRIDE_SRCDIR names others.
CRUET_VERSION = 0.1.0
CRUET_SITE = $(BR2_EXTERNAL_CRUET_PATH)/../..
CRUET_SITE_METHOD = local
CRUET_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude=/build
CRUET_LICENSE = Apache-2.0
CRUET_LICENSE_FILES = LICENSE

# What `cruet --version` says of its commit.
define CRUET_KEEP_COMMIT
	git -C $(SRCDIR) rev-parse --short=12 HEAD >$(@D)/.commit 2>/dev/null || \
		rm -f $(@D)/.commit
endef
CRUET_POST_RSYNC_HOOKS += CRUET_KEEP_COMMIT
HOST_CRUET_POST_RSYNC_HOOKS += CRUET_KEEP_COMMIT

# No ARCH and no packages of the host, whatever the environment says.
CRUET_COMMON_OPTS = \
	ARCH= \
	LIBRARIES=pkg-config \
	PYTHON="env PYTHONPATH=$(HOST_DIR)/share/kconfiglib python3" \
	WARNINGS="-Wall -Wextra"

# --- configuration ---

CRUET_KCONFIG_DEPENDENCIES = host-kconfiglib
CRUET_KCONFIG_OPTS = $(CRUET_COMMON_OPTS) PKG_CONFIG=true O=$(CRUET_DIR)
ifeq ($(BR2_PACKAGE_CRUET_USE_DEFCONFIG),y)
CRUET_KCONFIG_DEFCONFIG = $(call qstrip,$(BR2_PACKAGE_CRUET_DEFCONFIG))_defconfig
else
CRUET_KCONFIG_FILE = $(call qstrip,$(BR2_PACKAGE_CRUET_CONFIG_FILE))
endif
CRUET_KCONFIG_FRAGMENT_FILES = $(call qstrip,$(BR2_PACKAGE_CRUET_CONFIG_FRAGMENT_FILES))

# CRUET_SWITCH(symbol, y or nothing)
CRUET_SWITCH = $(call KCONFIG_$(if $(2),ENABLE,DISABLE)_OPT,CONFIG_$(1))

define CRUET_KCONFIG_FIXUP_CMDS
	$(call CRUET_SWITCH,SECCOMP,$(BR2_PACKAGE_CRUET_SECCOMP))
	$(call CRUET_SWITCH,IMAGE,$(BR2_PACKAGE_CRUET_IMAGE))
	$(call CRUET_SWITCH,IMAGE_ZSTD,$(BR2_PACKAGE_CRUET_ZSTD))
	$(call CRUET_SWITCH,IMAGE_XZ,$(BR2_PACKAGE_CRUET_XZ))
	$(call CRUET_SWITCH,IMAGE_BZIP2,$(BR2_PACKAGE_CRUET_BZIP2))
	$(call CRUET_SWITCH,SIGN_MINISIGN,$(BR2_PACKAGE_CRUET_MINISIGN))
	$(call CRUET_SWITCH,SIGN_COSIGN,$(BR2_PACKAGE_CRUET_COSIGN))
	$(call CRUET_SWITCH,PULL_TLS,$(BR2_PACKAGE_CRUET_HTTPS))
	$(if $(BR2_PACKAGE_CRUET_INIT),$(call KCONFIG_ENABLE_OPT,CONFIG_INIT))
endef

# --- target ---

CRUET_DEPENDENCIES = \
	host-pkgconf \
	cjson \
	$(if $(BR2_PACKAGE_CRUET_SECCOMP),libseccomp) \
	$(if $(BR2_PACKAGE_CRUET_IMAGE),zlib) \
	$(if $(BR2_PACKAGE_CRUET_ZSTD),zstd) \
	$(if $(BR2_PACKAGE_CRUET_XZ),xz) \
	$(if $(BR2_PACKAGE_CRUET_BZIP2),bzip2) \
	$(if $(BR2_PACKAGE_CRUET_MINISIGN),libsodium) \
	$(if $(BR2_PACKAGE_CRUET_COSIGN)$(BR2_PACKAGE_CRUET_HTTPS),mbedtls)

# -static would win over -static-pie; which of them it is stands in the
# configuration.
define CRUET_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) $(MAKE) -C $(@D) \
		$(CRUET_COMMON_OPTS) O=$(@D) \
		CFLAGS="$(filter-out -static,$(TARGET_CFLAGS))" \
		LDFLAGS="$(filter-out -static,$(TARGET_LDFLAGS))" all
endef

define CRUET_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/cruet $(TARGET_DIR)/usr/bin/cruet
endef

ifeq ($(BR2_PACKAGE_CRUET_DROP_IN),y)
define CRUET_INSTALL_DROP_IN
	ln -sf cruet $(TARGET_DIR)/usr/bin/runc
	ln -sf cruet $(TARGET_DIR)/usr/bin/crun
endef
CRUET_POST_INSTALL_TARGET_HOOKS += CRUET_INSTALL_DROP_IN
endif

CRUET_ETC = $(call qstrip,$(BR2_PACKAGE_CRUET_ETC))
ifneq ($(CRUET_ETC),)
define CRUET_COPY_ETC
	mkdir -p $(TARGET_DIR)/etc/cruet
	$(foreach directory,$(CRUET_ETC),\
		$(call SYSTEM_RSYNC,$(directory),$(TARGET_DIR)/etc/cruet)$(sep))
endef
CRUET_TARGET_FINALIZE_HOOKS += CRUET_COPY_ETC
endif

# --- init ---

ifeq ($(BR2_PACKAGE_CRUET_INIT),y)
CRUET_DEPENDENCIES += host-cruet

define CRUET_INSTALL_INIT
	mkdir -p $(TARGET_DIR)/sbin
	for name in init reboot poweroff halt; do \
		ln -sf /usr/bin/cruet $(TARGET_DIR)/sbin/$$name || exit 1; \
	done
	$(if $(BR2_TARGET_ROOTFS_CPIO),ln -sf usr/bin/cruet $(TARGET_DIR)/init)
endef
CRUET_POST_INSTALL_TARGET_HOOKS += CRUET_INSTALL_INIT

CRUET_PLAN_OPTS = \
	$(if $(filter "BIG",$(BR2_ENDIAN)),--big-endian,--little-endian) \
	$(if $(BR2_mips)$(BR2_mipsel)$(BR2_mips64)$(BR2_mips64el),--mips,--no-mips)

# When overlays and scripts have put everything in its place.
define CRUET_CHECK_UNITS
	if [ -d $(TARGET_DIR)/etc/cruet/units ]; then \
		$(HOST_DIR)/bin/cruet check --root $(TARGET_DIR) \
			--kernel-config $(if $(BR2_LINUX_KERNEL),$(LINUX_DIR)/.config,none) \
			$(TARGET_DIR)/etc/cruet/units || exit 1; \
		$(HOST_DIR)/bin/cruet compile $(CRUET_PLAN_OPTS) \
			$(TARGET_DIR)/etc/cruet/units || exit 1; \
	fi
endef
CRUET_ROOTFS_PRE_CMD_HOOKS += CRUET_CHECK_UNITS
endif

# --- factory images ---

CRUET_FACTORY_IMAGES = $(call qstrip,$(BR2_PACKAGE_CRUET_FACTORY_IMAGES))
ifneq ($(CRUET_FACTORY_IMAGES),)
CRUET_DEPENDENCIES += host-cruet

# The names of OCI's platforms.
ifeq ($(BR2_x86_64),y)
CRUET_PLATFORM = linux/amd64
else ifeq ($(BR2_i386),y)
CRUET_PLATFORM = linux/386
else ifeq ($(BR2_aarch64),y)
CRUET_PLATFORM = linux/arm64
else ifeq ($(BR2_arm)$(BR2_ARM_CPU_ARMV5),yy)
CRUET_PLATFORM = linux/arm/v5
else ifeq ($(BR2_arm)$(BR2_ARM_CPU_ARMV6),yy)
CRUET_PLATFORM = linux/arm/v6
else ifeq ($(BR2_arm),y)
CRUET_PLATFORM = linux/arm/v7
else ifeq ($(BR2_mipsel),y)
CRUET_PLATFORM = linux/mipsle
else ifeq ($(BR2_mips64el),y)
CRUET_PLATFORM = linux/mips64le
else ifeq ($(BR2_RISCV_64),y)
CRUET_PLATFORM = linux/riscv64
else
CRUET_PLATFORM = linux/$(NORMALIZED_ARCH)
endif

# $(1): an element of CRUET_FACTORY_IMAGES. The settings and the policy are the
# build's, not the host's.
define CRUET_IMPORT_FACTORY_IMAGE
	CRUET_IMAGES=$(HOST_DIR)/share/cruet/images.json \
		$(HOST_DIR)/bin/cruet import --store $(TARGET_DIR)/usr/share/cruet/images \
		--one --platform $(CRUET_PLATFORM) \
		$(if $(findstring =,$(1)),--name $(firstword $(subst =, ,$(1)))) \
		$(lastword $(subst =, ,$(1)))
endef

define CRUET_IMPORT_FACTORY_IMAGES
	rm -rf $(TARGET_DIR)/usr/share/cruet/images
	mkdir -p $(TARGET_DIR)/usr/share/cruet
	$(foreach image,$(CRUET_FACTORY_IMAGES),\
		$(call CRUET_IMPORT_FACTORY_IMAGE,$(image))$(sep))
endef
CRUET_TARGET_FINALIZE_HOOKS += CRUET_IMPORT_FACTORY_IMAGES
endif

# --- host: checks and compiles units, imports and signs images ---

HOST_CRUET_DEPENDENCIES = \
	host-cjson \
	host-kconfiglib \
	host-libsodium \
	host-pkgconf \
	host-zlib \
	host-zstd

# Nothing runs here, and nothing is fetched: no libraries for that.
HOST_CRUET_WITHOUT = SECCOMP PULL SIGN_COSIGN LTO

define HOST_CRUET_CONFIGURE_CMDS
	$(HOST_MAKE_ENV) $(MAKE) -C $(@D) $(CRUET_COMMON_OPTS) PKG_CONFIG=true O=$(@D) full_defconfig
	$(foreach symbol,$(HOST_CRUET_WITHOUT),\
		$(call KCONFIG_DISABLE_OPT,CONFIG_$(symbol),$(@D)/.config)$(sep))
	$(HOST_MAKE_ENV) $(MAKE) -C $(@D) $(CRUET_COMMON_OPTS) PKG_CONFIG=true O=$(@D) olddefconfig
endef

define HOST_CRUET_BUILD_CMDS
	$(HOST_MAKE_ENV) $(HOST_CONFIGURE_OPTS) $(MAKE) -C $(@D) \
		$(CRUET_COMMON_OPTS) LIBRARIES=shared O=$(@D) all
endef

define HOST_CRUET_INSTALL_CMDS
	$(INSTALL) -D -m 0755 $(@D)/cruet $(HOST_DIR)/bin/cruet
	mkdir -p $(HOST_DIR)/share/cruet
	printf '{ "factory": [], "policy": "%s" }\n' \
		$(HOST_DIR)/share/cruet/policy.json >$(HOST_DIR)/share/cruet/images.json
endef

$(eval $(kconfig-package))
$(eval $(host-generic-package))
