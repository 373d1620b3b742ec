/* SPDX-License-Identifier: Apache-2.0 */
/* The clients' commands, whole, against a supervisor in another process. */
/* link: -Wl,--wrap=reboot,--wrap=sync,--wrap=sleep */
#include "tests/unit/test_lib.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "init/cmd/command.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/log.h"
#include "tests/unit/control_world.h"

/* What reboot(2) and so on were called with: nothing of it may happen here. */
static struct {
	int reboot, syncs;
	unsigned int slept;
} called;

int __wrap_reboot(int how);
void __wrap_sync(void);
unsigned int __wrap_sleep(unsigned int seconds);

int __wrap_reboot(int how)
{
	called.reboot = how;
	errno = EPERM;
	return -1;
}

void __wrap_sync(void)
{
	called.syncs++;
}

unsigned int __wrap_sleep(unsigned int seconds)
{
	called.slept += seconds;
	return 0;
}

struct fixture {
	char folder[64], path[96];
	int folder_fd;
	pid_t supervisor;
	struct world *world; /* shared with that process */
	char output[16384];  /* of the last command, both streams */
};

/* ---- the supervisor ---- */

static struct control_change journal[8];

static int scripted_change(void *host, uint64_t number, struct control_change *change)
{
	const struct world *world = host;

	if (number >= world->changes)
		return 0;
	*change = journal[number % 8];
	return 1;
}

static void add_change(struct world *world, uint32_t before, uint32_t phase)
{
	struct control_change *change = &journal[world->changes++ % 8];

	*change = (struct control_change){ .time_ms = 1500,
					   .before = before,
					   .phase = phase,
					   .cause = CAUSE_WANTED,
					   .exit_status = -1,
					   .pid = 42 };
	strcpy(change->name, "unit1");
}

/* A command takes a moment: progress first, then the end. */
static void serve(struct world *world)
{
	int done = world->commands;

	for (;;) {
		world_turn(world, 50);
		if (world->commands == done)
			continue;
		done = world->commands;
		if (world->last.command == CONTROL_REEXEC)
			world->system.reexecs++;
		add_change(world, PHASE_OFF, PHASE_STARTING);
		control_changed(&world->control, world->now);
		add_change(world, PHASE_STARTING, PHASE_READY);
		world->settled = world->reason ? -EIO : 1;
		control_changed(&world->control, world->now);
		world->settled = 0;
	}
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int listener;

	memset(&called, 0, sizeof(called));
	fixture->folder_fd = make_folder(fixture->folder);
	snprintf(fixture->path, sizeof(fixture->path), "%s/control", fixture->folder);
	fixture->world = mmap(NULL, sizeof(struct world), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(fixture->world, MAP_FAILED);
	listener = control_listen(fixture->path);
	assert_true(listener >= 0);
	world_begin(fixture->world, listener);
	fixture->world->host.change = scripted_change;
	fixture->world->system.well = 1;
	fixture->world->result = 1;
	*state = fixture;
	return 0;
}

/* From here on the world is the other process's. */
static void start(struct fixture *fixture)
{
	fixture->supervisor = fork();
	assert_true(fixture->supervisor >= 0);
	if (fixture->supervisor == 0)
		serve(fixture->world);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->supervisor > 0) {
		kill(fixture->supervisor, SIGKILL);
		waitpid(fixture->supervisor, NULL, 0);
	}
	world_end(fixture->world);
	munmap(fixture->world, sizeof(struct world));
	remove_folder(fixture->folder_fd, fixture->folder);
	free(fixture);
	return 0;
}

/* ---- running a command ---- */

