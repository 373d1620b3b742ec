/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that go to files: rotation, and disks that are full, read-only, or do not answer. */
#include "tests/unit/log_world.h"

#include <sched.h>
#include <sys/mount.h>

#include "lib/fd.h"

static char folder[64];
static int folder_fd;

static void begin(struct world *world)
{
	folder_fd = make_folder(folder);
	world_plan(world);
}

static struct plan_log *add_unit(struct world *world, const char *name, const char *file,
				 uint32_t size, uint32_t count)
{
	struct plan_log *log = world_unit(world, name, 65536);
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	log->sinks = LOG_TO_FILE;
	log->file = world_text(world, path);
	log->file_size = size;
	log->file_count = count;
	return log;
}

static void start(struct world *world)
{
	world_map(world, -1);
	world_pipes(world);
	world_start(world);
}

static void finish(struct world *world)
{
	if (world->writer)
		assert_int_equal(world_stop(world, SIGTERM), 0);
	world_close(world);
	remove_folder(folder_fd, folder);
}

/* A file of the folder, "" if there is none. */
static const char *contents(const char *name)
{
	static char text[65536];
	const int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	assert_true(size >= 0);
	text[size] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static bool comes(const char *name, const char *text, int ms)
{
	const uint64_t end = world_ms() + (uint64_t)ms;

	while (!strstr(contents(name), text)) {
		if (world_ms() > end)
			return false;
		poll(NULL, 0, 20);
	}
	return true;
}

/* Check the lines "... number N" of a file; gives the next number. */
static int check_numbers(const char *name, int number, size_t limit)
{
	const char *text = contents(name);

	assert_in_range(strlen(text), 1, limit);
	for (const char *end; *text; text = end + 1) {
		const char *found = strstr(text, "Z web: number ");

		end = strchr(text, '\n');
		assert_non_null(end);
		assert_true(found && found < end);
		if (number >= 0)
			assert_int_equal(atoi(found + 14), number);
		number = atoi(found + 14) + 1;
	}
	return number;
}

static void test_rotate(void **state)
{
	struct world world;
	char line[64];
	int number;

	(void)state;
	begin(&world);
	add_unit(&world, "web", "web.log", 4000, 3);
	add_unit(&world, "one", "one.log", 1000, 1);
	start(&world);
	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "number %d\n", i);
		world_say(&world, 0, line);
		world_say(&world, 1, line);
		if (i == 150)
			assert_true(comes("web.log", "number 150", 4000));
	}
	/* The end does not wait for the next time. */
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	number = check_numbers("web.log.2", -1, 4000);
	number = check_numbers("web.log.1", number, 4000);
	assert_int_equal(check_numbers("web.log", number, 4000), 300);
	assert_string_equal(contents("web.log.3"), "");
	assert_non_null(strstr(contents("one.log"), "Z one: number 299\n"));
	assert_in_range(strlen(contents("one.log")), 1, 1000);
	assert_string_equal(contents("one.log.1"), "");
	finish(&world);
}

/* What has been written is not written again by the next writer. */
static void test_kill(void **state)
{
	struct ring_place place = { 0 };
	struct record record;
	struct world world;

	(void)state;
	begin(&world);
	add_unit(&world, "web", "web.log", 4000, 3);
	start(&world);
	world_say(&world, 0, "number 0\nnumber 1\n");
	assert_true(comes("web.log", "number 1", 4000));
	poll(NULL, 0, 50);
	world_stop(&world, SIGKILL);
	world_say(&world, 0, "number 2\n");
	world_start(&world);
	for (int i = 0; i < 3; i++)
		assert_non_null(world_next(&world, 0, &place, &record, 5000));
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	assert_int_equal(check_numbers("web.log", 0, 4000), 3);
	finish(&world);
}

static const char *next_note(struct world *world, struct ring_place *place)
{
	struct record record;
	const char *line;

	while ((line = world_next(world, 0, place, &record, 6000)))
		if (record.flags & RECORD_NOTE)
			return line;
	return NULL;
}

