/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revisions: a child asks the store which one is to run, and makes the plan of it; PID 1 judges the
 * one that is on trial, and a child puts the verdict on record. Data flows one way: PID 1 knows of
 * revisions what its plan says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/revision.h"
#include "init/host/host.h"
#include "init/launch/launch.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"

enum {
	RECORD_MS = 30000, /* to put a verdict on record */
	RECORD_RETRY_MS = 10000,
	TRIAL_IS_OVER = 3, /* exit status of JOB_REVISION */
	LOADS = 4, /* a trial, what is committed, and should somebody change that meanwhile */
};

_Static_assert(REASON_SIZE == sizeof(((struct revision_state *)0)->reason), "see host.h");

static const char *settings_path(void)
{
	return getenv("CRUET_IMAGES");
}

/* ---- in children ---- */

int host_choose(const struct host *host)
{
	auto_arena struct arena arena = { 0 };
	struct revision_choice choice;
	int result = 0;

	/* A store that cannot be read is no reason to start nothing at all. */
	if (revision_choose(&arena, settings_path(), NULL, true, &choice) < 0)
		log_error();
	else if (choice.number)
		result |= BOARD_REVISION;
	if (volumes_sweep(&host->plan, false) > 0)
		result |= BOARD_SWEEP;
	return result;
}

/* The plan of a revision in host->next_fd, which is returned; -errno recorded, and said. */
static int load_over(struct host *host, const struct host_settings *settings,
		     const struct revision_choice *choice, char reason[REASON_SIZE])
{
	const struct unit_over over = {
		.folder = choice->units,
		.without = choice->without,
		.revision = choice->number,
		.trial = choice->trial,
	};

	reason[0] = '\0';
	host->from_file = 0;
	if (host_compile(settings, &over, host->next_fd, reason) < 0)
		return error_result();
	if (plan_map(&host->plan, host->next_fd, choice->units) < 0) {
		error_format(error_last(), reason, REASON_SIZE);
		log_error();
		return error_result();
	}
	return host->next_fd;
}

/* What is committed is the last resort but one: a device without units is none. */
static int fall_back(struct host *host, const struct host_settings *settings, const struct host *of,
		     bool refused)
{
	if (of->kept->choice == CHOICE_NONE && of->kept->trial != TRIAL_LEAVES && !refused)
		return error_result(); /* what runs stays */
	log_warning("the firmware's units run");
	return host_load_plan(host, settings);
}

int host_load_chosen(struct host *host, const struct host_settings *settings, const struct host *of,
		     bool *refused)
{
	auto_arena struct arena arena = { 0 };
	/* The first child was killed, or crashed, with a trial in its hands. */
	bool skip = of->kept->choice == CHOICE_LAST;
	char reason[REASON_SIZE] = "it could not be loaded";
	struct revision_choice choice;

	for (int i = 0; i < LOADS; i++) {
		if (revision_choose(&arena, settings_path(), NULL, false, &choice) < 0)
			return error_result();
		if (!choice.number)
			return host_load_plan(host, settings);
		if (!(skip && choice.trial) && load_over(host, settings, &choice, reason) >= 0)
			return host->next_fd;
		if (!choice.trial) {
			log_warning("revision %u is committed and cannot be loaded",
				    (unsigned int)choice.number);
			return fall_back(host, settings, of, *refused);
		}
		if (revision_fail(settings_path(), NULL, choice.number, reason) < 0)
			return error_result();
		*refused = true;
		skip = false;
	}
	return fail_as(ERROR_STATE, EAGAIN, "the revision that is to run keeps changing");
}

/* Somebody may have ended it by hand. */
int host_end_trial(const struct host *host)
{
	const struct kept *kept = host->kept;
	struct revision_state state;

	if (revision_state(settings_path(), NULL, &state) < 0)
		return error_result();
	if (state.trial != kept->trial_number)
		return TRIAL_IS_OVER;
	return kept->trial == TRIAL_COMMITS ?
		       revision_commit(settings_path(), NULL, kept->trial_number) :
		       revision_fail(settings_path(), NULL, kept->trial_number, kept->trial_reason);
}

/* ---- the trial ---- */

void host_begin_trial(struct host *host)
{
	struct kept *kept = host->kept;
	const uint32_t number = host->plan.header->revision;

	if (!(host->plan.header->flags & PLAN_TRIAL)) {
		kept->trial = TRIAL_NONE;
		return;
	}
	if ((kept->trial == TRIAL_RUNS || kept->trial == TRIAL_COMMITS) &&
	    kept->trial_number == number)
		return; /* read again while it is on trial */
	kept->trial = TRIAL_RUNS;
	kept->trial_number = number;
	kept->trial_began = host->now;
	host_note_revision(host, NOTE_TRIAL, number);
	host_say(host, SAY_NOTICE, "revision %u: on trial", (unsigned int)number);
}

