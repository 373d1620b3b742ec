/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of unit files: a folder with units and system.json, compiled, and what was reported. */
#ifndef TESTS_UNIT_UNIT_WORLD_H
#define TESTS_UNIT_UNIT_WORLD_H

#include "tests/unit/test_lib.h"

#include "init/plan.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/error.h"

struct world {
	struct arena arena;
	char path[64], units[80], system[80];
	int fd, units_fd;
	char said[8192]; /* one problem a line; a warning begins with "warning: " */
	struct unit_report report;
	const void *block;
	size_t size;
	struct plan plan;
};

static inline void world_hear(void *context, bool warning, const char *text)
{
	struct world *world = context;
	size_t used = strlen(world->said);

	/* The folder's name is another one each time. */
	if (strncmp(text, world->units, strlen(world->units)) == 0)
		text += strlen(world->units) + 1;
	else if (strncmp(text, world->path, strlen(world->path)) == 0)
		text += strlen(world->path) + 1;
	snprintf(world->said + used, sizeof(world->said) - used, "%s%s\n",
		 warning ? "warning: " : "", text);
}

static inline void world_begin(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->fd = make_folder(world->path);
	snprintf(world->units, sizeof(world->units), "%s/units", world->path);
	snprintf(world->system, sizeof(world->system), "%s/system.json", world->path);
	assert_int_equal(mkdirat(world->fd, "units", 0755), 0);
	world->units_fd = openat(world->fd, "units", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(world->units_fd >= 0);
}

static inline void world_end(struct world *world)
{
	arena_free(&world->arena);
	close(world->units_fd);
	remove_folder(world->fd, world->path);
}

static inline void world_write(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* A unit, as the text of NAME.json. */
static inline void world_unit(struct world *world, const char *name, const char *text)
{
	char file[96];

	snprintf(file, sizeof(file), "%s.json", name);
	world_write(world->units_fd, file, text);
}

static inline void world_system(struct world *world, const char *text)
{
	world_write(world->fd, "system.json", text);
}

/* Compile what there is, for `target`; false when errors were reported. */
static inline bool world_compile_for(struct world *world, unsigned int target)
{
	arena_free(&world->arena);
	world->said[0] = '\0';
	world->report = (struct unit_report){ .context = world, .problem = world_hear };
	world->block = unit_compile(&world->arena, world->units, world->system, target,
				    &world->report, &world->size);
	assert_true(!world->block == (world->report.errors > 0));
	return world->block != NULL;
}

static inline bool world_compile(struct world *world)
{
	if (!world_compile_for(world, 0))
		return false;
	if (plan_from_block(&world->plan, world->block, world->size, "block") < 0)
		fail_msg("%s", error_last()->text);
	return true;
}

/* It must be good. */
static inline const struct plan *world_plan(struct world *world)
{
	if (!world_compile(world))
		fail_msg("%s", world->said);
	return &world->plan;
}

static inline const struct plan_unit *world_find(const struct world *world, const char *name)
{
	const uint32_t unit = plan_find(&world->plan, name);

	assert_true(unit < world->plan.unit_count);
	return &world->plan.units[unit];
}

#define assert_said(world, text) \
	do { \
		if (!strstr((world)->said, text)) \
			fail_msg("not said: %s\nbut: %s", text, (world)->said); \
	} while (0)

#endif
