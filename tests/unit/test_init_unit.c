/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files that are good: what becomes of each property, order, defaults. */
#include "tests/unit/unit_world.h"

#include "lib/listen.h"

static struct world world;

static int set_up(void **state)
{
	(void)state;
	world_begin(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static const char *text(uint32_t offset)
{
	return plan_text(&world.plan, offset);
}

static const char *item(struct plan_list list, uint32_t i)
{
	assert_true(i < list.count);
	return plan_list_text(&world.plan, list, i);
}

/* "a b c": the units of a list by name. */
static void assert_units(struct plan_list list, const char *names)
{
	char found[256] = "";

	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t unit = plan_word(&world.plan, list, i);

		strcat(found, i ? " " : "");
		strcat(found, plan_unit_name(&world.plan, unit));
	}
	assert_string_equal(found, names);
}

static void an_empty_folder_is_a_plan(void **state)
{
	const struct plan *plan = world_plan(&world);

	(void)state;
	assert_int_equal(plan->unit_count, 0);
	assert_int_equal(plan->condition_count, 1);
	assert_int_equal(plan->conditions[0].kind, CONDITION_BOARD);
	assert_string_equal(text(plan->header->source), "units");
	assert_string_equal(text(plan->system->syslog), "/dev/log");
	assert_int_equal(plan->system->shutdown_timeout, 90000);
	assert_int_equal(plan->system->ctrl_alt_del, 1);
	assert_int_equal(plan->system->log.ring, 65536);
	assert_int_equal(plan->system->watchdog_device, 0);
	assert_int_equal(plan->system->cgroups, CGROUP_LAYOUT_V2);
}

static void a_unit_has_the_documented_defaults(void **state)
{
	const struct plan_unit *unit;

	(void)state;
	world_unit(&world, "a", "{\"bundle\": \"/b\"}");
	world_plan(&world);
	unit = world_find(&world, "a");
	assert_int_equal(unit->type, UNIT_SERVICE);
	assert_int_equal(unit->source, SOURCE_BUNDLE);
	assert_string_equal(text(unit->path), "/b");
	assert_int_equal(unit->autostart, 1);
	assert_int_equal(unit->early, 0);
	assert_int_equal(unit->ready.kind, CHECK_NONE);
	assert_int_equal(unit->ready.timeout, 60000);
	assert_int_equal(unit->health.kind, CHECK_NONE);
	assert_int_equal(unit->start_timeout, 30000);
	assert_int_equal(unit->watchdog_timeout, 0);
	assert_int_equal(unit->critical, 0);
	assert_int_equal(unit->critical_budget, 0);
	assert_int_equal(unit->restart.on, RESTART_ON_FAILURE);
	assert_int_equal(unit->restart.delay, 1000);
	assert_int_equal(unit->restart.delay_max, 300000);
	assert_int_equal(unit->restart.factor_percent, 200);
	assert_int_equal(unit->restart.reset_after, 120000);
	assert_int_equal(unit->restart.limit, PLAN_NONE);
	assert_int_equal(unit->stop_signal, 15);
	assert_int_equal(unit->stop_timeout, 10000);
	assert_int_equal(unit->layer, LAYER_NONE);
	assert_int_equal(unit->network.mode, NETWORK_BUNDLE);
	assert_int_equal(unit->log.ring, 65536);
	assert_int_equal(unit->log.rate_lines, 1000);
	assert_int_equal(unit->log.rate_interval, 10000);
	assert_int_equal(unit->log.sinks, 0);
	assert_int_equal(unit->log.file_size, 256 << 10);
	assert_int_equal(unit->log.file_count, 4);
	assert_int_equal(unit->goal, 0);
	/* It waits for the board, as everything that is not early. */
	assert_int_equal(unit->conditions.count, 1);
	assert_int_equal(plan_word(&world.plan, unit->conditions, 0), 0);
}

static void a_container_has_every_property(void **state)
{
	const struct plan_unit *unit;
	const struct plan_volume *volume;
	const struct plan_step *step;
	const struct plan_route *route;

	(void)state;
	world_system(&world,
		     "{\"data\": \"/data\", \"interfaces\": {\"br0\": {\"bridge\": true}}}");
	world_unit(
		&world, "gw",
		"{\"_why\": 1, \"#\": [], \"description\": \"G\", \"image\": \"gw:1\",\n"
		"\"ready\": {\"by\": \"tcp\", \"port\": 502, \"every\": \"50ms\", \"timeout\": "
		"\"never\"},\n"
		"\"health\": {\"path\": \"/run/ok\", \"every\": \"1m\", \"timeout\": \"2s\","
		" \"failures\": 5, \"grace\": \"1h\"},\n"
		"\"watchdog\": {\"timeout\": \"15s\", \"critical\": true, \"budget\": \"30s\"},\n"
		"\"restart\": {\"on\": \"always\", \"success\": [3, \"SIGTERM\"],"
		" \"prevent\": [64, \"SIGRTMIN+3\"], \"delay\": \"500ms\", \"max_delay\": \"1m\","
		" \"factor\": 1.5, \"reset_after\": \"10m\", \"limit\": 20,"
		" \"escalate\": [{\"after\": 5, \"do\": \"reset\"},"
		" {\"after\": 12, \"do\": \"reboot\"}]},\n"
		"\"stop\": {\"signal\": \"SIGINT\", \"timeout\": \"0s\"}, \"start_timeout\": "
		"\"5s\",\n"
		"\"volumes\": [{\"name\": \"s\", \"path\": \"/s\", \"class\": \"permanent\","
		" \"mode\": \"0700\"}, {\"name\": \"t\", \"path\": \"/t\", \"class\": \"boot\","
		" \"size\": \"4M\", \"read_only\": true}],\n"
		"\"layer\": \"permanent\",\n"
		"\"network\": {\"bridge\": \"br0\", \"interface\": \"lan\","
		" \"addresses\": [\"10.1.2.3/24\", \"fd00::3/64\"],"
		" \"routes\": [{\"to\": \"default\", \"via\": \"10.1.2.1\"},"
		" {\"to\": \"10.9.0.0/16\"}], \"mtu\": 1400},\n"
		"\"environment\": {\"A\": \"1\", \"_B\": \"\"},\n"
		"\"resources\": {\"memory\": {\"limit\": 1048576}}, \"runtime\": \"/bin/crun\",\n"
		"\"log\": {\"ring\": \"8K\", \"rate\": \"5/1s\", \"to\": [\"kernel\", \"file\"],"
		" \"file\": \"/data/gw.log\", \"size\": \"1M\", \"count\": 2},\n"
		"\"goal\": {\"stable\": \"60s\"}}");
	world_plan(&world);
	unit = world_find(&world, "gw");
	assert_string_equal(text(unit->description), "G");
	assert_int_equal(unit->source, SOURCE_IMAGE);
	assert_string_equal(text(unit->path), "gw:1");
	assert_int_equal(unit->ready.kind, CHECK_TCP);
	assert_string_equal(text(unit->ready.path), "127.0.0.1");
	assert_int_equal(unit->ready.number, 502);
	assert_int_equal(unit->ready.every, 50);
	assert_int_equal(unit->ready.timeout, PLAN_FOREVER);
	assert_int_equal(unit->health.kind, CHECK_FILE);
	assert_string_equal(text(unit->health.path), "/run/ok");
	assert_int_equal(unit->health.every, 60000);
	assert_int_equal(unit->health.failures, 5);
	assert_int_equal(unit->health.grace, 3600000);
	assert_int_equal(unit->watchdog_timeout, 15000);
	assert_int_equal(unit->critical, 1);
	assert_int_equal(unit->critical_budget, 30000);
	assert_int_equal(unit->restart.on, RESTART_ALWAYS);
	assert_int_equal(unit->restart.success.count, 2);
	assert_int_equal(plan_word(&world.plan, unit->restart.success, 0), 3);
	assert_int_equal(plan_word(&world.plan, unit->restart.success, 1), 128 + 15);
	assert_int_equal(plan_word(&world.plan, unit->restart.prevent, 1), 128 + 37);
	assert_int_equal(unit->restart.delay, 500);
	assert_int_equal(unit->restart.delay_max, 60000);
	assert_int_equal(unit->restart.factor_percent, 150);
	assert_int_equal(unit->restart.limit, 20);
	step = plan_at(&world.plan, unit->restart.ladder);
	assert_int_equal(unit->restart.ladder.count, 2);
	assert_int_equal(step[0].action, LADDER_RESET);
	assert_int_equal(step[1].after, 12);
	assert_int_equal(step[1].action, LADDER_REBOOT);
	assert_int_equal(unit->stop_signal, 2);
	assert_int_equal(unit->stop_timeout, 0);
	assert_int_equal(unit->start_timeout, 5000);
	volume = plan_at(&world.plan, unit->volumes);
	assert_int_equal(unit->volumes.count, 2);
	assert_string_equal(text(volume[0].name), "s");
	assert_int_equal(volume[0].class, VOLUME_PERMANENT);
	assert_int_equal(volume[0].mode, 0700);
	assert_int_equal(volume[1].size_kib, 4096);
	assert_int_equal(volume[1].read_only, 1);
	assert_int_equal(volume[1].mode, 0755);
	assert_int_equal(unit->layer, LAYER_PERMANENT);
	assert_int_equal(unit->network.mode, NETWORK_BRIDGE);
	assert_string_equal(text(unit->network.bridge), "br0");
	assert_string_equal(text(unit->network.interface), "lan");
	assert_string_equal(item(unit->network.addresses, 1), "fd00::3/64");
	route = plan_at(&world.plan, unit->network.routes);
	assert_string_equal(text(route[0].gateway), "10.1.2.1");
	assert_int_equal(route[1].gateway, 0);
	assert_int_equal(unit->network.mtu, 1400);
	assert_string_equal(item(unit->environment, 0), "A=1");
	assert_string_equal(item(unit->environment, 1), "_B=");
	assert_string_equal(text(unit->resources), "{\"memory\": {\"limit\": 1048576}}");
	assert_string_equal(text(unit->runtime), "/bin/crun");
	assert_int_equal(unit->log.ring, 8192);
	assert_int_equal(unit->log.rate_lines, 5);
	assert_int_equal(unit->log.rate_interval, 1000);
	assert_int_equal(unit->log.sinks, LOG_TO_KERNEL | LOG_TO_FILE);
	assert_string_equal(text(unit->log.file), "/data/gw.log");
	assert_int_equal(unit->log.file_size, 1 << 20);
	assert_int_equal(unit->log.file_count, 2);
	assert_int_equal(unit->goal, 1);
	assert_int_equal(unit->goal_stable, 60000);
}

static void an_exec_unit_has_its_own_properties(void **state)
{
	const struct plan_unit *unit;

	(void)state;
	world_unit(&world, "sh",
		   "{\"exec\": [\"/bin/sh\", \"-c\", \"true\\n\"], \"user\": \"1000:100\","
		   " \"directory\": \"/tmp\", \"console\": true, \"early\": true, \"goal\": true,"
		   " \"ready\": {\"by\": \"fd\", \"fd\": 5}, \"network\": \"none\"}");
	world_unit(&world, "t",
		   "{\"exec\": [\"x\"], \"type\": \"task\", \"user\": \"7\", \"ready\": "
		   "{\"timeout\": \"2h\"}}");
	world_plan(&world);
	unit = world_find(&world, "sh");
	assert_int_equal(unit->source, SOURCE_EXEC);
	assert_int_equal(unit->command.count, 3);
	assert_string_equal(item(unit->command, 2), "true\n");
	assert_int_equal(unit->uid, 1000);
	assert_int_equal(unit->gid, 100);
	assert_string_equal(text(unit->directory), "/tmp");
	assert_int_equal(unit->console, 1);
	assert_int_equal(unit->early, 1);
	assert_int_equal(unit->conditions.count, 0);
	assert_int_equal(unit->goal, 1);
	assert_int_equal(unit->ready.kind, CHECK_FD);
	assert_int_equal(unit->ready.number, 5);
	assert_int_equal(unit->network.mode, NETWORK_NONE);
	unit = world_find(&world, "t");
	assert_int_equal(unit->autostart, 0);
	assert_int_equal(unit->gid, 7);
	assert_int_equal(unit->restart.on, RESTART_NEVER);
	assert_int_equal(unit->ready.timeout, 7200000);
}

static void a_unit_listens_on_sockets(void **state)
{
	static const char text_of_unit[] =
		"{\"bundle\": \"/b\", \"on_demand\": true, \"ready\": {\"by\": \"fd\"}, "
		"\"listen\": [{\"address\": \"tcp:0.0.0.0:80\", \"name\": \"http\", \"backlog\": 7},"
		"{\"address\": \"udp:[fd00::1]:53\"}, {\"address\": \"unixgram:@log\"},"
		"{\"address\": \"unix:/run/a/b\", \"mode\": \"0600\", \"user\": \"5:6\"}]}";
	static const struct {
		uint32_t kind, port, backlog, mode, uid, gid;
		const char *address;
	} expected[] = {
		{ LISTEN_TCP, 80, 7, 0666, 0, 0, "0.0.0.0" },
		{ LISTEN_UDP, 53, 4096, 0666, 0, 0, "fd00::1" },
		{ LISTEN_UNIXGRAM, 0, 4096, 0666, 0, 0, "@log" },
		{ LISTEN_UNIX, 0, 4096, 0600, 5, 6, "/run/a/b" },
	};
	const struct plan_socket *sockets;
	const struct plan_unit *unit;

	(void)state;
	world_unit(&world, "a", text_of_unit);
	world_plan(&world);
	unit = world_find(&world, "a");
	sockets = plan_at(&world.plan, unit->listen);
	assert_int_equal(unit->listen.count, 4);
	assert_int_equal(unit->on_demand, 1);
	assert_int_equal(unit->autostart, 0);
	assert_int_equal(unit->ready.number, 7); /* behind them */
	assert_string_equal(text(sockets[0].name), "http");
	assert_int_equal(sockets[1].name, 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sockets[i].kind, expected[i].kind);
		assert_string_equal(text(sockets[i].address), expected[i].address);
		assert_int_equal(sockets[i].port, expected[i].port);
		assert_int_equal(sockets[i].backlog, expected[i].backlog);
		assert_int_equal(sockets[i].mode, expected[i].mode);
		assert_int_equal(sockets[i].uid, expected[i].uid);
		assert_int_equal(sockets[i].gid, expected[i].gid);
	}
}

