/* SPDX-License-Identifier: Apache-2.0 */
/* cruet check: what is wrong with a unit, a folder of units or a bundle, offline. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init/cmd/command.h"
#include "init/cmd/problem.h"
#include "init/paths.h"
#include "init/unit/audit.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

struct options {
	const char *kernel, *system, *root, *over;
	struct args_list without;
	int64_t memory;
	bool json;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "kernel-config", 'k', ARGS_STRING, OPTION(kernel), "FILE",
	  "what the kernel can do: its .config, or none; default: the running kernel" },
	{ "memory", 'm', ARGS_SIZE, OPTION(memory), "SIZE",
	  "memory of the device; default: of this machine" },
	{ "system", 's', ARGS_STRING, OPTION(system), "FILE",
	  "the system's settings; default: system.json beside the folder" },
	{ "root", 'r', ARGS_STRING, OPTION(root), "DIR",
	  "look for bundles and programs below this folder; default: what " INIT_UNITS " lies in" },
#if IS_ENABLED(CONFIG_IMAGE_REVISION)
	{ "over", 0, ARGS_STRING, OPTION(over), "FOLDER",
	  "a revision's units, over those of the folder; one of the same name goes instead of it" },
	{ "without", 0, ARGS_LIST, OPTION(without), "NAME",
	  "a unit of the folder that the revision takes away" },
#endif
	{ "json", 'j', ARGS_FLAG, OPTION(json), NULL, "print the findings as JSON" },
	COMMAND_OPTIONS_END,
};

enum { CONFIG_MAX = 4 << 20 };

/* One run of the command. */
struct check {
	struct arena arena;
	const struct options *options;
	struct unit_report report;
	unsigned int errors, warnings;
	const char *path;
	const char *only_file; /* report what is wrong with this unit's file only */
	struct json_writer writer;
	struct plan plan;
	struct audit audit;
	bool looked_at_files;
};

/* ---- findings ---- */

static void write_problem(struct json_writer *writer, const struct unit_problem *problem)
{
	json_write_object(writer, NULL);
	json_write_string(writer, "severity", problem->warning ? "warning" : "error");
	json_write_string(writer, "file", problem->file);
	if (problem->line)
		json_write_uint(writer, "line", problem->line);
	if (*problem->property)
		json_write_string(writer, "property", problem->property);
	json_write_string(writer, "reason", problem->reason);
	json_write_end(writer, '}');
}

static void take_problem(void *context, bool warning, const char *text)
{
	struct check *check = context;
	const struct unit_problem *problem = check->report.current;

	(void)text;
	/* Other units of the folder are read along, because this one may name them. */
	if (check->only_file && strcmp(problem->file, check->only_file) != 0)
		return;
	if (warning)
		check->warnings++;
	else
		check->errors++;
	if (check->options->json)
		write_problem(&check->writer, problem);
	else
		problem_print(STDOUT_FILENO, problem);
}

static int finish(struct check *check)
{
	size_t size;
	char *text;

	if (check->options->json) {
		json_write_end(&check->writer, ']');
		json_write_uint(&check->writer, "errors", check->errors);
		json_write_uint(&check->writer, "warnings", check->warnings);
		json_write_end(&check->writer, '}');
		text = json_write_finish(&check->writer, &size);
		if (text)
			text = arena_printf(&check->arena, "%s\n", text);
	} else {
		text = arena_printf(&check->arena, "%s: errors: %u, warnings: %u%s\n", check->path,
				    check->errors, check->warnings,
				    check->looked_at_files ?
					    "" :
					    "; bundles and programs were not looked for: --root "
					    "says where");
	}
	if (!text || command_print(text, strlen(text)) < 0)
		return error_result();
	return check->errors > 0;
}

/* ---- what is asked of the kernel and the memory ---- */

