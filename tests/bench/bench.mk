# SPDX-License-Identifier: Apache-2.0
# The programs of the bench, built exactly as cruet is; filter is a tool of the machine that measures, and
# inflate is with that machine's zlib, as upstream has it: inflate_own is with the one that cruet links.
# tests/bench/bench.sh reads this after the Makefile.

.PHONY: bench-programs bench-board-programs
# What runs inside a board.
bench-board-programs: $(addprefix $(O)/bench/,floor empty measure)
bench-programs: $(addprefix $(O)/bench/,floor empty measure filter init_probe init_bare inflate inflate_own)

same := $(addprefix $(O)/bench/,floor empty measure init_probe init_bare)
$(same): $(O)/bench/%: tests/bench/%.c
$(O)/bench/inflate_own: tests/bench/inflate.c
$(same) $(O)/bench/inflate_own: $(generated)/flags $(sysroot_stamp) | $(generated)/autoconf.h
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) -Wl,-Map=$@.map -o $@ $(filter %.c,$^) $(libraries)

$(O)/bench/filter: tests/bench/filter.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(or $(HOSTCC),gcc) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lseccomp -lcjson

$(O)/bench/inflate: tests/bench/inflate.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(or $(HOSTCC),gcc) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lz
