/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of `process` that one row cannot say. */
#include <sched.h>
#include <string.h>

#include "lib/config.h"
#include "lib/error.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

#ifndef SCHED_ISO
#define SCHED_ISO 4 /* reserved, Linux never had it */
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

enum { WINDOW_MAXIMUM = 65535 }; /* struct winsize */

static int check_rlimits(const struct spec_reader *reader, const struct spec_frame *frame,
			 const struct spec_process *process)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < process->rlimit_count; i++) {
		const uint32_t bit = UINT32_C(1) << process->rlimits[i].resource;
		const struct spec_frame rlimits = { frame, spec_member(frame->node, "rlimits"),
						    "rlimits", 0 };
		struct spec_frame item = { &rlimits, rlimits.node->child, NULL, i };

		if (!(seen & bit)) {
			seen |= bit;
			continue;
		}
		for (size_t skip = i; skip; skip--)
			item.node = item.node->next;
		return spec_fail(reader, &item, "type", "%s is listed twice",
				 process->rlimits[i].name);
	}
	return 0;
}

static int check_process(const struct spec_reader *reader, const struct spec_frame *frame,
			 struct spec_process *process)
{
	process->present = true;
	if (!process->args.count)
		return spec_fail(reader, frame, "args", "must have at least one entry");
	if (!process->args.items[0][0])
		return spec_fail(reader, frame, "args[0]", "must not be empty");
	if (!process->terminal) /* config.md: then it MUST be ignored */
		process->console_height = process->console_width = 0;
	if (process->console_height > WINDOW_MAXIMUM || process->console_width > WINDOW_MAXIMUM)
		return spec_fail(reader, frame, "consoleSize",
				 "a terminal has at most %d lines or columns", WINDOW_MAXIMUM);
	return check_rlimits(reader, frame, process);
}

static int check_rlimit(const struct spec_reader *reader, const struct spec_frame *frame,
			struct spec_rlimit *rlimit)
{
	rlimit->name = spec_member(frame->node, "type")->valuestring;
	if (rlimit->soft > rlimit->hard)
		return spec_fail(reader, frame, "soft", "is above the hard limit");
	return 0;
}

/* sched(7), sched_setattr(2) */
static int check_scheduler(const struct spec_reader *reader, const struct spec_frame *frame,
			   struct spec_scheduler *scheduler)
{
	const bool deadline = scheduler->policy == SCHED_DEADLINE;
	const bool fixed = scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;

	scheduler->present = true;
	if (scheduler->policy == SCHED_ISO)
		return spec_fail(reader, frame, "policy", "Linux has no SCHED_ISO");
	if (fixed && scheduler->priority < 1)
		return spec_fail(reader, frame, "priority",
				 "must be from 1 to 99 with this policy");
	if (!fixed && scheduler->priority)
		return spec_fail(reader, frame, "priority", "needs SCHED_FIFO or SCHED_RR");
	if (!deadline && (scheduler->runtime || scheduler->deadline || scheduler->period))
		return spec_fail(reader, frame,
				 scheduler->runtime  ? "runtime" :
				 scheduler->deadline ? "deadline" :
						       "period",
				 "needs SCHED_DEADLINE");
	if (deadline && (!scheduler->runtime || scheduler->runtime > scheduler->deadline ||
			 (scheduler->period && scheduler->deadline > scheduler->period)))
		return spec_fail(reader, frame, "runtime",
				 "must be positive, and runtime <= deadline <= period");
	return 0;
}

int spec_check_process(struct spec_reader *reader, const struct spec_frame *frame,
		       enum spec_object object, void *base)
{
	struct spec_capabilities *capabilities = base;

	switch (object) {
	case OBJECT_PROCESS:
		return check_process(reader, frame, base);
	case OBJECT_RLIMIT:
		return check_rlimit(reader, frame, base);
	case OBJECT_SCHEDULER:
		return IS_ENABLED(CONFIG_SCHEDULER) ? check_scheduler(reader, frame, base) : 0;
	default:
		capabilities->present = true;
		return 0;
	}
}
