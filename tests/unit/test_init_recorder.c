/* SPDX-License-Identifier: Apache-2.0 */
/* The flight recorder: what it says about the boots before, and what a cut of power leaves of it.
 */
#include "tests/unit/test_lib.h"

#include <linux/watchdog.h>

#include "init/board/pstore.h"
#include "init/board/recorder.h"
#include "lib/error.h"
#include "lib/file.h"

/* link: -Wl,--wrap=file_read_small -Wl,--wrap=clock_boot_time -Wl,--wrap=pwrite64 */
/* link: -Wl,--wrap=pstore_read -Wl,--wrap=pstore_mount -Wl,--wrap=pstore_clear */

/* ---- the machine ---- */

static struct {
	int boot;	    /* which boot this is: makes the boot id */
	uint64_t boot_time; /* 0: the clock is not set */
	const char *panic;  /* what pstore holds, or "" */
	bool clears;	    /* it can be removed */
	int writes;
	int fails; /* errno of the next write, or 0 */
} machine;

ssize_t __wrap_file_read_small(int dir, const char *path, char *buffer, size_t size);
ssize_t __wrap_file_read_small(int dir, const char *path, char *buffer, size_t size)
{
	(void)dir;
	assert_string_equal(path, "/proc/sys/kernel/random/boot_id");
	return snprintf(buffer, size, "6e2a1f00-0000-4000-8000-%012x\n", machine.boot);
}

uint64_t __wrap_clock_boot_time(void);
uint64_t __wrap_clock_boot_time(void)
{
	return machine.boot_time;
}

ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at)
{
	machine.writes++;
	if (machine.fails) {
		errno = machine.fails;
		return -1;
	}
	return __real_pwrite64(fd, data, size, at);
}

void __real_pstore_read(const char *folder, char *text, size_t size);
void __wrap_pstore_read(const char *folder, char *text, size_t size);
void __wrap_pstore_read(const char *folder, char *text, size_t size)
{
	assert_string_equal(folder, PSTORE_FOLDER);
	snprintf(text, size, "%s", machine.panic);
}

void __wrap_pstore_mount(void);
void __wrap_pstore_mount(void)
{
}

void __real_pstore_clear(const char *folder);
void __wrap_pstore_clear(const char *folder);
void __wrap_pstore_clear(const char *folder)
{
	assert_string_equal(folder, PSTORE_FOLDER);
	if (machine.clears)
		machine.panic = "";
}

/* ---- */

static char folder[64], path[128];
static int folder_fd;

static int set_up(void **state)
{
	(void)state;
	folder_fd = make_folder(folder);
	snprintf(path, sizeof(path), "%s/cruet/recorder", folder);
	memset(&machine, 0, sizeof(machine));
	machine.boot_time = 1799999900;
	machine.panic = "";
	machine.clears = true;
	machine.boot = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(folder_fd, folder);
	return 0;
}

static void boot(uint32_t status)
{
	machine.boot++;
	assert_int_equal(recorder_boot(path, status), 0);
}

static struct recorder_state now(void)
{
	struct recorder_state state;

	assert_int_equal(recorder_read(path, &state), 0);
	return state;
}

