/* SPDX-License-Identifier: Apache-2.0 */
/* What phases and causes are called. */
#include "init/supervise/supervise.h"

static const char phases[PHASE_COUNT][9] = {
	[PHASE_OFF] = "off",	       [PHASE_WAITING] = "waiting",   [PHASE_STARTING] = "starting",
	[PHASE_STARTED] = "started",   [PHASE_READY] = "ready",	      [PHASE_DEGRADED] = "degraded",
	[PHASE_STOPPING] = "stopping", [PHASE_CLEANING] = "cleaning", [PHASE_BACKOFF] = "backoff",
	[PHASE_FAILED] = "failed",
};

static const char causes[CAUSE_COUNT][17] = {
	[CAUSE_NONE] = "none",
	[CAUSE_WANTED] = "wanted",
	[CAUSE_ASKED] = "asked",
	[CAUSE_DEPENDENCY] = "dependency",
	[CAUSE_CONDITION] = "condition",
	[CAUSE_SHUTDOWN] = "shutdown",
	[CAUSE_EXIT] = "exit",
	[CAUSE_LAUNCH] = "launch",
	[CAUSE_START_TIMEOUT] = "start timeout",
	[CAUSE_READY_TIMEOUT] = "ready timeout",
	[CAUSE_HEALTH] = "health",
	[CAUSE_WATCHDOG] = "watchdog",
	[CAUSE_STOP_TIMEOUT] = "stop timeout",
	[CAUSE_STUCK] = "stuck",
	[CAUSE_DONE] = "done",
	[CAUSE_LIMIT] = "limit",
};

const char *unit_phase_name(uint32_t phase)
{
	return phase < PHASE_COUNT ? phases[phase] : "unknown";
}

const char *unit_cause_name(uint32_t cause)
{
	return cause < CAUSE_COUNT ? causes[cause] : "unknown";
}
