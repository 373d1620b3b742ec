/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a first process can do: mount four file systems, start two services, reap. */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char *const *argv)
{
	if (fork() == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
}

int main(void)
{
	static char *const service[] = { "/bin/probe", "mark", "/run/service", NULL };
	static char *const report[] = { "/bin/probe", "report", "/run/service", NULL };

	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount("dev", "/dev", "devtmpfs", MS_NOSUID, NULL);
	mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
	start(service);
	start(report);
	for (;;)
		if (wait(NULL) < 0)
			pause();
}
