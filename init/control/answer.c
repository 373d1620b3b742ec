/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a request, packet by packet, as fast as the client takes it: see internal.h. */
#include "init/control/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Of control_client.cursor; from AT_UNITS on: the units, one by one, until PAST_UNITS. */
enum { AT_SYSTEM, AT_RINGS, AT_PLAN, AT_UNITS };
#define PAST_UNITS UINT32_MAX

/* What the answer to a request consists of, in this order. None: it is the host's to carry out. */
enum part {
	PART_SYSTEM = 1 << AT_SYSTEM,
	PART_RINGS = 1 << AT_RINGS,
	PART_PLAN = 1 << AT_PLAN,
	PART_UNITS = 1 << AT_UNITS,
	PART_CHANGES = 16, /* those that there are */
	PART_FOLLOW = 32,  /* those that come */
};

static const unsigned char parts[CONTROL_COMMANDS] = {
	[CONTROL_STATUS] = PART_SYSTEM | PART_UNITS,
	[CONTROL_MONITOR] = PART_SYSTEM | PART_UNITS | PART_FOLLOW,
	[CONTROL_LOGS] = PART_RINGS | PART_UNITS,
	[CONTROL_BOOT] = PART_SYSTEM | PART_PLAN | PART_UNITS | PART_CHANGES,
};

/* Packets for one client before the others have their turn. */
enum { TURN = 64 };

