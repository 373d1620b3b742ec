/* SPDX-License-Identifier: Apache-2.0 */
/* cruet spec */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/cmd/command.h"
#include "runtime/spec/spec.h"

struct options {
	const char *bundle, *file;
	bool rootless;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "bundle", 'b', ARGS_STRING, OPTION(bundle), "DIR", "the folder to write to" },
	{ "file", 'f', ARGS_STRING, OPTION(file), "FILE", "its name (default config.json)" },
	{ "rootless", 0, ARGS_FLAG, OPTION(rootless), NULL, "for a user who is not root" },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const struct options *values = given;
	const char *bundle = values->bundle ? values->bundle : ".";
	const char *name = values->file ? values->file : "config.json";
	const char *text = spec_template(&arena, values->rootless, geteuid(), getegid());
	auto_fd int folder = -1;
	auto_fd int fd = -1;

	(void)context;
	(void)argc;
	(void)argv;
	if (!text)
		return -ENOMEM;
	folder = openat(AT_FDCWD, bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail(errno, "--bundle %s", bundle);
	/* Never over somebody's work. */
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return fail_as(ERROR_EXISTS, 0, "file %s exists. Remove it first", name);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		return fail(errno, "write %s", name);
	return 0;
}

const struct command command_spec = {
	.name = "spec",
	.arguments = "",
	.summary = "write a config.json to start from",
	.options = options,
	.options_size = sizeof(struct options),
	.no_root = true,
	.run = run,
};