/* The flight recorder has it among the units that failed. */
static void remember(struct host *host, const char *unit, uint32_t cause, int32_t exit_status)
{
	struct kept *kept = host->kept;
	struct recorder_failure *failure;

	if (!kept->is_init || !host->plan.system->recorder ||
	    kept->failure_count == PENDING_FAILURES)
		return;
	failure = &kept->failures[kept->failure_count++];
	*failure = (struct recorder_failure){ .up_ms = host->now,
					      .cause = cause,
					      .exit_status = exit_status };
	snprintf(failure->unit, sizeof(failure->unit), "%s", unit);
}

static void fail_trial(struct host *host, uint32_t unit)
{
	struct kept *kept = host->kept;
	const struct unit_state *state = supervisor_unit(host->supervisor, unit);
	const bool failed = state->phase == PHASE_FAILED;
	const char *name = plan_unit_name(&host->plan, unit);
	char who[sizeof(((struct recorder_failure *)0)->unit)];

	if (failed)
		snprintf(kept->trial_reason, REASON_SIZE, "%s: failed (%s, exit status %d)", name,
			 unit_cause_name(state->cause), (int)state->exit_status);
	else
		snprintf(kept->trial_reason, REASON_SIZE, "%s: not ready in time (%s)", name,
			 unit_phase_name(state->phase));
	snprintf(who, sizeof(who), "revision %u, %.40s", (unsigned int)kept->trial_number, name);
	remember(host, who, failed ? state->cause : CAUSE_READY_TIMEOUT, state->exit_status);
	kept->trial = TRIAL_ENDS;
}

/* Nothing is in the way of the next step. */
static bool may_tend(const struct host *host)
{
	const struct kept *kept = host->kept;

	return kept->trial != TRIAL_NONE && kept->end_step == END_NOT &&
	       kept->choice == CHOICE_NONE && host->next_fd < 0 &&
	       kept->jobs[JOB_REVISION].pid == 0 && kept->jobs[JOB_RELOAD].pid == 0;
}

static struct trial_judgement judge(const struct host *host)
{
	return supervisor_judge_trial(host->supervisor, &host->plan, host->kept->trial_began,
				      host->now);
}

void host_tend_trial(struct host *host)
{
	struct kept *kept = host->kept;
	struct trial_judgement judgement;

	if (!may_tend(host))
		return;
	if (kept->trial == TRIAL_RUNS) {
		judgement = judge(host);
		if (judgement.verdict == TRIAL_OPEN)
			return;
		if (judgement.verdict == TRIAL_PROVED)
			kept->trial = TRIAL_COMMITS;
		else
			fail_trial(host, judgement.unit);
		kept->trial_at = host->now;
	}
	if (kept->trial_at > host->now)
		return;
	kept->trial_at = host->now + RECORD_RETRY_MS;
	if (kept->trial == TRIAL_LEAVES)
		host_reload(host);
	else
		host_job(host, JOB_REVISION, PLAN_NONE, RECORD_MS);
}

uint64_t host_trial_deadline(const struct host *host)
{
	if (!may_tend(host))
		return UINT64_MAX;
	return host->kept->trial == TRIAL_RUNS ? judge(host).due : host->kept->trial_at;
}

uint64_t host_trial_due(const struct host *host, uint32_t *unit)
{
	const uint32_t trial = host->kept->trial;
	struct trial_judgement judgement;

	*unit = PLAN_NONE;
	if (trial != TRIAL_RUNS)
		return trial == TRIAL_NONE ? 0 : host->now;
	judgement = judge(host);
	*unit = judgement.unit;
	return judgement.due;
}

static void leave(struct host *host)
{
	host->kept->trial = TRIAL_LEAVES;
	host->kept->trial_at = host->now;
}

void host_trial_ended(struct host *host, int status)
{
	struct kept *kept = host->kept;
	const uint32_t number = kept->trial_number, trial = kept->trial;

	if (trial != TRIAL_COMMITS && trial != TRIAL_ENDS)
		return; /* another plan has come meanwhile */
	if (status == TRIAL_IS_OVER) {
		leave(host);
	} else if (status != 0) {
		host_say(host, SAY_ERROR,
			 "revision %u: its %s cannot be put on record: tried again",
			 (unsigned int)number, trial == TRIAL_COMMITS ? "success" : "failure");
	} else if (trial == TRIAL_COMMITS) {
		kept->trial = TRIAL_NONE;
		host_note_revision(host, NOTE_TRIAL_COMMITTED, number);
		host_say(host, SAY_NOTICE, "revision %u: committed", (unsigned int)number);
	} else {
		host_note_revision(host, NOTE_TRIAL_FAILED, number);
		host_say(host, SAY_ERROR, "revision %u: failed: %s", (unsigned int)number,
			 kept->trial_reason);
		leave(host);
	}
}

void host_refuse_trial(struct host *host)
{
	host_note_revision(host, NOTE_TRIAL_FAILED, 0);
	host_say(host, SAY_ERROR, "the revision on trial has failed: it cannot be loaded");
	remember(host, "revision on trial", CAUSE_LAUNCH, -1);
}
