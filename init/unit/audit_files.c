/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles and programs of the units, below the root of the device's file system. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/unit/audit.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runtime/container.h"

enum { REASON_SIZE = 480, PATH_SIZE = 4096 };

bool audit_has(const struct audit *audit, uint32_t i)
{
	return !audit->only || strcmp(audit->only, plan_unit_name(audit->plan, i)) == 0;
}

/* It is in the folder that lies over the other if it is there. */
static void put_unit_file(const struct audit *audit, const char *name, char file[PATH_SIZE])
{
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && audit->over) {
		snprintf(file, PATH_SIZE, "%s/%s.json", audit->over, name);
		if (access(file, F_OK) == 0)
			return;
	}
	snprintf(file, PATH_SIZE, "%s/%s.json", audit->folder, name);
}

void audit_say(struct audit *audit, bool warning, uint32_t i, const char *property,
	       const char *format, ...)
{
	char reason[REASON_SIZE], file[PATH_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (!audit->plan)
		snprintf(file, sizeof(file), "%s/config.json", audit->folder);
	else if (i == PLAN_NONE)
		snprintf(file, sizeof(file), "%s", audit->system);
	else
		put_unit_file(audit, plan_unit_name(audit->plan, i), file);
	unit_tell(audit->report, &(struct unit_problem){ .warning = warning,
							 .file = file,
							 .property = property,
							 .reason = reason });
}

/* Does it lie on something that system.json mounts? Then it is not to be seen from here. */
static bool is_on_mount(const struct plan *plan, const char *path)
{
	const struct plan_mount *mounts = plan_at(plan, plan->system->mounts);

	for (uint32_t i = 0; i < plan->system->mounts.count; i++) {
		const char *target = plan_given(plan, mounts[i].target);

		if (strcmp(target, "/") != 0 && path_has_prefix(path, target))
			return true;
	}
	return false;
}

static void check_bundle(struct audit *audit, uint32_t i, const char *bundle)
{
	size_t size;
	const char *text = container_check_bundle(audit->arena, audit->root, bundle, &size);
	const char *file, *shown;

	if (text) {
		audit->configs[i] = json_parse(audit->arena, text, size, bundle);
		return;
	}
	if (is_on_mount(audit->plan, bundle) && error_last()->no == ENOENT) {
		audit_say(audit, true, i, "bundle", "%s lies on a mount of %s: not looked at",
			  bundle, audit->system);
		return;
	}
	file = arena_printf(audit->arena, "%s/config.json", bundle);
	shown = arena_printf(audit->arena, "%s%s", audit->root_path, file ? file : "");
	if (file && shown && error_last()->code == ERROR_CONFIG)
		unit_tell_recorded(audit->report, file, shown);
	else
		audit_say(audit, false, i, "bundle", "%s: %s", error_last()->text,
			  error_errno_text(error_last()->no));
}

/* 0: it can be executed; else a negative errno. */
static int look_at_program(int root, const char *path)
{
	auto_fd int fd = path_open(root, path, O_PATH, 0, PATH_IN_ROOT);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) && status.st_mode & 0111 ? 0 : -EACCES;
}

/* The search path of an exec unit. */
static const char *search_path(const struct plan *plan, const struct plan_unit *unit)
{
	for (uint32_t i = 0; i < unit->environment.count; i++) {
		const char *variable = plan_list_text(plan, unit->environment, i);

		if (str_has_prefix(variable, "PATH="))
			return variable + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int find_program(int root, const char *name, const char *folders)
{
	int result = -ENOENT;

	while (*folders && result < 0) {
		const size_t length = strcspn(folders, ":");
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%.*s/%s", (int)length, folders, name);
		result = look_at_program(root, path);
		folders += length + (folders[length] == ':');
	}
	return result;
}

static void check_program(struct audit *audit, uint32_t i)
{
	const struct plan_unit *unit = &audit->plan->units[i];
	const char *name = plan_list_text(audit->plan, unit->command, 0);
	int result;

	if (strchr(name, '/'))
		result = look_at_program(audit->root, name);
	else
		result = find_program(audit->root, name, search_path(audit->plan, unit));
	if (result == -ENOENT && is_on_mount(audit->plan, name))
		audit_say(audit, true, i, "exec", "%s lies on a mount of %s: not looked at", name,
			  audit->system);
	else if (result < 0)
		audit_say(audit, false, i, "exec", "%s: %s", name, error_errno_text(-result));
}

void audit_files(struct audit *audit)
{
	for (uint32_t i = 0; audit->root >= 0 && i < audit->plan->unit_count; i++) {
		const struct plan_unit *unit = &audit->plan->units[i];

		if (!audit_has(audit, i))
			continue;
		if (unit->source == SOURCE_BUNDLE)
			check_bundle(audit, i, plan_given(audit->plan, unit->path));
		else if (unit->source == SOURCE_EXEC)
			check_program(audit, i);
		if (unit->runtime &&
		    look_at_program(audit->root, plan_given(audit->plan, unit->runtime)) < 0)
			audit_say(audit, false, i, "runtime", "%s: not a program there",
				  plan_given(audit->plan, unit->runtime));
	}
}

void audit_bundle(struct audit *audit, const char *file)
{
	size_t size;
	const char *text = container_check_bundle(audit->arena, audit->root, ".", &size);

	if (text)
		audit->configs[0] = json_parse(audit->arena, text, size, file);
	if (!audit->configs[0])
		unit_tell_recorded(audit->report, "./config.json", file);
}
