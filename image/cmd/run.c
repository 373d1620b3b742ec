/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run --image NAME and create --image NAME. The image's options are taken out of the command line,
 * its bundle is made, and what is left, with --bundle, is the runtime's.
 *
 *	cruet run [OPTION...] --image NAME [OPTION...] ID [COMMAND [ARGUMENT...]]
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/cmd/command.h"
#include "image/cmd/session.h"
#include "image/cmd/sockets.h"
#include "image/progress.h"
#include "image/run.h"
#include "image/store.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"

struct options {
	struct session_options session;
	const char *image, *upper;
	struct args_list environment, volumes;
	bool read_only, terminal, identity;
	/* The runtime's, which are passed on: passed_on() takes all from here. */
	const char *console_socket, *pid_file, *pidfd_socket, *preserve_fds;
	bool detach, keep, no_pivot, no_new_keyring, no_subreaper;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN
#define FLAG(field) ARGS_FLAG, OPTION(field), NULL

/* clang-format off: one line a row */
static const struct args_option options[] = {
	{ "image", 0, ARGS_STRING, OPTION(image), "NAME", "an image of the store" },
	{ "upper", 0, ARGS_STRING, OPTION(upper), "DIR",
	  "keep what the container writes there; else it is gone with it (a tmpfs)" },
	{ "env", 'e', ARGS_LIST, OPTION(environment), "NAME=VALUE", "in its environment" },
	{ "volume", 'v', ARGS_LIST, OPTION(volumes), "PATH|NAME=SOURCE[:ro]",
	  "a folder of the host" },
	{ "read-only", 0, FLAG(read_only), "nothing can be written to its root" },
	{ "tty", 't', FLAG(terminal), "with a terminal" },
	{ "identity", 0, FLAG(identity), "/run/cruet/image.json in it says which image runs" },
	SESSION_OPTION_ROWS,
	{ "console-socket", 0, ARGS_STRING, OPTION(console_socket), "PATH", "see run and create" },
	{ "pid-file", 0, ARGS_STRING, OPTION(pid_file), "FILE", "see run and create" },
	{ "pidfd-socket", 0, ARGS_STRING, OPTION(pidfd_socket), "PATH", "see run and create" },
	{ "preserve-fds", 0, ARGS_STRING, OPTION(preserve_fds), "N", "see run and create" },
	{ "detach", 'd', FLAG(detach), "see run" },
	{ "keep", 0, FLAG(keep), "see run" },
	{ "no-pivot", 0, FLAG(no_pivot), "see run and create" },
	{ "no-new-keyring", 0, FLAG(no_new_keyring), "see run and create" },
	{ "no-subreaper", 0, FLAG(no_subreaper), "see run" },
	COMMAND_OPTIONS_END,
};
/* clang-format on */

/* What is on its way, for image_give_up(). */
static struct {
	char folder[PATH_MAX];
	const char *id;
	bool keep;
} given;

static bool is_option(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && (!word[length] || word[length] == '=');
}

/* Where the command stands behind the runtime's global options; argc: there is none. */
static int find_command(int argc, char **argv)
{
	static const char *const with_value[] = {
		"--root",	    "--log",	  "--log-format", "--log-level",
		"--cgroup-manager", "--rootless", "--criu"
	};
	int i = 1;

	while (i < argc && argv[i][0] == '-') {
		bool value = false;

		for (size_t k = 0; k < sizeof(with_value) / sizeof(with_value[0]); k++)
			value |= strcmp(argv[i], with_value[k]) == 0;
		i += value ? 2 : 1;
	}
	return i < argc ? i : argc;
}

static bool asks_for_image(int argc, char **argv, int command)
{
	if (command == argc ||
	    (strcmp(argv[command], "run") != 0 && strcmp(argv[command], "create") != 0))
		return false;
	for (int i = command + 1; i < argc; i++)
		if (is_option(argv[i], "--image"))
			return true;
	return false;
}

/* The folder is ours alone: a second container of that id has lost here already. */
static int make_folder(const char *id)
{
	int result = run_folder(given.folder, sizeof(given.folder), id);

	if (result < 0)
		return result;
	if (mkdirat(AT_FDCWD, RUN_BUNDLES, 0700) < 0 && errno != EEXIST)
		return fail(errno, "mkdir " RUN_BUNDLES);
	if (mkdirat(AT_FDCWD, given.folder, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return fail(errno, "mkdir %s", given.folder);
	return fail_as(
		ERROR_EXISTS, EEXIST,
		"container %s: %s is there: if the container is not, `cruet image release %s` "
		"takes it away",
		id, given.folder, id);
}

static int prepare(const struct options *values, const char *id, char **words, int count)
{
	char upper[PATH_MAX] = "";
	struct image_run_request request = {
		.settings = session_settings_path(values->session.settings),
		.store = values->session.store,
		.name = values->image,
		.id = id,
		.folder = given.folder,
		.read_only = values->read_only,
		.terminal = values->terminal,
		.identity = values->identity,
		.release_hook = true,
		.command = (const char *const *)words,
		.command_count = (size_t)count,
		.environment = values->environment.items,
		.environment_count = values->environment.count,
		.volumes = values->volumes.items,
		.volume_count = values->volumes.count,
	};
	int result;

	if (values->upper) {
		auto_fd int folder =
			openat(AT_FDCWD, values->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
		char link[PATH_FD_SIZE];

		if (folder < 0)
			return fail(errno, "--upper %s", values->upper);
		if (readlinkat(AT_FDCWD, path_of_fd(folder, link), upper, sizeof(upper) - 1) < 0)
			return fail(errno, "--upper %s", values->upper);
		request.upper = upper;
	}
	result = make_folder(id);
	if (result < 0)
		return result;
	result = image_prepare(&request, NULL);
	if (result == 0)
		given.id = id;
	else
		unlinkat(AT_FDCWD, given.folder, AT_REMOVEDIR);
	return result;
}

/* The runtime's options that were given, as words "--name=value". */
static int passed_on(struct arena *arena, const struct options *values, char **words)
{
	int count = 0;

	for (const struct args_option *row = options; row->name; row++) {
		const void *at = (const char *)values + row->offset;

		if (row->offset < offsetof(struct options, console_socket))
			continue;
		if (row->type == ARGS_FLAG && *(const bool *)at)
			words[count++] = arena_printf(arena, "--%s", row->name);
		else if (row->type == ARGS_STRING && *(const char *const *)at)
			words[count++] =
				arena_printf(arena, "--%s=%s", row->name, *(const char *const *)at);
	}
	for (int i = 0; i < count; i++)
		if (!words[i])
			return -ENOMEM;
	return count;
}

static int parse(struct arena *arena, const char *program, int argc, char **argv,
		 struct options *values)
{
	char usage[96];
	int first;

	values->environment.items = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	values->volumes.items = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	if (!values->environment.items || !values->volumes.items)
		return -ENOMEM;
	first = args_parse(argc, argv, options, values, false);
	if (first == ARGS_HELP) {
		snprintf(usage, sizeof(usage), "%s %s --image NAME [OPTION...] ID [COMMAND...]",
			 program, argv[0]);
		args_help(usage, "make a container of an image", options);
		return first;
	}
	if (first == argc)
		return fail_as(ERROR_USAGE, 0, "%s %s --image: the container's id is missing",
			       program, argv[0]);
	return first;
}

/* What is no number, the runtime refuses. */
static int place(const struct options *values, struct open_sockets *sockets)
{
	uint32_t preserved = 0;

	if (values->preserve_fds && !str_uint32(values->preserve_fds, &preserved))
		return 0;
	return sockets_place(sockets, preserved);
}

/* The whole of it: 0, or -errno recorded, or ARGS_HELP. The new words live as long as we do. */
static int take(const char *program, int command, int *argc, char ***argv)
{
	static struct arena arena;
	static struct options values;
	struct open_sockets sockets = { 0 };
	char **words = *argv;
	char **result = arena_array(&arena, (size_t)*argc + 16, sizeof(*result));
	int first, count, passed;

	if (!result)
		return -ENOMEM;
	first = parse(&arena, program, *argc - command, words + command, &values);
	if (first < 0)
		return first;
	progress_setup(values.session.quiet ? PROGRESS_QUIET :
		       values.session.json  ? PROGRESS_JSON :
					      PROGRESS_AUTO);
	first += command;
	memcpy(result, words, (size_t)(command + 1) * sizeof(*result));
	count = command + 1;
	passed = passed_on(&arena, &values, result + count);
	if (passed < 0)
		return passed;
	count += passed;
	if (IS_ENABLED(CONFIG_LISTEN_FDS))
		passed = sockets_open(&arena, session_settings_path(values.session.settings),
				      values.session.store, values.image, &sockets);
	if (passed >= 0)
		passed = prepare(&values, words[first], words + first + 1, *argc - first - 1);
	if (passed < 0)
		return passed;
	if (IS_ENABLED(CONFIG_LISTEN_FDS) && place(&values, &sockets) < 0) {
		image_give_up();
		return error_result();
	}
	given.keep = values.keep;
	result[count++] = (char *)"--bundle";
	result[count++] = given.folder;
	result[count++] = words[first];
	result[count] = NULL;
	*argc = count;
	*argv = result;
	return 0;
}

/*
 * The runtime may have executed itself again, to protect its binary, with what take() made of the
 * command line: `... --bundle RUN_BUNDLES/ID ID` at its end.
 */
static void take_up_again(int argc, char **argv, int command)
{
	if (argc - command < 4 || strcmp(argv[argc - 3], "--bundle") != 0 ||
	    run_folder(given.folder, sizeof(given.folder), argv[argc - 1]) < 0 ||
	    strcmp(argv[argc - 2], given.folder) != 0) {
		error_clear();
		return;
	}
	given.id = argv[argc - 1];
	for (int i = command + 1; i < argc; i++)
		given.keep |= strcmp(argv[i], "--keep") == 0;
}

int image_take_run(const char *program, int *argc, char ***argv)
{
	int command = find_command(*argc, *argv);
	int result;

	if (!asks_for_image(*argc, *argv, command)) {
		take_up_again(*argc, *argv, command);
		return 0;
	}
	log_setup(
		&(struct log_options){ .fd = -1, .level = LOG_LEVEL_WARNING, .program = program });
	result = take(program, command, argc, argv);
	if (result == ARGS_HELP)
		return -1;
	if (result == 0)
		return 0;
	progress_abort();
	log_error();
	return 1;
}

void image_give_up(void)
{
	if (!given.id || given.keep)
		return;
	if (image_release(NULL, NULL, given.id, given.folder) < 0)
		log_error();
	else
		unlinkat(AT_FDCWD, given.folder, AT_REMOVEDIR);
}
