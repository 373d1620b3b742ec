/* SPDX-License-Identifier: Apache-2.0 */
/* cruet import */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "image/cmd/report.h"
#include "image/progress.h"
#include "image/transfer/transfer.h"
#include "image/trust/audit.h"
#include "lib/error.h"
#include "lib/json.h"

struct options {
	struct session_options session;
	const char *format, *name, *reference, *platform, *user, *working_directory;
	struct args_list environment, signatures;
	bool one, unverified;
};

#define TEXT(field) ARGS_STRING, offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "name", 'n', TEXT(name), "NAME", "what to call it; else the name inside" },
	{ "format", 'f', TEXT(format), "FORMAT",
	  "oci, docker-archive, aci, rootfs, squashfs or erofs; else found out" },
	{ "reference", 0, TEXT(reference), "NAME", "of several images inside, this one" },
	{ "platform", 0, TEXT(platform), "OS/ARCH", "of a root file system; with --one: which" },
	{ "one", 0, ARGS_FLAG, offsetof(struct options, one), ARGS_NO_SEEN, NULL,
	  "of several platforms only this machine's" },
	{ "env", 'e', ARGS_LIST, offsetof(struct options, environment), ARGS_NO_SEEN, "NAME=VALUE",
	  "of a root file system: its environment" },
	{ "user", 0, TEXT(user), "USER", "of a root file system: its user" },
	{ "workdir", 0, TEXT(working_directory), "DIR", "of a root file system: where it starts" },
	{ "signature", 0, ARGS_LIST, offsetof(struct options, signatures), ARGS_NO_SEEN, "FILE",
	  "a detached signature of it: see image attach" },
	{ "unverified", 0, ARGS_FLAG, offsetof(struct options, unverified), ARGS_NO_SEEN, NULL,
	  "also what the policy refuses: it does not run until that allows it" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

struct coming {
	struct session *session;
	const struct platform *board; /* NULL: this machine */
	bool unverified;
};

/* Of an index: itself, and what this machine would run of it. Count of digests. */
static size_t find_digests(const struct coming *coming, const struct descriptor *top,
			   struct digest digests[2])
{
	struct session *session = coming->session;
	char name[DIGEST_TEXT_SIZE];
	struct image image;
	size_t count = 0;

	if (top->kind == MEDIA_KIND_INDEX &&
	    image_load(&session->arena, session->store, digest_text(&top->digest, name),
		       coming->board, &image) == 0)
		digests[count++] = image.descriptor.digest;
	error_clear();
	digests[count++] = top->digest;
	return count;
}

/* The policy, before anything gets a name: what runs now is not put out of its name by what will
 * not run. */
static int allow(void *data, const char *name, const struct descriptor *top)
{
	struct coming *coming = data;
	struct session *session = coming->session;
	struct trust_decision decision;
	struct digest digests[2];
	const size_t count = find_digests(coming, top, digests);
	struct error why;
	int result;

	if (!coming->unverified) {
		result = report_policy(session, "import", name, digests, count, &decision);
		if (result == 0 && *decision.rule)
			progress_note("%s: allowed by the rule %s%s%s", name, decision.rule,
				      *decision.signer ? ", signed by " : "", decision.signer);
		return result;
	}
	result = trust_check_any(&session->arena, session->store, &session->settings, name, digests,
				 count, false, &decision);
	why = *error_last();
	if (result == -ENOMEM)
		return result;
	if (result < 0)
		progress_note("kept, and does not run: %s", why.text);
	error_clear();
	return audit_write(session->store,
			   &(struct audit_event){ .action = "import",
						  .name = name,
						  .manifest = digests,
						  .decision = &decision,
						  .reason = result < 0 ? why.text : NULL });
}

static int report(struct session *session, const struct imported *list, size_t count)
{
	struct json_writer writer;
	char digest[DIGEST_TEXT_SIZE], line[DIGEST_TEXT_SIZE + 300];
	int result = 0;

	if (session->json) {
		json_write_start(&writer, &session->arena, JSON_COMPACT);
		json_write_array(&writer, NULL);
	}
	for (size_t i = 0; i < count && result == 0; i++) {
		digest_text(&list[i].descriptor.digest, digest);
		if (session->json) {
			json_write_object(&writer, NULL);
			json_write_string(&writer, "name", list[i].name);
			json_write_string(&writer, "digest", digest);
			json_write_end(&writer, '}');
		} else if (!session->quiet) {
			int length = snprintf(line, sizeof(line), "%s  %s\n", digest, list[i].name);

			result = command_print(line, (size_t)length);
		}
	}
	if (!session->json || result < 0)
		return result;
	json_write_end(&writer, ']');
	return session_print(&writer);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	const struct string_list command = { (const char **)argv + 1, (size_t)argc - 1 };
	const struct string_list environment = { values->environment.items,
						 values->environment.count };
	const struct string_list signatures = { values->signatures.items,
						values->signatures.count };
	struct coming coming = { .unverified = values->unverified };
	struct import_request request = {
		.path = argv[0],
		.folder = AT_FDCWD,
		.format = FORMAT_DETECT,
		.name = values->name,
		.reference = values->reference,
		.one = values->one,
		.command = &command,
		.environment = &environment,
		.user = values->user,
		.working_directory = values->working_directory,
		.signatures = &signatures,
		.allow = allow,
		.data = &coming,
	};
	auto_session struct session session;
	struct platform platform;
	struct imported *list;
	ssize_t count;
	int result = session_open(&session, &values->session, SESSION_ADD);

	(void)context;
	coming.session = &session;
	if (result == 0)
		result = session_platform(&session, values->platform, &platform, &request.platform);
	coming.board = request.platform;
	if (result == 0 && values->format) {
		request.format = image_format_of(values->format);
		if (request.format == FORMAT_DETECT)
			result = fail_as(ERROR_USAGE, EINVAL,
					 "--format %s: must be oci, docker-archive, aci, rootfs, "
					 "squashfs or erofs",
					 values->format);
	}
	if (result < 0)
		return result;
	count = image_import(&session.arena, session.store, &session.settings, &request, &list);
	return count < 0 ? (int)count : report(&session, list, (size_t)count);
}

const struct command command_import = {
	.name = "import",
	.arguments = "FILE|FOLDER|- [COMMAND [ARGUMENT...]]",
	.summary = "put an image from a file into the store",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = COMMAND_ANY,
	.run = run,
};
