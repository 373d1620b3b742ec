/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json's `mounts`: what every container has; volumes, of the image (config.Volumes, appc's
 * mount points) and of the caller; the file that says which image it is.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/bundle/parts.h"
#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

#define IDENTITY_PATH "/run/cruet/image.json"

static const char usual[] =
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
	"[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}";

/* Where something is mounted. */
struct volume {
	const char *destination;
	const char *source; /* NULL: a tmpfs */
	bool read_only;
};

/* One of the caller's: KEY=SOURCE[:ro]. */
struct given {
	const char *key, *source;
	bool read_only, used;
};

struct volumes {
	struct volume *list;
	size_t count;
	struct given *given;
	size_t given_count;
};

/* "/a//b/" is "/a/b"; NULL recorded for what is relative, is the root, or has "." or "..". */
static const char *clean(struct arena *arena, const char *path, const char *property)
{
	char buffer[PATH_MAX];

	if (*path != '/' || strstr(path, "/../") || strstr(path, "/./") ||
	    path_clean(path, buffer, sizeof(buffer)) < 0 || strcmp(buffer, "/") == 0 ||
	    (strlen(path) > 2 && strcmp(path + strlen(path) - 3, "/..") == 0)) {
		fail_property(property, "%.200s: not a path to mount at", path);
		return NULL;
	}
	return arena_strdup(arena, buffer);
}

/* An image does not choose what stands for the kernel's own file systems. */
static const char *clean_of_image(struct arena *arena, const char *path, const char *property)
{
	static const char *const kernel[] = { "/proc", "/sys", "/dev" };
	const char *result = clean(arena, path, property);

	for (size_t i = 0; result && i < sizeof(kernel) / sizeof(kernel[0]); i++) {
		if (path_has_prefix(result, kernel[i])) {
			fail_property(property, "%.200s: an image may not mount there", path);
			return NULL;
		}
	}
	return result;
}

static int parse_given(struct arena *arena, const char *text, struct given *given)
{
	char *copy = arena_strdup(arena, text);
	char *source = copy ? strchr(copy, '=') : NULL;
	size_t length;

	if (!copy)
		return -ENOMEM;
	if (!source || source == copy || source[1] != '/')
		return fail_as(ERROR_USAGE, EINVAL,
			       "volume %.200s: neither PATH=/SOURCE[:ro] nor NAME=/SOURCE[:ro]",
			       text);
	*source++ = '\0';
	length = strlen(source);
	if (length > 3 && strcmp(source + length - 3, ":ro") == 0) {
		source[length - 3] = '\0';
		given->read_only = true;
	}
	given->key = *copy == '/' ? clean(arena, copy, "volume") : copy;
	given->source = source;
	return given->key ? 0 : error_result();
}

static struct given *find_given(const struct volumes *volumes, const char *key)
{
	for (size_t i = 0; i < volumes->given_count; i++) {
		if (strcmp(volumes->given[i].key, key) == 0)
			return &volumes->given[i];
	}
	return NULL;
}

static bool has_volume(const struct volumes *volumes, const char *destination)
{
	for (size_t i = 0; i < volumes->count; i++) {
		if (strcmp(volumes->list[i].destination, destination) == 0)
			return true;
	}
	return false;
}

/* appc: a mount point is met by its name (or path), or nothing runs. */
static int add_mount_point(struct bundle *bundle, struct volumes *volumes, const cJSON *node)
{
	static const char where[] = "mountPoints";
	struct volume *volume = &volumes->list[volumes->count];
	struct given *given;
	const char *name = "", *path = "";
	int result;

	if (!cJSON_IsObject(node))
		return node_wrong(node, where, NULL, "not objects");
	result = node_string(node, where, "name", &name);
	if (result == 0)
		result = node_string(node, where, "path", &path);
	if (result == 0)
		result = node_bool(node, where, "readOnly", &volume->read_only);
	if (result < 0)
		return result;
	volume->destination = clean_of_image(bundle->arena, path, where);
	if (!volume->destination)
		return error_result();
	if (has_volume(volumes, volume->destination))
		return node_wrong(node, where, "path", "two at the same place");
	given = find_given(volumes, name);
	if (!given)
		given = find_given(volumes, volume->destination);
	if (!given)
		return fail_property(where,
				     "%.100s: nothing to mount at %.200s: give a volume "
				     "%.100s=/SOURCE",
				     name, path, name);
	given->used = true;
	volume->source = given->source;
	volume->read_only |= given->read_only;
	volumes->count++;
	return 0;
}

static int add_given(struct volumes *volumes)
{
	for (size_t i = 0; i < volumes->given_count; i++) {
		const struct given *given = &volumes->given[i];

		if (given->used)
			continue;
		if (*given->key != '/')
			return fail_as(ERROR_USAGE, EINVAL,
				       "volume %.100s: the image has no mount point of that name",
				       given->key);
		if (has_volume(volumes, given->key))
			return fail_as(ERROR_USAGE, EINVAL, "volume %.200s: twice", given->key);
		volumes->list[volumes->count++] =
			(struct volume){ given->key, given->source, given->read_only };
	}
	return 0;
}

