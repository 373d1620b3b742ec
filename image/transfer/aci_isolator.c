/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolators (spec/ace.md) as a patch of the runtime's configuration. What Linux or OCI has no word
 * for is ignored, and said.
 */
#include <ctype.h>
#include <string.h>

#include "image/document/errno_name.h"
#include "image/transfer/aci.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

struct isolators {
	const cJSON *retain, *remove; /* sets of capabilities */
	const cJSON *seccomp;	      /* the value */
	const cJSON *selinux, *sysctl;
	const char *apparmor;
	bool seccomp_retains, no_new_privileges, has_score;
	int64_t score;
	uint64_t shares, quota, reservation, memory; /* 0: not said */
};

/* ace.md "os/linux/capabilities-remove-set" */
static const char *const default_capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",	  "CAP_DAC_OVERRIDE", "CAP_FSETID",	      "CAP_FOWNER",
	"CAP_KILL",	   "CAP_MKNOD",	  "CAP_NET_RAW",      "CAP_NET_BIND_SERVICE", "CAP_SETUID",
	"CAP_SETGID",	   "CAP_SETPCAP", "CAP_SETFCAP",      "CAP_SYS_CHROOT",
};

/* "250m", "1G", "1.5Gi", 3: times `scale`, rounded down. */
static bool quantity(const cJSON *node, uint64_t scale, uint64_t *value)
{
	static const char units[] = "KMGTPE";
	const char *text = node->valuestring; /* of a number: its literal */
	uint64_t number = 0, divisor = 1, base = 1000;
	const char *unit;

	if (!text || !isdigit((unsigned char)*text))
		return false;
	for (bool point = false; isdigit((unsigned char)*text) || (*text == '.' && !point);
	     text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number) ||
		    (point && __builtin_mul_overflow(divisor, 10, &divisor)))
			return false;
	}
	if (__builtin_mul_overflow(number, scale, &number))
		return false;
	if (*text == 'm') { /* thousandths; a million is 'M' */
		text++;
		if (__builtin_mul_overflow(divisor, 1000, &divisor))
			return false;
	} else if (*text) {
		unit = strchr(units, *text == 'k' ? 'K' : *text);
		if (!unit)
			return false;
		if (*++text == 'i') {
			base = 1024;
			text++;
		}
		for (const char *power = units; power <= unit; power++)
			if (__builtin_mul_overflow(number, base, &number))
				return false;
	}
	*value = number / divisor;
	return !*text;
}

/* The quantity `key` of a resource's value. */
static int take_quantity(const cJSON *value, const char *key, uint64_t scale, uint64_t *result)
{
	int wrong = 0;
	const cJSON *node = aci_member(value, key, cJSON_String | cJSON_Number, false, &wrong);

	if (node && !quantity(node, scale, result))
		return fail_property(key, "manifest: '%s' is no quantity", node->valuestring);
	return wrong;
}

static int take_set(const cJSON *value, const cJSON **set)
{
	int wrong = 0;
	const cJSON *item, *list = aci_member(value, "set", cJSON_Array, true, &wrong);

	cJSON_ArrayForEach(item, list) if (!cJSON_IsString(item)) return fail_property(
		"set", "manifest: must be strings");
	*set = list;
	return wrong;
}

static int take_seccomp(struct isolators *all, const cJSON *value, bool retains)
{
	const cJSON *set = NULL;

	if (all->seccomp)
		return fail_property("app.isolators", "manifest: only one seccomp isolator can be");
	all->seccomp = value;
	all->seccomp_retains = retains;
	if (take_set(value, &set) < 0)
		return error_result();
	return set && set->child ? 0 : fail_property("set", "manifest: must not be empty");
}

enum isolator {
	ISOLATE_CPU,
	ISOLATE_MEMORY,
	ISOLATE_RETAIN,
	ISOLATE_REMOVE,
	ISOLATE_SECCOMP_RETAIN,
	ISOLATE_SECCOMP_REMOVE,
	ISOLATE_PRIVILEGES,
	ISOLATE_SELINUX,
	ISOLATE_APPARMOR,
	ISOLATE_SYSCTL,
	ISOLATE_SCORE,
	ISOLATE_SHARES,
	ISOLATORS
};

/* In that order. */
static const char isolator_names[] = "resource/cpu\0"
				     "resource/memory\0"
				     "os/linux/capabilities-retain-set\0"
				     "os/linux/capabilities-remove-set\0"
				     "os/linux/seccomp-retain-set\0"
				     "os/linux/seccomp-remove-set\0"
				     "os/linux/no-new-privileges\0"
				     "os/linux/selinux-context\0"
				     "os/linux/apparmor-profile\0"
				     "os/unix/sysctl\0"
				     "os/linux/oom-score-adj\0"
				     "os/linux/cpu-shares\0";

