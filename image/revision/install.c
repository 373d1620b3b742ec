/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An artifact becomes rev/NUMBER: built under another name, made durable, renamed. Killed at any
 * point, it is there whole or not at all; gc removes what was left.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/revision/internal.h"
#include "image/trust/audit.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/tree.h"

struct install {
	struct arena *arena;
	const struct revision_target *target;
	const struct install_request *request;
	struct revision revision;
	int all;	    /* rev/ */
	char temporary[32]; /* below it */
};

/* ---- may it be installed? ---- */

/* A refusal goes into the log as well; why it was refused is what the caller hears. */
static int ask_policy(struct install *install, const char *name, const struct digest *digests,
		      size_t count)
{
	struct trust_decision decision;
	struct error refusal;
	int result =
		trust_check_any(install->arena, install->target->store, install->target->settings,
				name, digests, count, false, &decision);

	if (result != -EACCES)
		return result;
	refusal = *error_last();
	if (audit_write(install->target->store, &(struct audit_event){ .action = "refuse",
								       .name = name,
								       .manifest = digests,
								       .decision = &decision }) < 0)
		log_error();
	*error_last() = refusal;
	return result;
}

/* What its start would be refused for is better known now. */
static int ask_for_images(struct install *install)
{
	const struct revision *revision = &install->revision;
	int result = revision_check_images(install->target->store, revision);

	for (size_t i = 0; result == 0 && i < revision->image_count; i++) {
		struct digest digests[2] = { [1] = revision->images[i].digest };
		char text[DIGEST_TEXT_SIZE];
		struct image image;

		result = image_load(install->arena, install->target->store,
				    digest_text(&digests[1], text), NULL, &image);
		digests[0] = image.descriptor.digest;
		if (result == 0)
			result = ask_policy(install, revision->images[i].name, digests,
					    digest_equal(&digests[0], &digests[1]) ? 1 : 2);
	}
	return result;
}

/* ---- staging ---- */

static int write_file(int folder, const char *name, const char *text, size_t size)
{
	return text ? file_replace(folder, name, text, size, 0600, FILE_SYNC) : error_result();
}

static int stage_units(struct install *install, int folder)
{
	const struct revision *revision = &install->revision;
	auto_fd int units = -1;

	if (mkdirat(folder, REVISION_UNITS, 0700) < 0)
		return fail(errno, "make " REVISION_UNITS);
	units = openat(folder, REVISION_UNITS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (units < 0)
		return fail(errno, "open " REVISION_UNITS);
	for (size_t i = 0; i < revision->unit_count; i++) {
		const char *name = arena_printf(install->arena, "%s.json", revision->units[i].name);
		const char *text;
		size_t size;
		int result = name ? revision_unit_stage(install->arena, revision,
							&revision->units[i], &text, &size) :
				    error_result();

		if (result == 0)
			result = write_file(units, name, text, size);
		if (result < 0)
			return result;
	}
	return fsync(units) < 0 ? fail(errno, "sync " REVISION_UNITS) : 0;
}

static int stage(struct install *install)
{
	auto_fd int folder = -1;
	size_t size;
	char *text = revision_write(install->arena, &install->revision, true, &size);
	int result;

	if (mkdirat(install->all, install->temporary, 0700) < 0)
		return fail(errno, "make a folder for the revision");
	folder = openat(install->all, install->temporary,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return fail(errno, "open the revision's folder");
	result = write_file(folder, REVISION_FILE, text, size);
	if (result == 0)
		result = stage_units(install, folder);
	if (result == 0 && fsync(folder) < 0)
		result = fail(errno, "sync the revision's folder");
	return result;
}

/* ---- a number, and there it is ---- */

static int next_number(const struct install *install, const struct revision_state *state,
		       uint32_t *number)
{
	const uint32_t known[] = { state->committed, state->previous, state->trial, state->failed };
	uint32_t *numbers, last = 0;
	ssize_t count = revision_numbers(install->arena, install->target->store, &numbers);

	if (count < 0)
		return (int)count;
	if (count)
		last = numbers[count - 1];
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] > last)
			last = known[i];
	if (last == UINT32_MAX)
		return fail(EOVERFLOW, "there is no number left for a revision");
	*number = last + 1;
	return 0;
}

static int settle(struct install *install, uint32_t *number)
{
	const struct revision *revision = &install->revision;
	struct store *store = install->target->store;
	auto_boot struct boot boot;
	char name[16];
	int result = boot_open(store, true, &boot);

	if (result == 0)
		result = next_number(install, &boot.state, number);
	if (result == 0)
		result = revision_note(store, "install", *number, revision->name, &revision->digest,
				       NULL);
	if (result < 0)
		return result;
	snprintf(name, sizeof(name), "%u", *number);
	if (renameat(install->all, install->temporary, install->all, name) < 0)
		return fail(errno, "install revision %u", *number);
	install->temporary[0] = '\0';
	/* From here on it may be there after a cut of power: then it is whole. */
	return fsync(install->all) < 0 ? fail(errno, "sync the folder of revisions") : 0;
}

static int check_units(struct install *install)
{
	const char *folder;

	if (!IS_ENABLED(CONFIG_INIT) || !install->request->check)
		return 0;
	folder = arena_printf(install->arena, "%s/" REVISION_REV "/%s/" REVISION_UNITS,
			      store_path(install->target->store), install->temporary);
	return folder ? revision_check_units(install->arena, folder, &install->revision,
					     install->request) :
			error_result();
}

static int make_room(const struct install *install)
{
	uint64_t bytes = 4096;

	for (size_t i = 0; i < install->revision.unit_count; i++)
		bytes += install->revision.units[i].size + 4096;
	return store_reserve(install->target->store, bytes, install->revision.unit_count + 4);
}

static int install_staged(struct install *install, uint32_t *number)
{
	struct error error;
	int result = stage(install);

	if (result == 0)
		result = check_units(install);
	if (result == 0)
		result = settle(install, number);
	if (result == 0 || !install->temporary[0])
		return result;
	error = *error_last();
	if (tree_remove(install->all, install->temporary) < 0)
		log_error();
	*error_last() = error;
	return result;
}

int revision_install(const struct revision_target *target, const struct install_request *request,
		     uint32_t *number)
{
	auto_arena struct arena arena = { 0 };
	struct install install = { .arena = &arena, .target = target, .request = request };
	int result = revision_load(&arena, target->store, request->name, &install.revision);

	if (result == 0)
		result = ask_policy(&install, request->name, &install.revision.digest, 1);
	if (result == 0)
		result = ask_for_images(&install);
	if (result == 0)
		result = make_room(&install);
	if (result < 0)
		return result;
	install.all = revisions_folder(target->store, true);
	if (install.all < 0)
		return install.all;
	snprintf(install.temporary, sizeof(install.temporary), ".new-%d", (int)getpid());
	result = tree_remove(install.all, install.temporary);
	if (result == 0)
		result = install_staged(&install, number);
	close_fd(&install.all);
	return result;
}
