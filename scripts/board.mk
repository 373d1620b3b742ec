# SPDX-License-Identifier: Apache-2.0
# The boards: each is a folder board/NAME with data (board/README.md); scripts/board/ does the work.
#   make board-NAME       build its image: $(O)/board/NAME/{kernel,initramfs,root.squashfs,data.ext4}
#   make board-NAME-kernel   its kernel alone, for a board that has one of its own
#   make board-NAME-run   boot it in QEMU: a console on a terminal; else it shows what runs and powers off
#   make board-NAME-test  boot it and run the tests inside

boards := $(patsubst board/%/board.conf,%,$(wildcard board/*/board.conf))
default_board := qemu-x86_64
# What `make test` boots.
tested_boards := qemu-x86_64 qemu-armv7 qemu-aarch64 qemu-mipsel

# What a board's image holds besides cruet and BusyBox: programs of the containers.
programs := $(patsubst board/demo/programs/%.c,$(O)/programs/%,$(wildcard board/demo/programs/*.c))
.PHONY: programs
programs: $(programs)
$(programs): $(O)/programs/%: board/demo/programs/%.c $(generated)/flags $(sysroot_stamp) $(soft_libgcc) | $(generated)/autoconf.h $(O)/programs/
	$(call say,LINK,$@)
	$(Q)$(link) -Wl,-Map=$@.map -o $@ $< $(libraries)

# Each board is built with its own configuration, below $(O), for its own architecture.
board_arch = $(shell . board/$*/board.conf && [ "$$ARCH" = "$$(uname -m)" ] || echo ARCH=$$ARCH)
board_host = $(if $(board_arch),HOST_CRUET=$(O)/cruet)
board_make = $(MAKE) O=$(O)/board/$* $(board_arch)
board_config = $(or $(shell . board/$*/board.conf && echo $$CONFIGURATION),$(subst -,_,$*))
board_goals := $(addprefix board-,$(boards))
# Those that can be run here, and those whose kernel is built here.
emulated_boards := $(patsubst board/%/board.conf,board-%,$(shell grep -l '^QEMU=' board/*/board.conf))
own_kernels := $(patsubst board/%/board.conf,board-%-kernel,$(shell grep -l '^KERNEL_IMAGE=' board/*/board.conf))
.PHONY: $(board_goals) $(own_kernels) $(addsuffix -run,$(emulated_boards)) $(addsuffix -test,$(emulated_boards))
$(board_goals): board-%:
	$(Q)BOARD=$* scripts/packages board
	+$(Q)[ -e $(O)/board/$*/.config ] || $(board_make) $(board_config)_defconfig >/dev/null
	+$(Q)$(board_make) all rootfs programs
	+$(Q)$(if $(board_arch),$(MAKE) all)
	$(Q)$(board_host) scripts/board/image $* $(O)/board/$* $(O)/board/$*
	$(call say,IMAGE,$(O)/board/$*)
$(own_kernels): board-%-kernel:
	$(Q)BOARD=$* scripts/packages kernel
	$(Q)scripts/board/linux $*
$(addsuffix -run,$(emulated_boards)): board-%-run: board-%
	$(Q)scripts/board/run $* $(O)/board/$*
$(addsuffix -test,$(emulated_boards)): board-%-test: board-%
	$(Q)$(board_host) scripts/board/test $* $(O)/board/$*
