/* SPDX-License-Identifier: Apache-2.0 */
/* cruet compile: from a folder of units to the plan that PID 1 loads. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/cmd/command.h"
#include "init/cmd/problem.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"

struct options {
	const char *output, *system;
	bool big, little, like_mips, not_mips;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "output", 'o', ARGS_STRING, OPTION(output), "FILE",
	  "the plan; default: plan beside the folder" },
	{ "system", 's', ARGS_STRING, OPTION(system), "FILE",
	  "the system's settings; default: system.json beside the folder" },
	{ "big-endian", 0, ARGS_FLAG, OPTION(big), NULL, "for a machine of this byte order" },
	{ "little-endian", 0, ARGS_FLAG, OPTION(little), NULL, "likewise" },
	{ "mips", 0, ARGS_FLAG, OPTION(like_mips), NULL,
	  "for MIPS, where signals have other numbers" },
	{ "no-mips", 0, ARGS_FLAG, OPTION(not_mips), NULL, "for anything else, from a MIPS" },
	COMMAND_OPTIONS_END,
};

static void print_problem(void *context, bool warning, const char *text)
{
	const struct unit_report *report = context;

	(void)warning;
	(void)text;
	problem_print(STDERR_FILENO, report->current);
}

static unsigned int target_of(const struct options *given)
{
	const bool big_here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	const bool other = big_here ? given->little : given->big;

	return (other ? UNIT_TARGET_OTHER_ORDER : 0) | (given->like_mips ? UNIT_TARGET_MIPS : 0) |
	       (given->not_mips ? UNIT_TARGET_NO_MIPS : 0);
}

static int run(const struct container_context *context, void *data, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	struct options *given = data;
	struct unit_report report = { .problem = print_problem };
	const void *block;
	size_t size;

	(void)context;
	(void)argc;
	report.context = &report;
	if ((given->big && given->little) || (given->like_mips && given->not_mips))
		return fail_as(ERROR_USAGE, 0, "compile: for which machine?");
	if (!given->output)
		given->output = problem_beside(&arena, argv[0], "plan");
	if (!given->system)
		given->system = problem_beside(&arena, argv[0], "system.json");
	if (!given->output || !given->system)
		return -ENOMEM;
	block = unit_compile(&arena, argv[0], given->system, target_of(given), &report, &size);
	if (!block)
		return fail_as(ERROR_CONFIG, 0, "%s: errors: %u; no plan is written", argv[0],
			       (unsigned int)report.errors);
	return file_replace(AT_FDCWD, given->output, block, size, 0644, FILE_SYNC);
}

const struct command command_compile = {
	.name = "compile",
	.arguments = "UNITS-FOLDER",
	.summary = "check units and write the plan that PID 1 loads without parsing",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.no_root = true,
	.run = run,
};
