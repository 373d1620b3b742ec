/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file: which rule a name falls under. cruet-policy(5) says what may stand in it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/trust/internal.h"
#include "image/trust/read.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/str.h"

enum { POLICY_RULES_MAX = 1024, POLICY_KEYS_MAX = 32, POLICY_DEVICES_MAX = 64 };

#define DEVICE_TREE "file:/proc/device-tree/compatible"

static int read_key(struct arena *arena, const cJSON *node, void *into)
{
	static const char *const types[] = { "minisign", "cosign", NULL };
	struct trust_key *key = into;
	struct reader reader = read_begin(arena, node, "keys");

	key->name = read_text(&reader, "name", READ_REQUIRED);
	key->type = (enum key_type)read_word(&reader, "type", types, READ_REQUIRED);
	key->text = read_text(&reader, "key", 0);
	key->file = read_text(&reader, "file", 0);
	if (!reader.failed && !key->text == !key->file)
		read_fail(&reader, "key", "exactly one of key and file");
	return read_end(&reader);
}

/* What needs signatures makes no sense where none are looked at. */
static void check_rule(struct reader *reader, const struct trust_rule *rule)
{
	const bool verified = rule->action == RULE_VERIFY;

	if (reader->failed)
		return;
	if (verified && rule->key_count == 0 && !rule->aci_keyring)
		read_fail(reader, "keys", "none, and action is not accept or refuse");
	else if (!verified && rule->key_count)
		read_fail(reader, "keys", "for the action verify only");
	else if (rule->key_count == 0 &&
		 (rule->counter || rule->device || rule->identity || rule->least_counter))
		read_fail(reader, "counter", "counters, devices and identities need keys");
	else if (rule->least_counter && !rule->counter)
		read_fail(reader, "leastCounter", "for a rule with counter only");
	else if (rule->threshold < 1 || (rule->key_count && rule->threshold > rule->key_count))
		read_fail(reader, "threshold", "not from 1 to the number of keys");
}

static int read_rule(struct arena *arena, const cJSON *node, void *into)
{
	static const char *const actions[] = { "verify", "accept", "refuse", NULL };
	static const char *const mounts[] = { "any", "verity", NULL };
	static const char *const counters[] = { "none", "rule", "name", NULL };
	struct trust_rule *rule = into;
	struct reader reader = read_begin(arena, node, "rules");

	rule->prefix = read_text(&reader, "prefix", READ_REQUIRED | READ_EMPTY);
	rule->action = (enum rule_action)read_word(&reader, "action", actions, 0);
	rule->keys = read_list(&reader, "keys", sizeof(*rule->keys), POLICY_KEYS_MAX, read_key,
			       &rule->key_count);
	rule->threshold = read_uint(&reader, "threshold", 1, NULL);
	rule->counter = (enum rule_counter)read_word(&reader, "counter", counters, 0);
	rule->least_counter = read_uint(&reader, "leastCounter", 0, NULL);
	rule->device = read_bool(&reader, "device");
	rule->verity = read_word(&reader, "mounts", mounts, 0) == 1;
	rule->identity = read_text(&reader, "identity", 0);
	rule->aci_keyring = read_text(&reader, "aciKeyring", 0);
	check_rule(&reader, rule);
	return read_end(&reader);
}

static int check_prefixes(const struct trust_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(policy->rules[i].prefix, policy->rules[j].prefix) == 0)
				return fail_property("rules", "prefix '%s' stands twice",
						     policy->rules[i].prefix);
	return 0;
}

int policy_parse(struct arena *arena, const char *text, size_t size, struct trust_policy *policy)
{
	static const char *const device_tree[] = { DEVICE_TREE };
	struct reader reader =
		read_begin(arena, json_parse(arena, text, size, policy->path), "policy");
	int result;

	policy->rules = read_list(&reader, "rules", sizeof(*policy->rules), POLICY_RULES_MAX,
				  read_rule, &policy->rule_count);
	policy->devices = read_texts(&reader, "device", POLICY_DEVICES_MAX, &policy->device_count);
	if (!policy->devices && !reader.failed) {
		policy->devices = (const char **)device_tree;
		policy->device_count = 1;
	}
	result = read_end(&reader);
	return result < 0 ? result : check_prefixes(policy);
}

int policy_read(struct arena *arena, const char *path, struct trust_policy *policy)
{
	auto_fd int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	char *text;
	size_t size;
	int result;

	policy->path = path;
	/* A link to nowhere is a policy that cannot be read. */
	if (fd < 0 && errno == ENOENT && fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -ENOENT;
	if (fd < 0) {
		fail(errno, "open %s", path);
		return -EACCES;
	}
	text = file_read_fd(arena, fd, path, TRUST_POLICY_MAX, &size);
	result = text ? policy_parse(arena, text, size, policy) : error_result();
	return result == -ENOENT ? -EIO : result;
}

/* Up to where `name` agrees with the prefix it must be at the end of a part of the name. */
static bool prefix_fits(const char *prefix, const char *name)
{
	const size_t length = strlen(prefix);

	if (length == 0)
		return true;
	if (strncmp(prefix, name, length) != 0)
		return false;
	return strchr("/:@", name[length]) || strchr("/:@", prefix[length - 1]);
}

const struct trust_rule *policy_rule(const struct trust_policy *policy, const char *name)
{
	const struct trust_rule *best = NULL;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct trust_rule *rule = &policy->rules[i];

		if (prefix_fits(rule->prefix, name) &&
		    (!best || strlen(rule->prefix) > strlen(best->prefix)))
			best = rule;
	}
	return best;
}

const char *rule_name(const struct trust_rule *rule)
{
	return rule->prefix[0] ? rule->prefix : "*";
}

char *policy_path(struct arena *arena, const struct trust_policy *policy, const char *file)
{
	const char *slash = strrchr(policy->path, '/');

	return file[0] == '/' || !slash ?
		       arena_strdup(arena, file) :
		       arena_printf(arena, "%.*s%s", (int)(slash + 1 - policy->path), policy->path,
				    file);
}

char *policy_file(struct arena *arena, const struct trust_policy *policy, const char *file,
		  size_t *size)
{
	const char *path = policy_path(arena, policy, file);

	return path ? file_read(arena, AT_FDCWD, path, TRUST_KEY_FILE_MAX, size) : NULL;
}

static bool is_one_of(const char *text, size_t length, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (length && strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
			return true;
	return false;
}

/* A file of names, one a line, or separated by NUL as the device tree's are. */
static int file_names(struct arena *arena, const char *path, const char *const *names, size_t count)
{
	size_t size, start = 0;
	const char *text = file_read(arena, AT_FDCWD, path, TRUST_KEY_FILE_MAX, &size);

	if (!text)
		return error_result();
	for (size_t at = 0; at <= size; at++) {
		if (at < size && text[at] != '\0' && text[at] != '\n')
			continue;
		if (is_one_of(text + start, at - start, names, count))
			return 1;
		start = at + 1;
	}
	return 0;
}

int policy_device(struct arena *arena, const struct trust_policy *policy, const char *const *names,
		  size_t count)
{
	int result = 0;

	for (size_t i = 0; i < policy->device_count && result == 0; i++) {
		const char *device = policy->devices[i];

		result = str_has_prefix(device, "file:") ?
				 file_names(arena, device + 5, names, count) :
				 is_one_of(device, strlen(device), names, count);
	}
	return result;
}
