/* SPDX-License-Identifier: Apache-2.0 */
#include "image/trust/audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "image/store/store.h"
#include "image/trust/audit_log.h"
#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

/* The login that all began with; (uid_t)-1 is written as such: nobody logged in. */
static void write_login(struct json_writer *writer)
{
	char text[24];
	uint32_t login;

	if (file_read_small(AT_FDCWD, "/proc/self/loginuid", text, sizeof(text)) > 0 &&
	    str_uint32(text, &login) && login != UINT32_MAX)
		json_write_uint(writer, "login", login);
}

static void write_caller(struct json_writer *writer)
{
	char path[32], program[64];
	const pid_t parent = getppid();
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)parent);
	size = file_read_small(AT_FDCWD, path, program, sizeof(program));
	json_write_uint(writer, "uid", getuid());
	write_login(writer);
	json_write_int(writer, "pid", parent);
	if (size > 0) {
		program[strcspn(program, "\n")] = '\0';
		json_write_string(writer, "program", program);
	}
}

static void write_decision(struct json_writer *writer, const struct trust_decision *decision)
{
	json_write_string(writer, "rule", decision->rule);
	json_write_string(writer, "signer", decision->signer);
	json_write_string(writer, "key", decision->key);
	if (decision->counter)
		json_write_uint(writer, "counter", decision->counter);
	json_write_bool(writer, "allowed", decision->allowed);
}

static char *event_line(struct arena *arena, const struct audit_event *event, const char *reason,
			size_t *size)
{
	char text[DIGEST_TEXT_SIZE], now[STR_TIME_SIZE];
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "time", str_time_seconds(time(NULL), now));
	json_write_string(&writer, "action", event->action);
	if (event->name)
		json_write_string(&writer, "name", event->name);
	if (event->manifest)
		json_write_string(&writer, "manifest", digest_text(event->manifest, text));
	if (event->decision)
		write_decision(&writer, event->decision);
	if (reason)
		json_write_string(&writer, "reason", reason);
	if (event->id)
		json_write_string(&writer, "id", event->id);
	write_caller(&writer);
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

/* Open at its end, and how much there is. */
static int open_log(const struct store *store, off_t *size)
{
	struct stat status;
	auto_fd int fd =
		openat(store_folder(store), AUDIT_LOG,
		       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0 || fstat(fd, &status) < 0)
		return fail(errno, "open %s/" AUDIT_LOG, store_path(store));
	if (!S_ISREG(status.st_mode))
		return fail(EINVAL, "%s/" AUDIT_LOG " is no file", store_path(store));
	*size = status.st_size;
	return take_fd(&fd);
}

/* A cut of power may leave a line without its end: what comes next is not to be one with it. */
static bool is_torn(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && (pread(fd, &last, 1, size - 1) != 1 || last != '\n');
}

static int append(int fd, off_t size, const char *line, size_t length)
{
	ssize_t put;

	do {
		put = write(fd, line, length);
	} while (put < 0 && errno == EINTR);
	if (put == (ssize_t)length && fdatasync(fd) == 0)
		return 0;
	if (put >= 0 && put < (ssize_t)length)
		errno = ENOSPC;
	put = fail(errno, "write " AUDIT_LOG);
	if (ftruncate(fd, size) < 0)
		error_last()->no = EIO;
	return (int)put;
}

static int write_line(struct store *store, const char *line, size_t length)
{
	auto_fd int lock = trust_lock(store);
	auto_fd int fd = -1;
	off_t size = 0;
	int result;

	if (lock < 0)
		return lock;
	fd = open_log(store, &size);
	if (fd >= 0 && size > 0 && size + (off_t)length > AUDIT_MAX) {
		close_fd(&fd);
		result = audit_rotate(store);
		if (result < 0)
			return result;
		fd = open_log(store, &size);
	}
	if (fd < 0)
		return error_result();
	/* The line begins with a newline that is only for a torn one before it. */
	result = is_torn(fd, size) ? append(fd, size, line, length) :
				     append(fd, size, line + 1, length - 1);
	if (result == 0 && size == 0 && fsync(lock) < 0)
		result = fail(errno, "sync %s", store_path(store));
	return result;
}

int audit_write(struct store *store, const struct audit_event *event)
{
	auto_arena struct arena arena = { 0 };
	const char *reason = event->reason, *line;
	char text[sizeof(struct error) + 128];
	size_t size;

	if (!reason && strcmp(event->action, "refuse") == 0 && error_last()->text[0])
		reason = error_format(error_last(), text, sizeof(text));
	line = event_line(&arena, event, reason, &size);
	if (line)
		line = arena_printf(&arena, "\n%s\n", line);
	return line ? write_line(store, line, strlen(line)) : error_result();
}
