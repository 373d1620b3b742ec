/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of units and system.json, from files to the block: see unit.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "init/plan_walk.h"
#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"

enum { FILE_MAX_SIZE = 256 << 10 };

/* ---- conditions of all units, each once ---- */

static uint32_t condition_index(struct set *set, uint32_t kind, const char *argument)
{
	uint32_t i;

	for (i = 0; i < set->condition_count; i++) {
		const struct plan_condition *other = &set->conditions[i];

		if (other->kind == kind &&
		    (!argument || strcmp(set->pool.texts + other->text - 1, argument) == 0))
			return i;
	}
	if (i == CONDITIONS_MAX)
		return PLAN_NONE;
	set->conditions[set->condition_count++] = (struct plan_condition){
		.kind = kind,
		.text = argument ? pool_text(&set->pool, argument, strlen(argument)) : 0,
	};
	return i;
}

uint32_t unit_condition(const struct frame *frame, uint32_t kind, const char *argument)
{
	const uint32_t index =
		frame->set->pool.failed ? 0 : condition_index(frame->set, kind, argument);

	if (index == PLAN_NONE) {
		unit_problem(frame, NULL, "more than %d different conditions in all",
			     CONDITIONS_MAX);
		return 0;
	}
	return index;
}

/* What is not early waits for the board as well. */
static void add_board(struct set *set, struct plan_unit *unit)
{
	const size_t count = unit->early ? 0 : unit->conditions.count + 1;
	uint32_t *list = arena_array(set->arena, count + 1, sizeof(*list));

	set->pool.failed |= !list;
	if (!list || !count)
		return;
	list[0] = 0; /* CONDITION_BOARD is the first */
	memcpy(list + 1, set->pool.words + unit->conditions.offset / sizeof(*list),
	       unit->conditions.count * sizeof(*list));
	unit->conditions = pool_list(&set->pool, list, count);
}

/* ---- files ---- */

const cJSON *unit_read_file(struct set *set, int dir, const char *path, const char *file)
{
	size_t size;
	const char *text = file_read(set->arena, dir, path, FILE_MAX_SIZE, &size);
	const cJSON *node = text ? json_parse(set->arena, text, size, file) : NULL;

	if (!node)
		unit_tell_recorded(set->report, file, file);
	return node;
}

static void read_system(struct set *set, const char *path)
{
	struct plan_system *system = &set->system;
	struct frame frame;

	set->system_file = path ? path : "system.json";
	if (path && access(path, F_OK) == 0)
		set->system_node = unit_read_file(set, AT_FDCWD, path, path);
	unit_set_defaults(OBJECT_SYSTEM, (uint32_t *)system);
	frame = frame_of(set, set->system_file, set->system_node);
	if (set->system_node)
		unit_read_object(&frame, OBJECT_SYSTEM, (uint32_t *)system);
	if (!system->syslog)
		system->syslog = pool_text(&set->pool, "/dev/log", 8);
}

/* What the units take over from the system: its log, but for the file. */
static void inherit_log(const struct set *set, struct plan_unit *unit)
{
	unit->log = set->system.log;
	unit->log.sinks &= ~(uint32_t)LOG_TO_FILE;
	unit->log.file = 0;
}

static void read_unit(struct set *set, int dir, struct unit *unit)
{
	const uint32_t errors = set->report->errors;
	const char *slash = strrchr(unit->file, '/');
	struct plan_unit *plan = unit->plan;
	struct frame frame;

	if (!plan_is_name(unit->name)) {
		fail_as(ERROR_CONFIG, 0, "\"%s\" cannot be the name of a unit", unit->name);
		unit_tell_recorded(set->report, unit->file, unit->file);
	}
	unit->node = unit_read_file(set, dir, slash ? slash + 1 : unit->file, unit->file);
	if (!unit->node)
		return;
	plan->name = pool_text(&set->pool, unit->name, strlen(unit->name));
	frame = frame_of(set, unit->file, unit->node);
	unit_set_defaults(OBJECT_UNIT, (uint32_t *)plan);
	inherit_log(set, plan);
	unit_read_object(&frame, OBJECT_UNIT, (uint32_t *)plan);
	if (IS_ENABLED(CONFIG_IMAGE) && plan->source == SOURCE_IMAGE &&
	    set->report->errors == errors)
		unit_ask_image(&frame, plan);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && unit->is_over && plan->early)
		unit_problem(&frame, "early",
			     "is over before it is known which revision runs: only the firmware's "
			     "units can be early");
	add_board(set, plan);
	unit->good = set->report->errors == errors;
}

