/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/made.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

enum {
	MADE_FIRST = 1 << 12,  /* slots */
	MADE_MEMORY = 1 << 17, /* as many slots are kept in memory */
};

int scratch_file(int folder)
{
	/* No entry can have this name: it is a whiteout's. */
	static const char name[] = ".wh..wh.scratch";
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) { /* the file system has no O_TMPFILE */
		fd = openat(folder, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0 || unlinkat(folder, name, 0) < 0)
			return fail(errno, "make a temporary file");
	}
	return fd;
}

static uint64_t hash_add(uint64_t hash, const char *text)
{
	for (; *text; text++) {
		hash = (hash ^ (unsigned char)*text) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	return hash;
}

uint64_t made_hash(const char *folder, const char *name)
{
	uint64_t hash = 0x243f6a8885a308d3;

	if (*folder)
		hash = hash_add(hash_add(hash, folder), "/");
	hash = hash_add(hash, name);
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

/* Where the hash is, or the empty slot where it belongs. */
static uint64_t *find(const struct made *made, uint64_t hash)
{
	size_t slot = (size_t)hash & (made->capacity - 1);

	while (made->slots[slot] && made->slots[slot] != hash)
		slot = (slot + 1) & (made->capacity - 1);
	return made->slots + slot;
}

static int map(const struct made *made, size_t capacity, uint64_t **slots)
{
	const size_t size = capacity * sizeof(**slots);
	auto_fd int fd = -1;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (capacity > MADE_MEMORY) {
		flags = MAP_SHARED;
		fd = scratch_file(made->folder);
		if (fd < 0)
			return fd;
		/* Room for it now: a write into a hole on a full disk would be a signal. */
		if (ftruncate(fd, (off_t)size) < 0 || posix_fallocate(fd, 0, (off_t)size) != 0)
			return fail(ENOSPC, "a list of this layer's files");
	}
	*slots = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	return *slots == MAP_FAILED ? fail(errno, "a list of this layer's files") : 0;
}

static int grow(struct made *made)
{
	struct made larger = { .folder = made->folder,
			       .capacity = made->capacity ? 2 * made->capacity : MADE_FIRST,
			       .count = made->count };
	int result = map(made, larger.capacity, &larger.slots);

	if (result < 0)
		return result;
	for (size_t slot = 0; slot < made->capacity; slot++) {
		if (made->slots[slot])
			*find(&larger, made->slots[slot]) = made->slots[slot];
	}
	made_free(made);
	*made = larger;
	return 0;
}

int made_add(struct made *made, uint64_t hash)
{
	uint64_t *slot;

	if (2 * made->count >= made->capacity) {
		int result = grow(made);

		if (result < 0)
			return result;
	}
	slot = find(made, hash);
	if (*slot)
		return 1;
	*slot = hash;
	made->count++;
	return 0;
}

bool made_has(const struct made *made, uint64_t hash)
{
	return made->capacity && *find(made, hash);
}

void made_free(struct made *made)
{
	if (made->slots)
		munmap(made->slots, made->capacity * sizeof(*made->slots));
	made->slots = NULL;
	made->capacity = 0;
}
