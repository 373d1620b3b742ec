/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the loop watches: opened at the beginning, after re-exec, and for a new plan. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/log/log.h"
#include "init/paths.h"
#include "lib/error.h"
#include "lib/fd.h"

static int make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return fail(errno, "make %s", path);
	return 0;
}

/* What the first launch needs. */
static int make_folders(void)
{
	const int result = make_folder(INIT_RUN, 0711);

	return result < 0 ? result : make_folder(INIT_RUN_UNITS, 0711);
}

static int open_notify(struct host *host, uint32_t unit)
{
	const struct plan_unit *planned = &host->plan.units[unit];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;
	char folder[sizeof(address.sun_path)];

	snprintf(folder, sizeof(folder), INIT_RUN_UNITS "/%s", plan_unit_name(&host->plan, unit));
	if (make_folder(folder, 0700) < 0)
		return error_result();
	/* An exec unit comes this way as its own user; a container's mount needs no way. */
	if (planned->source == SOURCE_EXEC && chown(folder, planned->uid, planned->gid) < 0)
		return fail(errno, "%s", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), INIT_RUN_UNITS "/%s/notify",
		 plan_unit_name(&host->plan, unit));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(errno, "notify socket");
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0666) < 0)
		return fail(errno, "notify socket %s", address.sun_path);
	host->units[unit].notify = take_fd(&fd);
	return 0;
}

static int open_output(struct kept_unit *unit)
{
	int ends[2];

	if (unit->output_read >= 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "log pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	unit->output_read = ends[0];
	unit->output = ends[1];
	return 0;
}

int host_open_unit(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];
	int result = open_output(kept);

	if (unit == host->plan.unit_count) {
		if (result == 0)
			fcntl(kept->output, F_SETFL, O_NONBLOCK);
		return result;
	}
	if (result == 0 && kept->notify < 0 &&
	    (host->plan.units[unit].ready.kind == CHECK_NOTIFY ||
	     host->plan.units[unit].watchdog_timeout))
		result = open_notify(host, unit);
	if (result == 0)
		result = host_watch(host, kept->notify, WATCH_NOTIFY, unit, EPOLLIN);
	if (result == 0)
		result = host_watch(host, kept->report, WATCH_REPORT, unit, EPOLLIN);
	if (result == 0)
		result = host_watch(host, kept->ready, WATCH_READY, unit, EPOLLIN);
	/* What cannot be opened now is tried again, and said, when the unit starts. */
	if (result == 0 && host_open_sockets(host, unit) < 0)
		error_clear();
	if (result == 0)
		host_tend_sockets(host, unit);
	return result;
}

void host_close_unit(struct kept_unit *unit)
{
	close_fd(&unit->output_read);
	close_fd(&unit->output);
	close_fd(&unit->notify);
	close_fd(&unit->report);
	close_fd(&unit->ready);
}

static int open_signals(struct host *host)
{
	static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT,  SIGHUP,
				       SIGQUIT, SIGUSR1, SIGUSR2, SIGPWR };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (host->signals < 0)
		host->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return host->signals < 0 ? fail(errno, "signal descriptor") : 0;
}

static int open_conditions(struct host *host)
{
	int result;

	conditions_close(&host->conditions);
	result = conditions_open(&host->conditions, &host->plan);
	for (uint32_t i = 0; i < CONDITION_SOURCES && result == 0; i++)
		result = host_watch(host, host->conditions.fds[i], WATCH_CONDITION, i,
				    host->conditions.events[i]);
	return result;
}

int host_listen(struct host *host)
{
	struct kept *kept = host->kept;

	if (kept->control < 0 && make_folders() == 0)
		kept->control = control_listen(INIT_CONTROL);
	return kept->control < 0 ? error_result() : 0;
}

static int open_control(struct host *host)
{
	struct kept *kept = host->kept;

	if (host_listen(host) < 0)
		return error_result();
	if (host->control.listener != kept->control)
		host_serve(host);
	return host_watch(host, kept->control, WATCH_CLIENT, CONTROL_LISTENER, EPOLLIN);
}

/* Clients keep their connection over a new plan. */
static int open_clients(struct host *host)
{
	int result = 0;

	for (uint32_t i = 0; i < CONTROL_CLIENTS && result == 0; i++)
		if (host->control.clients[i].fd >= 0)
			result = host_watch(host, host->control.clients[i].fd, WATCH_CLIENT, i,
					    host->control.clients[i].events);
	return result;
}

int host_watch_units(struct host *host)
{
	int result;

	close_fd(&host->epoll);
	host->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (host->epoll < 0)
		return fail(errno, "epoll");
	result = make_folders();
	if (result == 0)
		result = open_signals(host);
	if (result == 0)
		result = host_watch(host, host->signals, WATCH_SIGNALS, 0, EPOLLIN);
	for (uint32_t i = 0; i <= host->plan.unit_count && result == 0; i++)
		result = host_open_unit(host, i);
	return result;
}

int host_watch_rest(struct host *host)
{
	struct kept *kept = host->kept;
	int result = make_folder(INIT_FLAGS, 0755);

	host->control_due = 1;
	host->poll_at = host->now;
	if (kept->rings < 0)
		kept->rings = log_rings_make(&host->plan, -1);
	if (result == 0 && kept->rings < 0)
		result = kept->rings;
	/* Whatever else fails: somebody must be able to ask what is wrong. */
	if (result == 0)
		result = open_control(host);
	if (result == 0)
		result = open_clients(host);
	if (result == 0)
		result = open_conditions(host);
	if (result == 0 && kept->is_init && host->uevents < 0)
		host->uevents = board_uevents_open(&host->plan);
	if (result == 0 && host->uevents >= 0)
		result = host_watch(host, host->uevents, WATCH_UEVENT, 0, EPOLLIN);
	return result;
}
