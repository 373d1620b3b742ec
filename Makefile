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
say = $(if $(filter 1,$(V)),,@echo "  $(1)	$(patsubst $(O)/%,%,$(2))")

# ---- configuration ----

kconfig_files := Kconfig $(wildcard */Kconfig */*/Kconfig)
kconfig := KCONFIG_CONFIG=$(O)/.config $(PYTHON)

# These work without a configuration.
plain_goals := help clean distclean menuconfig olddefconfig savedefconfig randconfig packages check $(patsubst configs/%,%,$(wildcard configs/*_defconfig))
ifneq (,$(filter-out $(plain_goals),$(or $(MAKECMDGOALS),all)))
include $(generated)/auto.conf
endif

.PHONY: menuconfig olddefconfig savedefconfig randconfig
%_defconfig: configs/%_defconfig | $(O)/
	$(Q)$(kconfig) -m defconfig $<
menuconfig: | $(O)/
	$(Q)$(kconfig) -m menuconfig
olddefconfig: | $(O)/
	$(Q)$(kconfig) -m olddefconfig
savedefconfig: $(O)/.config
	$(Q)$(kconfig) -m savedefconfig --out $(O)/defconfig
	@echo "$(O)/defconfig: to keep it, copy it to configs/NAME_defconfig"
randconfig: | $(O)/
	$(Q)$(kconfig) scripts/randconfig $(SEED)

# No configuration: `full`. One that is older than the Kconfig files is brought up to date, where
# the tool for it is installed.
$(O)/.config: $(kconfig_files) | $(O)/
	$(Q)if [ ! -e $@ ]; then \
		$(kconfig) -m defconfig configs/full_defconfig; \
	elif $(PYTHON) -c 'import kconfiglib' 2>/dev/null; then \
		$(kconfig) -m olddefconfig; \
	else \
		echo "$@: older than the Kconfig files, taken as it is (no kconfiglib here)"; \
	fi
	@touch $@
$(generated)/auto.conf: $(O)/.config scripts/autoconf
	$(Q)scripts/autoconf $< $(generated)

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

# ---- what to compile: each folder's Kbuild names it ----

# $(1): a folder, with its slash. Adds to `objects` what it lists, and goes into its folders.
define read_folder
obj-y :=
-include $(1)Kbuild
objects += $$(addprefix $(1),$$(filter %.o,$$(obj-y)))
$$(foreach folder,$$(addprefix $(1),$$(filter %/,$$(obj-y))),$$(eval $$(call read_folder,$$(folder))))
endef
objects := main.o
$(foreach folder,lib/ runtime/,$(eval $(call read_folder,$(folder))))
objects := $(addprefix $(O)/obj/,$(objects))

commit := $(shell git rev-parse --short=12 HEAD 2>/dev/null || cat .commit 2>/dev/null || echo unknown)

all: $(O)/cruet
$(O)/cruet: $(objects) $(generated)/objects
	$(call say,LINK,$@)
	$(Q)$(link) -o $@ $(objects) $(libraries)

$(O)/obj/%.o: %.c $(generated)/flags $(sysroot_stamp) | $(generated)/autoconf.h
	$(call say,CC,$(@:$(O)/obj/%=%))
	@mkdir -p $(@D)
	$(Q)$(CC) $(compile) -MMD -MF $(@:.o=.d) -c -o $@ $<
	@scripts/depend $(@:.o=.d) $(generated)
-include $(wildcard $(objects:.o=.d))

# ---- unit tests: a build of its own below $(O), each program linked with what it calls ----

ifneq (,$(SANITIZE))
unit_tests := $(patsubst tests/unit/%.c,$(O)/%,$(wildcard tests/unit/test_*.c))
unit: $(unit_tests)
$(O)/units.a: $(filter-out $(O)/obj/main.o,$(objects)) $(generated)/objects
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
# A test names functions that it replaces in a comment: "link: -Wl,--wrap=mount".
$(unit_tests): $(O)/%: $(O)/obj/tests/unit/%.o $(O)/units.a
	$(call say,LINK,$@)
	$(Q)$(link) $$(sed -n 's|^.*[ /*]link: \([^*]*\).*|\1|p' tests/unit/$*.c) -o $@ $^ -lcmocka $(libraries)
-include $(wildcard $(O)/obj/tests/unit/*.d)
endif
unit-tests:
	$(Q)$(MAKE) O=$(O)/unit full_defconfig >/dev/null
	$(Q)$(MAKE) O=$(O)/unit SANITIZE=1 LIBRARIES=pkg-config CC=$(or $(HOSTCC),gcc) AR=ar CROSS_COMPILE= PKG_CONFIG=pkg-config unit

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