/* `line`: words separated by blanks; --socket is added. The exit status. */
static int run(struct fixture *fixture, const struct command *command, const char *line)
{
	char text[512];
	char *argv[16];
	int argc = 0, status;
	const int out = memfd_create("output", MFD_CLOEXEC), saved1 = dup(1), saved2 = dup(2);
	ssize_t size;

	snprintf(text, sizeof(text), "%s --socket %s", line, fixture->path);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	error_clear();
	dup2(out, 1);
	dup2(out, 2);
	status = init_main("cruet", command, argc, argv);
	dup2(saved1, 1);
	dup2(saved2, 2);
	close(saved1);
	close(saved2);
	size = pread(out, fixture->output, sizeof(fixture->output) - 1, 0);
	assert_true(size >= 0);
	fixture->output[size] = '\0';
	close(out);
	return status;
}

static void expect(const struct fixture *fixture, const char *text)
{
	if (!strstr(fixture->output, text))
		fail_msg("\"%s\" is not in:\n%s", text, fixture->output);
}

static void test_status(void **state)
{
	struct fixture *fixture = *state;
	auto_arena struct arena arena = { 0 };
	const cJSON *root;

	fixture->world->units[0].phase = PHASE_READY;
	fixture->world->units[2].phase = PHASE_READY;
	start(fixture);
	assert_int_equal(run(fixture, &command_status, "status"), 0);
	expect(fixture, "2 of 3 units ready");
	expect(fixture, "\nunit0  ready");
	expect(fixture, "\nunit1  off");
	/* as named, in that order */
	assert_int_equal(run(fixture, &command_status, "status unit2 unit0"), 0);
	expect(fixture, "2 of 3 units ready");
	assert_true(strstr(fixture->output, "unit2") < strstr(fixture->output, "unit0"));
	assert_null(strstr(fixture->output, "unit1"));
	assert_int_equal(run(fixture, &command_status, "status unit0 unit1"), 3);
	assert_int_equal(run(fixture, &command_status, "status unit0 unit9"), 1);
	assert_string_equal(fixture->output, "cruet: error: unit9: no such unit\n");
	assert_int_equal(run(fixture, &command_status, "status --json unit1"), 3);
	root = json_parse(&arena, fixture->output, strlen(fixture->output), "status");
	assert_non_null(root);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "units")), 1);
}

static void test_nobody(void **state)
{
	struct fixture *fixture = *state;

	strcpy(fixture->path, "/nonexistent/control");
	assert_int_equal(run(fixture, &command_status, "status"), 1);
	assert_string_equal(fixture->output,
			    "cruet: error: no supervisor is running here (/nonexistent/control): "
			    "no such file or directory\n");
	assert_int_equal(run(fixture, &command_up, "up x"), 1);
	expect(fixture, "no supervisor is running here");
	assert_int_equal(run(fixture, &command_reboot, "reboot"), 1);
	expect(fixture, "no supervisor is running here");
	assert_int_equal(run(fixture, &command_monitor, "monitor"), 1);
	assert_int_equal(run(fixture, &command_boot, "boot"), 1);
	assert_int_equal(run(fixture, &command_reexec, "reexec"), 1);
	assert_int_equal(run(fixture, &command_reload, "reload"), 1);
	assert_int_equal(run(fixture, &command_flag, "flag set x"), 1);
	assert_int_equal(called.reboot, 0);
}

static void test_up(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	assert_int_equal(run(fixture, &command_up, "up unit1"), 0);
	assert_string_equal(fixture->output, "[    1.500] unit1: off -> starting\n"
					     "[    1.500] unit1: starting -> ready, pid 42\n");
	assert_int_equal(fixture->world->last.command, CONTROL_UP);
	assert_int_equal(fixture->world->last.flags, CONTROL_WAIT);
	assert_string_equal(fixture->world->last.name, "unit1");
	assert_int_equal(run(fixture, &command_restart, "restart --no-wait unit1 unit2"), 0);
	assert_string_equal(fixture->output, "");
	assert_int_equal(fixture->world->last.command, CONTROL_RESTART);
	assert_int_equal(fixture->world->last.flags, 0);
	assert_string_equal(fixture->world->last.name, "unit2");
	assert_int_equal(fixture->world->commands, 3);
	/* more than fit at a time */
	assert_int_equal(run(fixture, &command_down, "down a b c d e f g h i j"), 0);
	assert_int_equal(fixture->world->commands, 13);
	assert_int_equal(run(fixture, &command_up, "up"), 1);
	expect(fixture, "missing arguments");
	assert_int_equal(run(fixture, &command_up,
			     "up "
			     "a123456789b123456789c123456789d123456789e123456789f123456789g1234"),
			 1);
	expect(fixture, "longer than 63 bytes");
	assert_int_equal(fixture->world->commands, 13);
}

