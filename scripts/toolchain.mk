# SPDX-License-Identifier: Apache-2.0
# Sets compile, link, libraries (to be given last) and sysroot_stamp, from CC, the target and the
# configuration. The C library and the other libraries come from, in this order:
#   LIBRARIES=sysroot     the folder SYSROOT, with musl (the default when SYSROOT is given)
#   LIBRARIES=pkg-config  the compiler's own C library and pkg-config (the default when that library is musl,
#                         as under Buildroot and Yocto)
#   LIBRARIES=shared      the same with shared libraries: for a build host that has no static ones
#   LIBRARIES=build       board/host/sysroot, which builds them once, into a cache
# SKIP_STRIP=y leaves the symbols to who packs the binary.

target_flags := $(wordlist 4,99,$(target))
is_clang := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
ifneq (,$(is_clang))
target_flags += $(addprefix --target=,$(patsubst %-,%,$(notdir $(CROSS_COMPILE)))) -Wno-unused-command-line-argument
endif
ifeq (default,$(origin AR))
AR := $(if $(is_clang),llvm-ar,$(CROSS_COMPILE)gcc-ar)
endif
ifeq (undefined,$(origin RANLIB))
RANLIB := $(if $(is_clang),llvm-ranlib,$(CROSS_COMPILE)gcc-ranlib)
endif
machine := $(shell $(CC) $(target_flags) -dumpmachine 2>/dev/null)
LIBRARIES ?= $(if $(SYSROOT),sysroot,$(if $(findstring musl,$(machine)),pkg-config,build))
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
triplet := $(or $(word 3,$(target)),$(subst -pc-,-,$(patsubst %-gnu,%-musl,$(machine))))

# Code that goes into libraries too.
machine_flags := $(target_flags) $(if $(CONFIG_STATIC_FIXED),-fno-pie,-fPIE) \
	$(if $(CONFIG_STACK_PROTECTOR_STRONG),-fstack-protector-strong) \
	$(if $(CONFIG_STACK_PROTECTOR_BASIC),-fstack-protector) $(if $(CONFIG_STACK_PROTECTOR_NONE),-fno-stack-protector)

# clang looks into musl's CMSG_NXTHDR; what gcc guesses of values depends on what it inlines, and
# make check has two analyzers that know better.
WARNINGS ?= -Wall -Wextra -Wshadow -Werror $(if $(is_clang),-Wno-sign-compare,-Wno-error=maybe-uninitialized)
compile = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -include $(generated)/autoconf.h \
	-include $(generated)/version.h $(include_flags) $(WARNINGS) $(code_flags) $(CFLAGS)

code_flags := $(machine_flags) \
	$(if $(CONFIG_OPTIMIZE_SPEED),-O2,$(if $(CONFIG_OPTIMIZE_DEBUG),-Og -g,-Os)) $(if $(CONFIG_LTO),-flto) \
	$(if $(CONFIG_FORTIFY),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) -ffunction-sections -fdata-sections \
	-fvisibility=hidden -fno-ident -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffile-prefix-map=$(CURDIR)/=

# Warnings of the link-time optimizer depend on what it inlines: they are for reading.
link = $(CC) $(compile) -Wno-error -Wno-maybe-uninitialized -Wno-stringop-overflow $(if $(CONFIG_LTO),$(if $(is_clang),-fuse-ld=lld,-flto=auto)) \
	$(if $(CONFIG_STATIC_FIXED),$(static_fixed),$(static_pie)) $(if $(CONFIG_OPTIMIZE_DEBUG)$(filter y 1,$(SKIP_STRIP)),,-s) \
	-Wl,--gc-sections,--build-id=none,-Map=$(O)/cruet.map -z noexecstack \
	$(if $(CONFIG_RELRO),-z relro -z now,-z norelro) $(if $(CONFIG_MERGE_SEGMENTS),-z noseparate-code) \
	$(if $(CONFIG_PAGE_SIZE_4K),-z max-page-size=4096) $(crt_first) $(LDFLAGS)

# The unit tests' build: the machine's own C library and libraries, with the sanitizers.
ifneq (,$(SANITIZE))
code_flags := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
link = $(CC) $(compile) $(LDFLAGS)
endif

