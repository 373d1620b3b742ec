/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json, process.json and the resources of `update` from an enemy. What is accepted must be
 * fit to be used: every array is terminated, what is required is there.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_strings(const struct spec_strings *strings)
{
	require(strings->present == !!strings->items || !strings->count);
	for (size_t i = 0; i < strings->count; i++)
		require(strlen(strings->items[i]) < (size_t)-1);
	require(!strings->present || !strings->items[strings->count]);
}

static void check_process(const struct spec_process *process)
{
	require(process->args.count > 0 && process->args.items[0][0]);
	require(process->cwd[0] == '/');
	check_strings(&process->args);
	check_strings(&process->env);
	for (size_t i = 0; i < process->env.count; i++)
		require(strchr(process->env.items[i], '=') != NULL);
	for (size_t i = 0; i < process->rlimit_count; i++)
		require(process->rlimits[i].soft <= process->rlimits[i].hard);
}

static void check_spec(const struct spec *spec)
{
	require(strncmp(spec->version, "1.", 2) == 0 && spec->root.path[0]);
	if (spec->process.present)
		check_process(&spec->process);
	for (size_t i = 0; i < spec->mount_count; i++) {
		require(spec->mounts[i].destination[0] == '/');
		require(!strstr(spec->mounts[i].destination, "/../"));
		check_strings(&spec->mounts[i].options);
	}
	for (size_t kind = 0; kind < HOOK_KINDS; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			require(spec->hooks[kind].items[i].path[0] == '/');
			check_strings(&spec->hooks[kind].items[i].args);
		}
	for (size_t i = 0; i < spec->sysctl_count; i++)
		require(spec->sysctls[i].name[0] != '/' && !strstr(spec->sysctls[i].name, "/../"));
	check_strings(&spec->masked_paths);
	check_strings(&spec->readonly_paths);
	for (size_t i = 0; i < spec->seccomp.syscall_count; i++)
		require(spec->seccomp.syscalls[i].names.count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct spec_hooks hooks[HOOK_KINDS];
	const char *text = (const char *)data;
	const struct spec *spec;
	const struct spec_process *process;

	error_clear();
	spec = spec_parse(&arena, text, size, "config.json");
	if (spec)
		check_spec(spec);
	else
		require(error_last()->text[0]);
	require(spec_parse_hooks(&arena, text, size, "config.json", hooks) == 0 || !spec);
	process = spec_parse_process(&arena, text, size, "process.json");
	if (process)
		check_process(process);
	spec_parse_resources(&arena, text, size, "resources.json");
	arena_free(&arena);
	return 0;
}
