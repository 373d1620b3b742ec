/* SPDX-License-Identifier: Apache-2.0 */
/* An image as appc ACI: its layers unpacked over one another become rootfs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/bundle/bundle.h"
#include "image/transfer/aci.h"
#include "image/transfer/export.h"
#include "image/unpack/unpack.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/process.h"
#include "lib/str.h"
#include "lib/tree.h"

struct work {
	struct export *export;
	const struct image *image;
	const cJSON *appc; /* the label's content, or NULL */
	int root;
	struct json_writer writer;
};

static void write_pair(struct json_writer *writer, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	json_write_object(writer, NULL);
	json_write_string(writer, "name", name);
	json_write_string(writer, "value", value);
	json_write_end(writer, '}');
}

static void write_copy(struct json_writer *writer, const char *key, const cJSON *node)
{
	size_t size;
	const char *text = node ? json_source(node, &size) : NULL;

	if (text)
		json_write_raw(writer, key, text, size);
}

/* ---- name and labels ---- */

static int write_name(struct work *work)
{
	const cJSON *annotations = work->image->manifest.annotations;
	const char *name = work->export->name, *version = NULL;
	const char *labels = annotation(annotations, ACI_LABELS);
	const char *slash = strrchr(name, '/'), *tag = strchr(slash ? slash : name, ':');
	struct json_writer *writer = &work->writer;

	if (tag) {
		version = arena_strndup(work->export->arena, tag + 1, strcspn(tag + 1, "@"));
		name = arena_strndup(work->export->arena, name, (size_t)(tag - name));
		if (!version || !name)
			return error_result();
	}
	if (!work->export->request->name && annotation(annotations, ACI_NAME))
		name = annotation(annotations, ACI_NAME);
	if (!aci_is_identifier(name))
		return fail(EINVAL, "'%s' is no name for an ACI (a-z, 0-9 and -._~/): give it one",
			    name);
	json_write_string(writer, "name", name);
	if (labels) {
		json_write_raw(writer, "labels", labels, strlen(labels));
		return 0;
	}
	if (annotation(work->image->config.labels, "org.opencontainers.image.version"))
		version =
			annotation(work->image->config.labels, "org.opencontainers.image.version");
	json_write_array(writer, "labels");
	write_pair(writer, "version", version);
	write_pair(writer, "os", work->image->config.platform.os);
	write_pair(writer, "arch", aci_architecture(&work->image->config.platform));
	json_write_end(writer, ']');
	return 0;
}

/* Labels of the image: annotations by what they are called, the rest are the user's. */
static const char *annotation_of(const char *key)
{
	static const char *const known[][2] = {
		{ "org.opencontainers.image.url", "homepage" },
		{ "org.opencontainers.image.documentation", "documentation" },
		{ "org.opencontainers.image.version", NULL }, /* a label */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i][0], key) == 0)
			return known[i][1];
	return aci_is_identifier(key) && !str_has_prefix(key, "cruet.") ? key : NULL;
}

static void write_annotations(struct work *work)
{
	const struct image_config *config = &work->image->config;
	const cJSON *item;

	json_write_array(&work->writer, "annotations");
	write_pair(&work->writer, "created", config->created);
	write_pair(&work->writer, "authors", config->author);
	cJSON_ArrayForEach(item, config->labels) if (annotation_of(item->string))
		write_pair(&work->writer, annotation_of(item->string), item->valuestring);
	json_write_end(&work->writer, ']');
}

static void write_users_own(struct work *work, const char *key, const char *prefix, bool others)
{
	const cJSON *item;

	json_write_object(&work->writer, key);
	cJSON_ArrayForEach(item, work->image->config.labels)
	{
		if (str_has_prefix(item->string, prefix))
			json_write_string(&work->writer, item->string + strlen(prefix),
					  item->valuestring);
		else if (others && !aci_is_identifier(item->string) &&
			 !str_has_prefix(item->string, "cruet."))
			json_write_string(&work->writer, item->string, item->valuestring);
	}
	json_write_end(&work->writer, '}');
}

/* ---- app ---- */

