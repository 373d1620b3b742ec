/* SPDX-License-Identifier: Apache-2.0 */
/* The options before the command: see globals.h. */
#include "runtime/cmd/globals.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/args.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/str.h"
#include "runtime/cmd/command.h"
#include "runtime/version.h"

#define OPTION(field) offsetof(struct globals, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "root", 0, ARGS_STRING, OPTION(root), "DIR", "state of containers (default /run/cruet)" },
	{ "log", 0, ARGS_STRING, OPTION(log), "FILE", "write errors there too" },
	{ "log-format", 0, ARGS_STRING, OPTION(log_format), "FORMAT", "text (default) or json" },
	{ "log-level", 0, ARGS_STRING, OPTION(log_level), "LEVEL",
	  "error, warning, info or debug" },
	{ "debug", 0, ARGS_FLAG, OPTION(debug), NULL, "log everything" },
	{ "cgroup-manager", 0, ARGS_STRING, OPTION(cgroup_manager), "MANAGER",
	  "cgroupfs (default) or disabled" },
	{ "systemd-cgroup", 0, ARGS_FLAG, OPTION(systemd_cgroup), NULL, NULL },
	{ "rootless", 0, ARGS_IGNORED_STRING, 0, ARGS_NO_SEEN, "MODE", "found out by itself" },
	{ "criu", 0, ARGS_IGNORED_STRING, 0, ARGS_NO_SEEN, "PATH", "no checkpoints here" },
	{ "version", 'v', ARGS_FLAG, OPTION(version), NULL, "print the version" },
	{ "V", 'V', ARGS_FLAG, OPTION(version), NULL, NULL },
	COMMAND_OPTIONS_END,
};

void globals_help(const char *program)
{
	char usage[96];

	snprintf(usage, sizeof(usage), "%s [OPTION...] COMMAND [ARGUMENT...]", program);
	args_help(usage, "An OCI container runtime for embedded Linux.", options);
	command_print("\nCommands:\n", sizeof("\nCommands:\n") - 1);
}

int globals_print_version(const char *program)
{
	char text[160];
	int length = snprintf(text, sizeof(text), "%s version %s\ncommit: %s\nspec: %s\n", program,
			      CRUET_VERSION, CRUET_COMMIT, OCI_SPEC_VERSION);

	return command_print(text, (size_t)length);
}

static int read_level(const char *text, enum log_level *level)
{
	static const char names[][8] = { "error", "warning", "info", "debug" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	if (strcmp(text, "warn") == 0) {
		*level = LOG_LEVEL_WARNING;
		return 0;
	}
	return fail_as(ERROR_USAGE, EINVAL, "--log-level %s: must be error, warning, info or debug",
		       text);
}

static int set_up_log(const struct globals *globals)
{
	struct log_options log = {
		.fd = -1,
		.level = LOG_LEVEL_WARNING,
		.level_set = globals->debug || globals->log_level,
		.program = globals->program,
	};
	const char *path = globals->log;
	int result = 0;

	if (globals->log_level)
		result = read_level(globals->log_level, &log.level);
	if (globals->debug)
		log.level = LOG_LEVEL_DEBUG;
	if (globals->log_format && strcmp(globals->log_format, "json") == 0)
		log.json = true;
	else if (globals->log_format && strcmp(globals->log_format, "text") != 0)
		result = fail_as(ERROR_USAGE, EINVAL, "--log-format %s: must be text or json",
				 globals->log_format);
	if (path && str_has_prefix(path, "file:"))
		path += sizeof("file:") - 1;
	if (path && path[0]) {
		log.fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (log.fd < 0)
			result = fail(errno, "--log %s", path);
	}
	log_setup(&log);
	return result;
}

static int read_manager(struct globals *globals)
{
	const char *name = globals->cgroup_manager;

	globals->context.cgroup_manager = CGROUP_MANAGER_FS;
	if (globals->systemd_cgroup || (name && strcmp(name, "systemd") == 0))
		return fail_as(ERROR_UNSUPPORTED, 0,
			       "systemd manages no cgroups here: use cgroupfs (--cgroup-manager "
			       "cgroupfs; in the client: cgroup manager \"cgroupfs\")");
	if (name && strcmp(name, "disabled") == 0)
		globals->context.cgroup_manager = CGROUP_MANAGER_DISABLED;
	else if (name && strcmp(name, "cgroupfs") != 0)
		return fail_as(ERROR_USAGE, EINVAL,
			       "--cgroup-manager %s: must be cgroupfs or disabled", name);
	return 0;
}

/* Absolute: it goes into mounts and messages, wherever we go. */
static int read_root(struct globals *globals)
{
	struct container_context *context = &globals->context;
	size_t length;

	context->root = globals->root;
	if (!globals->root || !globals->root[0]) {
		context->root =
			state_default_root(globals->root_buffer, sizeof(globals->root_buffer));
		return context->root ? 0 : -ENAMETOOLONG;
	}
	if (globals->root[0] == '/')
		return 0;
	if (!getcwd(globals->root_buffer, PATH_MAX))
		return fail(errno, "--root %s", globals->root);
	length = strlen(globals->root_buffer);
	context->root = globals->root_buffer;
	return str_format(globals->root_buffer + length, sizeof(globals->root_buffer) - length,
			  "/%s", globals->root);
}

int globals_read(struct globals *globals, int argc, char **argv)
{
	int first = args_parse(argc, argv, options, globals, false);
	int result;

	if (first < 0) {
		log_setup(&(struct log_options){ .fd = -1, .program = globals->program });
		return first;
	}
	globals->context.root_fd = -1;
	result = set_up_log(globals);
	if (result == 0)
		result = read_manager(globals);
	if (result == 0)
		result = read_root(globals);
	return result < 0 ? result : first;
}
