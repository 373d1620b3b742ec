/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/process.h"

/* link: -Wl,--wrap=syscall */
static bool without_pidfd;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long argument[4];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (without_pidfd && (number == SYS_pidfd_open || number == SYS_pidfd_send_signal)) {
		errno = ENOSYS;
		return -1;
	}
	return __real_syscall(number, argument[0], argument[1], argument[2], argument[3]);
}

static void test_parse(void **state)
{
	struct process_stat stat = { 0 };

	(void)state;
	assert_int_equal(
		process_stat_parse("12 (a b) R 7 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 "
				   "987654321 22 23 24 25 26 27 28 29 30 31 4096 33\n",
				   &stat),
		0);
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.parent, 7);
	assert_int_equal(stat.start_time, 987654321);
	assert_int_equal(stat.ignored, 4096);
	/* A name that looks like fields. */
	assert_int_equal(process_stat_parse(
				 "12 (x) Z 1 () S 42 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
				 "18 19 18446744073709551615 22 23 24 25 26 27 28 29 30 31 0 33\n",
				 &stat),
			 0);
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.parent, 42);
	assert_true(stat.start_time == UINT64_MAX);
	/* Cut off, in the number of the start time as well. */
	assert_int_equal(process_stat_parse("", &stat), -EBADMSG);
	assert_int_equal(process_stat_parse("12 (a)", &stat), -EBADMSG);
	assert_int_equal(process_stat_parse("12 (a) R 7 3", &stat), -EBADMSG);
	assert_int_equal(
		process_stat_parse("12 (a) R 7 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 98",
				   &stat),
		-EBADMSG);
}

/* A child that waits for a signal; its start time. */
static pid_t start_child(uint64_t *start_time)
{
	struct process_stat stat;
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_int_equal(process_stat_read(pid, &stat), 0);
	assert_int_equal(stat.parent, getpid());
	*start_time = stat.start_time;
	return pid;
}

static void test_read(void **state)
{
	struct process_stat stat;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, ") S 1 (", 0, 0, 0), 0);
	assert_int_equal(process_stat_read(getpid(), &stat), 0);
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.parent, getppid());
	assert_true(process_alive(getpid(), stat.start_time));
	assert_false(process_alive(getpid(), stat.start_time + 1));
	assert_false(process_alive(getpid(), 0));
	assert_false(process_alive(0, stat.start_time));
	assert_false(process_alive(-1, stat.start_time));
	assert_int_equal(process_stat_read(0x7ffffff0, &stat), -ESRCH);
}

static void life_and_death(void)
{
	int before = count_open();
	uint64_t start_time;
	pid_t pid = start_child(&start_time);
	siginfo_t info;
	int fd = process_open(pid, start_time);

	if (without_pidfd)
		assert_int_equal(fd, -ENOSYS);
	else
		assert_true(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	if (fd >= 0)
		close(fd);
	/* Another process that had this pid is not this one. */
	assert_int_equal(process_signal(pid, start_time - 1, SIGKILL), -ESRCH);
	assert_int_equal(process_signal(pid, 0, SIGKILL), -ESRCH);
	assert_true(process_alive(pid, start_time));
	assert_int_equal(process_wait_gone(pid, start_time, 60), -ETIMEDOUT);
	assert_int_equal(process_wait_gone(pid, start_time, 0), -ETIMEDOUT);
	assert_int_equal(process_wait_gone(pid, start_time - 1, -1), 0);
	assert_int_equal(process_signal(pid, start_time, 0), 0);
	assert_int_equal(process_signal(pid, start_time, 12345), -EINVAL);
	assert_int_equal(process_signal(pid, start_time, SIGTERM), 0);
	assert_int_equal(process_wait_gone(pid, start_time, -1), 0);
	/* A zombie still has its pid. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_status, SIGTERM);
	assert_false(process_alive(pid, start_time));
	assert_int_equal(process_signal(pid, start_time, SIGTERM), -ESRCH);
	assert_int_equal(process_wait_gone(pid, start_time, 1000), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_wait_gone(pid, start_time, 1000), 0);
	assert_int_equal(count_open(), before);
}

static void test_pidfd(void **state)
{
	(void)state;
	if (syscall(SYS_pidfd_open, getpid(), 0) < 0)
		skip();
	without_pidfd = false;
	life_and_death();
}

static void test_old_kernel(void **state)
{
	(void)state;
	without_pidfd = true;
	life_and_death();
	without_pidfd = false;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A signal does not shorten the wait. */
static void test_interrupted(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct timespec before, after;
	uint64_t start_time;
	pid_t pid = start_child(&start_time);

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	ualarm(20000, 20000);
	assert_int_equal(process_wait_gone(pid, start_time, 150), -ETIMEDOUT);
	ualarm(0, 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
			    (after.tv_nsec - before.tv_nsec) / 1000000 >=
		    149);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	    cmocka_unit_test(test_read),
		cmocka_unit_test(test_pidfd),	    cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
