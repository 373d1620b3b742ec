/* SPDX-License-Identifier: Apache-2.0 */
/* The ring by itself: bytes in, lines out; what is cut, left out, overwritten, moved. */
#include "tests/unit/log_world.h"

static const uint64_t second = 1000000000;

/* Feed text to ring 0 at a time, as one inbox. */
static void feed_bytes(struct world *world, uint64_t now, const char *text, size_t size)
{
	struct ring_writer ring = ring_begin(world->rings, 0, &world->plan.units[0].log, now);

	ring_feed(&ring, (const unsigned char *)text, (uint32_t)size, ++world->rings->inbox_turn);
}

static void feed(struct world *world, uint64_t now, const char *text)
{
	feed_bytes(world, now, text, strlen(text));
}

static uint64_t tick(struct world *world, uint64_t now)
{
	struct ring_writer ring = ring_begin(world->rings, 0, &world->plan.units[0].log, now);

	return ring_tick(&ring);
}

static void expect(struct world *world, struct ring_place *place, const char *text, int level,
		   int flags)
{
	struct record record;
	const char *line = world_next(world, 0, place, &record, 0);

	if (!text) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	assert_string_equal(line, text);
	assert_int_equal(record.level, level);
	assert_int_equal(record.flags, flags);
}

static struct plan_log *begin(struct world *world, uint32_t ring)
{
	struct plan_log *log;

	world_plan(world);
	log = world_unit(world, "web", ring);
	world_map(world, -1);
	return log;
}

static void test_lines(void **state)
{
	struct ring_place place = { 0 };
	struct record record;
	struct world world;

	(void)state;
	begin(&world, 4096);
	feed(&world, 5 * second, "one\ntwo\n\nthr");
	expect(&world, &place, "one", 6, 0);
	expect(&world, &place, "two", 6, 0);
	expect(&world, &place, "", 6, 0);
	expect(&world, &place, NULL, 0, 0);
	feed(&world, 6 * second, "ee\r\n<3>bad\n<9>x\n<1");
	assert_string_equal(world_next(&world, 0, &place, &record, 0), "three");
	/* A line has the time of its beginning. */
	assert_true(record.time == 5 * second);
	assert_int_equal(record.sequence, 4);
	expect(&world, &place, "bad", 3, RECORD_PREFIX);
	expect(&world, &place, "<9>x", 6, 0);
	/* A prefix in two pieces, and bytes that are no text. */
	feed_bytes(&world, 7 * second, ">a\0b\xff\n", 6);
	expect(&world, &place, "a b\xff", 1, RECORD_PREFIX);
	feed(&world, 7 * second, "<4>\n");
	expect(&world, &place, "", 4, RECORD_PREFIX);
	world_unmap(&world);
}

/* An incomplete line is shown after half a second; its rest is not a line of its own. */
static void test_incomplete(void **state)
{
	struct ring_place place = { 0 };
	struct world world;

	(void)state;
	begin(&world, 4096);
	assert_true(tick(&world, second) == UINT64_MAX);
	feed(&world, second, "<5>login: ");
	assert_true(tick(&world, second) == second + second / 2);
	expect(&world, &place, NULL, 0, 0);
	assert_true(tick(&world, 2 * second) == UINT64_MAX);
	expect(&world, &place, "login: ", 5, RECORD_PREFIX | RECORD_PARTIAL);
	feed(&world, 3 * second, "\n");
	expect(&world, &place, NULL, 0, 0);
	feed(&world, 3 * second, "next\n");
	expect(&world, &place, "next", 6, 0);
	/* The rest, when there is one: a program that begins anew may have a level. */
	feed(&world, 4 * second, "<2>half");
	tick(&world, 5 * second);
	feed(&world, 5 * second, " done\n");
	expect(&world, &place, "half", 2, RECORD_PREFIX | RECORD_PARTIAL);
	expect(&world, &place, " done", 2, RECORD_CONTINUES);
	feed(&world, 6 * second, "dead");
	tick(&world, 7 * second);
	feed(&world, 7 * second, "<4>begin\n");
	expect(&world, &place, "dead", 6, RECORD_PARTIAL);
	expect(&world, &place, "begin", 4, RECORD_PREFIX | RECORD_CONTINUES);
	world_unmap(&world);
}

