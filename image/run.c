/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an image's name to a bundle that a runtime can be given, and back: see store.h. What is
 * made: the use (uses/ID), the mounts below FOLDER, FOLDER/image.json and FOLDER/config.json;
 * undone in reverse.
 */
#include "image/run.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/bundle/bundle.h"
#include "image/document/load.h"
#include "image/settings.h"
#include "image/store.h"
#include "image/store/store.h"
#include "image/trust/audit.h"
#include "image/unpack/unpack.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"

#define CONFIG_FILE "config.json"
#define IDENTITY_FILE "image.json"
#define ORIGIN_FILE "origin" /* the settings and the store that it came from, a line each */

int run_folder(char *buffer, size_t size, const char *id)
{
	size_t plain = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_+.-");

	if (!id[0] || id[plain] || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return fail_as(ERROR_USAGE, EINVAL, "container id \"%s\"", id);
	return str_format(buffer, size, RUN_BUNDLES "/%s", id);
}

/* The steps of one request. */
struct preparation {
	const struct image_run_request *request;
	struct arena *arena;
	struct image_settings settings;
	struct store *store;
	struct image image;
	struct trust_decision decision;
	int folder;
};

static int open_store(struct arena *arena, const char *settings_file, const char *path,
		      unsigned int flags, struct image_settings *settings, struct store **store)
{
	int result = settings_read(arena, settings_file, settings);

	if (result < 0)
		return result;
	if (path)
		settings->store = path;
	return store_open(&(struct store_request){ .path = settings->store,
						   .lower = settings->factory,
						   .lower_count = settings->factory_count,
						   .uses = settings->uses,
						   .reserve_bytes = settings->limits.reserve_bytes,
						   .flags = flags },
			  store);
}

static int load(struct preparation *preparation)
{
	struct image *image = &preparation->image;
	int result = image_load(preparation->arena, preparation->store, preparation->request->name,
				NULL, image);

	return result < 0 ? result : image_check_runnable(image, NULL);
}

static int audit(struct preparation *preparation, const char *action)
{
	return audit_write(preparation->store,
			   &(struct audit_event){ .action = action,
						  .name = preparation->request->name,
						  .manifest = &preparation->image.descriptor.digest,
						  .decision = &preparation->decision,
						  .id = preparation->request->id });
}

/* A refusal goes into the log as well; why it was refused is what the caller hears. */
static int check_trust(struct preparation *preparation)
{
	const struct image *image = &preparation->image;
	struct error refusal;
	int result = trust_check(preparation->arena, preparation->store, &preparation->settings,
				 preparation->request->name, &image->descriptor.digest,
				 !preparation->request->trial, &preparation->decision);

	if (result != -EACCES)
		return result;
	refusal = *error_last();
	if (audit(preparation, "refuse") < 0)
		log_error();
	*error_last() = refusal;
	return result;
}

static void tell(const struct preparation *preparation, struct image_identity *identity)
{
	char text[DIGEST_TEXT_SIZE];

	if (!identity)
		return;
	snprintf(identity->digest, sizeof(identity->digest), "%s",
		 digest_text(&preparation->image.descriptor.digest, text));
	snprintf(identity->signer, sizeof(identity->signer), "%s", preparation->decision.signer);
	snprintf(identity->key, sizeof(identity->key), "%s", preparation->decision.key);
}

static int write_identity(struct preparation *preparation)
{
	struct json_writer writer;
	char text[DIGEST_TEXT_SIZE];
	char *document;
	size_t size;

	json_write_start(&writer, preparation->arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "name", preparation->request->name);
	json_write_string(&writer, "digest",
			  digest_text(&preparation->image.descriptor.digest, text));
	json_write_string(&writer, "signer", preparation->decision.signer);
	json_write_string(&writer, "key", preparation->decision.key);
	json_write_end(&writer, '}');
	document = json_write_finish(&writer, &size);
	return document ?
		       file_replace(preparation->folder, IDENTITY_FILE, document, size, 0444, 0) :
		       error_result();
}

/* The program that the poststop hook names: ourselves, wherever we lie. */
static char *own_program(struct arena *arena)
{
	char path[PATH_MAX];
	auto_fd int proc = path_open_proc();
	ssize_t length = proc < 0 ? -1 : readlinkat(proc, "self/exe", path, sizeof(path) - 1);

	if (length <= 0) {
		fail(errno, "/proc/self/exe");
		return NULL;
	}
	return arena_strndup(arena, path, (size_t)length);
}

static int write_config(struct preparation *preparation)
{
	const struct image_run_request *request = preparation->request;
	struct arena *arena = preparation->arena;
	auto_fd int root = path_open(preparation->folder, "rootfs", O_PATH | O_DIRECTORY, 0,
				     PATH_BENEATH | PATH_NO_SYMLINKS);
	struct bundle_request bundle = {
		.image = &preparation->image,
		.decision = &preparation->decision,
		.root = root,
		.root_path = "rootfs",
		.read_only = request->read_only,
		.terminal = request->terminal,
		.command = request->command,
		.command_count = request->command_count,
		.environment = request->environment,
		.environment_count = request->environment_count,
		.volumes = request->volumes,
		.volume_count = request->volume_count,
		.id = request->id,
	};
	size_t size;
	char *text;

	if (root < 0)
		return fail(-root, "%s/rootfs", request->folder);
	if (request->identity) {
		bundle.identity = arena_printf(arena, "%s/" IDENTITY_FILE, request->folder);
		if (!bundle.identity)
			return error_result();
	}
	if (request->release_hook) {
		bundle.release_program = own_program(arena);
		if (!bundle.release_program)
			return error_result();
	}
	text = bundle_config(arena, &bundle, &size);
	return text ? file_replace(preparation->folder, CONFIG_FILE, text, size, 0600, 0) :
		      error_result();
}

static int write_origin(struct preparation *preparation)
{
	const struct image_run_request *request = preparation->request;
	const char *text = arena_printf(preparation->arena, "%s\n%s\n",
					request->settings ? request->settings : "",
					request->store ? request->store : "");

	return text ? file_replace(preparation->folder, ORIGIN_FILE, text, strlen(text), 0600, 0) :
		      error_result();
}

/* What write_origin() wrote, where the caller does not say. */
static int read_origin(struct arena *arena, int folder, const char **settings, const char **store)
{
	char *text, *second, *end;

	if (*settings || *store || faccessat(folder, ORIGIN_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	text = file_read(arena, folder, ORIGIN_FILE, 2 * PATH_MAX + 2, NULL);
	if (!text)
		return error_result();
	second = strchr(text, '\n');
	end = second ? strchr(second + 1, '\n') : NULL;
	if (!end)
		return fail(EBADMSG, ORIGIN_FILE);
	*second++ = *end = '\0';
	*settings = text[0] ? text : NULL;
	*store = second[0] ? second : NULL;
	return 0;
}

/* With the use on record: what is made from here on, image_release() takes back. */
static int make(struct preparation *preparation)
{
	const struct image_run_request *request = preparation->request;
	const struct root_request root = {
		.folder = request->folder,
		.upper = request->upper,
		.read_only = request->read_only,
		.verity = preparation->decision.verity,
	};
	int result = write_origin(preparation);

	if (result == 0)
		result = image_unpack(preparation->store, &preparation->image,
				      &preparation->settings);
	if (result == 0 && !preparation->settings.keep_blobs)
		result = image_drop_blobs(preparation->store, &preparation->image);
	if (result == 0)
		result = root_mount(preparation->store, &preparation->image, &preparation->settings,
				    &root);
	if (result == 0 && request->identity)
		result = write_identity(preparation);
	if (result == 0)
		result = write_config(preparation);
	return result < 0 ? result : audit(preparation, "start");
}

static int release(struct store *store, const char *id, const char *folder_path, int folder)
{
	int result = root_unmount(folder_path);

	if (result < 0)
		return result;
	if ((unlinkat(folder, CONFIG_FILE, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(folder, IDENTITY_FILE, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(folder, ORIGIN_FILE, 0) < 0 && errno != ENOENT))
		return fail(errno, "%s", folder_path);
	return store_use_end(store, id);
}

int image_prepare(const struct image_run_request *request, struct image_identity *identity)
{
	auto_arena struct arena arena = { 0 };
	auto_store struct store *store = NULL;
	struct preparation preparation = { .request = request, .arena = &arena };
	auto_fd int folder = openat(AT_FDCWD, request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct digest *digest = &preparation.image.descriptor.digest;
	struct error error;
	int result;

	if (folder < 0)
		return fail(errno, "%s", request->folder);
	preparation.folder = folder;
	result = open_store(&arena, request->settings, request->store, STORE_MAKE,
			    &preparation.settings, &store);
	preparation.store = store;
	if (result == 0)
		result = store_lock(store, false);
	if (result == 0)
		result = load(&preparation);
	if (result == 0)
		result = check_trust(&preparation);
	if (result == 0)
		result = store_use(store, request->id, &digest, 1);
	if (result < 0)
		return result;
	result = make(&preparation);
	if (result == 0) {
		tell(&preparation, identity);
		return 0;
	}
	error = *error_last();
	if (release(store, request->id, request->folder, folder) < 0)
		log_error();
	*error_last() = error;
	return result;
}

int image_release(const char *settings_file, const char *store_path, const char *id,
		  const char *folder_path)
{
	auto_arena struct arena arena = { 0 };
	auto_store struct store *store = NULL;
	auto_fd int folder = openat(AT_FDCWD, folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct image_settings settings;
	int result;

	if (folder < 0)
		return errno == ENOENT ? 0 : fail(errno, "%s", folder_path);
	result = read_origin(&arena, folder, &settings_file, &store_path);
	if (result == 0)
		result = open_store(&arena, settings_file, store_path, STORE_MAKE, &settings,
				    &store);
	return result < 0 ? result : release(store, id, folder_path, folder);
}

static const char **list_of(struct arena *arena, const struct string_list *list)
{
	const char **words = arena_array(arena, list->count + 1, sizeof(*words));

	if (words)
		memcpy(words, list->items, list->count * sizeof(*words));
	return words;
}

int image_advice(struct arena *arena, const char *settings_file, const char *store_path,
		 const char *name, struct image_advice *advice)
{
	auto_store struct store *store = NULL;
	struct image_settings settings;
	const struct image_health *health;
	struct image image;
	int result =
		open_store(arena, settings_file, store_path, STORE_READ_ONLY, &settings, &store);

	memset(advice, 0, sizeof(*advice));
	advice->stop_signal = "";
	if (result == 0)
		result = image_load(arena, store, name, NULL, &image);
	if (result < 0 || !image.runnable)
		return result;
	advice->stop_signal = image.config.stop_signal;
	if (IS_ENABLED(CONFIG_LISTEN_FDS))
		result = bundle_sockets(arena, &image.config, &advice->sockets);
	if (result < 0)
		return result;
	health = image.config.health;
	if (!health || health->test.count == 0 || strcmp(health->test.items[0], "NONE") == 0)
		return 0;
	advice->health_test = list_of(arena, &health->test);
	advice->health_interval_ms = (unsigned int)(health->interval / 1000000);
	advice->health_timeout_ms = (unsigned int)(health->timeout / 1000000);
	advice->health_start_ms = (unsigned int)(health->start_period / 1000000);
	advice->health_retries = health->retries;
	return advice->health_test ? 0 : error_result();
}
