/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the supervisor: see client.h. */
#include "init/control/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "init/paths.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

static int set_text(char to[CONTROL_NAME], const char *from, const char *what)
{
	if (from && !memccpy(to, from, '\0', CONTROL_NAME))
		return fail_as(ERROR_USAGE, 0, "%s is longer than %d bytes", what,
			       CONTROL_NAME - 1);
	return 0;
}

int control_request(const char *socket, uint32_t command, uint32_t flags, const char *name,
		    const char *text)
{
	struct control_request request = {
		.version = CONTROL_VERSION,
		.command = command,
		.flags = flags,
	};
	auto_fd int fd = -1;
	int result = set_text(request.name, name, "the name");

	if (result == 0)
		result = set_text(request.text, text, "the message");
	if (result < 0)
		return result;
	fd = control_connect(socket ? socket : INIT_CONTROL);
	if (fd < 0)
		return take_fd(&fd);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return fail(errno, "send to the supervisor");
	return take_fd(&fd);
}

static int check_answer(union control_answer *answer, size_t size)
{
	static const unsigned short sizes[] = {
		[CONTROL_END] = sizeof(struct control_packet),
		[CONTROL_SYSTEM] = sizeof(struct control_system),
		[CONTROL_UNIT] = sizeof(struct control_unit),
		[CONTROL_CHANGE] = sizeof(struct control_change),
		[CONTROL_RINGS] = sizeof(struct control_packet),
		[CONTROL_PLAN] = sizeof(struct control_packet),
		[CONTROL_LOST] = sizeof(struct control_packet),
	};
	const size_t kinds = sizeof(sizes) / sizeof(sizes[0]);

	if (size < sizeof(answer->kind) || answer->kind >= kinds || sizes[answer->kind] != size)
		return fail_as(ERROR_STATE, EPROTO, "the supervisor is another version of cruet");
	return 0;
}

int control_next(int connection, union control_answer *answer, int *fd)
{
	auto_fd int received = -1;
	ssize_t size = fd_receive(connection, &received, answer, sizeof(*answer));
	int result;

	if (fd)
		*fd = -1;
	if (size == -ECONNRESET || size == 0)
		return fail_as(ERROR_STATE, ECONNRESET,
			       "the supervisor closed the connection before the answer's end");
	if (size < 0)
		return (int)size;
	result = check_answer(answer, (size_t)size);
	if (result < 0)
		return result;
	if (answer->kind == CONTROL_END && answer->packet.result < 0)
		return answer->packet.text[0] ?
			       (fail_as(ERROR_STATE, 0, "%.*s", CONTROL_TEXT, answer->packet.text),
				answer->packet.result) :
			       fail(-answer->packet.result, "the supervisor says");
	if (fd)
		*fd = take_fd(&received);
	return answer->kind != CONTROL_END;
}

int control_ask(const char *socket, uint32_t command, uint32_t flags, const char *name,
		const char *text)
{
	union control_answer answer;
	auto_fd int fd = control_request(socket, command, flags, name, text);
	int result = fd < 0 ? fd : 1;

	while (result > 0)
		result = control_next(fd, &answer, NULL);
	return result;
}

static int add_change(struct arena *arena, struct control_view *view,
		      const struct control_change *change)
{
	struct control_entry *entry = arena_alloc(arena, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->change = *change;
	*view->last = entry;
	view->last = &entry->next;
	return 0;
}

static int take_in(struct arena *arena, struct control_view *view,
		   const union control_answer *answer)
{
	switch (answer->kind) {
	case CONTROL_SYSTEM:
		view->system = answer->system;
		view->units = arena_array(arena, view->system.unit_count, sizeof(*view->units));
		return view->units || !view->system.unit_count ? 0 : -ENOMEM;
	case CONTROL_UNIT:
		if (view->unit_count < view->system.unit_count)
			view->units[view->unit_count++] = answer->unit;
		view->shown = view->unit_count;
		return 0;
	case CONTROL_CHANGE:
		return add_change(arena, view, &answer->change);
	case CONTROL_LOST:
		view->lost += (size_t)answer->packet.result;
		return 0;
	default:
		return 0;
	}
}

int control_look(struct arena *arena, const char *socket, uint32_t command,
		 struct control_view *view, int *connection)
{
	union control_answer answer;
	auto_fd int fd = control_request(socket, command, 0, NULL, NULL), received = -1;
	int result = fd < 0 ? fd : 1;

	*view = (struct control_view){ .plan = -1, .last = &view->changes };
	while (result > 0) {
		result = control_next(fd, &answer, &received);
		if (result > 0 && answer.kind == CONTROL_PLAN)
			view->plan = take_fd(&received);
		close_fd(&received);
		if (result > 0 && take_in(arena, view, &answer) < 0)
			result = -ENOMEM;
		if (result > 0 && connection &&
		    (view->unit_count == view->system.unit_count || view->changes)) {
			*connection = take_fd(&fd);
			return 0;
		}
	}
	if (result < 0)
		close_fd(&view->plan);
	return result;
}