# What the configuration calls: pkg-config's names, and the link names of libraries that have no such name
# everywhere.
library_names := $(if $(CONFIG_SECCOMP),libseccomp) libcjson $(if $(CONFIG_IMAGE),zlib) \
	$(if $(CONFIG_IMAGE_ZSTD),libzstd) $(if $(CONFIG_IMAGE_XZ),liblzma) $(if $(CONFIG_SIGN_MINISIGN),libsodium)
plain_libraries := $(if $(CONFIG_IMAGE_BZIP2),-lbz2) \
	$(if $(CONFIG_PULL_TLS)$(CONFIG_SIGN_COSIGN),-lmbedtls -lmbedx509 -lmbedcrypto)
# What -static-pie tells the linker; gcc 12 does not know it for arm and mips.
linker_pie := -Wl,-pie,--no-dynamic-linker -z text
static_fixed := -static -no-pie
ifneq (,$(filter pkg-config shared,$(LIBRARIES)))
static_pie := -static-pie -Wl,-static $(linker_pie)
ifeq (shared,$(LIBRARIES))
# What a library allocated would be freed by our allocator, which a shared one does not know.
$(if $(and $(CONFIG_SMALL_LIBC),$(findstring musl,$(machine))),$(error LIBRARIES=shared: CONFIG_SMALL_LIBC is for static binaries))
static_pie := -pie
static_fixed := -no-pie
endif
include_flags := $(shell $(PKG_CONFIG) --cflags $(library_names))
libraries := $(shell $(PKG_CONFIG) $(if $(filter shared,$(LIBRARIES)),,--static) --libs $(library_names)) $(plain_libraries)
else
ifeq (sysroot,$(LIBRARIES))
library_root := $(patsubst %/include/stdio.h,%,$(firstword $(wildcard $(SYSROOT)/usr/include/stdio.h $(SYSROOT)/include/stdio.h)))
else
library_root := $(O)/sysroot
sysroot_stamp := $(generated)/sysroot
endif
# Our musl also relocates by packed relocations, which GNU ld makes for x86 only.
packed := $(if $(is_clang),,$(and $(filter build,$(LIBRARIES)),$(shell $(CC) $(target_flags) -Wl,--help 2>/dev/null | grep -o -m 1 pack-relative-relocs)))
static_pie := -static $(linker_pie) $(addprefix -z ,$(packed))
libgcc := $(shell $(CC) $(target_flags) $(if $(is_clang),--rtlib=libgcc) -print-libgcc-file-name 2>/dev/null)
# Debian's libgcc for MIPS computes with an FPU's registers.
ifneq (,$(filter -msoft-float,$(target_flags)))
soft_libgcc := $(O)/softfloat/libgcc.a
$(soft_libgcc): board/host/soft-libgcc board/host/softfloat.c $(sysroot_stamp)
	$(Q)CC='$(CC)' AR='$(AR)' OBJCOPY='$(CROSS_COMPILE)objcopy' FLAGS='$(filter-out -flto,$(machine_flags)) -ffile-prefix-map=$(CURDIR)/= $(include_flags)' \
		board/host/soft-libgcc $(libgcc) $@
endif
include_flags := -nostdinc -isystem $(library_root)/include -isystem $(library_root)/include/cjson -isystem $(shell $(CC) -print-file-name=include 2>/dev/null)
crt_first := -nostdlib -L$(library_root)/lib $(library_root)/lib/$(if $(CONFIG_STATIC_FIXED),crt1.o,rcrt1.o) $(library_root)/lib/crti.o
libraries := -Wl,--start-group $(patsubst zlib,-lz,$(patsubst lib%,-l%,$(library_names))) \
	$(plain_libraries) -lc $(or $(soft_libgcc),$(libgcc)) -Wl,--end-group $(library_root)/lib/crtn.o
endif

# The link $(O)/sysroot leads to this target's entry of the cache; the stamp changes with it.
$(generated)/sysroot: FORCE | $(generated)/
	@folder=$$(CC='$(CC)$(if $(is_clang), $(filter --target%,$(target_flags)))' AR='$(AR)' RANLIB='$(RANLIB)' \
		TRIPLET='$(triplet)' FLAGS='$(machine_flags)' LIBRARY_FLAGS='$(if $(CONFIG_LTO),$(if $(is_clang),,-flto))' board/host/sysroot) && \
		ln -sfn "$$folder" $(O)/sysroot && echo "$$folder" | scripts/update $@
