/* SPDX-License-Identifier: Apache-2.0 */
/* A plan in memory: what is taken, what is refused, byte order. */
#include "tests/unit/unit_world.h"

#include <sys/mman.h>

#include "init/plan_walk.h"

static const char gateway[] =
	"{\"bundle\": \"/b/gw\", \"requires\": [\"net\"], \"when\": [\"flag:go\", \"clock\"],"
	" \"ready\": {\"by\": \"exec\", \"exec\": [\"/bin/ok\"]},"
	" \"health\": {\"port\": 80},"
	" \"volumes\": [{\"name\": \"t\", \"path\": \"/t\", \"class\": \"boot\", \"size\": \"1M\"}],"
	" \"restart\": {\"success\": [3], \"escalate\": [{\"after\": 2, \"do\": \"reset\"},"
	" {\"after\": 4, \"do\": \"reboot\"}]},"
	" \"network\": {\"bridge\": \"br0\", \"addresses\": [\"10.0.0.2/24\"],"
	" \"routes\": [{\"to\": \"default\", \"via\": \"10.0.0.1\"}]},"
	" \"log\": {\"to\": [\"file\"], \"file\": \"/data/x\"}}";

static struct world world;

static int set_up(void **state)
{
	(void)state;
	world_begin(&world);
	world_system(&world, "{\"interfaces\": {\"br0\": {\"bridge\": true}},"
			     " \"sysctl\": {\"kernel.panic\": \"1\"},"
			     " \"mounts\": [{\"target\": \"/data\", \"type\": \"ext4\"}]}");
	world_unit(&world, "gw", gateway);
	world_unit(&world, "net", "{\"exec\": [\"/sbin/net\", \"up\"], \"type\": \"oneshot\"}");
	world_plan(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

/* A copy of the block, for changes. */
static uint32_t *copy(void)
{
	uint32_t *block = malloc(world.size);

	memcpy(block, world.block, world.size);
	return block;
}

static bool is_taken(uint32_t *block, size_t size)
{
	struct plan plan;
	const bool taken = plan_from_block(&plan, block, size, "plan") == 0;

	if (!taken) {
		assert_true(strncmp(error_last()->text, "plan: ", 6) == 0);
		assert_null(plan.header);
	}
	return taken;
}

/* Change one word, make the checksum right again, and see. */
static bool is_taken_with(size_t word, uint32_t value)
{
	uint32_t *block = copy();
	bool taken;

	block[word] = value;
	plan_seal(block, world.size);
	taken = is_taken(block, world.size);
	free(block);
	return taken;
}

/* The number of a word in the block, by its address in the plan. */
#define WORD(lvalue) ((size_t)((const uint32_t *)&(lvalue) - (const uint32_t *)world.block))

static void checksums_are_those_of_gzip(void **state)
{
	(void)state;
	assert_int_equal(plan_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(plan_crc32(plan_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(plan_crc32(0, "", 0), 0);
}

static void names_are_bounded(void **state)
{
	char longest[PLAN_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[PLAN_NAME_MAX + 1] = '\0';
	assert_false(plan_is_name(longest));
	longest[PLAN_NAME_MAX] = '\0';
	assert_true(plan_is_name(longest));
	assert_true(plan_is_name("0.a_B-z9"));
	assert_false(plan_is_name(""));
	assert_false(plan_is_name(".a"));
	assert_false(plan_is_name("-a"));
	assert_false(plan_is_name("a/b"));
	assert_false(plan_is_name("a b"));
	assert_false(plan_is_name("a@"));
	assert_false(plan_is_name("\303\244"));
}

static void what_is_damaged_is_refused(void **state)
{
	uint32_t *block = copy();

	(void)state;
	assert_true(is_taken(block, world.size));
	assert_false(is_taken(block, world.size - 4));
	assert_false(is_taken(block, sizeof(struct plan_header) - 4));
	for (size_t i = 0; i < world.size; i++) {
		((char *)block)[i] ^= 0x10;
		assert_false(is_taken(block, world.size));
		((char *)block)[i] ^= 0x10;
	}
	free(block);
	assert_false(is_taken_with(1, PLAN_VERSION + 1));
	assert_non_null(strstr(error_last()->text, "another version"));
	assert_false(is_taken_with(WORD(world.plan.header->flags), PLAN_MIPS));
	assert_non_null(strstr(error_last()->text, "signal numbers"));
}

static void a_block_must_be_aligned(void **state)
{
	char *block = malloc(world.size + 1);
	struct plan plan;

	(void)state;
	memcpy(block + 1, world.block, world.size);
	assert_int_equal(plan_from_block(&plan, block + 1, world.size, "plan"), -EINVAL);
	free(block);
}

static void references_lie_within(void **state)
{
	const struct plan_unit *gw = world_find(&world, "gw");
	const uint32_t end = world.plan.header->words_end;

	(void)state;
	/* Texts lie behind the words. */
	assert_false(is_taken_with(WORD(gw->name), 0));
	assert_false(is_taken_with(WORD(gw->name), end - 4));
	assert_false(is_taken_with(WORD(gw->path), (uint32_t)world.size));
	assert_false(is_taken_with(WORD(gw->path), 0));
	assert_true(is_taken_with(WORD(gw->directory), 0));
	assert_false(is_taken_with(WORD(gw->directory), 4));
	assert_false(is_taken_with(WORD(gw->network.bridge), 0));
	/* Lists lie within them, at a word's edge. */
	assert_false(is_taken_with(WORD(gw->volumes.offset), gw->volumes.offset + 2));
	assert_false(is_taken_with(WORD(gw->volumes.offset), end));
	assert_false(is_taken_with(WORD(gw->volumes.count), 1u << 30));
	assert_false(is_taken_with(WORD(gw->volumes.count), PLAN_NONE));
	assert_false(is_taken_with(WORD(gw->restart.success.offset), 0));
	assert_false(is_taken_with(WORD(world.plan.header->system), 0));
	assert_false(is_taken_with(WORD(world.plan.header->system), end - 4));
}

static void numbers_fit_their_kind(void **state)
{
	const struct plan_unit *gw = world_find(&world, "gw");
	const struct plan_unit *net = world_find(&world, "net");
	const struct plan_step *ladder = plan_at(&world.plan, gw->restart.ladder);
	const uint32_t *requires = plan_at(&world.plan, gw->requires);
	const uint32_t *followers = plan_at(&world.plan, net->followers);
	const uint32_t *conditions = plan_at(&world.plan, gw->conditions);

	(void)state;
	assert_false(is_taken_with(WORD(gw->type), UNIT_GROUP + 1));
	assert_false(is_taken_with(WORD(gw->type), UNIT_GROUP)); /* has a source */
	assert_false(is_taken_with(WORD(gw->critical), 2));
	assert_false(is_taken_with(WORD(gw->stop_signal), 0));
	assert_false(is_taken_with(WORD(gw->stop_signal), 65));
	assert_false(is_taken_with(WORD(gw->restart.factor_percent), 99));
	assert_false(is_taken_with(WORD(gw->log.ring), 5000));
	assert_false(is_taken_with(WORD(gw->log.ring), 2048));
	assert_false(is_taken_with(WORD(gw->log.file), 0));
	assert_false(is_taken_with(WORD(gw->log.rate_interval), 0));
	assert_false(is_taken_with(WORD(gw->health.every), 0));
	assert_false(is_taken_with(WORD(gw->ready.words.count), 0));
	assert_false(is_taken_with(WORD(net->ready.kind), CHECK_HEALTH)); /* has none */
	assert_false(is_taken_with(WORD(net->command.count), 0));
	assert_false(is_taken_with(WORD(ladder[1].after), 2));
	assert_false(is_taken_with(WORD(ladder[0].after), 0));
	assert_false(is_taken_with(WORD(requires[0]), 1)); /* itself */
	assert_false(is_taken_with(WORD(followers[0]), 0));
	assert_false(is_taken_with(WORD(followers[0]), 2));
	assert_false(is_taken_with(WORD(conditions[0]), world.plan.condition_count));
	assert_true(is_taken_with(WORD(conditions[0]), 1 | CONDITION_NOT));
	assert_false(is_taken_with(WORD(world.plan.conditions[0].kind), CONDITION_CLOCK));
	assert_false(is_taken_with(WORD(world.plan.conditions[1].kind), CONDITION_BOARD));
	assert_false(is_taken_with(WORD(world.plan.conditions[1].text), 0));
}

static void names_are_distinct_and_fit_for_paths(void **state)
{
	const struct plan_unit *gw = world_find(&world, "gw");
	const struct plan_volume *volume = plan_at(&world.plan, gw->volumes);

	(void)state;
	assert_false(is_taken_with(WORD(gw->name), world_find(&world, "net")->name));
	assert_false(is_taken_with(WORD(volume->name), volume->path));
	/* A flag's name becomes a file's. */
	assert_false(is_taken_with(WORD(world.plan.conditions[1].text), gw->path));
}

/* Lists that share words would let a small block keep its reader busy for hours. */
static void lists_do_not_overlap(void **state)
{
	const struct plan_unit *gw = world_find(&world, "gw");
	uint32_t *block = copy();
	const size_t words = world.plan.header->words_end / sizeof(uint32_t);

	(void)state;
	for (size_t word = WORD(gw->restart.success.offset);
	     word <= WORD(gw->restart.prevent.offset); word += 2) {
		block[word] = sizeof(struct plan_header);
		block[word + 1] = (uint32_t)words - 64;
	}
	plan_seal(block, world.size);
	assert_false(is_taken(block, world.size));
	free(block);
}

/* Every word at its borders: either refused, or fit to be walked. */
static void any_word_may_be_wrong(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 0x7fffffff, 0x80000000, PLAN_NONE };
	const size_t words = world.plan.header->words_end / sizeof(uint32_t);
	unsigned int refused = 0;

	(void)state;
	for (size_t word = 0; word < words; word++)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			refused += !is_taken_with(word, values[i]);
	assert_true(refused > words);
}

static int write_plan(const void *block, size_t size)
{
	int fd = openat(world.fd, "plan", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, block, size), (ssize_t)size);
	return fd;
}

static void a_file_is_taken_from_either_byte_order(void **state)
{
	struct plan plan;
	const uint32_t digest = world_find(&world, "gw")->digest;
	uint32_t magic;
	int fd;

	(void)state;
	assert_true(world_compile_for(&world, UNIT_TARGET_OTHER_ORDER));
	memcpy(&magic, world.block, sizeof(magic));
	assert_int_equal(magic, __builtin_bswap32(PLAN_MAGIC));
	assert_int_equal(plan_from_block(&plan, world.block, world.size, "plan"), -EINVAL);
	fd = write_plan(world.block, world.size);
	assert_int_equal(plan_map(&plan, fd, "plan"), 0);
	assert_int_equal(plan.unit_count, 2);
	assert_string_equal(plan_unit_name(&plan, 1), "gw");
	assert_int_equal(plan.units[1].digest, digest);
	plan_unmap(&plan);
	assert_null(plan.header);
	/* Damaged ones are not turned. */
	assert_int_equal(pwrite(fd, "x", 1, (off_t)world.size - 8), 1);
	assert_int_equal(plan_map(&plan, fd, "plan"), -EINVAL);
	close(fd);
}

static void a_mapped_plan_outlives_its_file(void **state)
{
	int fd = write_plan(world.block, world.size);
	struct plan plan;

	(void)state;
	assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
	assert_int_equal(plan_map(&plan, fd, "plan"), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(plan_find(&plan, "gw"), 1);
	assert_int_equal(plan_find(&plan, "g"), PLAN_NONE);
	plan_unmap(&plan);
	assert_int_equal(plan_map(&plan, fd, "plan"), -EINVAL);
	assert_int_equal(ftruncate(fd, PLAN_MAX_SIZE + 4), 0);
	assert_int_equal(plan_map(&plan, fd, "plan"), -EINVAL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_gzip),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test_setup_teardown(what_is_damaged_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_block_must_be_aligned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(references_lie_within, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_fit_their_kind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_are_distinct_and_fit_for_paths, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(lists_do_not_overlap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_word_may_be_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_is_taken_from_either_byte_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_mapped_plan_outlives_its_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