/* The whole packet or nothing, with a descriptor if there is one: 0 or a negative errno. */
static int send_packet(int fd, const void *packet, size_t size, int descriptor)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec data = { .iov_base = (void *)packet, .iov_len = size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (descriptor >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
	}
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

bool control_follows(const struct control_request *request)
{
	return (parts[request->command] & PART_FOLLOW) != 0;
}

bool control_begin_answer(struct control *control, struct control_client *client)
{
	const struct control_host *host = control->host;
	const unsigned int wanted = parts[client->request.command];

	client->changes = host->changes(host->host);
	if (wanted & PART_FOLLOW) {
		client->change = client->changes;
		client->changes = UINT64_MAX;
	}
	if (wanted)
		control_finish(client, 0, "");
	return wanted != 0;
}

union answer {
	struct control_packet packet;
	struct control_system system;
	struct control_unit unit;
	struct control_change change;
};

struct outgoing {
	union answer *answer;
	size_t size; /* 0: there is nothing to be sent now */
	int descriptor;
	uint32_t cursor; /* of the client, once it is sent */
	uint64_t change;
};

static uint32_t unit_count(const struct control *control)
{
	struct control_system system = { 0 };

	control->host->system(control->host->host, &system);
	return system.unit_count;
}

/* The unit at the cursor, or the one asked for. False: there is no further one. */
static bool next_unit(const struct control *control, struct control_client *client,
		      struct outgoing *out)
{
	const struct control_host *host = control->host;
	const uint32_t count = unit_count(control);
	const char *name = client->request.name;

	for (uint32_t index = client->cursor - AT_UNITS; index < count; index++) {
		struct control_unit *unit = &out->answer->unit;

		memset(unit, 0, sizeof(*unit));
		host->unit(host->host, index, unit);
		if (name[0] && strncmp(unit->name, name, sizeof(unit->name)) != 0)
			continue;
		unit->kind = CONTROL_UNIT;
		unit->index = index;
		out->size = sizeof(*unit);
		out->cursor = name[0] ? PAST_UNITS : AT_UNITS + index + 1;
		return true;
	}
	if (name[0])
		control_finish(client, -ENOENT, "no such unit");
	client->cursor = PAST_UNITS;
	return false;
}

/* From `number` on: the first entry that still exists. Those before are gone, those after not. */
static uint64_t first_kept(const struct control *control, uint64_t number,
			   struct control_change *change)
{
	const struct control_host *host = control->host;
	uint64_t end = host->changes(host->host);

	while (number < end) {
		const uint64_t middle = number + (end - number) / 2;

		if (host->change(host->host, middle, change) < 0)
			number = middle + 1;
		else
			end = middle;
	}
	return number;
}

/* False: there is no further one (yet). */
static bool next_change(const struct control *control, const struct control_client *client,
			struct outgoing *out)
{
	const struct control_host *host = control->host;
	struct control_change *change = &out->answer->change;
	int found;

	if (client->change >= client->changes)
		return false;
	memset(change, 0, sizeof(*change));
	found = host->change(host->host, client->change, change);
	if (found == 0)
		return false;
	if (found > 0) {
		change->kind = CONTROL_CHANGE;
		out->size = sizeof(*change);
		out->change = client->change + 1;
		return true;
	}
	out->change = first_kept(control, client->change + 1, change);
	memset(out->answer, 0, sizeof(*out->answer));
	out->answer->packet.kind = CONTROL_LOST;
	out->answer->packet.result = (int32_t)(out->change - client->change);
	out->size = sizeof(out->answer->packet);
	return true;
}

static bool next_descriptor(struct outgoing *out, uint32_t kind, int descriptor)
{
	if (descriptor < 0)
		return false;
	memset(out->answer, 0, sizeof(*out->answer));
	out->answer->packet.kind = kind;
	out->size = sizeof(out->answer->packet);
	out->descriptor = descriptor;
	return true;
}

/* Make the next packet. False: it is the last one, CONTROL_END. */
static bool next_packet(const struct control *control, struct control_client *client,
			struct outgoing *out)
{
	const struct control_host *host = control->host;
	const unsigned int wanted = client->end.result ? 0 : parts[client->request.command];

	out->size = 0;
	out->descriptor = -1;
	out->change = client->change;
	for (; client->cursor < AT_UNITS; client->cursor++) {
		const unsigned int part = wanted & (1u << client->cursor);

		out->cursor = client->cursor + 1;
		if (part == PART_SYSTEM) {
			memset(out->answer, 0, sizeof(*out->answer));
			host->system(host->host, &out->answer->system);
			out->answer->system.kind = CONTROL_SYSTEM;
			out->size = sizeof(out->answer->system);
			return true;
		}
		if (part == PART_RINGS &&
		    next_descriptor(out, CONTROL_RINGS, host->rings(host->host)))
			return true;
		if (part == PART_PLAN && host->plan &&
		    next_descriptor(out, CONTROL_PLAN, host->plan(host->host)))
			return true;
	}
	if ((wanted & PART_UNITS) && client->cursor != PAST_UNITS &&
	    next_unit(control, client, out))
		return true;
	out->cursor = client->cursor;
	if (client->end.result == 0 && (wanted & (PART_CHANGES | PART_FOLLOW)) &&
	    next_change(control, client, out))
		return true;
	return client->end.result == 0 && (wanted & PART_FOLLOW);
}

/*
 * Send what is due as long as the socket takes it. It is polled for output while there is more,
 * otherwise for input: there is none but the client's end.
 */
void control_answer(struct control *control, struct control_client *client, uint64_t now)
{
	union answer room;
	struct outgoing out = { .answer = &room };

	for (int i = 0; i < TURN; i++) {
		const bool more = next_packet(control, client, &out);
		int result;

		if (more && !out.size) {
			client->deadline = UINT64_MAX;
			control_set_events(control, client, EPOLLIN | EPOLLRDHUP);
			return;
		}
		if (more)
			result = send_packet(client->fd, &room, out.size, out.descriptor);
		else
			result = send_packet(client->fd, &client->end, sizeof(client->end), -1);
		if (result == -EINTR)
			continue;
		if (result == -EAGAIN || result == -ENOBUFS || result == -ENOMEM)
			break;
		if (result < 0 || !more) {
			control_drop(control, client);
			return;
		}
		client->cursor = out.cursor;
		client->change = out.change;
		client->deadline = now + CONTROL_BLOCKED_MS;
	}
	if (client->deadline == UINT64_MAX)
		client->deadline = now + CONTROL_BLOCKED_MS;
	control_set_events(control, client, EPOLLOUT);
}
