/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting before the next attempt: doubled each time, with jitter, so that a fleet does not come
 * back at once. */
#include <sys/random.h>
#include <time.h>

#include "image/progress.h"
#include "image/registry/remote.h"
#include "lib/error.h"

enum { FIRST_MS = 500, LONGEST_MS = 30000, RETRY_AFTER_MAX = 60 };

bool backoff_wait(struct backoff *backoff, uint64_t retry_after, const char *host)
{
	unsigned int ms = LONGEST_MS;
	uint16_t random = 0;
	struct timespec time;
	const struct error *why = error_last();

	if (++backoff->attempt >= backoff->limit || retry_after > RETRY_AFTER_MAX)
		return false;
	if (backoff->attempt < 7)
		ms = FIRST_MS << (backoff->attempt - 1);
	(void)!getrandom(&random, sizeof(random), 0);
	ms = ms / 2 + (unsigned int)((uint64_t)ms * random / UINT16_MAX);
	if (retry_after)
		ms = (unsigned int)retry_after * 1000 + ms / 8;
	progress_note("%s: %s: again in %u.%u s", host, why->text, ms / 1000, ms % 1000 / 100);
	time = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
	return true;
}
