/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver UNITS SYSTEM LOG STEP...: does to units what the supervisor's host does, one step after
 * the other, as the scripts in tests/init want it, and says what came of each. Linked with all that
 * the binary is made of but its main().
 *
 *   start UNIT         launch it as the host would: "started PID", "failed: REASON"
 *   cut UNIT US        the same, and kill the launch after so many microseconds
 *   stop UNIT SIGNAL   to its main process
 *   wait UNIT          for its end: "exited STATUS"
 *   clean UNIT, reset UNIT
 *   check UNIT ready|health: "passed", "not passed"
 *   ready UNIT         what comes on its readiness descriptor
 *   notify UNIT        what comes on its notify socket
 *   end                after the last unit
 *   sh SCRIPT          with $PID, the last unit's main process
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/launch/launch.h"
#include "init/paths.h"
#include "init/plan.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "runtime/cmd/command.h"

enum { UNITS_MAX = 64, STUCK_MS = 20000 };

struct unit {
	pid_t pid;
	int status; /* of waitpid(2); -1: it has not ended */
	int ready, notify;
};

struct driver {
	struct plan plan;
	int output;
	struct unit units[UNITS_MAX];
	pid_t job;
	int job_status;
};

static void die(const char *what)
{
	printf("driver: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void stuck(int signal)
{
	(void)signal;
	(void)!write(1, "driver: stuck\n", 14);
	_exit(3);
}

static void say_problem(void *context, bool warning, const char *text)
{
	(void)context;
	printf("%s: %s\n", warning ? "warning" : "problem", text);
}

static void load(struct driver *driver, const char *units, const char *system)
{
	static struct arena arena;
	struct unit_report report = { .problem = say_problem };
	size_t size;
	void *block = unit_compile(&arena, units, system, 0, &report, &size);

	if (!block || plan_from_block(&driver->plan, block, size, units) < 0 ||
	    driver->plan.unit_count > UNITS_MAX) {
		printf("driver: no plan\n");
		exit(2);
	}
}

static int bind_notify(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), INIT_RUN_UNITS "/%s", name);
	mkdir(address.sun_path, 0711);
	snprintf(address.sun_path, sizeof(address.sun_path), INIT_RUN_UNITS "/%s/notify", name);
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0666) < 0)
		die("notify");
	return fd;
}

static void open_units(struct driver *driver)
{
	mkdir(INIT_RUN, 0711);
	mkdir(INIT_RUN_UNITS, 0711);
	for (uint32_t i = 0; i < driver->plan.unit_count; i++) {
		const struct plan_unit *unit = &driver->plan.units[i];

		driver->units[i] = (struct unit){ .status = -1, .ready = -1, .notify = -1 };
		if (unit->ready.kind == CHECK_NOTIFY || unit->watchdog_timeout)
			driver->units[i].notify = bind_notify(plan_unit_name(&driver->plan, i));
	}
}

/* As PID 1 does: whoever ends is reaped, and remembered if it is somebody. */
static void reap(struct driver *driver, int options)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, options)) > 0) {
		options = WNOHANG;
		if (pid == driver->job) {
			driver->job = 0;
			driver->job_status = status;
		}
		for (uint32_t i = 0; i < driver->plan.unit_count; i++)
			if (driver->units[i].pid == pid)
				driver->units[i].status = status;
	}
}

enum kind { START, CLEAN, RESET, CHECK_READY, CHECK_ITS_HEALTH, END };

static int run_job(const struct launch *launch, enum kind kind)
{
	const struct plan_unit *unit = &launch->plan->units[launch->unit];

	switch (kind) {
	case START:
		return launch_start(launch);
	case CLEAN:
		return launch_clean(launch);
	case RESET:
		return launch_reset(launch);
	case END:
		return launch_end();
	case CHECK_READY:
		return launch_check(launch, &unit->ready);
	case CHECK_ITS_HEALTH:
		return launch_check(launch, &unit->health);
	}
	return 1;
}

static void fork_job(struct driver *driver, enum kind kind, uint32_t unit, int report, int ready)
{
	const struct unit *state = &driver->units[unit];
	const struct launch launch = {
		.plan = &driver->plan,
		.unit = unit,
		.output = driver->output,
		.report = report,
		.ready = ready,
		.notify = state->notify >= 0 ? 1 : -1,
		.pid = state->status < 0 ? state->pid : 0,
	};
	int result;

	fflush(stdout);
	driver->job = fork();
	if (driver->job < 0)
		die("fork");
	if (driver->job > 0) {
		setpgid(driver->job, driver->job);
		return;
	}
	setpgid(0, 0);
	alarm(0);
	dup2(driver->output, 1);
	dup2(driver->output, 2);
	result = run_job(&launch, kind);
	if (result != 0 && error_last()->code != ERROR_NONE)
		log_error();
	_exit(result != 0);
}

static void wait_for_job(struct driver *driver)
{
	while (driver->job > 0)
		reap(driver, 0);
}

