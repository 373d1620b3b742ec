/* SPDX-License-Identifier: Apache-2.0 */
/* An ACI's app as an image's config: what OCI has no field for goes into the label cruet.appc. */
#include <string.h>

#include "image/transfer/aci.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/path.h"
#include "lib/str.h"

enum { PORT_MAX = 65535, PORTS_MAX = 1024 };

static int add(struct aci *aci, struct string_list *list, const char *text)
{
	/* All lists but that of ports are as long as the manifest's. */
	if (!text)
		return error_result();
	if (list->count % 16 == 0) {
		const char **items = arena_array(aci->arena, list->count + 16, sizeof(*items));

		if (!items)
			return error_result();
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = text;
	return 0;
}

static int take_words(struct aci *aci, const cJSON *words, const char *where,
		      struct string_list *list)
{
	const cJSON *word;
	int result = 0;

	cJSON_ArrayForEach(word, words)
	{
		if (!cJSON_IsString(word))
			return fail_property(where, "manifest: must be strings");
		result = add(aci, list, word->valuestring);
		if (result < 0)
			return result;
	}
	return 0;
}

static void write_words(struct json_writer *writer, const char *key, const struct string_list *list)
{
	json_write_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_write_end(writer, ']');
}

/* ace.md "Execution Environment"; the metadata service is not there, so AC_METADATA_URL is not
 * set. */
static int take_environment(struct aci *aci, struct image_config *config)
{
	int wrong = 0, result = 0;
	const cJSON *item, *list = aci_member(aci->app, "environment", cJSON_Array, false, &wrong);

	if (!aci_value(list, "PATH"))
		result = add(aci, &config->environment,
			     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (result == 0)
		result = add(aci, &config->environment,
			     arena_printf(aci->arena, "AC_APP_NAME=%s", aci->name));
	if (result == 0)
		result = add(aci, &config->environment, "container=cruet");
	cJSON_ArrayForEach(item, list)
	{
		const char *name = aci_text(item, "name", true, &wrong);
		const char *value = aci_text(item, "value", true, &wrong);

		if (wrong < 0 || result < 0)
			break;
		if (!*name || strchr(name, '='))
			return fail_property("app.environment", "manifest: '%s' is no name", name);
		result = add(aci, &config->environment,
			     arena_printf(aci->arena, "%s=%s", name, value));
	}
	return wrong < 0 ? wrong : result;
}

static int take_user(struct aci *aci, struct image_config *config)
{
	int wrong = 0;
	const char *user = aci_text(aci->app, "user", true, &wrong);
	const char *group = aci_text(aci->app, "group", true, &wrong);

	if (wrong < 0)
		return fail_context(wrong, "app");
	if (!*user || !*group || strchr(user, ':') || strchr(group, ':'))
		return fail_property("app.user",
				     "manifest: '%s', group '%s': must be names, numbers "
				     "or paths",
				     user, group);
	config->user = arena_printf(aci->arena, "%s:%s", user, group);
	return config->user ? 0 : error_result();
}

static int take_groups(struct aci *aci)
{
	int wrong = 0;
	const cJSON *item,
		*list = aci_member(aci->app, "supplementaryGids", cJSON_Array, false, &wrong);

	if (!list || !list->child)
		return wrong;
	json_write_array(&aci->appc, "supplementaryGids");
	cJSON_ArrayForEach(item, list)
	{
		uint64_t group;

		if (!json_uint64(item, &group) || group > UINT32_MAX - 1)
			return fail_property("app.supplementaryGids", "manifest: must be numbers");
		json_write_uint(&aci->appc, NULL, group);
	}
	json_write_end(&aci->appc, ']');
	return 0;
}

static const char *clean_path(struct aci *aci, const char *path)
{
	size_t size = strlen(path) + 2;
	char *clean = arena_bytes(aci->arena, size);

	return clean && path_clean(path, clean, size) == 0 ? clean : NULL;
}

static int take_mounts(struct aci *aci)
{
	int wrong = 0;
	const cJSON *item, *other,
		*list = aci_member(aci->app, "mountPoints", cJSON_Array, false, &wrong);

	if (!list || !list->child)
		return wrong;
	json_write_array(&aci->appc, "mounts");
	cJSON_ArrayForEach(item, list)
	{
		const char *name = aci_text(item, "name", true, &wrong);
		const char *path = aci_text(item, "path", true, &wrong);
		const cJSON *read_only =
			aci_member(item, "readOnly", cJSON_True | cJSON_False, false, &wrong);

		if (wrong < 0)
			return fail_context(wrong, "app.mountPoints");
		if (!aci_is_name(name) || *path != '/')
			return fail_property("app.mountPoints",
					     "manifest: '%s' at '%s': no AC Name, or no absolute "
					     "path",
					     name, path);
		path = clean_path(aci, path);
		for (other = list->child; path && other != item; other = other->next) {
			const char *before = clean_path(aci, aci_text(other, "path", true, &wrong));

			if (!before || path_has_prefix(before, path) ||
			    path_has_prefix(path, before))
				return fail_property("app.mountPoints",
						     "manifest: '%s' overlaps another one", name);
		}
		if (!path)
			return error_result();
		json_write_object(&aci->appc, NULL);
		json_write_string(&aci->appc, "name", name);
		json_write_string(&aci->appc, "path", path);
		json_write_bool(&aci->appc, "readOnly", cJSON_IsTrue(read_only));
		json_write_end(&aci->appc, '}');
	}
	json_write_end(&aci->appc, ']');
	return 0;
}

struct port {
	const char *name, *protocol;
	uint64_t port, count;
	bool activated;
};

static int read_port(const cJSON *item, struct port *port)
{
	int wrong = 0;
	const cJSON *number = aci_member(item, "port", cJSON_Number, true, &wrong);
	const cJSON *count = aci_member(item, "count", cJSON_Number, false, &wrong);

	port->name = aci_text(item, "name", true, &wrong);
	port->protocol = aci_text(item, "protocol", true, &wrong);
	port->activated = cJSON_IsTrue(
		aci_member(item, "socketActivated", cJSON_True | cJSON_False, false, &wrong));
	if (wrong < 0)
		return fail_context(wrong, "app.ports");
	port->count = 1;
	if (!json_uint64(number, &port->port) || (count && !json_uint64(count, &port->count)) ||
	    port->port < 1 || port->port > PORT_MAX || port->count < 1 ||
	    port->count > PORT_MAX + 1 - port->port || !aci_is_name(port->name) || !*port->protocol)
		return fail_property("app.ports", "manifest: '%s': no AC Name, or not from 1 to %d",
				     port->name, PORT_MAX);
	return 0;
}

/* Who runs it opens them: see bundle_sockets(). */
static bool can_listen(const struct port *port)
{
	return IS_ENABLED(CONFIG_LISTEN_FDS) &&
	       (str_equal(port->protocol, "tcp") || str_equal(port->protocol, "udp"));
}

static int take_ports(struct aci *aci, struct image_config *config)
{
	bool ignored = false;
	int wrong = 0, result;
	const cJSON *item, *list = aci_member(aci->app, "ports", cJSON_Array, false, &wrong);
	struct port port = { 0 };

	if (!list || !list->child)
		return wrong;
	json_write_array(&aci->appc, "ports");
	cJSON_ArrayForEach(item, list)
	{
		result = read_port(item, &port);
		if (result < 0)
			return result;
		json_write_object(&aci->appc, NULL);
		json_write_string(&aci->appc, "name", port.name);
		json_write_string(&aci->appc, "protocol", port.protocol);
		json_write_uint(&aci->appc, "port", port.port);
		json_write_uint(&aci->appc, "count", port.count);
		json_write_bool(&aci->appc, "socketActivated", port.activated);
		json_write_end(&aci->appc, '}');
		if (port.activated && !can_listen(&port) && !ignored) {
			ignored = true;
			if (aci_ignore(aci, "socketActivated") < 0)
				return error_result();
		}
		/* A long range stands in the label only. */
		for (uint64_t i = 0; i < port.count && config->exposed_ports.count < PORTS_MAX; i++)
			if (add(aci, &config->exposed_ports,
				arena_printf(aci->arena, "%u/%s", (unsigned int)(port.port + i),
					     port.protocol)) < 0)
				return error_result();
	}
	json_write_end(&aci->appc, ']');
	return 0;
}

static int take_handlers(struct aci *aci)
{
	int wrong = 0;
	bool seen[2] = { false };
	const cJSON *item,
		*list = aci_member(aci->app, "eventHandlers", cJSON_Array, false, &wrong);

	if (!list || !list->child)
		return wrong;
	json_write_array(&aci->appc, "eventHandlers");
	cJSON_ArrayForEach(item, list)
	{
		const char *name = aci_text(item, "name", true, &wrong);
		const cJSON *exec = aci_member(item, "exec", cJSON_Array, true, &wrong);
		bool after = str_equal(name, "post-stop");
		struct string_list words = { 0 };

		if (wrong < 0)
			return fail_context(wrong, "app.eventHandlers");
		if ((!after && !str_equal(name, "pre-start")) || seen[after] || !exec->child)
			return fail_property("app.eventHandlers",
					     "manifest: '%s' is there twice, without a command, or "
					     "neither pre-start nor post-stop",
					     name);
		seen[after] = true;
		if (take_words(aci, exec, "app.eventHandlers.exec", &words) < 0)
			return error_result();
		json_write_object(&aci->appc, NULL);
		json_write_string(&aci->appc, "name", name);
		write_words(&aci->appc, "exec", &words);
		json_write_end(&aci->appc, '}');
		/* Nothing runs them: a hook of OCI would run outside of the root. */
		if (aci_ignore(aci, after ? "post-stop" : "pre-start") < 0)
			return error_result();
	}
	json_write_end(&aci->appc, ']');
	return 0;
}

/* Of its users, without any effect: kept beside, under a name that nobody else's can be. */
static int take_users_own(struct aci *aci, const char *key, const char *prefix)
{
	int wrong = 0;
	const cJSON *item, *map = aci_member(aci->app, key, cJSON_Object, false, &wrong);

	cJSON_ArrayForEach(item, map)
	{
		const char *name = arena_printf(aci->arena, "%s%s", prefix, item->string);

		if (!name)
			return error_result();
		if (!cJSON_IsString(item))
			return fail_property(key, "manifest: must have strings");
		json_write_string(&aci->labels, name, item->valuestring);
	}
	return wrong;
}

int aci_app_read(struct aci *aci, struct image_config *config)
{
	int wrong = 0;
	const cJSON *exec;

	if (!aci->app)
		return 0; /* a base for others: there is nothing to run */
	exec = aci_member(aci->app, "exec", cJSON_Array, false, &wrong);
	config->working_directory = aci_text(aci->app, "workingDirectory", false, &wrong);
	if (wrong < 0)
		return fail_context(wrong, "app");
	if (*config->working_directory) {
		if (*config->working_directory != '/')
			return fail_property("app.workingDirectory",
					     "manifest: must be an absolute path");
		json_write_bool(&aci->appc, "cwdMustExist", true);
	}
	if (take_words(aci, exec, "app.exec", &config->entrypoint) < 0 ||
	    take_user(aci, config) < 0 || take_environment(aci, config) < 0 ||
	    take_groups(aci) < 0 || take_mounts(aci) < 0 || take_ports(aci, config) < 0 ||
	    take_handlers(aci) < 0 ||
	    take_users_own(aci, "userAnnotations", ACI_USER_ANNOTATION) < 0 ||
	    take_users_own(aci, "userLabels", ACI_USER_LABEL) < 0)
		return error_result();
	return aci_isolators_read(aci);
}
