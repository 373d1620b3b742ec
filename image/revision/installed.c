/* SPDX-License-Identifier: Apache-2.0 */
/* What is installed, what it keeps, and whether it can be run. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/revision/internal.h"
#include "image/revision/pin.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/tree.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int folder_below(int parent, const char *name)
{
	int fd = openat(parent, name, FOLDER_FLAGS);

	return fd < 0 ? -errno : fd;
}

int revisions_folder(const struct store *store, bool make)
{
	int folder = store_folder(store), fd;

	if (folder < 0)
		return make ? fail(EROFS, "there are factory stores only") : -ENOENT;
	fd = folder_below(folder, REVISION_REV);
	if (fd == -ENOENT && make) {
		if ((mkdirat(folder, REVISION_REV, 0700) < 0 && errno != EEXIST) ||
		    fsync(folder) < 0)
			return fail(errno, "make %s/" REVISION_REV, store_path(store));
		fd = folder_below(folder, REVISION_REV);
	}
	return fd >= 0 || (fd == -ENOENT && !make) ?
		       fd :
		       fail(-fd, "open %s/" REVISION_REV, store_path(store));
}

bool revision_number(const char *name, uint32_t *number)
{
	return name[0] != '0' && str_uint32(name, number);
}

bool boot_names(const struct revision_state *state, uint32_t number)
{
	return number == state->committed || number == state->previous || number == state->trial;
}

/* ---- which there are ---- */

struct numbers {
	struct arena *arena;
	uint32_t *list;
	size_t count, capacity;
};

static int add_number(void *data, int folder, const char *name)
{
	struct numbers *numbers = data;
	uint32_t number;

	(void)folder;
	if (!revision_number(name, &number))
		return 0;
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity ? 2 * numbers->capacity : 16;
		uint32_t *larger = arena_array(numbers->arena, capacity, sizeof(*larger));

		if (!larger)
			return error_result();
		if (numbers->count)
			memcpy(larger, numbers->list, numbers->count * sizeof(*larger));
		numbers->list = larger;
		numbers->capacity = capacity;
	}
	numbers->list[numbers->count++] = number;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

ssize_t revision_numbers(struct arena *arena, const struct store *store, uint32_t **list)
{
	auto_fd int folder = revisions_folder(store, false);
	struct numbers numbers = { .arena = arena };
	int result;

	*list = NULL;
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	result = tree_each(folder, add_number, &numbers);
	if (result < 0)
		return result == -ENOMEM ?
			       result :
			       fail(-result, "read %s/" REVISION_REV, store_path(store));
	if (numbers.count)
		qsort(numbers.list, numbers.count, sizeof(*numbers.list), compare_numbers);
	*list = numbers.list;
	return (ssize_t)numbers.count;
}

/* ---- what one is ---- */

/* The folder of a revision; -errno recorded. */
static int open_revision(const struct store *store, uint32_t number)
{
	auto_fd int all = revisions_folder(store, false);
	char name[16];
	int fd = all;

	if (all >= 0 && str_format(name, sizeof(name), "%u", number) == 0)
		fd = folder_below(all, name);
	if (fd == -ENOENT)
		return fail_as(ERROR_NOT_FOUND, ENOENT, "revision %u is not installed", number);
	return fd < 0 && all >= 0 ? fail(-fd, "open revision %u", number) : fd;
}

static char *read_file(struct arena *arena, int folder, const char *name, size_t limit,
		       size_t *size)
{
	auto_fd int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		fail(errno, "open %s", name);
		return NULL;
	}
	return file_read_fd(arena, fd, name, limit, size);
}

static int read_installed(struct arena *arena, int folder, uint32_t number,
			  struct revision *revision, const char **text)
{
	size_t size;
	int result;

	*text = read_file(arena, folder, REVISION_FILE, DOCUMENT_MAX_SIZE, &size);
	result = *text ? revision_read(arena, *text, size, REVISION_FILE, true, revision) :
			 error_result();
	if (result == 0 || result == -ENOMEM || result == -EIO)
		return fail_context(result, "revision %u", number);
	/* Missing, a folder, cut, not ours: one and the same to who asks. */
	fail_context(result, "revision %u is damaged", number);
	error_last()->no = EBADMSG;
	return -EBADMSG;
}

int revision_installed(struct arena *arena, const struct store *store, uint32_t number,
		       struct revision *revision)
{
	auto_fd int folder = open_revision(store, number);
	const char *text;

	return folder < 0 ? folder : read_installed(arena, folder, number, revision, &text);
}

/* ---- pins ---- */

struct pins {
	struct arena *arena;
	struct revision_pin *list;
	size_t count, capacity;
};

static int add_pin(struct pins *pins, uint32_t number, const char *name,
		   const struct digest *digest)
{
	if (pins->count == pins->capacity) {
		size_t capacity = pins->capacity ? 2 * pins->capacity : 32;
		struct revision_pin *larger = arena_array(pins->arena, capacity, sizeof(*larger));

		if (!larger)
			return error_result();
		if (pins->count)
			memcpy(larger, pins->list, pins->count * sizeof(*larger));
		pins->list = larger;
		pins->capacity = capacity;
	}
	pins->list[pins->count++] = (struct revision_pin){ number, name, *digest };
	return 0;
}

