/* SPDX-License-Identifier: Apache-2.0 */
/* What `exec` is to run: a process.json, or the container's own process with the options laid over
 * it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"
#include "runtime/env.h"
#include "runtime/exec.h"

/* "uid[:gid]": numbers only; a name would be looked up in a file that the image wrote
 * (CVE-2016-3697). */
static int set_user(struct spec_user *user, const char *text)
{
	char uid[16] = "";
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);

	if (length < sizeof(uid))
		memcpy(uid, text, length);
	/* 2^32 - 1 is "no change" to setresuid(2): whoever asked for it would stay root. */
	if (!str_uint32(uid, &user->uid) || user->uid == UINT32_MAX)
		return fail_as(ERROR_USAGE, EINVAL,
			       "--user %s: uid must be a number from 0 to "
			       "4294967294",
			       text);
	if (colon && (!str_uint32(colon + 1, &user->gid) || user->gid == UINT32_MAX))
		return fail_as(ERROR_USAGE, EINVAL,
			       "--user %s: gid must be a number from 0 to "
			       "4294967294",
			       text);
	return 0;
}

static int set_groups(struct execution *execution, struct spec_user *user)
{
	const struct container_exec_request *request = execution->request;

	if (request->additional_gid_count == 0)
		return 0;
	user->additional_gids = arena_array(execution->arena, request->additional_gid_count,
					    sizeof(*user->additional_gids));
	if (!user->additional_gids)
		return -ENOMEM;
	user->additional_gid_count = request->additional_gid_count;
	for (size_t i = 0; i < request->additional_gid_count; i++)
		if (!str_uint32(request->additional_gids[i], &user->additional_gids[i]) ||
		    user->additional_gids[i] == UINT32_MAX)
			return fail_as(ERROR_USAGE, EINVAL, "--additional-gids %s: not a group id",
				       request->additional_gids[i]);
	return 0;
}

/* Never the inheritable set: an ordinary user's program would get them by file capabilities
 * (CVE-2022-29162). */
static int add_capabilities(const struct container_exec_request *request,
			    struct spec_capabilities *capabilities)
{
	for (size_t i = 0; i < request->capability_count; i++) {
		const char *name = request->capabilities[i];
		int number = spec_capability_number(name);
		uint64_t bit;

		if (number < 0) {
			log_warning("--cap %s: unknown capability, ignored", name);
			continue;
		}
		bit = UINT64_C(1) << number;
		capabilities->present = true;
		capabilities->bounding |= bit;
		capabilities->effective |= bit;
		capabilities->permitted |= bit;
	}
	return 0;
}

static int add_env(struct execution *execution)
{
	const struct container_exec_request *request = execution->request;

	for (size_t i = 0; i < request->env_count; i++) {
		const char *equals = strchr(request->env[i], '=');

		if (!equals || equals == request->env[i])
			return fail_as(ERROR_USAGE, EINVAL, "--env %s: must be NAME=VALUE",
				       request->env[i]);
		if (!env_add(execution->arena, &execution->process.env, request->env[i]))
			return -ENOMEM;
	}
	return 0;
}

static int set_args(struct execution *execution)
{
	struct spec_strings *args = &execution->process.args;

	args->items = (const char **)(void *)execution->request->args;
	args->count = 0;
	while (args->items && args->items[args->count])
		args->count++;
	args->present = true;
	if (args->count == 0)
		return fail_as(ERROR_USAGE, EINVAL,
			       "exec needs a command, or --process with a process.json");
	return 0;
}

static int lay_over(struct execution *execution)
{
	const struct container_exec_request *request = execution->request;
	struct spec_process *process = &execution->process;
	int result = set_args(execution);

	process->terminal = request->tty;
	process->console_height = process->console_width = 0;
	if (request->cwd && request->cwd[0])
		process->cwd = request->cwd;
	if (process->cwd[0] != '/')
		return fail_as(ERROR_USAGE, EINVAL, "--cwd %s: must be absolute", process->cwd);
	if (request->apparmor && request->apparmor[0])
		process->apparmor_profile = request->apparmor;
	if (request->process_label && request->process_label[0])
		process->selinux_label = request->process_label;
	process->no_new_privileges |= request->no_new_privileges;
	if (result == 0 && request->user)
		result = set_user(&process->user, request->user);
	if (result == 0)
		result = set_groups(execution, &process->user);
	if (result == 0)
		result = add_capabilities(request, &process->capabilities);
	return result == 0 ? add_env(execution) : result;
}

static int read_process_file(struct execution *execution)
{
	const char *name = execution->request->process;
	const struct spec_process *process;
	size_t size;
	char *text = file_read(execution->arena, AT_FDCWD, name, JSON_MAX_SIZE, &size);

	if (!text)
		return fail_context(errno ? -errno : -EIO, "--process");
	process = spec_parse_process(execution->arena, text, size, name);
	if (!process)
		return -EINVAL;
	execution->process = *process;
	if (execution->request->tty_set)
		execution->process.terminal = execution->request->tty;
	return 0;
}

/* As for create: systemd's socket activation passes to an exec too. */
static int plan_passed_fds(struct execution *execution)
{
	execution->passed_fds = execution->request->preserve_fds;
	for (unsigned int i = 0; i < execution->passed_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return fail(errno, "--preserve-fds: descriptor %u", 3 + i);
	return 0;
}

int exec_plan_process(struct execution *execution)
{
	size_t size;
	char *text =
		file_read(execution->arena, execution->state, STATE_CONFIG, JSON_MAX_SIZE, &size);
	const struct spec_process *process = &execution->process;
	int result;

	if (!text)
		return errno ? -errno : -EIO;
	execution->spec = spec_parse(execution->arena, text, size, STATE_CONFIG);
	if (!execution->spec)
		return -EINVAL;
	execution->process = execution->spec->process;
	if (!execution->process.present && !execution->request->process)
		return fail_property("process", "is missing: exec needs --process");
	result = execution->request->process ? read_process_file(execution) : lay_over(execution);
	execution->wait_parent =
		process->oom_score_adj.set || process->scheduler.present ||
		(process->rlimit_count > 0 && execution->spec->namespaces[NAMESPACE_USER].present);
	return result == 0 ? plan_passed_fds(execution) : result;
}
