/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image audit: what happened here, and which of these images ever ran. */
#include <string.h>

#include "image/cmd/session.h"
#include "image/trust/audit.h"
#include "lib/error.h"
#include "lib/json.h"

enum { STATUS_NONE_RAN = 3 };

static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

static const char *text_of(const cJSON *root, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(root, key);

	return cJSON_IsString(node) ? node->valuestring : "";
}

static int print_line(void *data, const char *line, size_t size)
{
	auto_arena struct arena arena = { 0 };
	const struct session *session = data;
	const cJSON *root;
	const char *text;
	int result;

	if (session->json) {
		result = command_print(line, size);
		return result < 0 ? result : command_print("\n", 1);
	}
	root = json_parse(&arena, line, size, "audit.log");
	if (!root)
		return error_result();
	text = arena_printf(&arena, "%-20s %-7s %s %s%s%s%s%s\n", text_of(root, "time"),
			    text_of(root, "action"), text_of(root, "manifest"),
			    text_of(root, "name"), text_of(root, "signer")[0] ? " signed by " : "",
			    text_of(root, "signer"), text_of(root, "reason")[0] ? ": " : "",
			    text_of(root, "reason"));
	return text ? command_print(text, strlen(text)) : error_result();
}

/* A digest, which need not be here any more, or the name of what is. */
static int read_digest(struct session *session, const char *text, struct digest *digest)
{
	struct image image;
	int result;

	if (strlen(text) >= 7 + 2 * SHA256_SIZE && digest_parse(digest, text, text) == 0)
		return 0;
	result = image_load(&session->arena, session->store, text, NULL, &image);
	*digest = image.descriptor.digest;
	return result;
}

static int print_answers(struct session *session, char **names, const bool *ran, size_t count)
{
	struct json_writer writer;
	int result = 0;

	if (session->json) {
		json_write_start(&writer, &session->arena, JSON_COMPACT);
		json_write_object(&writer, NULL);
		json_write_object(&writer, "ran");
		for (size_t i = 0; i < count; i++)
			json_write_bool(&writer, names[i], ran[i]);
		json_write_end(&writer, '}');
		json_write_end(&writer, '}');
		return session_print(&writer);
	}
	for (size_t i = 0; i < count && result == 0; i++) {
		const char *line = arena_printf(&session->arena, "%s: %s\n", names[i],
						ran[i] ? "ran here" : "never ran here");

		result = line ? command_print(line, strlen(line)) : error_result();
	}
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	const size_t count = (size_t)argc;
	struct digest *digests;
	bool *ran, any = false;
	int result = session_open(&session, given, SESSION_READ);

	(void)context;
	if (result < 0)
		return result;
	digests = arena_array(&session.arena, count + 1, sizeof(*digests));
	ran = arena_array(&session.arena, count + 1, sizeof(*ran));
	if (!digests || !ran)
		return error_result();
	for (size_t i = 0; i < count && result == 0; i++)
		result = read_digest(&session, argv[i], &digests[i]);
	if (result == 0)
		result = audit_read(&session.arena, session.store, digests, count,
				    session.quiet ? NULL : print_line, &session, ran);
	if (result < 0 || count == 0)
		return result;
	for (size_t i = 0; i < count; i++)
		any = any || ran[i];
	result = print_answers(&session, argv, ran, count);
	return result < 0 || any ? result : STATUS_NONE_RAN;
}

const struct command image_audit = {
	.name = "audit",
	.arguments = "[DIGEST|IMAGE...]",
	.summary = "what happened to images here, and which of these ever ran (else status 3)",
	.options = options,
	.options_size = sizeof(struct session_options),
	.arguments_min = 0,
	.arguments_max = COMMAND_ANY,
	.mixed = true,
	.run = run,
};
