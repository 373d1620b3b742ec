/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as messages of RFC 5424, to a local socket or, by RFC 5426, over UDP. */
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/log/date.h"
#include "init/log/sink.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

enum {
	FACILITY = 3, /* system daemons */
	APP_NAME_MAX = 48,
	FULL_MS = 50,	 /* the receiver is behind */
	AGAIN_MS = 1000, /* there is none */
};

union address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", in numbers: size of the address, or 0. */
static socklen_t udp_address(const char *text, union address *address)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	uint32_t port;

	if (!colon || length >= sizeof(host) || !str_uint32(colon + 1, &port) || port > 65535)
		return 0;
	if (text[0] == '[' && length > 2 && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	memcpy(host, text, length);
	host[length] = '\0';
	*address = (union address){ .v6 = { 0 } };
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)port);
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1)
		return 0;
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons((uint16_t)port);
	return sizeof(address->v6);
}

static socklen_t address_of(const char *text, union address *address)
{
	if (str_has_prefix(text, "udp:"))
		return udp_address(text + 4, address);
	address->local = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(text) >= sizeof(address->local.sun_path))
		return 0;
	strcpy(address->local.sun_path, text);
	return sizeof(address->local);
}

static int open_socket(const char *text)
{
	union address address;
	const socklen_t size = address_of(text, &address);
	auto_fd int fd = -1;

	if (size == 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, &address.any, size) < 0)
		return -1;
	return take_fd(&fd);
}

/* What goes wrong is told once, in the supervisor's own log. */
static int hold(struct writer *writer, const char *address)
{
	struct syslog_sink *sink = &writer->syslog;
	const int error = errno;
	struct ring_writer own = writer_ring(writer, writer->rings->count - 1);

	if (error == EAGAIN || error == ENOBUFS || error == EINTR) {
		writer->hold[SINK_SYSLOG] = writer->now + FULL_MS * ns_per_ms;
		return -1;
	}
	close_fd(&sink->fd);
	writer->hold[SINK_SYSLOG] = writer->now + AGAIN_MS * ns_per_ms;
	if (error != sink->error && ring_note(&own, LEVEL_WARNING, "log: syslog %s: %s", address,
					      error_errno_text(error))) {
		sink->error = error;
		writer->changed = true;
	}
	return -1;
}

static bool is_name(const char *text)
{
	for (; *text > ' ' && *text <= '~'; text++)
		;
	return *text == '\0';
}

static size_t put_header(const struct syslog_sink *sink, const struct sink_line *line, char *header,
			 size_t size)
{
	const struct record *record = line->record;
	char date[STR_TIME_SIZE];

	if (!log_date(record->time, date))
		strcpy(date, "-");
	return (size_t)snprintf(header, size,
				"<%d>1 %s %s %.*s - - [meta sequenceId=\"%u\" sysUpTime=\"%llu\"] ",
				FACILITY * 8 + record->level, date, sink->host, APP_NAME_MAX,
				line->unit, (unsigned int)sink->counter,
				(unsigned long long)(record->time / 10000000));
}

int syslog_send(struct writer *writer, const struct sink_line *line)
{
	struct syslog_sink *sink = &writer->syslog;
	const char *address = plan_text(writer->plan, writer->plan->system->syslog);
	char header[256];
	struct iovec parts[] = { { header, 0 }, { (void *)line->text, line->record->size } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (!address)
		address = "/dev/log";
	if (sink->fd < 0) {
		sink->fd = open_socket(address);
		if (sink->fd < 0)
			return hold(writer, address);
		if (gethostname(sink->host, sizeof(sink->host) - 1) < 0 || !sink->host[0] ||
		    !is_name(sink->host))
			strcpy(sink->host, "-");
	}
	parts[0].iov_len = put_header(sink, line, header, sizeof(header));
	if (sendmsg(sink->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		/* Longer than the receiver takes: it will never be sent. */
		if (errno != EMSGSIZE)
			return hold(writer, address);
	} else {
		sink->error = 0;
	}
	sink->counter = sink->counter % 2147483647 + 1;
	return 0;
}
