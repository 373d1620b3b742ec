# SPDX-License-Identifier: Apache-2.0
# cruet. `make help` says what there is to make; what each variable means stands there too.

CRUET_VERSION := 0.1.0

O ?= build
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:

all:

generated := $(O)/generated
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V))$(findstring s,$(firstword -$(MAKEFLAGS))),@:,@echo "  $(1)	$(patsubst $(O)/%,%,$(2))")

# ---- configuration ----

kconfig_files := Kconfig $(wildcard */Kconfig */*/Kconfig)
kconfig := KCONFIG_CONFIG=$(O)/.config $(PYTHON)
kconfig_packages := { $(PYTHON) -c 'import kconfiglib' 2>/dev/null || scripts/packages kconfig; }

# These work without a configuration.
plain_goals := help clean distclean menuconfig olddefconfig savedefconfig randconfig packages format size check-architectures $(patsubst configs/%,%,$(wildcard configs/*_defconfig))
configured := $(filter-out $(plain_goals),$(or $(MAKECMDGOALS),all))
ifneq (,$(configured))
include $(generated)/auto.conf
endif

.PHONY: menuconfig olddefconfig savedefconfig randconfig
%_defconfig: configs/%_defconfig | $(O)/
	$(Q)$(kconfig_packages) && $(kconfig) -m defconfig $<
menuconfig olddefconfig: | $(O)/
	$(Q)$(kconfig_packages) && $(kconfig) -m $@
savedefconfig: $(O)/.config
	$(Q)$(kconfig) -m savedefconfig --out $(O)/defconfig
	@echo "$(O)/defconfig: to keep it, copy it to configs/NAME_defconfig"
randconfig: | $(O)/
	$(Q)$(kconfig) scripts/randconfig $(SEED)

# No configuration: `full`. One that is older than the Kconfig files is brought up to date, where
# the tool for it is installed.
$(O)/.config: $(kconfig_files) | $(O)/
	$(Q)if [ ! -e $@ ]; then \
		$(kconfig_packages) && $(kconfig) -m defconfig configs/full_defconfig; \
	elif $(PYTHON) -c 'import kconfiglib' 2>/dev/null; then \
		$(kconfig) -m olddefconfig; \
	else \
		echo "$@: older than the Kconfig files, taken as it is (no kconfiglib here)"; \
	fi
	@touch $@

# ---- toolchain and libraries ----

include board/host/targets.mk
target := $(target-$(ARCH))
ifneq (,$(ARCH))
CROSS_COMPILE ?= $(or $(word 1,$(target)),$(error ARCH=$(ARCH) is not in board/host/targets.mk: give CROSS_COMPILE))
endif
ifeq (default,$(origin CC))
CC := $(CROSS_COMPILE)gcc
endif
include scripts/toolchain.mk

# The host's packages are looked at once for each $(O), where the libraries are built here.
ifeq (build,$(LIBRARIES))
compiler_packages := $(if $(filter clang%,$(CC)),clang lld llvm) \
	$(if $(ARCH),gcc-$(patsubst %-,%,$(CROSS_COMPILE)) $(patsubst %,linux-libc-dev-%-cross,$(filter-out amd64,$(word 2,$(target)))))
host_packages := $(generated)/packages
$(host_packages): scripts/packages | $(generated)/
	$(Q)COMPILER_PACKAGES='$(compiler_packages)' scripts/packages build
	@touch $@
ifneq (,$(configured))
include $(host_packages) # read again with the compiler that was missing
endif
endif
$(generated)/auto.conf: $(O)/.config scripts/autoconf
	$(Q)scripts/autoconf $< $(generated)

# ---- what to compile: each folder's Kbuild names it ----

# $(1): a folder, with its slash. Adds to `objects` what it lists, and goes into its folders.
define read_folder
obj-y :=
-include $(1)Kbuild
objects += $$(addprefix $(1),$$(filter %.o,$$(obj-y)))
$$(foreach folder,$$(addprefix $(1),$$(filter %/,$$(obj-y))),$$(eval $$(call read_folder,$$(folder))))
endef
objects := main.o
$(foreach folder,lib/ runtime/ $(if $(CONFIG_IMAGE),image/) $(if $(CONFIG_INIT),init/),$(eval $(call read_folder,$(folder))))
objects := $(addprefix $(O)/obj/,$(objects))

# A folder that is not the repository may lie in another one.
commit := $(shell { [ -e .git ] && git rev-parse --short=12 HEAD || cat .commit || echo unknown; } 2>/dev/null)

all: $(O)/cruet
$(O)/cruet: $(objects) $(generated)/objects $(soft_libgcc)
	$(call say,LINK,$@)
	$(Q)$(link) -o $@.$$$$ $(objects) $(libraries) && mv $@.$$$$ $@

$(O)/obj/%.o: %.c $(generated)/flags $(sysroot_stamp) | $(generated)/autoconf.h
	$(call say,CC,$(@:$(O)/obj/%=%))
	@mkdir -p $(@D)
	$(Q)$(CC) $(compile) -MMD -MF $@.$$$$ -MT $@ -c -o $@ $< && scripts/depend $@.$$$$ $(@:.o=.d) $(generated)
-include $(wildcard $(objects:.o=.d))

# Written when they change, so that what depends on them is made anew.
.PHONY: FORCE
FORCE:
$(generated)/autoconf.h: $(generated)/auto.conf ;
$(generated)/version.h: FORCE | $(generated)/
	@printf '#define CRUET_VERSION "%s"\n#define CRUET_COMMIT "%s"\n' $(CRUET_VERSION) $(commit) | scripts/update $@
$(generated)/flags: FORCE | $(generated)/ $(generated)/version.h
	@echo '$(CC) $(compile) | $(link) $(libraries)' | scripts/update $@
$(generated)/objects: FORCE $(generated)/flags | $(generated)/
	@echo '$(objects)' | scripts/update $@
%/:
	@mkdir -p $@

include scripts/board.mk
include scripts/tests.mk

# ---- to use it ----

.PHONY: all install run run-container rootfs size format clean distclean help packages check check-reproducible
run: board-$(default_board)-run
run-container: all rootfs
	$(Q)rootfs-test/run $(O)/cruet $(O)/rootfs

# BusyBox for the same target, as the root file system that `run` and the tests start from.
rootfs: $(O)/rootfs/bin/busybox
$(O)/rootfs/bin/busybox: rootfs-test/rootfs rootfs-test/busybox $(sysroot_stamp)
	$(Q)scripts/packages rootfs
	$(Q)CC='$(CROSS_COMPILE)gcc $(if $(target),$(wordlist 4,99,$(target)))' TRIPLET='$(triplet)' SYSROOT=$(library_root) \
		rootfs-test/busybox >$(O)/busybox.path
	$(Q)rootfs-test/rootfs "$$(cat $(O)/busybox.path)" $(O)/rootfs

install: all
	install -D -m 755 $(O)/cruet $(DESTDIR)$(PREFIX)/bin/cruet
	for page in docs/*.[158]; do install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page; done
	for name in $(LINKS); do ln -sf cruet $(DESTDIR)$(PREFIX)/bin/$$name; done

check: $(generated)/autoconf.h $(generated)/version.h
	$(Q)scripts/packages check
	$(Q)scripts/check $(O) $(ONLY)
format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i
check-reproducible: $(O)/.config
	$(Q)scripts/reproducible $(O)
size:
	$(Q)scripts/size $(O) $(TABLE)

# Removes what was made here; the configuration stays. (The cache of libraries is elsewhere.)
clean:
	$(if $(filter $(CURDIR),$(abspath $(O))),$(error O is the folder of the sources: nothing is removed from it))
	$(Q)rm -rf $(addprefix $(O)/,obj generated unit softfloat cmocka architectures bench board programs tests test-results size check rootfs run cruet cruet.map sysroot busybox.path defconfig)
distclean: clean
	$(Q)rm -f $(O)/.config $(O)/.config.old
	$(Q)rmdir $(O) 2>/dev/null || true
packages:
	$(Q)scripts/packages kconfig build rootfs $(parts) bench check

help:
	@cat scripts/help