static int take_value(struct isolators *all, enum isolator isolator, const cJSON *value)
{
	int wrong = 0;

	switch (isolator) {
	case ISOLATE_CPU: /* what is asked for is the limit, if nothing is said */
		if (take_quantity(value, "limit", 1024, &all->shares) < 0 ||
		    take_quantity(value, "request", 1024, &all->shares) < 0)
			return error_result();
		return take_quantity(value, "limit", 100000, &all->quota);
	case ISOLATE_MEMORY:
		if (take_quantity(value, "limit", 1, &all->memory) < 0)
			return error_result();
		all->reservation = all->memory;
		return take_quantity(value, "request", 1, &all->reservation);
	case ISOLATE_RETAIN:
		return take_set(value, &all->retain);
	case ISOLATE_REMOVE:
		return take_set(value, &all->remove);
	case ISOLATE_SECCOMP_RETAIN:
	case ISOLATE_SECCOMP_REMOVE:
		return take_seccomp(all, value, isolator == ISOLATE_SECCOMP_RETAIN);
	case ISOLATE_PRIVILEGES:
		all->no_new_privileges = cJSON_IsTrue(value);
		if (cJSON_IsBool(value))
			return 0;
		break;
	case ISOLATE_SELINUX:
		all->selinux = value;
		return 0;
	case ISOLATE_APPARMOR:
		all->apparmor = aci_text(value, "profile", true, &wrong);
		return wrong;
	case ISOLATE_SYSCTL:
		all->sysctl = value;
		if (cJSON_IsObject(value))
			return 0;
		break;
	case ISOLATE_SCORE:
		all->has_score = true;
		if (json_int64(value, &all->score) && all->score >= -1000 && all->score <= 1000)
			return 0;
		break;
	default:
		if (json_uint64(value, &all->shares))
			return 0;
	}
	return fail_property("value", "manifest: is of a wrong type or out of range");
}

static int take_isolator(struct aci *aci, struct isolators *all, const cJSON *item, uint32_t *seen)
{
	int wrong = 0;
	const char *name = aci_text(item, "name", true, &wrong), *known = isolator_names;
	const cJSON *value = cJSON_GetObjectItem(item, "value");

	if (wrong < 0 || !value)
		return fail_property("app.isolators", "manifest: must have name and value");
	for (unsigned int i = 0; i < ISOLATORS; i++, known += strlen(known) + 1) {
		if (strcmp(known, name) != 0)
			continue;
		if (*seen & 1U << i)
			return fail_property("app.isolators", "manifest: %s: is there twice", name);
		*seen |= 1U << i;
		return fail_context(take_value(all, (enum isolator)i, value), "%s", name);
	}
	return aci_ignore(aci, name);
}

/* ---- writing ---- */

static bool has(const cJSON *set, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, set) if (str_equal(item->valuestring, text)) return true;
	return false;
}

bool aci_is_default_set(const cJSON *capabilities)
{
	const size_t count = sizeof(default_capabilities) / sizeof(*default_capabilities);

	for (size_t i = 0; i < count; i++)
		if (!has(capabilities, default_capabilities[i]))
			return false;
	return cJSON_GetArraySize(capabilities) == (int)count;
}

static void write_capabilities(struct json_writer *writer, const struct isolators *all)
{
	static const char *const kinds[] = { "bounding", "effective", "permitted" };
	const cJSON *item;

	json_write_object(writer, "capabilities");
	for (size_t kind = 0; kind < 3; kind++) {
		json_write_array(writer, kinds[kind]);
		cJSON_ArrayForEach(item, all->retain)
		{
			json_write_string(writer, NULL, item->valuestring);
		}
		for (size_t i = 0; i < sizeof(default_capabilities) / sizeof(char *); i++)
			if (!all->retain && !has(all->remove, default_capabilities[i]))
				json_write_string(writer, NULL, default_capabilities[i]);
		json_write_end(writer, ']');
	}
	json_write_end(writer, '}');
}

static int write_seccomp(struct json_writer *writer, const struct isolators *all)
{
	/* What ends a process, and what begins it. */
	static const char *const always[] = { "execve", "exit", "exit_group", "rt_sigreturn" };
	int wrong = 0;
	const cJSON *item, *set = cJSON_GetObjectItem(all->seccomp, "set");
	const char *name = aci_text(all->seccomp, "errno", false, &wrong);
	const char *blocked = *name ? "SCMP_ACT_ERRNO" : "SCMP_ACT_KILL_PROCESS";

	if (wrong < 0 || (*name && errno_of_name(name) < 0))
		return fail_property("errno", "manifest: '%s' is no errno", name);
	cJSON_ArrayForEach(item, set)
	{
		const char *all_of_it = all->seccomp_retains ? "@appc.io/all" : "@appc.io/empty";

		if (str_equal(item->valuestring, all_of_it))
			return 0; /* no filter */
		if (*item->valuestring == '@')
			return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
				       "manifest: seccomp set %s is not known here",
				       item->valuestring);
	}
	json_write_object(writer, "seccomp");
	json_write_string(writer, "defaultAction",
			  all->seccomp_retains ? blocked : "SCMP_ACT_ALLOW");
	/* By name: the machine that runs it knows its number. */
	if (*name && all->seccomp_retains)
		json_write_string(writer, "defaultErrnoRet", name);
	json_write_array(writer, "syscalls");
	json_write_object(writer, NULL);
	json_write_array(writer, "names");
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (all->seccomp_retains && !has(set, always[i]))
			json_write_string(writer, NULL, always[i]);
	cJSON_ArrayForEach(item, set)
	{
		json_write_string(writer, NULL, item->valuestring);
	}
	json_write_end(writer, ']');
	json_write_string(writer, "action", all->seccomp_retains ? "SCMP_ACT_ALLOW" : blocked);
	if (*name && !all->seccomp_retains)
		json_write_string(writer, "errnoRet", name);
	json_write_end(writer, '}');
	json_write_end(writer, ']');
	json_write_end(writer, '}');
	return 0;
}

