/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/mount_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/document/document.h"
#include "image/store/store.h"
#include "image/unpack/mount_api.h"
#include "image/unpack/verity.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

/* The block device to mount: the loop device, or what verifies it. */
static int open_device(int blob, const struct verity *verity, const struct mount_place *place)
{
	auto_fd int loop = loop_over(blob, place);
	struct stat status;

	if (loop < 0 || !verity)
		return take_fd(&loop);
	if (fstat(loop, &status) < 0)
		return fail(errno, "look at the loop device");
	return verity_open(verity, status.st_rdev, place);
}

static int mount_blob(int blob, const struct descriptor *layer, const struct mount_place *place,
		      int target, bool must_verify)
{
	const bool erofs = layer->kind == MEDIA_KIND_LAYER_EROFS;
	const char *type = erofs ? "erofs" : "squashfs";
	char source[PATH_FD_SIZE];
	struct verity verity;
	auto_fd int device = -1;
	int result = verity_find(&verity, layer, blob);
	const bool verified = result == 1;

	if (result < 0)
		return result;
	if (must_verify && !verified)
		return fail(EACCES, "it has no dm-verity root hash, and the policy asks for one");
	if (erofs && !verified &&
	    mount_to(target, path_of_fd(blob, source), type, MS_RDONLY, NULL) == 0)
		return 0;
	device = open_device(blob, verified ? &verity : NULL, place);
	if (device < 0)
		return device;
	result = mount_to(target, path_of_fd(device, source), type, MS_RDONLY, NULL);
	return result < 0 ? fail(-result, "mount as %s", type) : 0;
}

int mount_layer(struct store *store, const struct descriptor *layer,
		const struct mount_place *place, bool verified)
{
	auto_fd int blob = -1, target = -1;
	char name[DIGEST_TEXT_SIZE];
	int result;

	digest_text(&layer->digest, name);
	if (!IS_ENABLED(CONFIG_IMAGE_MOUNT))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "layer %s: %s (CONFIG_IMAGE_MOUNT is off)", name, layer->media_type);
	blob = store_blob_open(store, &layer->digest, layer->size);
	if (blob < 0)
		return blob;
	target = mount_folder(place->parent, place->name);
	if (target < 0)
		return target;
	result = blob_check_verity(blob, layer);
	if (result == 0)
		result = mount_blob(blob, layer, place, target, verified);
	if (result < 0)
		return fail_context(result, "layer %s", name);
	result = openat(place->parent, place->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return result < 0 ? fail(errno, "layer %s: open", name) : result;
}
