/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses which image: a file for each container or unit, gone after a reboot. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

/* As the runtime's ids are: a file's name, and no hidden one. */
static int check_id(const char *id)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_+-.";

	if (!*id || *id == '.' || strlen(id) > NAME_MAX || id[strspn(id, good)])
		return fail(EINVAL, "use of an image: '%.300s' is no id of a container", id);
	return 0;
}

static int open_uses(const struct store *store, bool make)
{
	return store->uses ? folder_of_path(store->uses, make) : -ENOENT;
}

int store_use(struct store *store, const char *id, const struct digest *const *digests,
	      size_t count)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int folder = -1;
	char *text, *end;
	int result = check_id(id);

	if (result < 0)
		return result;
	end = text = arena_bytes(&arena, count * (DIGEST_TEXT_SIZE + 1) + 1);
	if (!text)
		return error_result();
	folder = open_uses(store, true);
	if (folder < 0)
		return fail(-folder, "use of an image by %s: open %s", id,
			    store->uses ? store->uses : "no folder");
	for (size_t i = 0; i < count; i++) {
		end += strlen(digest_text(digests[i], end));
		*end++ = '\n';
	}
	return file_replace(folder, id, text, (size_t)(end - text), 0600, 0);
}

int store_use_end(struct store *store, const char *id)
{
	auto_fd int folder = -1;
	int result = check_id(id);

	if (result < 0)
		return result;
	folder = open_uses(store, false);
	if (folder == -ENOENT)
		return 0;
	if (folder < 0)
		return fail(-folder, "open %s", store->uses);
	if (unlinkat(folder, id, 0) < 0 && errno != ENOENT)
		return fail(errno, "end the use of an image by %s", id);
	return 0;
}
