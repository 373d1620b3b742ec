/* SPDX-License-Identifier: Apache-2.0 */
/* cruet revision ACTION: what a device runs, as one signed thing. */
#include "image/revision.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/cmd/report.h"
#include "image/cmd/session.h"
#include "image/revision/internal.h"
#include "image/trust/audit.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"

#define BEGINS "`cruet reload` or a reboot begins it"

static struct revision_target target_of(const struct session *session)
{
	return (struct revision_target){ session->store, &session->settings };
}

static int parse_number(const char *text, uint32_t *number)
{
	return str_uint32(text, number) ?
		       0 :
		       fail_as(ERROR_USAGE, EINVAL, "%s is not the number of a revision", text);
}

/* What was done, for people: not with --quiet or --json. */
static int say(const struct session *session, const char *text)
{
	return session->quiet || session->json ? 0 : command_print(text, strlen(text));
}

/* ---- make ---- */

struct make_options {
	struct session_options session;
	struct args_list images, without;
};

static const struct args_option make_options[] = {
	{ "image", 'i', ARGS_LIST, offsetof(struct make_options, images), ARGS_NO_SEEN, "NAME",
	  "an image that no unit names; may be given again" },
	{ "without", 'w', ARGS_LIST, offsetof(struct make_options, without), ARGS_NO_SEEN, "UNIT",
	  "take a unit of the firmware's away; may be given again" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int make(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct make_options *options = given;
	auto_session struct session session;
	const struct make_request request = {
		.name = argv[0],
		.folder = argv[1],
		.images = options->images.items,
		.image_count = options->images.count,
		.without = options->without.items,
		.without_count = options->without.count,
	};
	struct descriptor descriptor;
	int result = session_open(&session, &options->session, SESSION_CHANGE);

	(void)context;
	(void)argc;
	if (result == 0)
		result = revision_make(&session.arena, session.store, &request, &descriptor);
	return result < 0 ? result : report_digest(&session, argv[0], &descriptor);
}

/* ---- install ---- */

struct install_options {
	struct session_options session;
	const char *root;
};

static const struct args_option install_options[] = {
	{ "root", 'r', ARGS_STRING, offsetof(struct install_options, root), ARGS_NO_SEEN, "DIR",
	  "the device's root, when it is not this machine: the new units go over its" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int print_number(struct session *session, uint32_t number)
{
	struct json_writer writer;
	char line[32];

	if (!session->json) {
		snprintf(line, sizeof(line), "%u\n", number);
		return command_print(line, strlen(line));
	}
	json_write_start(&writer, &session->arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_uint(&writer, "revision", number);
	json_write_end(&writer, '}');
	return session_print(&writer);
}

static int install(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct install_options *options = given;
	auto_session struct session session;
	const struct install_request request = {
		.name = argv[0],
		.root = options->root,
		.settings = session_settings_path(options->session.settings),
		.check = true,
	};
	struct revision_target target;
	uint32_t number = 0;
	int result = session_open(&session, &options->session, SESSION_CHANGE);

	(void)context;
	(void)argc;
	target = target_of(&session);
	if (result == 0)
		result = revision_install(&target, &request, &number);
	return result < 0 ? result : print_number(&session, number);
}

/* ---- try, commit, rollback, remove ---- */

struct try_options {
	struct session_options session;
	uint64_t tries;
	bool tries_given;
};

static const struct args_option try_options[] = {
	{ "tries", 't', ARGS_UINT, offsetof(struct try_options, tries),
	  offsetof(struct try_options, tries_given), "N",
	  "boots that it has to prove itself; default: 3" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};
static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

static int try(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct try_options *values = given;
	const uint64_t tries = values->tries_given ? values->tries : REVISION_TRIES;
	auto_session struct session session = { 0 };
	struct revision_target target;
	char line[96];
	uint32_t number;
	int result = parse_number(argv[0], &number);

	(void)context;
	(void)argc;
	if (result == 0 && (tries == 0 || tries > 1000))
		result = fail_as(ERROR_USAGE, EINVAL, "--tries: 1 to 1000");
	if (result == 0)
		result = session_open(&session, &values->session, SESSION_CHANGE);
	target = target_of(&session);
	if (result == 0)
		result = revision_try(&target, number, (uint32_t)tries);
	snprintf(line, sizeof(line), "revision %u is on trial: " BEGINS "\n", number);
	return result < 0 ? result : say(&session, line);
}

static int commit(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session = { 0 };
	struct revision_target target;
	uint32_t number = 0;
	char line[64];
	int result = argc ? parse_number(argv[0], &number) : 0;

	(void)context;
	if (result == 0 && argc && number == REVISION_FIRMWARE)
		result = fail_as(ERROR_STATE, EINVAL, "revision 0 is not on trial");
	if (result == 0)
		result = session_open(&session, given, SESSION_CHANGE);
	target = target_of(&session);
	if (result == 0)
		result = revision_accept(&target, number, &number);
	snprintf(line, sizeof(line), "revision %u is committed\n", number);
	return result < 0 ? result : say(&session, line);
}

static int rollback(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct revision_target target;
	uint32_t now = 0;
	char line[96];
	int result = session_open(&session, given, SESSION_CHANGE);

	(void)context;
	(void)argc;
	(void)argv;
	target = target_of(&session);
	if (result == 0)
		result = revision_rollback(&target, &now);
	snprintf(line, sizeof(line), "revision %u is committed: " BEGINS "\n", now);
	return result < 0 ? result : say(&session, line);
}

static int remove_one(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session = { 0 };
	struct revision_target target;
	uint32_t number;
	int result = 0;

	(void)context;
	for (int i = 0; i < argc && result == 0; i++)
		result = parse_number(argv[i], &number);
	if (result == 0)
		result = session_open(&session, given, SESSION_CHANGE);
	target = target_of(&session);
	for (int i = 0; i < argc && result == 0; i++) {
		parse_number(argv[i], &number);
		result = revision_remove(&target, number);
	}
	return result;
}

/* ---- list, show, status ---- */

/* A store that is not there has the firmware's units. 1: it is not. */
static int open_state(struct session *session, void *given, struct revision_state *state)
{
	const struct session_options *values = given;
	int result = session_open(session, values, SESSION_READ);

	memset(state, 0, sizeof(*state));
	if (result == -ENOENT && session->settings.store) {
		error_clear();
		return 1;
	}
	return result < 0 ? result :
			    revision_state(session_settings_path(values->settings), values->store,
					   state);
}

static const char *state_of(const struct revision_state *state, uint32_t number)
{
	if (number == state->trial)
		return "trial";
	if (number == state->committed)
		return "committed";
	if (number == state->previous)
		return "previous";
	return number == state->failed ? "failed" : "installed";
}

struct row {
	uint32_t number;
	const char *state, *name;
	char digest[DIGEST_TEXT_SIZE];
};

static int describe(struct session *session, const struct revision_state *state, uint32_t number,
		    struct row *row)
{
	struct revision revision;
	int result = revision_installed(&session->arena, session->store, number, &revision);

	*row = (struct row){ .number = number, .state = state_of(state, number), .name = "-" };
	if (result == -ENOMEM)
		return result;
	if (result < 0) {
		row->name = "(damaged)";
		error_clear();
		return 0;
	}
	row->name = revision.name;
	digest_text(&revision.digest, row->digest);
	return 0;
}

static int print_row(const struct session *session, const struct row *row)
{
	char line[512];

	if (session->quiet)
		snprintf(line, sizeof(line), "%u\n", row->number);
	else
		snprintf(line, sizeof(line), "%-8u %-10s %-40s %.19s\n", row->number, row->state,
			 row->name, row->digest);
	return command_print(line, strlen(line));
}

static void write_row(struct json_writer *writer, const struct row *row)
{
	json_write_object(writer, NULL);
	json_write_uint(writer, "revision", row->number);
	json_write_string(writer, "state", row->state);
	json_write_string(writer, "name", row->name);
	json_write_string(writer, "digest", row->digest);
	json_write_end(writer, '}');
}

static int list(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct revision_state state;
	struct json_writer writer;
	uint32_t *numbers = NULL;
	ssize_t count = 0;
	int result = open_state(&session, given, &state);

	(void)context;
	(void)argc;
	(void)argv;
	if (result == 0)
		count = revision_numbers(&session.arena, session.store, &numbers);
	if (result < 0 || count < 0)
		return result < 0 ? result : (int)count;
	json_write_start(&writer, &session.arena, JSON_SPACES);
	json_write_array(&writer, NULL);
	result = session.json ? 0 :
				say(&session, "REVISION STATE      NAME"
					      "\n");
	for (ssize_t i = 0; i < count && result == 0; i++) {
		struct row row;

		result = describe(&session, &state, numbers[i], &row);
		if (result == 0 && session.json)
			write_row(&writer, &row);
		else if (result == 0)
			result = print_row(&session, &row);
	}
	json_write_end(&writer, ']');
	return result < 0 || !session.json ? result : session_print(&writer);
}

static void write_revision(struct json_writer *writer, struct session *session,
			   const struct revision *revision, const struct row *row,
			   const char *problem)
{
	char text[DIGEST_TEXT_SIZE];

	(void)session;
	json_write_object(writer, NULL);
	json_write_uint(writer, "revision", row->number);
	json_write_string(writer, "state", row->state);
	json_write_string(writer, "name", revision->name);
	json_write_string(writer, "digest", row->digest);
	json_write_array(writer, "images");
	for (size_t i = 0; i < revision->image_count; i++) {
		json_write_object(writer, NULL);
		json_write_string(writer, "name", revision->images[i].name);
		json_write_string(writer, "digest", digest_text(&revision->images[i].digest, text));
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
	json_write_array(writer, "without");
	for (size_t i = 0; i < revision->without.count; i++)
		json_write_string(writer, NULL, revision->without.items[i]);
	json_write_end(writer, ']');
	json_write_bool(writer, "whole", !*problem);
	if (*problem)
		json_write_string(writer, "problem", problem);
	json_write_end(writer, '}');
}

static int print_revision(struct session *session, const struct revision *revision,
			  const struct row *row, const char *problem)
{
	struct arena *arena = &session->arena;
	char digest[DIGEST_TEXT_SIZE];
	char *text = arena_printf(arena, "revision  %u (%s)\nname      %s\ndigest    %s\n",
				  row->number, row->state, revision->name, row->digest);

	for (size_t i = 0; text && i < revision->image_count; i++)
		text = arena_printf(arena, "%simage     %s %s\n", text, revision->images[i].name,
				    digest_text(&revision->images[i].digest, digest));
	for (size_t i = 0; text && i < revision->without.count; i++)
		text = arena_printf(arena, "%swithout   %s\n", text, revision->without.items[i]);
	if (text && *problem)
		text = arena_printf(arena, "%snot whole %s\n", text, problem);
	return text ? command_print(text, strlen(text)) : error_result();
}

static int show(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session = { 0 };
	char problem[sizeof(struct error) + 128] = "";
	struct revision_state state;
	struct revision revision, checked;
	struct json_writer writer;
	struct row row;
	uint32_t number;
	int result = parse_number(argv[0], &number);

	(void)context;
	(void)argc;
	if (result == 0)
		result = open_state(&session, given, &state);
	if (result > 0)
		return fail_as(ERROR_NOT_FOUND, ENOENT, "revision %u is not installed", number);
	if (result == 0)
		result = revision_installed(&session.arena, session.store, number, &revision);
	if (result < 0)
		return result;
	if (revision_check(&session.arena, session.store, &session.settings, number, false,
			   &checked) < 0)
		error_format(error_last(), problem, sizeof(problem));
	error_clear();
	row = (struct row){ .number = number, .state = state_of(&state, number) };
	digest_text(&revision.digest, row.digest);
	if (!session.json)
		return print_revision(&session, &revision, &row, problem);
	json_write_start(&writer, &session.arena, JSON_SPACES);
	write_revision(&writer, &session, &revision, &row, problem);
	return session_print(&writer);
}

static int print_status(const struct revision_state *state)
{
	char text[320];
	int length =
		snprintf(text, sizeof(text), "committed  %u%s\nprevious   %u\n", state->committed,
			 state->committed ? "" : " (the firmware's)", state->previous);

	if (state->trial)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "trial      %u, boots left: %u\n", state->trial,
				   state->tries_left);
	if (state->failed)
		snprintf(text + length, sizeof(text) - (size_t)length, "failed     %u: %s\n",
			 state->failed, state->reason);
	return command_print(text, strlen(text));
}

static int status(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct revision_state state;
	struct json_writer writer;
	int result = open_state(&session, given, &state);

	(void)context;
	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	if (!session.json)
		return print_status(&state);
	json_write_start(&writer, &session.arena, JSON_SPACES);
	json_write_object(&writer, NULL);
	json_write_uint(&writer, "committed", state.committed);
	json_write_uint(&writer, "previous", state.previous);
	json_write_uint(&writer, "trial", state.trial);
	json_write_uint(&writer, "triesLeft", state.tries_left);
	json_write_uint(&writer, "failed", state.failed);
	json_write_string(&writer, "reason", state.reason);
	json_write_end(&writer, '}');
	return session_print(&writer);
}

/* ---- the table ---- */

#define ACTION(action, words, least, most, does, text) \
	{ \
		.name = action, .arguments = words, .summary = text, .options = options, \
		.options_size = sizeof(struct session_options), .arguments_min = least, \
		.arguments_max = most, .mixed = true, .run = does \
	}

static const struct command revision_make_action = {
	.name = "make",
	.arguments = "NAME FOLDER",
	.summary = "make an artifact of the units in a folder and the images that they name",
	.options = make_options,
	.options_size = sizeof(struct make_options),
	.arguments_min = 2,
	.arguments_max = 2,
	.mixed = true,
	.run = make,
}, revision_install_action = {
	.name = "install",
	.arguments = "NAME",
	.summary = "put an artifact of the store beside what runs; prints its number",
	.options = install_options,
	.options_size = sizeof(struct install_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = install,
}, revision_try_action = {
	.name = "try",
	.arguments = "NUMBER",
	.summary = "let the next boots, or reload, run it until it proves itself or fails",
	.options = try_options,
	.options_size = sizeof(struct try_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = try,
}, revision_commit_action = ACTION("commit", "[NUMBER]", 0, 1, commit,
				   "the one on trial has proved itself"),
  revision_list_action = ACTION("list", "", 0, 0, list, "list what is installed"),
  revision_remove_action = ACTION("remove", "NUMBER...", 1, COMMAND_ANY, remove_one,
				  "take away what neither runs nor is gone back to"),
  revision_rollback_action = ACTION("rollback", "", 0, 0, rollback,
				    "end the trial, or go back to what was committed before"),
  revision_show_action = ACTION("show", "NUMBER", 1, 1, show,
				"what a revision has, and whether it is whole"),
  revision_status_action = ACTION("status", "", 0, 0, status,
				  "what is committed, on trial, and what failed last");

const struct command *const revision_actions[] = {
	&revision_commit_action, &revision_install_action,
	&revision_list_action,	 &revision_make_action,
	&revision_remove_action, &revision_rollback_action,
	&revision_show_action,	 &revision_status_action,
	&revision_try_action,	 NULL,
};

/* Only for the list of commands: its actions have the options. */
static const struct args_option none[] = { COMMAND_OPTIONS_END };
const struct command command_revision = {
	.name = "revision",
	.arguments = "ACTION",
	.summary = "install, try, commit and roll back what the device runs",
	.options = none,
};
