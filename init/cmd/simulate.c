/* SPDX-License-Identifier: Apache-2.0 */
/* cruet simulate: what random failures do to a set of units, in virtual time. */
#include "init/cmd/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/cmd/problem.h"
#include "init/supervise/simulate.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"

struct options {
	uint64_t schedules, seed, hours;
	const char *system;
	bool json, trace;
	bool schedules_given, seed_given;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN
#define OPTION_SEEN(field) offsetof(struct options, field), offsetof(struct options, field##_given)

static const struct args_option options[] = {
	{ "schedules", 'n', ARGS_UINT, OPTION_SEEN(schedules), "NUMBER",
	  "how many lives of the device (default 10000, with --hours 10)" },
	{ "seed", 0, ARGS_UINT, OPTION_SEEN(seed), "NUMBER",
	  "of the first one (default 1); each further one has the next number" },
	{ "hours", 'H', ARGS_UINT, OPTION(hours), "HOURS",
	  "how long each life is (default: ten minutes)" },
	{ "system", 's', ARGS_STRING, OPTION(system), "FILE",
	  "the system's settings; default: system.json beside the folder" },
	{ "trace", 't', ARGS_FLAG, OPTION(trace), NULL, "show all that happens in the first life" },
	{ "json", 'j', ARGS_FLAG, OPTION(json), NULL, "print the findings as JSON" },
	COMMAND_OPTIONS_END,
};

enum {
	LIFE_MS = 600000,
	HOUR_MS = 3600000,
	HOURS_MAX = 10000,
	TRACE_LINES = 150, /* of a life that broke a promise: its end */
	NAMES_SIZE = 256,
};

struct run {
	struct arena arena;
	const struct options *options;
	struct plan plan;
	struct simulation simulation;
	uint64_t done;
	uint64_t broken; /* the seed of the life that broke a promise */
	uint64_t notes, notes_skipped;
	bool progress;
	struct json_writer writer;
};

static void print_problem(void *context, bool warning, const char *text)
{
	const struct unit_report *report = context;

	(void)text;
	if (!warning)
		problem_print(STDERR_FILENO, report->current);
}

static int load(struct run *run, const char *folder)
{
	struct unit_report report = { .problem = print_problem };
	const char *system = run->options->system;
	const void *block;
	size_t size;

	report.context = &report;
	if (!system)
		system = problem_beside(&run->arena, folder, "system.json");
	if (!system)
		return -ENOMEM;
	block = unit_compile(&run->arena, folder, system, 0, &report, &size);
	if (!block)
		return fail_as(ERROR_CONFIG, 0, "%s: errors: %u; see `cruet check`", folder,
			       (unsigned int)report.errors);
	if (plan_from_block(&run->plan, block, size, folder) < 0)
		return error_result();
	return run->plan.unit_count ? 0 : fail_as(ERROR_CONFIG, 0, "%s: no units", folder);
}

/* ---- the trace ---- */

static const char *const event_words[] = {
	[EVENT_TICK] = "time passes",
	[EVENT_UP] = "is asked to be up",
	[EVENT_DOWN] = "is asked to be down",
	[EVENT_RESTART] = "is asked to restart",
	[EVENT_LAUNCHED] = "has been executed",
	[EVENT_LAUNCH_FAILED] = "cannot be executed",
	[EVENT_CLEANED] = "has been cleaned up",
	[EVENT_CLEAN_FAILED] = "cannot be cleaned up",
	[EVENT_NOTIFY_READY] = "says that it is ready",
	[EVENT_NOTIFY_STOPPING] = "says that it stops",
	[EVENT_NOTIFY_WATCHDOG] = "gives a sign of life",
	[EVENT_NOTIFY_FAILED] = "says that it has failed",
};

static const char *const action_words[] = {
	[ACTION_START] = "start it",
	[ACTION_STOP] = "send the stop signal",
	[ACTION_CLEAN] = "clean up",
	[ACTION_CHECK] = "probe it",
	[ACTION_RESET] = "clean up and throw away its layer",
	[ACTION_REBOOT] = "reboot the machine because of it",
};

static const char *describe_event(const struct run *run, const struct event *event, char *text,
				  size_t size)
{
	const char *name =
		event->unit < run->plan.unit_count ? plan_unit_name(&run->plan, event->unit) : "";
	const long long value = (long long)event->value;

	switch (event->kind) {
	case EVENT_TICK:
		return event_words[EVENT_TICK];
	case EVENT_CONDITION:
		snprintf(text, size, "condition %u (%s) is %s", (unsigned int)event->unit,
			 event->unit ?
				 plan_text(&run->plan, run->plan.conditions[event->unit].text) ?:
				 "clock" :
				 "board",
			 value ? "true" : "false");
		return text;
	case EVENT_EXITED:
		snprintf(text, size, "%s ends, status %lld", name, value);
		return text;
	case EVENT_CHECKED:
		snprintf(text, size, "%s: the probe %s", name, value ? "passes" : "fails");
		return text;
	case EVENT_NOTIFY_EXTEND:
		snprintf(text, size, "%s asks for %lld ms", name, value);
		return text;
	case EVENT_SHUTDOWN:
		snprintf(text, size, "shutdown within %lld ms", value);
		return text;
	default:
		snprintf(text, size, "%s %s", name, event_words[event->kind]);
		return text;
	}
}

static const char *describe_action(const struct run *run, const struct simulate_note *note,
				   char *text, size_t size)
{
	const struct action *action = note->action;
	const char *name = plan_unit_name(&run->plan, action->unit);

	if (action->kind == ACTION_DOWN)
		return "  all is down";
	if (action->kind == ACTION_CHANGED)
		snprintf(text, size, "  %s: %s -> %s (%s, failures %u)", name,
			 unit_phase_name((uint32_t)action->value),
			 unit_phase_name(note->state->phase), unit_cause_name(note->state->cause),
			 (unsigned int)note->state->failures);
	else
		snprintf(text, size, "  %s: %s", name, action_words[action->kind]);
	return text;
}

static void write_note(void *context, const struct simulate_note *note)
{
	struct run *run = context;
	char text[NAMES_SIZE], line[NAMES_SIZE + 32];
	const char *what;

	if (run->notes++ < run->notes_skipped)
		return;
	what = note->event ? describe_event(run, note->event, text, sizeof(text)) :
			     describe_action(run, note, text, sizeof(text));
	snprintf(line, sizeof(line), "%9llu.%03u  %s\n", (unsigned long long)(note->now / 1000),
		 (unsigned int)(note->now % 1000), what);
	if (!run->options->json)
		command_print(line, strlen(line));
	else
		json_write_string(&run->writer, NULL,
				  arena_strndup(&run->arena, line, strlen(line) - 1));
}

static void count_note(void *context, const struct simulate_note *note)
{
	struct run *run = context;

	(void)note;
	run->notes++;
}

/* The same life again, twice: to know how long it is, and to write down its end. */
static void trace(struct run *run, uint64_t seed, uint64_t lines)
{
	struct simulation *simulation = &run->simulation;

	run->notes = run->notes_skipped = 0;
	simulation->context = run;
	simulation->note = count_note;
	simulate_schedule(simulation, seed);
	run->notes_skipped = run->notes > lines ? run->notes - lines : 0;
	run->notes = 0;
	simulation->note = write_note;
	simulate_schedule(simulation, seed);
	simulation->note = NULL;
}

/* ---- the lives ---- */

static void show_progress(const struct run *run, uint64_t count)
{
	char line[80];

	if (!run->progress || (run->done * 100 / count == (run->done - 1) * 100 / count))
		return;
	snprintf(line, sizeof(line), "\r%llu of %llu lives", (unsigned long long)run->done,
		 (unsigned long long)count);
	fd_write_all(STDERR_FILENO, line, strlen(line));
}

static int live(struct run *run)
{
	const struct options *given = run->options;
	const uint64_t count = given->schedules_given ? given->schedules :
			       given->hours	      ? 10 :
							10000;
	const uint64_t first = given->seed_given ? given->seed : 1;
	struct simulation *simulation = &run->simulation;
	void *memory = arena_alloc(&run->arena, simulate_size(&run->plan));

	if (!memory)
		return -ENOMEM;
	simulation->plan = &run->plan;
	simulation->obeys = true;
	simulation->length = given->hours ? given->hours * HOUR_MS : LIFE_MS;
	simulation->disturbances = (uint32_t)(5 + simulation->length / LIFE_MS);
	simulate_begin(simulation, memory);
	run->progress = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
	run->broken = UINT64_MAX;
	while (run->done < count && run->broken == UINT64_MAX) {
		if (!simulate_schedule(simulation, first + run->done))
			run->broken = first + run->done;
		run->done++;
		show_progress(run, count);
	}
	if (run->progress)
		fd_write_all(STDERR_FILENO, "\r\033[K", 4);
	return 0;
}

/* ---- the report ---- */

static bool requires(const struct run *run, uint32_t unit, uint32_t other)
{
	const struct plan_list list = run->plan.units[unit].requires;

	for (uint32_t i = 0; i < list.count; i++)
		if (plan_word(&run->plan, list, i) == other)
			return true;
	return false;
}

/* "1.5 s", "3 min 20 s", "2 h 5 min". */
static const char *duration(uint64_t ms, char text[32])
{
	const uint64_t seconds = ms / 1000;

	if (ms < 60000)
		snprintf(text, 32, "%u.%03u s", (unsigned int)seconds, (unsigned int)(ms % 1000));
	else if (seconds < 3600)
		snprintf(text, 32, "%u min %u s", (unsigned int)(seconds / 60),
			 (unsigned int)(seconds % 60));
	else
		snprintf(text, 32, "%llu h %u min", (unsigned long long)(seconds / 3600),
			 (unsigned int)(seconds / 60 % 60));
	return text;
}

static void print_unit(struct run *run, uint32_t index, int width)
{
	const struct simulate_unit *unit = &run->simulation.units[index];
	char to_ready[32], outage[32], line[NAMES_SIZE + 256];
	size_t length;
	const char *comma = "";

	length = (size_t)snprintf(line, sizeof(line), "%-*s %9llu %9llu %8llu %14s %14s  ", width,
				  plan_unit_name(&run->plan, index),
				  (unsigned long long)unit->starts,
				  (unsigned long long)unit->failures,
				  (unsigned long long)unit->reboots,
				  duration(unit->time_to_ready, to_ready),
				  duration(unit->outage, outage));
	for (uint32_t i = index + 1; i < run->plan.unit_count && length < NAMES_SIZE; i++)
		if (requires(run, i, index)) {
			length += (size_t)snprintf(line + length, sizeof(line) - length, "%s%s",
						   comma, plan_unit_name(&run->plan, i));
			comma = ", ";
		}
	while (line[length - 1] == ' ')
		length--;
	line[length++] = '\n';
	command_print(line, length);
}

static void print_report(struct run *run)
{
	char line[512];
	int width = 4;

	for (uint32_t i = 0; i < run->plan.unit_count; i++) {
		const int length = (int)strlen(plan_unit_name(&run->plan, i));

		width = length > width ? length : width;
	}
	snprintf(line, sizeof(line), "%-*s %9s %9s %8s %14s %14s  %s\n", width, "UNIT", "STARTS",
		 "FAILURES", "REBOOTS", "TIME TO READY", "OUTAGE", "REQUIRED BY");
	command_print(line, strlen(line));
	for (uint32_t i = 0; i < run->plan.unit_count; i++)
		print_unit(run, i, width);
	snprintf(line, sizeof(line),
		 "%llu lives, %llu events, seeds from %llu; times are the longest seen\n%s\n",
		 (unsigned long long)run->done, (unsigned long long)run->simulation.events,
		 (unsigned long long)(run->options->seed_given ? run->options->seed : 1),
		 run->broken == UINT64_MAX ? "no promise was broken" : "a promise was broken:");
	command_print(line, strlen(line));
	if (run->broken == UINT64_MAX)
		return;
	trace(run, run->broken, TRACE_LINES);
	snprintf(line, sizeof(line), "%s\n(--schedules 1 --seed %llu)\n",
		 run->simulation.judge.violation, (unsigned long long)run->broken);
	command_print(line, strlen(line));
}

static void write_units(struct run *run)
{
	struct json_writer *writer = &run->writer;

	json_write_array(writer, "units");
	for (uint32_t i = 0; i < run->plan.unit_count; i++) {
		const struct simulate_unit *unit = &run->simulation.units[i];

		json_write_object(writer, NULL);
		json_write_string(writer, "name", plan_unit_name(&run->plan, i));
		json_write_uint(writer, "starts", unit->starts);
		json_write_uint(writer, "failures", unit->failures);
		json_write_uint(writer, "reboots", unit->reboots);
		json_write_uint(writer, "longest_time_to_ready_ms", unit->time_to_ready);
		json_write_uint(writer, "longest_outage_ms", unit->outage);
		json_write_array(writer, "required_by");
		for (uint32_t k = i + 1; k < run->plan.unit_count; k++)
			if (requires(run, k, i))
				json_write_string(writer, NULL, plan_unit_name(&run->plan, k));
		json_write_end(writer, ']');
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}

static int print_json(struct run *run)
{
	struct json_writer *writer = &run->writer;
	size_t size;
	char *text;

	json_write_start(writer, &run->arena, JSON_SPACES);
	json_write_object(writer, NULL);
	json_write_uint(writer, "schedules", run->done);
	json_write_uint(writer, "seed", run->options->seed_given ? run->options->seed : 1);
	json_write_uint(writer, "events", run->simulation.events);
	write_units(run);
	json_write_bool(writer, "passed", run->broken == UINT64_MAX);
	if (run->broken != UINT64_MAX) {
		json_write_object(writer, "violation");
		json_write_uint(writer, "seed", run->broken);
		json_write_string(writer, "promise", run->simulation.judge.violation);
		json_write_array(writer, "trace");
		trace(run, run->broken, TRACE_LINES);
		json_write_end(writer, ']');
		json_write_end(writer, '}');
	}
	json_write_end(writer, '}');
	text = json_write_finish(writer, &size);
	return text ? command_print(arena_printf(&run->arena, "%s\n", text), size + 1) :
		      error_result();
}

static int simulate(const struct container_context *context, void *given, int argc, char **argv)
{
	struct run run = { .options = given };
	int result;

	(void)context;
	(void)argc;
	if (run.options->hours > HOURS_MAX)
		return fail_as(ERROR_USAGE, 0, "simulate: at most %d hours", HOURS_MAX);
	result = load(&run, argv[0]);
	if (result == 0)
		result = live(&run);
	if (result == 0 && run.options->trace && !run.options->json && run.broken == UINT64_MAX)
		trace(&run, run.options->seed_given ? run.options->seed : 1, UINT64_MAX);
	if (result == 0 && run.options->json)
		result = print_json(&run);
	else if (result == 0)
		print_report(&run);
	result = result < 0 ? result : run.broken != UINT64_MAX;
	arena_free(&run.arena);
	return result;
}

const struct command command_simulate = {
	.name = "simulate",
	.arguments = "UNITS-FOLDER",
	.summary = "see what random failures do to units, in virtual time",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.no_root = true,
	.run = simulate,
};
