/* SPDX-License-Identifier: Apache-2.0 */
/* The emergency shell: when nothing else can be started. */
#include <sys/ioctl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { DEVICE_MAX = 64, SAY_MAX = 768 };

/* On the console, which may be held up (flow control): what does not fit now is not waited for. */
static void say(const char *device, const char *reason, const char *shell)
{
	char text[SAY_MAX];
	auto_fd int fd = open(device, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int size = snprintf(text, sizeof(text), "\r\ncruet: %.512s\r\ncruet: %s%.64s\r\n", reason,
			    shell ? "emergency shell: " : "no emergency shell", shell ? shell : "");

	if (fd >= 0 && write(fd, text, (size_t)(size < SAY_MAX ? size : SAY_MAX - 1)) < 0)
		return; /* nobody can be told */
}

static void run_shell(const char *device, const char *shell)
{
	const char *name = strrchr(shell, '/');
	char argv0[DEVICE_MAX];
	sigset_t none;
	int fd;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	fd = open(device, O_RDWR | O_NOCTTY);
	if (fd < 0)
		_exit(127);
	/* Also if it is somebody else's by now: whoever sits there has to be heard. */
	ioctl(fd, TIOCSCTTY, 1);
	for (int i = 0; i <= STDERR_FILENO; i++)
		dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
	/* A login shell: it reads its profile. */
	snprintf(argv0, sizeof(argv0), "-%s", name ? name + 1 : shell);
	if (chdir("/") == 0)
		execl(shell, argv0, (char *)NULL);
	_exit(127);
}

pid_t board_emergency_shell(const char *console, const char *shell, const char *reason)
{
	char device[DEVICE_MAX];
	pid_t pid;
	int result = 0;

	snprintf(device, sizeof(device), "/dev/%s", console ? console : "console");
	if (access(device, F_OK) < 0)
		strcpy(device, "/dev/console");
	if (!shell)
		shell = "/bin/sh";
	if (!IS_ENABLED(CONFIG_INIT_EMERGENCY_SHELL))
		result = -ENOENT;
	else if (access(shell, X_OK) < 0)
		result = -errno;
	say(device, reason, result < 0 ? NULL : shell);
	if (result < 0)
		return result;
	pid = fork();
	if (pid == 0)
		run_shell(device, shell);
	return pid < 0 ? -errno : pid;
}
