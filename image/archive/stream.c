/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted half's side of the pipes: see stream.h. */
#include "image/archive/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

enum { FEED_LATER_MS = 2 };

int stream_source(struct stream *stream)
{
	ssize_t got;

	if (stream->source_ended)
		return 0;
	got = stream->source(stream->data, stream->feed_buffer, sizeof(stream->feed_buffer));
	if (got < 0)
		return (int)got;
	stream->source_ended = got == 0;
	stream->feed_begin = 0;
	stream->feed_end = (size_t)got;
	stream->source_size += (uint64_t)got;
	if (stream->hashed)
		digester_add(&stream->digester, stream->feed_buffer, (size_t)got);
	return got > 0;
}

int stream_drain(struct stream *stream)
{
	int more;

	close_fd(&stream->feed);
	while ((more = stream_source(stream)) > 0)
		;
	return more;
}

/* As much as its pipe takes. 0 or -errno recorded. */
static int feed(struct stream *stream)
{
	while (stream->feed >= 0) {
		ssize_t put;

		if (stream->feed_begin == stream->feed_end) {
			const int more = stream_source(stream);

			if (more < 0)
				return more;
			if (!more) {
				close_fd(&stream->feed);
				return 0;
			}
		}
		put = write(stream->feed, stream->feed_buffer + stream->feed_begin,
			    stream->feed_end - stream->feed_begin);
		if (put < 0 && errno == EAGAIN)
			return 0;
		if (put > 0)
			stream->feed_begin += (size_t)put;
		else if (put < 0 && errno == EPIPE)
			close_fd(&stream->feed); /* it has ended: its last record says why */
		else if (put < 0 && errno != EINTR)
			return fail(errno, "write to the reader of archives");
	}
	return 0;
}

/* Feed it until there is something to read. 0 or -errno recorded. */
static int wait_for_records(struct stream *stream)
{
	struct pollfd polls[2] = { { .fd = stream->records, .events = POLLIN } };
	int result = feed(stream), timeout = stream->feed < 0 ? -1 : FEED_LATER_MS;

	if (result < 0)
		return result;
	do {
		/*
		 * It has a full pipe, of which it will make records: to be woken each time that it
		 * reads from it is of no use. Unless it makes none of that much.
		 */
		polls[1] =
			(struct pollfd){ .fd = timeout < 0 ? stream->feed : -1, .events = POLLOUT };
		if (poll(polls, 2, timeout) < 0) {
			if (errno == EINTR)
				continue;
			return fail(errno, "wait for the reader of archives");
		}
		timeout = -1;
		if (polls[1].revents && !polls[0].revents)
			result = feed(stream);
	} while (result == 0 && !polls[0].revents);
	return result;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size)
{
	for (;;) {
		const ssize_t got = read(stream->records, buffer, size);

		if (got >= 0)
			return got;
		if (errno == EAGAIN) {
			const int result = wait_for_records(stream);

			if (result < 0)
				return result;
		} else if (errno != EINTR) {
			return fail(errno, "read from the reader of archives");
		}
	}
}

ssize_t stream_splice(struct stream *stream, int fd, size_t size)
{
	for (;;) {
		const ssize_t got = splice(stream->records, NULL, fd, NULL, size,
					   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (got >= 0)
			return got;
		if (errno == EAGAIN) {
			const int result = wait_for_records(stream);

			if (result < 0)
				return result;
		} else if (errno == EINVAL || errno == ENOSYS) {
			return -EINVAL;
		} else if (errno != EINTR) {
			return fail(errno, "write");
		}
	}
}

int stream_take(struct stream *stream, void *buffer, size_t size, size_t ahead)
{
	unsigned char *at = buffer;

	while (size) {
		size_t here = stream->end - stream->begin;

		if (!here) {
			const ssize_t got = stream_read(stream, stream->buffer,
							ahead < sizeof(stream->buffer) ?
								ahead :
								sizeof(stream->buffer));

			if (got <= 0)
				return got < 0 ? (int)got : 1;
			stream->begin = 0;
			stream->end = here = (size_t)got;
		}
		if (here > size)
			here = size;
		memcpy(at, stream->buffer + stream->begin, here);
		stream->begin += here;
		at += here;
		size -= here;
	}
	return 0;
}
