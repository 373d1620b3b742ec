/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files that are wrong: each mistake is named, with file, line and property, and all of them.
 */
#include "tests/unit/unit_world.h"

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

/* The text of a unit or a system, and what must be said of it. */
struct wrong {
	const char *text, *said;
};

static void try_units(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		world_unit(&world, "a", cases[i].text);
		if (world_compile(&world))
			fail_msg("taken: %s", cases[i].text);
		assert_said(&world, cases[i].said);
	}
}
#define TRY_UNITS(cases) try_units(cases, sizeof(cases) / sizeof((cases)[0]))

#define EXEC "{\"exec\": [\"x\"], "
#define BUNDLE "{\"bundle\": \"/b\", "

static void values_are_checked(void **state)
{
	static const struct wrong cases[] = {
		{ "[]", "a.json:1: must be an object" },
		{ "{\"exec\": [\"x\"],\n\n\"exce\": 1}", "a.json:3: exce: unknown property" },
		{ EXEC "\"ready\": {\"timeuot\": \"1s\"}}", "a.json:1: ready.timeuot: unknown" },
		{ EXEC "\"early\": 1}", "early: must be true or false" },
		{ EXEC "\"description\": 1}", "description: must be a string" },
		{ EXEC "\"description\": \"a\\nb\"}", "description: must be one line" },
		{ EXEC "\"after\": \"b\"}", "after: must be an array" },
		{ EXEC "\"after\": [1]}", "after[0]: must be a string" },
		{ EXEC "\"after\": [\"a/b\"]}", "after[0]: must be a name" },
		{ EXEC "\"start_timeout\": 5}", "start_timeout: must be a string" },
		{ EXEC "\"start_timeout\": \"5 s\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"5\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"5sec\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"s\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"-5s\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"never\"}", "must be a time such as" },
		{ EXEC "\"start_timeout\": \"9ms\"}", "must be from 10ms to 960h, found 9ms" },
		{ EXEC "\"start_timeout\": \"961h\"}", "must be from 10ms to 960h, found 961h" },
		{ EXEC "\"start_timeout\": \"99999999999999999999h\"}", "must be a time" },
		{ EXEC "\"log\": {\"ring\": \"64\"}}", "log.ring: must be from 4K to 16384K" },
		{ EXEC "\"log\": {\"ring\": \"32M\"}}", "log.ring: must be from 4K to 16384K" },
		{ EXEC "\"log\": {\"ring\": \"12K\"}}", "log.ring: must be a power of two" },
		{ EXEC "\"log\": {\"ring\": \"64k\"}}", "log.ring: must be a size such as" },
		{ EXEC "\"log\": {\"rate\": \"0/1s\"}}", "log.rate: must be lines per time" },
		{ EXEC "\"log\": {\"rate\": \"5\"}}", "log.rate: must be lines per time" },
		{ EXEC "\"log\": {\"to\": [\"tape\"]}}",
		  "log.to[0]: must be one of kernel|syslog|file" },
		{ EXEC "\"log\": {\"to\": [\"kernel|file\"]}}", "log.to[0]: must be one of" },
		{ EXEC "\"log\": {\"count\": 0}}", "log.count: must be from 1 to 100, found 0" },
		{ EXEC "\"log\": {\"count\": 1.5}}",
		  "log.count: must be from 1 to 100, found 1.5" },
		{ EXEC "\"log\": {\"count\": \"4\"}}", "log.count: must be a number" },
		{ EXEC "\"user\": \"root\"}", "user: must be numbers" },
		{ EXEC "\"user\": \"4294967295\"}", "user: must be numbers" },
		{ EXEC "\"user\": \"1:\"}", "user: must be numbers" },
		{ EXEC "\"directory\": \"tmp\"}", "directory: must be an absolute path" },
		{ EXEC "\"network\": \"bridge\"}", "network: must be one of host|none" },
		{ EXEC "\"network\": \"\"}", "network: must be one of host|none" },
		{ EXEC "\"goal\": false}", "goal: must be an object" },
		{ EXEC "\"environment\": [\"A=1\"]}", "environment: must be an object" },
		{ EXEC "\"environment\": {\"A=B\": \"1\"}}", "is not the name of a variable" },
		{ EXEC "\"environment\": {\"A\": 1}}", "environment.A: must be a string" },
		{ EXEC "\"stop\": {\"signal\": \"TERM\"}}",
		  "\"TERM\" is not the name of a signal" },
		{ EXEC "\"stop\": {\"signal\": \"SIGRTMIN+31\"}}", "is not the name of a signal" },
		{ EXEC "\"stop\": {\"signal\": \"SIG\"}}", "is not the name of a signal" },
		{ EXEC "\"restart\": {\"success\": [256]}}", "must be from 0 to 255, found 256" },
		{ EXEC "\"restart\": {\"success\": [\"x\"]}}", "is not the name of a signal" },
		{ EXEC "\"restart\": {\"factor\": 0.5}}",
		  "factor: must be a number from 1 to 100" },
		{ EXEC "\"restart\": {\"factor\": 1.255}}",
		  "factor: must be a number from 1 to 100" },
		{ EXEC "\"restart\": {\"delay\": \"50ms\"}}", "must be from 100ms to 960h" },
		{ EXEC "\"restart\": {\"escalate\": [{\"after\": 1}]}}", "[0].do: is required" },
		{ EXEC "\"restart\": {\"escalate\": [5]}}", "escalate[0]: must be an object" },
		{ EXEC "\"when\": [\"fan:1\"]}", "when[0]: must be a condition" },
		{ EXEC "\"when\": [\"clock:1\"]}", "when[0]: must be a condition" },
		{ EXEC "\"when\": [\"flag\"]}", "when[0]: must be a condition" },
		{ EXEC "\"when\": [\"flag:a/b\"]}", "when[0]: must be a condition" },
		{ EXEC "\"when\": [\"path:x\"]}", "when[0]: must be a condition" },
		{ EXEC "\"when\": [\"!\"]}", "when[0]: must be a condition" },
		{ BUNDLE "\"volumes\": [{\"name\": \"..\", \"path\": \"/x\", \"class\": \"boot\", "
			 "\"size\": \"1M\"}]}",
		  "volumes[0].name: must be a name" },
		{ BUNDLE "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"boot\", "
			 "\"size\": \"1K\"}]}",
		  "volumes[0].size: must be from 4K to" },
		{ BUNDLE "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"boot\", "
			 "\"size\": \"1M\", \"mode\": \"0x1\"}]}",
		  "volumes[0].mode: must be a mode in octal digits" },
		{ BUNDLE "\"network\": {\"bridge\": \"a/b\"}}", "bridge: must be the name of" },
		{ BUNDLE "\"network\": {}}", "network.bridge: is required" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"addresses\": [\"10.0.0.1\"]}}",
		  "network.addresses[0]: must be an address and its prefix's length" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"addresses\": [\"10.0.0.1/33\"]}}",
		  "must be an address and its prefix's length" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"addresses\": [\"fd00::1/129\"]}}",
		  "must be an address and its prefix's length" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"routes\": [{\"to\": \"x\"}]}}",
		  "network.routes[0].to: must be an address and its prefix's length" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"routes\": [{\"to\": \"default\"}]}}",
		  "network.routes[0].via: must be an address that fits" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\", \"routes\": [{\"to\": \"10.0.0.0/8\", "
			 "\"via\": \"fd00::1\"}]}}",
		  "via: must be an address that fits" },
		{ BUNDLE "\"resources\": {\"pids\": {\"limit\": \"x\"}}}",
		  "a.json:1: pids.limit: must" },
		{ BUNDLE "\"resources\": 5}", "resources: must be an object" },
	};

	(void)state;
	TRY_UNITS(cases);
}

