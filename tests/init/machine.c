/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine ROOT PID-FILE CONSOLE-FILE GROUPS PROGRAM [ARGUMENT...]: run a program as the first
 * process of namespaces of its own, as if they were a machine. GROUPS are cgroups, separated by
 * colons, that become the roots of its cgroup namespace. /dev/console is a terminal: what is
 * written to it goes to CONSOLE-FILE, and stdin is what is typed there. Says how it ended:
 * "reboot", "power off" (or halt), "exit N", "signal N".
 */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "machine: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void join_groups(char *groups)
{
	char path[4096];

	for (char *group = strtok(groups, ":"); group; group = strtok(NULL, ":")) {
		int fd;

		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			die(path);
		close(fd);
	}
	if (unshare(CLONE_NEWCGROUP) < 0)
		die("cgroup namespace");
}

/* Never the real /dev: a few harmless nodes, and a console that is a terminal of ours. */
static void make_dev(const char *terminal, const char *log)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = { { "null", 1, 3 },	  { "zero", 1, 5 },    { "full", 1, 7 },
		      { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
	char path[64];

	if (mount("dev", "dev", "tmpfs", MS_NOSUID, "mode=755,size=1m") < 0)
		die("dev");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		snprintf(path, sizeof(path), "dev/%s", nodes[i].name);
		if (mknod(path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
			die(path);
	}
	close(open("dev/console", O_CREAT | O_WRONLY, 0600));
	close(open("dev/kmsg", O_CREAT | O_WRONLY, 0600));
	if (mount(terminal, "dev/console", NULL, MS_BIND, NULL) < 0 ||
	    mount(log, "dev/kmsg", NULL, MS_BIND, NULL) < 0)
		die("dev/console, dev/kmsg");
}

static void become(const char *root, char *groups, const char *terminal, const char *log,
		   char **argv)
{
	char *environment[] = { "HOME=/", "TERM=linux", NULL };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	join_groups(groups);
	setsid();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("private mounts");
	/* Not even by mistake: the clock and the modules are the real machine's. */
	prctl(PR_CAPBSET_DROP, CAP_SYS_TIME);
	prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE);
	prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO);
	if (chdir(root) < 0)
		die(root);
	make_dev(terminal, log);
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("pivot_root");
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		die("/dev/console");
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	syscall(SYS_close_range, 3, ~0u, 0);
	execve(argv[0], argv, environment);
	die(argv[0]);
}

static void copy(int from, int to)
{
	char text[65536];
	const ssize_t size = read(from, text, sizeof(text));

	if (size > 0 && write(to, text, (size_t)size) != size)
		die("console");
}

/* Until the first process has ended. */
static void serve_console(int console, int log, int file, pid_t pid)
{
	struct pollfd polled[] = {
		{ .fd = console, .events = POLLIN },
		{ .fd = log, .events = POLLIN },
		{ .fd = 0, .events = POLLIN },
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
	};

	if (polled[3].fd < 0)
		die("pidfd");
	for (;;) {
		poll(polled, 4, -1);
		if (polled[0].revents & POLLIN)
			copy(console, file);
		else if (polled[1].revents & POLLIN)
			copy(log, file);
		else if (polled[3].revents)
			return;
		if (polled[2].revents & POLLIN)
			copy(0, console);
		else if (polled[2].revents)
			polled[2].fd = -1;
	}
}

int main(int argc, char **argv)
{
	const int console = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char terminal[64], log[4096];
	struct termios settings;
	FILE *file;
	int output, slave, kernel, status;
	pid_t pid;

	if (argc < 6)
		return 2;
	if (console < 0 || grantpt(console) < 0 || unlockpt(console) < 0)
		die("terminal");
	snprintf(terminal, sizeof(terminal), "%s", ptsname(console));
	/* Kept open: else the terminal hangs up whenever nobody has it. */
	slave = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
	tcgetattr(slave, &settings);
	settings.c_oflag &= (tcflag_t)~OPOST;
	tcsetattr(slave, TCSANOW, &settings);
	output = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	snprintf(log, sizeof(log), "%s.kmsg", argv[3]);
	unlink(log);
	if (mkfifo(log, 0600) < 0)
		die(log);
	kernel = open(log, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	pid = (pid_t)syscall(SYS_clone,
			     CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
				     CLONE_NEWNET | SIGCHLD,
			     NULL, NULL, NULL, NULL);
	if (pid == 0)
		become(argv[1], argv[4], terminal, log, argv + 5);
	if (pid < 0 || output < 0)
		die("clone");
	file = fopen(argv[2], "w");
	if (!file || fprintf(file, "%d\n", (int)pid) < 0 || fclose(file) != 0)
		die(argv[2]);
	serve_console(console, kernel, output, pid);
	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	if (WIFEXITED(status))
		printf("exit %d\n", WEXITSTATUS(status));
	else
		printf("signal %d\n", WTERMSIG(status));
	return 0;
}