static off_t file_size(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void test_boots(void **unused)
{
	struct recorder_state state;
	int writes;

	(void)unused;
	assert_int_equal(recorder_read(path, &state), -ENOENT);
	boot(0);
	assert_int_equal(file_size(), RECORDER_SLOT * RECORDER_SLOTS);
	state = now();
	assert_int_equal(state.boots[0].number, 1);
	assert_int_equal(state.boots[0].id[15], machine.boot);
	assert_int_equal(state.boots[0].id[0], 0x6e);
	assert_int_equal(state.boots[0].began, 1799999900);
	assert_int_equal(state.boots[0].ended, 0);
	assert_int_equal(state.boots[1].number, 0);

	/* Once more in the same boot: nothing is written. */
	writes = machine.writes;
	assert_int_equal(recorder_boot(path, WDIOF_CARDRESET), 0);
	assert_int_equal(machine.writes, writes);

	assert_int_equal(recorder_end(path, END_PLANNED, "reboot: asked for by uid 0", 61500), 0);
	assert_int_equal(machine.writes, writes + 1);
	assert_int_equal(recorder_end(path, END_PLANNED, "reboot: asked for by uid 0", 61500), 0);
	assert_int_equal(machine.writes, writes + 1);
	boot(0);
	state = now();
	assert_int_equal(state.boots[0].number, 2);
	assert_int_equal(state.boots[0].ended, 0);
	assert_int_equal(state.boots[1].number, 1);
	assert_int_equal(state.boots[1].ended, 1);
	assert_int_equal(state.boots[1].end, END_PLANNED);
	assert_int_equal(state.boots[1].up_seconds, 61);
	assert_string_equal(state.boots[1].text, "reboot: asked for by uid 0");

	for (int i = 0; i < 100; i++)
		boot(0);
	state = now();
	for (int i = 0; i < RECORDER_BOOTS; i++)
		assert_int_equal(state.boots[i].number, 102 - i);
	assert_int_equal(file_size(), RECORDER_SLOT * RECORDER_SLOTS);
}

/* What the machine has kept tells how a boot without a last word ended. */
static void test_reasons(void **unused)
{
	static const char panic[] = "[   12.345678] Kernel panic - not syncing: sysrq";
	static const struct {
		enum end_reason recorded;
		const char *panic;
		uint32_t status;
		enum end_reason end;
		const char *text;
	} all[] = {
		{ END_UNKNOWN, "", 0, END_UNKNOWN, "" },
		{ END_UNKNOWN, "", WDIOF_KEEPALIVEPING, END_UNKNOWN, "" },
		{ END_UNKNOWN, "", WDIOF_CARDRESET, END_WATCHDOG,
		  "the hardware watchdog has reset it" },
		{ END_UNKNOWN, "", WDIOF_POWERUNDER, END_POWER, "power fault" },
		{ END_UNKNOWN, "", WDIOF_POWEROVER, END_POWER, "power fault" },
		{ END_UNKNOWN, "", WDIOF_OVERHEAT, END_POWER, "overheated" },
		/* A panic ends in the watchdog's reset, where nothing else resets. */
		{ END_UNKNOWN, panic, WDIOF_CARDRESET, END_PANIC, panic },
		/* What is on record counts; what is left of it must not be taken for the next. */
		{ END_WATCHDOG, "", WDIOF_CARDRESET, END_WATCHDOG, "critical unit web: hung" },
		{ END_PLANNED, panic, WDIOF_CARDRESET, END_PLANNED, "critical unit web: hung" },
		{ END_UNKNOWN, "", 0, END_UNKNOWN, "" },
		{ END_LADDER, "", 0, END_LADDER, "critical unit web: hung" },
		{ END_UNKNOWN, "Kernel panic - not syncing: a", 0, END_PANIC,
		  "Kernel panic - not syncing: a" },
		{ END_UNKNOWN, "Kernel panic - not syncing: a", 0, END_PANIC,
		  "Kernel panic - not syncing: a" },
	};

	(void)unused;
	boot(0);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct recorder_state state;

		if (all[i].recorded != END_UNKNOWN)
			assert_int_equal(recorder_end(path, all[i].recorded,
						      "critical unit web: hung", 5000),
					 0);
		if (all[i].panic[0])
			machine.panic = all[i].panic;
		boot(all[i].status);
		assert_string_equal(machine.panic, "");
		state = now();
		assert_int_equal(state.boots[1].end, all[i].end);
		assert_int_equal(state.boots[1].ended, all[i].recorded != END_UNKNOWN);
		assert_string_equal(state.boots[1].text, all[i].text);
		assert_string_equal(state.boots[0].text, "");
	}
}

