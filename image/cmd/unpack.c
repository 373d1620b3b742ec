/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image unpack, bundle, release */
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/bundle/bundle.h"
#include "image/cmd/session.h"
#include "image/run.h"
#include "image/store.h"
#include "image/unpack/unpack.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/tree.h"

struct options {
	struct session_options session;
	const char *platform;
};

static const struct args_option options[] = {
	{ "platform", 0, ARGS_STRING, offsetof(struct options, platform), ARGS_NO_SEEN, "OS/ARCH",
	  "of several platforms this one" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int load(struct session *session, const struct options *values, enum session_use use,
		const char *name, struct image *image)
{
	struct platform room;
	const struct platform *platform;
	int result = session_open(session, &values->session, use);

	if (result == 0)
		result = session_platform(session, values->platform, &room, &platform);
	if (result == 0)
		result = image_load(&session->arena, session->store, name, platform, image);
	return result < 0 ? result : image_check_runnable(image, &image->config.platform);
}

static int unpack(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct image image;
	int result = load(&session, values, SESSION_CHANGE, argv[0], &image);

	(void)context;
	(void)argc;
	if (result == 0)
		result = image_unpack(session.store, &image, &session.settings);
	if (result == 0 && !session.settings.keep_blobs)
		result = image_drop_blobs(session.store, &image);
	return result;
}

/* FOLDER/rootfs and FOLDER/config.json, or nothing. */
static int fill_bundle(struct session *session, const struct image *image, int folder)
{
	struct bundle_request request = { .image = image, .root_path = "rootfs", .id = "" };
	auto_fd int root = -1;
	size_t size;
	char *config;
	int result;

	if (mkdirat(folder, "rootfs", 0755) < 0)
		return fail(errno, "mkdir rootfs");
	root = openat(folder, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return fail(errno, "rootfs");
	result = image_unpack_to(session->store, image, &session->settings, root);
	if (result < 0)
		return result;
	request.root = root;
	config = bundle_config(&session->arena, &request, &size);
	return config ? file_replace(folder, "config.json", config, size, 0644, FILE_SYNC) :
			error_result();
}

static int make_bundle(struct session *session, const struct image *image, const char *path)
{
	auto_fd int folder = -1;
	bool made = mkdirat(AT_FDCWD, path, 0755) == 0;
	int result;

	if (!made && errno != EEXIST)
		return fail(errno, "mkdir %s", path);
	folder = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail(errno, "%s", path);
	if (faccessat(folder, "config.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    faccessat(folder, "rootfs", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail(EEXIST, "%s: has a bundle", path);
	result = fill_bundle(session, image, folder);
	if (result == 0)
		return 0;
	fail_context(result, "%s", path);
	tree_remove(folder, "rootfs");
	if (made)
		unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
	return result;
}

static int bundle(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct image image;
	int result = load(&session, values, SESSION_READ, argv[0], &image);

	(void)context;
	(void)argc;
	return result < 0 ? result : make_bundle(&session, &image, argv[1]);
}

/* What a poststop hook of ours calls; the container's state on its standard input is not needed. */
static int release(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	char folder[PATH_MAX];
	int result = run_folder(folder, sizeof(folder), argv[0]);

	(void)context;
	(void)argc;
	if (result == 0)
		result = image_release(values->session.settings, values->session.store, argv[0],
				       folder);
	if (result == 0 && unlinkat(AT_FDCWD, folder, AT_REMOVEDIR) < 0 && errno != ENOENT)
		result = fail(errno, "%s", folder);
	return result;
}

const struct command image_unpack_action = {
	.name = "unpack",
	.arguments = "IMAGE",
	.summary = "unpack an image's layers into the store, so that it starts at once",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = unpack,
};

const struct command image_bundle = {
	.name = "bundle",
	.arguments = "IMAGE FOLDER",
	.summary = "make an OCI bundle that needs no store: FOLDER/config.json and rootfs",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 2,
	.arguments_max = 2,
	.mixed = true,
	.run = bundle,
};

const struct command image_release_action = {
	.name = "release",
	.arguments = "CONTAINER-ID",
	.summary = "unmount what run --image made for a container that is gone",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = release,
};