static void test_full(void **state)
{
	static const char filling[4096];
	struct ring_place place = { 0 };
	struct world world;
	char expected[128], line[64];
	int fd;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	begin(&world);
	assert_int_equal(mkdirat(folder_fd, "disk", 0700), 0);
	snprintf(line, sizeof(line), "%.40s/disk", folder);
	assert_int_equal(mount("disk", line, "tmpfs", 0, "size=64k"), 0);
	add_unit(&world, "web", "disk/web.log", 40000, 2);
	start(&world);
	world_say(&world, 0, "number 0\n");
	assert_true(comes("disk/web.log", "number 0", 4000));
	fd = openat(folder_fd, "disk/filling", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, filling, sizeof(filling)) > 0)
		;
	for (int i = 1; i < 300; i++) {
		snprintf(line, sizeof(line), "number %d\n", i);
		world_say(&world, 0, line);
	}
	snprintf(expected, sizeof(expected), "log: file %s/disk/web.log: no space left on device",
		 folder);
	assert_string_equal(next_note(&world, &place), expected);
	/* Read-only, which is said as well; and then there is room. */
	snprintf(line, sizeof(line), "%.40s/disk", folder);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	assert_int_equal(mount(NULL, line, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	snprintf(expected, sizeof(expected), "log: file %s/disk/web.log: read-only file system",
		 folder);
	assert_string_equal(next_note(&world, &place), expected);
	assert_int_equal(mount(NULL, line, NULL, MS_REMOUNT, "size=64k"), 0);
	assert_true(comes("disk/web.log", "read-only file system", 8000));
	/* Every line once. */
	{
		const char *text = contents("disk/web.log");
		int number = 0;

		for (; (text = strstr(text, "number ")); text++)
			assert_int_equal(atoi(text + 7), number++);
		assert_int_equal(number, 300);
	}
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	assert_int_equal(umount2(line, MNT_DETACH), 0);
	finish(&world);
}

/* A fifo that nobody reads: open(2) and write(2) do not return, as on a disk that hangs. */
static void test_blocked(void **state)
{
	static char flood[65536];
	struct world world;
	struct record record;
	struct ring_place place = { 0 };
	uint64_t begun;
	int fd;

	(void)state;
	begin(&world);
	assert_int_equal(mkfifoat(folder_fd, "hangs", 0600), 0);
	add_unit(&world, "stuck", "hangs", 4000, 3);
	add_unit(&world, "web", "web.log", 40000, 3);
	start(&world);
	world_say(&world, 0, "x\n");
	poll(NULL, 0, 2500);
	/* Neither that unit nor another one waits for it. */
	memset(flood, 'x', sizeof(flood));
	for (size_t i = 99; i < sizeof(flood); i += 100)
		flood[i] = '\n';
	begun = world_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(fd_write_all(world.writes[0], flood, sizeof(flood)), 0);
	assert_in_range(world_ms() - begun, 0, 3000);
	world_say(&world, 1, "number 0\n");
	assert_non_null(world_next(&world, 1, &place, &record, 500));
	assert_true(comes("web.log", "number 0", 6000));
	/* Killed and begun again, with the disk still hanging. */
	world_stop(&world, SIGKILL);
	world_start(&world);
	world_say(&world, 1, "number 1\n");
	assert_true(comes("web.log", "number 1", 6000));
	/* It comes back: what was overwritten meanwhile is told. */
	fd = openat(folder_fd, "hangs", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	poll(NULL, 0, 500);
	assert_true(read(fd, flood, 4096) > 100);
	assert_non_null(strstr(flood, " stuck: "));
	assert_non_null(strstr(flood, " lines lost on the way here\n"));
	/* It hangs again: the end comes nevertheless. */
	begun = world_ms();
	assert_int_equal(world_stop(&world, SIGTERM), 0);
	assert_in_range(world_ms() - begun, 0, 2900);
	close(fd);
	finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