/* Where the entries cannot be removed they count once only, by their time stamp. */
static void test_stale_panic(void **unused)
{
	(void)unused;
	boot(0);
	machine.clears = false;
	machine.panic = "[   12.345678] Kernel panic - not syncing: sysrq";
	boot(0);
	assert_int_equal(now().boots[1].end, END_PANIC);
	boot(WDIOF_CARDRESET);
	assert_int_equal(now().boots[1].end, END_WATCHDOG);
	assert_int_equal(now().boots[2].end, END_PANIC);
	machine.panic = "[   12.345679] Kernel panic - not syncing: sysrq";
	boot(0);
	assert_int_equal(now().boots[1].end, END_PANIC);
}

static void test_clock(void **unused)
{
	struct recorder_state state;

	(void)unused;
	machine.boot_time = 0;
	boot(0);
	assert_int_equal(now().boots[0].began, 0);
	/* Set meanwhile: the next record knows. */
	machine.boot_time = 1799999900;
	assert_int_equal(recorder_end(path, END_INIT, "x", 0), 0);
	assert_int_equal(now().boots[0].began, 1799999900);
	machine.boot_time = 4102444800; /* 2100; what is known stays */
	assert_int_equal(recorder_end(path, END_INIT, "y", 0), 0);
	assert_int_equal(now().boots[0].began, 1799999900);
	boot(0);
	assert_int_equal(now().boots[0].began, 4102444800);
	machine.boot_time = 0;
	boot(0);
	state = now();
	assert_int_equal(state.boots[0].began, 0);
	assert_int_equal(state.boots[0].number, 3);
	assert_int_equal(state.boots[1].number, 2);
}

static void test_failures(void **unused)
{
	struct recorder_failure failure = { .cause = 3, .exit_status = -7 };
	struct recorder_state state;

	(void)unused;
	boot(0);
	boot(0);
	for (int i = 0; i < 40; i++) {
		failure.up_ms = (uint64_t)i;
		snprintf(failure.unit, sizeof(failure.unit), "unit-%d", i);
		assert_int_equal(recorder_failure(path, &failure), 0);
	}
	state = now();
	assert_string_equal(state.failures[0].unit, "unit-39");
	assert_string_equal(state.failures[RECORDER_FAILURES - 1].unit, "unit-24");
	assert_int_equal(state.failures[3].boot_number, 2);
	assert_int_equal(state.failures[3].exit_status, -7);
	assert_int_equal(state.failures[3].cause, 3);
	assert_int_equal(state.failures[3].up_ms, 36);
	assert_int_equal(file_size(), RECORDER_SLOT * RECORDER_SLOTS);
	/* They outlive the boot. */
	boot(0);
	assert_string_equal(now().failures[0].unit, "unit-39");
}

/* ---- cuts of power ---- */

enum { FILE_SIZE = RECORDER_SLOT * RECORDER_SLOTS, SECTOR = 512 };

static void read_file(uint8_t *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, image, FILE_SIZE, 0), FILE_SIZE);
	close(fd);
}

static void write_file(const uint8_t *image)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(__real_pwrite64(fd, image, FILE_SIZE, 0), FILE_SIZE);
	close(fd);
}

/* What the file says must be the one or the other, as a whole; which of them? */
static bool is_new(const uint8_t *image, const struct recorder_state *old,
		   const struct recorder_state *new)
{
	struct recorder_state state;

	write_file(image);
	state = now();
	if (memcmp(&state, new, sizeof(state)) == 0)
		return true;
	assert_memory_equal(&state, old, sizeof(state));
	return false;
}

