/* SPDX-License-Identifier: Apache-2.0 */
/* The end of life: processes, and the machine itself. File systems: unmount.c. */
#include <sys/reboot.h>
#include <sys/wait.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "lib/error.h"

enum {
	TERM_MS = 3000,
	KILL_MS = 4000,
	STEP_MS = 20,
	PID_NAMESPACE_INITIAL = 0xeffffffc, /* linux/proc_ns.h: PROC_PID_INIT_INO */
};

void board_sleep(unsigned int milliseconds)
{
	const struct timespec time = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	nanosleep(&time, NULL);
}

/* A program has a file; kernel threads and zombies have none. */
static bool is_program(const char *pid)
{
	char path[32], target[1];

	snprintf(path, sizeof(path), "/proc/%.10s/exe", pid);
	return readlink(path, target, sizeof(target)) >= 0;
}

/* Signal (0: only count) every program but PID 1, ourselves and `spare`. How many there are. */
static int signal_rest(int number, pid_t spare)
{
	const pid_t self = getpid();
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	int count = 0;

	while (folder && (entry = readdir(folder)) != NULL) {
		const pid_t pid =
			isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (pid <= 1 || pid == self || pid == spare || !is_program(entry->d_name))
			continue;
		count++;
		if (number)
			kill(pid, number);
		if (number == SIGTERM)
			kill(pid, SIGCONT); /* a stopped one hears nothing */
	}
	if (folder)
		closedir(folder);
	return count;
}

static bool is_rest_gone(pid_t spare, unsigned int milliseconds)
{
	for (unsigned int waited = 0; signal_rest(0, spare) > 0; waited += STEP_MS) {
		if (waited >= milliseconds)
			return false;
		board_sleep(STEP_MS);
	}
	return true;
}

int board_kill_rest(pid_t spare)
{
	int count;

	signal_rest(SIGTERM, spare);
	if (is_rest_gone(spare, TERM_MS))
		return 0;
	/* All at once stand still: whoever forks faster than we kill does not get away. */
	kill(-1, SIGSTOP);
	signal_rest(SIGKILL, spare);
	if (spare > 0)
		kill(spare, SIGCONT);
	if (is_rest_gone(spare, KILL_MS))
		return 0;
	count = signal_rest(SIGKILL, spare);
	return fail(EBUSY, "%d processes do not end", count);
}

/* ---- the machine ---- */

bool board_is_contained(void)
{
	char target[32] = "", expected[32];
	const ssize_t size = readlink("/proc/self/ns/pid", target, sizeof(target) - 1);

	snprintf(expected, sizeof(expected), "pid:[%u]", (unsigned int)PID_NAMESPACE_INITIAL);
	return size > 0 && strcmp(target, expected) != 0;
}

void board_end(enum board_end how)
{
	static const int commands[] = {
		[BOARD_REBOOT] = RB_AUTOBOOT,
		[BOARD_POWEROFF] = RB_POWER_OFF,
		[BOARD_HALT] = RB_HALT_SYSTEM,
	};
	pid_t pid;

	/* There reboot(2) ends us by a signal: that is not what a container's end looks like. */
	if (board_is_contained())
		_exit(0);
	/* Where the machine cannot be switched off or halted, the caller's life ends in the kernel
	 * (kernel/reboot.c): that must not be PID 1's, which would be a panic. */
	pid = how == BOARD_REBOOT ? -1 : fork();
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid <= 0)
		reboot(commands[how]);
	if (pid == 0)
		_exit(1);
	/* Not allowed, or nothing came of it: a watchdog may still end this. */
	for (;;)
		pause();
}
