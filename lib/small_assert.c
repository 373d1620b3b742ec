/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failed assert(3) of a library calls. The C library's prints with stdio, and would be the
 * only thing in a static binary that does.
 */
#include <features.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef __GLIBC__
_Noreturn void __assert_fail(const char *expression, const char *file, int line,
			     const char *function);

_Noreturn void __assert_fail(const char *expression, const char *file, int line,
			     const char *function)
{
	const char *const texts[] = { "assertion failed: ", function, ": ", expression, "\n" };
	struct iovec parts[sizeof(texts) / sizeof(texts[0])];

	(void)file;
	(void)line;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		parts[i] = (struct iovec){ (void *)(size_t)texts[i], strlen(texts[i]) };
	writev(STDERR_FILENO, parts, sizeof(parts) / sizeof(parts[0]));
	abort();
}
#endif
