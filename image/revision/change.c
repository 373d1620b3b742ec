/* SPDX-License-Identifier: Apache-2.0 */
/* What changes the boot state: a trial begins, proves itself, fails; the one before comes back. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/revision/internal.h"
#include "image/trust/audit.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/tree.h"

int revision_note(struct store *store, const char *action, uint32_t number, const char *name,
		  const struct digest *digest, const char *reason)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", number);
	return audit_write(store, &(struct audit_event){ .action = action,
							 .name = name,
							 .manifest = digest,
							 .id = id,
							 .reason = reason });
}

/* The same of one that is installed. A device boots though its log is full. */
static void note(struct store *store, const char *action, uint32_t number, const char *reason)
{
	auto_arena struct arena arena = { 0 };
	struct revision revision = { .name = NULL };
	bool known = number && revision_installed(&arena, store, number, &revision) == 0;

	if (revision_note(store, action, number, known ? revision.name : NULL,
			  known ? &revision.digest : NULL, reason) < 0)
		log_error();
	error_clear();
}

static int refuse(int no, const char *reason)
{
	return fail_as(ERROR_STATE, no, "%s", reason);
}

/* ---- a trial ---- */

static int check_try(const struct revision_target *target, const struct boot *boot, uint32_t number)
{
	auto_arena struct arena arena = { 0 };
	const struct revision_state *state = &boot->state;
	struct revision revision;

	if (number == REVISION_FIRMWARE)
		return refuse(EINVAL, "revision 0 is what the firmware brings: there is nothing "
				      "to try");
	if (state->trial)
		return fail_as(ERROR_STATE, EBUSY,
			       "revision %u is on trial: cruet revision commit or rollback ends it",
			       state->trial);
	if (number == state->committed)
		return fail_as(ERROR_STATE, EEXIST, "revision %u is committed already", number);
	return revision_check(&arena, target->store, target->settings, number, false, &revision);
}

int revision_try(const struct revision_target *target, uint32_t number, uint32_t tries)
{
	auto_boot struct boot boot;
	struct revision_state *state = &boot.state;
	int result = boot_open(target->store, true, &boot);

	if (result == 0)
		result = check_try(target, &boot, number);
	if (result < 0)
		return result;
	state->trial = number;
	state->tries_left = tries;
	/* It gets another chance. */
	if (state->failed == number) {
		state->failed = 0;
		memset(state->reason, 0, sizeof(state->reason));
	}
	result = boot_write(target->store, &boot);
	if (result == 0)
		note(target->store, "try", number, NULL);
	return result;
}

/* ---- it proved itself ---- */

static int raise_image(struct arena *arena, const struct revision_target *target,
		       const struct revision_image *image)
{
	char text[DIGEST_TEXT_SIZE];
	struct trust_decision decision;
	struct image loaded;
	const char *name =
		arena_printf(arena, "%s@%s", image->name, digest_text(&image->digest, text));
	int result = name ? image_load(arena, target->store, text, NULL, &loaded) : error_result();

	return result < 0 ? result :
			    trust_check(arena, target->store, target->settings, name,
					&loaded.descriptor.digest, true, &decision);
}

/*
 * After the record, never before: a cut of power in between must not leave a committed revision
 * that its own counters refuse. What is missed then is made up for when the images start.
 */
static void raise_counters(const struct revision_target *target, uint32_t number)
{
	auto_arena struct arena arena = { 0 };
	struct trust_decision decision;
	struct revision revision;
	int result = revision_installed(&arena, target->store, number, &revision);

	if (result == 0)
		result = trust_check(&arena, target->store, target->settings, revision.name,
				     &revision.digest, true, &decision);
	for (size_t i = 0; result == 0 && i < revision.image_count; i++)
		result = raise_image(&arena, target, &revision.images[i]);
	if (result < 0)
		log_error();
	error_clear();
}

int revision_accept(const struct revision_target *target, uint32_t number, uint32_t *done)
{
	auto_boot struct boot boot;
	struct revision_state *state = &boot.state;
	int result = boot_open(target->store, true, &boot);

	if (result < 0)
		return result;
	if (number == 0)
		number = state->trial;
	if (number == 0)
		return refuse(EINVAL, "no revision is on trial");
	/* Said twice: who was killed meanwhile does not know that it is done. */
	if (number != state->trial && (state->trial || number != state->committed))
		return fail_as(ERROR_STATE, EINVAL, "revision %u is not on trial", number);
	if (number == state->trial) {
		state->previous = state->committed;
		state->committed = number;
		state->trial = state->tries_left = 0;
	}
	result = boot_write(target->store, &boot);
	boot_close(&boot);
	if (result < 0)
		return result;
	raise_counters(target, number);
	note(target->store, "commit", number, NULL);
	*done = number;
	return 0;
}

