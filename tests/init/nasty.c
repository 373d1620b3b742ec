/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that behave badly, or that say exactly what a test wants to hear:
 *   notify WORD...      each word a datagram for NOTIFY_SOCKET; then wait for ever
 *   ping MS             READY=1, then WATCHDOG=1 every MS milliseconds, until SIGUSR1
 *   zombies N           N orphans that end at once; says when all have been forked
 *   forks               fork for ever
 *   flood BYTES         write so many bytes in lines of 64, as fast as the pipe takes them
 *   deaf                ignore every signal that can be ignored
 *   memory              take memory for ever
 *   serve WORD [COUNT]  the sockets of sd_listen_fds(3): says which there are; each connection gets
 *                       "WORD NAME", each datagram is said; ends after COUNT of them
 *   ask KIND ADDRESS    what a server says: tcp PORT, unix PATH, unix @NAME; udp PORT is told hello
 *   listen PORT         take a TCP port, and nothing else
 *   client WHAT PATH    a hostile client of the control socket: silent, garbage, huge, flood, many,
 *                       deaf (asks, and reads nothing)
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || fd < 0) {
		fprintf(stderr, "nasty: no NOTIFY_SOCKET\n");
		exit(3);
	}
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		perror("nasty: notify");
	close(fd);
}

static void wait_forever(void)
{
	for (;;)
		pause();
}

static volatile sig_atomic_t hang;

static void on_usr1(int number)
{
	(void)number;
	hang = 1;
}

static void ping(unsigned int ms)
{
	signal(SIGUSR1, on_usr1);
	notify("READY=1");
	while (!hang) {
		notify("WATCHDOG=1");
		usleep(ms * 1000);
	}
	wait_forever();
}

static void zombies(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			/* The grandchild is an orphan at once. */
			pid = fork();
			_exit(pid < 0);
		}
		if (pid < 0)
			perror("nasty: fork");
		else
			waitpid(pid, NULL, 0);
	}
	printf("forked %ld\n", count);
	fflush(stdout);
}

static void forks(void)
{
	for (;;)
		if (fork() < 0)
			usleep(1000);
}

static void flood(long bytes)
{
	static char text[64 * 64];

	memset(text, 'x', sizeof(text));
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '\n';
	while (bytes > 0) {
		const ssize_t written = write(1, text, sizeof(text));

		if (written < 0 && errno != EAGAIN)
			exit(1);
		if (written > 0)
			bytes -= written;
	}
	if (write(1, "flood over\n", 11) < 0)
		exit(1);
}

static void memory(void)
{
	for (;;) {
		char *block = malloc(1 << 20);

		if (block)
			memset(block, 1, 1 << 20);
		else
			usleep(1000);
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("nasty: connect");
		return -1;
	}
	return fd;
}

static void client(const char *what, const char *path)
{
	static char huge[100000];
	/* version 1, command 4 (monitor), no flags */
	unsigned int request[36] = { 1, 4 };
	int fd = connect_to(path);

	if (fd < 0)
		exit(1);
	if (strcmp(what, "silent") == 0) {
		wait_forever();
	} else if (strcmp(what, "garbage") == 0) {
		for (int i = 0; i < 36; i++)
			request[i] = 0xdeadbeef * (unsigned int)(i + 1);
		send(fd, request, sizeof(request), MSG_NOSIGNAL);
		wait_forever();
	} else if (strcmp(what, "huge") == 0) {
		send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
		wait_forever();
	} else if (strcmp(what, "many") == 0) {
		for (int i = 0; i < 200; i++)
			connect_to(path);
		wait_forever();
	} else if (strcmp(what, "deaf") == 0) {
		send(fd, request, sizeof(request), MSG_NOSIGNAL);
		wait_forever();
	} else if (strcmp(what, "flood") == 0) {
		for (int i = 0; i < 100000; i++) {
			if (send(fd, request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
				close(fd);
				fd = connect_to(path);
			}
		}
	}
}

/* What sd_listen_fds_with_names(3) does. */
static int passed_sockets(const char **names)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");

	*names = getenv("LISTEN_FDNAMES");
	if (!count || !pid || !*names || atoi(pid) != getpid()) {
		printf("no sockets: LISTEN_FDS %s, LISTEN_PID %s, we are %d\n", count ? count : "",
		       pid ? pid : "", (int)getpid());
		exit(4);
	}
	printf("%s sockets: %s\n", count, *names);
	fflush(stdout);
	return atoi(count);
}

