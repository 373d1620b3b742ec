/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of one object that rows of the table cannot say: see read.h. */
#include <stdio.h>
#include <string.h>

#include "init/unit/read.h"
#include "lib/listen.h"

/* The keys that go with a way of checking; the place is that of enum check_kind. */
static const char check_keys[][5] = {
	[CHECK_NONE] = "",     [CHECK_NOTIFY] = "",  [CHECK_FD] = "fd",	  [CHECK_EXEC] = "exec",
	[CHECK_FILE] = "path", [CHECK_TCP] = "port", [CHECK_HEALTH] = "",
};

/* A program, and words for it, which may be empty. */
static void check_command(const struct frame *frame, struct plan_list words)
{
	const struct pool *pool = &frame->set->pool;
	const uint32_t first = words.count ? pool->words[words.offset / sizeof(uint32_t)] : 0;

	if (!first || !pool->texts[first - 1])
		unit_problem(frame, "exec", "must begin with a program");
}

static void default_address(const struct frame *frame, struct plan_check *check)
{
	static const char loopback[] = "127.0.0.1";

	if (check->kind == CHECK_TCP && !check->path)
		check->path = pool_text(&frame->set->pool, loopback, sizeof(loopback) - 1);
	if (check->kind == CHECK_EXEC)
		check_command(frame, check->words);
}

static void check_ready(const struct frame *frame, struct plan_check *ready)
{
	for (uint32_t kind = CHECK_FD; kind <= CHECK_TCP; kind++) {
		const char *key = check_keys[kind];
		const bool there = unit_member(frame->node, key) != NULL;

		if (there && kind != ready->kind)
			unit_problem(frame, key, "is only for another \"by\"");
		else if (!there && kind == ready->kind && kind != CHECK_FD)
			unit_problem(frame, key, "is required by \"by\"");
	}
	if (unit_member(frame->node, "address") && ready->kind != CHECK_TCP)
		unit_problem(frame, "address", "is only for \"by\": \"tcp\"");
	if (ready->kind != CHECK_FD && ready->kind != CHECK_TCP)
		ready->number = 0;
	default_address(frame, ready);
}

/* Exactly one way; it says the kind. */
static void check_health(const struct frame *frame, struct plan_check *health)
{
	unsigned int ways = 0;

	for (uint32_t kind = CHECK_EXEC; kind <= CHECK_TCP; kind++)
		if (unit_member(frame->node, check_keys[kind])) {
			health->kind = kind;
			ways++;
		}
	if (ways != 1)
		unit_problem(frame, NULL, "must have exactly one of exec, path and port");
	if (unit_member(frame->node, "address") && health->kind != CHECK_TCP)
		unit_problem(frame, "address", "goes with port");
	default_address(frame, health);
}

static void check_restart(const struct frame *frame, const struct plan_restart *restart)
{
	const struct plan_step *step =
		(const void *)(frame->set->pool.words + restart->ladder.offset / sizeof(uint32_t));
	uint32_t last = 0;

	if (restart->delay > restart->delay_max)
		unit_problem(frame, "delay", "is longer than max_delay");
	for (uint32_t i = 0; i < restart->ladder.count; i++, step++) {
		if (step->after <= last)
			unit_problem(frame, "escalate", "the steps' \"after\" must rise");
		if (i + 1 < restart->ladder.count && step->action == LADDER_REBOOT)
			unit_problem(frame, "escalate", "nothing comes after a reboot");
		last = step->after;
	}
	if (restart->limit < last)
		unit_problem(frame, "limit", "is reached before the step of %u failures", last);
	if (restart->on == RESTART_NEVER && restart->ladder.count)
		unit_problem(frame, "escalate", "is never reached without restarts");
}

static void check_volume(const struct frame *frame, const struct plan_volume *volume)
{
	if (volume->class == VOLUME_BOOT && !volume->size_kib)
		unit_problem(frame, "size", "is required for the class boot: it is memory");
	if (volume->class != VOLUME_BOOT && volume->size_kib)
		unit_problem(frame, "size", "is only for the class boot");
}

static void check_network(const struct frame *frame, struct plan_network *network)
{
	if (!network->interface)
		network->interface = pool_text(&frame->set->pool, "eth0", 4);
}

static void check_log(const struct frame *frame, const struct plan_log *log)
{
	const bool to_file = log->sinks & LOG_TO_FILE;

	if (log->ring & (log->ring - 1))
		unit_problem(frame, "ring", "must be a power of two");
	if (to_file && !log->file)
		unit_problem(frame, "file", "is required to log to a file");
	if (!to_file && unit_member(frame->node, "file"))
		unit_problem(frame, "file", "is only for \"to\": [\"file\"]");
}

static void check_socket(const struct frame *frame, const struct plan_socket *socket)
{
	const bool is_path = frame->set->pool.texts[socket->address - 1] == '/';

	if (!is_path && unit_member(frame->node, "mode"))
		unit_problem(frame, "mode", "is only for a path");
	if (!is_path && unit_member(frame->node, "user"))
		unit_problem(frame, "user", "is only for a path");
	if ((socket->kind == LISTEN_UDP || socket->kind == LISTEN_UNIXGRAM) &&
	    unit_member(frame->node, "backlog"))
		unit_problem(frame, "backlog", "is not for datagrams");
}