static void a_system_has_every_property(void **state)
{
	const struct plan_system *system;
	const struct plan_mount *mount;
	const struct plan_pair *pair;
	const struct plan_interface *interface;

	(void)state;
	world_system(
		&world,
		"{\"hostname\": \"gw-1\", \"console\": \"ttyS0\", \"shell\": \"/bin/ash\","
		" \"data\": \"/data\", \"root\": \"/newroot\", \"init\": \"/sbin/init\","
		" \"modules\": [\"softdog soft_margin=20\"],"
		" \"mounts\": [{\"source\": \"/dev/vda2\", \"target\": \"/data\", \"type\": "
		"\"ext4\", \"options\": \"noatime\", \"required\": true, \"make\": true,"
		" \"wait\": \"10s\"}, {\"target\": \"/t\", \"type\": \"tmpfs\"},"
		" {\"source\": \"LABEL=x\", \"target\": \"/x\"}],"
		" \"sysctl\": {\"_\": \"\", \"net.ipv4.ip_forward\": \"1\"},"
		" \"interfaces\": {\"#\": 0, \"br0\": {\"bridge\": true, \"ports\": [\"eth0\"],"
		" \"addresses\": [\"192.168.1.2/24\"], \"routes\": [{\"to\": \"default\","
		" \"via\": \"192.168.1.1\"}], \"mtu\": 1500}}, \"coldplug\": true,"
		" \"cgroups\": \"v1\", \"clock_floor\": \"/data/clock\","
		" \"watchdog\": {\"timeout\": \"20s\", \"pretimeout\": \"5s\"},"
		" \"probe\": {\"path\": \"/dev/vda2\", \"every\": \"5s\", \"timeout\": \"10s\"},"
		" \"shutdown_timeout\": \"1m\", \"recorder\": \"/data/recorder\","
		" \"ctrl_alt_del\": \"ignore\", \"syslog\": \"udp:[fd00::1]:514\","
		" \"log\": {\"to\": [\"syslog\", \"file\"], \"file\": \"/data/l\", \"ring\": "
		"\"4K\", \"rate\": \"none\"}}");
	world_unit(&world, "a", "{\"exec\": [\"x\"], \"log\": {\"rate\": \"1/1s\"}}");
	system = world_plan(&world)->system;
	assert_string_equal(text(system->hostname), "gw-1");
	assert_string_equal(text(system->console), "ttyS0");
	assert_string_equal(text(system->shell), "/bin/ash");
	assert_string_equal(text(system->root), "/newroot");
	assert_string_equal(text(system->init), "/sbin/init");
	assert_string_equal(item(system->modules, 0), "softdog soft_margin=20");
	mount = plan_at(&world.plan, system->mounts);
	assert_string_equal(text(mount[0].source), "/dev/vda2");
	assert_string_equal(text(mount[0].options), "noatime");
	assert_int_equal(mount[0].required, 1);
	assert_int_equal(mount[0].make, 1);
	assert_int_equal(mount[0].wait, 10000);
	assert_string_equal(text(mount[1].source), "tmpfs");
	assert_int_equal(mount[1].options, 0);
	assert_string_equal(text(mount[2].type), "auto");
	pair = plan_at(&world.plan, system->sysctl);
	assert_int_equal(system->sysctl.count, 1);
	assert_string_equal(text(pair->key), "net.ipv4.ip_forward");
	interface = plan_at(&world.plan, system->interfaces);
	assert_int_equal(system->interfaces.count, 1);
	assert_string_equal(text(interface->name), "br0");
	assert_int_equal(interface->is_bridge, 1);
	assert_string_equal(item(interface->ports, 0), "eth0");
	assert_int_equal(interface->routes.count, 1);
	assert_int_equal(interface->mtu, 1500);
	assert_int_equal(system->coldplug, 1);
	assert_int_equal(system->cgroups, CGROUP_LAYOUT_V1);
	assert_string_equal(text(system->watchdog_device), "/dev/watchdog");
	assert_int_equal(system->watchdog_timeout, 20);
	assert_int_equal(system->watchdog_pretimeout, 5);
	assert_string_equal(text(system->probe), "/dev/vda2");
	assert_int_equal(system->probe_every, 5000);
	assert_int_equal(system->shutdown_timeout, 60000);
	assert_string_equal(text(system->recorder), "/data/recorder");
	assert_int_equal(system->ctrl_alt_del, 0);
	assert_string_equal(text(system->syslog), "udp:[fd00::1]:514");
	/* Units take its log over, but for the file. */
	assert_int_equal(system->log.sinks, LOG_TO_SYSLOG | LOG_TO_FILE);
	assert_int_equal(world_find(&world, "a")->log.ring, 4096);
	assert_int_equal(world_find(&world, "a")->log.sinks, LOG_TO_SYSLOG);
	assert_int_equal(world_find(&world, "a")->log.file, 0);
	assert_int_equal(world_find(&world, "a")->log.rate_lines, 1);
}

