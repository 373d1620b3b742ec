/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules on v1 (kernel: Documentation/admin-guide/cgroup-v1/devices.rst). The kernel keeps
 * a default and exceptions of the other kind; writing `a` to devices.allow or devices.deny sets the
 * default and drops the exceptions. An exception goes away only by a write of just the same
 * numbers, so overlapping rules are worked out here.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/cgroup/devices.h"

static const char property[] = "linux.resources.devices";

static bool same_device(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static void add_exception(struct device_rule *exceptions, size_t *count,
			  const struct device_rule *rule)
{
	for (size_t i = 0; i < *count; i++) {
		if (same_device(&exceptions[i], rule)) {
			exceptions[i].access |= rule->access;
			exceptions[i].optional = exceptions[i].optional && rule->optional;
			return;
		}
	}
	exceptions[(*count)++] = *rule;
}

/* The rule agrees with the default: it takes away from the exceptions. */
static int take_away(struct device_rule *exceptions, size_t *count, const struct device_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (!device_covers(rule, &exceptions[i]) && device_overlaps(rule, &exceptions[i]) &&
		    (rule->access & exceptions[i].access))
			return -ENOTSUP;
	}
	for (size_t i = 0; i < *count; i++) {
		struct device_rule exception = exceptions[i];

		if (device_covers(rule, &exception))
			exception.access &= ~rule->access;
		if (exception.access)
			exceptions[kept++] = exception;
	}
	*count = kept;
	return 0;
}

int devices_v1_exceptions(const struct device_rules *rules, struct device_rule *exceptions,
			  size_t *count, size_t *failed)
{
	*count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		struct device_rule rule = rules->items[i];

		if (rule.access == 0)
			continue;
		if (rule.allow == rules->allow) {
			if (take_away(exceptions, count, &rule) < 0 && !rule.optional) {
				*failed = i;
				return -ENOTSUP;
			}
			continue;
		}
		/* `a` means "all, for all" to the kernel: with less than that it is both types. */
		if (rule.type == 'a') {
			rule.type = 'b';
			add_exception(exceptions, count, &rule);
			rule.type = 'c';
		}
		add_exception(exceptions, count, &rule);
	}
	return 0;
}

static char *number_text(int32_t number, char text[12])
{
	if (number == DEVICE_ANY)
		memcpy(text, "*", 2);
	else
		snprintf(text, 12, "%" PRId32, number);
	return text;
}

char *device_text(const struct device_rule *rule, char text[DEVICE_TEXT_SIZE])
{
	char major[12], minor[12];

	snprintf(text, DEVICE_TEXT_SIZE, "%c %s:%s %s%s%s", rule->type,
		 number_text(rule->major, major), number_text(rule->minor, minor),
		 rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
		 rule->access & DEVICE_MKNOD ? "m" : "");
	return text;
}

static const char *file_for(bool allow)
{
	return allow ? "devices.allow" : "devices.deny";
}

/* `fd`: devices.allow or devices.deny; the kernel takes one rule with each write(2). */
static int write_rule(const struct group *group, int fd, const struct device_rule *rule, bool allow)
{
	char text[DEVICE_TEXT_SIZE];

	device_text(rule, text);
	if (write(fd, text, strlen(text)) >= 0)
		return 0;
	if (errno == EPERM && rule->optional) {
		log_debug("%s: %s is not allowed to %s", property, text, group->path);
		return 0;
	}
	return fail(errno, "%s: write '%s' to %s/%s", property, text, group->path, file_for(allow));
}

/* A number or "*"; *text goes on to what follows. */
static bool parse_number(const char **text, int32_t *number)
{
	const char *at = *text;

	*number = atoi(at);
	if (*at == '*')
		*number = DEVICE_ANY;
	*text = at + (*at == '*' ? 1 : strspn(at, "0123456789"));
	return *text > at;
}

/* A line of devices.list: "c 1:3 rwm". */
static bool parse_line(const char *line, struct device_rule *rule)
{
	*rule = (struct device_rule){ .allow = true, .type = line[0] };
	if ((line[0] != 'b' && line[0] != 'c') || line[1] != ' ')
		return false;
	line += 2;
	if (!parse_number(&line, &rule->major) || *line++ != ':' ||
	    !parse_number(&line, &rule->minor) || *line++ != ' ')
		return false;
	for (; *line && *line != '\n'; line++)
		rule->access |= *line == 'r' ? DEVICE_READ :
				*line == 'w' ? DEVICE_WRITE :
					       DEVICE_MKNOD;
	return true;
}

/* The rule less what `others` has of it. */
static struct device_rule rule_without(struct device_rule rule, const struct device_rule *others,
				       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (same_device(&others[i], &rule))
			rule.access &= ~others[i].access;
	}
	return rule;
}

static int write_all(struct group *group, const struct device_rule *rules, size_t count, bool allow,
		     const struct device_rule *but, size_t but_count)
{
	auto_fd int fd = -1;
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		const struct device_rule rule = rule_without(rules[i], but, but_count);

		if (rule.access == 0)
			continue;
		if (fd < 0)
			fd = group_open_file(group, file_for(allow), O_WRONLY);
		result = fd < 0 ? fail(-fd, "%s: open %s/%s", property, group->path,
				       file_for(allow)) :
				  write_rule(group, fd, &rule, allow);
	}
	return result;
}

/*
 * For a running container: only what differs, so that no device is out of reach in between. False:
 * not possible.
 */
static bool update(struct limits *limits, const struct device_rule *wanted, size_t count,
		   int *result)
{
	struct group *group = limits->devices->group;
	char text[4 * GROUP_FILE_SIZE];
	struct device_rule *now;
	size_t now_count = 0;

	if (limits->devices->allow || group_read(group, "devices.list", text, sizeof(text)) < 0 ||
	    text[0] == 'a')
		return false; /* with default "allow" the kernel does not list the exceptions */
	now = arena_array(limits->arena, strlen(text) / 8 + 1, sizeof(*now));
	if (!now) {
		*result = -ENOMEM;
		return true;
	}
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!parse_line(line, &now[now_count++]))
			return false;
	}
	*result = write_all(group, wanted, count, true, now, now_count);
	if (*result == 0)
		*result = write_all(group, now, now_count, false, wanted, count);
	return true;
}

int devices_v1_apply(struct limits *limits, bool fresh)
{
	const struct device_rules *rules = limits->devices;
	struct device_rule *exceptions =
		arena_array(limits->arena, rules->count * 2 + 1, sizeof(*exceptions));
	char text[DEVICE_TEXT_SIZE];
	size_t count, failed;
	int result;

	if (!exceptions)
		return -ENOMEM;
	result = devices_v1_exceptions(rules, exceptions, &count, &failed);
	if (result < 0)
		return fail_property(
			property,
			"'%s' is an exception from an exception, which cgroup v1 cannot "
			"express",
			device_text(&rules->items[failed], text));
	if (!fresh && update(limits, exceptions, count, &result))
		return result;
	result = group_write(rules->group, file_for(rules->allow), "a");
	if (result < 0)
		return fail(-result, "%s: write 'a' to %s/%s", property, rules->group->path,
			    file_for(rules->allow));
	return write_all(rules->group, exceptions, count, !rules->allow, NULL, 0);
}
