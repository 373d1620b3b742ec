/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of the host: see host.h. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "init/host/host.h"
#include "lib/error.h"

/* Events handled in one turn, and reads of one signal descriptor in a turn. */
enum { TURN_EVENTS = 32, TURN_SIGNALS = 16, TURNS_WITHOUT_TICK = 8 };

uint64_t host_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int host_watch(struct host *host, int fd, enum watch_source source, uint32_t index, uint32_t events)
{
	struct epoll_event event = {
		.events = events,
		.data.u64 = (uint64_t)source << 32 | index,
	};
	int result;

	if (fd < 0)
		return 0;
	if (!events)
		result = epoll_ctl(host->epoll, EPOLL_CTL_DEL, fd, &event);
	else if ((result = epoll_ctl(host->epoll, EPOLL_CTL_ADD, fd, &event)) < 0 &&
		 errno == EEXIST)
		result = epoll_ctl(host->epoll, EPOLL_CTL_MOD, fd, &event);
	return result < 0 && events ? fail(errno, "watch descriptor %d", fd) : 0;
}

static void step(struct host *host, uint32_t kind, uint32_t unit, int64_t value)
{
	const struct event event = { .kind = kind, .unit = unit, .value = value };
	struct action action;

	host->acting = 1;
	supervise(host->supervisor, &host->plan, &event, host->now);
	while (supervisor_next_action(host->supervisor, &action))
		host_act(host, &action);
	host->acting = 0;
}

/*
 * While actions are carried out an event can only say that one of them failed at once: one for each
 * unit, kept until the core has been emptied.
 */
void host_post(struct host *host, uint32_t kind, uint32_t unit, int64_t value)
{
	if (host->acting) {
		host->units[unit].deferred = kind;
		host->deferred = 1;
		return;
	}
	step(host, kind, unit, value);
	while (host->deferred) {
		host->deferred = 0;
		for (uint32_t i = 0; i < host->plan.unit_count; i++) {
			const uint32_t deferred = host->units[i].deferred;

			host->units[i].deferred = 0;
			if (deferred)
				step(host, deferred, i, 0);
		}
	}
}

/* As BusyBox's users know them; `supervise` ends when it is told to. */
static void take_signal(struct host *host, uint32_t number)
{
	const bool init = host->kept->is_init;

	switch (number) {
	case SIGCHLD:
		break; /* children are reaped every turn that has a signal */
	case SIGTERM:
		host_end(host, init ? BOARD_REBOOT : BOARD_HALT, END_PLANNED, "SIGTERM");
		break;
	case SIGINT:
		if (init && host->plan.system->ctrl_alt_del)
			host_end(host, BOARD_REBOOT, END_PLANNED, "ctrl-alt-del");
		else if (!init)
			host_end(host, BOARD_HALT, END_PLANNED, "SIGINT");
		break;
	case SIGUSR1:
		if (init)
			host_end(host, BOARD_HALT, END_PLANNED, "SIGUSR1");
		break;
	case SIGUSR2:
	case SIGPWR:
		if (init)
			host_end(host, BOARD_POWEROFF, END_PLANNED,
				 number == SIGPWR ? "SIGPWR" : "SIGUSR2");
		break;
	case SIGHUP:
		host_reload(host);
		break;
	case SIGQUIT:
		host->reexec = 1;
		break;
	default:
		break;
	}
}

static void take_signals(struct host *host)
{
	struct signalfd_siginfo signals[TURN_SIGNALS];
	const ssize_t size = read(host->signals, signals, sizeof(signals));

	for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(signals[0]); i++)
		take_signal(host, signals[i].ssi_signo);
	host_reap(host);
}

static void dispatch(struct host *host, const struct epoll_event *event)
{
	const uint32_t index = (uint32_t)event->data.u64;

	switch ((enum watch_source)(event->data.u64 >> 32)) {
	case WATCH_SIGNALS:
		take_signals(host);
		break;
	case WATCH_CLIENT:
		control_client_ready(&host->control, index, event->events, host->now);
		break;
	case WATCH_CONDITION:
		conditions_drain(&host->conditions, (enum condition_source)index);
		host_conditions(host, (enum condition_source)index);
		break;
	case WATCH_NOTIFY:
		host_notify(host, index);
		break;
	case WATCH_REPORT:
		host_report(host, index);
		break;
	case WATCH_READY:
		host_ready(host, index);
		break;
	case WATCH_UEVENT:
		host_uevent(host);
		break;
	case WATCH_SOCKET:
		host_demand(host, index);
		break;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until something is due; -1: only when something happens. */
static int wait_time(struct host *host)
{
	uint64_t due = supervisor_deadline(host->supervisor, &host->plan);

	due = earlier(due, host_job_deadline(host));
	due = earlier(due, host_tend_deadline(host));
	if (host->rest_at == UINT64_MAX)
		due = earlier(due, control_tick(&host->control, host->now));
	if (due == UINT64_MAX)
		return -1;
	if (due <= host->now)
		return 0;
	return due - host->now > 3600000 ? 3600000 : (int)(due - host->now);
}

void host_loop(struct host *host)
{
	struct epoll_event events[TURN_EVENTS];
	int full = 0; /* turns in a row after which more may be waiting */

	host->now = host_clock();
	for (;;) {
		const int count = epoll_wait(host->epoll, events, TURN_EVENTS, wait_time(host));

		host->now = host_clock();
		for (int i = 0; i < count; i++)
			dispatch(host, &events[i]);
		/* After a pause the keepalives that wait in sockets count before the time does. */
		full = count == TURN_EVENTS ? full + 1 : 0;
		if (full % TURNS_WITHOUT_TICK == 0 &&
		    supervisor_deadline(host->supervisor, &host->plan) <= host->now)
			host_post(host, EVENT_TICK, 0, 0);
		host_check_deadlines(host);
		host_tend(host);
		if (host->control_due && host->rest_at == UINT64_MAX) {
			host->control_due = 0;
			control_changed(&host->control, host->now);
		}
		if (host->reexec)
			host_reexec(host);
	}
}
