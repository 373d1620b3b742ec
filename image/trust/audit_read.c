/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the audit log, and what stays of it when it is rotated. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/store/store.h"
#include "image/trust/audit_log.h"
#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"

struct audit_line {
	const char *text;
	size_t size;
	const char *action;
	struct digest manifest;
	bool has_manifest;
};

/* Called for each whole line; < 0 ends it. */
typedef int audit_each(void *data, const struct audit_line *line);

/* false: damaged. */
static bool read_line(struct arena *arena, struct audit_line *line)
{
	const cJSON *root = json_parse(arena, line->text, line->size, AUDIT_LOG);
	const cJSON *action = cJSON_GetObjectItemCaseSensitive(root, "action");
	const cJSON *manifest = cJSON_GetObjectItemCaseSensitive(root, "manifest");

	if (!cJSON_IsString(action))
		return false;
	line->action = action->valuestring;
	line->has_manifest = manifest != NULL;
	return !manifest || (cJSON_IsString(manifest) &&
			     digest_parse(&line->manifest, manifest->valuestring, "manifest") == 0);
}

static int each_line(const char *name, const char *text, size_t size, audit_each *each, void *data)
{
	const char *end = text + size;
	int result = 0;

	for (unsigned int number = 1; text < end && result == 0; number++) {
		auto_arena struct arena arena = { 0 };
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct audit_line line = { .text = text };

		line.size = (size_t)((newline ? newline : end) - text);
		text += line.size + 1;
		if (line.size && read_line(&arena, &line))
			result = each(data, &line);
		else if (line.size)
			log_warning("%s: line %u is damaged and passed over", name, number);
	}
	return result;
}

/* "" when there is none. From the arena; NULL recorded. */
static char *read_file(struct arena *arena, const struct store *store, const char *name,
		       size_t limit, size_t *size)
{
	const int folder = store_folder(store);
	auto_fd int fd = folder < 0 ?
				 -1 :
				 openat(folder, name,
					O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);

	*size = 0;
	if (folder < 0 || (fd < 0 && errno == ENOENT))
		return arena_strdup(arena, "");
	if (fd < 0) {
		fail(errno, "open %s/%s", store_path(store), name);
		return NULL;
	}
	return file_read_fd(arena, fd, name, limit, size);
}

static int read_log(struct arena *arena, const struct store *store, const char *name,
		    audit_each *each, void *data)
{
	size_t size;
	const char *text = read_file(arena, store, name, AUDIT_MAX + AUDIT_LINE_MAX, &size);

	return text ? each_line(name, text, size, each, data) : error_result();
}

/* ---- asking ---- */

struct question {
	const struct digest *digests;
	size_t count;
	int (*each)(void *data, const char *line, size_t size);
	void *data;
	bool *found;
};

static int answer(void *data, const struct audit_line *line)
{
	const struct question *question = data;
	bool wanted = question->count == 0;

	for (size_t i = 0; i < question->count && line->has_manifest; i++)
		if (digest_equal(&question->digests[i], &line->manifest)) {
			wanted = true;
			question->found[i] |= strcmp(line->action, "start") == 0;
		}
	return wanted && question->each ? question->each(question->data, line->text, line->size) :
					  0;
}

/* Is it a line of the list? */
static bool is_listed(const char *list, size_t size, const char *digest)
{
	const size_t length = strlen(digest);
	const char *at = memmem(list, size, digest, length);

	return at && (at + length == list + size || at[length] == '\n');
}

int audit_read(struct arena *arena, struct store *store, const struct digest *digests, size_t count,
	       int (*each)(void *data, const char *line, size_t size), void *data, bool *found)
{
	struct question question = { digests, count, each, data, found };
	char text[DIGEST_TEXT_SIZE];
	const char *started;
	size_t size;
	int result;

	for (size_t i = 0; i < count; i++)
		found[i] = false;
	result = read_log(arena, store, AUDIT_OLD, answer, &question);
	if (result == 0)
		result = read_log(arena, store, AUDIT_LOG, answer, &question);
	started = result == 0 ? read_file(arena, store, AUDIT_STARTED, AUDIT_STARTED_MAX, &size) :
				NULL;
	if (!started)
		return result < 0 ? result : error_result();
	for (size_t i = 0; i < count; i++)
		found[i] |= is_listed(started, size, digest_text(&digests[i], text));
	return 0;
}

/* ---- rotating ---- */

struct started {
	char *text;
	size_t size, room;
};

/* One that is no more room for is not listed: there were more than fifty thousand before it. */
static int list_start(void *data, const struct audit_line *line)
{
	struct started *started = data;
	char text[DIGEST_TEXT_SIZE + 1];
	size_t length;

	if (strcmp(line->action, "start") != 0 || !line->has_manifest)
		return 0;
	digest_text(&line->manifest, text);
	if (is_listed(started->text, started->size, text))
		return 0;
	length = strlen(text);
	text[length++] = '\n';
	if (length > started->room - started->size)
		return 0;
	memcpy(started->text + started->size, text, length);
	started->size += length;
	return 0;
}

static int list_starts(struct store *store)
{
	auto_arena struct arena arena = { 0 };
	struct started started = { 0 };
	const char *list =
		read_file(&arena, store, AUDIT_STARTED, AUDIT_STARTED_MAX, &started.size);
	const size_t before = started.size;
	int result;

	if (!list)
		return error_result();
	/* A line of the log is longer than one of the list. */
	started.room = before + AUDIT_MAX;
	if (started.room > AUDIT_STARTED_MAX)
		started.room = AUDIT_STARTED_MAX;
	started.text = arena_bytes(&arena, started.room);
	if (!started.text)
		return error_result();
	memcpy(started.text, list, before);
	result = read_log(&arena, store, AUDIT_OLD, list_start, &started);
	if (result < 0 || started.size == before)
		return result;
	return file_replace(store_folder(store), AUDIT_STARTED, started.text, started.size, 0600,
			    FILE_SYNC);
}

int audit_rotate(struct store *store)
{
	const int folder = store_folder(store);
	auto_fd int sync = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = list_starts(store);

	if (result < 0)
		return result;
	if (sync < 0 || renameat(folder, AUDIT_LOG, folder, AUDIT_OLD) < 0 || fsync(sync) < 0)
		return fail(errno, "rotate %s/" AUDIT_LOG, store_path(store));
	return 0;
}
