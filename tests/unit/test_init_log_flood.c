/* SPDX-License-Identifier: Apache-2.0 */
/* One unit floods its log: the others' lines get through in time, and readers keep their feet. */
#include "tests/unit/log_world.h"

#include "init/log/read.h"
#include "lib/arena.h"

enum {
	FLOOD_MS = 2000,
	DELAY_MS = 150, /* for a line of another unit; the machine may be busy with other tests */
};

static pid_t start_flood(const struct world *world, uint32_t ring, uint64_t *written)
{
	const pid_t pid = world_fork();

	if (pid == 0) {
		char lines[64 * 1024];

		memset(lines, 'f', sizeof(lines));
		for (size_t i = 63; i < sizeof(lines); i += 64)
			lines[i] = '\n';
		for (;;)
			*written += (uint64_t)write(world->writes[ring], lines, sizeof(lines));
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Two units that write as fast as they can, and one whose lines are waited for one by one. */
static void flood(uint32_t rate_lines)
{
	uint64_t *written =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ring_place place = { 0 };
	struct world world;
	struct record record;
	uint64_t begun, slowest = 0;
	int count = 0;
	pid_t floods[2];

	world_plan(&world);
	for (int i = 0; i < 2; i++) {
		struct plan_log *log = world_unit(&world, i == 0 ? "a" : "b", 65536);

		log->rate_lines = rate_lines;
		log->rate_interval = 10000;
	}
	world_unit(&world, "calm", 65536);
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	for (uint32_t i = 0; i < 2; i++)
		floods[i] = start_flood(&world, i, &written[i]);
	begun = world_ms();
	while (world_ms() < begun + FLOOD_MS) {
		const uint64_t sent = world_ms();

		world_say(&world, 2, "a line\n");
		assert_non_null(world_next(&world, 2, &place, &record, 2000));
		if (world_ms() - sent > slowest)
			slowest = world_ms() - sent;
		count++;
		poll(NULL, 0, 5);
	}
	print_message("%s: %u MB/s, slowest of %d lines: %u ms\n",
		      rate_lines ? "limited" : "all kept",
		      (unsigned int)((written[0] + written[1]) / FLOOD_MS / 1000), count,
		      (unsigned int)slowest);
	for (int i = 0; i < 2; i++)
		stop(floods[i]);
	assert_true(count > 20);
	assert_in_range(slowest, 0, DELAY_MS);
	/* Neither flood starves the other. */
	assert_true(written[0] < 4 * written[1] && written[1] < 4 * written[0]);
	assert_true(written[0] + written[1] > 10 << 20);
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	world_close(&world);
	munmap(written, 4096);
}

static void test_kept(void **state)
{
	(void)state;
	flood(0);
}

static void test_limited(void **state)
{
	(void)state;
	flood(100);
}

/* A reader that is overtaken all the time sees only whole lines, in order, and counts the others.
 */
static void test_readers(void **state)
{
	static char lines[16384];
	auto_arena struct arena arena = { 0 };
	struct log_reader reader;
	struct log_line line;
	struct world world;
	uint64_t end, last = 0;
	unsigned int count = 0;
	pid_t writer;

	(void)state;
	world_plan(&world);
	world_unit(&world, "a", 4096);
	world_map(&world, -1);
	writer = world_fork();
	if (writer == 0) {
		/* Line N consists of the letter of N, and its length follows from N. */
		for (uint32_t number = 1, turn = 1;; turn++) {
			struct ring_writer ring =
				ring_begin(world.rings, 0, &world.plan.units[0].log, turn);
			uint32_t used = 0;

			for (; used < 4000; number++) {
				const uint32_t length = number * 7 % 300;

				memset(lines + used, (int)('a' + number % 26), length);
				lines[used + length] = '\n';
				used += length + 1;
			}
			ring_feed(&ring, (unsigned char *)lines, used, turn);
		}
	}
	assert_int_equal(log_reader_open(&reader, &arena, world.rings_fd), 0);
	assert_true(log_reader_select(&reader, "a"));
	end = world_ms() + 1500;
	while (world_ms() < end) {
		log_reader_look(&reader);
		while (log_reader_next(&reader, &line)) {
			if (last)
				assert_true(line.sequence == last + line.lost + 1);
			last = line.sequence;
			assert_int_equal(line.size, last * 7 % 300);
			for (size_t i = 0; i < line.size; i++)
				assert_int_equal(line.text[i], (int)('a' + last % 26));
			count++;
		}
	}
	print_message("read %u lines of %llu\n", count, (unsigned long long)last);
	assert_true(count > 1000 && last > count);
	stop(writer);
	log_reader_close(&reader);
	world_unmap(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
