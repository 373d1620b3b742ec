/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image ls */
#include <stdio.h>
#include <string.h>

#include "image/cmd/session.h"
#include "image/unpack/unpack.h"
#include "lib/error.h"
#include "lib/json.h"

static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

/* What there is to say of one name. What cannot be read is said in place of its platform. */
struct row {
	const char *name, *platform, *state;
	char digest[DIGEST_TEXT_SIZE];
	uint64_t size;
	bool lower;
};

static int add_size(void *data, const struct descriptor *descriptor, bool present)
{
	uint64_t *size = data;

	if (present)
		*size += descriptor->size;
	return 0;
}

static int describe(struct session *session, const struct store_ref *ref, struct row *row)
{
	struct arena *arena = &session->arena;
	struct image image;

	row->name = ref->name;
	row->lower = ref->lower;
	digest_text(&ref->descriptor.digest, row->digest);
	row->size = 0;
	row->platform = "-";
	row->state = "incomplete";
	if (image_walk(arena, session->store, &ref->descriptor, add_size, &row->size) < 0) {
		error_clear();
		return 0;
	}
	if (ref->descriptor.kind == MEDIA_KIND_INDEX)
		row->platform = "several";
	if (image_load(arena, session->store, ref->name[0] ? ref->name : row->digest, NULL,
		       &image) < 0) {
		error_clear();
		return 0;
	}
	if (!image.runnable) {
		row->state = "artifact";
		return 0;
	}
	row->state =
		image_is_unpacked(session->store, &image, &session->settings) ? "ready" : "packed";
	if (ref->descriptor.kind != MEDIA_KIND_INDEX)
		row->platform = platform_text(arena, &image.config.platform);
	return row->platform ? 0 : error_result();
}

static int print_row(const struct row *row)
{
	char line[512], size[SIZE_TEXT_SIZE];
	int length =
		snprintf(line, sizeof(line), "%-40s %.19s  %-16s %9s  %s%s\n",
			 row->name[0] ? row->name : "-", row->digest, row->platform,
			 size_text(row->size, size), row->state, row->lower ? " (factory)" : "");

	return command_print(line, (size_t)length);
}

static void write_row(struct json_writer *writer, const struct row *row)
{
	json_write_object(writer, NULL);
	json_write_string(writer, "name", row->name);
	json_write_string(writer, "digest", row->digest);
	json_write_string(writer, "platform", row->platform);
	json_write_uint(writer, "size", row->size);
	json_write_string(writer, "state", row->state);
	json_write_bool(writer, "factory", row->lower);
	json_write_end(writer, '}');
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct json_writer writer;
	struct store_ref *refs;
	ssize_t count;
	int result = session_open(&session, given, SESSION_READ);

	(void)context;
	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	count = store_refs(&session.arena, session.store, &refs);
	if (count < 0)
		return (int)count;
	if (session.json) {
		json_write_start(&writer, &session.arena, JSON_SPACES);
		json_write_array(&writer, NULL);
	} else if (!session.quiet) {
		char line[128];
		int length = snprintf(line, sizeof(line), "%-40s %-19s  %-16s %9s  %s\n", "NAME",
				      "DIGEST", "PLATFORM", "SIZE", "STATE");

		result = command_print(line, (size_t)length);
	}
	for (ssize_t i = 0; i < count && result == 0; i++) {
		struct row row;

		result = describe(&session, &refs[i], &row);
		if (result < 0)
			break;
		if (session.json) {
			write_row(&writer, &row);
		} else if (session.quiet) {
			char line[300];
			int length = snprintf(line, sizeof(line), "%s\n", row.name);

			result = command_print(line, (size_t)length);
		} else {
			result = print_row(&row);
		}
	}
	if (result < 0 || !session.json)
		return result;
	json_write_end(&writer, ']');
	return session_print(&writer);
}

const struct command image_ls = {
	.name = "ls",
	.arguments = "",
	.summary = "list the images",
	.options = options,
	.options_size = sizeof(struct session_options),
	.run = run,
};