static void test_up_fails(void **state)
{
	struct fixture *fixture = *state;

	fixture->world->reason = "unit1: failed (exit, exit status 1)";
	start(fixture);
	assert_int_equal(run(fixture, &command_up, "up unit1"), 1);
	expect(fixture, "cruet: error: unit1: failed (exit, exit status 1); see "
			"`cruet logs unit1`");
	expect(fixture, "unit1: starting -> ready, pid 42\n"); /* progress all the same */
}

static void test_timeout(void **state)
{
	struct fixture *fixture = *state;

	/* it answers what it knows at once, and settles nothing */
	fixture->supervisor = fork();
	if (fixture->supervisor == 0)
		for (;;)
			world_turn(fixture->world, 50);
	assert_int_equal(run(fixture, &command_up, "up --timeout 1 unit1 unit2"), 1);
	assert_string_equal(fixture->output, "cruet: error: not done in time; it goes on\n");
	assert_int_equal(fixture->world->commands, 2);
}

static void test_ends(void **state)
{
	static const struct {
		const struct command *command;
		const char *line;
		uint32_t request;
		const char *text;
	} cases[] = {
		{ &command_reboot, "reboot", CONTROL_REBOOT, "reboot" },
		{ &command_poweroff, "poweroff -m mains", CONTROL_POWEROFF, "mains" },
		{ &command_halt, "halt -n", CONTROL_HALT, "halt" },
	};
	struct fixture *fixture = *state;

	fixture->world->result = 0;
	start(fixture);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(run(fixture, cases[i].command, cases[i].line), 0);
		assert_int_equal(fixture->world->last.command, cases[i].request);
		assert_string_equal(fixture->world->last.text, cases[i].text);
	}
	assert_int_equal(called.syncs, 0);
	assert_int_equal(called.reboot, 0);
	/* by the kernel */
	assert_int_equal(run(fixture, &command_reboot, "reboot -f -d 3"), 1);
	expect(fixture, "cruet: error: reboot: operation not permitted");
	assert_int_equal(called.reboot, RB_AUTOBOOT);
	assert_int_equal(called.syncs, 1);
	assert_int_equal(called.slept, 3);
	assert_int_equal(run(fixture, &command_poweroff, "poweroff -f -n"), 1);
	assert_int_equal(called.reboot, RB_POWER_OFF);
	assert_int_equal(called.syncs, 1);
	assert_int_equal(run(fixture, &command_halt, "halt --force"), 1);
	assert_int_equal((unsigned int)called.reboot, (unsigned int)RB_HALT_SYSTEM);
	assert_int_equal(fixture->world->commands, 3);
}

static void test_flag(void **state)
{
	struct fixture *fixture = *state;

	fixture->world->result = 0;
	start(fixture);
	assert_int_equal(run(fixture, &command_flag, "flag set maintenance"), 0);
	assert_int_equal(fixture->world->last.command, CONTROL_FLAG_SET);
	assert_string_equal(fixture->world->last.name, "maintenance");
	assert_int_equal(run(fixture, &command_flag, "flag clear maintenance"), 0);
	assert_int_equal(fixture->world->last.command, CONTROL_FLAG_CLEAR);
	assert_int_equal(run(fixture, &command_flag, "flag set"), 1);
	assert_int_equal(run(fixture, &command_flag, "flag list x"), 1);
	assert_int_equal(run(fixture, &command_flag, "flag toggle x"), 1);
	expect(fixture, "`set NAME`, `clear NAME` or `list`");
	assert_int_equal(fixture->world->commands, 2);
}

