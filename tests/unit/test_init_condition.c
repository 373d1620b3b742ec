/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions, and the descriptors that tell when to look at them again. */
#include "tests/unit/process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>

#include "init/board/clock_set.h"
#include "init/host/condition.h"
#include "init/paths.h"
#include "lib/netlink.h"
#include "tests/unit/plan_block.h"

/* link: -Wl,--wrap=open64 -Wl,--wrap=clock_gettime -Wl,--wrap=adjtimex */
/* link: -Wl,--wrap=timerfd_settime */

/* ---- the board ---- */

static struct {
	const char *file; /* PATH=CONTENTS of the one file below /proc; NULL: the real ones */
	time_t now, up;
	bool synchronized;
	struct itimerspec timer;
	int armed;
} board;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	int fds[2];

	if (strncmp(path, "/proc/", 6) != 0 || !board.file)
		return __real_open64(path, flags, 0600);
	/* "path=contents" */
	if (strncmp(board.file, path, strlen(path)) != 0 || pipe(fds) < 0) {
		errno = ENOENT;
		return -1;
	}
	/* NUL is written as '|'. */
	for (const char *at = board.file + strlen(path) + 1; *at; at++)
		check(write(fds[1], *at == '|' ? "" : at, 1) == 1);
	close(fds[1]);
	return fds[0];
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	*time = (struct timespec){ .tv_sec = clock == CLOCK_REALTIME ? board.now : board.up };
	return 0;
}

int __wrap_adjtimex(struct timex *timex);
int __wrap_adjtimex(struct timex *timex)
{
	check(timex->modes == 0);
	timex->status = board.synchronized ? 0 : STA_UNSYNC;
	return board.synchronized ? TIME_OK : TIME_ERROR;
}

int __real_timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	check(flags == (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET));
	board.timer = *new;
	board.armed++;
	return __real_timerfd_settime(fd, flags, new, old);
}

static struct plan_block block;

static void begin(void)
{
	memset(&board, 0, sizeof(board));
	board.now = 1800000000;
	board.up = 1000;
	block_begin(&block);
	block.plan.condition_count = 1; /* CONDITION_BOARD */
}

static uint32_t add(enum condition_kind kind, const char *text)
{
	const uint32_t index = block.plan.condition_count++;

	block.conditions[index] =
		(struct plan_condition){ .kind = kind,
					 .text = text ? block_text(&block, text) : 0 };
	return index;
}

static bool holds(enum condition_kind kind, const char *text)
{
	bool result;

	block.plan.condition_count = 1;
	result = condition_holds(&block.plan, add(kind, text));
	block.plan.condition_count = 1;
	return result;
}

static bool is_told(const struct conditions *conditions, enum condition_source source, int timeout)
{
	struct pollfd fd = { .fd = conditions->fds[source],
			     .events = (short)conditions->events[source] };

	return poll(&fd, 1, timeout) > 0;
}

/* ---- what never changes ---- */

static void test_command_line(void **state)
{
	char line[6000] = "/proc/cmdline=";

	(void)state;
	begin();
	board.file = "/proc/cmdline=console=ttyS0,115200 quiet  root=/dev/sda panic=5 x\n";
	assert_true(holds(CONDITION_CMDLINE, "quiet"));
	assert_true(holds(CONDITION_CMDLINE, "panic=5"));
	assert_true(holds(CONDITION_CMDLINE, "x"));
	assert_true(holds(CONDITION_CMDLINE, "console=ttyS0,115200"));
	assert_false(holds(CONDITION_CMDLINE, "panic"));
	assert_false(holds(CONDITION_CMDLINE, "panic=55"));
	assert_false(holds(CONDITION_CMDLINE, "quie"));
	assert_false(holds(CONDITION_CMDLINE, "quiet  root"));
	assert_false(holds(CONDITION_CMDLINE, ""));
	board.file = "/proc/cmdline=no newline";
	assert_true(holds(CONDITION_CMDLINE, "newline"));
	assert_false(holds(CONDITION_CMDLINE, "newlines"));
	board.file = "/proc/cmdline=";
	assert_false(holds(CONDITION_CMDLINE, "a"));
	/* A long one, with words over the edges of what is read at once. */
	for (int i = 0; i < 500; i++)
		snprintf(line + strlen(line), 20, "word%d ", i);
	board.file = line;
	for (int i = 0; i < 500; i += 7) {
		char word[20];

		snprintf(word, sizeof(word), "word%d", i);
		assert_true(holds(CONDITION_CMDLINE, word));
	}
	assert_false(holds(CONDITION_CMDLINE, "word500"));
	board.file = "/nothing";
	assert_false(holds(CONDITION_CMDLINE, "a"));
}

