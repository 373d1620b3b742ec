/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes of revisions that are gone: <data>/volumes/revision/NUMBER. Those of the firmware (0)
 * stay, and so does everything while the store cannot say what is installed. A store without any
 * revision may be an empty one, where the right one is not mounted: it cannot say.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "image/revision.h"
#include "init/launch/launch.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/tree.h"

struct sweep {
	const uint32_t *numbers;
	ssize_t count;
	bool removes;
	int found;
};

static int look_at(void *data, int folder, const char *name)
{
	struct sweep *sweep = data;
	uint32_t number;

	if (!str_uint32(name, &number) || number == REVISION_FIRMWARE)
		return 0;
	for (ssize_t i = 0; i < sweep->count; i++)
		if (sweep->numbers[i] == number)
			return 0;
	sweep->found++;
	return sweep->removes ? tree_remove(folder, name) : 0;
}

int volumes_sweep(const struct plan *plan, bool removes)
{
	const char *data = plan_text(plan, plan->system->data);
	auto_arena struct arena arena = { 0 };
	auto_fd int root = data ? open(data, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_fd int folder = root < 0 ? -1 :
					path_open(root, "volumes/revision", O_RDONLY | O_DIRECTORY,
						  0, PATH_NO_SYMLINKS);
	struct sweep sweep = { .removes = removes };
	uint32_t *numbers;
	int result;

	if (folder < 0)
		return 0;
	sweep.count = revisions_installed(&arena, getenv("CRUET_IMAGES"), NULL, &numbers);
	if (sweep.count == 0 || sweep.count == -ENOENT)
		return 0;
	if (sweep.count < 0)
		return error_result();
	sweep.numbers = numbers;
	result = tree_each(folder, look_at, &sweep);
	return result < 0 ? fail(-result, "volumes of revisions that are gone") : sweep.found;
}
