/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the log stand on: a plan made by hand, its rings, pipes and a writer's process. */
#ifndef TESTS_UNIT_LOG_WORLD_H
#define TESTS_UNIT_LOG_WORLD_H

#include "tests/unit/test_lib.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "init/log/log.h"
#include "init/log/ring.h"

enum { WORLD_UNITS = 8, WORLD_TEXTS = 2048 };

struct world {
	struct {
		struct plan_header header;
		struct plan_system system;
		struct plan_unit units[WORLD_UNITS];
		char texts[WORLD_TEXTS];
	} block;
	uint32_t used;
	struct plan plan;
	int rings_fd;
	size_t size;
	struct rings *rings;
	int reads[WORLD_UNITS + 1], writes[WORLD_UNITS + 1];
	pid_t writer;
};

static inline uint32_t world_text(struct world *world, const char *text)
{
	const uint32_t at = world->used;

	if (!text)
		return 0;
	assert_true(at + strlen(text) < WORLD_TEXTS);
	strcpy(world->block.texts + at, text);
	world->used += (uint32_t)strlen(text) + 1;
	return (uint32_t)offsetof(struct world, block.texts) + at;
}

/* An empty plan; its block is the world's beginning. */
static inline void world_plan(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->plan = (struct plan){
		.header = &world->block.header,
		.units = world->block.units,
		.system = &world->block.system,
	};
	world->block.system.log.ring = 4096;
	world->rings_fd = -1;
}

static inline struct plan_log *world_unit(struct world *world, const char *name, uint32_t ring)
{
	struct plan_unit *unit = &world->block.units[world->plan.unit_count++];

	assert_true(world->plan.unit_count <= WORLD_UNITS);
	unit->name = world_text(world, name);
	unit->log.ring = ring;
	return &unit->log;
}

static inline void world_map(struct world *world, int old)
{
	world->rings_fd = log_rings_make(&world->plan, old);
	assert_true(world->rings_fd >= 0);
	world->rings = rings_map(world->rings_fd, true, &world->size);
	assert_non_null(world->rings);
}

static inline void world_unmap(struct world *world)
{
	munmap(world->rings, world->size);
	close(world->rings_fd);
}

static inline void world_pipes(struct world *world)
{
	for (uint32_t i = 0; i <= world->plan.unit_count; i++) {
		int ends[2];

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
		world->reads[i] = ends[0];
		world->writes[i] = ends[1];
	}
}

/* A child that does not outlive a failing test. */
static inline pid_t world_fork(void)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static inline void world_start(struct world *world)
{
	world->writer = world_fork();
	if (world->writer == 0)
		log_writer(&world->plan, world->rings_fd, world->reads);
}

static inline int world_stop(struct world *world, int number)
{
	int status;

	kill(world->writer, number);
	assert_int_equal(waitpid(world->writer, &status, 0), world->writer);
	world->writer = 0;
	return status;
}

static inline void world_close(struct world *world)
{
	for (uint32_t i = 0; i <= world->plan.unit_count; i++) {
		close(world->reads[i]);
		close(world->writes[i]);
	}
	world_unmap(world);
}

static inline void world_say(const struct world *world, uint32_t ring, const char *text)
{
	assert_int_equal(write(world->writes[ring], text, strlen(text)), strlen(text));
}

static inline uint64_t world_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The next line at the place, NUL-terminated; NULL: none (within `ms` milliseconds). */
static inline const char *world_next(const struct world *world, uint32_t ring,
				     struct ring_place *place, struct record *record, int ms)
{
	static char text[RING_TEXT_MAX + 1];
	const struct ring_view view = rings_view(world->rings, ring);
	const uint64_t end = world_ms() + (uint64_t)ms;

	do {
		if (ring_take(&view, place, ring_state(view.ring).head, record, text, NULL)) {
			text[record->size] = '\0';
			return text;
		}
		if (ms)
			poll(NULL, 0, 1);
	} while (world_ms() < end);
	return NULL;
}

#endif