static void test_device_tree(void **state)
{
	(void)state;
	begin();
	board.file = "/proc/device-tree/model=Acme Gateway 2|";
	assert_true(holds(CONDITION_MODEL, "Acme Gateway 2"));
	assert_false(holds(CONDITION_MODEL, "Acme"));
	assert_false(holds(CONDITION_MODEL, "Gateway"));
	board.file = "/proc/device-tree/compatible=acme,gw2|acme,gw|fsl,imx6|";
	assert_true(holds(CONDITION_MODEL, "acme,gw2"));
	assert_true(holds(CONDITION_MODEL, "acme,gw"));
	assert_true(holds(CONDITION_MODEL, "fsl,imx6"));
	assert_false(holds(CONDITION_MODEL, "fsl,imx6q"));
	assert_false(holds(CONDITION_MODEL, "fsl"));
	board.file = NULL; /* a machine without one, or with another one */
	assert_false(holds(CONDITION_MODEL, "acme,gw2"));
	assert_false(condition_holds(&block.plan, 0));
}

/* ---- mounts ---- */

static void test_mount_list(void **state)
{
	char list[9000] = "/proc/self/mountinfo=";

	(void)state;
	begin();
	board.file = "/proc/self/mountinfo=21 1 8:1 / / rw - ext4 /dev/sda rw\n"
		     "22 21 0:5 / /data rw shared:1 - tmpfs tmpfs rw\n"
		     "23 21 0:6 /data2 /a\\040b\\134c\\011d rw - tmpfs tmpfs rw\n"
		     "24 21 0:6 / /mnt/longer/path rw - tmpfs /mounted rw\n";
	assert_true(holds(CONDITION_MOUNT, "/"));
	assert_true(holds(CONDITION_MOUNT, "/data"));
	assert_true(holds(CONDITION_MOUNT, "/a b\\c\td"));
	assert_true(holds(CONDITION_MOUNT, "/mnt/longer/path"));
	assert_false(holds(CONDITION_MOUNT, "/data2"));
	assert_false(holds(CONDITION_MOUNT, "/dat"));
	assert_false(holds(CONDITION_MOUNT, "/mnt/longer"));
	assert_false(holds(CONDITION_MOUNT, "/mounted"));
	assert_false(holds(CONDITION_MOUNT, "/a\\040b\\134c\\011d"));
	assert_false(holds(CONDITION_MOUNT, ""));
	/* Cut off in the middle, or nonsense: an answer all the same. */
	board.file = "/proc/self/mountinfo=21 1 8:1 / /dat";
	assert_false(holds(CONDITION_MOUNT, "/data"));
	board.file = "/proc/self/mountinfo=21 1 8:1 / \\/\\\\ \n      \n\\ \\\\0";
	assert_false(holds(CONDITION_MOUNT, "/data"));
	for (int i = 0; i < 150; i++)
		snprintf(list + strlen(list), 60, "%d 1 0:6 / /mnt/%d rw - tmpfs tmpfs rw\n",
			 i + 50, i);
	board.file = list;
	for (int i = 0; i < 150; i++) {
		char path[20];

		snprintf(path, sizeof(path), "/mnt/%d", i);
		assert_true(holds(CONDITION_MOUNT, path));
	}
	assert_false(holds(CONDITION_MOUNT, "/mnt/150"));
}

static void become_board(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		_exit(CHILD_SKIPS);
	check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(mount("run", "/run", "tmpfs", 0, NULL) == 0);
	check(mkdir(INIT_RUN, 0700) == 0 && mkdir(INIT_FLAGS, 0755) == 0);
	begin();
}

