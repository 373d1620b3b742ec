/* SPDX-License-Identifier: Apache-2.0 */
/* What clients see: lines of many rings in order, and from where they want them. */
#include "tests/unit/log_world.h"

#include "init/log/date.h"
#include "init/log/read.h"
#include "lib/arena.h"

static void put(struct world *world, uint32_t index, uint64_t time, const char *text)
{
	const struct plan_log *log = index < world->plan.unit_count ?
					     &world->plan.units[index].log :
					     &world->plan.system->log;
	struct ring_writer ring = ring_begin(world->rings, index, log, time);

	ring_feed(&ring, (const unsigned char *)text, (uint32_t)strlen(text),
		  ++world->rings->inbox_turn);
	rings_wake(world->rings);
}

static void begin(struct world *world)
{
	world_plan(world);
	world_unit(world, "a", 4096);
	world_unit(world, "b", 4096);
	world_map(world, -1);
	put(world, 0, 10, "a1\n");
	put(world, 1, 20, "<3>b1\n");
	put(world, 2, 30, "<5>cruet: goal\n");
	put(world, 1, 40, "b2\n");
	put(world, 0, 50, "a2\n");
}

static void expect(struct log_reader *reader, const char *expected)
{
	char text[256] = "";
	struct log_line line;

	while (log_reader_next(reader, &line)) {
		assert_int_equal(strlen(line.text), line.size);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%s ",
			 line.unit[0] ? line.unit : "-", line.text);
	}
	assert_string_equal(text, expected);
}

static void test_order(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct log_reader reader;
	struct log_line line;
	struct world world;

	(void)state;
	begin(&world);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	expect(&reader, "");
	assert_true(log_reader_select(&reader, NULL));
	assert_int_equal(log_reader_next(&reader, &line), 1);
	assert_true(line.time == 10 && line.sequence == 1 && line.level == 6 && line.lost == 0);
	expect(&reader, "b:b1 -:goal b:b2 a:a2 ");
	/* What comes is read after a look. */
	put(&world, 1, 60, "b3\n");
	expect(&reader, "");
	log_reader_look(&reader);
	expect(&reader, "b:b3 ");
	log_reader_close(&reader);
	/* Some of them. */
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	assert_false(log_reader_select(&reader, "c"));
	assert_true(log_reader_select(&reader, "b"));
	expect(&reader, "b:b1 b:b2 b:b3 ");
	log_reader_close(&reader);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	assert_true(log_reader_select(&reader, ""));
	assert_true(log_reader_select(&reader, "a"));
	expect(&reader, "a:a1 -:goal a:a2 ");
	log_reader_close(&reader);
	world_unmap(&world);
}

static void test_from(void **state)
{
	static const char *const last[] = { "", "a:a2 ", "b:b2 a:a2 ", "-:goal b:b2 a:a2 " };
	auto_arena struct arena arena = { 0 };
	struct log_reader reader;
	struct world world;

	(void)state;
	begin(&world);
	for (uint64_t n = 0; n < 4; n++) {
		assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
		log_reader_select(&reader, NULL);
		log_reader_last(&reader, n);
		expect(&reader, last[n]);
		log_reader_close(&reader);
	}
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	log_reader_select(&reader, NULL);
	log_reader_since(&reader, 20);
	log_reader_last(&reader, 100);
	expect(&reader, "b:b1 -:goal b:b2 a:a2 ");
	log_reader_close(&reader);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	log_reader_select(&reader, NULL);
	log_reader_since(&reader, 21);
	log_reader_last(&reader, 2);
	expect(&reader, "b:b2 a:a2 ");
	log_reader_close(&reader);
	world_unmap(&world);
}