static void each_unit_comes_after_what_it_waits_for(void **state)
{
	const struct plan *plan;

	(void)state;
	world_unit(&world, "a",
		   "{\"exec\": [\"x\"], \"requires\": [\"z\", \"m\"], \"after\": [\"b\"]}");
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"wants\": [\"z\"]}");
	world_unit(&world, "m", "{\"exec\": [\"x\"], \"before\": [\"b\", \"a\"]}");
	world_unit(&world, "z", "{\"type\": \"group\"}");
	plan = world_plan(&world);
	for (uint32_t i = 0; i < plan->unit_count; i++) {
		const struct plan_unit *unit = &plan->units[i];
		const struct plan_list lists[] = { unit->requires, unit->wants, unit->after };

		for (size_t k = 0; k < 3; k++)
			for (uint32_t n = 0; n < lists[k].count; n++)
				assert_true(plan_word(plan, lists[k], n) < i);
	}
	assert_units(world_find(&world, "a")->requires, "z m");
	assert_units(world_find(&world, "a")->after, "b m");
	assert_units(world_find(&world, "b")->wants, "z");
	assert_units(world_find(&world, "b")->after, "m");
	assert_units(world_find(&world, "z")->followers, "b a");
	assert_units(world_find(&world, "m")->followers, "b a");
	assert_units(world_find(&world, "b")->followers, "a");
	assert_units(world_find(&world, "a")->followers, "");
}

