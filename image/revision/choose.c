/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side: see image/revision.h. It opens the store by itself. */
#include <stdio.h>
#include <string.h>

#include "image/revision/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"

struct opened {
	struct arena arena;
	struct image_settings settings;
	struct store *store;
	struct revision_target target;
};
#define auto_opened __attribute__((cleanup(close_opened)))

static void close_opened(struct opened *opened)
{
	store_close(&opened->store);
	arena_free(&opened->arena);
}

/* -ENOENT unrecorded: there is no store. */
static int open_store(struct opened *opened, const char *settings, const char *store,
		      unsigned int flags)
{
	struct store_request request;
	int result;

	memset(opened, 0, sizeof(*opened));
	result = settings_read(&opened->arena, settings, &opened->settings);
	if (result < 0)
		return result == -ENOENT ? -EINVAL : result;
	if (store)
		opened->settings.store = store;
	request = (struct store_request){
		.path = opened->settings.store,
		.lower = opened->settings.factory,
		.lower_count = opened->settings.factory_count,
		.uses = opened->settings.uses,
		.reserve_bytes = opened->settings.limits.reserve_bytes,
		.flags = flags,
	};
	result = store_open(&request, &opened->store);
	opened->target = (struct revision_target){ opened->store, &opened->settings };
	if (result == -ENOENT)
		error_clear();
	return result;
}

static void warn_of_damage(const struct store *store, const struct boot *boot)
{
	if (boot->newest < 0 && (boot->damaged[0] || boot->damaged[1]))
		log_warning("the boot state %s/" REVISION_BOOT " is damaged: the firmware's units "
			    "run",
			    store_path(store));
}

int revision_state(const char *settings, const char *store, struct revision_state *state)
{
	auto_opened struct opened opened;
	auto_boot struct boot boot = { .folder = -1 };
	int result = open_store(&opened, settings, store, STORE_READ_ONLY);

	memset(state, 0, sizeof(*state));
	if (result == 0)
		result = boot_open(opened.store, false, &boot);
	if (result < 0)
		return result == -ENOENT ? 0 : result;
	warn_of_damage(opened.store, &boot);
	*state = boot.state;
	return 0;
}

/* ---- what to run ---- */

static int fill(struct arena *arena, const struct store *store, uint32_t number, bool trial,
		const struct revision *revision, struct revision_choice *choice)
{
	const struct string_list *without = &revision->without;
	const char **list = arena_array(arena, without->count + 1, sizeof(*list));

	choice->units = arena_printf(arena, "%s/" REVISION_REV "/%u/" REVISION_UNITS,
				     store_path(store), number);
	if (!list || !choice->units)
		return error_result();
	for (size_t i = 0; i < without->count; i++) {
		list[i] = arena_strdup(arena, without->items[i]);
		if (!list[i])
			return error_result();
	}
	choice->without = list;
	choice->number = number;
	choice->trial = trial;
	return 0;
}

/* 1: this one; 0: it is not whole, and the recorded error says why. */
static int take(struct arena *arena, struct opened *opened, uint32_t number, bool trial,
		struct revision_choice *choice)
{
	struct revision revision;
	int result = revision_check(&opened->arena, opened->store, &opened->settings, number,
				    !trial, &revision);

	/* A counter that cannot be kept now is kept another time. */
	if (result == -EACCES && !trial)
		result = revision_check(&opened->arena, opened->store, &opened->settings, number,
					false, &revision);
	if (result == -ENOMEM)
		return result;
	if (result < 0)
		return 0;
	result = fill(arena, opened->store, number, trial, &revision, choice);
	return result < 0 ? result : 1;
}

static int take_committed(struct arena *arena, struct opened *opened,
			  const struct revision_state *state, struct revision_choice *choice)
{
	const uint32_t numbers[] = { state->committed, state->previous };

	for (int i = 0; i < 2 && numbers[i] != REVISION_FIRMWARE; i++) {
		int result = take(arena, opened, numbers[i], false, choice);

		if (result)
			return result < 0 ? result : 0;
		log_error();
		error_clear();
	}
	if (state->committed)
		log_warning("revision %u cannot be run: the firmware's units run",
			    state->committed);
	return 0;
}

