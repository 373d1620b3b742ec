/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image gc, du, fsck */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "image/cmd/session.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"

enum { PARTIAL_SECONDS = 7 * 24 * 3600 };

struct gc_options {
	struct session_options session;
	bool dry;
	uint64_t partial;
	bool partial_given;
};

static const struct args_option gc_options[] = {
	{ "dry-run", 0, ARGS_FLAG, offsetof(struct gc_options, dry), ARGS_NO_SEEN, NULL,
	  "only say what would go" },
	{ "partial", 0, ARGS_UINT, offsetof(struct gc_options, partial),
	  offsetof(struct gc_options, partial_given), "SECONDS",
	  "downloads that nobody went on with for that long go, too (604800)" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int print_numbers(struct session *session, const char *const *names, const uint64_t *numbers,
			 size_t count)
{
	struct json_writer writer;
	int result = 0;

	if (session->json) {
		json_write_start(&writer, &session->arena, JSON_SPACES);
		json_write_object(&writer, NULL);
		for (size_t i = 0; i < count; i++)
			json_write_uint(&writer, names[i], numbers[i]);
		json_write_end(&writer, '}');
		return session_print(&writer);
	}
	for (size_t i = 0; i < count && result == 0 && !session->quiet; i++) {
		char line[80];
		int length =
			snprintf(line, sizeof(line), "%-20s %14" PRIu64 "\n", names[i], numbers[i]);

		result = command_print(line, (size_t)length);
	}
	return result;
}

static int gc(const struct container_context *context, void *given, int argc, char **argv)
{
	static const char *const names[] = { "blobs", "trees", "partials", "bytes" };
	const struct gc_options *values = given;
	auto_session struct session session;
	struct gc_report report = { 0 };
	uint64_t seconds = values->partial_given ? values->partial : PARTIAL_SECONDS;
	int result = session_open(&session, &values->session, SESSION_COLLECT);

	(void)context;
	(void)argc;
	(void)argv;
	if (result == 0 && seconds > UINT32_MAX)
		result = fail_as(ERROR_USAGE, ERANGE, "--partial %" PRIu64, seconds);
	if (result == 0)
		result = store_gc(session.store, values->dry, (unsigned int)seconds, &report);
	if (result < 0)
		return result;
	return print_numbers(&session, names,
			     (uint64_t[]){ report.blobs, report.trees, report.partials,
					   report.bytes },
			     4);
}

static const struct args_option du_options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

static int du(const struct container_context *context, void *given, int argc, char **argv)
{
	static const char *const names[] = { "names",	     "blobs",
					     "blobBytes",    "trees",
					     "treeBytes",    "partials",
					     "partialBytes", "unreferencedBytes" };
	auto_session struct session session;
	struct store_usage usage = { 0 };
	int result = session_open(&session, given, SESSION_READ);

	(void)context;
	(void)argc;
	(void)argv;
	if (result == 0)
		result = store_usage(&session.arena, session.store, &usage);
	if (result < 0)
		return result;
	return print_numbers(&session, names,
			     (uint64_t[]){ usage.refs, usage.blobs, usage.blob_bytes, usage.trees,
					   usage.tree_bytes, usage.partials, usage.partial_bytes,
					   usage.unreferenced_bytes },
			     8);
}

struct fsck_options {
	struct session_options session;
	bool quick, repair;
};

static const struct args_option fsck_options[] = {
	{ "quick", 0, ARGS_FLAG, offsetof(struct fsck_options, quick), ARGS_NO_SEEN, NULL,
	  "only that everything is there, in its size: what a boot can afford" },
	{ "repair", 0, ARGS_FLAG, offsetof(struct fsck_options, repair), ARGS_NO_SEEN, NULL,
	  "remove what is damaged, and the names that lead to it" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int fsck(const struct container_context *context, void *given, int argc, char **argv)
{
	static const char *const names[] = { "checked", "damaged", "missing", "removed" };
	const struct fsck_options *values = given;
	auto_session struct session session;
	struct fsck_report report = { 0 };
	int result = session_open(&session, &values->session,
				  values->repair ? SESSION_COLLECT : SESSION_READ);
	int printed;

	(void)context;
	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	result = store_fsck(session.store, !values->quick, values->repair, &report);
	printed = print_numbers(&session, names,
				(uint64_t[]){ report.checked, report.damaged, report.missing,
					      report.removed },
				4);
	return result < 0 ? result : printed;
}

const struct command image_gc = {
	.name = "gc",
	.arguments = "",
	.summary = "free what no name and no container needs",
	.options = gc_options,
	.options_size = sizeof(struct gc_options),
	.run = gc,
};

const struct command image_du = {
	.name = "du",
	.arguments = "",
	.summary = "what the store takes",
	.options = du_options,
	.options_size = sizeof(struct session_options),
	.run = du,
};

const struct command image_fsck = {
	.name = "fsck",
	.arguments = "",
	.summary = "check every byte of the store against its digest",
	.options = fsck_options,
	.options_size = sizeof(struct fsck_options),
	.run = fsck,
};