static uint64_t total_memory(void)
{
	char text[2048];
	const char *at;
	uint64_t kib = 0;

	if (file_read_small(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "MemTotal:");
	for (at += at ? strcspn(at, "0123456789") : 0; at && *at >= '0' && *at <= '9'; at++)
		kib = kib * 10 + (uint64_t)(*at - '0');
	return kib << 10;
}

static void check_memory(struct check *check)
{
	const int64_t given = check->options->memory;

	if (given > 0)
		audit_memory(&check->audit, (uint64_t)given, "the device");
	else
		audit_memory(&check->audit, total_memory(), "this machine");
}

/* 0, or -errno recorded when the file that was named cannot be read. */
static int check_kernel(struct check *check)
{
	const char *name = check->options->kernel, *config;
	struct utsname kernel;

	if (name && strcmp(name, "none") == 0)
		return 0;
	if (name) {
		config = file_read(&check->arena, AT_FDCWD, name, CONFIG_MAX, NULL);
		if (!config)
			return error_result();
		if (config[0] == '\x1f')
			return fail_as(ERROR_USAGE, 0, "%s: compressed; gunzip(1) it before", name);
		audit_kernel(&check->audit, config, name);
		return 0;
	}
	/* Many distributions keep it there. */
	uname(&kernel);
	name = arena_printf(&check->arena, "/boot/config-%s", kernel.release);
	config = name ? file_read(&check->arena, AT_FDCWD, name, CONFIG_MAX, NULL) : NULL;
	audit_kernel(&check->audit, config, config ? name : "the running kernel");
	return 0;
}

/* ---- a bundle ---- */

/* `file`: its config.json */
static int check_bundle(struct check *check, const char *file)
{
	auto_fd int root = open(check->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const cJSON *config = NULL;

	if (root < 0)
		return fail(errno, "%s", check->path);
	check->looked_at_files = true;
	check->audit.folder = check->path;
	check->audit.root = root;
	check->audit.configs = &config;
	audit_bundle(&check->audit, file);
	return config ? check_kernel(check) : 0;
}

/* ---- units ---- */

/* "DIR" of "DIR/etc/cruet/units", or what was given; NULL: not known. */
static const char *root_of(struct check *check, const char *folder)
{
	static const char usual[] = INIT_UNITS;
	const size_t tail = strlen(usual) - 1; /* "etc/cruet/units", from within the root, too */
	size_t length = strlen(folder);

	if (check->options->root)
		return check->options->root;
	while (length > 1 && folder[length - 1] == '/')
		length--;
	if (length < tail || strncmp(folder + length - tail, &usual[1], tail) != 0)
		return NULL;
	length -= tail;
	if (length == 0)
		return ".";
	if (folder[length - 1] != '/')
		return NULL;
	return arena_strndup(&check->arena, folder, length > 1 ? length - 1 : length);
}

static void check_age(struct check *check, const char *folder)
{
	const char *plan = problem_beside(&check->arena, folder, "plan");

	if (plan && unit_plan_is_current(plan, folder, check->audit.system) == 0)
		unit_tell(&check->report,
			  &(struct unit_problem){ .warning = true,
						  .file = plan,
						  .property = "",
						  .reason = "is older than what it was made from: "
							    "cruet compile makes it anew" });
}

static int audit_units(struct check *check, const char *folder)
{
	const char *root = root_of(check, folder);
	auto_fd int root_fd = -1;

	if (root) {
		root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root_fd < 0)
			return fail(errno, "--root %s", root);
	}
	check->looked_at_files = root != NULL;
	check->audit.root = root_fd;
	check->audit.root_path = root && strcmp(root, "/") != 0 ? root : "";
	check->audit.configs =
		arena_array(&check->arena, check->plan.unit_count + 1, sizeof(void *));
	if (!check->audit.configs)
		return -ENOMEM;
	audit_files(&check->audit);
	if (!check->only_file) {
		check_memory(check);
		check_age(check, folder);
	}
	return check_kernel(check);
}

static void *compile(struct check *check, const char *folder, const char *system, size_t *size)
{
	const struct unit_over over = {
		.folder = check->options->over,
		.without = check->options->without.items,
	};

	check->audit.over = over.folder;
	return unit_compile_over(&check->arena, folder, over.folder ? &over : NULL, system, 0,
				 &check->report, size);
}

static int check_units(struct check *check, const char *folder)
{
	const char *system = check->options->system;
	const void *block;
	size_t size;

	check->audit.folder = folder;
	if (!system)
		system = problem_beside(&check->arena, folder, "system.json");
	check->audit.system = system;
	if (!system)
		return -ENOMEM;
	block = compile(check, folder, system, &size);
	if (!block || plan_from_block(&check->plan, block, size, folder) < 0)
		return 0;
	check->audit.plan = &check->plan;
	return audit_units(check, folder);
}

/* A file: its folder is read, and what is wrong with others is left out. */
static int check_unit(struct check *check)
{
	const char *slash = strrchr(check->path, '/');
	const char *file = slash ? slash + 1 : check->path;
	const char *folder = ".";
	const size_t length = strlen(file);

	if (length <= 5 || strcmp(file + length - 5, ".json") != 0)
		return fail_as(ERROR_USAGE, 0, "%s: a unit's file is called NAME.json",
			       check->path);
	if (slash)
		folder = arena_strndup(&check->arena, check->path,
				       slash == check->path ? 1 : (size_t)(slash - check->path));
	check->audit.only = arena_strndup(&check->arena, file, length - 5);
	check->only_file = folder ? arena_printf(&check->arena, "%s/%s", folder, file) : NULL;
	if (!check->audit.only || !check->only_file)
		return -ENOMEM;
	return check_units(check, folder);
}

static int check_path(struct check *check)
{
	struct stat status;
	const char *config;

	if (stat(check->path, &status) < 0)
		return fail(errno, "%s", check->path);
	if (check->options->over && S_ISDIR(status.st_mode))
		return check_units(check, check->path);
	if (check->options->over || check->options->without.count)
		return fail_as(ERROR_USAGE, 0,
			       "--over goes with a folder of units, --without with "
			       "--over");
	if (!S_ISDIR(status.st_mode))
		return check_unit(check);
	config = arena_printf(&check->arena, "%s/config.json", check->path);
	if (!config)
		return -ENOMEM;
	if (access(config, F_OK) == 0)
		return check_bundle(check, config);
	return check_units(check, check->path);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	struct check check = { .options = given, .path = argv[0] };
	int result;

	(void)context;
	(void)argc;
	check.report = (struct unit_report){ .context = &check, .problem = take_problem };
	check.audit = (struct audit){ .arena = &check.arena, .report = &check.report, .root = -1 };
	if (check.options->json) {
		json_write_start(&check.writer, &check.arena, JSON_SPACES);
		json_write_object(&check.writer, NULL);
		json_write_array(&check.writer, "findings");
	}
	result = check_path(&check);
	if (result == 0)
		result = finish(&check);
	arena_free(&check.arena);
	return result;
}

const struct command command_check = {
	.name = "check",
	.arguments = "PATH",
	.summary = "find what is wrong with a unit, a folder of units or a bundle",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.no_root = true,
	.run = run,
};
