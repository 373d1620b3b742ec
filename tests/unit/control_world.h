/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor that does not exist, behind the real control server: units, a journal that
 * overwrites, and commands that are done when the test says so. Its clock is the test's.
 */
#ifndef TESTS_UNIT_CONTROL_WORLD_H
#define TESTS_UNIT_CONTROL_WORLD_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/control/client.h"
#include "init/control/server.h"
#include "init/supervise/supervise.h"

enum { WORLD_UNITS = 1000, WORLD_JOURNAL = 64 };

struct world {
	struct control control;
	struct control_host host;
	int epoll;
	uint64_t now;
	struct control_system system;
	struct control_unit units[WORLD_UNITS];
	uint32_t unit_count;
	uint64_t changes; /* written so far; the last WORLD_JOURNAL exist */
	int rings, plan;  /* descriptors, or -1 */
	/* commands */
	struct control_request last;
	uint32_t last_uid;
	int32_t last_pid;
	int commands;	    /* how many were carried out */
	int result;	    /* what a command says */
	int settled;	    /* what a waiting one is told */
	const char *reason; /* and why */
	uint64_t asked;	    /* calls of the host, to see that work is bounded */
};

static void world_system(void *host, struct control_system *system)
{
	struct world *world = host;

	world->asked++;
	*system = world->system;
	system->unit_count = world->unit_count;
	system->now_ms = world->now;
}

static void world_unit(void *host, uint32_t unit, struct control_unit *report)
{
	struct world *world = host;

	world->asked++;
	*report = world->units[unit];
}

static int world_command(void *host, const struct control_request *request, uint32_t uid,
			 int32_t pid, char text[CONTROL_TEXT])
{
	struct world *world = host;

	world->last = *request;
	world->last_uid = uid;
	world->last_pid = pid;
	world->commands++;
	if (world->result < 0)
		snprintf(text, CONTROL_TEXT, "%s", world->reason);
	return world->result;
}

static int world_settled(void *host, const struct control_request *request, char text[CONTROL_TEXT])
{
	struct world *world = host;

	(void)request;
	if (world->settled < 0)
		snprintf(text, CONTROL_TEXT, "%s", world->reason);
	return world->settled;
}

static int world_change(void *host, uint64_t number, struct control_change *change)
{
	struct world *world = host;

	world->asked++;
	if (number >= world->changes)
		return 0;
	if (world->changes - number > WORLD_JOURNAL)
		return -1;
	*change = (struct control_change){
		.time_ms = number,
		.before = PHASE_OFF,
		.phase = PHASE_STARTING,
		.cause = CAUSE_WANTED,
		.exit_status = -1,
		.name = "web",
	};
	return 1;
}

static uint64_t world_changes(void *host)
{
	return ((struct world *)host)->changes;
}

static int world_rings(void *host)
{
	return ((struct world *)host)->rings;
}

static int world_plan(void *host)
{
	return ((struct world *)host)->plan;
}

static void world_watch(void *host, int fd, uint32_t slot, uint32_t events)
{
	const struct world *world = host;
	struct epoll_event event = { .events = events, .data.u32 = slot };

	if (!events)
		epoll_ctl(world->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(world->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		epoll_ctl(world->epoll, EPOLL_CTL_MOD, fd, &event);
}

static inline void world_begin(struct world *world, int listener)
{
	memset(world, 0, sizeof(*world));
	world->host = (struct control_host){
		.host = world,
		.system = world_system,
		.unit = world_unit,
		.command = world_command,
		.settled = world_settled,
		.change = world_change,
		.changes = world_changes,
		.rings = world_rings,
		.plan = world_plan,
		.watch = world_watch,
	};
	world->epoll = epoll_create1(EPOLL_CLOEXEC);
	world->now = 1000;
	world->rings = world->plan = -1;
	world->unit_count = 3;
	for (uint32_t i = 0; i < WORLD_UNITS; i++)
		snprintf(world->units[i].name, sizeof(world->units[i].name), "unit%u",
			 (unsigned int)i);
	control_begin(&world->control, listener, &world->host);
}

/* One turn of its loop: how many descriptors were ready within `timeout` milliseconds. */
static inline int world_turn(struct world *world, int timeout)
{
	struct epoll_event events[32];
	const int count = epoll_wait(world->epoll, events, 32, timeout);

	for (int i = 0; i < count; i++)
		control_client_ready(&world->control, events[i].data.u32, events[i].events,
				     world->now);
	return count;
}

/* Turns until nothing is ready any more; false: it never comes to rest. */
static inline bool world_rest(struct world *world)
{
	for (int i = 0; i < 10000; i++)
		if (world_turn(world, 0) <= 0)
			return true;
	return false;
}

static inline uint32_t world_clients(const struct world *world)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		count += world->control.clients[i].fd >= 0;
	return count;
}

static inline void world_end(struct world *world)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		if (world->control.clients[i].fd >= 0)
			close(world->control.clients[i].fd);
	close(world->epoll);
	if (world->control.listener >= 0)
		close(world->control.listener);
}

#endif
