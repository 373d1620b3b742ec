/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks: order, input, environment, time limits, and what is left of them when they fail.
 * link: -Wl,--wrap=clone
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Before cmocka, which has a macro fail(). */
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/hook.h"
#include "runtime/spec/spec.h"

#include <cmocka.h>

enum { HOOKS = 4 };

/* Linux before 5.2 ignores CLONE_PIDFD in clone(2). */
#define PIDFD_FLAG 0x1000
static bool old_kernel;

int __real_clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
int __wrap_clone(int (*run)(void *), void *stack, int flags, void *argument, int *pidfd);

int __wrap_clone(int (*run)(void *), void *stack, int flags, void *argument, int *pidfd)
{
	return __real_clone(run, stack, old_kernel ? flags & ~PIDFD_FLAG : flags, argument, pidfd);
}

static char folder[64];
static struct spec_hook items[HOOKS];
static const char *args[HOOKS][4];
static const char *env[4];
static struct spec_hooks hooks;
static struct hook_run run;

/* A list of shell scripts. */
static void scripts(size_t count, const char *const *text)
{
	memset(items, 0, sizeof(items));
	hooks = (struct spec_hooks){ items, count };
	run = (struct hook_run){
		.kind = "createRuntime", .state = "{}", .state_size = 2, .cwd = -1
	};
	for (size_t i = 0; i < count; i++) {
		args[i][0] = "sh";
		args[i][1] = "-c";
		args[i][2] = text[i];
		args[i][3] = NULL;
		items[i].path = "/bin/sh";
		items[i].args = (struct spec_strings){ args[i], 3, true };
	}
}

static void script(const char *text)
{
	scripts(1, &text);
}

static void read_back(const char *name, char *buffer, size_t size)
{
	char path[128];
	FILE *file;
	size_t count;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	count = fread(buffer, 1, size - 1, file);
	buffer[count] = '\0';
	fclose(file);
}

