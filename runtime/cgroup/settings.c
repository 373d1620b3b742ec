/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a list of settings. Some depend on each other in a way that only the kernel knows
 * (memory and memory+swap, quota and period and burst): one that is refused with EINVAL or EBUSY is
 * put off, and tried again as long as another one went through meanwhile.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/str.h"
#include "runtime/cgroup/limits.h"

/*
 * Swap areas are the lines after the first of /proc/swaps; without the file there is no swap at
 * all.
 */
static bool have_swap(void)
{
	char text[GROUP_FILE_SIZE];
	const char *line;

	if (host_read("/proc/swaps", text, sizeof(text)) <= 0)
		return false;
	line = strchr(text, '\n');
	return line && line[1] != '\0';
}

static int check_usage(const struct setting *setting)
{
	char text[32];
	uint64_t usage, limit;

	if (group_read(setting->group, "memory.current", text, sizeof(text)) < 0 ||
	    !str_uint64(text, &usage) || !str_uint64(setting->value, &limit) || limit >= usage)
		return 0;
	return fail_property(setting->property,
			     "%" PRIu64 " is less than what is in use (%" PRIu64 ")", limit, usage);
}

static int refused(const struct setting *setting, int no)
{
	char usage[32] = "";

	if (no == EBUSY && strcmp(setting->file, "memory.limit_in_bytes") == 0 &&
	    group_read(setting->group, "memory.usage_in_bytes", usage, sizeof(usage)) > 0)
		fail(no, "%s: write '%s' to %s/%s (in use: %s)", setting->property, setting->value,
		     setting->group->path, setting->file, usage);
	else
		fail(no, "%s: write '%s' to %s/%s", setting->property, setting->value,
		     setting->group->path, setting->file);
	snprintf(error_last()->property, sizeof(error_last()->property), "%s", setting->property);
	return -no;
}

static int remember(struct limits *limits, struct setting *setting)
{
	char text[GROUP_FILE_SIZE];

	if (setting->old || group_read(setting->group, setting->file, text, sizeof(text)) < 0)
		return 0;
	setting->old = arena_strdup(limits->arena, text);
	return setting->old ? 0 : -ENOMEM;
}

/* One setting. 0: done with, -EAGAIN: put off, or an error (recorded). */
static int try_setting(struct limits *limits, struct setting *setting, bool undo)
{
	int result = undo ? remember(limits, setting) : 0;

	if (result == 0 && (setting->flags & SETTING_CHECK_USAGE))
		result = check_usage(setting);
	if (result < 0)
		return result;
	result = group_write(setting->group, setting->file, setting->value);
	if (result == -ENOENT && ((setting->flags & SETTING_OPTIONAL) ||
				  ((setting->flags & SETTING_SWAP) && !have_swap()))) {
		setting->state = SETTING_MISSING;
		return 0;
	}
	if (result == -EINVAL || result == -EBUSY)
		return -EAGAIN;
	if (result < 0)
		return refused(setting, -result);
	setting->state = SETTING_DONE;
	return 0;
}

/* Everything in [from, to) once. Returns how many were put off, or an error. */
static int write_once(struct limits *limits, size_t from, size_t to, bool undo)
{
	int put_off = 0;

	for (size_t i = from; i < to; i++) {
		struct setting *setting = &limits->settings[i];
		int result;

		if (setting->state == SETTING_PENDING && (setting->flags & SETTING_ALTERNATIVE) &&
		    setting[-1].state != SETTING_MISSING)
			setting->state = setting[-1].state == SETTING_PENDING ? SETTING_PENDING :
										SETTING_SKIPPED;
		else if (setting->state == SETTING_PENDING &&
			 (result = try_setting(limits, setting, undo)) < 0) {
			if (result != -EAGAIN)
				return result;
			put_off++;
		}
	}
	return put_off;
}

static int write_range(struct limits *limits, size_t from, size_t to, bool undo)
{
	int before = 0, put_off = write_once(limits, from, to, undo);

	while (put_off > 0 && put_off != before) {
		before = put_off;
		put_off = write_once(limits, from, to, undo);
	}
	for (size_t i = from; put_off > 0 && i < to; i++) {
		struct setting *setting = &limits->settings[i];

		if (setting->state == SETTING_PENDING) {
			int result = group_write(setting->group, setting->file, setting->value);

			return refused(setting, result < 0 ? -result : EINVAL);
		}
	}
	return put_off;
}

int settings_write(struct limits *limits, bool undo)
{
	int result = write_range(limits, 0, limits->unified, undo);

	if (result == 0)
		result = write_range(limits, limits->unified, limits->count, undo);
	if (result < 0 && undo)
		settings_undo(limits);
	return result;
}

/* ---- taking back ---- */

static int undo_keyed(const struct setting *setting)
{
	const size_t length = strcspn(setting->value, " ") + 1;
	char text[GROUP_FILE_SIZE];

	for (const char *line = setting->old; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, setting->value, length) != 0)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
		return group_write(setting->group, setting->file, text);
	}
	snprintf(text, sizeof(text), "%.*s%s", (int)length, setting->value, setting->undo);
	return group_write(setting->group, setting->file, text);
}

static int undo_first_number(const struct setting *setting)
{
	const char *number = strpbrk(setting->old, "0123456789");
	char text[32];

	if (!number)
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)strspn(number, "0123456789"), number);
	return group_write(setting->group, setting->file, text);
}

static int undo_lines(const struct setting *setting)
{
	const char *line = setting->old;
	char text[GROUP_FILE_SIZE];
	int result;

	do {
		line += *line == '\n';
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
		/* An empty value is written as a line: the kernel does not see a write of no bytes.
		 */
		result = group_write(setting->group, setting->file, text[0] ? text : "\n");
		line = strchr(line, '\n');
	} while (line && result == 0);
	return result;
}

static int undo_one(const struct setting *setting)
{
	if (setting->flags & SETTING_KEYED)
		return undo_keyed(setting);
	if (setting->flags & SETTING_FIRST_NUMBER)
		return undo_first_number(setting);
	return undo_lines(setting);
}

void settings_undo(struct limits *limits)
{
	/* Backwards, and again for those that had to wait for another one. */
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (size_t i = limits->count; i-- > 0;) {
			struct setting *setting = &limits->settings[i];
			int result;

			if (setting->state != SETTING_DONE || !setting->old)
				continue;
			result = undo_one(setting);
			if (result == 0)
				setting->state = SETTING_SKIPPED;
			else if (pass > 0)
				log_warning("update: %s/%s could not be set back to %s: %s",
					    setting->group->path, setting->file, setting->old,
					    error_errno_text(-result));
		}
	}
}
