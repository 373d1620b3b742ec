/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle looked at without running it: on the build host, below the root of an image. */
#include <errno.h>
#include <fcntl.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/path.h"
#include "runtime/container.h"
#include "runtime/spec/spec.h"
#include "runtime/state.h"

/* Does root.path lead to a folder? It is relative to the bundle, or absolute. */
static int check_root(struct arena *arena, int root, const char *bundle, const struct spec *spec)
{
	const char *path = spec->root.path;
	auto_fd int fd = -1;

	if (path[0] != '/')
		path = arena_printf(arena, "%s/%s", bundle, path);
	if (!path)
		return -ENOMEM;
	fd = path_open(root, path, O_PATH | O_DIRECTORY, 0, PATH_IN_ROOT);
	if (fd < 0)
		return fail(-fd, "root.path: %s", path);
	return 0;
}

char *container_check_bundle(struct arena *arena, int root, const char *bundle, size_t *size)
{
	const char *name = arena_printf(arena, "%s/" STATE_CONFIG, bundle);
	const struct spec *spec;
	auto_fd int fd = -1;
	char *text;

	if (!name)
		return NULL;
	fd = path_open(root, name, O_RDONLY, 0, PATH_IN_ROOT);
	if (fd < 0) {
		fail(-fd, "%s", name);
		return NULL;
	}
	text = file_read_fd(arena, fd, name, JSON_MAX_SIZE, size);
	spec = text ? spec_parse(arena, text, *size, name) : NULL;
	return spec && check_root(arena, root, bundle, spec) == 0 ? text : NULL;
}
