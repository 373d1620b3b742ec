/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the plan comes from: the compiled file when it is there and current, else JSON, read by a
 * child that hands over the block in a memfd. PID 1 itself parses nothing.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum {
	COMPILE_SECONDS = 30,
	RELOAD_MS = 30000,
	WRITER_PAUSE_MS = 1000,
	/* Exit status of a reload: bits. */
	RELOAD_FAILED = 1,
	FROM_FILE = 2,	   /* the compiled plan is used */
	TRIAL_REFUSED = 4, /* the revision on trial cannot be used, which is on record */
};

/* `context`: the first error, or NULL. */
static void print_problem(void *context, bool warning, const char *text)
{
	char *reason = context;

	if (warning) {
		log_warning("%s", text);
	} else {
		fail_as(ERROR_CONFIG, 0, "%s", text);
		log_error();
		if (reason && !reason[0])
			snprintf(reason, REASON_SIZE, "%s", text);
	}
}

int host_compile(const struct host_settings *settings, const struct unit_over *over, int output,
		 char reason[REASON_SIZE])
{
	struct unit_report report = { .problem = print_problem, .context = reason };
	auto_arena struct arena arena = { 0 };
	size_t size;
	const void *block;

	alarm(COMPILE_SECONDS);
	block = unit_compile_over(&arena, settings->units, over, settings->system, 0, &report,
				  &size);
	alarm(0);
	if (!block)
		return -EINVAL;
	if (ftruncate(output, 0) < 0 || fd_write_all(output, block, size) < 0) {
		fail(errno, "plan in memory");
		log_error();
		return error_result();
	}
	return 0;
}

static int plan_memory(void)
{
	const int fd = (int)syscall(SYS_memfd_create, "cruet-plan", 1u /* MFD_CLOEXEC */);

	return fd < 0 ? fail(errno, "memory for the plan") : fd;
}

static int map_file(struct host *host, const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return fail(errno, "plan %s", path);
	result = plan_map(&host->plan, fd, path);
	return result < 0 ? result : take_fd(&fd);
}

static int from_json(struct host *host, const struct host_settings *settings)
{
	auto_fd int fd = plan_memory();
	pid_t pid;
	int status, result;

	if (fd < 0)
		return fd;
	pid = fork();
	if (pid == 0)
		_exit(host_compile(settings, NULL, fd, NULL) < 0);
	if (pid < 0)
		return fail(errno, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail_as(ERROR_CONFIG, 0, "the units in %s cannot be used", settings->units);
	result = plan_map(&host->plan, fd, settings->units);
	return result < 0 ? result : take_fd(&fd);
}

int host_load_plan(struct host *host, const struct host_settings *settings)
{
	const int current = unit_plan_is_current(settings->plan, settings->units, settings->system);
	int fd;

	if (current > 0) {
		fd = map_file(host, settings->plan);
		host->from_file = fd >= 0;
		if (fd >= 0)
			return fd;
		log_error(); /* damaged: what it was made of may still be good */
	} else if (current == 0) {
		log_warning("%s is older than what it was made from: not used", settings->plan);
	}
	return from_json(host, settings);
}

/* ---- reload ---- */

static struct host_settings settings_of(const struct kept *kept)
{
	return (struct host_settings){
		.units = kept->units,
		.system = kept->system,
		.plan = kept->plan_file,
		.is_init = kept->is_init,
	};
}

/* In a child: the plan in next_fd. */
static int make_next(const struct host *host, const struct host_settings *settings)
{
	struct host scratch = { .next_fd = host->next_fd };
	bool refused = false;
	const int fd = IS_ENABLED(CONFIG_IMAGE_REVISION) ?
			       host_load_chosen(&scratch, settings, host, &refused) :
			       host_load_plan(&scratch, settings);
	const int status = refused ? TRIAL_REFUSED : 0;

	/* One way for both: the plan file is copied, so that it may be replaced. */
	if (fd >= 0 && scratch.plan.header &&
	    (fd == host->next_fd ||
	     fd_write_all(host->next_fd, scratch.plan.header, scratch.plan.header->size) == 0))
		return status | (scratch.from_file ? FROM_FILE : 0);
	log_error();
	return status | RELOAD_FAILED;
}

void host_reload(struct host *host)
{
	struct kept *kept = host->kept;
	const struct host_settings settings = settings_of(kept);
	pid_t pid;

	if (kept->end_step != END_NOT)
		return;
	if (kept->jobs[JOB_RELOAD].pid > 0 || host->next_fd >= 0) {
		host->reload_again = 1; /* what it reads may be of before the change */
		return;
	}
	host->next_fd = plan_memory();
	if (host->next_fd < 0) {
		host_say_error(host, "reload");
		return;
	}
	pid = host_fork(host, host->units[host->plan.unit_count].output);
	if (pid == 0)
		_exit(make_next(host, &settings));
	if (pid < 0) {
		host_say_error(host, "reload");
		close_fd(&host->next_fd);
		return;
	}
	kept->jobs[JOB_RELOAD] = (struct kept_job){ .pid = pid,
						    .kind = JOB_RELOAD,
						    .deadline = host->now + RELOAD_MS };
}

/* At boot: true when the units may start. What has failed once is tried again. */
static bool has_chosen(struct host *host, int result)
{
	struct kept *kept = host->kept;

	if (result < 0 && kept->choice == CHOICE_DUE) {
		kept->choice = CHOICE_LAST;
		host_reload(host);
		return false;
	}
	if (result < 0)
		host_say(host, SAY_ERROR, "no revision can be loaded: the firmware's units run");
	kept->choice = CHOICE_NONE;
	host_board_ready(host);
	return true;
}

/* 0, or -1: it failed. One more, if it was asked for in the meantime. */
static void reload_ended(struct host *host, int result)
{
	if (result < 0)
		close_fd(&host->next_fd);
	host->reload_result = host->refused ? -1 : result;
	host_note(host, result < 0 ? NOTE_RELOAD_FAILED : NOTE_RELOAD);
	if (result < 0)
		host_say(host, SAY_ERROR,
			 "reload: nothing is changed, because of the errors above");
	else if (host->refused)
		host_say(host, SAY_ERROR,
			 "reload: what was committed runs, because of the errors above");
	else
		host_say(host, SAY_NOTICE, "units read again: %u",
			 (unsigned int)host->plan.unit_count);
	host->refused = 0;
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && host->kept->choice != CHOICE_NONE &&
	    !has_chosen(host, result))
		return;
	if (host->reload_again) {
		host->reload_again = 0;
		host->reload_result = 1;
		host_reload(host);
	} else if (host->reexec_later) {
		host->reexec_later = 0;
		host->reexec = 1;
	}
}

