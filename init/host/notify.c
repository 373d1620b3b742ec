/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What units say of themselves: datagrams as sd_notify(3) sends them. Each unit has a socket of its
 * own, so that the path says who speaks. Descriptors that come along are dropped by the kernel,
 * because no room is given for them.
 */
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>

#include "init/host/host.h"
#include "lib/str.h"

/* Longest datagram that is looked at, and how many of a unit in one turn. */
enum { NOTIFY_SIZE = 4096, NOTIFY_TURN = 16 };

static void take_status(struct kept_unit *kept, const char *text)
{
	size_t length = 0;

	while (length + 1 < sizeof(kept->status) && text[length]) {
		const size_t sequence = str_utf8_sequence(text + length, strlen(text + length));

		if (sequence == 0 || length + sequence >= sizeof(kept->status))
			break;
		length += sequence;
	}
	memcpy(kept->status, text, length);
	kept->status[length] = '\0';
}

static void take_line(struct host *host, uint32_t unit, const char *line)
{
	static const struct {
		const char *line;
		uint32_t event;
	} words[] = {
		{ "READY=1", EVENT_NOTIFY_READY },
		{ "STOPPING=1", EVENT_NOTIFY_STOPPING },
		{ "WATCHDOG=1", EVENT_NOTIFY_WATCHDOG },
		{ "WATCHDOG=trigger", EVENT_NOTIFY_FAILED },
	};
	uint64_t value;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].line) == 0) {
			host_post(host, words[i].event, unit, 0);
			return;
		}
	if (str_has_prefix(line, "STATUS=")) {
		take_status(&host->units[unit], line + sizeof("STATUS=") - 1);
		host->control_due = 1;
	} else if (str_has_prefix(line, "EXTEND_TIMEOUT_USEC=") &&
		   str_uint64(line + sizeof("EXTEND_TIMEOUT_USEC=") - 1, &value) &&
		   value / 1000 < PLAN_FOREVER) {
		host_post(host, EVENT_NOTIFY_EXTEND, unit, (int64_t)(value / 1000));
	}
}

void host_notify(struct host *host, uint32_t unit)
{
	char text[NOTIFY_SIZE + 1];

	for (int i = 0; i < NOTIFY_TURN; i++) {
		const ssize_t size =
			recv(host->units[unit].notify, text, NOTIFY_SIZE, MSG_DONTWAIT | MSG_TRUNC);
		char *line = text, *end;

		if (size < 0)
			return;
		if (size > NOTIFY_SIZE)
			continue; /* too long to be one of ours */
		text[size] = '\0';
		for (; line; line = end) {
			end = strchr(line, '\n');
			if (end)
				*end++ = '\0';
			take_line(host, unit, line);
		}
	}
}