/* `reason` NULL: the recorded error is it. */
static int fail_trial(struct opened *opened, struct revision_state *state, const char *reason)
{
	char text[sizeof(struct error) + 128];
	const uint32_t number = state->trial;
	int result;

	if (!reason)
		reason = error_format(error_last(), text, sizeof(text));
	log_warning("revision %u has failed: %s", number, reason);
	result = revision_give_up(&opened->target, number, reason);
	if (result < 0)
		log_error();
	state->trial = 0;
	error_clear();
	return 0;
}

/* One boot less. It counts only if it is on record: else a trial would go on for ever. */
static int count_down(struct opened *opened, uint32_t number)
{
	auto_boot struct boot boot;
	int result = boot_open(opened->store, true, &boot);

	if (result < 0)
		return result;
	if (boot.state.trial != number || boot.state.tries_left == 0)
		return fail(EAGAIN, "the trial of revision %u has ended meanwhile", number);
	boot.state.tries_left--;
	return boot_write(opened->store, &boot);
}

/* 1: the trial is to run. */
static int take_trial(struct arena *arena, struct opened *opened, struct revision_state *state,
		      bool boot, struct revision_choice *choice)
{
	struct revision_choice trial = { 0 };
	int result;

	if (boot && state->tries_left == 0)
		return fail_trial(opened, state, "it did not prove itself in the boots it had");
	result = take(arena, opened, state->trial, true, &trial);
	if (result < 0)
		return result;
	if (result == 0)
		return fail_trial(opened, state, NULL);
	if (boot && count_down(opened, state->trial) < 0) {
		log_error();
		log_warning("revision %u is not tried: the boot cannot be put on record",
			    state->trial);
		error_clear();
		return 0;
	}
	*choice = trial;
	return 1;
}

int revision_choose(struct arena *arena, const char *settings, const char *store, bool boot,
		    struct revision_choice *choice)
{
	static const char *none[] = { NULL };
	auto_opened struct opened opened;
	auto_boot struct boot records = { .folder = -1 };
	struct revision_state state;
	int result = open_store(&opened, settings, store, 0);

	*choice = (struct revision_choice){ .without = none };
	if (result == 0)
		result = boot_open(opened.store, false, &records);
	if (result < 0)
		return result == -ENOENT ? 0 : result;
	warn_of_damage(opened.store, &records);
	state = records.state;
	boot_close(&records);
	/* What gc takes away meanwhile is nothing that a revision has. */
	result = state.trial ? take_trial(arena, &opened, &state, boot, choice) : 0;
	if (result == 0)
		result = take_committed(arena, &opened, &state, choice);
	return result < 0 ? result : 0;
}

/* ---- how it went ---- */

int revision_commit(const char *settings, const char *store, uint32_t number)
{
	auto_opened struct opened opened;
	int result = open_store(&opened, settings, store, 0);

	if (result == -ENOENT || number == REVISION_FIRMWARE)
		return fail_as(ERROR_STATE, EINVAL, "revision %u is not on trial", number);
	return result < 0 ? result : revision_accept(&opened.target, number, &number);
}

int revision_fail(const char *settings, const char *store, uint32_t number, const char *reason)
{
	auto_opened struct opened opened;
	int result = open_store(&opened, settings, store, 0);

	if (result == -ENOENT)
		return fail_as(ERROR_STATE, EINVAL, "revision %u is not on trial", number);
	return result < 0 ? result : revision_give_up(&opened.target, number, reason);
}

ssize_t revisions_installed(struct arena *arena, const char *settings, const char *store,
			    uint32_t **numbers)
{
	auto_opened struct opened opened;
	const int result = open_store(&opened, settings, store, STORE_READ_ONLY);

	return result < 0 ? result : revision_numbers(arena, opened.store, numbers);
}
