/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a container: see open.h. */
#include "runtime/open.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/destroy.h"

bool container_roll_back(const struct container_context *context, const char *id)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct error before = *error_last();
	auto_fd int state = state_open(context->root_fd, id, 0);
	struct state_record record;
	bool gone = false;
	int result;

	/* A living creator holds the lock from the first moment until it has written `created`. */
	if (state >= 0 && flock(state, LOCK_EX | LOCK_NB) == 0) {
		result = state_read(&arena, state, &record);
		/* config.json is copied after the record: alone, it says that records were lost. */
		if (result == -ENOENT && faccessat(state, STATE_CONFIG, F_OK, 0) < 0)
			gone = state_remove(context->root_fd, id, state) == 0;
		else if (result == 0 && !record.created)
			gone = container_destroy(context, state, &record, false) == 0;
	}
	if (gone)
		log_info("container %s: rolled back what its killed creator left", id);
	*error_last() = before;
	return gone;
}

int container_open(const struct container_context *context, struct arena *arena, const char *id,
		   int lock, struct state_record *record)
{
	auto_fd int state = state_open(context->root_fd, id, lock);
	int result;

	if (state < 0)
		return state;
	result = state_read(arena, state, record);
	if (result == -EBADMSG)
		return container_read_record(arena, state, id, record);
	if (result < 0 || !record->created) {
		close_fd(&state);
		if (container_roll_back(context, id))
			return state_open(context->root_fd, id, 0);
		state = state_open(context->root_fd, id, lock);
		if (state < 0)
			return state;
		result = container_read_record(arena, state, id, record);
	}
	return result < 0 ? result : take_fd(&state);
}