static void test_long(void **state)
{
	struct ring_place place = { 0 };
	struct world world;
	char text[RING_TEXT_MAX * 2 + 12], part[RING_TEXT_MAX + 1];

	(void)state;
	begin(&world, 65536);
	memset(text, 'x', sizeof(text));
	memset(part, 'x', sizeof(part));
	part[RING_TEXT_MAX] = '\0';
	memcpy(text, "<3>", 3);
	memcpy(part, "xxx", 3);
	memcpy(text + RING_TEXT_MAX, "<4>", 3);
	strcpy(text + sizeof(text) - 2, "\n");
	feed(&world, second, text);
	part[RING_TEXT_MAX - 3] = '\0';
	expect(&world, &place, part, 3, RECORD_PREFIX | RECORD_PARTIAL);
	memcpy(part, "<4>", 3);
	part[RING_TEXT_MAX - 3] = 'x';
	expect(&world, &place, part, 3, RECORD_PARTIAL | RECORD_CONTINUES);
	expect(&world, &place, "xxxxxxxxxx", 3, RECORD_CONTINUES);
	/* As long as it may be is not cut. */
	strcpy(part + RING_TEXT_MAX - 1, "\n");
	feed(&world, second, part);
	part[RING_TEXT_MAX - 1] = '\0';
	expect(&world, &place, part + 3, 4, RECORD_PREFIX);
	world_unmap(&world);
}

/* Whatever is fed in whatever pieces, the newest lines are there, whole and in order. */
static void test_overwrite(void **state)
{
	struct world world;
	char line[1200];
	uint32_t written = 0, seed = 1;

	(void)state;
	begin(&world, 4096);
	for (int turn = 0; turn < 3000; turn++) {
		struct ring_place place = { 0 };
		const char *text;
		struct record record;
		unsigned int number = 0;
		size_t length;

		seed = seed * 1103515245 + 12345;
		length = (size_t)snprintf(line, sizeof(line), "%u ", (unsigned int)written++);
		memset(line + length, 'a' + turn % 26, seed >> 16 & 511);
		length += seed >> 16 & 511;
		line[length] = '\n';
		for (size_t at = 0, part; at <= length; at += part) {
			part = 1 + (seed >> 7) % (length + 1 - at);
			feed_bytes(&world, second, line + at, part);
		}
		place.position = rings_at(world.rings, 0)->tail;
		while ((text = world_next(&world, 0, &place, &record, 0))) {
			number = (unsigned int)strtoul(text, NULL, 10);
			assert_int_equal(record.sequence, number + 1);
			for (const char *at = strchr(text, ' ') + 1; *at; at++)
				assert_int_equal(*at, (int)('a' + number % 26));
		}
		assert_int_equal(number, written - 1);
		/* Most of the ring is in use. */
		assert_true(written < 40 || ring_state(rings_at(world.rings, 0)).head -
							    rings_at(world.rings, 0)->tail >
						    4096 - 2 * 540);
	}
	world_unmap(&world);
}

/* An inbox of nothing but line ends is many times the ring. */
static void test_expand(void **state)
{
	static char ends[INBOX_SIZE];
	struct ring_place place = { 0 };
	struct record record = { 0 };
	struct world world;
	int count = 0;

	(void)state;
	begin(&world, 4096);
	memset(ends, '\n', sizeof(ends));
	feed_bytes(&world, second, ends, sizeof(ends));
	while (world_next(&world, 0, &place, &record, 0))
		count++;
	assert_in_range(count, 4096 / 16 - 70, 4096 / 16);
	assert_int_equal(record.sequence, INBOX_SIZE);
	world_unmap(&world);
}

static void test_rate(void **state)
{
	struct ring_place place = { 0 };
	struct plan_log *log;
	struct world world;

	(void)state;
	log = begin(&world, 16384);
	log->rate_lines = 3;
	log->rate_interval = 1000;
	feed(&world, 10 * second, "a\nb\nc\nd\ne\n");
	expect(&world, &place, "a", 6, 0);
	expect(&world, &place, "b", 6, 0);
	expect(&world, &place, "c", 6, 0);
	expect(&world, &place, NULL, 0, 0);
	assert_true(tick(&world, 10 * second) == 11 * second);
	tick(&world, 11 * second);
	expect(&world, &place, "2 lines suppressed: more than 3 in 1000 ms", 4, RECORD_NOTE);
	/* Without a tick, the next line brings it. */
	feed(&world, 11 * second, "f\ng\nh\ni\n");
	feed(&world, 13 * second, "<2>j\n");
	expect(&world, &place, "f", 6, 0);
	expect(&world, &place, "g", 6, 0);
	expect(&world, &place, "h", 6, 0);
	expect(&world, &place, "1 line suppressed: more than 3 in 1000 ms", 4, RECORD_NOTE);
	expect(&world, &place, "j", 2, RECORD_PREFIX);
	/* What is left out may come in pieces, and may never end. */
	feed(&world, 13 * second, "k\nl\nx");
	feed(&world, 13 * second, "xx");
	feed(&world, 13 * second, "x\nyyy");
	expect(&world, &place, "k", 6, 0);
	expect(&world, &place, "l", 6, 0);
	tick(&world, 14 * second);
	expect(&world, &place, "1 line suppressed: more than 3 in 1000 ms", 4, RECORD_NOTE);
	expect(&world, &place, NULL, 0, 0);
	tick(&world, 15 * second);
	expect(&world, &place, "1 line suppressed: more than 3 in 1000 ms", 4, RECORD_NOTE);
	feed(&world, 15 * second, "zzz\n");
	expect(&world, &place, "zzz", 6, RECORD_CONTINUES);
	assert_true(tick(&world, 16 * second) == UINT64_MAX);
	world_unmap(&world);
}

