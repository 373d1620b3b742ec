/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the file systems of a made-up machine: what is asked of it, in which order. */
/* link: -Wl,--wrap=board_is_contained,--wrap=mountinfo_read,--wrap=umount2,--wrap=mount */
/* link: -Wl,--wrap=swapoff,--wrap=loop_detach,--wrap=file_write,--wrap=sync,--wrap=board_sleep */
#include "tests/unit/test_lib.h"

#include <sys/mount.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/board/mountinfo.h"
#include "init/board/source.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"

enum { MOUNTS_MAX = 8 };

struct fake {
	const char *target, *type;
	int busy;     /* so many umount2() fail; -1: all */
	int stubborn; /* it cannot be made read-only but by force */
	bool read_only, gone;
};

static struct fake fakes[MOUNTS_MAX];
static size_t fake_count;
static bool contained, no_sysrq;
static char calls[1024];

static void note(const char *what, const char *target)
{
	const size_t used = strlen(calls);

	snprintf(calls + used, sizeof(calls) - used, "%s%s ", what, target);
}

static struct fake *find(const char *target)
{
	for (size_t i = fake_count; i-- > 0;)
		if (!fakes[i].gone && strcmp(fakes[i].target, target) == 0)
			return &fakes[i];
	return NULL;
}

bool __wrap_board_is_contained(void);
bool __wrap_board_is_contained(void)
{
	return contained;
}

struct mount_entry *__wrap_mountinfo_read(struct arena *arena);
struct mount_entry *__wrap_mountinfo_read(struct arena *arena)
{
	struct mount_entry *last = NULL;

	for (size_t i = 0; i < fake_count; i++) {
		struct mount_entry *entry = arena_alloc(arena, sizeof(*entry));

		if (fakes[i].gone)
			continue;
		*entry = (struct mount_entry){
			.before = last,
			.target = fakes[i].target,
			.type = fakes[i].type,
			.is_read_only = fakes[i].read_only,
			.is_memory = strcmp(fakes[i].type, "tmpfs") == 0,
		};
		last = entry;
	}
	return last;
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	struct fake *fake = find(target);

	assert_false(flags & MNT_DETACH);
	if (flags & MNT_FORCE)
		note("force:", target);
	errno = EINVAL;
	if (!fake)
		return -1;
	errno = EBUSY;
	if (fake->busy) {
		fake->busy -= fake->busy > 0;
		return -1;
	}
	fake->gone = true;
	note("-", target);
	return 0;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data)
{
	struct fake *fake = find(target);

	assert_null(source);
	assert_null(type);
	assert_null(data);
	assert_int_equal(flags, MS_REMOUNT | MS_RDONLY);
	assert_non_null(fake);
	errno = EBUSY;
	if (fake->stubborn)
		return -1;
	fake->read_only = true;
	note("ro:", target);
	return 0;
}

int __wrap_swapoff(const char *path);
int __wrap_swapoff(const char *path)
{
	(void)path;
	return 0;
}

void __wrap_loop_detach(const char *name);
void __wrap_loop_detach(const char *name)
{
	(void)name;
}

int __wrap_file_write(int dir, const char *path, const char *data, size_t size);
int __wrap_file_write(int dir, const char *path, const char *data, size_t size)
{
	(void)dir;
	assert_string_equal(path, "/proc/sysrq-trigger");
	assert_int_equal(size, 1);
	note("sysrq:", data);
	if (no_sysrq)
		return -ENOENT;
	for (size_t i = 0; i < fake_count; i++)
		fakes[i].read_only = true;
	return 0;
}

void __wrap_sync(void);
void __wrap_sync(void)
{
}

void __wrap_board_sleep(unsigned int milliseconds);
void __wrap_board_sleep(unsigned int milliseconds)
{
	(void)milliseconds;
}

static int set_up(void **state)
{
	static const struct fake machine[] = {
		{ .target = "/", .type = "ext4" },	  { .target = "/proc", .type = "proc" },
		{ .target = "/run", .type = "tmpfs" },	  { .target = "/data", .type = "ext4" },
		{ .target = "/data/a", .type = "tmpfs" }, { .target = "/mnt", .type = "nfs4" },
	};

	(void)state;
	memset(fakes, 0, sizeof(fakes));
	memcpy(fakes, machine, sizeof(machine));
	fakes[1].read_only = true; /* whatever it says */
	fake_count = sizeof(machine) / sizeof(machine[0]);
	contained = no_sysrq = false;
	calls[0] = '\0';
	error_clear();
	return 0;
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(board_unmount(), 0);
	assert_string_equal(calls, "force:/mnt -/mnt -/data/a -/data ro:/ ");
}

/* What is in use at first goes in a later round; what always is stays, read-only. */
static void test_busy(void **state)
{
	(void)state;
	fakes[4].busy = 2;
	fakes[3].busy = 1;
	fakes[5].type = "ext4";
	fakes[5].busy = -1;
	assert_int_equal(board_unmount(), 0);
	assert_string_equal(calls, "-/data -/data/a ro:/mnt ro:/ ");
}

static void test_read_only_already(void **state)
{
	(void)state;
	fakes[0].read_only = true;
	assert_int_equal(board_unmount(), 0);
	assert_null(strstr(calls, "ro:/"));
}

static void test_stubborn(void **state)
{
	(void)state;
	fakes[0].stubborn = 1;
	assert_int_equal(board_unmount(), 0);
	assert_non_null(strstr(calls, "sysrq:u"));
	set_up(NULL);
	fakes[0].stubborn = 1;
	no_sysrq = true;
	assert_int_equal(board_unmount(), -EBUSY);
	assert_int_equal(error_last()->no, EBUSY);
}

static void test_contained(void **state)
{
	(void)state;
	contained = true;
	assert_int_equal(board_unmount(), 0);
	assert_string_equal(calls, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, set_up),
		cmocka_unit_test_setup(test_busy, set_up),
		cmocka_unit_test_setup(test_read_only_already, set_up),
		cmocka_unit_test_setup(test_stubborn, set_up),
		cmocka_unit_test_setup(test_contained, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