/* appc wants a group: who has none gets what the image's own files say. */
static int write_user(struct work *work)
{
	const char *text = work->image->config.user, *colon = strchr(text, ':');
	struct arena *arena = work->export->arena;
	struct bundle_user user = { 0 };
	char group[12];

	if (colon) {
		json_write_string(&work->writer, "group", colon + 1);
		text = arena_strndup(arena, text, (size_t)(colon - text));
	} else {
		if (*text && bundle_user(arena, work->root, text, &user) < 0)
			return error_result();
		snprintf(group, sizeof(group), "%u", (unsigned int)user.gid);
		json_write_string(&work->writer, "group", group);
	}
	if (!text)
		return error_result();
	json_write_string(&work->writer, "user", *text ? text : "0");
	return 0;
}

static void write_exec(struct work *work)
{
	const struct string_list *lists[2] = { &work->image->config.entrypoint,
					       &work->image->config.command };

	json_write_array(&work->writer, "exec");
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++)
			json_write_string(&work->writer, NULL, lists[list]->items[i]);
	json_write_end(&work->writer, ']');
}

static int write_environment(struct work *work)
{
	const struct string_list *list = &work->image->config.environment;

	json_write_array(&work->writer, "environment");
	for (size_t i = 0; i < list->count; i++) {
		const char *equals = strchr(list->items[i], '=');
		char *name;

		/* Two are the executor's to set. */
		if (!equals || str_has_prefix(list->items[i], "AC_APP_NAME=") ||
		    str_has_prefix(list->items[i], "container="))
			continue;
		name = arena_strndup(work->export->arena, list->items[i],
				     (size_t)(equals - list->items[i]));
		if (!name)
			return error_result();
		json_write_object(&work->writer, NULL);
		json_write_string(&work->writer, "name", name);
		json_write_string(&work->writer, "value", equals + 1);
		json_write_end(&work->writer, '}');
	}
	json_write_end(&work->writer, ']');
	return 0;
}

/* An AC Name from a path. */
static char *name_of_path(struct arena *arena, const char *path)
{
	char *name = arena_strdup(arena, *path == '/' ? path + 1 : path), *to = name;

	for (const char *from = name; from && *from; from++) {
		bool letter = (*from >= 'a' && *from <= 'z') || (*from >= '0' && *from <= '9');

		if (*from >= 'A' && *from <= 'Z')
			*to++ = (char)(*from - 'A' + 'a');
		else if (letter)
			*to++ = *from;
		else if (to != name && to[-1] != '-')
			*to++ = '-';
	}
	if (!name)
		return NULL;
	while (to != name && to[-1] == '-')
		to--;
	*to = '\0';
	return *name ? name : arena_strdup(arena, "volume");
}

static int write_mounts(struct work *work)
{
	const struct string_list *volumes = &work->image->config.volumes;
	const cJSON *item, *list;

	json_write_array(&work->writer, "mountPoints");
	list = cJSON_GetObjectItem(work->appc, "mounts");
	cJSON_ArrayForEach(item, list)
	{
		write_copy(&work->writer, NULL, item);
	}
	for (size_t i = 0; i < volumes->count; i++) {
		char *name = name_of_path(work->export->arena, volumes->items[i]);

		if (!name)
			return error_result();
		json_write_object(&work->writer, NULL);
		json_write_string(&work->writer, "name", name);
		json_write_string(&work->writer, "path", volumes->items[i]);
		json_write_end(&work->writer, '}');
	}
	json_write_end(&work->writer, ']');
	return 0;
}

static void write_ports(struct work *work)
{
	const struct string_list *ports = &work->image->config.exposed_ports;
	const cJSON *known = cJSON_GetObjectItem(work->appc, "ports");

	if (known) {
		write_copy(&work->writer, "ports", known);
		return;
	}
	json_write_array(&work->writer, "ports");
	for (size_t i = 0; i < ports->count; i++) {
		char text[32], *slash;
		uint32_t port;

		if (strlen(ports->items[i]) >= sizeof(text))
			continue;
		memcpy(text, ports->items[i], strlen(ports->items[i]) + 1);
		slash = strchr(text, '/');
		if (slash)
			*slash = '\0';
		if (!str_uint32(text, &port) || port < 1 || port > UINT16_MAX)
			continue;
		json_write_object(&work->writer, NULL);
		json_write_uint(&work->writer, "port", port);
		json_write_string(&work->writer, "protocol", slash ? slash + 1 : "tcp");
		if (slash)
			*slash = '-';
		json_write_string(&work->writer, "name", text);
		json_write_end(&work->writer, '}');
	}
	json_write_end(&work->writer, ']');
}