static void impossible_combinations_are_refused(void **state)
{
	static const struct wrong cases[] = {
		{ "{}", "a.json:1: must have exactly one of bundle, image and exec" },
		{ EXEC "\"bundle\": \"/b\"}", "must have exactly one of bundle, image and exec" },
		{ "{\"exec\": []}", "exec: must begin with a program" },
		{ "{\"exec\": [\"\", \"x\"]}", "exec: must begin with a program" },
		{ "{\"type\": \"group\", \"exec\": [\"x\"]}", "exec: is not for a group" },
		{ "{\"type\": \"group\", \"log\": {}}", "log: is only for units with a process" },
		{ EXEC "\"volumes\": []}", "volumes: is only for containers" },
		{ EXEC "\"layer\": \"boot\"}", "layer: is only for containers" },
		{ EXEC "\"runtime\": \"/x\"}", "runtime: is only for containers" },
		{ BUNDLE "\"user\": \"1\"}", "user: is only for exec" },
		{ BUNDLE "\"directory\": \"/\"}", "directory: is only for exec" },
		{ BUNDLE "\"console\": true}", "console: is only for exec" },
		{ EXEC "\"ready\": {\"by\": \"health\"}}", "\"health\" needs a health check" },
		{ EXEC "\"ready\": {\"by\": \"tcp\"}}", "ready.port: is required by \"by\"" },
		{ EXEC "\"ready\": {\"by\": \"exec\"}}", "ready.exec: is required by \"by\"" },
		{ EXEC "\"ready\": {\"by\": \"exec\", \"exec\": []}}",
		  "must begin with a program" },
		{ EXEC "\"ready\": {\"path\": \"/x\"}}", "ready.path: is only for another \"by\"" },
		{ EXEC "\"ready\": {\"by\": \"notify\", \"fd\": 4}}",
		  "ready.fd: is only for another" },
		{ EXEC "\"ready\": {\"by\": \"fd\", \"fd\": 64}}",
		  "ready.fd: must be from 3 to 63" },
		{ EXEC "\"ready\": {\"by\": \"file\", \"path\": \"/x\", \"address\": \"::1\"}}",
		  "ready.address: is only for" },
		{ EXEC "\"health\": {}}", "health: must have exactly one of exec, path and port" },
		{ EXEC "\"health\": {\"port\": 1, \"path\": \"/x\"}}",
		  "health: must have exactly one" },
		{ EXEC "\"type\": \"oneshot\", \"health\": {\"port\": 1}}",
		  "health: is only for services" },
		{ EXEC "\"type\": \"task\", \"watchdog\": {}}", "watchdog: is only for services" },
		{ EXEC "\"type\": \"oneshot\", \"ready\": {\"by\": \"notify\"}}",
		  "when it has ended" },
		{ EXEC "\"type\": \"oneshot\", \"restart\": {\"on\": \"always\"}}",
		  "only for services" },
		{ EXEC "\"type\": \"task\", \"goal\": true}",
		  "goal: is never reached without autostart" },
		{ EXEC "\"watchdog\": {\"budget\": \"1s\"}}",
		  "\"budget\" is only for critical units" },
		{ EXEC "\"restart\": {\"delay\": \"2s\", \"max_delay\": \"1s\"}}",
		  "longer than max" },
		{ EXEC "\"restart\": {\"limit\": 3, \"escalate\": [{\"after\": 4, \"do\": "
		       "\"reboot\"}]}}",
		  "restart.limit: is reached before the step of 4 failures" },
		{ EXEC
		  "\"restart\": {\"escalate\": [{\"after\": 4, \"do\": \"reboot\"}, {\"after\": 5, "
		  "\"do\": \"reboot\"}]}}",
		  "restart.escalate: nothing comes after a reboot" },
		{ BUNDLE "\"layer\": \"boot\", \"restart\": {\"escalate\": [{\"after\": 4, \"do\": "
			 "\"reset\"}, {\"after\": 4, \"do\": \"reboot\"}]}}",
		  "restart.escalate: the steps' \"after\" must rise" },
		{ BUNDLE "\"restart\": {\"escalate\": [{\"after\": 4, \"do\": \"reset\"}]}}",
		  "nothing to reset" },
		{ EXEC "\"restart\": {\"on\": \"never\", \"escalate\": [{\"after\": 4, \"do\": "
		       "\"reboot\"}]}}",
		  "escalate: is never reached without restarts" },
		{ BUNDLE "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"boot\"}]}",
		  "volumes[0].size: is required" },
		{ BUNDLE
		  "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"revision\", "
		  "\"size\": \"1M\"}]}",
		  "volumes[0].size: is only for the class boot" },
		{ BUNDLE
		  "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"boot\", \"size\": "
		  "\"1M\"}, {\"name\": \"y\", \"path\": \"/x\", \"class\": \"boot\", \"size\": "
		  "\"1M\"}]}",
		  "volumes: [1]: the name or the path is taken" },
		{ EXEC "\"log\": {\"to\": [\"file\"]}}", "log.file: is required to log to a file" },
		{ EXEC "\"log\": {\"file\": \"/x\"}}", "log.file: is only for \"to\": [\"file\"]" },
		{ BUNDLE "\"layer\": \"permanent\"}", "a.json:1: layer: " },
		{ BUNDLE "\"early\": true, \"layer\": \"permanent\"}",
		  "early units do not wait for" },
		{ BUNDLE "\"early\": true, \"network\": {\"bridge\": \"br0\"}}",
		  "network.bridge: is made after early units are started" },
		{ BUNDLE
		  "\"volumes\": [{\"name\": \"x\", \"path\": \"/x\", \"class\": \"permanent\"}]}",
		  "has no \"data\"" },
		{ BUNDLE "\"network\": {\"bridge\": \"br0\"}}", "has no bridge br0" },
	};

	(void)state;
	TRY_UNITS(cases);
}