/* The same inbox again does nothing; the rest of one that was used in part comes once. */
static void test_again(void **state)
{
	struct ring_place place = { 0 };
	struct ring_writer ring;
	struct world world;

	(void)state;
	begin(&world, 4096);
	feed(&world, second, "one\ntwo\n");
	ring = ring_begin(world.rings, 0, &world.plan.units[0].log, second);
	ring_feed(&ring, (const unsigned char *)"one\ntwo\n", 8, world.rings->inbox_turn);
	expect(&world, &place, "one", 6, 0);
	expect(&world, &place, "two", 6, 0);
	expect(&world, &place, NULL, 0, 0);
	rings_at(world.rings, 0)->states[rings_at(world.rings, 0)->turn & 1].inbox_done = 4;
	ring = ring_begin(world.rings, 0, &world.plan.units[0].log, second);
	ring_feed(&ring, (const unsigned char *)"one\ntwo\n", 8, world.rings->inbox_turn);
	expect(&world, &place, "two", 6, 0);
	expect(&world, &place, NULL, 0, 0);
	world_unmap(&world);
}

static void test_lapped(void **state)
{
	struct world world;
	struct ring_view view;
	struct ring_place place = { 0 };
	struct record record;
	char text[RING_TEXT_MAX], line[32];
	uint32_t lost;

	(void)state;
	begin(&world, 4096);
	feed(&world, second, "first\n");
	view = rings_view(world.rings, 0);
	assert_int_equal(ring_take(&view, &place, ring_state(view.ring).head, &record, text, &lost),
			 1);
	for (int i = 2; i <= 1000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		feed(&world, second, line);
	}
	assert_int_equal(ring_take(&view, &place, ring_state(view.ring).head, &record, text, &lost),
			 1);
	assert_int_equal(lost, record.sequence - 2);
	text[record.size] = '\0';
	assert_int_equal(atoi(text + 5), record.sequence);
	/* A place that positions have gone around meanwhile, and one that makes no sense. */
	place.position = ring_state(view.ring).head + 0x80000000u;
	assert_int_equal(ring_take(&view, &place, ring_state(view.ring).head, &record, text, NULL),
			 1);
	place.position = ring_state(view.ring).head + 5;
	place.sequence = 0;
	ring_take(&view, &place, ring_state(view.ring).head, &record, text, NULL);
	world_unmap(&world);
}

/* To other sizes: the newest lines, an incomplete one, and what the sinks have seen. */
static void test_move(void **state)
{
	static const uint32_t sizes[] = { 4096, 65536, 8192 };
	struct ring_place place = { 0 }, kept;
	struct world world, next;
	struct record record;
	const char *text;
	char line[64];
	int last = 0, first = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(&world, 16384);
		for (int n = 1; n <= 2000; n++) {
			snprintf(line, sizeof(line), "number %d\n", n);
			feed(&world, second, line);
		}
		feed(&world, second, "incom");
		rings_at(world.rings, 0)->sinks = LOG_TO_SYSLOG;
		kept = (struct ring_place){ ring_state(rings_at(world.rings, 0)).head - 100, 1990 };
		rings_at(world.rings, 0)->places[SINK_SYSLOG] = kept;
		world_plan(&next);
		world_unit(&next, "new", 4096);
		world_unit(&next, "web", sizes[i])->sinks = LOG_TO_SYSLOG | LOG_TO_FILE;
		world_map(&next, world.rings_fd);
		assert_int_equal(world.rings->phase, RINGS_REPLACED);
		assert_true(log_rings_fit(next.rings_fd, &next.plan));
		assert_false(log_rings_fit(world.rings_fd, &next.plan));
		first = 0;
		place = (struct ring_place){ 0 };
		while ((text = world_next(&next, 1, &place, &record, 0))) {
			assert_int_equal(record.sequence, atoi(text + 7));
			assert_true(first == 0 || last + 1 == atoi(text + 7));
			last = atoi(text + 7);
			first = first ? first : last;
		}
		assert_int_equal(last, 2000);
		assert_in_range(2000 - first, (sizes[i] < 16384 ? sizes[i] : 16384) / 32,
				(sizes[i] < 16384 ? sizes[i] : 16384) / 26);
		assert_memory_equal(&rings_at(next.rings, 1)->places[SINK_SYSLOG], &kept,
				    sizeof(kept));
		assert_int_equal(rings_at(next.rings, 1)->places[SINK_FILE].position,
				 ring_state(rings_at(next.rings, 1)).head);
		{
			struct ring_writer ring =
				ring_begin(next.rings, 1, &next.plan.units[1].log, second);

			ring_feed(&ring, (const unsigned char *)"plete\n", 6,
				  ++next.rings->inbox_turn);
		}
		assert_string_equal(world_next(&next, 1, &place, &record, 0), "incomplete");
		assert_int_equal(record.sequence, 2001);
		place = (struct ring_place){ 0 };
		assert_null(world_next(&next, 0, &place, &record, 0));
		world_unmap(&next);
		world_unmap(&world);
	}
}

