/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promise: kill -9 of the writer at any instant loses no line and gives none twice. Units write
 * numbered lines as fast as they can while the writer is killed over and over; a reader follows and
 * compares every line.
 */
#include "tests/unit/log_world.h"

#include <sys/ptrace.h>

enum {
	STEP_TRIALS = 100,
	KILLS = 400,
	UNITS = 3,
	RING = 1 << 20,
	PACE = RING / 4, /* bytes that may wait in a ring: the reader must not be overtaken */
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Line `number` of a unit: its length and bytes follow from the number. */
static size_t make_line(char *line, uint32_t unit, uint32_t number)
{
	uint32_t seed = number * 7 + unit;
	size_t length = (size_t)sprintf(line, "%u ", (unsigned int)number);
	uint32_t more = next_random(&seed) % 100;

	if (number % 50 == 0)
		more += 1500;
	for (; more > 0; more--)
		line[length++] = (char)('!' + next_random(&seed) % 94);
	line[length] = '\n';
	return length + 1;
}

/* A unit: writes in pieces that do not care about lines, until `stop` is set; gives the count. */
static int be_unit(const struct world *world, uint32_t unit, volatile uint32_t *shared)
{
	const struct ring *ring = rings_at(world->rings, unit);
	char bytes[8192];
	size_t used = 0;
	uint32_t number = 0, seed = unit + 1;

	for (;;) {
		size_t part;

		while (used < 4096 && !shared[UNITS]) {
			/* `shared[unit]`: where the reader is. */
			while (ring_state(ring).head - shared[UNITS + 1 + unit] > PACE)
				usleep(200);
			used += make_line(bytes + used, unit, number++);
		}
		if (used == 0)
			break;
		part = 1 + next_random(&seed) % used;
		if (write(world->writes[unit], bytes, part) != (ssize_t)part)
			return 1;
		memmove(bytes, bytes + part, used - part);
		used -= part;
	}
	shared[unit] = number;
	return 0;
}

struct check {
	struct ring_place place;
	uint32_t number;
	char line[4096];
	size_t size;
};

/* All lines that are there by now; parts of cut ones are put together. */
static void compare(const struct world *world, uint32_t unit, struct check *check,
		    volatile uint32_t *shared)
{
	const struct ring_view view = rings_view(world->rings, unit);
	struct record record;
	char text[RING_TEXT_MAX], expected[4096];
	uint32_t lost;

	while (ring_take(&view, &check->place, ring_state(view.ring).head, &record, text, &lost)) {
		size_t size;

		assert_int_equal(lost, 0);
		assert_false(record.flags & RECORD_NOTE);
		assert_true(check->size + record.size <= sizeof(check->line));
		memcpy(check->line + check->size, text, record.size);
		check->size += record.size;
		shared[UNITS + 1 + unit] = check->place.position;
		/* Shown before its end came, because no writer was there for a while. */
		if (record.flags & RECORD_PARTIAL)
			continue;
		size = make_line(expected, unit, check->number) - 1;
		if (size != check->size || memcmp(expected, check->line, size) != 0)
			fail_msg("unit %u, line %u: expected\n%.*s\ngot\n%.*s", (unsigned int)unit,
				 (unsigned int)check->number, (int)size, expected, (int)check->size,
				 check->line);
		check->number++;
		check->size = 0;
	}
}

static void test_kill(void **state)
{
	static struct check checks[UNITS];
	volatile uint32_t *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct world world;
	pid_t units[UNITS];
	uint32_t seed = 42;
	uint64_t end;
	int status;

	(void)state;
	assert_true(shared != MAP_FAILED);
	world_plan(&world);
	for (uint32_t i = 0; i < UNITS; i++)
		world_unit(&world, i == 0 ? "a" : i == 1 ? "b" : "c", RING);
	world_map(&world, -1);
	world_pipes(&world);
	for (uint32_t i = 0; i < UNITS; i++) {
		units[i] = world_fork();
		if (units[i] == 0)
			_exit(be_unit(&world, i, shared));
	}
	for (int i = 0; i < KILLS; i++) {
		world_start(&world);
		/* From "not yet begun" to "in full swing". */
		usleep(next_random(&seed) % 8000);
		status = world_stop(&world, SIGKILL);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		for (uint32_t unit = 0; unit < UNITS; unit++)
			compare(&world, unit, &checks[unit], shared);
	}
	shared[UNITS] = 1;
	world_start(&world);
	end = world_ms() + 20000;
	for (uint32_t unit = 0; unit < UNITS; unit++) {
		while (waitpid(units[unit], &status, WNOHANG) == 0 ||
		       checks[unit].number != shared[unit]) {
			assert_true(world_ms() < end);
			for (uint32_t any = 0; any < UNITS; any++)
				compare(&world, any, &checks[any], shared);
			usleep(1000);
		}
		assert_int_equal(checks[unit].size, 0);
		assert_true(checks[unit].number > KILLS);
	}
	/* Nothing comes afterwards. */
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	for (uint32_t unit = 0; unit < UNITS; unit++) {
		compare(&world, unit, &checks[unit], shared);
		assert_int_equal(checks[unit].number, shared[unit]);
		print_message("unit %u: %u lines\n", (unsigned int)unit,
			      (unsigned int)checks[unit].number);
	}
	world_close(&world);
	munmap((void *)shared, 4096);
}

/* ---- instruction by instruction ---- */

static const char bytes[] = "alpha\n<3>beta\ngamma\npart";

static bool is_inbox_used(const struct world *world)
{
	const char *inbox = (const char *)world->rings + world->rings->inbox;

	return inbox[0] || inbox[sizeof(bytes) - 2];
}

static void go_on(pid_t pid, int request)
{
	int status;

	assert_int_equal(ptrace(request, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
}

/*
 * Run a writer until it has read the bytes, then so many instructions, then kill it. Gives how many
 * there were until it was through with them (and some more).
 */
static long kill_after(struct world *world, long steps)
{
	enum { MORE = 200 };
	long done = 0, more = 0;
	int status;

	world->writer = world_fork();
	if (world->writer == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		log_writer(&world->plan, world->rings_fd, world->reads);
	}
	assert_int_equal(waitpid(world->writer, &status, 0), world->writer);
	world_say(world, 0, bytes);
	while (!is_inbox_used(world))
		go_on(world->writer, PTRACE_SYSCALL);
	for (; done < steps && more < MORE; done++) {
		go_on(world->writer, PTRACE_SINGLESTEP);
		more = is_inbox_used(world) ? 0 : more + 1;
	}
	world_stop(world, SIGKILL);
	return done;
}

static void check_lines(struct world *world)
{
	static const char *const expected[] = { "alpha", "beta", "gamma", "partial", "end" };
	struct ring_place place = { 0 };
	struct record record;

	world_start(world);
	world_say(world, 0, "ial\nend\n");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *line = world_next(world, 0, &place, &record, 5000);

		assert_non_null(line);
		/* Single steps may take so long that the incomplete line was shown. */
		if (record.flags & RECORD_PARTIAL) {
			assert_string_equal(line, "part");
			line = world_next(world, 0, &place, &record, 5000);
			assert_non_null(line);
			assert_string_equal(line, "ial");
			continue;
		}
		assert_string_equal(line, expected[i]);
	}
	assert_int_equal(world_stop(world, SIGTERM), 0);
	assert_null(world_next(world, 0, &place, &record, 0));
}

/* Killed at every n-th instruction between read(2) and the next one. */
static void test_steps(void **state)
{
	long all = 1, stride = 1;

	(void)state;
	for (long steps = 0; steps <= all; steps += stride) {
		struct world world;

		world_plan(&world);
		world_unit(&world, "a", 4096);
		world_map(&world, -1);
		world_pipes(&world);
		if (steps == 0) {
			all = kill_after(&world, 1000000);
			stride = all / STEP_TRIALS + 1;
			print_message("%ld instructions\n", all);
		} else {
			kill_after(&world, steps);
		}
		check_lines(&world);
		world_close(&world);
	}
	assert_true(all > 500 && all < 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