/* Of a gateway and its destination. */
static bool is_ipv6(const struct set *set, uint32_t text)
{
	return strchr(set->pool.texts + text - 1, ':') != NULL;
}

static void check_route(const struct frame *frame, const struct plan_route *route)
{
	const char *destination = frame->set->pool.texts + route->destination - 1;

	if (strcmp(destination, "default") == 0 ?
		    !route->gateway :
		    route->gateway && is_ipv6(frame->set, route->gateway) !=
					      is_ipv6(frame->set, route->destination))
		unit_problem(frame, "via", "must be an address that fits \"to\"");
}

/* A file system without a device is its own source, as with mount(8); without a type the device
 * says what is on it. */
static void check_mount(const struct frame *frame, struct plan_mount *mount)
{
	struct pool *pool = &frame->set->pool;

	if (!mount->source && !mount->type)
		unit_problem(frame, NULL, "must have a source or a type");
	if (!mount->type)
		mount->type = pool_text(pool, "auto", 4);
	if (!mount->source)
		mount->source = mount->type;
}

/* ---- a unit ---- */

static enum unit_fits kind_of(const struct plan_unit *unit)
{
	switch (unit->source) {
	case SOURCE_NONE:
		return FITS_GROUP;
	case SOURCE_EXEC:
		return FITS_EXEC;
	default:
		return FITS_CONTAINER;
	}
}

/* Exactly one source, and no property that such a unit cannot have. */
static void check_source(const struct frame *frame, struct plan_unit *unit)
{
	static const char keys[][7] = {
		[SOURCE_NONE] = "",
		[SOURCE_BUNDLE] = "bundle",
		[SOURCE_IMAGE] = "image",
		[SOURCE_EXEC] = "exec",
	};
	unsigned int sources = 0;

	for (uint32_t source = SOURCE_BUNDLE; source <= SOURCE_EXEC; source++)
		if (unit_member(frame->node, keys[source])) {
			unit->source = source;
			sources++;
		}
	if (unit->type == UNIT_GROUP ? sources != 0 : sources != 1)
		unit_problem(frame, unit->type == UNIT_GROUP ? keys[unit->source] : NULL,
			     unit->type == UNIT_GROUP ?
				     "is not for a group" :
				     "must have exactly one of bundle, image and exec");
	if (unit->source == SOURCE_EXEC)
		check_command(frame, unit->command);
	for (size_t i = 0; i < unit_property_count; i++) {
		const struct unit_property *property = &unit_properties[i];
		const char *key = unit_keys + property->key;

		if (property->object == OBJECT_UNIT && unit_member(frame->node, key) &&
		    !(property->fits & kind_of(unit)))
			unit_problem(frame, key, "is only for %s",
				     property->fits == FITS_EXEC      ? "exec" :
				     property->fits == FITS_CONTAINER ? "containers" :
									"units with a process");
	}
}

/* What runs to its end has no use for what looks after services. */
static void check_type(const struct frame *frame, struct plan_unit *unit)
{
	static const char services_only[][9] = { "health", "watchdog" };
	const cJSON *restart = unit_member(frame->node, "restart");

	if (unit->type == UNIT_TASK && !unit_member(frame->node, "autostart"))
		unit->autostart = 0;
	if (unit->goal && !unit->autostart)
		unit_problem(frame, "goal", "is never reached without autostart");
	if (unit->type == UNIT_SERVICE || unit->type == UNIT_GROUP)
		return;
	for (size_t i = 0; i < sizeof(services_only) / sizeof(services_only[0]); i++)
		if (unit_member(frame->node, services_only[i]))
			unit_problem(frame, services_only[i], "is only for services");
	if (unit->ready.kind != CHECK_NONE)
		unit_problem(frame, "ready",
			     "\"by\": it is ready when it has ended well, and by nothing else");
	if (!unit_member(restart, "on"))
		unit->restart.on = RESTART_NEVER;
	if (unit->restart.on == RESTART_ALWAYS)
		unit_problem(frame, "restart", "\"on\": always is only for services");
}

void unit_place_sockets(const struct frame *document, struct plan_unit *unit)
{
	const uint32_t count = unit->listen.count, first_free = LISTEN_FIRST_FD + count;
	const cJSON *ready = unit_member(document->node, "ready");

	if (count > PLAN_SOCKETS_MAX)
		unit_problem(document, "listen", "must have at most %d items", PLAN_SOCKETS_MAX);
	if (!count || unit->ready.kind != CHECK_FD)
		return;
	if (!unit_member(ready, "fd"))
		unit->ready.number = first_free;
	if (unit->ready.number < first_free || unit->ready.number > unit_ranges[RANGE_FD].maximum)
		unit_problem(document, "ready", "\"fd\": sockets are passed as 3 to %u",
			     (unsigned int)first_free - 1);
}

