/* SPDX-License-Identifier: Apache-2.0 */
/* cruet login */
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "image/cmd/session.h"
#include "image/registry/registry.h"
#include "lib/error.h"

struct options {
	const char *settings, *user, *password;
	bool input;
};

#define FIELD(type, field) ARGS_##type, offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "username", 'u', FIELD(STRING, user), "USER", NULL },
	{ "password", 'p', FIELD(STRING, password), "PASSWORD",
	  "seen by whoever lists processes: better --password-stdin" },
	{ "password-stdin", 0, FIELD(FLAG, input), NULL, "read it from standard input" },
	{ "settings", 0, FIELD(STRING, settings), "FILE", "instead of " SETTINGS_PATH },
	COMMAND_OPTIONS_END,
};

enum { PASSWORD_MAX = 4096 };

static int read_line(char line[PASSWORD_MAX])
{
	size_t size = 0;

	for (;;) {
		const ssize_t got = read(STDIN_FILENO, line + size, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(errno, "read the password");
		if (got == 0 || line[size] == '\n')
			break;
		if (++size == PASSWORD_MAX)
			return fail(EFBIG, "the password");
	}
	line[size] = '\0';
	return 0;
}

static int ask(const char *text, bool echo, char line[PASSWORD_MAX])
{
	struct termios before, quiet;
	const bool terminal = !echo && tcgetattr(STDIN_FILENO, &before) == 0;
	int result;

	(void)!write(STDERR_FILENO, text, strlen(text));
	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	result = read_line(line);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	static char user[PASSWORD_MAX], password[PASSWORD_MAX];
	struct options *values = given;
	auto_arena struct arena arena = { 0 };
	struct image_settings settings;
	int result = settings_read(&arena, session_settings_path(values->settings), &settings);

	(void)context;
	(void)argc;
	if (result == 0 && !values->user) {
		if (values->input)
			return fail_as(ERROR_USAGE, EINVAL, "--password-stdin needs --username");
		result = ask("User: ", true, user);
		values->user = user;
	}
	if (result == 0 && !values->password) {
		result = values->input ? read_line(password) : ask("Password: ", false, password);
		values->password = password;
	}
	if (result == 0)
		result = registry_login(&settings, argv[0], values->user, values->password);
	return result < 0 ? result : 0;
}

const struct command command_login = {
	.name = "login",
	.arguments = "REGISTRY",
	.summary = "keep a user and password for a registry, as podman does",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = run,
};
