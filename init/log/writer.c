/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's process: what it keeps of what PID 1 had, and its loop. See log.h and ring.h. */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/log/log.h"
#include "init/log/sink.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	EVENTS = 16,
	LAST_READS = 64,      /* of each pipe, at the end */
	LAST_WORDS_MS = 2000, /* for files and sockets, at the end, */
	LAST_PAUSE_MS = 100,  /* but not for those that take nothing for longer than this */
};

static void read_clock(struct writer *writer)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	writer->now = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static unsigned char *inbox_of(const struct writer *writer)
{
	return (unsigned char *)writer->rings + writer->rings->inbox;
}

struct ring_writer writer_ring(const struct writer *writer, uint32_t index)
{
	return ring_begin(writer->rings, index, sink_log(writer->plan, index), writer->now);
}

/* ---- the beginning ---- */

/*
 * All descriptors but ours: a client of PID 1's must see its connection end, and the watchdog's
 * last closing must be PID 1's.
 */
static void close_others(const struct writer *writer)
{
	int kept[PLAN_MAX_UNITS + 2], next = STDERR_FILENO + 1;
	uint32_t count = 0;

	for (uint32_t i = 0; i <= writer->rings->count; i++) {
		const int fd = i < writer->rings->count ? writer->pipes[i] : writer->rings_fd;
		uint32_t at = count++;

		for (; at > 0 && kept[at - 1] > fd; at--)
			kept[at] = kept[at - 1];
		kept[at] = fd;
	}
	for (uint32_t i = 0; i < count; i++) {
		for (; next < kept[i]; next++)
			close(next);
		next = kept[i] >= next ? kept[i] + 1 : next;
	}
	fd_close_from(next);
}

/* Root without capabilities but the one for a folder of somebody else's that a log file lies in. */
static void drop_capabilities(const struct writer *writer)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (writer->sinks & LOG_TO_FILE)
		data[0].effective = data[0].permitted = 1u << CAP_DAC_OVERRIDE;
	syscall(SYS_capset, &header, data);
}

/* What a writer before us has read, but not finished. */
static void recover(struct writer *writer)
{
	struct rings *rings = writer->rings;
	unsigned char *inbox = inbox_of(writer);
	uint32_t size = INBOX_SIZE;

	for (uint32_t i = 0; i < rings->count; i++) {
		ring_mend(rings_at(rings, i), rings_view(rings, i).data);
		writer->sinks |= rings_at(rings, i)->sinks;
	}
	while (size > 0 && inbox[size - 1] == '\0')
		size--;
	if (size && rings->inbox_ring < rings->count) {
		struct ring_writer ring = writer_ring(writer, rings->inbox_ring);

		ring_feed(&ring, inbox, size, rings->inbox_turn);
	}
	memset(inbox, 0, size);
	rings->phase = RINGS_LIVE;
	writer->changed = true;
}