/* Lines that are longer than they may be in the smaller ring: kept whole, the writer takes them. */
static void test_move_long(void **state)
{
	struct ring_place place = { 0 };
	struct world world, next;
	struct record record;
	char line[1603];

	(void)state;
	begin(&world, 65536);
	memset(line, 'y', sizeof(line));
	strcpy(line + sizeof(line) - 2, "\n");
	for (int i = 0; i < 10; i++)
		feed(&world, second, line);
	feed_bytes(&world, second, line, sizeof(line) - 2);
	world_plan(&next);
	world_unit(&next, "web", 4096);
	world_map(&next, world.rings_fd);
	ring_mend(rings_at(next.rings, 0), rings_view(next.rings, 0).data);
	assert_string_equal(world_next(&next, 0, &place, &record, 0), strtok(line, "\n"));
	assert_int_equal(record.sequence, 10);
	assert_null(world_next(&next, 0, &place, &record, 0));
	feed(&next, second, "\nnext\n");
	assert_int_equal(strlen(world_next(&next, 0, &place, &record, 0)), 4096 / 4 - 16);
	assert_string_equal(world_next(&next, 0, &place, &record, 0), "next");
	world_unmap(&next);
	world_unmap(&world);
}

/* What a killed writer had read goes along, to the unit's new place. */
static void test_move_inbox(void **state)
{
	struct ring_place place = { 0 };
	struct world world, next;
	struct record record;

	(void)state;
	begin(&world, 4096);
	world.rings->inbox_ring = 0;
	world.rings->inbox_turn = 7;
	memcpy((char *)world.rings + world.rings->inbox, "unfinished\n", 11);
	world_plan(&next);
	world_unit(&next, "new", 4096);
	world_unit(&next, "web", 4096);
	world_map(&next, world.rings_fd);
	assert_int_equal(next.rings->inbox_ring, 1);
	world_pipes(&next);
	world_start(&next);
	assert_string_equal(world_next(&next, 1, &place, &record, 2000), "unfinished");
	assert_int_equal(world_stop(&next, SIGTERM), 0);
	assert_null(world_next(&next, 1, &place, &record, 0));
	assert_int_equal(next.rings->phase, RINGS_ENDED);
	world_close(&next);
	world_unmap(&world);
}

static void test_damage(void **state)
{
	struct world world;
	struct ring *ring;
	struct ring_place place = { 0 };
	struct record record;
	size_t size;
	int fd;

	(void)state;
	begin(&world, 4096);
	feed(&world, second, "one\ntwo\n");
	ring = rings_at(world.rings, 0);
	ring_mend(ring, rings_view(world.rings, 0).data);
	assert_string_equal(world_next(&world, 0, &place, &record, 0), "one");
	/* A record whose size leads beyond the head. */
	memset((char *)world.rings + ring->data + 19 + 12, 0xff, 2);
	assert_null(world_next(&world, 0, &place, &record, 0));
	ring_mend(ring, rings_view(world.rings, 0).data);
	place = (struct ring_place){ 0 };
	assert_null(world_next(&world, 0, &place, &record, 0));
	feed(&world, second, "three\n");
	assert_string_equal(world_next(&world, 0, &place, &record, 0), "three");
	assert_int_equal(record.sequence, 3);
	/* Memory that is none of ours. */
	ring->size = 5000;
	assert_null(rings_map(world.rings_fd, false, &size));
	assert_false(log_rings_fit(world.rings_fd, &world.plan));
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_null(rings_map(fd, false, &size));
	close(fd);
	world_unmap(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	   cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_long),	   cmocka_unit_test(test_overwrite),
		cmocka_unit_test(test_expand),	   cmocka_unit_test(test_rate),
		cmocka_unit_test(test_again),	   cmocka_unit_test(test_lapped),
		cmocka_unit_test(test_move),	   cmocka_unit_test(test_move_long),
		cmocka_unit_test(test_move_inbox), cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