static void test_reexec(void **state)
{
	struct fixture *fixture = *state;

	fixture->world->result = 0;
	start(fixture);
	assert_int_equal(run(fixture, &command_reexec, "reexec"), 0);
	assert_int_equal(fixture->world->last.command, CONTROL_REEXEC);
}

/* The first journal entries come after the question; then the supervisor is
 * gone for good. */
static void test_monitor(void **state)
{
	struct fixture *fixture = *state;

	fixture->supervisor = fork();
	if (fixture->supervisor == 0) {
		struct world *world = fixture->world;

		while (world_clients(world) == 0)
			world_turn(world, 50);
		world_rest(world);
		add_change(world, PHASE_OFF, PHASE_STARTING);
		add_change(world, PHASE_STARTING, PHASE_STARTED);
		control_changed(&world->control, world->now);
		unlink(fixture->path);
		_exit(0);
	}
	assert_int_equal(run(fixture, &command_monitor, "monitor unit1 unit7"), 1);
	assert_int_equal(strncmp(fixture->output,
				 "[    1.500] unit1: off -> starting\n"
				 "[    1.500] unit1: starting -> started, pid 42\n",
				 strlen("[    1.500] unit1: off -> starting\n"
					"[    1.500] unit1: starting -> started, pid 42\n")),
			 0);
	expect(fixture, "cruet: warning: the supervisor closed the connection");
	expect(fixture, "cruet: error: no supervisor is running here");
}

static void test_boot(void **state)
{
	struct fixture *fixture = *state;
	auto_arena struct arena arena = { 0 };
	const cJSON *root;

	add_change(fixture->world, PHASE_OFF, PHASE_STARTING);
	add_change(fixture->world, PHASE_STARTING, PHASE_READY);
	start(fixture);
	assert_int_equal(run(fixture, &command_boot, "boot"), 0);
	expect(fixture, "  unit1  -        0ms      1.50s");
	assert_int_equal(run(fixture, &command_boot, "boot --json"), 0);
	root = json_parse(&arena, fixture->output, strlen(fixture->output), "boot");
	assert_non_null(root);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "journal")), 2);
	assert_int_equal(run(fixture, &command_boot, "boot --svg"), 0);
	expect(fixture, "<svg ");
}

static void test_reload_without_plan(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	assert_int_equal(run(fixture, &command_reload, "reload"), 1);
	expect(fixture, "the supervisor shows no plan");
	assert_int_equal(fixture->world->commands, 0);
}

/* Which command is meant, by the program's name or by the first word. */
static void test_dispatch(void **state)
{
	char *words[] = { "cruet", "status", "--json", NULL }, **argv = words;
	char *other[] = { "cruet", "create", "x", NULL };
	int argc = 3;

	(void)state;
	assert_ptr_equal(init_command_of("cruet", &argc, &argv), &command_status);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[0], "status");
	argc = 3;
	argv = other;
	assert_null(init_command_of("cruet", &argc, &argv));
	assert_int_equal(argc, 3);
	assert_ptr_equal(init_command_of("reboot", &argc, &argv), &command_reboot);
	assert_ptr_equal(init_command_of("poweroff", &argc, &argv), &command_poweroff);
	assert_ptr_equal(init_command_of("halt", &argc, &argv), &command_halt);
	assert_ptr_equal(init_command_of("init", &argc, &argv), &command_init);
	assert_int_equal(argc, 3);
	for (const struct command *const *at = init_commands; at[0] && at[1]; at++)
		assert_true(strcmp(at[0]->name, at[1]->name) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_up_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flag, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reexec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_monitor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload_without_plan, setup, teardown),
		cmocka_unit_test(test_dispatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
