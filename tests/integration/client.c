/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests run beside the runtime: the parts that conmon, containerd's shim, systemd or a
 * terminal play for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int bind_socket(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		/* As conmon does for long paths: through the folder's descriptor. */
		char folder[4096];
		char *slash;

		snprintf(folder, sizeof(folder), "%s", path);
		slash = strrchr(folder, '/');
		*slash = '\0';
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
			 open(folder, O_PATH), slash + 1);
	} else {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	}
	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("bind");
	return fd;
}

/* One connection, one message with one descriptor; its payload goes to `text`. */
static int receive_fd(const char *path, char *text, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = text, .iov_len = size - 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int listener, connection, fd;
	struct pollfd wait = { .events = POLLIN };
	char hidden[4096];
	ssize_t length;

	/* Whoever waits for the file may connect at once: it gets its name when it listens. */
	snprintf(hidden, sizeof(hidden), "%s.new", path);
	wait.fd = listener = bind_socket(hidden, SOCK_STREAM);
	if (listen(listener, 1) < 0 || rename(hidden, path) < 0)
		die("listen");
	if (poll(&wait, 1, PATIENCE_MS) != 1)
		die("nobody connected");
	connection = accept(listener, NULL, NULL);
	wait.fd = connection;
	if (connection < 0 || poll(&wait, 1, PATIENCE_MS) != 1)
		die("accept");
	length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
	if (length < 0)
		die("receive");
	text[length] = '\0';
	if (!CMSG_FIRSTHDR(&message) || CMSG_FIRSTHDR(&message)->cmsg_type != SCM_RIGHTS ||
	    CMSG_FIRSTHDR(&message)->cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = EPROTO;
		die("not exactly one descriptor");
	}
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Copy stdin to the terminal and the terminal to stdout until it is closed. */
static void relay(int terminal)
{
	struct pollfd wait[2] = { { .fd = terminal, .events = POLLIN },
				  { .fd = 0, .events = POLLIN } };
	char buffer[4096];
	ssize_t length;

	while (poll(wait, 2, PATIENCE_MS) > 0) {
		if (wait[0].revents) {
			length = read(terminal, buffer, sizeof(buffer));
			if (length <= 0 || write(1, buffer, (size_t)length) != length)
				return;
		}
		if (wait[1].revents) {
			length = read(0, buffer, sizeof(buffer));
			if (length <= 0)
				wait[1].fd = -1;
			else if (write(terminal, buffer, (size_t)length) != length)
				return;
		}
	}
}

/* console SOCKET: take a terminal and be its user; first lines: name, size, what it is. */
static int run_console(int argc, char **argv)
{
	char name[4096];
	int terminal = receive_fd(argv[1], name, sizeof(name));
	struct winsize size = { 0 };
	struct stat status;

	ioctl(terminal, TIOCGWINSZ, &size);
	fstat(terminal, &status);
	printf("name=%s\nsize=%dx%d\nmaster=%s\n", name, size.ws_row, size.ws_col,
	       S_ISCHR(status.st_mode) && ptsname(terminal) ? "yes" : "no");
	fflush(stdout);
	relay(terminal);
	return argc < 2;
}

/* pidfd SOCKET: take a pidfd and say whose. */
static int run_pidfd(int argc, char **argv)
{
	char text[4096], path[64], line[128];
	int fd = receive_fd(argv[1], text, sizeof(text));
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Pid:", 4) == 0)
			printf("%d\n", atoi(line + 4));
	return argc < 2;
}

/* notify SOCKET: be systemd: print messages; a descriptor sent with one (BARRIER) is closed. Ends
 * on MAINPID or BARRIER. */
static int run_notify(int argc, char **argv)
{
	int fd = bind_socket(argv[1], SOCK_DGRAM);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	bool enough = false;

	(void)argc;
	chmod(argv[1], 0666);
	while (poll(&wait, 1, enough ? 1000 : PATIENCE_MS) == 1) {
		char text[4096], room[256];
		struct iovec part = { .iov_base = text, .iov_len = sizeof(text) - 1 };
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = room,
					  .msg_controllen = sizeof(room) };
		ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		if (length < 0)
			die("receive");
		text[length] = '\0';
		printf("%s\n", text);
		fflush(stdout);
		if (header && header->cmsg_type == SCM_RIGHTS)
			close(*(int *)(void *)CMSG_DATA(header));
		enough = enough || strstr(text, "MAINPID") || strstr(text, "BARRIER");
	}
	return enough ? 0 : 1;
}

/* listen N FILE COMMAND...: socket activation: N descriptors of FILE from 3 on, LISTEN_FDS,
 * LISTEN_PID (ours). */
static int run_listen(int argc, char **argv)
{
	char number[16];

	(void)argc;
	for (int i = 0; i < atoi(argv[1]); i++) {
		int fd = open(argv[2], O_RDONLY);

		if (fd != 3 + i && (dup2(fd, 3 + i) < 0 || close(fd) < 0))
			die(argv[2]);
	}
	setenv("LISTEN_FDS", argv[1], 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDNAMES", "names", 1);
	execvp(argv[3], argv + 3);
	die(argv[3]);
	return 1;
}

/* tty ROWSxCOLUMNS COMMAND...: run it on a terminal of its own; exit as it does. */
static int run_tty(int argc, char **argv)
{
	struct winsize size = { 0 };
	int terminal, status;
	pid_t pid;

	(void)argc;
	sscanf(argv[1], "%hux%hu", &size.ws_row, &size.ws_col);
	pid = forkpty(&terminal, NULL, NULL, &size);
	if (pid < 0)
		die("forkpty");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		die(argv[2]);
	}
	relay(terminal);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* noreap FILE COMMAND...: its orphans come to us and are never reaped, until FILE is gone. */
static int run_noreap(int argc, char **argv)
{
	int status;
	pid_t pid;

	(void)argc;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		die(argv[2]);
	}
	waitpid(pid, &status, 0);
	printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fflush(stdout);
	while (access(argv[1], F_OK) == 0)
		usleep(10000);
	return 0;
}

/* reap COMMAND...: as conmon: subreaper; runs it, then waits for all orphans; prints each one's
 * status. */
static int run_reap(int argc, char **argv)
{
	int status;
	pid_t pid, first;

	(void)argc;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	first = fork();
	if (first == 0) {
		execvp(argv[1], argv + 1);
		die(argv[1]);
	}
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		printf("%s %d\n", pid == first ? "command" : "orphan",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		fflush(stdout);
	}
	return 0;
}

/* odd COMMAND...: run it with signals blocked and ignored and with descriptors 0-2 closed from N
 * on. */
static int run_odd(int argc, char **argv)
{
	sigset_t all;

	(void)argc;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	execvp(argv[1], argv + 1);
	die(argv[1]);
	return 1;
}

/* closed N COMMAND...: run it with descriptor N closed (0, 1 or 2). */
static int run_closed(int argc, char **argv)
{
	(void)argc;
	close(atoi(argv[1]));
	execvp(argv[2], argv + 2);
	die(argv[2]);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int least;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "console", 1, run_console }, { "pidfd", 1, run_pidfd },
		{ "notify", 1, run_notify },   { "listen", 3, run_listen },
		{ "tty", 2, run_tty },	       { "noreap", 2, run_noreap },
		{ "reap", 1, run_reap },       { "odd", 1, run_odd },
		{ "closed", 2, run_closed },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "client: unknown command\n");
	return 125;
}
