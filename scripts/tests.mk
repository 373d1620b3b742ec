# SPDX-License-Identifier: Apache-2.0
# The test programs, and `make test`. The parts of the suite are listed in tests/parts.

# ---- unit tests: a build of its own, below $(O), with the sanitizers ----

# With musl, small_malloc() is malloc() itself: there is nothing to compare.
unbuilt := $(if $(EMULATED),tests/unit/test_lib_small.c)
ifneq (,$(SANITIZE)$(EMULATED))
unit_tests := $(patsubst tests/unit/%.c,$(O)/%,$(filter-out $(unbuilt),$(wildcard tests/unit/test_*.c)))
unit: $(unit_tests)
$(O)/units.a: $(filter-out $(O)/obj/main.o,$(objects)) $(generated)/objects
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
# A test names functions that it replaces in a comment: "link: -Wl,--wrap=mount".
$(unit_tests): $(O)/%: $(O)/obj/tests/unit/%.o $(O)/units.a
	$(call say,LINK,$@)
	$(Q)$(link) $$(sed -n 's|^.*[ /*]link: \([^*]*\).*|\1|p' tests/unit/$*.c $(wrapped)) -o $@ $(filter %.o %/units.a,$^) -lcmocka $(libraries)
-include $(wildcard $(O)/obj/tests/unit/*.d)
endif
# For another architecture: with musl, where open64 is open, and with a cmocka made for it.
ifneq (,$(EMULATED))
wrapped := | sed 's/64\b//g'
include_flags += -isystem $(O)/cmocka/include $(foreach name,open openat pwrite ftruncate fallocate,-D__wrap_$(name)64=__wrap_$(name) -D__real_$(name)64=__real_$(name))
$(unit_tests): LDFLAGS += -L$(O)/cmocka/lib
$(unit_tests): $(soft_libgcc)
$(patsubst $(O)/%,$(O)/obj/tests/unit/%.o,$(unit_tests)): $(O)/cmocka/lib/libcmocka.a
$(O)/cmocka/lib/libcmocka.a: tests/architectures/cmocka $(sysroot_stamp)
	$(Q)CC='$(CC) $(machine_flags) $(include_flags)' AR='$(AR)' tests/architectures/cmocka $(O)/cmocka
endif

.PHONY: unit unit-tests test bench
unit-tests:
	$(Q)scripts/packages unit
	$(Q)$(MAKE) O=$(O)/unit full_defconfig >/dev/null
	$(Q)$(MAKE) O=$(O)/unit SANITIZE=1 LIBRARIES=pkg-config CC=$(or $(HOSTCC),gcc) AR=ar CROSS_COMPILE= PKG_CONFIG=pkg-config unit

# ---- for tests/image/emulated.t: 32 bits, and the other byte order, under qemu-user ----

emulated := mips armv7
.PHONY: emulated $(addprefix emulated-,$(emulated))
emulated: $(addprefix emulated-,$(emulated))
$(addprefix emulated-,$(emulated)): emulated-%:
	+$(Q)[ -e $(O)/emulated/$*/.config ] || { $(MAKE) O=$(O)/emulated/$* ARCH=$* full_defconfig >/dev/null && \
		sed -i 's/^CONFIG_\(LTO\|INIT\)=y/# CONFIG_\1 is not set/' $(O)/emulated/$*/.config; }
	+$(Q)$(MAKE) O=$(O)/emulated/$* ARCH=$* all

# ---- all architectures: not part of the suite, for it takes an hour ----
# ARCHITECTURES="A B": these only.

architectures := $(or $(ARCHITECTURES),$(patsubst target-%,%,$(filter target-%,$(.VARIABLES))))
.PHONY: check-architectures $(addprefix architecture-,$(architectures))
check-architectures: $(addprefix architecture-,$(architectures))
	$(Q)BUILD=$(abspath $(O)) tests/architectures/run $(architectures)
	$(Q)ARCHITECTURES='$(architectures)' scripts/size $(O) architectures
$(addprefix architecture-,$(architectures)): architecture-%:
	+$(Q)[ -e $(O)/architectures/$*/.config ] || { $(MAKE) O=$(O)/architectures/$* ARCH=$* full_defconfig >/dev/null && \
		sed -i 's/^CONFIG_\(LTO\|SMALL_LIBC\)=y/# CONFIG_\1 is not set/' $(O)/architectures/$*/.config; }
	+$(Q)$(MAKE) O=$(O)/architectures/$* ARCH=$* EMULATED=1 WARNINGS=-w unit

# ---- the suite ----

parts := $(shell sed -n 's/^\([a-z0-9-]*\) .*/\1/p' tests/parts)
test: all rootfs unit-tests $(addprefix board-,$(tested_boards)) emulated
	$(Q)scripts/packages $(parts)
	$(Q)BUILD=$(abspath $(O)) tests/run

# One part: make test-integration
.PHONY: $(addprefix test-,$(parts))
test-unit: unit-tests
test-board: board-$(default_board)
test-boards: board-$(default_board) board-qemu-mipsel
$(filter test-board-%,$(addprefix test-,$(parts))): test-board-%: board-qemu-%
test-image: emulated
$(filter-out test-unit,$(addprefix test-,$(parts))): all rootfs
$(addprefix test-,$(parts)): test-%:
	$(Q)scripts/packages $*
	$(Q)BUILD=$(abspath $(O)) tests/run $*

bench: all rootfs
	$(Q)scripts/packages bench
	$(Q)BUILD=$(abspath $(O)) tests/bench/bench.sh
