/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks, by flock(2): they go with the process that has them, however it ends. Order: the store's,
 * then index.json's. Who has the store's shared and wants it exclusive gives it up in between, so
 * two of them do not wait for each other.
 */
#include <fcntl.h>
#include <sys/file.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"

static int open_lock(const struct store *store, const char *name)
{
	int fd = openat(store->places[0].folder, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int wait_for(int fd, int operation)
{
	int result;

	do {
		result = flock(fd, operation);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

/* Nobody can change a store on a read-only file system: it needs no lock. */
static int take(struct store *store, enum store_held wanted)
{
	int result = 0;

	if (store->lock < 0)
		store->lock = result = open_lock(store, "lock");
	if (store->lock >= 0)
		result = wait_for(store->lock, wanted == HELD_EXCLUSIVE ? LOCK_EX : LOCK_SH);
	else
		store->lock = -1;
	if (result == -EROFS && wanted == HELD_SHARED)
		return 0;
	if (result < 0)
		return fail(-result, "lock the store %s", store->places[0].path);
	store->held = wanted;
	return 0;
}

int store_lock(struct store *store, bool exclusive)
{
	if (!store->read_only) {
		store->held_for_work = false;
		return take(store, exclusive ? HELD_EXCLUSIVE : HELD_SHARED);
	}
	return exclusive ? fail(EROFS, "lock the store %s", store->places[0].path) : 0;
}

void store_unlock(struct store *store)
{
	store->held_for_work = store->holds > 0;
	if (store->held_for_work)
		return;
	if (store->lock >= 0)
		flock(store->lock, LOCK_UN);
	store->held = HELD_NOT;
}

int store_hold(struct store *store)
{
	int result = 0;

	if (store->read_only)
		return fail(EROFS, "change the store %s", store->places[0].path);
	if (store->held == HELD_NOT) {
		result = take(store, HELD_SHARED);
		if (result < 0)
			return result;
		store->held_for_work = true;
	}
	store->holds++;
	return 0;
}

void store_drop(struct store *store)
{
	if (--store->holds == 0 && store->held_for_work)
		store_unlock(store);
}

int index_lock(struct store *store)
{
	auto_fd int fd = open_lock(store, "index.lock");
	int result = fd < 0 ? fd : wait_for(fd, LOCK_EX);

	return result < 0 ? fail(-result, "lock %s/index.json", store->places[0].path) :
			    take_fd(&fd);
}