/* ---- it failed, or the one before is wanted back ---- */

static int end_trial(const struct revision_target *target, struct boot *boot, const char *reason)
{
	struct revision_state *state = &boot->state;
	const uint32_t number = state->trial;
	int result;

	state->failed = number;
	state->trial = state->tries_left = 0;
	memset(state->reason, 0, sizeof(state->reason));
	snprintf(state->reason, sizeof(state->reason), "%s", reason);
	result = boot_write(target->store, boot);
	if (result == 0)
		note(target->store, "fail", number, reason);
	return result;
}

int revision_give_up(const struct revision_target *target, uint32_t number, const char *reason)
{
	auto_boot struct boot boot;
	int result = boot_open(target->store, true, &boot);

	if (result < 0)
		return result;
	if (number == 0 ||
	    (number != boot.state.trial && (boot.state.trial || number != boot.state.failed)))
		return fail_as(ERROR_STATE, EINVAL, "revision %u is not on trial", number);
	return number == boot.state.trial ? end_trial(target, &boot, reason) :
					    boot_write(target->store, &boot);
}

static int swap(const struct revision_target *target, struct boot *boot)
{
	auto_arena struct arena arena = { 0 };
	struct revision_state *state = &boot->state;
	const uint32_t back = state->previous;
	struct revision revision;
	int result = 0;

	if (back == state->committed)
		return refuse(ENOENT, "no revision was committed before");
	if (back != REVISION_FIRMWARE)
		result = revision_check(&arena, target->store, target->settings, back, false,
					&revision);
	if (result < 0)
		return fail_context(result, "cannot go back");
	state->previous = state->committed;
	state->committed = back;
	result = boot_write(target->store, boot);
	if (result == 0)
		note(target->store, "rollback", back, NULL);
	return result;
}

int revision_rollback(const struct revision_target *target, uint32_t *now)
{
	auto_boot struct boot boot;
	int result = boot_open(target->store, true, &boot);

	if (result < 0)
		return result;
	result = boot.state.trial ? end_trial(target, &boot, "rolled back by hand") :
				    swap(target, &boot);
	*now = boot.state.committed;
	return result;
}

/* ---- removal ---- */

/* Its name goes first, and that durably: half a revision is never under it. */
static int discard(const struct revision_target *target, uint32_t number)
{
	auto_fd int all = revisions_folder(target->store, false);
	char name[16], doomed[32];

	if (all < 0)
		return all == -ENOENT ? fail_as(ERROR_NOT_FOUND, ENOENT,
						"revision %u is not installed", number) :
					all;
	snprintf(name, sizeof(name), "%u", number);
	snprintf(doomed, sizeof(doomed), ".old-%d-%u", (int)getpid(), number);
	if (renameat(all, name, all, doomed) < 0)
		return errno == ENOENT ? fail_as(ERROR_NOT_FOUND, ENOENT,
						 "revision %u is not installed", number) :
					 fail(errno, "remove revision %u", number);
	if (fsync(all) < 0)
		return fail(errno, "remove revision %u", number);
	return tree_remove(all, doomed);
}

int revision_remove(const struct revision_target *target, uint32_t number)
{
	auto_arena struct arena arena = { 0 };
	auto_boot struct boot boot;
	struct revision revision = { .name = NULL };
	bool known;
	int result = boot_open(target->store, true, &boot);

	if (result < 0)
		return result;
	if (number == REVISION_FIRMWARE)
		return refuse(EINVAL, "revision 0 is what the firmware brings");
	if (boot_names(&boot.state, number))
		return fail_as(ERROR_STATE, EBUSY, "revision %u is %s: it stays", number,
			       number == boot.state.trial     ? "on trial" :
			       number == boot.state.committed ? "committed" :
								"what rollback goes back to");
	known = revision_installed(&arena, target->store, number, &revision) == 0;
	result = discard(target, number);
	if (result < 0)
		return result;
	return revision_note(target->store, "remove", number, known ? revision.name : NULL,
			     known ? &revision.digest : NULL, NULL);
}