static void conditions_stand_once(void **state)
{
	static const struct {
		uint32_t kind;
		const char *text;
	} expected[] = {
		{ CONDITION_BOARD, NULL },	 { CONDITION_PATH, "/dev/ttyS1" },
		{ CONDITION_FLAG, "m" },	 { CONDITION_CLOCK, NULL },
		{ CONDITION_CMDLINE, "a=b:c" },	 { CONDITION_MODEL, "acme,gw2" },
		{ CONDITION_INTERFACE, "eth0" }, { CONDITION_MOUNT, "/data" },
	};
	const struct plan *plan;
	const struct plan_unit *b;

	(void)state;
	world_unit(&world, "a",
		   "{\"exec\": [\"x\"], \"when\": [\"path:/dev/ttyS1\", \"!flag:m\", \"clock\"]}");
	world_unit(&world, "b",
		   "{\"exec\": [\"x\"], \"early\": true, \"when\": [\"flag:m\", \"!clock\","
		   " \"cmdline:a=b:c\", \"model:acme,gw2\", \"interface:eth0\", \"mount:/data\"]}");
	plan = world_plan(&world);
	assert_int_equal(plan->condition_count, sizeof(expected) / sizeof(expected[0]));
	for (uint32_t i = 0; i < plan->condition_count; i++) {
		assert_int_equal(plan->conditions[i].kind, expected[i].kind);
		if (expected[i].text)
			assert_string_equal(text(plan->conditions[i].text), expected[i].text);
		else
			assert_int_equal(plan->conditions[i].text, 0);
	}
	b = world_find(&world, "b");
	assert_int_equal(b->conditions.count, 6);
	assert_int_equal(plan_word(plan, b->conditions, 0), 2);
	assert_int_equal(plan_word(plan, b->conditions, 1), 3 | CONDITION_NOT);
	assert_int_equal(plan_word(plan, world_find(&world, "a")->conditions, 2),
			 2 | CONDITION_NOT);
}

