/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: see driver.h. Compiled with FUZZ_MAIN it is a program: CORPUS [MUTATIONS [SEED]]. */
#include "tests/fuzz/driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_INPUT = 64 << 10, MOST_FILES = 4096 };

struct corpus {
	size_t count;
	struct input {
		size_t size;
		uint8_t *data;
	} inputs[MOST_FILES];
};

/* xorshift64* */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static void load_file(struct corpus *corpus, int folder, const char *name)
{
	uint8_t *data = malloc(LARGEST_INPUT);
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, data, LARGEST_INPUT);

	if (fd >= 0)
		close(fd);
	if (size < 0 || corpus->count == MOST_FILES) {
		free(data);
		return;
	}
	corpus->inputs[corpus->count++] = (struct input){ (size_t)size, data };
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct corpus *load(const char *path)
{
	struct corpus *corpus = calloc(1, sizeof(*corpus));
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, by_name);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			load_file(corpus, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (folder >= 0)
		close(folder);
	return corpus;
}

/* Change, put in, take out, or copy some bytes; or put two inputs together. */
static size_t mutate(const struct corpus *corpus, uint8_t *data, size_t size, uint64_t *seed)
{
	static const uint8_t telling[] = "\"\\{}[]:,0-.eE\xff\x80\xc3\xed\x00\x01 \n/tfnu";
	const struct input *other = &corpus->inputs[next_random(seed) % corpus->count];
	size_t at = size ? next_random(seed) % size : 0;
	size_t length;

	switch (next_random(seed) % 6) {
	case 0:
		if (size)
			data[at] ^= (uint8_t)(1 << next_random(seed) % 8);
		return size;
	case 1:
		if (size)
			data[at] = telling[next_random(seed) % (sizeof(telling) - 1)];
		return size;
	case 2:
		length = next_random(seed) % 8 + 1;
		if (length > size - at)
			length = size - at;
		memmove(data + at, data + at + length, size - at - length);
		return size - length;
	case 3:
		if (size == LARGEST_INPUT)
			return size;
		memmove(data + at + 1, data + at, size - at);
		data[at] = (uint8_t)next_random(seed);
		return size + 1;
	case 4: /* the rest is another's */
		length = other->size ? next_random(seed) % other->size : 0;
		if (at + other->size - length > LARGEST_INPUT)
			return size;
		memcpy(data + at, other->data + length, other->size - length);
		return at + other->size - length;
	default: /* a piece of itself again */
		length = size ? next_random(seed) % (size - at) + 1 : 0;
		if (length > 64)
			length = 64;
		if (size + length > LARGEST_INPUT)
			return size;
		memmove(data + at + length, data + at, size - at);
		return size + length;
	}
}

/* An input exactly as large as it says, so that the sanitizer sees a look beyond. */
static void try(fuzz_target *target, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	target(copy, size);
	free(copy);
}

long fuzz_run(fuzz_target *target, const char *path, long mutations, uint64_t seed)
{
	struct corpus *corpus = load(path);
	uint8_t *data = malloc(LARGEST_INPUT);
	long tried = corpus->count ? 0 : -1;

	for (size_t i = 0; i < corpus->count; i++, tried++)
		try(target, corpus->inputs[i].data, corpus->inputs[i].size);
	seed = seed * 2 + 1; /* not 0 */
	for (long i = 0; i < mutations && corpus->count; i++, tried++) {
		const struct input *input = &corpus->inputs[next_random(&seed) % corpus->count];
		size_t size = input->size;

		memcpy(data, input->data, size);
		for (uint64_t round = next_random(&seed) % 8 + 1; round; round--)
			size = mutate(corpus, data, size, &seed);
		try(target, data, size);
	}
	for (size_t i = 0; i < corpus->count; i++)
		free(corpus->inputs[i].data);
	free(corpus);
	free(data);
	return tried;
}

#ifdef FUZZ_MAIN
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	long mutations = argc > 2 ? atol(argv[2]) : 0;
	long tried;

	if (argc < 2)
		return 2;
	tried = fuzz_run(LLVMFuzzerTestOneInput, argv[1], mutations,
			 argc > 3 ? (uint64_t)atoll(argv[3]) : 1);
	printf("%ld inputs\n", tried);
	return tried <= 0;
}
#endif