/* Is it a different unit under the new plan, or gone? Then it is stopped before. */
static bool must_stop(const struct host *host, uint32_t unit)
{
	const uint32_t next = plan_find(&host->next_plan, plan_unit_name(&host->plan, unit));

	return next == PLAN_NONE ||
	       host->next_plan.units[next].digest != host->plan.units[unit].digest;
}

void host_reload_done(struct host *host, int status)
{
	host->from_file = status & FROM_FILE;
	host->refused = status < 128 && (status & TRIAL_REFUSED);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && host->refused)
		host_refuse_trial(host);
	if ((status & ~(FROM_FILE | TRIAL_REFUSED)) == 0 &&
	    plan_map(&host->next_plan, host->next_fd, host->kept->units) == 0) {
		for (uint32_t i = 0; i < host->plan.unit_count; i++)
			if (must_stop(host, i)) {
				host->units[i].again = supervisor_unit(host->supervisor, i)->wanted;
				host_post(host, EVENT_DOWN, i, 0);
			}
		return;
	}
	reload_ended(host, -1);
}

static bool is_settled(const struct host *host, uint32_t unit)
{
	const uint32_t phase = supervisor_unit(host->supervisor, unit)->phase;

	return (phase == PHASE_OFF || phase == PHASE_FAILED) && host->units[unit].run.pid == 0 &&
	       host->units[unit].check.pid == 0;
}

/*
 * Units that were stopped for the new plan are asked for again, and new ones begin as at boot; what
 * another revision brings is new.
 */
static void start_changed(struct host *host, const struct plan *before, const uint8_t *again)
{
	const bool other = host->plan.header->revision != before->header->revision;

	for (uint32_t i = 0; i < host->plan.unit_count; i++) {
		const struct plan_unit *unit = &host->plan.units[i];
		const uint32_t old = plan_find(before, plan_unit_name(&host->plan, i));
		const bool new =
			old == PLAN_NONE || (other && before->units[old].digest != unit->digest);

		if ((new && unit->autostart) || (old != PLAN_NONE && again[old]))
			host_post(host, EVENT_UP, i, 0);
	}
}

void host_tend_reload(struct host *host)
{
	uint8_t again[PLAN_MAX_UNITS];
	struct plan before = host->plan;

	if (host->next_fd < 0 || host->kept->jobs[JOB_RELOAD].pid > 0 ||
	    host->kept->end_step != END_NOT)
		return;
	for (uint32_t i = 0; i < host->plan.unit_count; i++)
		if (must_stop(host, i) && !is_settled(host, i))
			return;
	/* What the writer reads while the rings are copied would be lost: it ends first. */
	if (host->kept->jobs[JOB_WRITER].pid > 0) {
		host->kept->writer_at = host->now + WRITER_PAUSE_MS;
		kill(host->kept->jobs[JOB_WRITER].pid, SIGKILL);
		return;
	}
	for (uint32_t i = 0; i < host->plan.unit_count; i++)
		again[i] = host->units[i].again != 0;
	if (host_adopt_plan(host) < 0) {
		host_say_error(host, "reload");
		plan_unmap(&host->next_plan);
		/* Nothing is changed: what was stopped for it comes back. */
		for (uint32_t i = 0; i < host->plan.unit_count; i++) {
			host->units[i].again = 0;
			if (again[i])
				host_post(host, EVENT_UP, i, 0);
		}
		reload_ended(host, -1);
		return;
	}
	host_conditions(host, CONDITION_SOURCES);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION))
		host_begin_trial(host);
	start_changed(host, &before, again);
	plan_unmap(&before);
	reload_ended(host, 0);
}
