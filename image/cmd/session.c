/* SPDX-License-Identifier: Apache-2.0 */
/* What every image command begins with: see session.h. */
#include "image/cmd/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/progress.h"
#include "lib/error.h"
#include "lib/json.h"

const char *session_settings_path(const char *given)
{
	return given ? given : getenv("CRUET_IMAGES");
}

static void set_up_progress(const struct session_options *options)
{
	enum progress_style style = PROGRESS_AUTO;

	if (options->json)
		style = PROGRESS_JSON;
	if (options->quiet)
		style = PROGRESS_QUIET;
	progress_setup(style);
}

int session_open(struct session *session, const struct session_options *options,
		 enum session_use use)
{
	struct image_settings *settings = &session->settings;
	struct store_request request;
	int result;

	memset(session, 0, sizeof(*session));
	session->json = options->json;
	session->quiet = options->quiet;
	set_up_progress(options);
	result = settings_read(&session->arena, session_settings_path(options->settings), settings);
	if (result < 0)
		return result;
	if (options->store)
		settings->store = options->store;
	request = (struct store_request){
		.path = settings->store,
		.lower = settings->factory,
		.lower_count = settings->factory_count,
		.uses = settings->uses,
		.reserve_bytes = settings->limits.reserve_bytes,
		.flags = use == SESSION_ADD  ? STORE_MAKE :
			 use == SESSION_READ ? STORE_READ_ONLY :
					       0,
	};
	result = store_open(&request, &session->store);
	if (result == 0 && (use == SESSION_ADD || use == SESSION_CHANGE))
		result = store_lock(session->store, false);
	return result;
}

void session_close(struct session *session)
{
	store_close(&session->store);
	arena_free(&session->arena);
}

int session_platform(struct session *session, const char *text, struct platform *room,
		     const struct platform **result)
{
	*result = text ? room : NULL;
	return text ? platform_parse(&session->arena, text, room) : 0;
}

int session_print(struct json_writer *writer)
{
	size_t size;
	char *text = json_write_finish(writer, &size);
	int result;

	if (!text)
		return error_result();
	result = command_print(text, size);
	return result < 0 ? result : command_print("\n", 1);
}

char *size_text(uint64_t bytes, char text[SIZE_TEXT_SIZE])
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1000;
	unsigned int i = 0;

	if (bytes < unit) {
		snprintf(text, SIZE_TEXT_SIZE, "%u B", (unsigned int)bytes);
		return text;
	}
	for (; bytes / unit >= 1000; i++)
		unit *= 1000;
	snprintf(text, SIZE_TEXT_SIZE, "%u.%u %cB", (unsigned int)(bytes / unit),
		 (unsigned int)(bytes % unit / (unit / 10)), units[i]);
	return text;
}
