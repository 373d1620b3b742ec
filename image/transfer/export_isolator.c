/* SPDX-License-Identifier: Apache-2.0 */
/* The way back of aci_isolator.c: from a patch of the runtime's configuration to isolators. */
#include <stdio.h>
#include <string.h>

#include "image/document/errno_name.h"
#include "image/transfer/aci.h"
#include "image/transfer/export.h"
#include "lib/error.h"
#include "lib/str.h"

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void begin(struct json_writer *writer, const char *name)
{
	json_write_object(writer, NULL);
	json_write_string(writer, "name", name);
}

static void write_source(struct json_writer *writer, const char *key, const cJSON *node)
{
	size_t size;
	const char *text = json_source(node, &size);

	json_write_raw(writer, key, text, size);
}

static void write_plain(struct json_writer *writer, const char *name, const cJSON *node)
{
	if (!node)
		return;
	begin(writer, name);
	write_source(writer, "value", node);
	json_write_end(writer, '}');
}

/* "NUMBER UNIT" of value * times / divisor. */
static void write_quantity(struct json_writer *writer, const char *key, const cJSON *node,
			   uint64_t times, uint64_t divisor)
{
	char text[24];
	uint64_t value;

	if (!json_uint64(node, &value))
		return;
	snprintf(text, sizeof(text), "%llu%s", (unsigned long long)(value * times / divisor),
		 times > 1 ? "m" : "");
	json_write_string(writer, key, text);
}

static void write_cpu(struct json_writer *writer, const cJSON *cpu)
{
	uint64_t period;

	if (!cpu)
		return;
	begin(writer, "resource/cpu");
	json_write_object(writer, "value");
	write_quantity(writer, "request", get(cpu, "shares"), 1000, 1024);
	if (json_uint64(get(cpu, "period"), &period) && period > 0)
		write_quantity(writer, "limit", get(cpu, "quota"), 1000, period);
	json_write_end(writer, '}');
	json_write_end(writer, '}');
}

static void write_memory(struct json_writer *writer, const cJSON *memory)
{
	if (!memory)
		return;
	begin(writer, "resource/memory");
	json_write_object(writer, "value");
	write_quantity(writer, "request", get(memory, "reservation"), 1, 1);
	write_quantity(writer, "limit", get(memory, "limit"), 1, 1);
	json_write_end(writer, '}');
	json_write_end(writer, '}');
}

static void write_set(struct json_writer *writer, const char *name, const cJSON *set,
		      const char *no)
{
	begin(writer, name);
	json_write_object(writer, "value");
	write_source(writer, "set", set);
	if (no)
		json_write_string(writer, "errno", no);
	json_write_end(writer, '}');
	json_write_end(writer, '}');
}

/* Only what the way here makes: one rule. */
static int write_seccomp(struct json_writer *writer, const cJSON *seccomp)
{
	const char *action = cJSON_GetStringValue(get(seccomp, "defaultAction"));
	const cJSON *rule = cJSON_GetArrayItem(get(seccomp, "syscalls"), 0);
	bool removes = str_equal(action, "SCMP_ACT_ALLOW");
	const cJSON *node = removes ? get(rule, "errnoRet") : get(seccomp, "defaultErrnoRet");
	const char *name = cJSON_GetStringValue(node);
	char text[20];
	uint64_t no;

	if (!seccomp)
		return 0;
	if (!cJSON_IsArray(get(rule, "names")) || rule->next)
		return fail_property("linux.seccomp", "%s: has no one rule", ACI_APP);
	/* A number is from an older import, on a machine like this one. */
	if (!name && json_uint64(node, &no) && no <= INT16_MAX && errno_name((int)no)) {
		snprintf(text, sizeof(text), "E%s", errno_name((int)no));
		name = text;
	}
	if (node && (!name || errno_of_name(name) < 0))
		return fail_property("errnoRet", "%s: is no errno", ACI_APP);
	write_set(writer, removes ? "os/linux/seccomp-remove-set" : "os/linux/seccomp-retain-set",
		  get(rule, "names"), name);
	return 0;
}

static void write_selinux(struct json_writer *writer, const char *label)
{
	static const char *const keys[] = { "user", "role", "type", "level" };
	char part[256];

	if (!label || strlen(label) >= sizeof(part))
		return;
	begin(writer, "os/linux/selinux-context");
	json_write_object(writer, "value");
	for (size_t i = 0; i < 4; i++) {
		size_t length = i < 3 ? strcspn(label, ":") : strlen(label);

		memcpy(part, label, length);
		part[length] = '\0';
		json_write_string(writer, keys[i], part);
		label += length + (label[length] == ':');
	}
	json_write_end(writer, '}');
	json_write_end(writer, '}');
}

int export_isolators(struct json_writer *writer, const cJSON *patch)
{
	const cJSON *process = get(patch, "process"), *linux_part = get(patch, "linux");
	const cJSON *resources = get(linux_part, "resources");
	const cJSON *capabilities = get(get(process, "capabilities"), "bounding");
	const cJSON *profile = get(process, "apparmorProfile");
	int result;

	if (!patch)
		return 0;
	json_write_array(writer, "isolators");
	if (capabilities && !aci_is_default_set(capabilities))
		write_set(writer, "os/linux/capabilities-retain-set", capabilities, NULL);
	write_plain(writer, "os/linux/no-new-privileges", get(process, "noNewPrivileges"));
	if (profile) {
		begin(writer, "os/linux/apparmor-profile");
		json_write_object(writer, "value");
		write_source(writer, "profile", profile);
		json_write_end(writer, '}');
		json_write_end(writer, '}');
	}
	write_selinux(writer, cJSON_GetStringValue(get(process, "selinuxLabel")));
	write_plain(writer, "os/linux/oom-score-adj", get(process, "oomScoreAdj"));
	write_cpu(writer, get(resources, "cpu"));
	write_memory(writer, get(resources, "memory"));
	write_plain(writer, "os/unix/sysctl", get(linux_part, "sysctl"));
	result = write_seccomp(writer, get(linux_part, "seccomp"));
	json_write_end(writer, ']');
	return result;
}