/* From the state before to the one after: every prefix, suffix and set of sectors of the write. */
static void tear(const uint8_t *before, const uint8_t *after, const struct recorder_state *old,
		 const struct recorder_state *new)
{
	static uint8_t image[FILE_SIZE];
	const off_t slot = (off_t)(new->sequence % RECORDER_SLOTS) * RECORDER_SLOT;
	int seen_new = 0;

	/* One slot only is touched. */
	assert_memory_equal(before + RECORDER_SLOT - slot, after + RECORDER_SLOT - slot,
			    RECORDER_SLOT);
	for (int size = 0; size <= RECORDER_SLOT; size++) {
		memcpy(image, before, FILE_SIZE);
		memcpy(image + slot, after + slot, (size_t)size);
		seen_new += is_new(image, old, new);
		memcpy(image, after, FILE_SIZE);
		memcpy(image + slot, before + slot, (size_t)size);
		seen_new += is_new(image, old, new);
	}
	assert_true(seen_new >= 2);
	for (unsigned int set = 0; set < 1u << (RECORDER_SLOT / SECTOR); set++) {
		memcpy(image, before, FILE_SIZE);
		for (int i = 0; i < RECORDER_SLOT / SECTOR; i++)
			if (set & 1u << i)
				memcpy(image + slot + i * SECTOR, after + slot + i * SECTOR,
				       SECTOR);
		is_new(image, old, new);
	}
	/* The sectors that were being written are unreadable, or hold anything. */
	for (int i = 0; i < RECORDER_SLOT / SECTOR; i++) {
		memcpy(image, after, FILE_SIZE);
		memset(image + slot + i * SECTOR, 0xff, SECTOR);
		assert_false(is_new(image, old, new));
	}
	write_file(after);
}

static void test_cut(void **unused)
{
	static uint8_t before[FILE_SIZE], after[FILE_SIZE];
	const struct recorder_failure failure = { .unit = "web", .up_ms = 77, .exit_status = 1 };
	struct recorder_state old, new;

	(void)unused;
	boot(0);
	for (int step = 0; step < 6; step++) {
		old = now();
		read_file(before);
		if (step % 3 == 0)
			assert_int_equal(recorder_failure(path, &failure), 0);
		else if (step % 3 == 1)
			assert_int_equal(recorder_end(path, END_PLANNED, "power off", 99), 0);
		else
			boot(0);
		new = now();
		assert_true(new.sequence == old.sequence + 1);
		read_file(after);
		tear(before, after, &old, &new);
	}
}

/* Both slots torn, or what never was a recorder: it begins anew, and never fails for good. */
static void test_garbage(void **unused)
{
	static uint8_t image[FILE_SIZE];
	struct recorder_state state;
	int fd;

	(void)unused;
	boot(0);
	boot(0);
	read_file(image);
	image[100] ^= 1;
	write_file(image);
	assert_int_equal(recorder_read(path, &state), 0);
	image[RECORDER_SLOT + RECORDER_SLOT - 1] ^= 0x80;
	write_file(image);
	assert_int_equal(recorder_read(path, &state), -ENOENT);
	boot(0);
	assert_int_equal(now().boots[0].number, 1);

	/* Cut off while it was made. */
	for (off_t size = 0; size < FILE_SIZE; size += 1000) {
		assert_int_equal(truncate(path, size), 0);
		boot(0);
		assert_int_equal(file_size(), FILE_SIZE);
		assert_true(now().boots[0].number >= 1);
	}
	/* Another version's. */
	read_file(image);
	image[4] = image[RECORDER_SLOT + 4] = 2;
	write_file(image);
	assert_int_equal(recorder_read(path, &state), -ENOENT);

	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(read(fd, image, FILE_SIZE), FILE_SIZE);
		write_file(image);
		assert_int_equal(recorder_read(path, &state), -ENOENT);
	}
	close(fd);
	boot(0);
	assert_int_equal(now().boots[0].number, 1);
}

/* The layout on disk, byte for byte: a device reads its record with any later version. */
static void test_layout(void **unused)
{
	static uint8_t image[FILE_SIZE];

	(void)unused;
	machine.boot = 6;
	boot(0);
	assert_int_equal(recorder_end(path, END_LADDER, "web", 258000), 0);
	read_file(image);
	assert_memory_equal(image, "errc\1\0\0\0", 8);
	assert_memory_equal(image + 16, "\2\0\0\0\0\0\0\0", 8); /* sequence */
	assert_memory_equal(image + 24, "\1\0\0\0\0\0\0\0", 8); /* number */
	assert_memory_equal(image + 32, "\x6e\x2a\x1f\0\0\0\x40\0\x80\0\0\0\0\0\0\7", 16);
	assert_memory_equal(image + 48, "\x9c\xd1\x49\x6b\0\0\0\0", 8); /* began */
	assert_memory_equal(image + 56, "\2\1\0\0\0\0\0\0", 8);		/* up_seconds */
	assert_memory_equal(image + 64, "\2\0\0\0\1\0\0\0web", 12);	/* end, ended, text */
}