static bool message_has(const char *text)
{
	return strstr(error_last()->text, text) != NULL;
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cruet-hook-XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void in_order_with_the_state(void **state)
{
	static const char *const list[] = { "cat > one; /bin/echo first >> order",
					    "cat > two; /bin/echo second >> order",
					    "/bin/echo third >> order" };
	char text[64];

	(void)state;
	scripts(3, list);
	run.state = "{\"id\":\"x\"}";
	run.state_size = strlen(run.state);
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("order", text, sizeof(text));
	assert_string_equal(text, "first\nsecond\nthird\n");
	read_back("one", text, sizeof(text));
	assert_string_equal(text, run.state);
	read_back("two", text, sizeof(text));
	assert_string_equal(text, run.state);
}

/* More than a pipe holds. */
static void long_state(void **state)
{
	static char text[300000];
	char count[16];

	(void)state;
	memset(text, 'x', sizeof(text));
	script("sleep 0.1; wc -c > count");
	run.state = text;
	run.state_size = sizeof(text);
	env[0] = "PATH=/bin:/usr/bin";
	env[1] = NULL;
	items[0].env = (struct spec_strings){ env, 1, true };
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("count", count, sizeof(count));
	assert_int_equal(atoi(count), sizeof(text));
	/* Not read at all: neither an error nor SIGPIPE, and that signal is as before for us. */
	signal(SIGPIPE, SIG_DFL);
	script("exec <&-; exit 0");
	run.state = text;
	run.state_size = sizeof(text);
	assert_int_equal(hooks_run(&hooks, &run), 0);
	assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
}

static void environment(void **state)
{
	struct spec_strings process_env = { env, 1, true };
	char text[256];

	(void)state;
	setenv("LEAK", "1", 1);
	env[0] = "FROM=process";
	env[1] = env[3] = NULL;
	script("/usr/bin/env > env");
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("env", text, sizeof(text));
	assert_null(strstr(text, "LEAK"));
	assert_null(strstr(text, "FROM"));
	run.default_env = &process_env;
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("env", text, sizeof(text));
	assert_non_null(strstr(text, "FROM=process\n"));
	items[0].env = (struct spec_strings){ env + 3, 0, true };
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("env", text, sizeof(text));
	assert_null(strstr(text, "FROM"));
	env[0] = "A=b";
	items[0].env = (struct spec_strings){ env, 1, true };
	assert_int_equal(hooks_run(&hooks, &run), 0);
	read_back("env", text, sizeof(text));
	assert_non_null(strstr(text, "A=b\n"));
}

static void failures_are_told(void **state)
{
	(void)state;
	script("/bin/echo one; /bin/echo two >&2; exit 3");
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_int_equal(error_last()->code, ERROR_HOOK);
	assert_string_equal(error_last()->text,
			    "error running createRuntime hook #0: exit status 3, output: one\ntwo");
	script("kill -TERM $$");
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_true(message_has("hook #0: killed by signal 15"));
	script("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 1");
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_true(message_has("line 2999"));
	assert_false(message_has("line 0\n"));
	script("");
	items[0].path = "/no/such/hook";
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_int_equal(error_last()->no, ENOENT);
	assert_true(message_has("hook #0: exec /no/such/hook"));
}

static void first_failure_ends_the_list(void **state)
{
	static const char *const list[] = { "exit 0", "exit 1", "/bin/echo ran > third" };

	(void)state;
	scripts(3, list);
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_true(message_has("hook #1"));
	assert_int_equal(access("third", F_OK), -1);
	run.keep_going = true;
	assert_int_equal(hooks_run(&hooks, &run), 0);
	assert_int_equal(error_last()->code, ERROR_NONE);
	assert_int_equal(access("third", F_OK), 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void time_limit(void **state)
{
	double begin = seconds();
	char text[32];
	pid_t child;

	(void)state;
	script("/bin/sleep 30 & /bin/echo $! > child; wait");
	items[0].timeout = 1;
	assert_true(hooks_run(&hooks, &run) < 0);
	assert_true(message_has("hook #0: timed out after 1 s"));
	assert_true(seconds() - begin > 0.9 && seconds() - begin < 10);
	/* Its children went with it. */
	read_back("child", text, sizeof(text));
	child = atoi(text);
	assert_true(child > 1);
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++) {
		char path[64], stat[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", child);
		fd = open(path, O_RDONLY);
		if (fd < 0 || (read(fd, stat, sizeof(stat) - 1) > 0 && strchr(stat, 'Z'))) {
			close_fd(&fd);
			break;
		}
		close_fd(&fd);
		assert_int_not_equal(i, 99);
		usleep(10000);
	}
}

/* A daemon that keeps the pipes does not keep us. */
static void leaves_a_daemon(void **state)
{
	double begin = seconds();
	char text[32];

	(void)state;
	script("/bin/sleep 30 & /bin/echo $! > daemon");
	assert_int_equal(hooks_run(&hooks, &run), 0);
	assert_true(seconds() - begin < 20);
	read_back("daemon", text, sizeof(text));
	assert_int_equal(kill(atoi(text), SIGKILL), 0);
}

static void clean_start(void **state)
{
	sigset_t set;
	int leak = open("/dev/null", O_RDONLY), cwd = open("/usr", O_PATH | O_CLOEXEC);
	char text[400], expected[32];

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* glibc's posix_spawn(3), which make uses, leaves its own two signals ignored. */
	for (long number = 32; number < 34; number++)
		syscall(SYS_rt_sigaction, number, (const long[4]){ 0 }, NULL, 8L);
	script(text);
	snprintf(
		text, sizeof(text),
		"exec > /dev/null; /bin/pwd > %s/cwd; cd %s;"
		"/bin/grep SigBlk /proc/self/status > blocked; /bin/grep SigIgn /proc/self/status > ignored;"
		"/bin/ls -l /proc/$$/fd > fds",
		folder, folder);
	run.cwd = cwd;
	assert_int_equal(hooks_run(&hooks, &run), 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	read_back("cwd", text, sizeof(text));
	assert_string_equal(text, "/usr\n");
	read_back("blocked", text, sizeof(text));
	assert_string_equal(text, "SigBlk:\t0000000000000000\n");
	read_back("ignored", text, sizeof(text));
	assert_string_equal(text, "SigIgn:\t0000000000000000\n");
	read_back("fds", text, sizeof(text));
	snprintf(expected, sizeof(expected), " %d ->", leak);
	assert_null(strstr(text, expected));
	close(leak);
	close(cwd);
}

/* It goes when we go. */
static void dies_with_us(void **state)
{
	char text[32] = "";
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		script("/bin/echo $$ > victim.new; /bin/mv victim.new victim; exec /bin/sleep 30");
		hooks_run(&hooks, &run);
		_exit(0);
	}
	for (int i = 0; i < 500 && access("victim", F_OK) < 0; i++)
		usleep(10000);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	read_back("victim", text, sizeof(text));
	pid = atoi(text);
	assert_true(pid > 1);
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void opened_before(void **state)
{
	int executables[HOOKS];
	FILE *file;

	(void)state;
	/* A program is executed from its descriptor, although its name is gone. */
	assert_int_equal(system("cp /bin/true program"), 0);
	script("");
	char path[128];

	snprintf(path, sizeof(path), "%s/program", folder);
	items[0].path = path;
	items[0].args.present = false;
	assert_int_equal(hooks_open(&hooks, executables), 0);
	unlink(path);
	run.executables = executables;
	assert_int_equal(hooks_run(&hooks, &run), 0);
	close(executables[0]);
	assert_true(hooks_open(&hooks, executables) < 0);
	assert_int_equal(error_last()->code, ERROR_HOOK);
	/* A script by its name. */
	file = fopen(path, "w");
	fputs("#!/bin/sh\n/bin/echo $0 > script\n", file);
	fchmod(fileno(file), 0755);
	fclose(file);
	assert_int_equal(hooks_open(&hooks, executables), 0);
	assert_int_equal(hooks_run(&hooks, &run), 0);
	close(executables[0]);
	char text[128];

	read_back("script", text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, path);
}

static void no_descriptor_left(void **state)
{
	static const char *const list[] = { "exit 0", "exit 1" };
	int before = dup(0), after;

	(void)state;
	close(before);
	for (int i = 0; i < 8; i++) {
		scripts(2, list);
		assert_true(hooks_run(&hooks, &run) < 0);
		script("");
		items[0].path = "/no/such/hook";
		assert_true(hooks_run(&hooks, &run) < 0);
	}
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
}

static int make_old(void **state)
{
	old_kernel = true;
	return make_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_with_the_state),
		cmocka_unit_test(long_state),
		cmocka_unit_test(environment),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(first_failure_ends_the_list),
		cmocka_unit_test(time_limit),
		cmocka_unit_test(leaves_a_daemon),
		cmocka_unit_test(clean_start),
		cmocka_unit_test(dies_with_us),
		cmocka_unit_test(opened_before),
		cmocka_unit_test(no_descriptor_left),
	};

	int failed = cmocka_run_group_tests(tests, make_folder, remove_folder);

	return failed + cmocka_run_group_tests_name("old kernel", tests, make_old, remove_folder);
}
