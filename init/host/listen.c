/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that units listen on. They are the host's: open before any unit runs, and over its
 * restarts, a re-exec and a new plan that still has them, so that nobody who connects in between is
 * turned away. Nothing that is done here can block.
 */
#include <sys/epoll.h>
#include <string.h>

#include "init/host/host.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/listen.h"

uint32_t host_count_sockets(const struct plan *plan)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < plan->unit_count; i++)
		count += plan->units[i].listen.count;
	return count;
}

/* In the order of the plan's units. */
int32_t *host_sockets(const struct host *host, uint32_t unit)
{
	int32_t *first = host->sockets;

	for (uint32_t i = 0; i < unit; i++)
		first += host->plan.units[i].listen.count;
	return first;
}

static struct listen_socket wanted(const struct plan *plan, const struct plan_socket *socket)
{
	return (struct listen_socket){
		.kind = (enum listen_kind)socket->kind,
		.address = plan_given(plan, socket->address),
		.port = (uint16_t)socket->port,
		.backlog = socket->backlog,
		.mode = socket->mode,
		.uid = socket->uid,
		.gid = socket->gid,
	};
}

int host_open_sockets(const struct host *host, uint32_t unit)
{
	const struct plan_list list = host->plan.units[unit].listen;
	const struct plan_socket *planned = plan_at(&host->plan, list);
	int32_t *fds = host_sockets(host, unit);

	if (!IS_ENABLED(CONFIG_INIT_LISTEN))
		return list.count ? fail_as(ERROR_UNSUPPORTED, 0,
					    "listen: CONFIG_INIT_LISTEN is not set") :
				    0;
	for (uint32_t i = 0; i < list.count; i++) {
		struct listen_socket socket = wanted(&host->plan, &planned[i]);

		if (fds[i] < 0)
			fds[i] = listen_open(&socket);
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

static void close_socket(const struct plan *plan, const struct plan_socket *planned, int32_t *fd)
{
	const struct listen_socket socket = wanted(plan, planned);

	if (*fd < 0)
		return;
	close_fd(fd);
	listen_remove(&socket);
}

void host_close_sockets(struct host *host)
{
	if (!IS_ENABLED(CONFIG_INIT_LISTEN))
		return;
	for (uint32_t unit = 0; unit < host->plan.unit_count; unit++) {
		const struct plan_list list = host->plan.units[unit].listen;
		const struct plan_socket *planned = plan_at(&host->plan, list);
		int32_t *fds = host_sockets(host, unit);

		for (uint32_t i = 0; i < list.count; i++)
			close_socket(&host->plan, &planned[i], &fds[i]);
	}
}

static bool is_same(const struct host *host, const struct plan_socket *a, const struct host *old,
		    const struct plan_socket *b)
{
	return a->kind == b->kind && a->port == b->port && a->backlog == b->backlog &&
	       a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       strcmp(plan_given(&host->plan, a->address), plan_given(&old->plan, b->address)) == 0;
}

/* The descriptor of that socket under the plan before, which has it no longer; -1: none. */
static int32_t take_socket(const struct host *host, const struct plan_socket *socket,
			   const struct host *old)
{
	int32_t *fd = old->sockets;

	for (uint32_t unit = 0; unit < old->plan.unit_count; unit++) {
		const struct plan_list list = old->plan.units[unit].listen;
		const struct plan_socket *planned = plan_at(&old->plan, list);

		for (uint32_t i = 0; i < list.count; i++, fd++)
			if (*fd >= 0 && is_same(host, socket, old, &planned[i]))
				return take_fd(fd);
	}
	return -1;
}

void host_move_sockets(struct host *host, struct host *old)
{
	for (uint32_t unit = 0; unit < host->plan.unit_count; unit++) {
		const struct plan_list list = host->plan.units[unit].listen;
		const struct plan_socket *planned = plan_at(&host->plan, list);
		int32_t *fds = host_sockets(host, unit);

		for (uint32_t i = 0; i < list.count; i++)
			fds[i] = take_socket(host, &planned[i], old);
	}
	host_close_sockets(old);
}

/* ---- on demand ---- */

static void watch(struct host *host, uint32_t unit, uint32_t events)
{
	const int32_t *fds = host_sockets(host, unit);

	for (uint32_t i = 0; i < host->plan.units[unit].listen.count; i++)
		if (host_watch(host, fds[i], WATCH_SOCKET, unit, events) < 0)
			host_say_error(host, plan_unit_name(&host->plan, unit));
}

void host_tend_sockets(struct host *host, uint32_t unit)
{
	const struct plan_unit *planned = &host->plan.units[unit];
	const bool waits = supervisor_unit(host->supervisor, unit)->phase == PHASE_OFF &&
			   host->kept->end_step == END_NOT;

	if (!IS_ENABLED(CONFIG_INIT_LISTEN) || !planned->on_demand)
		return;
	/* While it runs, or has been given up, what comes in is not for us to see. */
	if (waits && host_open_sockets(host, unit) < 0)
		host_say_error(host, plan_unit_name(&host->plan, unit));
	watch(host, unit, waits ? EPOLLIN : 0);
}

void host_demand(struct host *host, uint32_t unit)
{
	watch(host, unit, 0);
	host_post(host, EVENT_UP, unit, 0);
}