/* Over a reload nothing is read twice; a new supervisor's lines are read from the beginning. */
static void test_resume(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct log_reader reader, next;
	struct world world, other;

	(void)state;
	begin(&world);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	log_reader_select(&reader, NULL);
	expect(&reader, "a:a1 b:b1 -:goal b:b2 a:a2 ");
	put(&world, 1, 60, "b3\n");
	world_plan(&other);
	world_unit(&other, "new", 4096);
	world_unit(&other, "b", 8192);
	world_map(&other, world.rings_fd);
	assert_int_equal(reader.rings->phase, RINGS_REPLACED);
	put(&other, 0, 70, "n1\n");
	put(&other, 1, 80, "b4\n");
	assert_int_equal(log_reader_open(&next, &arena, other.rings_fd), 0);
	log_reader_select(&next, NULL);
	log_reader_resume(&next, &reader);
	expect(&next, "b:b3 new:n1 b:b4 ");
	log_reader_close(&next);
	world_unmap(&other);
	world_plan(&other);
	world_unit(&other, "b", 4096);
	world_map(&other, -1);
	put(&other, 0, 5, "again\n");
	assert_int_equal(log_reader_open(&next, &arena, other.rings_fd), 0);
	log_reader_select(&next, NULL);
	log_reader_resume(&next, &reader);
	expect(&next, "b:again ");
	log_reader_close(&next);
	log_reader_close(&reader);
	world_unmap(&other);
	world_unmap(&world);
}

/* Lines that are overwritten before they are read are counted. */
static void test_lost(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct log_reader reader;
	struct log_line line;
	struct world world;

	(void)state;
	begin(&world);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	log_reader_select(&reader, "a");
	expect(&reader, "a:a1 a:a2 ");
	for (int i = 0; i < 1000; i++)
		put(&world, 0, 60, "many\n");
	log_reader_look(&reader);
	assert_int_equal(log_reader_next(&reader, &line), 1);
	assert_int_equal(line.lost, line.sequence - 3);
	assert_true(line.lost > 500);
	log_reader_close(&reader);
	world_unmap(&world);
}

static void test_wait(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct log_reader reader;
	struct world world;
	uint64_t begun;
	pid_t child;

	(void)state;
	begin(&world);
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	log_reader_select(&reader, NULL);
	begun = world_ms();
	log_reader_wait(&reader, 100);
	assert_in_range(world_ms() - begun, 99, 1000);
	/* What has come since the look is not slept over; nor what comes later. */
	put(&world, 0, 60, "x\n");
	begun = world_ms();
	log_reader_wait(&reader, 10000);
	log_reader_look(&reader);
	child = world_fork();
	if (child == 0) {
		poll(NULL, 0, 200);
		put(&world, 0, 70, "y\n");
		_exit(0);
	}
	log_reader_wait(&reader, 10000);
	assert_in_range(world_ms() - begun, 199, 5000);
	assert_int_equal(waitpid(child, NULL, 0), child);
	log_reader_close(&reader);
	world_unmap(&world);
}

static void check_time(const char *text, int64_t ago_s)
{
	uint64_t time;
	struct timespec boot;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	assert_int_equal(log_parse_time(text, &time), 0);
	ago_s = (int64_t)boot.tv_sec - ago_s;
	if (ago_s < 0)
		ago_s = 0;
	assert_in_range(time / 1000000000, ago_s ? ago_s - 2 : 0, ago_s + 2);
}

static void test_times(void **state)
{
	static const char *const bad[] = { "",
					   "5",
					   "5x",
					   "m",
					   "-5m",
					   "2026",
					   "2026-13-01",
					   "2026-00-01",
					   "2026-01-32",
					   "2026-01-01 12",
					   "2026-01-01 24:00",
					   "2026-01-01 12:00:00x",
					   "1e3s",
					   "99999999999s" };
	uint64_t time;
	struct timespec now;
	struct tm parts;
	char text[64], date[STR_TIME_SIZE];

	(void)state;
	check_time("0s", 0);
	check_time("90s", 90);
	check_time("2m", 120);
	check_time("1h", 3600);
	check_time("100000d", 8640000000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(log_parse_time(bad[i], &time), -EINVAL);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= 1000;
	gmtime_r(&now.tv_sec, &parts);
	for (int i = 0; i < 3; i++) {
		strftime(text, sizeof(text),
			 i == 0 ? "%Y-%m-%d %H:%M:%S" :
			 i == 1 ? "%Y-%m-%dT%H:%M:%SZ" :
				  "%Y-%m-%d %H:%M",
			 &parts);
		check_time(text, 1000 + (i == 2 ? parts.tm_sec : 0));
	}
	check_time("2000-02-29", 10000000000);
	/* And the other way. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_true(log_date((uint64_t)(now.tv_sec - 1000) * 1000000000, date));
	assert_int_equal(strlen(date), 24);
	date[19] = '\0';
	check_time(date, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),  cmocka_unit_test(test_from),
		cmocka_unit_test(test_resume), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_wait),   cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
