/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

static int open_origin(struct pull *pull, struct source *source)
{
	const struct remote_request request = { .host = pull->name.host,
						.repository = pull->name.repository,
						.actions = "pull",
						.insecure = pull->request->insecure,
						.attempts = pull->request->attempts,
						.stall_seconds = pull->request->stall_seconds };

	source->name = pull->name.host;
	source->trusted = true;
	return remote_open(pull->arena, pull->settings, &request, &source->remote);
}

static int from_origin(struct pull *pull)
{
	struct source source = { .folder = false };
	int result = open_origin(pull, &source);

	pull->source = &source;
	if (result == 0)
		result = pull_from_source(pull);
	source_close(&source);
	return result;
}

int pull_from_all(struct pull *pull)
{
	return from_origin(pull);
}
