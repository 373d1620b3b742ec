/* SPDX-License-Identifier: Apache-2.0 */
/* Processes told apart by pid and start time: see process.h. */
#include "lib/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"

/* 32-bit ABIs that once had 16-bit ids have a second set of calls. */
#ifdef SYS_setgroups32
enum {
	CALL_SETGROUPS = SYS_setgroups32,
	CALL_SETRESGID = SYS_setresgid32,
	CALL_SETRESUID = SYS_setresuid32
};
#else
enum {
	CALL_SETGROUPS = SYS_setgroups,
	CALL_SETRESGID = SYS_setresgid,
	CALL_SETRESUID = SYS_setresuid
};
#endif

enum {
	STAT_SIZE = 1024, /* 31 numbers and a name of at most 64 (escaped: 128) bytes */
	/* Fields of /proc/PID/stat (proc(5)) counted from the one behind the name. */
	STAT_PARENT = 1,
	STAT_START_TIME = 19,
	STAT_IGNORED = 30,
	WAIT_FIRST_MS = 1,
	WAIT_LONGEST_MS = 20,
};

/* The number in field `index` behind the state letter; false if the line is too short. */
static bool stat_field(const char *text, int index, uint64_t *value)
{
	while (index--) {
		text = strchr(text, ' ');
		if (!text)
			return false;
		text++;
	}
	if (*text < '0' || *text > '9')
		return false;
	for (*value = 0; *text >= '0' && *text <= '9'; text++)
		*value = *value * 10 + (uint64_t)(*text - '0');
	/* Without a blank behind it the number may be cut off. */
	return *text == ' ';
}

int process_stat_parse(const char *text, struct process_stat *result)
{
	/* The name may hold blanks and brackets, what follows it cannot. */
	const char *name_end = strrchr(text, ')');
	uint64_t parent;

	if (!name_end || name_end[1] != ' ' || name_end[2] < 'A')
		return -EBADMSG;
	result->state = name_end[2];
	if (!stat_field(name_end + 2, STAT_PARENT, &parent) ||
	    !stat_field(name_end + 2, STAT_START_TIME, &result->start_time) ||
	    !stat_field(name_end + 2, STAT_IGNORED, &result->ignored))
		return -EBADMSG;
	result->parent = (pid_t)parent;
	return 0;
}

int process_stat_read(pid_t pid, struct process_stat *result)
{
	char path[32], text[STAT_SIZE];
	auto_fd int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	size = read(fd, text, sizeof(text) - 1); /* one record: it comes whole */
	if (size < 0)
		return -errno;
	text[size] = '\0';
	return process_stat_parse(text, result);
}

bool process_alive(pid_t pid, uint64_t start_time)
{
	struct process_stat found = { 0 };

	return pid > 0 && start_time && process_stat_read(pid, &found) == 0 &&
	       found.start_time == start_time && found.state != 'Z' && found.state != 'X';
}

int process_open(pid_t pid, uint64_t start_time)
{
	auto_fd int fd = -1;

	if (pid <= 0 || !start_time)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread now */
	return process_alive(pid, start_time) ? take_fd(&fd) : -ESRCH;
}

int process_signal(pid_t pid, uint64_t start_time, int signal)
{
	auto_fd int fd = process_open(pid, start_time);

	if (fd < 0 && fd != -ENOSYS)
		return fd;
	if (fd >= 0)
		return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
	/* Before 5.3 nothing closes the gap between the look and the signal. */
	if (!process_alive(pid, start_time))
		return -ESRCH;
	return kill(pid, signal) < 0 ? -errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds until `deadline` (-1: none) for poll(2); 0 when it is over. */
static int remaining_ms(int64_t deadline)
{
	int64_t rest;

	if (deadline < 0)
		return -1;
	rest = deadline - now_ms();
	return rest > 0 ? (int)rest : 0;
}

/* A pidfd becomes readable when its process ends. */
static int wait_by_pidfd(int fd, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int count;

	do {
		count = poll(&poll_fd, 1, remaining_ms(deadline));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	return count ? 0 : -ETIMEDOUT;
}

/* Before 5.3 the kernel tells nobody but the parent: look, and sleep a little longer each time. */
static int wait_by_looking(pid_t pid, uint64_t start_time, int64_t deadline)
{
	int pause = WAIT_FIRST_MS;

	while (process_alive(pid, start_time)) {
		int rest = remaining_ms(deadline);
		struct timespec time = { .tv_nsec = pause * 1000000L };

		if (rest == 0)
			return -ETIMEDOUT;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
		if (pause < WAIT_LONGEST_MS)
			pause *= 2;
	}
	return 0;
}

int process_wait_gone(pid_t pid, uint64_t start_time, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	auto_fd int fd = process_open(pid, start_time);

	if (fd == -ESRCH)
		return 0;
	if (fd == -ENOSYS)
		return wait_by_looking(pid, start_time, deadline);
	return fd < 0 ? fd : wait_by_pidfd(fd, deadline);
}

bool process_is_root(void)
{
	return getauxval(AT_EUID) == 0;
}

int process_set_groups(const uint32_t *groups, size_t count)
{
	return (int)syscall(CALL_SETGROUPS, count, groups);
}

int process_set_gid(uint32_t gid)
{
	return (int)syscall(CALL_SETRESGID, gid, gid, gid);
}

int process_set_uid(uint32_t uid)
{
	return (int)syscall(CALL_SETRESUID, uid, uid, uid);
}
