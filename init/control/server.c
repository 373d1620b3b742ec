/* SPDX-License-Identifier: Apache-2.0 */
/* The server of the control socket, its clients and their requests: see server.h. */
#include "init/control/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Between two attempts to accept, after one that failed for want of memory or descriptors. */
enum { ACCEPT_PAUSE_MS = 1000 };

void control_set_events(struct control *control, struct control_client *client, uint32_t events)
{
	if (client->events == events)
		return;
	client->events = events;
	control->host->watch(control->host->host, client->fd, (uint32_t)(client - control->clients),
			     events);
}

void control_drop(struct control *control, struct control_client *client)
{
	control_set_events(control, client, 0);
	close(client->fd);
	client->fd = -1;
}

void control_finish(struct control_client *client, int result, const char *text)
{
	client->phase = CLIENT_ANSWERING;
	client->end.kind = CONTROL_END;
	client->end.result = result;
	if (text)
		memccpy(client->end.text, text, '\0', CONTROL_TEXT - 1);
	client->end.text[CONTROL_TEXT - 1] = '\0';
}

/* ---- requests ---- */

static bool is_terminated(const char text[CONTROL_NAME])
{
	return memchr(text, '\0', CONTROL_NAME) != NULL;
}

const char *control_check(const struct control_request *request, size_t size)
{
	if (size < sizeof(request->version) || request->version != CONTROL_VERSION)
		return "this supervisor speaks another version of the protocol";
	if (size != sizeof(*request) || request->reserved ||
	    (request->flags & ~(uint32_t)CONTROL_WAIT) || !is_terminated(request->name) ||
	    !is_terminated(request->text))
		return "malformed request";
	if (request->command >= CONTROL_COMMANDS)
		return "this supervisor does not know that command";
	return NULL;
}

/* Have so many clients settled down for good that one more would shut others out? */
static bool is_crowded(const struct control *control)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *client = &control->clients[i];

		count += client->fd >= 0 &&
			 (client->phase == CLIENT_WAITING ||
			  (client->phase == CLIENT_ANSWERING && control_follows(&client->request)));
	}
	return count >= CONTROL_STAYING;
}

static void carry_out(struct control *control, struct control_client *client)
{
	const struct control_host *host = control->host;
	const struct control_request *request = &client->request;
	const bool waits = (request->flags & CONTROL_WAIT) != 0;
	int result;

	if ((waits || control_follows(request)) && is_crowded(control)) {
		client->request.command = CONTROL_STATUS; /* its answer ends */
		control_finish(client, -EBUSY, "too many clients wait or monitor already");
		return;
	}
	if (control_begin_answer(control, client))
		return;
	result = host->command(host->host, request, client->uid, client->pid, client->end.text);
	if (result > 0 && waits)
		client->phase = CLIENT_WAITING;
	else
		control_finish(client, result < 0 ? result : 0, NULL);
}

/* Is what the client waits for settled? */
static void look_again(struct control *control, struct control_client *client, uint64_t now)
{
	const struct control_host *host = control->host;
	const int result = host->settled(host->host, &client->request, client->end.text);

	if (result == 0) {
		client->deadline = UINT64_MAX;
		control_set_events(control, client, EPOLLIN | EPOLLRDHUP);
		return;
	}
	control_finish(client, result < 0 ? result : 0, NULL);
	client->deadline = now + CONTROL_BLOCKED_MS;
	control_answer(control, client, now);
}

/* There is no room for descriptors: the kernel closes those that somebody sends. */
static void receive(struct control *control, struct control_client *client, uint64_t now)
{
	const char *problem;
	ssize_t size = recv(client->fd, &client->request, sizeof(client->request),
			    MSG_DONTWAIT | MSG_TRUNC);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		control_drop(control, client);
		return;
	}
	client->deadline = now + CONTROL_BLOCKED_MS;
	problem = control_check(&client->request, (size_t)size);
	if (problem) {
		client->request.command = CONTROL_STATUS;
		control_finish(client, -EPROTO, problem);
	} else {
		carry_out(control, client);
	}
	if (client->phase == CLIENT_WAITING)
		look_again(control, client, now);
	else
		control_answer(control, client, now);
}

void control_client_ready(struct control *control, uint32_t slot, uint32_t events, uint64_t now)
{
	struct control_client *client = &control->clients[slot];

	if (slot >= CONTROL_CLIENTS)
		control_accept(control, now);
	else if (client->fd < 0)
		return;
	else if (client->phase == CLIENT_SILENT)
		receive(control, client, now);
	else if (events & EPOLLOUT)
		control_answer(control, client, now);
	else if (events) /* its end, or a second request */
		control_drop(control, client);
}

void control_changed(struct control *control, uint64_t now)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd < 0 || client->phase == CLIENT_SILENT)
			continue;
		if (client->phase == CLIENT_WAITING)
			look_again(control, client, now);
		else if (!(client->events & EPOLLOUT))
			control_answer(control, client, now);
	}
}

/* ---- coming and going ---- */

/* A free slot, made by dropping the one that has been silent for longest, or NULL. */
static struct control_client *make_room(struct control *control)
{
	struct control_client *silent = NULL;

	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd < 0)
			return client;
		if (client->phase == CLIENT_SILENT &&
		    (!silent || client->deadline < silent->deadline))
			silent = client;
	}
	if (silent)
		control_drop(control, silent);
	return silent;
}

static void begin_client(struct control *control, int fd, uint64_t now)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);
	struct control_client *client = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid()))
		client = make_room(control);
	if (!client) {
		close(fd);
		return;
	}
	memset(client, 0, sizeof(*client));
	client->fd = fd;
	client->uid = peer.uid;
	client->pid = peer.pid;
	client->deadline = now + CONTROL_SILENT_MS;
	control_set_events(control, client, EPOLLIN);
	receive(control, client, now); /* most send at once */
}

static void watch_listener(const struct control *control, uint32_t events)
{
	control->host->watch(control->host->host, control->listener, CONTROL_LISTENER, events);
}

void control_accept(struct control *control, uint64_t now)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		/* cppcheck-suppress nullPointer */
		const int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			begin_client(control, fd, now);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			/* Nothing to accept it with: the descriptor stays ready. */
			control->accept_at = now + ACCEPT_PAUSE_MS;
			watch_listener(control, 0);
			return;
		}
	}
}

uint64_t control_tick(struct control *control, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	if (now >= control->accept_at) {
		control->accept_at = UINT64_MAX;
		watch_listener(control, EPOLLIN);
	}
	next = control->accept_at;
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->clients[i];

		if (client->fd >= 0 && now >= client->deadline)
			control_drop(control, client);
		if (client->fd >= 0 && client->deadline < next)
			next = client->deadline;
	}
	return next;
}

void control_begin(struct control *control, int listener, const struct control_host *host)
{
	control->listener = listener;
	control->host = host;
	control->accept_at = UINT64_MAX;
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	watch_listener(control, EPOLLIN);
}
