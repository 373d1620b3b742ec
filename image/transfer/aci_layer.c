/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer that an ACI's rootfs becomes. Folders that the archive does not mention are written
 * too: appc wants a symlink of a lower image to be replaced there, OCI would have it followed.
 */
#include <string.h>

#include "image/transfer/aci.h"
#include "lib/error.h"

int aci_layer_begin(struct aci *aci, struct aci_layer *layer)
{
	int result = blob_begin(aci->import->store,
				&(struct blob_request){ .size = BLOB_SIZE_UNKNOWN }, &layer->blob);

	layer->writer = (struct tar_writer){ .sink = import_sink, .data = layer->blob };
	layer->made = (struct made){ .folder = store_folder(aci->import->store) };
	return result;
}

static int add_parents(struct aci_layer *layer, const char *path)
{
	char folder[ENTRY_PATH_MAX];
	const char *slash = path;

	while ((slash = strchr(slash, '/')) != NULL) {
		const size_t length = (size_t)(slash++ - path);
		const struct entry parent = {
			.type = ENTRY_DIRECTORY, .path = folder, .link = "", .mode = 0755
		};
		int result;

		if (length >= sizeof(folder))
			return fail(ENAMETOOLONG, "%s", path);
		memcpy(folder, path, length);
		folder[length] = '\0';
		/* It may still come itself: then it is written again. */
		result = made_has(&layer->made, made_hash("", folder)) ?
				 1 :
				 made_add(&layer->made, made_hash("/", folder));
		if (result == 0)
			result = tar_write_entry(&layer->writer, &parent);
		if (result < 0)
			return result;
	}
	return 0;
}

static int add_data(struct aci_layer *layer, struct archive *archive)
{
	static unsigned char buffer[IMPORT_BUFFER];
	ssize_t got;
	int result = 0;

	while (result == 0 && (got = archive_read(archive, buffer, sizeof(buffer))) != 0)
		result = got < 0 ? (int)got : tar_write_data(&layer->writer, buffer, (size_t)got);
	return result;
}

int aci_layer_add(struct aci_layer *layer, struct archive *archive, const struct entry *entry)
{
	const char *slash = strrchr(entry->path, '/');
	int result;

	if (strncmp(slash ? slash + 1 : entry->path, ".wh.", 4) == 0)
		return fail(EOPNOTSUPP, "%s: in layers of OCI images such a name removes files",
			    entry->path);
	result = add_parents(layer, entry->path);
	if (result == 0)
		result = made_add(&layer->made, made_hash("", entry->path));
	if (result > 0)
		return fail(EEXIST, "rootfs/%s: is there twice", entry->path);
	if (result == 0)
		result = tar_write_entry(&layer->writer, entry);
	if (result == 0 && entry->type == ENTRY_FILE)
		result = add_data(layer, archive);
	return result;
}

int aci_layer_end(struct aci_layer *layer, struct digest *digest, uint64_t *size)
{
	int result = tar_write_end(&layer->writer);

	made_free(&layer->made);
	return result < 0 ? result : blob_commit(&layer->blob, digest, size);
}

void aci_layer_abort(struct aci_layer *layer)
{
	made_free(&layer->made);
	if (layer->blob)
		blob_abort(&layer->blob, false);
}
