/* SPDX-License-Identifier: Apache-2.0 */
/* The label cruet.appc: see parts.h. */
#include <string.h>

#include "image/bundle/parts.h"
#include "image/document/errno_name.h"
#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

enum kind {
	KIND_OBJECT, /* only of members that are listed */
	KIND_TRUE,
	KIND_TEXT,
	KIND_TEXTS, /* an object of texts */
	KIND_NUMBER,
	KIND_CAPABILITIES,
	KIND_ERRNO, /* a number, or a name: an error's number is not the same everywhere */
	KIND_RULES, /* of seccomp: each may have such an errnoRet, see KIND_ANY */
	KIND_ANY,   /* the runtime checks it; nothing in it gives more */
};

/*
 * All that may be set. Not here on purpose: devices and other cgroup files, seccomp's listener and
 * flags, ambient and inheritable capabilities, and everything that is not said.
 */
static const struct rule {
	const char *path;
	enum kind kind;
} rules[] = {
	{ "process", KIND_OBJECT },
	{ "process.noNewPrivileges", KIND_TRUE },
	{ "process.apparmorProfile", KIND_TEXT },
	{ "process.selinuxLabel", KIND_TEXT },
	{ "process.oomScoreAdj", KIND_NUMBER },
	{ "process.capabilities", KIND_OBJECT },
	{ "process.capabilities.bounding", KIND_CAPABILITIES },
	{ "process.capabilities.effective", KIND_CAPABILITIES },
	{ "process.capabilities.permitted", KIND_CAPABILITIES },
	{ "linux", KIND_OBJECT },
	{ "linux.sysctl", KIND_TEXTS },
	{ "linux.seccomp", KIND_OBJECT },
	{ "linux.seccomp.defaultAction", KIND_TEXT },
	{ "linux.seccomp.defaultErrnoRet", KIND_ERRNO },
	{ "linux.seccomp.architectures", KIND_ANY },
	{ "linux.seccomp.syscalls", KIND_RULES },
	{ "linux.resources", KIND_OBJECT },
	{ "linux.resources.cpu", KIND_OBJECT },
	{ "linux.resources.cpu.shares", KIND_NUMBER },
	{ "linux.resources.cpu.quota", KIND_NUMBER },
	{ "linux.resources.cpu.period", KIND_NUMBER },
	{ "linux.resources.memory", KIND_OBJECT },
	{ "linux.resources.memory.limit", KIND_NUMBER },
	{ "linux.resources.memory.reservation", KIND_NUMBER },
	{ "linux.resources.pids", KIND_OBJECT },
	{ "linux.resources.pids.limit", KIND_NUMBER },
	{ "linux.resources.blockIO", KIND_OBJECT },
	{ "linux.resources.blockIO.throttleReadBpsDevice", KIND_ANY },
	{ "linux.resources.blockIO.throttleWriteBpsDevice", KIND_ANY },
	{ "linux.resources.blockIO.throttleReadIOPSDevice", KIND_ANY },
	{ "linux.resources.blockIO.throttleWriteIOPSDevice", KIND_ANY },
};

static bool are_default_capabilities(const cJSON *list)
{
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list)
	{
		size_t i = 0;

		if (!cJSON_IsString(item))
			return false;
		while (bundle_capabilities[i] &&
		       strcmp(bundle_capabilities[i], item->valuestring) != 0)
			i++;
		if (!bundle_capabilities[i])
			return false;
	}
	return true;
}

static bool are_texts(const cJSON *object)
{
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return false;
	cJSON_ArrayForEach(item, object)
	{
		if (!cJSON_IsString(item))
			return false;
	}
	return true;
}

static bool is_errno(const cJSON *node)
{
	uint64_t number;

	return cJSON_IsString(node) ? errno_of_name(node->valuestring) >= 0 :
				      json_uint64(node, &number);
}

static bool are_rules(const cJSON *list)
{
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list)
	{
		const cJSON *no = node_get(item, "errnoRet");

		if (!cJSON_IsObject(item) || (no && !is_errno(no)))
			return false;
	}
	return true;
}

static bool fits(const cJSON *node, enum kind kind)
{
	uint64_t number;

	switch (kind) {
	case KIND_OBJECT:
		return cJSON_IsObject(node);
	case KIND_TRUE:
		return cJSON_IsTrue(node);
	case KIND_TEXT:
		return cJSON_IsString(node);
	case KIND_TEXTS:
		return are_texts(node);
	case KIND_NUMBER:
		return json_uint64(node, &number);
	case KIND_CAPABILITIES:
		return are_default_capabilities(node);
	case KIND_ERRNO:
		return is_errno(node);
	case KIND_RULES:
		return are_rules(node);
	case KIND_ANY:
		break;
	}
	return cJSON_IsArray(node);
}