static void test_errors(void **unused)
{
	char where[160];
	int fd;

	(void)unused;
	boot(0);
	machine.fails = ENOSPC;
	assert_int_equal(recorder_end(path, END_PLANNED, "x", 0), -ENOSPC);
	assert_non_null(strstr(error_last()->text, path));
	assert_int_equal(now().boots[0].ended, 0);
	machine.fails = 0;
	snprintf(where, sizeof(where), "%s/no/such/recorder", folder);
	assert_int_equal(recorder_boot(where, 0), -ENOENT);
	assert_int_equal(recorder_read(folder, &(struct recorder_state){ 0 }), -ENOENT);
	/* A text that is too long is cut off. */
	memset(where, 'y', sizeof(where));
	where[sizeof(where) - 1] = '\0';
	assert_int_equal(recorder_end(path, END_PLANNED, where, 0), 0);
	assert_int_equal(strlen(now().boots[0].text), RECORDER_TEXT - 1);
	fd = count_open();
	boot(0);
	assert_int_equal(count_open(), fd);
	assert_string_equal(end_reason_name(END_PANIC), "panic");
	assert_string_equal(end_reason_name(END_POWER), "power");
	assert_string_equal(end_reason_name(77), "unknown");
}

/* ---- pstore ---- */

static void put(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void test_pstore(void **unused)
{
	char text[RECORDER_TEXT], small[24];

	(void)unused;
	strcpy(text, "x");
	__real_pstore_read("/nowhere/at/all", text, sizeof(text));
	assert_string_equal(text, "");
	__real_pstore_clear("/nowhere/at/all");
	put("ftrace-ramoops-0", "<0>[    1.000000] Kernel panic - not syncing: not here\n");
	put("dmesg-ramoops-1",
	    "Oops#1 Part1\n<4>[    9.000001] BUG: unable to handle\n<4>[    9.0] end\n");
	put("console-ramoops-0", "[    0.000000] Linux version\n");
	__real_pstore_read(folder, text, sizeof(text));
	assert_string_equal(text, "");
	put("dmesg-ramoops-0",
	    "Panic#2 Part1\n<6>[    9.000001] all is well\n"
	    "<0>[   12.345678] Kernel panic - not syncing: Fatal exception > in interrupt\n"
	    "<0>[   12.400000] Rebooting in 5 seconds..\n");
	__real_pstore_read(folder, text, sizeof(text));
	assert_string_equal(
		text, "[   12.345678] Kernel panic - not syncing: Fatal exception > in interrupt");
	__real_pstore_read(folder, small, sizeof(small));
	assert_string_equal(small, "[   12.345678] Kernel p");
	__real_pstore_clear(folder);
	__real_pstore_read(folder, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(faccessat(folder_fd, "dmesg-ramoops-1", F_OK, 0), -1);
	assert_int_equal(faccessat(folder_fd, "ftrace-ramoops-0", F_OK, 0), 0);
	/* The console alone, cut off in the middle of the line, and without times. */
	put("console-ramoops-0", "a\nKernel panic - not syncing: VFS");
	__real_pstore_read(folder, text, sizeof(text));
	assert_string_equal(text, "Kernel panic - not syncing: VFS");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_boots),    TEST(test_reasons), TEST(test_stale_panic), TEST(test_clock),
		TEST(test_failures), TEST(test_cut),	 TEST(test_garbage),	 TEST(test_layout),
		TEST(test_errors),   TEST(test_pstore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
