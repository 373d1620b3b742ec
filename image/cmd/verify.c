/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image verify: every byte against its digest, then the policy. */
#include <string.h>

#include "image/cmd/session.h"
#include "image/progress.h"
#include "image/trust/audit.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"

static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

/* Of one name. */
struct outcome {
	struct session *session;
	const char *name;
	struct digest manifest;
	uint64_t blobs, bytes, missing, damaged;
	struct trust_decision decision;
	char *error; /* the first one; NULL: fine */
};

/* 0, so that the walk goes on: all that is wrong is told. */
static int look_at(void *data, const struct descriptor *descriptor, bool present)
{
	struct outcome *outcome = data;
	char digest[DIGEST_TEXT_SIZE];

	if (!present) {
		outcome->missing++;
		return 0;
	}
	outcome->blobs++;
	outcome->bytes += descriptor->size;
	if (store_blob_verify(outcome->session->store, &descriptor->digest, descriptor->size) < 0) {
		outcome->damaged++;
		log_warning("%s: %s is damaged", outcome->name,
			    digest_text(&descriptor->digest, digest));
	}
	progress_add(descriptor->size);
	return 0;
}

/* Blobs of other platforms, and layers that were unpacked, may be missing. */
static int verify_content(struct outcome *outcome)
{
	struct session *session = outcome->session;
	struct descriptor top;
	struct image image;
	int result = store_resolve(&session->arena, session->store, outcome->name, &top);

	if (result < 0)
		return result;
	progress_begin("verify", outcome->name, 0, 0);
	result = image_walk(&session->arena, session->store, &top, look_at, outcome);
	progress_end();
	if (result == 0 && outcome->damaged)
		result = fail(EBADMSG, "%s: %llu blobs are damaged", outcome->name,
			      (unsigned long long)outcome->damaged);
	if (result < 0)
		return result;
	result = image_load(&session->arena, session->store, outcome->name, NULL, &image);
	outcome->manifest = image.descriptor.digest;
	return result;
}

static int verify_name(struct outcome *outcome)
{
	struct session *session = outcome->session;
	struct audit_event event = {
		.action = "verify",
		.name = outcome->name,
		.manifest = &outcome->manifest,
		.decision = &outcome->decision,
	};
	char text[sizeof(struct error) + 128];
	int result = verify_content(outcome);
	const bool whole = result == 0;

	if (whole)
		result = trust_check(&session->arena, session->store, &session->settings,
				     outcome->name, &outcome->manifest, false, &outcome->decision);
	if (result < 0) {
		error_format(error_last(), text, sizeof(text));
		outcome->error = arena_strdup(&session->arena, text);
		if (!outcome->error)
			return -ENOMEM;
	}
	if (!whole)
		return 0;
	event.reason = outcome->error;
	result = audit_write(session->store, &event);
	if (result != -EROFS)
		return result;
	log_warning("the store is read-only: the audit log says nothing of this");
	return 0;
}

static void write_outcome(struct json_writer *writer, const struct outcome *outcome)
{
	const struct trust_decision *decision = &outcome->decision;
	char digest[DIGEST_TEXT_SIZE];

	json_write_object(writer, NULL);
	json_write_string(writer, "name", outcome->name);
	if (decision->rule)
		json_write_string(writer, "digest", digest_text(&outcome->manifest, digest));
	json_write_uint(writer, "blobs", outcome->blobs);
	json_write_uint(writer, "bytes", outcome->bytes);
	json_write_uint(writer, "missing", outcome->missing);
	json_write_uint(writer, "damaged", outcome->damaged);
	json_write_bool(writer, "allowed", decision->allowed);
	if (decision->rule) {
		json_write_string(writer, "rule", decision->rule);
		json_write_string(writer, "signer", decision->signer);
		json_write_string(writer, "key", decision->key);
	}
	if (decision->counter)
		json_write_uint(writer, "counter", decision->counter);
	if (outcome->error)
		json_write_string(writer, "error", outcome->error);
	json_write_end(writer, '}');
}

static int print_outcome(const struct outcome *outcome)
{
	const struct trust_decision *decision = &outcome->decision;
	char digest[DIGEST_TEXT_SIZE], size[SIZE_TEXT_SIZE], *line;

	if (outcome->error) {
		log_message(LOG_LEVEL_ERROR, "%s", outcome->error);
		return 0;
	}
	line = arena_printf(&outcome->session->arena,
			    "%s  %s  %llu blobs, %s, %llu missing; %s%s%s%s%s\n", outcome->name,
			    digest_text(&outcome->manifest, digest),
			    (unsigned long long)outcome->blobs, size_text(outcome->bytes, size),
			    (unsigned long long)outcome->missing,
			    decision->signer[0] ? "signed by " : "nobody vouches for it",
			    decision->signer, decision->key[0] ? " (" : "", decision->key,
			    decision->key[0] ? ")" : "");
	return line ? command_print(line, strlen(line)) : error_result();
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct json_writer writer;
	bool fine = true;
	int result = session_open(&session, given, SESSION_READ);

	(void)context;
	if (result < 0)
		return result;
	json_write_start(&writer, &session.arena, JSON_SPACES);
	json_write_array(&writer, NULL);
	for (int i = 0; i < argc && result == 0; i++) {
		struct outcome outcome = { .session = &session, .name = argv[i] };

		result = verify_name(&outcome);
		write_outcome(&writer, &outcome);
		fine = fine && !outcome.error;
		if (result == 0 && !session.json && (outcome.error || !session.quiet))
			result = print_outcome(&outcome);
	}
	json_write_end(&writer, ']');
	if (result == 0 && session.json)
		result = session_print(&writer);
	return result < 0 ? result : !fine;
}

const struct command image_verify = {
	.name = "verify",
	.arguments = "IMAGE...",
	.summary = "check every byte of images, and whether the policy takes them",
	.options = options,
	.options_size = sizeof(struct session_options),
	.arguments_min = 1,
	.arguments_max = COMMAND_ANY,
	.mixed = true,
	.run = run,
};
