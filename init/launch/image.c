/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit's image: made ready as a bundle in its run's folder, from which the derived bundle is then
 * made as from any other. Its root is read-only; `layer` says where writes go.
 */
#include <sys/stat.h>

#include "image/store.h"
#include "init/launch/internal.h"
#include "init/paths.h"
#include "lib/error.h"

const char *run_image(const struct run *run)
{
	const struct image_run_request request = {
		.name = run_text(run, run->unit->path),
		.id = run->name,
		.folder = run_path(run, INIT_RUN_IMAGE),
		.read_only = true,
		.identity = true,
		.trial = run->launch->trial,
	};

	if (!request.folder)
		return NULL;
	if (mkdirat(run->folder, INIT_RUN_IMAGE, 0700) < 0) {
		fail(errno, "make %s", request.folder);
		return NULL;
	}
	return image_prepare(&request, NULL) < 0 ? NULL : request.folder;
}

int run_image_end(const struct run *run)
{
	const char *folder = run_path(run, INIT_RUN_IMAGE);

	return folder ? image_release(NULL, NULL, run->name, folder) : -ENOMEM;
}
