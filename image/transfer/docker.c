/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker-archive: manifest.json is an array of {Config, RepoTags, Layers}, names of files in the
 * archive, which are blobs of the store by now. Nothing in it has a digest but the config, whose
 * name it is, and the config's diff_ids.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/registry/registry.h"
#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/path.h"
#include "lib/str.h"

enum { LINKS_MAX = 16 };

/* Every image of manifest.json; NULL and no error recorded: it is something else. */
static const cJSON *read_images(struct import *import)
{
	const cJSON *root = json_parse(import->arena, import->docker.data, import->docker.size,
				       "manifest.json");
	const cJSON *image;

	if (!cJSON_IsArray(root))
		return NULL;
	cJSON_ArrayForEach(
		image,
		root) if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(image, "Config")) ||
			  !cJSON_IsArray(
				  cJSON_GetObjectItemCaseSensitive(image, "Layers"))) return NULL;
	return root;
}

/* The digest that a file's name claims: HEX, HEX.json, sha256:HEX, blobs/sha256/HEX. */
static bool digest_of_name(const char *name, struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	if (str_has_prefix(base, "sha256:"))
		base += strlen("sha256:");
	if (strspn(base, "0123456789abcdef") != 2 * SHA256_SIZE)
		return false;
	memcpy(text, "sha256:", 7);
	memcpy(text + 7, base, 2 * SHA256_SIZE);
	text[7 + 2 * SHA256_SIZE] = '\0';
	return digest_parse(digest, text, name) == 0;
}

static int take_from_folder(struct import *import, const char *name, struct descriptor *found)
{
	uint64_t size;
	auto_fd int fd = import_open_file(import, name, &size);
	const struct import_blob blob = { .size = size, .source = archive_source_fd, .data = &fd };

	return fd < 0 ? fd : import_blob(import->store, &blob, &found->digest, &found->size);
}

static const struct import_file *find_file(const struct import *import, const char *name)
{
	for (size_t i = 0; i < import->file_count; i++)
		if (strcmp(import->files[i].name, name) == 0)
			return &import->files[i];
	return NULL;
}

/* The blob that a name of manifest.json stands for; links lead on inside the archive only. */
static int find_blob(struct import *import, const char *name, struct descriptor *found)
{
	char path[ENTRY_PATH_MAX], link[2 * ENTRY_PATH_MAX];

	if (path_clean(name, path, sizeof(path)) < 0 || strcmp(path + 1, name) != 0)
		return fail(EINVAL, "manifest.json: '%s' is no name of a file in it", name);
	if (import->folder >= 0)
		return take_from_folder(import, name, found);
	for (unsigned int hops = 0; hops < LINKS_MAX; hops++) {
		const struct import_file *file = find_file(import, path + 1);
		size_t folder = (size_t)(strrchr(path, '/') - path);

		if (!file && str_has_prefix(path, "/blobs/") &&
		    digest_of_name(path, &found->digest)) {
			found->size = UINT64_MAX;
			return 0;
		}
		if (!file)
			return fail(ENOENT, "%s: is not in the archive%s", path + 1,
				    import->passed_over ?
					    ", or came too early: say --format docker-archive" :
					    "");
		if (!file->link) {
			found->digest = file->digest;
			found->size = file->size;
			return 0;
		}
		if (*file->link == '/')
			folder = 0;
		if (str_format(link, sizeof(link), "%.*s/%s", (int)folder, path, file->link) < 0 ||
		    path_clean(link, path, sizeof(path)) < 0)
			return fail(ENAMETOOLONG, "%s: link", name);
	}
	return fail(ELOOP, "%s: links", name);
}

/* The same, with the size that the store knows. */
static int take_blob(struct import *import, const cJSON *name, struct descriptor *found)
{
	int fd, result = find_blob(import, name->valuestring, found);
	off_t size;

	if (result < 0 || found->size != UINT64_MAX)
		return result;
	fd = store_blob_open(import->store, &found->digest, found->size);
	if (fd < 0)
		return fd;
	size = lseek(fd, 0, SEEK_END);
	found->size = (uint64_t)size;
	close_fd(&fd);
	return size < 0 ? fail(errno, "%s", name->valuestring) : 0;
}

static int take_config(struct import *import, const cJSON *name, struct descriptor *descriptor,
		       struct image_config *config)
{
	struct digest claimed;
	const char *text;
	size_t size;
	int result = take_blob(import, name, descriptor);

	if (result < 0)
		return result;
	if (digest_of_name(name->valuestring, &claimed) &&
	    !digest_equal(&claimed, &descriptor->digest))
		return fail(EBADMSG, "%s: its content has another digest than its name",
			    name->valuestring);
	text = store_blob_read(import->arena, import->store, descriptor, &size);
	return text ? config_read(import->arena, text, size, name->valuestring, config) :
		      error_result();
}

static int take_layer(struct import *import, const cJSON *name, const struct digest *wanted,
		      struct descriptor *layer)
{
	struct digest diff_id;
	int result = cJSON_IsString(name) ? take_blob(import, name, layer) :
					    fail_property("Layers", "manifest.json: not a string");

	if (result == 0)
		result = import_layer_of(import, name->valuestring, layer);
	if (result == 0)
		result = import_diff_id(import, layer, wanted->algorithm, &diff_id);
	if (result == 0 && !digest_equal(&diff_id, wanted))
		result = fail(EBADMSG, "%s: is not what the config's diff_ids say",
			      name->valuestring);
	return result;
}

