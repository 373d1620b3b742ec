/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is given of its unit's sockets, as sd_listen_fds(3) has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "lib/arena.h"
#include "lib/config.h"

#define LISTEN_PID "LISTEN_PID="
enum { LISTEN_PID_SIZE = sizeof(LISTEN_PID) + 11 };

unsigned int run_sockets(const struct launch *launch)
{
	return IS_ENABLED(CONFIG_INIT_LISTEN) && launch->sockets ?
		       launch->plan->units[launch->unit].listen.count :
		       0;
}

static const char *name_of(const struct run *run, const struct plan_socket *socket)
{
	return socket->name ? run_text(run, socket->name) : run->name;
}

static char *names(const struct run *run)
{
	const struct plan_socket *sockets = plan_at(run->plan, run->unit->listen);
	const size_t room = run_sockets(run->launch) * (size_t)(PLAN_NAME_MAX + 1);
	char *text = arena_bytes(run->arena, sizeof("LISTEN_FDNAMES=") + room), *end;

	if (!text)
		return NULL;
	end = stpcpy(text, "LISTEN_FDNAMES=");
	for (unsigned int i = 0; i < run_sockets(run->launch); i++) {
		*end = ':';
		end = stpcpy(end + (i > 0), name_of(run, &sockets[i]));
	}
	return text;
}

int run_listen_told(const struct run *run, char *texts[RUN_LISTEN_MAX], char **pid)
{
	*pid = NULL;
	if (!run_sockets(run->launch))
		return 0;
	texts[0] = arena_printf(run->arena, "LISTEN_FDS=%u", run_sockets(run->launch));
	texts[1] = names(run);
	texts[2] = *pid = arena_bytes(run->arena, LISTEN_PID_SIZE);
	return texts[0] && texts[1] && texts[2] ? RUN_LISTEN_MAX : -ENOMEM;
}

void run_listen_pid(char *pid)
{
	if (pid)
		snprintf(pid, LISTEN_PID_SIZE, LISTEN_PID "%d", (int)getpid());
}
