/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the properties that are like no other, and the rules of strings. */
#include <net/if.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/json.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

enum {
	HOST_NAME_SIZE = 64, /* __NEW_UTS_LEN of the kernel */
};

const cJSON *spec_member(const cJSON *object, const char *name)
{
	const cJSON *member = object->child;

	while (member && strcmp(member->string, name) != 0)
		member = member->next;
	return member;
}

size_t spec_count(const cJSON *node)
{
	size_t count = 0;

	for (const cJSON *item = node->child; item; item = item->next)
		count++;
	return count;
}

static bool has_parent_component(const char *path)
{
	for (; *path; path += strspn(path, "/")) {
		const size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += length;
	}
	return false;
}

/* "^[1-9][0-9]*[KMG]B$" (config-linux.json) */
static bool is_page_size(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	return digits && *text != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       strcmp(text + digits + 1, "B") == 0;
}

int spec_check_text(const struct spec_reader *reader, const struct spec_frame *frame,
		    enum spec_text rule)
{
	const char *text = frame->node->valuestring;

	if (!*text && rule != TEXT_ANY && rule != TEXT_HOST_NAME && rule != TEXT_CGROUP_PATH)
		return spec_fail(reader, frame, NULL, "must not be empty");
	switch (rule) {
	case TEXT_ABSOLUTE:
		if (*text != '/')
			return spec_fail(reader, frame, NULL,
					 "must be an absolute path, found \"%.64s\"", text);
		return 0;
	case TEXT_ENVIRONMENT:
		if (*text == '=' || !strchr(text, '='))
			return spec_fail(reader, frame, NULL, "must be NAME=VALUE");
		return 0;
	case TEXT_HOST_NAME:
		if (strlen(text) > HOST_NAME_SIZE)
			return spec_fail(reader, frame, NULL, "is longer than %d bytes",
					 HOST_NAME_SIZE);
		return 0;
	case TEXT_ARCHITECTURE:
		if (spec_word_value(WORDS_ARCHITECTURES, text) < 0)
			return spec_fail(reader, frame, NULL, "unknown value \"%.64s\"", text);
		return 0;
	case TEXT_PAGE_SIZE:
		if (!is_page_size(text))
			return spec_fail(reader, frame, NULL,
					 "must be like 64KB, 2MB or 1GB, found \"%.64s\"", text);
		return 0;
	case TEXT_INTERFACE:
		if (strlen(text) >= IFNAMSIZ || strpbrk(text, "/ \t\n"))
			return spec_fail(reader, frame, NULL, "is no name of an interface");
		return 0;
	case TEXT_CGROUP_PATH:
		if (has_parent_component(text))
			return spec_fail(reader, frame, NULL, "must not contain \"..\"");
		return 0;
	default:
		return 0;
	}
}

static bool skip_digits(const char **text)
{
	const size_t digits = strspn(*text, "0123456789");
	const bool good = digits && (**text != '0' || digits == 1);

	*text += digits;
	return good;
}

/* Identifiers of letters, digits and hyphens between dots, none of them empty. */
static bool skip_identifiers(const char **text, bool leading_zeros)
{
	static const char characters[] = "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz";

	do {
		const char *start = ++*text;
		const size_t length = strspn(start, characters);

		if (!length)
			return false;
		if (!leading_zeros && length > 1 && *start == '0' &&
		    strspn(start, "0123456789") == length)
			return false;
		*text += length;
	} while (**text == '.');
	return true;
}

/* Semantic Versioning 2.0.0 with major version 1. */
static bool is_version_1(const char *text)
{
	if (strncmp(text, "1.", 2) != 0)
		return false;
	text += 2;
	if (!skip_digits(&text) || *text++ != '.' || !skip_digits(&text))
		return false;
	if (*text == '-' && !skip_identifiers(&text, false))
		return false;
	if (*text == '+' && !skip_identifiers(&text, true))
		return false;
	return *text == '\0';
}

