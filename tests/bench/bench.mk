# SPDX-License-Identifier: Apache-2.0
# The programs of the bench, built exactly as cruet is; only filter is a tool of the machine that
# measures. tests/bench/bench.sh reads this after the Makefile.

.PHONY: bench-programs
bench-programs: $(addprefix $(O)/bench/,floor empty measure filter init_probe init_bare inflate)

same := $(addprefix $(O)/bench/,floor empty measure init_probe init_bare inflate)
$(same): $(O)/bench/%: tests/bench/%.c $(generated)/flags $(sysroot_stamp) | $(generated)/autoconf.h
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) -Wl,-Map=$@.map -o $@ $< $(libraries)

$(O)/bench/filter: tests/bench/filter.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(or $(HOSTCC),gcc) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lseccomp -lcjson
