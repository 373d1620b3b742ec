/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a unit runs, and whose key vouches for it: as image/store.h leaves it with the unit.
 */
#include <fcntl.h>

#include "init/control/report.h"
#include "init/paths.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/json.h"

enum { IMAGE_MAX_SIZE = 4096 };

int report_find_images(struct arena *arena, struct control_view *view)
{
	view->images = arena_array(arena, view->shown + 1, sizeof(*view->images));
	if (!view->images)
		return -ENOMEM;
	for (size_t i = 0; i < view->shown; i++) {
		const char *path =
			arena_printf(arena, INIT_RUN_UNITS "/%s/" INIT_RUN_IMAGE "/image.json",
				     view->units[i].name);
		size_t size;
		char *text;

		if (!path)
			return -ENOMEM;
		text = file_read(arena, AT_FDCWD, path, IMAGE_MAX_SIZE, &size);
		view->images[i] = text ? json_parse(arena, text, size, path) : NULL;
		error_clear();
	}
	return 0;
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(node) ? node->valuestring : "";
}

void report_image(struct page *page, const cJSON *image)
{
	const char *signer = text_of(image, "signer");

	page_put(page, "  image ");
	page_foreign(page, text_of(image, "name"));
	page_put(page, " ");
	page_foreign(page, text_of(image, "digest"));
	if (*signer) {
		page_put(page, ", signed by ");
		page_foreign(page, signer);
	}
	page_put(page, "\n");
}

void report_image_json(struct json_writer *writer, const cJSON *image)
{
	size_t size;
	const char *text = json_source(image, &size);

	json_write_raw(writer, "image", text, size);
}