static uint32_t digest_of(const char *unit)
{
	world_plan(&world);
	return world_find(&world, unit)->digest;
}

static void a_digest_tells_what_has_changed(void **state)
{
	uint32_t before, after;

	(void)state;
	world_unit(&world, "b",
		   "{\"exec\": [\"x\"], \"requires\": [\"c\"], \"when\": [\"clock\"]}");
	world_unit(&world, "c", "{\"exec\": [\"x\"]}");
	before = digest_of("b");
	/* Another unit shifts everybody's place, and brings a condition; nothing of b changes. */
	world_unit(&world, "a", "{\"exec\": [\"y\"], \"when\": [\"flag:x\"], \"before\": [\"c\"]}");
	assert_int_equal(digest_of("b"), before);
	/* Nor of c, when one more comes that requires it. */
	after = digest_of("c");
	world_unit(&world, "d", "{\"exec\": [\"z\"], \"requires\": [\"c\"]}");
	assert_int_equal(digest_of("c"), after);
	world_unit(&world, "c", "{\"exec\": [\"x\"], \"description\": \"new\"}");
	assert_int_equal(digest_of("c"), after);
	world_unit(&world, "c", "{\"exec\": [\"x\", \"\"]}");
	assert_int_not_equal(digest_of("c"), after);
	assert_int_equal(digest_of("b"), before);
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"wants\": [\"c\"], \"when\": [\"clock\"]}");
	assert_int_not_equal(digest_of("b"), before);
	world_unit(&world, "b",
		   "{\"exec\": [\"x\"], \"requires\": [\"c\"], \"when\": [\"!clock\"]}");
	assert_int_not_equal(digest_of("b"), before);
	world_unit(&world, "b",
		   "{\"exec\": [\"x\"], \"requires\": [\"a\"], \"when\": [\"clock\"]}");
	assert_int_not_equal(digest_of("b"), before);
}

