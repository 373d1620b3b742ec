/* SPDX-License-Identifier: Apache-2.0 */
/* What system.json says of the board, but for its mounts: see set_up.h. */
#include "init/board/set_up.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/network/network.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "lib/path.h"

enum { INTERFACE_WAIT_MS = 3000, INTERFACE_STEP_MS = 50, SYSCTL_MAX = 256 };

bool board_is_simple(const struct plan *plan)
{
	const struct plan_system *system = plan->system;

	return !system->modules.count && !system->mounts.count && !system->sysctl.count &&
	       !system->interfaces.count && !system->coldplug && !system->clock_floor;
}

void set_up_say(int result)
{
	if (result < 0) {
		fail_context(result, "system.json");
		log_error();
	}
}

static void set_up_names(const struct plan *plan)
{
	const char *hostname = plan_text(plan, plan->system->hostname);

	board_fill_dev();
	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		set_up_say(fail(errno, "hostname %s", hostname));
	set_up_say(netlink_loopback_up());
	if (IS_ENABLED(CONFIG_INIT_CLOCK_FLOOR) && !board_is_contained())
		board_set_clock(plan);
}

/* "softdog soft_margin=20" */
static void set_up_module(struct set_up *set_up, const char *text)
{
	char name[SYSCTL_MAX];
	const size_t length = strcspn(text, " ");
	int result;

	if (!IS_ENABLED(CONFIG_INIT_MODULES)) {
		set_up_say(
			fail_as(ERROR_UNSUPPORTED, 0, "modules: CONFIG_INIT_MODULES is not set"));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	error_clear();
	result = modules_load(&set_up->modules, name, text + length + strspn(text + length, " "));
	if (result == -ENOENT && error_last()->code == ERROR_NONE)
		fail_as(ERROR_NOT_FOUND, 0,
			"module %s: not in /lib/modules, nor built into the kernel", name);
	set_up_say(result);
}

/*
 * "net.ipv4.ip_forward" or "net/ipv4/ip_forward"; whichever separator comes first is the one, and
 * the other one stands for it in a name (sysctl.d(5)): "net.ipv4.conf.eth0/1.forwarding".
 */
static int set_up_sysctl(int proc, const char *key, const char *value)
{
	char path[SYSCTL_MAX];
	bool dots;

	if (!key || !value) /* not in a plan */
		return 0;
	dots = key[strcspn(key, "./")] == '.';
	if (snprintf(path, sizeof(path), "sys/%s", key) >= (int)sizeof(path))
		return fail(ENAMETOOLONG, "sysctl %.64s", key);
	for (char *at = path + strlen("sys/"); dots && *at; at++)
		*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	return fail_context(path_write_proc(proc, path, value), "sysctl %s", key);
}

static void set_up_sysctls(const struct plan *plan)
{
	const struct plan_list list = plan->system->sysctl;
	const struct plan_pair *pairs = plan_at(plan, list);
	auto_fd int proc = list.count ? path_open_proc() : -1;

	if (list.count && proc < 0)
		set_up_say(proc);
	for (uint32_t i = 0; i < list.count && proc >= 0; i++)
		set_up_say(set_up_sysctl(proc, plan_text(plan, pairs[i].key),
					 plan_text(plan, pairs[i].value)));
}

/* Some drivers take a moment to make their interface. */
static void set_up_interface(struct set_up *set_up, const struct plan_interface *interface)
{
	int result;

	while (result = network_interface(set_up->plan, interface),
	       result == -ENODEV && set_up->patience >= INTERFACE_STEP_MS) {
		coldplug_wait(&set_up->coldplug, INTERFACE_STEP_MS);
		set_up->patience -= INTERFACE_STEP_MS;
	}
	set_up_say(result);
}

static void set_up_devices(struct set_up *set_up)
{
	const struct plan_system *system = set_up->plan->system;

	if (IS_ENABLED(CONFIG_INIT_MODULES))
		modules_open(&set_up->modules, set_up->root);
	for (uint32_t i = 0; i < system->modules.count; i++)
		set_up_module(set_up, plan_list_text(set_up->plan, system->modules, i));
	if (!system->coldplug)
		return;
	if (IS_ENABLED(CONFIG_INIT_COLDPLUG)) {
		coldplug_begin(&set_up->coldplug, &set_up->modules);
		coldplug_walk(&set_up->coldplug);
	} else {
		set_up_say(
			fail_as(ERROR_UNSUPPORTED, 0, "coldplug: CONFIG_INIT_COLDPLUG is not set"));
	}
}

__attribute__((noinline)) static int set_up_rest(const struct plan *plan)
{
	struct set_up set_up = {
		.plan = plan,
		.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.patience = INTERFACE_WAIT_MS,
		.modules = { .root = -1, .folder = -1 },
		.coldplug.socket = -1,
	};
	const bool contained = board_is_contained();
	const struct plan_list list = plan->system->interfaces;
	const struct plan_interface *interfaces = plan_at(plan, list);

	if (!contained)
		set_up_devices(&set_up);
	set_up_sysctls(plan);
	set_up_mounts(&set_up);
	/* Now the file that "clock_floor" names may be there, or a clock that is wrong. */
	if (IS_ENABLED(CONFIG_INIT_CLOCK_FLOOR) && !contained)
		board_set_clock(plan);
	for (uint32_t i = 0; i < list.count; i++)
		set_up_interface(&set_up, &interfaces[i]);
	if (IS_ENABLED(CONFIG_INIT_COLDPLUG))
		coldplug_end(&set_up.coldplug);
	if (IS_ENABLED(CONFIG_INIT_MODULES))
		modules_close(&set_up.modules);
	close_fd(&set_up.root);
	return set_up.failed ? -1 : 0;
}

int board_set_up(const struct plan *plan)
{
	int result;

	set_up_names(plan);
	/* Apart: it needs a stack that PID 1 shall not touch. */
	result = board_is_simple(plan) ? 0 : set_up_rest(plan);
	error_clear(); /* all has been said */
	return result;
}
