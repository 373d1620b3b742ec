/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor of the default board, as a firmware team would write it: a program that knows nothing
 * of cruet but sd_notify(3), which is one datagram. Says READY=1 when it has counted its start in
 * the file argv[1]; then it measures every five seconds how late it is woken, and pings its
 * watchdog.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int number)
{
	(void)number;
	stop = 1;
}

static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (path && fd >= 0) {
		strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
		if (sendto(fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&address,
			   sizeof(address)) < 0)
			perror("sensor: notify");
	}
	if (fd >= 0)
		close(fd);
}

/* The number of starts is the only thing that is ever written: once a start, and never torn. */
static unsigned long count_start(const char *path)
{
	char next[256], text[32] = "";
	unsigned long count;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			perror(path);
		close(fd);
	}
	count = strtoul(text, NULL, 10) + 1;
	snprintf(next, sizeof(next), "%s.new", path);
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	snprintf(text, sizeof(text), "%lu\n", count);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fsync(fd) < 0 || rename(next, path) < 0)
		perror(next);
	if (fd >= 0)
		close(fd);
	return count;
}

enum { PERIOD = 5 };

/* Sleep: how many microseconds it took longer. */
static long measure(void)
{
	const struct timespec period = { .tv_sec = PERIOD };
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&period, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	return (after.tv_sec - before.tv_sec - PERIOD) * 1000000L +
	       (after.tv_nsec - before.tv_nsec) / 1000;
}

int main(int argc, char **argv)
{
	char text[128];

	if (argc != 2)
		return 2;
	signal(SIGTERM, on_term);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("start number %lu\n", count_start(argv[1]));
	notify("READY=1\nSTATUS=measuring");
	for (unsigned int i = 0; !stop; i++) {
		const long late = measure();

		if (i % 12 == 0)
			printf("woken %ld us late\n", late);
		snprintf(text, sizeof(text), "WATCHDOG=1\nSTATUS=%u measurements", i + 1);
		notify(text);
	}
	printf("told to stop\n");
	return 0;
}