/* Only what is the namespace's own; the rest would be the whole board's. */
static int write_sysctl(struct aci *aci, const cJSON *map)
{
	static const char *const own[] = { "net.", "kernel.shm", "kernel.msg", "kernel.sem",
					   "fs.mqueue." };
	const cJSON *item;
	int result = 0;

	if (!map)
		return 0;
	json_write_object(&aci->appc, "sysctl");
	cJSON_ArrayForEach(item, map)
	{
		bool fine = false;

		for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
			fine = fine || str_has_prefix(item->string, own[i]);
		if (!cJSON_IsString(item))
			return fail_property("os/unix/sysctl", "manifest: must have strings");
		if (fine)
			json_write_string(&aci->appc, item->string, item->valuestring);
		else
			result = aci_ignore(aci, item->string);
		if (result < 0)
			return result;
	}
	json_write_end(&aci->appc, '}');
	return 0;
}

static void write_resources(struct json_writer *writer, const struct isolators *all)
{
	if (!all->shares && !all->quota && !all->memory && !all->reservation)
		return;
	json_write_object(writer, "resources");
	if (all->shares || all->quota) {
		json_write_object(writer, "cpu");
		if (all->shares)
			json_write_uint(writer, "shares", all->shares < 2 ? 2 : all->shares);
		if (all->quota) {
			json_write_uint(writer, "quota", all->quota < 1000 ? 1000 : all->quota);
			json_write_uint(writer, "period", 100000);
		}
		json_write_end(writer, '}');
	}
	if (all->memory || all->reservation) {
		json_write_object(writer, "memory");
		if (all->memory)
			json_write_uint(writer, "limit", all->memory);
		if (all->reservation)
			json_write_uint(writer, "reservation", all->reservation);
		json_write_end(writer, '}');
	}
	json_write_end(writer, '}');
}

static int write_selinux(struct aci *aci, const cJSON *context)
{
	int wrong = 0;
	const char *user = aci_text(context, "user", true, &wrong);
	const char *role = aci_text(context, "role", true, &wrong);
	const char *type = aci_text(context, "type", true, &wrong);
	const char *level = aci_text(context, "level", true, &wrong);
	const char *label = arena_printf(aci->arena, "%s:%s:%s:%s", user, role, type, level);

	if (wrong < 0 || !label)
		return error_result();
	json_write_string(&aci->appc, "selinuxLabel", label);
	return 0;
}

static int write_patch(struct aci *aci, const struct isolators *all)
{
	struct json_writer *writer = &aci->appc;
	int result = 0;

	json_write_object(writer, "patch");
	json_write_object(writer, "process");
	write_capabilities(writer, all);
	if (all->no_new_privileges)
		json_write_bool(writer, "noNewPrivileges", true);
	if (all->apparmor)
		json_write_string(writer, "apparmorProfile", all->apparmor);
	if (all->selinux)
		result = write_selinux(aci, all->selinux);
	if (all->has_score)
		json_write_int(writer, "oomScoreAdj", all->score);
	json_write_end(writer, '}');
	if (result == 0 && (all->seccomp || all->sysctl || all->shares || all->quota ||
			    all->memory || all->reservation)) {
		json_write_object(writer, "linux");
		if (all->seccomp)
			result = write_seccomp(writer, all);
		write_resources(writer, all);
		if (result == 0)
			result = write_sysctl(aci, all->sysctl);
		json_write_end(writer, '}');
	}
	json_write_end(writer, '}');
	return result;
}

int aci_isolators_read(struct aci *aci)
{
	struct isolators all = { 0 };
	uint32_t seen = 0;
	int wrong = 0;
	const cJSON *item, *list = aci_member(aci->app, "isolators", cJSON_Array, false, &wrong);

	cJSON_ArrayForEach(item, list)
	{
		wrong = take_isolator(aci, &all, item, &seen);
		if (wrong < 0)
			return wrong;
	}
	if (all.retain && all.remove)
		return fail_property("app.isolators",
				     "manifest: capabilities-retain-set and -remove-set together");
	return wrong < 0 ? wrong : write_patch(aci, &all);
}
