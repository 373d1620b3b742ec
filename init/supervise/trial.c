/* SPDX-License-Identifier: Apache-2.0 */
/* Has a revision proved itself? See supervise.h. */
#include "init/supervise/internal.h"

/* Many a program is ready as soon as it is executed, and ends a moment later. */
enum { TRIAL_STABLE_MS = 5000 };

static uint32_t stable_time(const struct plan *plan, const struct plan_unit *unit, bool goal)
{
	const uint32_t stable = goal ? unit->goal_stable : plan->system->revision_stable;

	return goal && stable < TRIAL_STABLE_MS ? TRIAL_STABLE_MS : stable;
}

static bool has_goal(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->unit_count; i++)
		if (plan->units[i].goal)
			return true;
	return false;
}

struct trial_judgement supervisor_judge_trial(const struct supervisor *supervisor,
					      const struct plan *plan, uint64_t began, uint64_t now)
{
	const struct unit_state *states = supervisor_unit((struct supervisor *)supervisor, 0);
	const uint64_t deadline = time_until(began, plan->system->revision_deadline);
	const bool goal = has_goal(plan);
	struct trial_judgement judgement = {
		.unit = PLAN_NONE,
		.due = goal ? began : time_until(began, plan->system->revision_stable),
	};

	for (uint32_t i = 0; i < plan->unit_count; i++) {
		const struct plan_unit *planned = &plan->units[i];
		const uint64_t since = states[i].ready_at > began ? states[i].ready_at : began;
		const uint64_t until = time_until(since, stable_time(plan, planned, goal));

		if (goal ? !planned->goal : !planned->autostart || planned->type != UNIT_SERVICE)
			continue;
		if (states[i].phase == PHASE_FAILED)
			return (struct trial_judgement){ TRIAL_FAILED, i, now };
		if (states[i].ready_at == 0 && judgement.unit == PLAN_NONE)
			judgement.unit = i;
		if (until > judgement.due)
			judgement.due = until;
	}
	if (judgement.unit != PLAN_NONE) {
		judgement.verdict = now >= deadline ? TRIAL_FAILED : TRIAL_OPEN;
		judgement.due = deadline;
	} else if (now >= judgement.due) {
		judgement.verdict = TRIAL_PROVED;
	}
	return judgement;
}