static int add_pins(struct pins *pins, const struct store *store, uint32_t number)
{
	struct revision revision;
	int result = revision_installed(pins->arena, store, number, &revision);

	/* ENOENT: removed since it was listed. */
	if (result == -EBADMSG || result == -ENOENT) {
		if (result == -EBADMSG)
			log_warning("%s", error_last()->text);
		error_clear();
		return 0;
	}
	if (result == 0)
		result = add_pin(pins, number, NULL, &revision.digest);
	for (size_t i = 0; result == 0 && i < revision.image_count; i++)
		result = add_pin(pins, number, revision.images[i].name, &revision.images[i].digest);
	return result;
}

ssize_t revision_pins(struct arena *arena, const struct store *store, struct revision_pin **list)
{
	struct pins pins = { .arena = arena };
	uint32_t *numbers;
	ssize_t count = revision_numbers(arena, store, &numbers);
	int result = 0;

	*list = NULL;
	if (count < 0)
		return count;
	for (ssize_t i = 0; result == 0 && i < count; i++)
		result = add_pins(&pins, store, numbers[i]);
	*list = pins.list;
	return result < 0 ? result : (ssize_t)pins.count;
}

/* ---- is it whole? ---- */

static int check_image(struct arena *arena, struct store *store,
		       const struct revision_image *wanted)
{
	char text[DIGEST_TEXT_SIZE];
	struct image image;
	int result = image_load(arena, store, digest_text(&wanted->digest, text), NULL, &image);

	for (size_t i = 0; result == 0 && i < image.manifest.layer_count; i++)
		if (!store_layer_there(store, &image, i))
			result = fail(ENOENT, "layer %zu is missing: %s", i,
				      digest_text(&image.manifest.layers[i].digest, text));
	return fail_context(result, "image %s", wanted->name);
}

int revision_check_images(struct store *store, const struct revision *revision)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < revision->image_count; i++) {
		auto_arena struct arena arena = { 0 };

		result = check_image(&arena, store, &revision->images[i]);
	}
	return result;
}

static int count_units(void *data, int folder, const char *name)
{
	(void)data;
	(void)folder;
	(void)name;
	return 0;
}

/* Exactly the artifact's: nothing else may be started in its name. */
static int check_units(struct arena *arena, int folder, const struct revision *artifact)
{
	auto_fd int units = folder_below(folder, REVISION_UNITS);
	int count = units < 0 ? units : tree_each(units, count_units, NULL);

	if (count < 0)
		return fail(-count, "read " REVISION_UNITS);
	if ((size_t)count != artifact->unit_count)
		return fail(EBADMSG, "it has %d units, and the artifact %zu", count,
			    artifact->unit_count);
	for (size_t i = 0; i < artifact->unit_count; i++) {
		const char *name = arena_printf(arena, "%s.json", artifact->units[i].name);
		const char *wanted, *found;
		size_t size, length;
		int result = name ? revision_unit_stage(arena, artifact, &artifact->units[i],
							&wanted, &size) :
				    error_result();

		if (result < 0)
			return result;
		found = read_file(arena, units, name, REVISION_UNIT_SIZE_MAX + DIGEST_TEXT_SIZE,
				  &length);
		if (!found)
			return error_result();
		if (length != size || memcmp(found, wanted, size) != 0)
			return fail(EBADMSG, "unit %s is not what the artifact has",
				    artifact->units[i].name);
	}
	return 0;
}

static int check_installed(struct arena *arena, struct store *store, int folder, const char *text,
			   const struct revision *revision)
{
	char digest[DIGEST_TEXT_SIZE];
	struct revision artifact;
	size_t size;
	const char *again;
	int result = revision_load(arena, store, digest_text(&revision->digest, digest), &artifact);

	if (result < 0)
		return result;
	artifact.name = revision->name;
	artifact.digest = revision->digest;
	again = revision_write(arena, &artifact, true, &size);
	if (!again)
		return error_result();
	if (strcmp(text, again) != 0)
		return fail(EBADMSG, REVISION_FILE " is not what the artifact has");
	return check_units(arena, folder, &artifact);
}

int revision_check_content(struct arena *arena, struct store *store, uint32_t number,
			   struct revision *revision)
{
	auto_fd int folder = open_revision(store, number);
	const char *text;
	int result = folder < 0 ? folder : read_installed(arena, folder, number, revision, &text);

	if (result < 0)
		return result;
	result = check_installed(arena, store, folder, text, revision);
	if (result == 0)
		result = revision_check_images(store, revision);
	return fail_context(result, "revision %u", number);
}

int revision_check(struct arena *arena, struct store *store, const struct image_settings *settings,
		   uint32_t number, bool raise, struct revision *revision)
{
	struct trust_decision decision;
	int result = revision_check_content(arena, store, number, revision);

	if (result < 0)
		return result;
	result = trust_check(arena, store, settings, revision->name, &revision->digest, raise,
			     &decision);
	return fail_context(result, "revision %u", number);
}
