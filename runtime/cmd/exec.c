/* SPDX-License-Identifier: Apache-2.0 */
/* cruet exec */
#include "lib/error.h"
#include "runtime/cmd/command.h"

struct options {
	const char *console_socket, *cwd, *user, *process, *pid_file, *pidfd_socket;
	const char *process_label, *apparmor;
	struct args_list env, capabilities, cgroups, gids;
	uint64_t preserve_fds;
	bool tty, tty_set, detach, no_new_privileges, ignore_paused;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "process", 'p', ARGS_STRING, OPTION(process), "FILE",
	  "what to run, as process of config.json" },
	{ "tty", 't', ARGS_FLAG, offsetof(struct options, tty), offsetof(struct options, tty_set),
	  NULL, "with a terminal" },
	{ "console-socket", 0, ARGS_STRING, OPTION(console_socket), "PATH",
	  "send the terminal there (AF_UNIX)" },
	{ "cwd", 0, ARGS_STRING, OPTION(cwd), "DIR", "working directory" },
	{ "env", 'e', ARGS_LIST, OPTION(env), "NAME=VALUE", "set in the environment (repeatable)" },
	{ "user", 'u', ARGS_STRING, OPTION(user), "UID[:GID]", "numbers" },
	{ "additional-gids", 'g', ARGS_LIST, OPTION(gids), "GID", "further group (repeatable)" },
	{ "detach", 'd', ARGS_FLAG, OPTION(detach), NULL, "do not wait for its end" },
	{ "pid-file", 0, ARGS_STRING, OPTION(pid_file), "FILE", "write its pid" },
	PIDFD_SOCKET_ROW(offsetof(struct options, pidfd_socket)){
		"cap", 'c', ARGS_LIST, OPTION(capabilities), "CAP",
		"further capability (repeatable)" },
	{ "no-new-privs", 0, ARGS_FLAG, OPTION(no_new_privileges), NULL, "set no_new_privs" },
	{ "process-label", 0, ARGS_STRING, OPTION(process_label), "LABEL", "SELinux label" },
	{ "apparmor", 0, ARGS_STRING, OPTION(apparmor), "PROFILE", "AppArmor profile" },
	{ "preserve-fds", 0, ARGS_UINT, OPTION(preserve_fds), "N", "pass on N descriptors from 3" },
	{ "cgroup", 0, ARGS_LIST, OPTION(cgroups), "[CONTROLLER:]PATH",
	  "a group below the container's (repeatable)" },
	{ "ignore-paused", 0, ARGS_FLAG, OPTION(ignore_paused), NULL, "in a paused container too" },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	const struct container_exec_request request = {
		.id = argv[0],
		.process = values->process,
		.console_socket = values->console_socket,
		.pid_file = values->pid_file,
		.pidfd_socket = values->pidfd_socket,
		.cwd = values->cwd,
		.env = values->env.items,
		.env_count = values->env.count,
		.user = values->user,
		.additional_gids = values->gids.items,
		.additional_gid_count = values->gids.count,
		.capabilities = values->capabilities.items,
		.capability_count = values->capabilities.count,
		.apparmor = values->apparmor,
		.process_label = values->process_label,
		.cgroups = values->cgroups.items,
		.cgroup_count = values->cgroups.count,
		.tty = values->tty,
		.tty_set = values->tty_set,
		.no_new_privileges = values->no_new_privileges,
		.detach = values->detach,
		.ignore_paused = values->ignore_paused,
		.preserve_fds =
			values->preserve_fds > 1024 ? 1024 : (unsigned int)values->preserve_fds,
		.args = argv + 1,
	};
	int exit_status;
	int result;

	if (request.process && argc > 1)
		return fail_as(ERROR_USAGE, EINVAL, "exec takes --process or a command, not both");
	result = container_exec(context, &request, &exit_status);
	return result < 0 ? fail_context(result, "exec failed") : exit_status;
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "CONTAINER-ID [COMMAND [ARGUMENT...]]",
	.summary = "run one more process in a container",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = COMMAND_ANY,
	.protects = true,
	.error_status = 255,
	.run = run,
};
