/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime in the foreground between its caller's terminal and the container's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/console.h"

enum { BUFFER = 4096 };

enum watched { WATCH_INPUT, WATCH_MASTER, WATCH_SIGNALS, WATCH_PROCESS, WATCHED };

/* What was read from the user and not yet taken by the container. */
struct pending {
	char data[BUFFER];
	size_t start, size;
};

static void copy_window_size(int master)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}

static void take_signal(const struct console_relay *relay)
{
	struct signalfd_siginfo info;

	/* One a turn: the descriptor may be a blocking one. */
	if (read(relay->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_window_size(relay->master);
	else if (relay->on_signal)
		relay->on_signal((int)info.ssi_signo, relay->context);
}

/* 1: some, 0: end or nothing more for now, -errno: our own output failed. */
static int forward_output(int master)
{
	char data[BUFFER];
	const ssize_t got = read(master, data, sizeof(data));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	/* EIO: nobody has the slave open any more. */
	if (got <= 0)
		return 0;
	return fd_write_all(STDOUT_FILENO, data, (size_t)got) < 0 ? -errno : 1;
}

/* False: there will be no more input. */
static bool take_input(struct pending *pending)
{
	const ssize_t got = read(STDIN_FILENO, pending->data, sizeof(pending->data));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	pending->start = 0;
	pending->size = (size_t)got;
	return true;
}

static void give_input(int master, struct pending *pending)
{
	const ssize_t put = write(master, pending->data + pending->start, pending->size);

	if (put > 0) {
		pending->start += (size_t)put;
		pending->size -= (size_t)put;
	} else if (put < 0 && errno != EINTR && errno != EAGAIN) {
		pending->size = 0;
	}
}

static int relay_until_end(const struct console_relay *relay)
{
	struct pending pending = { .size = 0 };
	bool input = true, output = true;
	int result;

	for (;;) {
		struct pollfd watched[WATCHED] = {
			[WATCH_INPUT] = { input && pending.size == 0 ? STDIN_FILENO : -1, POLLIN,
					  0 },
			[WATCH_MASTER] = { output ? relay->master : -1,
					   (short)(POLLIN | (pending.size ? POLLOUT : 0)), 0 },
			[WATCH_SIGNALS] = { relay->signals, POLLIN, 0 },
			[WATCH_PROCESS] = { relay->pidfd, POLLIN, 0 },
		};

		if (poll(watched, WATCHED, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(errno, "terminal: wait");
		}
		if (watched[WATCH_SIGNALS].revents)
			take_signal(relay);
		if (watched[WATCH_INPUT].revents)
			input = take_input(&pending);
		if (pending.size && output)
			give_input(relay->master, &pending);
		if (watched[WATCH_MASTER].revents & (POLLIN | POLLHUP | POLLERR)) {
			result = forward_output(relay->master);
			if (result < 0)
				return fail(-result, "terminal: write the output");
			if (result == 0 && !(watched[WATCH_MASTER].revents & POLLIN))
				output = false;
		}
		if (watched[WATCH_PROCESS].revents || (relay->pidfd < 0 && !output))
			break;
	}
	/* What it wrote last. */
	while ((result = forward_output(relay->master)) > 0)
		;
	return result < 0 ? fail(-result, "terminal: write the output") : 0;
}

int console_relay(const struct console_relay *relay)
{
	const int flags = fcntl(relay->master, F_GETFL);
	struct termios saved, raw;
	const bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
	int result;

	if (flags < 0 || fcntl(relay->master, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail(errno, "terminal: make it non-blocking");
	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
		copy_window_size(relay->master);
	}
	result = relay_until_end(relay);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	return result;
}
