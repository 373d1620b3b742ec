/* SPDX-License-Identifier: Apache-2.0 */
/* cruet flag: the named flags that units may wait for. */
#include "init/cmd/client.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "init/control/client.h"
#include "init/control/page.h"
#include "init/paths.h"
#include "lib/error.h"

static int list_flags(void)
{
	DIR *folder = opendir(INIT_FLAGS);
	const struct dirent *entry;
	struct page page;

	if (!folder)
		return fail_as(ERROR_STATE, errno, "no supervisor is running here (%s)",
			       INIT_FLAGS);
	page_begin(&page, STDOUT_FILENO);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		page_foreign(&page, entry->d_name);
		page_put(&page, "\n");
	}
	closedir(folder);
	return page_end(&page);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct client_options *values = given;

	(void)context;
	if (strcmp(argv[0], "list") == 0 && argc == 1)
		return list_flags();
	if (argc == 2 && strcmp(argv[0], "set") == 0)
		return control_ask(values->socket, CONTROL_FLAG_SET, 0, argv[1], NULL);
	if (argc == 2 && strcmp(argv[0], "clear") == 0)
		return control_ask(values->socket, CONTROL_FLAG_CLEAR, 0, argv[1], NULL);
	return fail_as(ERROR_USAGE, 0, "flag: it is `set NAME`, `clear NAME` or `list`");
}

const struct command command_flag = {
	.name = "flag",
	.arguments = "set NAME | clear NAME | list",
	.summary = "set, clear or list the flags that units wait for",
	.options = client_options + OPTIONS_SOCKET,
	.options_size = sizeof(struct client_options),
	.arguments_min = 1,
	.arguments_max = 2,
	.mixed = true,
	.run = run,
};