static void the_same_files_give_the_same_bytes(void **state)
{
	uint8_t *first;
	size_t size;

	(void)state;
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"requires\": [\"a\"]}");
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	world_plan(&world);
	size = world.size;
	first = malloc(size);
	memcpy(first, world.block, size);
	/* Another folder, another order of making. */
	world_end(&world);
	world_begin(&world);
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"requires\": [\"a\"]}");
	world_plan(&world);
	assert_int_equal(world.size, size);
	assert_memory_equal(world.block, first, size);
	free(first);
}

static void signals_have_the_numbers_of_the_target(void **state)
{
	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"], \"stop\": {\"signal\": \"SIGUSR1\"}}");
	assert_true(world_compile_for(&world, UNIT_TARGET_NO_MIPS));
	assert_int_equal(plan_from_block(&world.plan, world.block, world.size, "p"), 0);
	assert_int_equal(world.plan.units[0].stop_signal, 10);
	assert_true(world_compile_for(&world, UNIT_TARGET_MIPS));
	assert_int_equal(((const struct plan_header *)world.block)->flags, PLAN_MIPS);
	assert_int_equal(plan_from_block(&world.plan, world.block, world.size, "p"), -EINVAL);
}

static void only_units_are_read(void **state)
{
	(void)state;
	world_write(world.units_fd, ".hidden.json", "{");
	world_write(world.units_fd, "README", "{");
	world_write(world.units_fd, "a.json~", "{");
	world_write(world.units_fd, ".json", "{");
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	assert_int_equal(world_plan(&world)->unit_count, 1);
}

