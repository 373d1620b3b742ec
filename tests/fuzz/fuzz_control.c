/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the control server takes any packets from any number of clients. The input is a row
 * of steps: a byte that says what happens, and what it needs. After each of them the server is
 * sound, and in the end nobody is left but those who may stay.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "lib/error.h"
#include "tests/unit/control_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEERS = 24, ENOUGH_MS = 100000 };

struct play {
	struct world world;
	int peers[PEERS];
	struct sockaddr_un address;
	socklen_t address_size;
};

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

/* An abstract socket of the kernel's choice: no file is left behind. */
static void begin_play(struct play *play)
{
	const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	play->address.sun_family = AF_UNIX;
	demand(bind(listener, (void *)&play->address, sizeof(sa_family_t)) == 0, "bind");
	demand(listen(listener, 16) == 0, "listen");
	play->address_size = sizeof(play->address);
	getsockname(listener, (void *)&play->address, &play->address_size);
	world_begin(&play->world, listener);
	play->world.unit_count = 100;
	play->world.reason = "because";
	for (int i = 0; i < PEERS; i++)
		play->peers[i] = -1;
}

static void come_or_go(struct play *play, int *peer)
{
	if (*peer >= 0) {
		close(*peer);
		*peer = -1;
		return;
	}
	*peer = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(*peer, (void *)&play->address, play->address_size) < 0) {
		close(*peer);
		*peer = -1;
	}
}

/* A packet: the bytes that follow, cut or filled up as the step says, or a good request. */
static size_t say(const int *peer, uint8_t step, const uint8_t *data, size_t size)
{
	struct control_request request = { .version = CONTROL_VERSION };
	const size_t length = size < 32 ? size : 32;

	if (*peer < 0)
		return 0;
	if (step & 1) {
		send(*peer, data, length, MSG_NOSIGNAL);
		return length;
	}
	if (length < 3)
		return length;
	request.command = data[0] % (CONTROL_COMMANDS + 1);
	request.flags = data[1] & 3;
	snprintf(request.name, sizeof(request.name), "unit%u", (unsigned int)data[2]);
	send(*peer, &request, sizeof(request) - (data[1] >> 7), MSG_NOSIGNAL);
	return 3;
}

static void listen_to(struct play *play, const int *peer)
{
	union control_answer answer;
	ssize_t size = 1;

	(void)play;
	for (int i = 0; *peer >= 0 && size > 0 && i < 100; i++) {
		size = recv(*peer, &answer, sizeof(answer), MSG_DONTWAIT);
		if (size <= 0)
			break;
		demand((size_t)size >= sizeof(answer.packet) || size == sizeof(answer.change),
		       "a short packet");
		demand(answer.kind <= CONTROL_LOST, "an unknown packet");
	}
}

static void check(struct play *play)
{
	uint32_t staying = 0;

	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *client = &play->world.control.clients[i];

		if (client->fd < 0)
			continue;
		staying += client->deadline == UINT64_MAX;
		demand(client->events != 0, "a client that nobody looks at");
		demand(client->request.command < CONTROL_COMMANDS ||
			       client->deadline <= play->world.now + CONTROL_SILENT_MS,
		       "an unknown command was taken");
	}
	demand(staying <= CONTROL_STAYING, "too many stay");
}

static size_t take_step(struct play *play, const uint8_t *data, size_t size)
{
	struct world *world = &play->world;
	const uint8_t step = data[0];
	int *peer = &play->peers[step % PEERS];

	switch (step >> 5) {
	case 0:
	case 1:
		come_or_go(play, peer);
		return 1;
	case 2:
	case 3:
		return 1 + say(peer, step, data + 1, size - 1);
	case 4:
		listen_to(play, peer);
		return 1;
	case 5:
		world->changes += step % 4 ? step % 32 : 10000;
		control_changed(&world->control, world->now);
		return 1;
	case 6:
		world->now += (uint64_t)(step % 32) * 200;
		control_tick(&world->control, world->now);
		return 1;
	default:
		world->result = step % 3 - 1;
		world->settled = step / 3 % 3 - 1;
		return 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;

	begin_play(&play);
	while (size > 0) {
		const size_t used = take_step(&play, data, size);

		data += used;
		size -= used;
		world_turn(&play.world, 0);
		check(&play);
	}
	for (int i = 0; i < PEERS; i++)
		if (play.peers[i] >= 0)
			close(play.peers[i]);
	demand(world_rest(&play.world), "it never comes to rest");
	play.world.now += ENOUGH_MS;
	control_tick(&play.world.control, play.world.now);
	demand(world_clients(&play.world) == 0, "somebody is left");
	world_end(&play.world);
	return 0;
}
