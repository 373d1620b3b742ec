/* SPDX-License-Identifier: Apache-2.0 */
/* An ACI's manifest but for its app: spec/aci.md "Image Manifest Schema", spec/types.md. */
#include <string.h>

#include "image/transfer/aci.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/str.h"

const cJSON *aci_member(const cJSON *object, const char *key, int type, bool required, int *wrong)
{
	/* appc's reader takes a key in any case, and its own examples need that. */
	const cJSON *member = cJSON_GetObjectItem(object, key);

	if (member && cJSON_IsNull(member))
		member = NULL;
	if (*wrong == 0 && (member ? !(member->type & type) : required))
		*wrong = fail_property(key, "manifest: %s",
				       member ? "is of a wrong type" : "is missing");
	return *wrong == 0 ? member : NULL;
}

const char *aci_text(const cJSON *object, const char *key, bool required, int *wrong)
{
	const cJSON *member = aci_member(object, key, cJSON_String, required, wrong);

	return member ? member->valuestring : "";
}

static bool matches(const char *text, const char *separators)
{
	bool before = false;

	for (; *text; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9');

		if (!letter && (!before || !strchr(separators, *text)))
			return false;
		before = letter;
	}
	return before;
}

bool aci_is_identifier(const char *text)
{
	return matches(text, "-._~/");
}

bool aci_is_name(const char *text)
{
	return matches(text, "-");
}

const char *aci_value(const cJSON *list, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) if (
		str_equal(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")),
			  name)) return cJSON_GetStringValue(cJSON_GetObjectItem(item, "value"));
	return NULL;
}

int aci_ignore(struct aci *aci, const char *name)
{
	log_warning("%s: %s is ignored", aci->name, name);
	if (!aci->ignored) {
		json_write_start(&aci->ignored_list, aci->arena, JSON_COMPACT);
		json_write_array(&aci->ignored_list, NULL);
	}
	json_write_string(&aci->ignored_list, NULL, name);
	aci->ignored = arena_printf(aci->arena, "%s%s%s", aci->ignored ? aci->ignored : "",
				    aci->ignored ? ", " : "", name);
	return aci->ignored ? 0 : error_result();
}

/* A list of {name, value} with names that are there once. */
static int check_pairs(const cJSON *list, const char *where)
{
	const cJSON *item;
	int wrong = 0;

	cJSON_ArrayForEach(item, list)
	{
		const char *name = aci_text(item, "name", true, &wrong);

		aci_text(item, "value", true, &wrong);
		if (wrong < 0)
			return fail_context(wrong, "%s", where);
		if (!aci_is_identifier(name) ||
		    aci_value(list, name) !=
			    cJSON_GetStringValue(cJSON_GetObjectItem(item, "value")))
			return fail_property(where, "manifest: '%s' is no name, or there twice",
					     name);
	}
	return 0;
}

/* schema/types/labels.go lists what is allowed "by default"; MIPS, ARMv5 and RISC-V are ours. */
static const struct {
	const char *arch, *architecture, *variant;
} architectures[] = {
	{ "aarch64", "arm64", "" },  { "armv7l", "arm", "v7" },	     { "armv6l", "arm", "v6" },
	{ "armv5tel", "arm", "v5" }, { "i386", "386", "" },	     { "mipsel", "mipsle", "" },
	{ "x86_64", "amd64", "" },   { "mips64el", "mips64le", "" },
};

static void take_platform(struct aci *aci, const cJSON *labels)
{
	const char *os = aci_value(labels, "os"), *arch = aci_value(labels, "arch");

	/* Without them it fits anything: a config has to say something. */
	import_platform(aci->import, &aci->platform);
	if (os)
		aci->platform.os = os;
	if (!arch)
		return;
	aci->platform.architecture = arch;
	aci->platform.variant = "";
	for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++) {
		if (strcmp(architectures[i].arch, arch) != 0)
			continue;
		aci->platform.architecture = architectures[i].architecture;
		aci->platform.variant = architectures[i].variant;
	}
}

const char *aci_architecture(const struct platform *platform)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++)
		if (strcmp(architectures[i].architecture, platform->architecture) == 0 &&
		    strcmp(architectures[i].arch, "x86_64") != 0 &&
		    (!*architectures[i].variant || !*platform->variant ||
		     strcmp(architectures[i].variant, platform->variant) == 0))
			return architectures[i].arch;
	return platform->architecture;
}

/* What the image-spec has a key for goes there, the rest keeps its name. */
static int take_annotations(struct aci *aci, const cJSON *annotations)
{
	static const char *const known[][2] = {
		{ "created", NULL }, /* both are the config's own */
		{ "authors", NULL },
		{ "homepage", "org.opencontainers.image.url" },
		{ "documentation", "org.opencontainers.image.documentation" },
	};
	const cJSON *item;
	int result = 0;

	cJSON_ArrayForEach(item, annotations)
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "name"));
		const char *key = name;

		if (result < 0)
			return result;
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (strcmp(known[i][0], name) == 0)
				key = known[i][1];
		if (str_has_prefix(name, "cruet.") ||
		    str_has_prefix(name, "org.opencontainers.image."))
			result = aci_ignore(aci, arena_printf(aci->arena, "annotation %s", name) ?:
							 name);
		else if (key)
			json_write_string(&aci->labels, key, aci_value(annotations, name));
	}
	return result;
}

int aci_manifest_read(struct aci *aci)
{
	const cJSON *labels, *annotations;
	int wrong = 0;

	aci->root = json_parse(aci->arena, aci->text.data, aci->text.size, "manifest");
	if (!aci->root)
		return error_result();
	if (!str_equal(aci_text(aci->root, "acKind", true, &wrong), "ImageManifest") && wrong == 0)
		return fail_property("acKind", "manifest: must be ImageManifest");
	if (!str_has_prefix(aci_text(aci->root, "acVersion", true, &wrong), "0.") && wrong == 0)
		return fail_property("acVersion", "manifest: must be 0.x.y");
	aci->name = aci_text(aci->root, "name", true, &wrong);
	labels = aci_member(aci->root, "labels", cJSON_Array, false, &wrong);
	annotations = aci_member(aci->root, "annotations", cJSON_Array, false, &wrong);
	aci->app = aci_member(aci->root, "app", cJSON_Object, false, &wrong);
	if (wrong < 0)
		return wrong;
	if (!aci_is_identifier(aci->name))
		return fail_property("name", "manifest: '%s' is no AC Identifier", aci->name);
	if (check_pairs(labels, "labels") < 0 || check_pairs(annotations, "annotations") < 0)
		return error_result();
	if (aci_value(labels, "name"))
		return fail_property("labels", "manifest: 'name' cannot be a label");
	aci->version = aci_value(labels, "version");
	take_platform(aci, labels);
	if (aci->version)
		json_write_string(&aci->labels, "org.opencontainers.image.version", aci->version);
	return take_annotations(aci, annotations);
}