static void serve_one(int fd, const char *word, const char *name, int length)
{
	char text[64];
	ssize_t size;
	const int client = accept(fd, NULL, NULL);

	if (client >= 0) {
		size = snprintf(text, sizeof(text), "%s %.*s\n", word, length, name);
		if (write(client, text, (size_t)size) != size)
			perror("nasty: answer");
		close(client);
		return;
	}
	size = recv(fd, text, sizeof(text), 0);
	printf("%s %.*s got %.*s\n", word, length, name, (int)size, text);
	fflush(stdout);
}

static void serve(const char *word, int left)
{
	struct pollfd sockets[64];
	const char *names;
	const int count = passed_sockets(&names);

	for (int i = 0; i < count; i++)
		sockets[i] = (struct pollfd){ .fd = 3 + i, .events = POLLIN };
	while (left && poll(sockets, (nfds_t)count, -1) > 0) {
		const char *name = names;

		for (int i = 0; i < count && left; i++, name += strcspn(name, ":") + 1)
			if (sockets[i].revents) {
				serve_one(3 + i, word, name, (int)strcspn(name, ":"));
				left--;
			}
	}
}

static void take_port(const char *port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
	};
	const int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
		perror("nasty: listen");
		exit(1);
	}
	wait_forever();
}

static int ask(const char *kind, const char *where)
{
	const bool local = strcmp(kind, "unix") == 0, datagram = strcmp(kind, "udp") == 0;
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_un path;
	} address = { 0 };
	socklen_t length = sizeof(address.ipv4);
	const int fd = socket(local ? AF_UNIX : AF_INET, datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
	char text[64];
	ssize_t size;

	if (local) {
		address.path.sun_family = AF_UNIX;
		strncpy(address.path.sun_path, where, sizeof(address.path.sun_path) - 1);
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(where));
		if (*where == '@')
			address.path.sun_path[0] = '\0';
	} else {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_port = htons((uint16_t)atoi(where));
		address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	if (connect(fd, &address.any, length) < 0 || (datagram && write(fd, "hello", 5) != 5)) {
		perror("nasty: ask");
		return 1;
	}
	size = datagram ? 0 : read(fd, text, sizeof(text));
	printf("%.*s", (int)(size > 0 ? size : 0), text);
	return size < 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "notify") == 0) {
		for (int i = 2; i < argc; i++)
			notify(argv[i]);
		wait_forever();
	} else if (strcmp(what, "ping") == 0 && argc == 3) {
		ping((unsigned int)atoi(argv[2]));
	} else if (strcmp(what, "serve") == 0 && argc >= 3) {
		serve(argv[2], argc > 3 ? atoi(argv[3]) : -1);
	} else if (strcmp(what, "listen") == 0 && argc == 3) {
		take_port(argv[2]);
	} else if (strcmp(what, "ask") == 0 && argc == 4) {
		return ask(argv[2], argv[3]);
	} else if (strcmp(what, "zombies") == 0 && argc == 3) {
		zombies(atol(argv[2]));
	} else if (strcmp(what, "forks") == 0) {
		forks();
	} else if (strcmp(what, "flood") == 0 && argc == 3) {
		flood(atol(argv[2]));
	} else if (strcmp(what, "deaf") == 0) {
		for (int i = 1; i < 65; i++)
			signal(i, SIG_IGN);
		printf("deaf\n");
		fflush(stdout);
		wait_forever();
	} else if (strcmp(what, "memory") == 0) {
		memory();
	} else if (strcmp(what, "client") == 0 && argc == 4) {
		client(argv[2], argv[3]);
	} else {
		fprintf(stderr, "usage: see the source\n");
		return 2;
	}
	return 0;
}