static int read_version(const struct spec_reader *reader, const struct spec_frame *frame,
			const char **version)
{
	*version = frame->node->valuestring;
	if (is_version_1(*version))
		return 0;
	return spec_fail(reader, frame, NULL,
			 "must be a version 1.x.y of the specification, found \"%.32s\"", *version);
}

static int read_annotations(const struct spec_reader *reader, const struct spec_frame *frame,
			    struct spec *spec)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	for (; item.node; item.node = item.node->next) {
		item.name = item.node->string;
		if ((item.node->type & 0xff) != cJSON_String)
			return spec_fail(reader, &item, NULL, "must be a string");
		if (!*item.name)
			return spec_fail(reader, frame, NULL, "must not have an empty key");
	}
	spec->annotations = json_source(frame->node, &spec->annotations_size);
	return 0;
}

/* config.md#linux-process: a name that the kernel does not have is worth a warning, not a failure.
 */
static void warn_capability(struct spec_reader *reader, const struct spec_frame *frame)
{
	const char *name = frame->node->valuestring;

	for (unsigned int i = 0; i < reader->warned; i++)
		if (strcmp(reader->warned_names[i], name) == 0)
			return;
	if (reader->warned == sizeof(reader->warned_names) / sizeof(*reader->warned_names))
		return;
	reader->warned_names[reader->warned++] = name;
	spec_warn(reader, frame, "unknown capability \"%.64s\" is left out", name);
}

static int read_capabilities(struct spec_reader *reader, const struct spec_frame *frame,
			     uint64_t *set)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	for (; item.node; item.node = item.node->next, item.index++) {
		int number;

		if ((item.node->type & 0xff) != cJSON_String)
			return spec_fail(reader, &item, NULL, "must be a string");
		number = spec_word_value(WORDS_CAPABILITIES, item.node->valuestring);
		if (number < 0)
			warn_capability(reader, &item);
		else
			*set |= UINT64_C(1) << number;
	}
	return 0;
}

static int read_namespaces(struct spec_reader *reader, const struct spec_frame *frame,
			   struct spec_namespace slots[NAMESPACE_TYPES])
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	for (; item.node; item.node = item.node->next, item.index++) {
		struct spec_namespace_item read = { 0, NULL };
		struct spec_namespace *slot;

		if (spec_read_object(reader, &item, OBJECT_NAMESPACE, &read) < 0)
			return -EINVAL;
		slot = &slots[read.type];
		if (read.type == NAMESPACE_USER && !spec_symbol_enabled(SYMBOL_USER_NAMESPACE))
			return spec_refuse(reader, &item, "type", SYMBOL_USER_NAMESPACE);
		if (read.type == NAMESPACE_TIME && !spec_symbol_enabled(SYMBOL_TIME_NAMESPACE))
			return spec_refuse(reader, &item, "type", SYMBOL_TIME_NAMESPACE);
		if (slot->present)
			return spec_fail(reader, &item, "type", "\"%s\" is listed twice",
					 spec_namespace_name((enum spec_namespace_type)read.type));
		*slot = (struct spec_namespace){ true, read.path };
	}
	return 0;
}

static int read_propagation(const struct spec_reader *reader, const struct spec_frame *frame,
			    unsigned long *flags)
{
	const int word = spec_word_value(WORDS_PROPAGATION, frame->node->valuestring);

	if (word < 0)
		return spec_fail(reader, frame, NULL, "unknown value \"%.64s\"",
				 frame->node->valuestring);
	_Static_assert(MS_SHARED == MS_UNBINDABLE << 3, "in the order of the word list");
	*flags = (unsigned long)MS_UNBINDABLE << (word & 3);
	if (word > 3)
		*flags |= MS_REC;
	return 0;
}

static int read_personality(const struct spec_reader *reader, const struct spec_frame *frame,
			    struct spec *spec)
{
	const int word = spec_word_value(WORDS_PERSONALITIES, frame->node->valuestring);

	if (word < 0)
		return spec_fail(reader, frame, NULL, "unknown value \"%.64s\"",
				 frame->node->valuestring);
	spec->personality_set = true;
	spec->personality = word ? PER_LINUX32 : PER_LINUX;
	return 0;
}