/* The depth is that of the rules. */
static int check_patch(const cJSON *object, const char *where)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		char path[NODE_PATH_SIZE];
		size_t i = 0;
		int result;

		node_path(path, where, member->string);
		while (i < sizeof(rules) / sizeof(rules[0]) && strcmp(rules[i].path, path) != 0)
			i++;
		if (i == sizeof(rules) / sizeof(rules[0]))
			return node_wrong(member, path, NULL, "an image may not set this");
		if (!fits(member, rules[i].kind))
			return node_wrong(member, path, NULL, "an image may not set it to this");
		result = rules[i].kind == KIND_OBJECT ? check_patch(member, path) : 0;
		if (result < 0)
			return result;
	}
	return 0;
}

static int check_groups(const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		uint64_t gid;

		if (!json_uint64(item, &gid) || gid >= UINT32_MAX)
			return node_wrong(item, "supplementaryGids", NULL, "not group ids");
	}
	return 0;
}

static int read_members(struct arena *arena, const cJSON *root, struct overrides *overrides)
{
	/* The last two are not for config.json: for who supervises it. */
	static const char *const known[] = {
		"patch", "mounts",	  "ignored", "cwdMustExist", "supplementaryGids",
		"ports", "eventHandlers", NULL,
	};
	const cJSON *patch = NULL;
	int result = node_only(root, "", known);

	if (result == 0)
		result = node_typed(root, "", "patch", cJSON_Object, &patch);
	if (result == 0 && patch)
		result = check_patch(patch, "");
	if (result == 0)
		result = node_typed(root, "", "mounts", cJSON_Array, &overrides->mounts);
	if (result == 0)
		result = node_list(arena, root, "", "ignored", &overrides->ignored);
	if (result == 0)
		result = node_bool(root, "", "cwdMustExist", &overrides->directory_must_exist);
	if (result == 0)
		result = node_typed(root, "", "supplementaryGids", cJSON_Array, &overrides->groups);
	if (result == 0)
		result = check_groups(overrides->groups);
	if (result == 0 && patch) {
		overrides->process = node_get(patch, "process");
		overrides->linux_part = node_get(patch, "linux");
	}
	return result;
}

int overrides_read(struct arena *arena, const struct image_config *config,
		   struct overrides *overrides)
{
	const char *text = annotation(config->labels, LABEL_APPC);
	const cJSON *root;
	int result;

	*overrides = (struct overrides){ 0 };
	if (!text)
		return 0;
	overrides->present = true;
	root = node_document(arena, text, strlen(text), "label " LABEL_APPC);
	if (!root)
		return error_result();
	result = read_members(arena, root, overrides);
	return result < 0 ? fail_context(result, "label " LABEL_APPC) : 0;
}

bool overrides_write(struct json_writer *writer, const cJSON *object, const char *key)
{
	const cJSON *node = object ? node_get(object, key) : NULL;
	const char *text;
	size_t size;

	if (!node)
		return false;
	text = json_source(node, &size);
	json_write_raw(writer, key, text, size);
	return true;
}

/* The object as it stands there, with numbers for names of errors; not its end, nor rules. */
static void write_numbers(struct json_writer *writer, const cJSON *object, const char *key)
{
	const cJSON *member;

	json_write_object(writer, key);
	cJSON_ArrayForEach(member, object)
	{
		if (cJSON_IsString(member) && (strcmp(member->string, "errnoRet") == 0 ||
					       strcmp(member->string, "defaultErrnoRet") == 0))
			json_write_uint(writer, member->string,
					(uint64_t)errno_of_name(member->valuestring));
		else if (strcmp(member->string, "syscalls") != 0)
			overrides_write(writer, object, member->string);
	}
}

void overrides_write_seccomp(struct json_writer *writer, const cJSON *linux_part)
{
	const cJSON *seccomp = linux_part ? node_get(linux_part, "seccomp") : NULL;
	const cJSON *rule;

	if (!seccomp)
		return;
	write_numbers(writer, seccomp, "seccomp");
	if (node_get(seccomp, "syscalls")) {
		json_write_array(writer, "syscalls");
		cJSON_ArrayForEach(rule, node_get(seccomp, "syscalls"))
		{
			write_numbers(writer, rule, NULL);
			json_write_end(writer, '}');
		}
		json_write_end(writer, ']');
	}
	json_write_end(writer, '}');
}