#define LISTEN(address) EXEC "\"listen\": [{\"address\": \"" address "\"}]}"
#define WITH(more) EXEC "\"listen\": [{\"address\": \"tcp:0.0.0.0:80\"" more "}"

static void sockets_are_checked(void **state)
{
	static const struct wrong cases[] = {
		{ EXEC "\"listen\": {}}", "listen: must be an array" },
		{ EXEC "\"listen\": [{}]}", "listen[0].address: is required" },
		{ EXEC "\"listen\": [{\"address\": 80}]}", "listen[0].address: must be a string" },
		{ LISTEN("80"), "listen[0].address: must be tcp:ADDRESS:PORT, udp" },
		{ LISTEN("tcp"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:80"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:0.0.0.0"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:0.0.0.0:"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:0.0.0.0:0"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:0.0.0.0:65536"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:host:80"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:::1:80"), "listen[0].address: must be tcp:" },
		{ LISTEN("tcp:[0.0.0.0]:80"), "listen[0].address: must be tcp:" },
		{ LISTEN("sctp:0.0.0.0:80"), "listen[0].address: must be tcp:" },
		{ LISTEN("unix:"), "listen[0].address: must be tcp:" },
		{ LISTEN("unix:@"), "listen[0].address: must be tcp:" },
		{ LISTEN("unix:run/x"), "listen[0].address: must be tcp:" },
		{ LISTEN("unix:/var/x"), "with a path below /run" },
		{ LISTEN("unix:/run/../etc/x"), "with a path below /run" },
		{ LISTEN("unix:/run/x/.."), "with a path below /run" },
		{ LISTEN("unix:/run/x/"), "with a path below /run" },
		{ LISTEN("unix:/run/012345678901234567890123456789012345678901234567890123456789"
			 "01234567890123456789012345678901234567890123456789"),
		  "with a path below /run" },
		{ WITH(", \"mode\": \"0600\"") "]}", "listen[0].mode: is only for a path" },
		{ WITH(", \"backlog\": 0") "]}", "listen[0].backlog: must be from 1 to 65535" },
		{ WITH(", \"name\": \"a:b\"") "]}", "listen[0].name: must be a name" },
		{ EXEC "\"listen\": [{\"address\": \"unix:@x\", \"user\": \"1\"}]}",
		  "listen[0].user: is only for a path" },
		{ EXEC "\"listen\": [{\"address\": \"udp:0.0.0.0:80\", \"backlog\": 5}]}",
		  "listen[0].backlog: is not for datagrams" },
		{ WITH("") ", {\"address\": \"tcp:0.0.0.0:80\"}]}",
		  "listen[1].address: tcp:0.0.0.0:80 is taken by" },
		{ WITH("") "], \"ready\": {\"by\": \"fd\", \"fd\": 3}}",
		  "ready: \"fd\": sockets are passed as 3 to 3" },
		{ EXEC "\"on_demand\": true}", "on_demand: needs \"listen\"" },
		{ WITH("") "], \"on_demand\": true, \"type\": \"oneshot\"}",
		  "on_demand: is only for services" },
		{ WITH("") "], \"on_demand\": true, \"autostart\": true}",
		  "on_demand: is not for what starts with the machine" },
		{ "{\"type\": \"group\", \"listen\": []}", "listen: is only for units with" },
	};

	(void)state;
	TRY_UNITS(cases);
}

static void json_is_strict(void **state)
{
	static const struct wrong cases[] = {
		{ "{\"exec\": [\"x\"],\n\"exec\": [\"y\"]}", "a.json:2: exec: duplicate key" },
		{ "{\"exec\": [\"x\"],\n}", "a.json:2: " },
		{ "{\"exec\": [\"x\"]} {}", "a.json:1: " },
		{ "", "a.json:1: " },
		{ "{\"exec\": [\"\\u0000\"]}", "a.json:1: exec[0]: " },
	};

	(void)state;
	TRY_UNITS(cases);
}

static void systems_are_checked(void **state)
{
	static const struct wrong cases[] = {
		{ "{\"hostnam\": \"x\"}", "system.json:1: hostnam: unknown property" },
		{ "{\"hostname\": \"a b\"}", "system.json:1: hostname: must be a host name" },
		{ "{\"console\": \"/dev/ttyS0\"}", "console: must be a name" },
		{ "{\"root\": \"/r\"}", "root: root and init go together" },
		{ "{\"init\": \"/r\"}", "init: root and init go together" },
		{ "{\"mounts\": [{\"type\": \"x\"}]}", "mounts[0].target: is required" },
		{ "{\"mounts\": [{\"target\": \"/x\"}]}",
		  "mounts[0]: must have a source or a type" },
		{ "{\"sysctl\": {\"../x\": \"1\"}}", "is not the name of a kernel parameter" },
		{ "{\"sysctl\": {\"a\": 1}}", "sysctl.a: must be a string" },
		{ "{\"interfaces\": {\"a/b\": {}}}", "must be the name of a network interface" },
		{ "{\"interfaces\": {\"eth0\": 1}}", "interfaces.eth0: must be an object" },
		{ "{\"watchdog\": {\"timeout\": \"5s\", \"pretimeout\": \"5s\"}}",
		  "must be shorter" },
		{ "{\"watchdog\": {\"timeout\": \"500ms\"}}",
		  "must be from 1s to 65535s, found 500ms" },
		{ "{\"probe\": {}}", "probe.path: is required" },
		{ "{\"syslog\": \"udp:10.0.0.1\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:10.0.0.1:0\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:gw:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:::1:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:[::1:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:[10.0.0.1]:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:[]:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"udp:514\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"u\"}", "syslog: must be a socket's path or" },
		{ "{\"syslog\": \"tcp:10.0.0.1:514\"}", "syslog: must be a socket's path or" },
		{ "{\"ctrl_alt_del\": \"halt\"}", "must be one of ignore|reboot" },
		{ "{\"interfaces\": {\"e\": {\"addresses\": [\"10.0.0.1/8\"]},\n"
		  "\"f\": {\"addresses\": [\"10.0.0.1/24\"]}}}",
		  "system.json:2: interfaces.f.addresses[0]: 10.0.0.1 is taken by " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_system(&world, cases[i].text);
		if (world_compile(&world))
			fail_msg("taken: %s", cases[i].text);
		assert_said(&world, cases[i].said);
	}
}

static void units_are_checked_together(void **state)
{
	(void)state;
	world_system(&world, "{\"data\": \"/data\", \"interfaces\": {\"br0\": {\"bridge\": true,"
			     "\"addresses\": [\"10.0.0.1/24\"]}}}");
	world_unit(&world, "a",
		   BUNDLE "\"network\": {\"bridge\": \"br0\",\n\"addresses\": "
			  "[\"10.0.0.1/24\", \"10.0.0.9/24\"]}}");
	world_unit(&world, "b",
		   BUNDLE "\"network\": {\"bridge\": \"br0\",\n\"addresses\": "
			  "[\"10.0.0.9/16\"]}, \"log\": {\"to\": [\"file\"], "
			  "\"file\": \"/data/l\"}}");
	world_unit(&world, "c", EXEC "\"log\": {\"to\": [\"file\"],\n\"file\": \"/data/l\"}}");
	world_unit(&world, "d",
		   EXEC "\"requires\": [\"x\"], \"wants\": [\"d\"],\n\"after\": "
			"[\"a\", \"a\"], \"before\": [\"y\"]}");
	assert_false(world_compile(&world));
	assert_said(&world, "a.json:2: network.addresses[0]: 10.0.0.1 is taken by ");
	assert_said(&world, "system.json:1\n");
	assert_said(&world, "b.json:2: network.addresses[0]: 10.0.0.9 is taken by ");
	assert_said(&world, "c.json:2: log.file: /data/l is taken by ");
	assert_said(&world, "d.json:1: requires[0]: there is no unit x\n");
	assert_said(&world, "d.json:1: wants[0]: d cannot wait for itself\n");
	assert_said(&world, "d.json:2: after[1]: a is named twice\n");
	assert_said(&world, "d.json:2: before[0]: there is no unit y\n");
	assert_int_equal(world.report.errors, 7);
}

static void circles_are_named_in_full(void **state)
{
	(void)state;
	world_unit(&world, "a", EXEC "\n\"requires\": [\"b\"]}");
	world_unit(&world, "b", EXEC "\n\n\"wants\": [\"c\"]}");
	world_unit(&world, "c", EXEC "\"after\": [\n\"d\",\n\"a\"]}");
	world_unit(&world, "d", EXEC "\"before\": []}");
	world_unit(&world, "e", EXEC "\"requires\": [\"a\"], \"before\": [\"f\"]}");
	world_unit(&world, "f", EXEC "\n\"before\": [\"e\"]}");
	assert_false(world_compile(&world));
	assert_said(&world, "c.json:3: after: goes in a circle: a requires b wants c after a\n");
	assert_said(&world, "e.json:1: before: goes in a circle: e after f after e\n");
	assert_int_equal(world.report.errors, 2);
	/* A way that leads into a circle is not part of it. */
	world_unit(&world, "a", EXEC "\"requires\": [\"b\"]}");
	world_unit(&world, "c", EXEC "\"requires\": [\"b\"]}");
	world_unit(&world, "f", EXEC "\"before\": []}");
	assert_false(world_compile(&world));
	assert_said(&world, "c.json:1: requires: goes in a circle: b wants c requires b\n");
	assert_int_equal(world.report.errors, 1);
}

static void all_mistakes_of_a_set_are_reported(void **state)
{
	(void)state;
	world_system(&world, "{\"x\": 1}");
	world_unit(&world, "a", "{\"y\": 1,\n\"z\": 1}");
	world_unit(&world, "b", "{");
	world_unit(&world, "c", EXEC "\"requires\": [\"a\", \"b\", \"nobody\"]}");
	assert_false(world_compile(&world));
	assert_said(&world, "system.json:1: x: unknown property\n");
	assert_said(&world, "a.json:1: y: unknown property\n");
	assert_said(&world, "a.json:2: z: unknown property\n");
	assert_said(&world, "b.json:1: ");
	/* Units that are wrong are there nevertheless. */
	assert_said(&world, "c.json:1: requires[2]: there is no unit nobody\n");
	assert_int_equal(world.report.errors, 5);
}

static void names_of_files_are_names_of_units(void **state)
{
	(void)state;
	world_unit(&world, "a b", EXEC "\"early\": true}");
	assert_false(world_compile(&world));
	assert_said(&world, "a b.json: \"a b\" cannot be the name of a unit");
}

static void a_missing_folder_is_an_error(void **state)
{
	(void)state;
	world.units[strlen(world.units) - 1] = 'X';
	assert_false(world_compile(&world));
	assert_said(&world, "no such file or directory");
	assert_int_equal(world.report.errors, 1);
	/* But an initramfs may be there for the root's sake only. */
	world_system(&world, "{\"root\": \"/r\", \"init\": \"/sbin/init\"}");
	assert_int_equal(world_plan(&world)->unit_count, 0);
}

static void an_early_unit_that_waits_is_warned_of(void **state)
{
	(void)state;
	world_unit(&world, "a", EXEC "\"early\": true, \"requires\": [\"b\"]}");
	world_unit(&world, "b", EXEC "\"early\": false}");
	assert_true(world_compile(&world));
	assert_string_equal(world.said,
			    "warning: a.json:1: early: waits for b, which is not early\n");
}

static void there_are_bounds(void **state)
{
	static char text[200000];
	size_t used;
	char name[24];

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), "{\"exec\": [");
	for (int i = 0; i < 1025; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\"x\"", i ? "," : "");
	snprintf(text + used, sizeof(text) - used, "]}");
	world_unit(&world, "a", text);
	assert_false(world_compile(&world));
	assert_said(&world, "exec: must have at most 1024 items");

	used = (size_t)snprintf(text, sizeof(text), "{\"exec\": [\"x\"], \"when\": [");
	for (int i = 0; i < 255; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\"flag:f%d\"",
					 i ? "," : "", i);
	snprintf(text + used, sizeof(text) - used, "]}");
	world_unit(&world, "a", text);
	assert_false(world_compile(&world));
	assert_said(&world, "when[254]: more than 255 different conditions");

	for (int i = 0; i < PLAN_MAX_UNITS; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		world_unit(&world, name, "{\"type\": \"group\"}");
	}
	assert_false(world_compile(&world));
	assert_said(&world, "more than 1024 units");
	assert_int_equal(unlinkat(world.units_fd, "a.json", 0), 0);
	assert_true(world_compile(&world));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(impossible_combinations_are_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(sockets_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_is_strict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(systems_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(units_are_checked_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(circles_are_named_in_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_mistakes_of_a_set_are_reported, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names_of_files_are_names_of_units, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_missing_folder_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_early_unit_that_waits_is_warned_of, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(there_are_bounds, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