/* One character out of a set; returns it, or a negative errno. */
static int read_letter(const struct spec_reader *reader, const struct spec_frame *frame,
		       const char *letters)
{
	const char *text = frame->node->valuestring;

	if (text[0] && !text[1] && strchr(letters, text[0]))
		return text[0];
	return spec_fail(reader, frame, NULL, "unknown value \"%.64s\"", text);
}

static int read_device_type(const struct spec_reader *reader, const struct spec_frame *frame,
			    const struct spec_property *property, char *type)
{
	int letter;

	if (property->flags & ZERO_ABSENT && !*frame->node->valuestring)
		return 0;
	letter = read_letter(reader, frame, property->kind == KIND_DEVICE_TYPE ? "cbup" : "acb");
	if (letter < 0)
		return letter;
	*type = letter == 'u' ? 'c' : (char)letter;
	return 0;
}

/* An empty string, like none at all, is every access: so is the kernel's rule "a". */
static int read_access(const struct spec_reader *reader, const struct spec_frame *frame,
		       struct spec_device_rule *rule)
{
	const char *text = frame->node->valuestring;

	if (!*text)
		return 0;
	if (text[strspn(text, "rwm")])
		return spec_fail(reader, frame, NULL, "must be made of r, w and m, found \"%.64s\"",
				 text);
	rule->read = strchr(text, 'r');
	rule->write = strchr(text, 'w');
	rule->mknod = strchr(text, 'm');
	return 0;
}

static int read_rdma(struct spec_reader *reader, const struct spec_frame *frame,
		     struct spec_resources *resources)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };
	struct spec_rdma *entry;

	resources->rdma_count = spec_count(frame->node);
	if (!resources->rdma_count)
		return 0;
	resources->rdma = arena_array(reader->arena, resources->rdma_count, sizeof(*entry));
	if (!resources->rdma)
		return -ENOMEM;
	for (entry = resources->rdma; item.node; item.node = item.node->next, entry++) {
		item.name = item.node->string;
		if (!*item.name || strpbrk(item.name, " \n"))
			return spec_fail(reader, &item, NULL, "is no name of a device");
		entry->device = item.name;
		if (spec_read_object(reader, &item, OBJECT_RDMA, entry) < 0)
			return -EINVAL;
	}
	return 0;
}

/* Limits that kernels do not have any more (5.16): config-linux.md does not recommend them. */
static int read_ignored(const struct spec_reader *reader, const struct spec_frame *frame)
{
	int64_t value;

	if (!json_int64(frame->node, &value))
		return spec_fail(reader, frame, NULL, "must be an integer, found %.32s",
				 frame->node->valuestring);
	if (value != 0 && value != -1)
		spec_warn(reader, frame, "is ignored, the kernel has no such limit any more");
	return 0;
}

int spec_read_special(struct spec_reader *reader, const struct spec_frame *frame,
		      const struct spec_property *property, void *place)
{
	void *base = (char *)place - property->offset;

	switch (property->kind) {
	case KIND_VERSION:
		return read_version(reader, frame, place);
	case KIND_ANNOTATIONS:
		return read_annotations(reader, frame, base);
	case KIND_CAPABILITIES:
		return read_capabilities(reader, frame, place);
	case KIND_NAMESPACES:
		return read_namespaces(reader, frame, place);
	case KIND_PROPAGATION:
		return read_propagation(reader, frame, place);
	case KIND_PERSONALITY:
		return read_personality(reader, frame, base);
	case KIND_DEVICE_TYPE:
	case KIND_RULE_TYPE:
		return read_device_type(reader, frame, property, place);
	case KIND_ACCESS:
		return read_access(reader, frame, base);
	case KIND_RDMA:
		return IS_ENABLED(CONFIG_RDMA) ? read_rdma(reader, frame, base) : 0;
	case KIND_IGNORED:
		return read_ignored(reader, frame);
	default:
		return spec_fail(reader, frame, NULL, "is not supported");
	}
}
