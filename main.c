/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch only: which part of cruet is called, by the name of the file or by the first word. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/cmd/command.h"
#include "init/cmd/command.h"
#include "lib/config.h"
#include "runtime/cmd/command.h"

/* A file opened in place of a missing stdin, stdout or stderr would be taken for it. */
static void fill_standard_streams(void)
{
	struct pollfd streams[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(streams, 3, 0) == 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		if ((streams[fd].revents & POLLNVAL) && open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

/* What the image tool does of it; -1: nothing. `run --image` becomes the runtime's `run`. */
static int try_image(const char *name, int *argc, char ***argv)
{
	const struct command *command = image_command_of(*argc, *argv);
	int status;

	if (command)
		return image_main(name, command, *argc - 1, *argv + 1);
	status = image_take_run(name, argc, argv);
	return status < 0 ? 0 : status > 0 ? status : -1;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argv[0];
	const struct command *const *others[] = { NULL, NULL, NULL };
	int status, rooms = 0;

	if (argc == 0)
		return 1;
	fill_standard_streams();
	if (IS_ENABLED(CONFIG_INIT)) {
		const struct command *command = init_command_of(name, &argc, &argv);

		if (command)
			return init_main(name, command, argc, argv);
		others[rooms++] = init_commands;
	}
	if (IS_ENABLED(CONFIG_IMAGE)) {
		status = try_image(name, &argc, &argv);
		if (status >= 0)
			return status;
		others[rooms] = image_commands;
	}
	status = runtime_main(name, argc, argv, others);
	if (IS_ENABLED(CONFIG_IMAGE) && status != 0)
		image_give_up();
	return status;
}