static int compare_units(const void *a, const void *b)
{
	return strcmp(((const struct unit *)a)->name, ((const struct unit *)b)->name);
}

/* Hidden files are somebody's temporary ones. */
size_t unit_name_length(const char *file)
{
	const size_t length = strlen(file);

	if (*file == '.' || length <= 5 || strcmp(file + length - 5, ".json") != 0)
		return 0;
	return length - 5;
}

bool unit_add(struct set *set, const char *folder, const char *file)
{
	struct unit *unit;

	if (set->unit_count == PLAN_MAX_UNITS) {
		fail_as(ERROR_CONFIG, 0, "more than %d units", PLAN_MAX_UNITS);
		return false;
	}
	unit = &set->units[set->unit_count++];
	unit->name = arena_strndup(set->arena, file, unit_name_length(file));
	unit->file = arena_printf(set->arena, "%s/%s", folder, file);
	unit->plan = arena_alloc(set->arena, sizeof(*unit->plan));
	return unit->name && unit->file && unit->plan;
}

static bool list_folder(struct set *set, const char *folder, DIR *stream)
{
	const struct dirent *entry;

	set->units = arena_array(set->arena, PLAN_MAX_UNITS, sizeof(*set->units));
	if (!set->units)
		return false;
	while ((entry = readdir(stream)) != NULL)
		if (unit_name_length(entry->d_name) && !unit_add(set, folder, entry->d_name))
			return false;
	return true;
}

static bool read_folders(struct set *set, const char *folder, DIR *stream, DIR *over)
{
	if (!list_folder(set, folder, stream) ||
	    (IS_ENABLED(CONFIG_IMAGE_REVISION) && over && !unit_lay_over(set, dirfd(stream), over)))
		return false;
	qsort(set->units, set->unit_count, sizeof(*set->units), compare_units);
	for (size_t i = 0; !set->pool.failed && i < set->unit_count; i++)
		read_unit(set, dirfd(set->units[i].is_over ? over : stream), &set->units[i]);
	return !set->pool.failed;
}

static bool read_units(struct set *set, const char *folder)
{
	DIR *stream = opendir(folder), *over = NULL;
	bool good;

	/* An initramfs that only prepares the root has none; elsewhere that is a mistake. */
	if (!stream && errno == ENOENT && set->system.root)
		return true;
	if (!stream) {
		fail(errno, "%s", folder);
		return false;
	}
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && set->over)
		over = opendir(set->over->folder);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && set->over && !over) {
		fail(errno, "%s", set->over->folder);
		good = false;
	} else {
		good = read_folders(set, folder, stream, over);
	}
	if (over)
		closedir(over);
	closedir(stream);
	return good;
}

static const char *last_component(const char *folder)
{
	const char *slash = strrchr(folder, '/');

	return slash && slash[1] ? slash + 1 : folder;
}

static void *make_block(struct set *set, const char *folder, const char *system,
			unsigned int target, size_t *size)
{
	struct unit **order;

	pool_words(&set->pool, sizeof(struct plan_header) / sizeof(uint32_t));
	condition_index(set, CONDITION_BOARD, NULL);
	read_system(set, system);
	if (set->pool.failed || !read_units(set, folder))
		return NULL;
	order = arena_array(set->arena, set->unit_count + 1, sizeof(void *));
	if (!order || !unit_link(set, order))
		return NULL;
	unit_check_set(set, order);
	if (set->report->errors)
		return NULL;
	return unit_lay_out(set, order, last_component(folder), target, size);
}

void *unit_compile_over(struct arena *arena, const char *folder, const struct unit_over *over,
			const char *system, unsigned int target, struct unit_report *report,
			size_t *size)
{
	struct set *set = arena_alloc(arena, sizeof(*set));
	const uint32_t errors = report->errors;
	void *block = NULL;

	if (set) {
		set->arena = set->pool.arena = arena;
		set->report = report;
		set->over = over;
		set->like_mips = target & UNIT_TARGET_MIPS ||
				 (plan_is_mips() && !(target & UNIT_TARGET_NO_MIPS));
		block = make_block(set, folder, system, target, size);
	}
	if (!block && report->errors == errors)
		unit_tell_recorded(report, folder, folder);
	return block;
}