/* The launch's side of the conversation in launch.h. */
static void listen_to(struct driver *driver, uint32_t index, int socket)
{
	struct unit *unit = &driver->units[index];
	struct launch_report report;

	for (;;) {
		ssize_t size = recv(socket, &report, sizeof(report), 0);

		if (size != sizeof(report)) {
			printf(unit->pid && driver->plan.units[index].source == SOURCE_EXEC ?
				       "started %d\n" :
				       "not started %d\n",
			       (int)unit->pid);
			return;
		}
		if (report.kind == LAUNCH_DONE) {
			printf("started %d\n", (int)unit->pid);
			return;
		}
		if (report.kind == LAUNCH_ERROR) {
			printf("failed: %s\n", report.text);
			return;
		}
		unit->pid = report.pid;
		unit->status = -1;
		if (send(socket, "", 1, MSG_NOSIGNAL) != 1)
			die("answer");
	}
}

static void start(struct driver *driver, uint32_t index, long cut)
{
	struct unit *unit = &driver->units[index];
	int report[2], ready[2] = { -1, -1 };

	unit->pid = 0;
	unit->status = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0 ||
	    (driver->plan.units[index].ready.kind == CHECK_FD && pipe2(ready, O_CLOEXEC) < 0))
		die("sockets");
	fork_job(driver, START, index, report[1], ready[1]);
	close(report[1]);
	close(ready[1]);
	close(unit->ready);
	unit->ready = ready[0];
	if (cut < 0) {
		listen_to(driver, index, report[0]);
		wait_for_job(driver);
	} else {
		const pid_t pid = driver->job;
		struct launch_report got;

		usleep((useconds_t)cut);
		/* Half of the time it has got its answer by now. */
		if (recv(report[0], &got, sizeof(got), MSG_DONTWAIT) == sizeof(got) &&
		    got.kind == LAUNCH_PID) {
			unit->pid = got.pid;
			if (cut % 2)
				(void)!send(report[0], "", 1, MSG_NOSIGNAL);
		}
		kill(-pid, SIGKILL);
		close(report[0]);
		wait_for_job(driver);
		return;
	}
	close(report[0]);
}

static void job(struct driver *driver, enum kind kind, uint32_t index)
{
	fork_job(driver, kind, index, -1, -1);
	wait_for_job(driver);
}

static void wait_for_end(struct driver *driver, struct unit *unit)
{
	while (unit->pid && unit->status < 0)
		reap(driver, 0);
	printf("exited %d\n", WIFSIGNALED(unit->status) ? 128 + WTERMSIG(unit->status) :
							  WEXITSTATUS(unit->status));
}

static void listen_for(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char text[256];
	ssize_t size = poll(&wait, 1, 5000) > 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (size < 0)
		size = 0;
	text[size] = '\0';
	printf("got %s%s", text, size && text[size - 1] == '\n' ? "" : "\n");
}

static void script(const struct driver *driver, const char *text, pid_t pid)
{
	char number[16];
	int status;
	pid_t child;

	(void)driver;
	snprintf(number, sizeof(number), "%d", (int)pid);
	setenv("PID", number, 1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

/* One step; how many words it took. */
static int step(struct driver *driver, char **words, uint32_t *last)
{
	const char *what = words[0];
	uint32_t index;

	alarm(STUCK_MS / 1000);
	if (strcmp(what, "end") == 0) {
		job(driver, END, 0);
		return 1;
	}
	if (strcmp(what, "sh") == 0) {
		script(driver, words[1], driver->units[*last].pid);
		return 2;
	}
	index = words[1] ? plan_find(&driver->plan, words[1]) : PLAN_NONE;
	if (index == PLAN_NONE) {
		printf("driver: no unit for %s\n", what);
		exit(2);
	}
	*last = index;
	if (strcmp(what, "start") == 0) {
		start(driver, index, -1);
	} else if (strcmp(what, "cut") == 0) {
		start(driver, index, atol(words[2]));
		return 3;
	} else if (strcmp(what, "stop") == 0) {
		if (driver->units[index].pid > 0)
			kill(driver->units[index].pid, atoi(words[2]));
		return 3;
	} else if (strcmp(what, "wait") == 0) {
		wait_for_end(driver, &driver->units[index]);
	} else if (strcmp(what, "clean") == 0 || strcmp(what, "reset") == 0) {
		job(driver, what[0] == 'c' ? CLEAN : RESET, index);
		if (driver->job_status)
			printf("%s failed\n", what);
	} else if (strcmp(what, "check") == 0) {
		job(driver, words[2][0] == 'r' ? CHECK_READY : CHECK_ITS_HEALTH, index);
		printf(driver->job_status ? "not passed\n" : "passed\n");
		return 3;
	} else if (strcmp(what, "ready") == 0) {
		listen_for(driver->units[index].ready);
	} else if (strcmp(what, "notify") == 0) {
		listen_for(driver->units[index].notify);
	} else {
		printf("driver: no such step: %s\n", what);
		exit(2);
	}
	return 2;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct driver driver = { .job = 0 };
	uint32_t last = 0;

	/* Where the program may not make containers itself it calls its own commands. */
	if (strcmp(slash ? slash + 1 : argv[0], "cruet") == 0)
		return runtime_main("cruet", argc, argv, NULL);
	if (argc < 5)
		return 2;
	signal(SIGALRM, stuck);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	load(&driver, argv[1], argv[2]);
	driver.output = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (driver.output < 0)
		die(argv[3]);
	open_units(&driver);
	for (char **words = argv + 4; *words;)
		words += step(&driver, words, &last);
	reap(&driver, WNOHANG);
	return 0;
}
