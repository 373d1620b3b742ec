/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for files that rotate. The disk below them may be slow, full, read-only or gone, and a
 * write(2) to it can take minutes in which nothing ends it. So the writer never touches a file: it
 * forks a child that writes what has come since the last time, and ends. The child holds a record
 * lock (fcntl(2)) on the ring's byte of the rings' memory, which goes with it however it ends, so
 * that no two write the same file; one that hangs has its rings for itself, others see to the rest.
 * Meanwhile the lines wait in the ring; what is overwritten there before it could be written is
 * counted, and the file says so.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/log/date.h"
#include "init/log/sink.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	DELAY_MS = 2000, /* lines are gathered: fewer writes, and they are larger */
	SOON_MS = 100,	 /* a ring is half full of what is to be written */
	AGAIN_MS = 5000, /* after a failure */
	HELPERS_MAX = 4, /* hanging ones included */
	FILES_MAX = 1000,
	PATH_SIZE = 512,
};

struct output {
	const char *path;
	uint64_t limit;
	uint32_t count;
	int fd;
	uint64_t size; /* of the file */
	struct ring *ring;
	struct ring_place place; /* behind what is in the buffer */
	size_t used;
	char buffer[4096];
};

/* ---- in the child ---- */

static int open_file(struct output *output)
{
	struct stat status;

	output->fd = open(output->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (output->fd < 0 || fstat(output->fd, &status) < 0)
		return -errno;
	output->size = (uint64_t)status.st_size;
	/* A terminal, a pipe: nothing to rotate. */
	if (!S_ISREG(status.st_mode))
		output->limit = UINT64_MAX;
	return 0;
}

/* PATH -> PATH.1 -> PATH.2 ...; the last one goes. Being interrupted leaves a gap, nothing worse.
 */
static int rotate(struct output *output)
{
	char from[PATH_SIZE], to[PATH_SIZE];

	close_fd(&output->fd);
	if (output->count <= 1 && unlink(output->path) < 0)
		return -errno;
	for (uint32_t i = output->count - 1; output->count > 1 && i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", output->path, (unsigned int)i);
		snprintf(from, sizeof(from), i > 1 ? "%s.%u" : "%s", output->path,
			 (unsigned int)i - 1);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return open_file(output);
}

/* All that is in the buffer, or nothing of it; what is written counts as done. */
static int write_out(struct output *output)
{
	const ssize_t put = output->used ? write(output->fd, output->buffer, output->used) : 0;

	if (put < 0)
		return -errno;
	if ((size_t)put != output->used)
		return ftruncate(output->fd, (off_t)output->size) < 0 ? -errno : -ENOSPC;
	output->size += output->used;
	output->used = 0;
	output->ring->places[SINK_FILE] = output->place;
	return 0;
}

static int add_line(struct output *output, const struct sink_line *line)
{
	char date[STR_TIME_SIZE];
	size_t need, length;
	int result = 0;

	if (!log_date(line->record->time, date))
		snprintf(date, sizeof(date), "+%llu.%03u",
			 (unsigned long long)(line->record->time / 1000000000),
			 (unsigned int)(line->record->time / 1000000 % 1000));
	need = strlen(date) + strlen(line->unit) + line->record->size + sizeof(" : \n");
	if (need > sizeof(output->buffer) - output->used)
		result = write_out(output);
	if (result == 0 && output->size + output->used > 0 &&
	    output->size + output->used + need > output->limit) {
		result = write_out(output);
		if (result == 0)
			result = rotate(output);
	}
	if (result < 0)
		return result;
	length = (size_t)snprintf(output->buffer + output->used,
				  sizeof(output->buffer) - output->used, "%s %s: ", date,
				  line->unit);
	memcpy(output->buffer + output->used + length, line->text, line->record->size);
	output->used += length + line->record->size;
	output->buffer[output->used++] = '\n';
	return 0;
}

static int write_lines(struct output *output, const struct ring_view *view, const char *unit)
{
	const uint32_t end = ring_state(view->ring).head;
	struct ring_place place = view->ring->places[SINK_FILE];
	struct record record;
	char text[RING_TEXT_MAX], note[64];
	uint32_t lost;
	int result = open_file(output);

	output->place = place;
	while (result == 0 && ring_take(view, &place, end, &record, text, &lost)) {
		const size_t skip = record_skip(view->ring, text, record.size);
		const struct sink_line line = { unit, &record, text + skip };
		struct record about = record;

		if (lost) {
			const struct sink_line missing = sink_lost(unit, &about, lost, note);

			result = add_line(output, &missing);
		}
		record.size -= (uint16_t)skip;
		if (result == 0)
			result = add_line(output, &line);
		if (result == 0)
			output->place = place;
	}
	if (result == 0)
		result = write_out(output);
	close_fd(&output->fd);
	return result;
}

static int write_file(const struct writer *writer, uint32_t index)
{
	struct ring *ring = rings_at(writer->rings, index);
	const struct ring_view view = rings_view(writer->rings, index);
	const struct plan_log *log = sink_log(writer->plan, index);
	struct output output = {
		.path = plan_text(writer->plan, log->file),
		.limit = log->file_size,
		.count = log->file_count < FILES_MAX ? log->file_count : FILES_MAX,
		.fd = -1,
		.ring = ring,
	};
	int result = output.path ? write_lines(&output, &view, sink_unit(writer->rings, index)) :
				   -EINVAL;

	ring->file_error = (uint32_t)-result;
	return result;
}

static bool is_due(const struct rings *rings, uint32_t index)
{
	const struct ring *ring = rings_at(rings, index);

	return (ring->sinks & LOG_TO_FILE) && ring->places[SINK_FILE].position != ring_head(ring);
}

/* Its exit status: 1 if a file could not be written. */
static int write_files(const struct writer *writer)
{
	int failed = 0;

	for (uint32_t i = 0; i < writer->rings->count; i++) {
		struct flock lock = { .l_type = F_WRLCK, .l_start = (off_t)i, .l_len = 1 };

		if (!is_due(writer->rings, i) || fcntl(writer->rings_fd, F_SETLK, &lock) < 0)
			continue;
		failed |= write_file(writer, i) < 0;
		lock.l_type = F_UNLCK;
		fcntl(writer->rings_fd, F_SETLK, &lock);
	}
	return failed;
}

/* ---- in the writer ---- */

static void start(struct writer *writer)
{
	const pid_t parent = getpid(), pid = fork();

	writer->file.started = writer->now;
	writer->file.due = UINT64_MAX;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? write_files(writer) : 1);
	}
	if (pid > 0)
		writer->file.helpers++;
	else
		writer->file.not_before = writer->now + AGAIN_MS * ns_per_ms;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t files_tend(struct writer *writer, bool at_once)
{
	struct file_sink *file = &writer->file;
	bool waiting = false, filling = false;
	uint64_t due;

	for (uint32_t i = 0; i < writer->rings->count; i++) {
		const struct ring *ring = rings_at(writer->rings, i);

		if (!is_due(writer->rings, i))
			continue;
		waiting = true;
		filling |= ring_head(ring) - ring->places[SINK_FILE].position > ring->size / 2;
	}
	if (!waiting) {
		file->due = UINT64_MAX;
		return UINT64_MAX;
	}
	if (file->due == UINT64_MAX)
		file->due = writer->now + DELAY_MS * ns_per_ms;
	due = file->due;
	/* With another one at work, what fills a ring is perhaps what that one hangs on. */
	if (filling && file->helpers == 0)
		due = file->started + SOON_MS * ns_per_ms;
	if (at_once)
		due = writer->now;
	due = later(due, file->not_before);
	if (file->helpers >= HELPERS_MAX)
		return UINT64_MAX; /* the end of one wakes us */
	if (due <= writer->now) {
		start(writer);
		return writer->now + DELAY_MS * ns_per_ms;
	}
	return due;
}

/* What is wrong with a file is told once, in its unit's log. */
static void tell_errors(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->rings->count; i++) {
		struct ring *ring = rings_at(writer->rings, i);
		const struct plan_log *log = sink_log(writer->plan, i);
		struct ring_writer own;

		if (ring->file_error == ring->file_said)
			continue;
		own = writer_ring(writer, i);
		if (ring->file_error && !ring_note(&own, LEVEL_WARNING, "log: file %s: %s",
						   plan_text(writer->plan, log->file),
						   error_errno_text((int)ring->file_error)))
			continue;
		ring->file_said = ring->file_error;
		writer->changed = true;
	}
}

void files_reap(struct writer *writer)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		writer->file.helpers--;
		if (status != 0)
			writer->file.not_before = writer->now + AGAIN_MS * ns_per_ms;
	}
	tell_errors(writer);
}