static int write_app(struct work *work)
{
	const struct image_config *config = &work->image->config;
	struct json_writer *writer = &work->writer;

	if (!work->appc && config->entrypoint.count + config->command.count == 0)
		return 0; /* nothing to run: a base for others */
	json_write_object(writer, "app");
	write_exec(work);
	if (write_user(work) < 0 || write_environment(work) < 0 || write_mounts(work) < 0)
		return error_result();
	write_copy(writer, "supplementaryGIDs",
		   cJSON_GetObjectItem(work->appc, "supplementaryGids"));
	write_copy(writer, "eventHandlers", cJSON_GetObjectItem(work->appc, "eventHandlers"));
	if (*config->working_directory)
		json_write_string(writer, "workingDirectory", config->working_directory);
	write_ports(work);
	write_users_own(work, "userAnnotations", ACI_USER_ANNOTATION, false);
	write_users_own(work, "userLabels", ACI_USER_LABEL, true);
	if (export_isolators(writer, cJSON_GetObjectItem(work->appc, "patch")) < 0)
		return error_result();
	json_write_end(writer, '}');
	return 0;
}

static char *write_manifest(struct work *work, size_t *size)
{
	const char *label = annotation(work->image->config.labels, ACI_APP);

	if (label) {
		work->appc = json_parse(work->export->arena, label, strlen(label), ACI_APP);
		if (!work->appc)
			return NULL;
	}
	if (*work->image->config.stop_signal)
		log_warning("%s: StopSignal cannot be kept", work->export->name);
	if (work->image->config.health)
		log_warning("%s: Healthcheck cannot be kept", work->export->name);
	json_write_start(&work->writer, work->export->arena, JSON_COMPACT);
	json_write_object(&work->writer, NULL);
	json_write_string(&work->writer, "acKind", "ImageManifest");
	json_write_string(&work->writer, "acVersion", "0.8.11");
	if (write_name(work) < 0 || write_app(work) < 0)
		return NULL;
	write_annotations(work);
	json_write_end(&work->writer, '}');
	return json_write_finish(&work->writer, size);
}

static int write_all(struct work *work)
{
	struct entry top = { .type = ENTRY_DIRECTORY, .path = "rootfs", .link = "" };
	struct export *export = work->export;
	struct stat status;
	size_t size;
	const char *text;
	int result = image_unpack_to(export->store, work->image, export->settings, work->root);

	if (result < 0)
		return result;
	text = write_manifest(work, &size);
	if (!text)
		return error_result();
	if (fstat(work->root, &status) < 0)
		return fail(errno, "look at the root");
	top.mode = status.st_mode & 07777;
	top.uid = status.st_uid;
	top.gid = status.st_gid;
	result = export_file(export, "manifest", text, size);
	if (result == 0)
		result = tar_write_entry(&export->writer, &top);
	return result < 0 ? result : tar_write_tree(&export->writer, work->root, "rootfs/");
}

int export_aci(struct export *export, const struct image *image)
{
	struct work work = { .export = export, .image = image, .root = -1 };
	char name[32], root[40];
	int parent = export->output.parent, result;

	if (!process_is_root())
		log_warning("%s: not root: all of rootfs will belong to this user", export->name);
	/* Nobody else gets to what is in it. */
	snprintf(name, sizeof(name), ".cruet-export.%d", (int)getpid());
	snprintf(root, sizeof(root), "%s/root", name);
	if (mkdirat(parent, name, 0700) < 0)
		return fail(errno, "make a folder to unpack to");
	if (mkdirat(parent, root, 0755) == 0)
		work.root = openat(parent, root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	result = work.root < 0 ? fail(errno, "make a folder to unpack to") : write_all(&work);
	close_fd(&work.root);
	return export_remove(parent, name, result);
}
