/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about processes, and starting and ending them by pidfd. */
#ifndef LIB_PROCESS_H
#define LIB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_stat {
	char state;	     /* 'R', 'S', 'Z', 'X' ... */
	uint64_t start_time; /* clock ticks since boot: field 22 of /proc/PID/stat */
	pid_t parent;
	uint64_t ignored; /* bit n - 1: signal n is ignored (1 to 31): field 33 */
};

/* /proc/PID/stat. 0 or -errno (ESRCH: no such process); records nothing. */
int process_stat_read(pid_t pid, struct process_stat *result);
/* The same from the file's text. -EBADMSG if it is none. */
int process_stat_parse(const char *text, struct process_stat *result);

/*
 * Is the process that had this pid and start time alive (not a zombie)? A start time of 0 never is.
 */
bool process_alive(pid_t pid, uint64_t start_time);

/*
 * pidfd of that very process: opened first, start time checked after, so that a reused pid is never
 * hit. -ESRCH when it is gone; -ENOSYS where the kernel has no pidfd (< 5.3). Records nothing.
 */
int process_open(pid_t pid, uint64_t start_time);

/* Send a signal to that very process (pidfd, or kill(2) after a start-time check). 0 or -errno. */
int process_signal(pid_t pid, uint64_t start_time, int signal);

/*
 * Wait until it is gone or a zombie, at most `timeout_ms` (-1: for ever). Woken by its pidfd;
 * kernels before 5.3 have none: there it is looked at again after 1, 2, 4 ... 32 ms. 0, -ETIMEDOUT
 * or -errno.
 */
int process_wait_gone(pid_t pid, uint64_t start_time, int timeout_ms);

/*
 * setgroups(2), setresgid(2), setresuid(2), all three ids alike, of this process with its one
 * thread: the C library's own look after other threads, which a child in our memory must not. 0, or
 * -1 with errno.
 */
int process_set_groups(const uint32_t *groups, size_t count);
int process_set_gid(uint32_t gid);
int process_set_uid(uint32_t uid);

/* Were we executed with effective user id 0 (getauxval(3): no system call)? */
bool process_is_root(void);

#endif