static int watch(const struct writer *writer, int fd, uint32_t index)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };

	return epoll_ctl(writer->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int open_all(struct writer *writer, const sigset_t *signals)
{
	writer->epoll = epoll_create1(EPOLL_CLOEXEC);
	writer->signals = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (writer->epoll < 0 || writer->signals < 0 || watch(writer, writer->signals, PLAN_NONE))
		return fail(errno, "log writer");
	for (uint32_t i = 0; i < writer->rings->count; i++)
		if (watch(writer, writer->pipes[i], i) < 0)
			return fail(errno, "log writer");
	if (IS_ENABLED(CONFIG_INIT_LOG_KERNEL) && (writer->sinks & LOG_TO_KERNEL))
		kernel_open(&writer->kernel);
	return 0;
}

/* ---- the loop ---- */

static void tend_ring(struct writer *writer, struct ring_writer *ring)
{
	const uint32_t turn = ring->ring->turn;
	const uint64_t due = ring_tick(ring);

	if (ring->ring->turn != turn)
		writer->changed = true;
	if (due < writer->due)
		writer->due = due;
}

/* One read of one pipe: what read(2) gave, or -1. */
static ssize_t read_pipe(struct writer *writer, uint32_t index)
{
	struct rings *rings = writer->rings;
	unsigned char *inbox = inbox_of(writer);
	struct ring_writer ring;
	ssize_t size;

	rings->inbox_ring = index;
	__atomic_store_n(&rings->inbox_turn, rings->inbox_turn + 1, __ATOMIC_RELEASE);
	size = read(writer->pipes[index], inbox, INBOX_SIZE);
	if (size <= 0)
		return size;
	ring = writer_ring(writer, index);
	ring_feed(&ring, inbox, (uint32_t)size, rings->inbox_turn);
	memset(inbox, 0, (size_t)size);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* the next turn begins with zeroes */
	writer->changed = true;
	tend_ring(writer, &ring);
	return size;
}

static void tend_all(struct writer *writer)
{
	writer->due = UINT64_MAX;
	for (uint32_t i = 0; i < writer->rings->count; i++) {
		struct ring_writer ring = writer_ring(writer, i);

		tend_ring(writer, &ring);
	}
}

/* Everything that goes out; gives when there is something to do again. */
static uint64_t pass_on(struct writer *writer, bool at_once)
{
	uint64_t due, files = UINT64_MAX;

	if (writer->due <= writer->now)
		tend_all(writer);
	due = sinks_forward(writer);
	if (IS_ENABLED(CONFIG_INIT_LOG_FILE) && (writer->sinks & LOG_TO_FILE))
		files = files_tend(writer, at_once);
	if (writer->changed)
		rings_wake(writer->rings);
	writer->changed = false;
	due = due < files ? due : files;
	return due < writer->due ? due : writer->due;
}

/* The end: what is in the pipes, and then away with it. */
static void __attribute__((noreturn)) finish(struct writer *writer)
{
	const uint64_t end = writer->now + LAST_WORDS_MS * ns_per_ms;
	struct epoll_event event;

	for (uint32_t i = 0; i < writer->rings->count; i++)
		for (int reads = 0; reads < LAST_READS && read_pipe(writer, i) > 0; reads++)
			;
	writer->now += RING_FLUSH_MS * ns_per_ms; /* incomplete lines as well */
	tend_all(writer);
	read_clock(writer);
	for (;;) {
		const uint64_t due = pass_on(writer, writer->file.helpers == 0);

		if (writer->now >= end ||
		    (due > writer->now + LAST_PAUSE_MS * ns_per_ms && writer->file.helpers == 0))
			break;
		epoll_wait(writer->epoll, &event, 1, due <= writer->now ? 0 : 10);
		if (IS_ENABLED(CONFIG_INIT_LOG_FILE))
			files_reap(writer);
		read_clock(writer);
	}
	writer->rings->phase = RINGS_ENDED;
	rings_wake(writer->rings);
	_exit(0);
}

static void take_signals(struct writer *writer)
{
	struct signalfd_siginfo info;

	while (read(writer->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM)
			finish(writer);
	if (IS_ENABLED(CONFIG_INIT_LOG_FILE))
		files_reap(writer);
}

static void take_events(struct writer *writer, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++) {
		const uint32_t index = events[i].data.u32;

		if (index == PLAN_NONE) {
			take_signals(writer);
			continue;
		}
		if (read_pipe(writer, index) != 0)
			continue;
		/* Nobody can write to it any more: of the supervisor's own, that is its end. */
		if (index + 1 == writer->rings->count)
			finish(writer);
		epoll_ctl(writer->epoll, EPOLL_CTL_DEL, writer->pipes[index], NULL);
	}
}

static int wait_ms(uint64_t due, uint64_t now)
{
	enum { LONGEST_MS = 60000 };
	const uint64_t ms = due <= now ? 0 : (due - now) / ns_per_ms + 1;

	return ms < LONGEST_MS ? (int)ms : LONGEST_MS;
}

int log_writer(const struct plan *plan, int rings, const int *pipes)
{
	const pid_t parent = getppid();
	struct writer writer = {
		.plan = plan,
		.rings_fd = rings,
		.pipes = pipes,
		.kernel.fd = -1,
		.syslog = { .fd = -1, .counter = 1 },
		.file.due = UINT64_MAX,
	};
	struct epoll_event events[EVENTS];
	sigset_t signals;
	size_t size;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	prctl(PR_SET_NAME, "cruet-log");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	writer.rings = rings_map(rings, true, &size);
	if (!writer.rings || !rings_fit(writer.rings, plan) || getppid() != parent)
		_exit(1);
	close_others(&writer);
	read_clock(&writer);
	recover(&writer);
	if (open_all(&writer, &signals) < 0)
		_exit(1);
	drop_capabilities(&writer);
	for (;;) {
		const uint64_t due = pass_on(&writer, false);
		const int count =
			epoll_wait(writer.epoll, events, EVENTS, wait_ms(due, writer.now));

		read_clock(&writer);
		take_events(&writer, events, count);
	}
}