/* A child of PID 1 reads them, on machines with 32 MB. */
static void fifty_units_take_little_memory(void **state)
{
	/* As in lib/arena.c: with the sanitizer each allocation is a block. */
	struct block {
		_Alignas(max_align_t) struct block *next;
		size_t size;
	};
	size_t all = 0;
	char name[24];

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "unit-%d", i);
		world_unit(
			&world, name,
			"{\"bundle\": \"/usr/lib/cruet/bundles/modbus\", \"requires\": [\"net\"],"
			"\"ready\": {\"by\": \"notify\", \"timeout\": \"20s\"},"
			"\"health\": {\"exec\": [\"/bin/ctl\", \"ping\"], \"every\": \"30s\"},"
			"\"watchdog\": {\"timeout\": \"15s\", \"critical\": true},"
			"\"restart\": {\"delay\": \"1s\", \"escalate\": [{\"after\": 12, \"do\": "
			"\"reboot\"}]},"
			"\"volumes\": [{\"name\": \"t\", \"path\": \"/tmp\", \"class\": \"boot\","
			" \"size\": \"4M\"}], \"environment\": {\"MODE\": \"x\"},"
			"\"resources\": {\"memory\": {\"limit\": 33554432}}}");
	}
	world_unit(&world, "net", "{\"type\": \"group\"}");
	assert_int_equal(world_plan(&world)->unit_count, 51);
	for (const struct block *block = (const void *)world.arena.blocks; block;
	     block = block->next)
		all += block->size;
	assert_in_range(all, world.size, 1 << 20);
}

static void set_time(int dir, const char *name, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(dir, name, times, 0), 0);
}

static void a_plan_is_current_while_nothing_is_newer(void **state)
{
	char plan[96];

	(void)state;
	snprintf(plan, sizeof(plan), "%s/plan", world.path);
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), -ENOENT);
	world_unit(&world, "a", "{}");
	world_unit(&world, "b", "{}");
	world_system(&world, "{}");
	world_write(world.fd, "plan", "x");
	set_time(world.units_fd, "a.json", 1000);
	set_time(world.units_fd, "b.json", 1000);
	set_time(world.fd, "units", 1000);
	set_time(world.fd, "system.json", 1000);
	set_time(world.fd, "plan", 1000); /* an image where all files have one time */
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), 1);
	set_time(world.units_fd, "b.json", 1001);
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), 0);
	set_time(world.units_fd, "b.json", 1000);
	set_time(world.fd, "system.json", 1001);
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), 0);
	set_time(world.fd, "system.json", 999);
	world_write(world.units_fd, ".b.json.swp", "");
	set_time(world.fd, "units", 1000);
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), 1);
	/* One was taken away. */
	assert_int_equal(unlinkat(world.units_fd, "b.json", 0), 0);
	assert_int_equal(unit_plan_is_current(plan, world.units, world.system), 0);
	assert_int_equal(unit_plan_is_current(plan, "/nowhere", "/nowhere"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_folder_is_a_plan, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_unit_has_the_documented_defaults, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_container_has_every_property, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_exec_unit_has_its_own_properties, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_unit_listens_on_sockets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_system_has_every_property, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_unit_comes_after_what_it_waits_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(conditions_stand_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_digest_tells_what_has_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_files_give_the_same_bytes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(signals_have_the_numbers_of_the_target, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(only_units_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fifty_units_take_little_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_plan_is_current_while_nothing_is_newer, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
