/* SPDX-License-Identifier: Apache-2.0 */
/* The shared cache of system call filters: see filter.h. */
#include "runtime/filter.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/config.h"
#include "lib/fd.h"

#define CACHE_FOLDER ".seccomp" /* no container id begins with a dot */

static int open_cache(int root)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int cache = openat(root, CACHE_FOLDER, flags);

	if (cache < 0 && errno == ENOENT && mkdirat(root, CACHE_FOLDER, 0700) == 0)
		cache = openat(root, CACHE_FOLDER, flags);
	return cache;
}

int filter_prepare(struct arena *arena, const struct spec_seccomp *profile, int root,
		   struct seccomp_program *program)
{
	/* Without a cache it is only slower. */
	auto_fd int cache = IS_ENABLED(CONFIG_SECCOMP_CACHE) ? open_cache(root) : -1;

	return seccomp_prepare(arena, profile, cache, program);
}
