/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter PROFILE [linear|tree] > PROGRAM: the "seccomp" object of a configuration compiled by the
 * host's libseccomp, as the ready-made program that floor loads. It runs once, before any
 * measurement.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct word {
	const char *name;
	uint32_t value;
};

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ NULL, 0 },
};

static const struct word comparisons[] = {
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ NULL, 0 },
};

static const struct word architectures[] = {
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 }, { "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },	  { "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },	  { NULL, 0 },
};

static _Noreturn void die(const char *what, int no)
{
	fprintf(stderr, "filter: %s: %s\n", what, strerror(no));
	exit(1);
}

static uint32_t look_up(const struct word *words, const cJSON *item)
{
	const char *name = cJSON_GetStringValue(item);

	for (; name && words->name; words++)
		if (strcmp(words->name, name) == 0)
			return words->value;
	die(name ? name : "a word is missing", EINVAL);
}

static uint32_t action(const cJSON *object, const char *name, const char *errno_name)
{
	const uint32_t value = look_up(actions, cJSON_GetObjectItem(object, name));
	const cJSON *number = cJSON_GetObjectItem(object, errno_name);

	if (value != SCMP_ACT_ERRNO(0))
		return value;
	return SCMP_ACT_ERRNO(number ? (uint32_t)number->valueint : EPERM);
}

static void add_rule(scmp_filter_ctx filter, const cJSON *rule)
{
	const uint32_t what = action(rule, "action", "errnoRet");
	struct scmp_arg_cmp compare[6];
	unsigned int count = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItem(rule, "args"))
	{
		if (count == 6)
			die("args", E2BIG);
		compare[count].arg = (unsigned int)cJSON_GetObjectItem(item, "index")->valueint;
		compare[count].op = look_up(comparisons, cJSON_GetObjectItem(item, "op"));
		compare[count].datum_a = (uint64_t)cJSON_GetObjectItem(item, "value")->valuedouble;
		compare[count].datum_b = 0;
		count++;
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(rule, "names"))
	{
		const int number = seccomp_syscall_resolve_name(cJSON_GetStringValue(item));
		int result;

		if (number == __NR_SCMP_ERROR)
			continue; /* newer than the library: as every runtime does */
		result = seccomp_rule_add_array(filter, what, number, count, compare);
		if (result < 0)
			die(cJSON_GetStringValue(item), -result);
	}
}

static char *read_all(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		die(path, errno);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = 0;
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	cJSON *profile = argc > 1 ? cJSON_Parse(read_all(argv[1])) : NULL;
	const cJSON *item;
	scmp_filter_ctx filter;
	int result;

	if (!profile)
		die("usage: filter PROFILE [linear|tree]", EINVAL);
	filter = seccomp_init(action(profile, "defaultAction", "defaultErrnoRet"));
	if (!filter)
		die("seccomp_init", ENOMEM);
	if (argc > 2 && strcmp(argv[2], "tree") == 0)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(profile, "architectures"))
	{
		result = seccomp_arch_add(filter, look_up(architectures, item));
		if (result < 0 && result != -EEXIST)
			die("architectures", -result);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(profile, "syscalls")) add_rule(filter, item);
	result = seccomp_export_bpf(filter, STDOUT_FILENO);
	if (result < 0)
		die("export", -result);
	seccomp_release(filter);
	cJSON_Delete(profile);
	return 0;
}