static void real_mounts(void)
{
	struct conditions conditions;
	uint32_t index;

	become_board();
	index = add(CONDITION_MOUNT, "/run/a b");
	check(condition_source(CONDITION_MOUNT) == CONDITION_BY_MOUNT);
	check(conditions_open(&conditions, &block.plan) == 0);
	check(conditions.fds[CONDITION_BY_LINK] == -1 && conditions.fds[CONDITION_BY_CLOCK] == -1);
	/* poll(2) says what happened since it was asked last. */
	is_told(&conditions, CONDITION_BY_MOUNT, 0);
	check(!is_told(&conditions, CONDITION_BY_MOUNT, 0));
	check(mkdir("/run/a b", 0755) == 0 && !condition_holds(&block.plan, index));
	check(mount("x", "/run/a b", "tmpfs", 0, NULL) == 0);
	check(is_told(&conditions, CONDITION_BY_MOUNT, 1000));
	conditions_drain(&conditions, CONDITION_BY_MOUNT);
	check(!is_told(&conditions, CONDITION_BY_MOUNT, 0));
	check(condition_holds(&block.plan, index));
	check(umount("/run/a b") == 0);
	check(is_told(&conditions, CONDITION_BY_MOUNT, 1000));
	check(!condition_holds(&block.plan, index));
	conditions_close(&conditions);
	check(conditions.fds[CONDITION_BY_MOUNT] == -1);
}

static void test_mounts(void **state)
{
	(void)state;
	in_child(real_mounts);
}

/* ---- interfaces ---- */

static void set_flags(const char *name, short flags)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { .ifr_flags = flags };

	strcpy(request.ifr_name, name);
	check(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close(fd);
}

static void interfaces(void)
{
	struct conditions conditions;
	uint32_t index;

	become_board();
	index = add(CONDITION_INTERFACE, "lo");
	check(condition_source(CONDITION_INTERFACE) == CONDITION_BY_LINK);
	check(conditions_open(&conditions, &block.plan) == 0);
	check(!is_told(&conditions, CONDITION_BY_LINK, 0) && !condition_holds(&block.plan, index));
	check(netlink_loopback_up() == 0);
	check(is_told(&conditions, CONDITION_BY_LINK, 1000) && condition_holds(&block.plan, index));
	conditions_drain(&conditions, CONDITION_BY_LINK);
	check(!is_told(&conditions, CONDITION_BY_LINK, 0));
	/* More than the socket holds: it is emptied all the same, in a few goes. */
	for (int i = 0; i < 3000; i++)
		set_flags("lo", i % 2 ? IFF_UP : 0);
	for (int i = 0; is_told(&conditions, CONDITION_BY_LINK, 0); i++) {
		check(i < 100);
		conditions_drain(&conditions, CONDITION_BY_LINK);
	}
	check(condition_holds(&block.plan, index));
	set_flags("lo", 0);
	check(is_told(&conditions, CONDITION_BY_LINK, 1000) &&
	      !condition_holds(&block.plan, index));
	conditions_close(&conditions);
	check(!holds(CONDITION_INTERFACE, "eth7"));
	check(!holds(CONDITION_INTERFACE, "a-name-that-is-too-long-for-one"));
	check(!holds(CONDITION_INTERFACE, ""));
}

static void test_interfaces(void **state)
{
	(void)state;
	in_child(interfaces);
}

/* ---- flags, paths ---- */