static void check_demand(const struct frame *frame, struct plan_unit *unit)
{
	if (!unit->on_demand)
		return;
	if (unit->type != UNIT_SERVICE)
		unit_problem(frame, "on_demand", "is only for services");
	/* An image may have sockets to listen on. */
	if (!unit->listen.count &&
	    (unit->source != SOURCE_IMAGE || unit_member(frame->node, "listen")))
		unit_problem(frame, "on_demand", "needs \"listen\"");
	if (unit->autostart && unit_member(frame->node, "autostart"))
		unit_problem(frame, "on_demand", "is not for what starts with the machine");
	unit->autostart = 0;
}

static void check_watchdog(const struct frame *frame, struct plan_unit *unit)
{
	if (!unit->critical) {
		if (unit_member(unit_member(frame->node, "watchdog"), "budget"))
			unit_problem(frame, "watchdog", "\"budget\" is only for critical units");
		unit->critical_budget = 0;
	}
}

static bool same_text(const struct set *set, uint32_t a, uint32_t b)
{
	return strcmp(set->pool.texts + a - 1, set->pool.texts + b - 1) == 0;
}

/* Two volumes of one name or at one path? The later one's index. */
static bool volumes_have_twins(const struct set *set, const struct plan_unit *unit, uint32_t *twin)
{
	const struct plan_volume *volumes =
		(const void *)(set->pool.words + unit->volumes.offset / sizeof(uint32_t));

	for (uint32_t i = 0; i < unit->volumes.count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (same_text(set, volumes[i].name, volumes[k].name) ||
			    same_text(set, volumes[i].path, volumes[k].path)) {
				*twin = i;
				return true;
			}
	return false;
}

/* Is there anything that LADDER_RESET would throw away? */
static bool has_what_resets(const struct set *set, const struct plan_unit *unit)
{
	const struct plan_volume *volumes =
		(const void *)(set->pool.words + unit->volumes.offset / sizeof(uint32_t));

	for (uint32_t i = 0; i < unit->volumes.count; i++)
		if (volumes[i].class == VOLUME_BOOT)
			return true;
	return unit->layer != LAYER_NONE;
}

static void check_unit(const struct frame *frame, struct plan_unit *unit)
{
	struct plan_step *step =
		(void *)(frame->set->pool.words + unit->restart.ladder.offset / sizeof(uint32_t));
	uint32_t twin;

	check_source(frame, unit);
	unit_place_sockets(frame, unit);
	check_demand(frame, unit);
	check_type(frame, unit);
	check_watchdog(frame, unit);
	if (unit->ready.kind == CHECK_HEALTH && unit->health.kind == CHECK_NONE)
		unit_problem(frame, "ready", "\"by\": \"health\" needs a health check");
	for (uint32_t i = 0; i < unit->restart.ladder.count; i++)
		if (step[i].action == LADDER_RESET && !has_what_resets(frame->set, unit))
			unit_problem(frame, "restart",
				     "\"escalate\": nothing to reset: no layer, no volume of class "
				     "boot");
	if (volumes_have_twins(frame->set, unit, &twin))
		unit_problem(frame, "volumes", "[%u]: the name or the path is taken", twin);
}

static void check_system(const struct frame *frame, struct plan_system *system)
{
	struct pool *pool = &frame->set->pool;

	if (!system->root != !system->init)
		unit_problem(frame, system->root ? "root" : "init", "root and init go together");
	if (!IS_ENABLED(CONFIG_IMAGE_REVISION) && unit_member(frame->node, "revision"))
		unit_problem(frame, "revision", "CONFIG_IMAGE_REVISION is not set");
	if (unit_member(frame->node, "watchdog") && !system->watchdog_device)
		system->watchdog_device = pool_text(pool, "/dev/watchdog", 13);
	if (system->watchdog_pretimeout >= system->watchdog_timeout)
		unit_problem(frame, "watchdog", "\"pretimeout\" must be shorter than \"timeout\"");
}

void unit_check_object(const struct frame *frame, enum unit_object object, uint32_t *words)
{
	void *structure = words;

	switch (object) {
	case OBJECT_UNIT:
		check_unit(frame, structure);
		break;
	case OBJECT_READY:
		check_ready(frame, structure);
		break;
	case OBJECT_HEALTH:
		check_health(frame, structure);
		break;
	case OBJECT_RESTART:
		check_restart(frame, structure);
		break;
	case OBJECT_VOLUME:
		check_volume(frame, structure);
		break;
	case OBJECT_NETWORK:
		check_network(frame, structure);
		break;
	case OBJECT_ROUTE:
		check_route(frame, structure);
		break;
	case OBJECT_SOCKET:
		check_socket(frame, structure);
		break;
	case OBJECT_LOG:
		check_log(frame, structure);
		break;
	case OBJECT_MOUNT:
		check_mount(frame, structure);
		break;
	case OBJECT_SYSTEM:
		check_system(frame, structure);
		break;
	default:
		break;
	}
}