static int add_image_volumes(struct bundle *bundle, struct volumes *volumes)
{
	const struct string_list *list = &bundle->config->volumes;

	for (size_t i = 0; i < list->count; i++) {
		const char *path = clean_of_image(bundle->arena, list->items[i], "config.Volumes");

		if (!path)
			return error_result();
		if (!has_volume(volumes, path))
			volumes->list[volumes->count++] = (struct volume){ path, NULL, false };
	}
	return 0;
}

/* Parents before what lies in them. */
static int compare(const void *a, const void *b)
{
	return strcmp(((const struct volume *)a)->destination,
		      ((const struct volume *)b)->destination);
}

static int collect(struct bundle *bundle, struct volumes *volumes)
{
	const struct bundle_request *request = bundle->request;
	const cJSON *points = bundle->overrides.mounts, *point;
	size_t most = request->volume_count + bundle->config->volumes.count +
		      (points ? (size_t)cJSON_GetArraySize(points) : 0);
	int result = 0;

	*volumes = (struct volumes){ .given_count = request->volume_count };
	volumes->list = arena_array(bundle->arena, most + 1, sizeof(volumes->list[0]));
	volumes->given =
		arena_array(bundle->arena, request->volume_count + 1, sizeof(volumes->given[0]));
	if (!volumes->list || !volumes->given)
		return -ENOMEM;
	for (size_t i = 0; result == 0 && i < request->volume_count; i++)
		result = parse_given(bundle->arena, request->volumes[i], &volumes->given[i]);
	if (result < 0)
		return result;
	cJSON_ArrayForEach(point, points)
	{
		result = add_mount_point(bundle, volumes, point);
		if (result < 0)
			return result;
	}
	result = add_given(volumes);
	if (result == 0)
		result = add_image_volumes(bundle, volumes);
	if (result == 0)
		qsort(volumes->list, volumes->count, sizeof(volumes->list[0]), compare);
	return result;
}

static void begin_mount(struct json_writer *writer, const char *destination, const char *type,
			const char *source)
{
	json_write_object(writer, NULL);
	json_write_string(writer, "destination", destination);
	json_write_string(writer, "type", type);
	json_write_string(writer, "source", source);
	json_write_array(writer, "options");
}

static void end_mount(struct json_writer *writer)
{
	json_write_end(writer, ']');
	json_write_end(writer, '}');
}

/* It belongs to whom the folder in the image belongs to, and starts with its content. */
static int write_tmpfs(struct bundle *bundle, const char *destination)
{
	struct json_writer *writer = &bundle->writer;
	auto_fd int fd = path_open(bundle->request->root, destination, O_PATH | O_DIRECTORY, 0,
				   PATH_IN_ROOT);
	struct stat status = { .st_mode = 0755 };
	char *options;

	if (fd >= 0 && fstat(fd, &status) < 0)
		return fail(errno, "%s of the image", destination);
	options = arena_printf(bundle->arena,
			       "\"nosuid\",\"nodev\",\"mode=%o\",\"uid=%u\",\"gid=%u\"%s",
			       (unsigned int)status.st_mode & 07777, (unsigned int)status.st_uid,
			       (unsigned int)status.st_gid,
			       IS_ENABLED(CONFIG_TMPCOPYUP) && fd >= 0 ? ",\"tmpcopyup\"" : "");
	if (!options)
		return -ENOMEM;
	begin_mount(writer, destination, "tmpfs", "tmpfs");
	json_write_raw(writer, NULL, options, strlen(options));
	end_mount(writer);
	return 0;
}

static void write_bind(struct bundle *bundle, const struct volume *volume)
{
	struct json_writer *writer = &bundle->writer;

	begin_mount(writer, volume->destination, "bind", volume->source);
	json_write_string(writer, NULL, "rbind");
	json_write_string(writer, NULL, "rprivate");
	json_write_string(writer, NULL, volume->read_only ? "ro" : "rw");
	end_mount(writer);
}

/* A root that cannot be written has no place for the file: /run becomes one. */
static int write_identity(struct bundle *bundle, const struct volumes *volumes)
{
	static const char options[] =
		"\"bind\",\"rprivate\",\"ro\",\"nosuid\",\"nodev\",\"noexec\"";
	struct json_writer *writer = &bundle->writer;
	int result = 0;

	if (bundle->request->read_only && !has_volume(volumes, "/run"))
		result = write_tmpfs(bundle, "/run");
	if (result < 0)
		return result;
	begin_mount(writer, IDENTITY_PATH, "bind", bundle->request->identity);
	json_write_raw(writer, NULL, options, sizeof(options) - 1);
	end_mount(writer);
	return 0;
}

int bundle_mounts(struct bundle *bundle)
{
	struct json_writer *writer = &bundle->writer;
	struct volumes volumes;
	int result = collect(bundle, &volumes);

	if (result < 0)
		return result;
	json_write_array(writer, "mounts");
	json_write_raw(writer, NULL, usual, sizeof(usual) - 1);
	for (size_t i = 0; result == 0 && i < volumes.count; i++) {
		if (volumes.list[i].source)
			write_bind(bundle, &volumes.list[i]);
		else
			result = write_tmpfs(bundle, volumes.list[i].destination);
	}
	if (result == 0 && bundle->request->identity)
		result = write_identity(bundle, &volumes);
	json_write_end(writer, ']');
	return result;
}