static void flags(void)
{
	struct conditions conditions;
	uint32_t index, path;

	become_board();
	index = add(CONDITION_FLAG, "service-mode");
	path = add(CONDITION_PATH, "/run/x");
	add(CONDITION_FLAG, "other");
	check(condition_source(CONDITION_FLAG) == CONDITION_BY_FLAG);
	check(condition_source(CONDITION_PATH) == CONDITION_SOURCES);
	check(condition_source(CONDITION_CMDLINE) == CONDITION_SOURCES);
	check(condition_source(CONDITION_MODEL) == CONDITION_SOURCES);
	check(condition_source(CONDITION_BOARD) == CONDITION_SOURCES);
	check(conditions_open(&conditions, &block.plan) == 0);
	check(!condition_holds(&block.plan, index) && !condition_holds(&block.plan, path));
	close(open(INIT_FLAGS "/service-mode", O_CREAT | O_WRONLY, 0644));
	close(open("/run/x", O_CREAT | O_WRONLY, 0644));
	check(is_told(&conditions, CONDITION_BY_FLAG, 1000));
	check(condition_holds(&block.plan, index) && condition_holds(&block.plan, path));
	conditions_drain(&conditions, CONDITION_BY_FLAG);
	check(!is_told(&conditions, CONDITION_BY_FLAG, 0));
	for (int i = 0; i < 200; i++) {
		char name[sizeof(INIT_FLAGS) + 64];

		snprintf(name, sizeof(name), INIT_FLAGS "/%063d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	for (int i = 0; is_told(&conditions, CONDITION_BY_FLAG, 0); i++) {
		check(i < 100);
		conditions_drain(&conditions, CONDITION_BY_FLAG);
	}
	check(unlink(INIT_FLAGS "/service-mode") == 0);
	check(is_told(&conditions, CONDITION_BY_FLAG, 1000));
	check(!condition_holds(&block.plan, index));
	conditions_close(&conditions);

	/* Without the folder: an error, and nothing stays open. */
	check(umount("/run") == 0);
	check(mount("run", "/run", "tmpfs", 0, NULL) == 0);
	add(CONDITION_MOUNT, "/run");
	check(conditions_open(&conditions, &block.plan) == -ENOENT);
	check(strstr(error_last()->text, "service-mode") != NULL);
	for (int i = 0; i < CONDITION_SOURCES; i++)
		check(conditions.fds[i] == -1);
}

static void test_flags(void **state)
{
	(void)state;
	in_child(flags);
}

/* ---- the clock ---- */

static void clocks(void)
{
	struct conditions conditions;
	uint32_t index;

	become_board();
	index = add(CONDITION_CLOCK, NULL);
	/* A clock without battery, and one that is kept by its battery, or set. */
	board.now = board.up = 5;
	check(!condition_holds(&block.plan, index) && clock_boot_time() == 0);
	board.now = 1704067199;
	check(!condition_holds(&block.plan, index));
	board.now = 1704067200; /* 2024 */
	check(condition_holds(&block.plan, index));
	board.now = 2147483648 + 100; /* 2038 */
	check(condition_holds(&block.plan, index) && clock_boot_time() == 2147483648 + 95);

	/* The board puts it to its floor, and time goes by. */
	board.now = 1790000000;
	clock_mark();
	check(!condition_holds(&block.plan, index) && clock_boot_time() == 0);
	board.now += 86401; /* seconds are cut off */
	board.up += 86400;
	check(!condition_holds(&block.plan, index));
	board.synchronized = true; /* slewed */
	check(condition_holds(&block.plan, index));
	board.synchronized = false;
	board.now += 1000; /* stepped */
	check(condition_holds(&block.plan, index));
	board.now -= 2000; /* and back: the floor was wrong */
	check(condition_holds(&block.plan, index));
	/* A later floor, once its file is there. */
	board.now = 1795000000;
	clock_mark();
	check(!condition_holds(&block.plan, index));
	board.now += 5;
	check(condition_holds(&block.plan, index));
	board.now = 100; /* back to 1970 */
	board.synchronized = true;
	check(!condition_holds(&block.plan, index));
	board.synchronized = false;

	/* It is looked at every ten seconds until it is set, then once a day. */
	check(condition_source(CONDITION_CLOCK) == CONDITION_BY_CLOCK);
	check(conditions_open(&conditions, &block.plan) == 0);
	check(board.armed == 1 && board.timer.it_value.tv_sec == 110 &&
	      board.timer.it_interval.tv_sec == 10);
	board.now = 1800000000;
	check(is_told(&conditions, CONDITION_BY_CLOCK, 1000)); /* long past, by the real clock */
	conditions_drain(&conditions, CONDITION_BY_CLOCK);
	check(board.armed == 2 && board.timer.it_value.tv_sec == 1800086400 &&
	      board.timer.it_interval.tv_sec == 86400);
	conditions_close(&conditions);
}

static void test_clock(void **state)
{
	(void)state;
	in_child(clocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_line), cmocka_unit_test(test_device_tree),
		cmocka_unit_test(test_mount_list),   cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_interfaces),   cmocka_unit_test(test_flags),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
