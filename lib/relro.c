/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only relocations in a static binary: a dynamic loader protects PT_GNU_RELRO after it has
 * relocated the program, and glibc's static start does; musl's does not. So the program does it
 * itself, before main. A failure leaves the segment writable, as it is without this file.
 */
#include <features.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#ifndef __GLIBC__
/* Set by the linker: where the file begins in memory. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void __attribute__((constructor)) relro_protect(void)
{
	const char *start = (const char *)&__ehdr_start;
	const ElfW(Phdr) *header = (const void *)(start + __ehdr_start.e_phoff), *relro = NULL;
	uintptr_t page = getauxval(AT_PAGESZ), base = (uintptr_t)start, from, to;

	for (unsigned int i = 0; i < __ehdr_start.e_phnum; i++, header++) {
		if (header->p_type == PT_LOAD && header->p_offset == 0)
			base -= header->p_vaddr;
		else if (header->p_type == PT_GNU_RELRO)
			relro = header;
	}
	if (!relro)
		return;
	/* Whole pages only: what shares the last one with writable data stays writable. */
	from = (base + relro->p_vaddr) & -page;
	to = (base + relro->p_vaddr + relro->p_memsz) & -page;
	if (to > from)
		mprotect((void *)from, to - from, PROT_READ);
}
#endif
