/* SPDX-License-Identifier: Apache-2.0 */
/* A revision's folder over the firmware's: see unit.h. */
#include <stdio.h>
#include <string.h>

#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/error.h"

static struct unit *find(const struct set *set, const char *name, size_t length)
{
	for (size_t i = 0; i < set->unit_count; i++)
		if (strlen(set->units[i].name) == length &&
		    memcmp(set->units[i].name, name, length) == 0)
			return &set->units[i];
	return NULL;
}

/* The firmware's unit is to go: `by` whom, for the message. */
static void refuse_early(struct set *set, int dir, const struct unit *unit, const char *by)
{
	const char *slash = strrchr(unit->file, '/');
	const cJSON *node = unit_read_file(set, dir, slash ? slash + 1 : unit->file, unit->file);
	char reason[PLAN_NAME_MAX + 100];

	if (!cJSON_IsTrue(unit_member(node, "early")))
		return;
	snprintf(reason, sizeof(reason),
		 "the firmware's unit %.*s is early: it has started before it is known which "
		 "revision runs",
		 PLAN_NAME_MAX, unit->name);
	unit_tell(set->report,
		  &(struct unit_problem){ .file = by, .property = "", .reason = reason });
}

static void take_away(struct set *set, int dir, const char *name)
{
	struct unit *unit = find(set, name, strlen(name));
	char reason[PLAN_NAME_MAX + 60];

	if (!unit) {
		snprintf(reason, sizeof(reason), "there is no unit %.*s to be without",
			 PLAN_NAME_MAX, name);
		unit_tell(set->report, &(struct unit_problem){ .file = set->over->folder,
							       .property = "",
							       .reason = reason });
		return;
	}
	refuse_early(set, dir, unit, set->over->folder);
	*unit = set->units[--set->unit_count];
	set->units[set->unit_count] = (struct unit){ 0 };
}

static bool put_over(struct set *set, int dir, const char *file)
{
	struct unit *unit = find(set, file, unit_name_length(file));
	const char *path;

	if (!unit) {
		if (!unit_add(set, set->over->folder, file))
			return false;
		unit = &set->units[set->unit_count - 1];
	} else {
		path = arena_printf(set->arena, "%s/%s", set->over->folder, file);
		if (!path)
			return false;
		refuse_early(set, dir, unit, path);
		unit->file = path;
	}
	unit->is_over = true;
	return true;
}

bool unit_lay_over(struct set *set, int dir, DIR *over)
{
	const char *const *without = set->over->without;
	const struct dirent *entry;

	for (; without && *without; without++)
		take_away(set, dir, *without);
	while ((entry = readdir(over)) != NULL)
		if (unit_name_length(entry->d_name) && !put_over(set, dir, entry->d_name))
			return false;
	return true;
}
