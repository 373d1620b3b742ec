/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: what the cgroup room reads. Three texts separated by form feeds: /proc/self/cgroup,
 * /proc/self/mountinfo, and the line of a state record. A record that is taken names groups below
 * their mounts, and written again it is the same.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cgroup/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

/* A copy that ends where its memory does, of the text up to the next form feed. */
static char *next_text(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, '\f', *size) : NULL;
	const size_t length = end ? (size_t)(end - *data) : *size;
	char *text = malloc(length + 1);

	if (length)
		memcpy(text, *data, length);
	text[length] = '\0';
	*data += length + (end != NULL);
	*size -= length + (end != NULL);
	return text;
}

static void check_found(const struct found *found)
{
	demand(found->count <= GROUP_MAX, "too many");
	for (size_t i = 0; i < found->count; i++) {
		const struct found_group *item = &found->items[i];

		demand(item->controllers && item->mount && item->own, "half a group");
		demand(!has_dotdot(item->own), "leads out");
		demand(item->v2 == (item->controllers[0] == '\0'), "which version?");
	}
}

static void check_record(struct arena *arena, const char *record)
{
	struct cgroup *cgroup = cgroup_from_record(arena, record), *again;

	if (!cgroup) {
		demand(error_last()->text[0], "no message");
		return;
	}
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct group *group = &cgroup->groups[i];

		demand(group->path[0] == '/' && strlen(group->path) < PATH_MAX, "no path");
		demand(group->mount_length < strlen(group->path), "no group");
		demand(!has_dotdot(group->path) && group->own > 0, "not ours");
	}
	demand(group_record(cgroup) == 0, "not written");
	again = cgroup_from_record(arena, cgroup_record(cgroup));
	demand(again && again->count == cgroup->count, "not read again");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena arena = { 0 };
	char *self = next_text(&data, &size), *mountinfo = next_text(&data, &size);
	char *record = next_text(&data, &size);
	struct found found;

	error_clear();
	if (cgroup_find_in(&arena, self, mountinfo, &found) == 0)
		check_found(&found);
	error_clear();
	check_record(&arena, record);
	free(self);
	free(mountinfo);
	free(record);
	return 0;
}
