/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked about containers (state, list, ps), and changing their limits (update). */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/container.h"
#include "runtime/open.h"
#include "runtime/spec/spec.h"

char *container_state(struct arena *arena, const struct container_context *context, const char *id)
{
	struct state_record record;
	auto_fd int state = container_open(context, arena, id, 0, &record);

	if (state < 0)
		return NULL;
	return state_document(arena, &record, state_status(state, &record), record.pid, true);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	const char **items;
	size_t count, room;
};

static bool add_name(struct arena *arena, struct names *names, const char *name)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		const char **items = arena_array(arena, room, sizeof(*items));

		if (!items)
			return false;
		if (names->count > 0)
			memcpy(items, names->items, names->count * sizeof(*items));
		names->items = items;
		names->room = room;
	}
	names->items[names->count] = arena_strdup(arena, name);
	return names->items[names->count++] != NULL;
}

/* The ids there are: names of folders below the root that do not begin with a dot, sorted. */
static int read_names(struct arena *arena, int root, struct names *names)
{
	const int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	bool enough = true;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return fail(errno, "read the state folder");
	}
	while (enough && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			enough = add_name(arena, names, entry->d_name);
	closedir(folder);
	if (!enough)
		return -ENOMEM;
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return 0;
}

ssize_t container_list(struct arena *arena, const struct container_context *context,
		       struct container_info **list)
{
	struct names names = { 0 };
	ssize_t count = 0;
	int result = read_names(arena, context->root_fd, &names);

	if (result < 0)
		return result;
	*list = arena_array(arena, names.count + 1, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (size_t i = 0; i < names.count; i++) {
		struct container_info *info = &(*list)[count];
		auto_fd int state =
			container_open(context, arena, names.items[i], 0, &info->record);

		if (state < 0) {
			if (error_last()->code != ERROR_NOT_FOUND)
				log_warning("%s", error_last()->text);
			error_clear();
			continue;
		}
		info->status = state_status(state, &info->record);
		count++;
	}
	return count;
}

ssize_t container_processes(struct arena *arena, const struct container_context *context,
			    const char *id, pid_t **pids)
{
	struct state_record record;
	auto_fd int state = container_open(context, arena, id, 0, &record);
	struct cgroup *cgroup;
	ssize_t count;

	if (state < 0)
		return state;
	cgroup = cgroup_from_record(arena, record.cgroup);
	if (!cgroup)
		return -EINVAL;
	count = cgroup_processes(arena, cgroup, pids);
	cgroup_close(cgroup);
	return count;
}

const struct spec_resources *container_read_resources(struct arena *arena, const char *text,
						      size_t size, const char *name)
{
	return spec_parse_resources(arena, text, size, name);
}

int container_update(const struct container_context *context, const char *id,
		     const struct spec_resources *resources)
{
	auto_arena struct arena arena = { 0 };
	struct state_record record;
	auto_fd int state = container_open(context, &arena, id, 0, &record);
	struct cgroup *cgroup;
	int result;

	if (state < 0)
		return state;
	if (state_status(state, &record) == STATUS_STOPPED)
		return fail_as(ERROR_STATE, 0, "container not running: %s", id);
	cgroup = cgroup_from_record(&arena, record.cgroup);
	if (!cgroup)
		return -EINVAL;
	result = cgroup_update(cgroup, resources);
	cgroup_close(cgroup);
	return result;
}