/* "busybox" is docker.io/library/busybox:latest. NULL: recorded. */
static char *full_name(const struct import *import, const char *tag)
{
	struct image_name name;

	return image_name_parse(import->arena, tag, &name) < 0 ?
		       NULL :
		       image_name_text(import->arena, &name);
}

static bool is_wanted(const struct import *import, const char *tag)
{
	const char *wanted = import->request->reference;

	return !wanted || str_equal(wanted, tag) || str_equal(wanted, full_name(import, tag));
}

/* Does it have the name that was asked for? */
static bool has_wanted(const struct import *import, const cJSON *tags)
{
	const cJSON *tag;

	if (!import->request->reference)
		return true;
	cJSON_ArrayForEach(tag, tags) if (cJSON_IsString(tag) &&
					  is_wanted(import, tag->valuestring)) return true;
	return false;
}

static int add_names(struct import *import, const cJSON *tags, const struct descriptor *descriptor)
{
	const cJSON *tag;
	const char *name;
	size_t before = import->count;
	int result;

	if (import->request->name)
		return import_add_name(import, import->request->name, descriptor);
	cJSON_ArrayForEach(tag, tags)
	{
		if (!cJSON_IsString(tag))
			return fail_property("RepoTags", "manifest.json: not a string");
		if (!is_wanted(import, tag->valuestring))
			continue;
		name = full_name(import, tag->valuestring);
		result = name ? import_add_name(import, name, descriptor) : error_result();
		if (result < 0)
			return result;
	}
	return before == import->count ? import_add_name(import, NULL, descriptor) : 0;
}

static int take_image(struct import *import, const cJSON *image)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(image, "Layers"), *name;
	struct image_manifest manifest = { .media_type = MEDIA_OCI_MANIFEST, .artifact_type = "" };
	struct image_config config = { 0 };
	struct descriptor descriptor;
	int result;

	manifest.config = (struct descriptor){ .media_type = MEDIA_OCI_CONFIG,
					       .artifact_type = "",
					       .kind = MEDIA_KIND_CONFIG };
	result = take_config(import, cJSON_GetObjectItemCaseSensitive(image, "Config"),
			     &manifest.config, &config);
	if (result < 0)
		return result;
	if ((size_t)cJSON_GetArraySize(names) != config.diff_id_count)
		return fail(EBADMSG, "manifest.json: %d layers, the config has %zu diff_ids",
			    cJSON_GetArraySize(names), config.diff_id_count);
	manifest.layers =
		arena_array(import->arena, config.diff_id_count + 1, sizeof(*manifest.layers));
	if (!manifest.layers)
		return error_result();
	cJSON_ArrayForEach(name, names)
	{
		if (!config.diff_ids)
			break; /* there are none: so are the names */
		result = take_layer(import, name, &config.diff_ids[manifest.layer_count],
				    &manifest.layers[manifest.layer_count]);
		if (result < 0)
			return result;
		manifest.layer_count++;
	}
	result = import_manifest(import, &manifest, &descriptor);
	return result < 0 ? result :
			    add_names(import, cJSON_GetObjectItemCaseSensitive(image, "RepoTags"),
				      &descriptor);
}

ssize_t import_docker_configs(struct import *import, struct digest **configs)
{
	const cJSON *images = read_images(import), *image;
	struct descriptor found;
	ssize_t count = 0;

	error_clear(); /* an unknown file that happens to have this name */
	if (!images)
		return 0;
	*configs = arena_array(import->arena, (size_t)cJSON_GetArraySize(images) + 1,
			       sizeof(**configs));
	if (!*configs)
		return error_result();
	cJSON_ArrayForEach(image, images)
	{
		const cJSON *name = cJSON_GetObjectItemCaseSensitive(image, "Config");

		if (!digest_of_name(name->valuestring, &(*configs)[count])) {
			int result = find_blob(import, name->valuestring, &found);

			if (result < 0)
				return result;
			(*configs)[count] = found.digest;
		}
		count++;
	}
	return count;
}

int import_docker(struct import *import)
{
	const cJSON *images, *image, *tags;
	size_t wanted = 0;
	int result = 0;

	if (import->folder >= 0)
		result = import_folder_text(import, "manifest.json", &import->docker);
	if (result < 0)
		return result;
	if (!import->docker.data)
		return fail(
			ENOENT, "%s",
			import->legacy ?
				"manifest.json is missing: saved by docker before 1.10; save it "
				"again with docker >= 1.10, podman or skopeo" :
				"manifest.json is missing");
	images = read_images(import);
	if (!images)
		return error_last()->code ? error_result() :
					    fail(EINVAL, "manifest.json: is no docker-archive's");
	cJSON_ArrayForEach(image, images) wanted +=
		has_wanted(import, cJSON_GetObjectItemCaseSensitive(image, "RepoTags"));
	if (wanted == 0)
		return fail(ENOENT, "manifest.json: has no '%s'", import->request->reference ?: "");
	if (wanted > 1 && import->request->name)
		return fail(ENOTUNIQ, "manifest.json: has %zu images; '%s' can be only one of them",
			    wanted, import->request->name);
	cJSON_ArrayForEach(image, images)
	{
		tags = cJSON_GetObjectItemCaseSensitive(image, "RepoTags");
		if (result == 0 && has_wanted(import, tags))
			result = take_image(import, image);
	}
	return result;
}
