/* SPDX-License-Identifier: Apache-2.0 */
/* The features document (features.md, features-linux.md): what the tables and Kconfig say. */
#include <string.h>

#include "lib/config.h"
#include "lib/json.h"
#include "runtime/rootfs.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

static void write_words(struct json_writer *writer, const char *key, enum spec_words list,
			uint64_t without)
{
	char buffer[SPEC_WORD_SIZE];
	const char *word;

	json_write_array(writer, key);
	for (size_t i = 0; (word = spec_word(list, i, buffer)); i++)
		if (!(without >> i & 1))
			json_write_string(writer, NULL, word);
	json_write_end(writer, ']');
}

static void write_hooks(struct json_writer *writer)
{
	const char *name = spec_property_names;

	json_write_array(writer, "hooks");
	for (size_t i = 0; i < spec_property_count; i++, name += strlen(name) + 1)
		if (spec_properties[i].object == OBJECT_HOOKS &&
		    spec_symbol_enabled(spec_properties[i].symbol))
			json_write_string(writer, NULL, name);
	json_write_end(writer, ']');
}

static void write_mount_options(struct json_writer *writer)
{
	const char *option;

	json_write_array(writer, "mountOptions");
	for (size_t i = 0; (option = rootfs_mount_option(i)); i++)
		json_write_string(writer, NULL, option);
	json_write_end(writer, ']');
}

static void write_enabled(struct json_writer *writer, const char *key, bool enabled)
{
	json_write_object(writer, key);
	json_write_bool(writer, "enabled", enabled);
	json_write_end(writer, '}');
}

static void write_cgroup(struct json_writer *writer)
{
	json_write_object(writer, "cgroup");
	json_write_bool(writer, "v1", IS_ENABLED(CONFIG_CGROUP_V1));
	json_write_bool(writer, "v2", IS_ENABLED(CONFIG_CGROUP_V2));
	json_write_bool(writer, "systemd", false);
	json_write_bool(writer, "systemdUser", false);
	json_write_bool(writer, "rdma", spec_symbol_enabled(SYMBOL_RDMA));
	json_write_end(writer, '}');
}

static void write_seccomp(struct json_writer *writer)
{
	const bool enabled = spec_symbol_enabled(SYMBOL_SECCOMP);
	const bool notify = spec_symbol_enabled(SYMBOL_SECCOMP_NOTIFY);

	json_write_object(writer, "seccomp");
	json_write_bool(writer, "enabled", enabled);
	if (enabled) {
		const uint64_t killable = notify ? 0 : SECCOMP_WAIT_KILLABLE;

		write_words(writer, "actions", WORDS_ACTIONS,
			    notify ? 0 : UINT64_C(1) << SECCOMP_NOTIFY);
		write_words(writer, "operators", WORDS_OPERATORS, 0);
		write_words(writer, "archs", WORDS_ARCHITECTURES, 0);
		write_words(writer, "knownFlags", WORDS_SECCOMP_FLAGS, killable);
		write_words(writer, "supportedFlags", WORDS_SECCOMP_FLAGS, killable);
	}
	json_write_end(writer, '}');
}

static void write_linux(struct json_writer *writer)
{
	uint64_t without = 0;

	if (!spec_symbol_enabled(SYMBOL_USER_NAMESPACE))
		without |= 1 << NAMESPACE_USER;
	if (!spec_symbol_enabled(SYMBOL_TIME_NAMESPACE))
		without |= 1 << NAMESPACE_TIME;
	json_write_object(writer, "linux");
	write_words(writer, "namespaces", WORDS_NAMESPACES, without);
	write_words(writer, "capabilities", WORDS_CAPABILITIES, 0);
	write_cgroup(writer);
	write_seccomp(writer);
	write_enabled(writer, "apparmor", spec_symbol_enabled(SYMBOL_APPARMOR));
	write_enabled(writer, "selinux", spec_symbol_enabled(SYMBOL_SELINUX));
	write_enabled(writer, "intelRdt", spec_symbol_enabled(SYMBOL_INTEL_RDT));
	json_write_object(writer, "mountExtensions");
	write_enabled(writer, "idmap", spec_symbol_enabled(SYMBOL_IDMAP_MOUNTS));
	json_write_end(writer, '}');
	write_enabled(writer, "netDevices", spec_symbol_enabled(SYMBOL_NETDEVICES));
	json_write_end(writer, '}');
}

char *spec_features(struct arena *arena)
{
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_TABS);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "ociVersionMin", "1.0.0");
	json_write_string(&writer, "ociVersionMax", "1.3.0");
	write_hooks(&writer);
	write_mount_options(&writer);
	write_linux(&writer);
	/* None of config.json's annotations changes what we do. */
	json_write_array(&writer, "potentiallyUnsafeConfigAnnotations");
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	return json_write_finish(&writer, NULL);
}
