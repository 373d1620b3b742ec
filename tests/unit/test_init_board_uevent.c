/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's device events, real ones and others, and device nodes below a folder for "/". */
#include "tests/unit/test_lib.h"
#include "tests/unit/process_child.h"

#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "init/board/board.h"
#include "init/board/coldplug.h"
#include "init/board/uevent.h"
#include "lib/fd.h"

static int root;
static char root_path[64];

static int set_up(void **state)
{
	(void)state;
	root = make_folder(root_path);
	mkdirat(root, "dev", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, root_path);
	return 0;
}

static void parse(struct uevent *event, char *buffer, const char *text, size_t size)
{
	memcpy(buffer, text, size);
	uevent_parse(event, buffer, size);
}

#define PARSE(event, text) \
	char buffer[UEVENT_MAX]; \
	struct uevent event; \
	parse(&(event), buffer, text, sizeof(text) - 1)

static void test_message(void **state)
{
	PARSE(event, "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=block\0MAJOR=8\0"
		     "MINOR=17\0DEVNAME=sdb1\0DEVTYPE=partition\0DEVMODE=0640\0DEVUID=7\0DEVGID=9\0"
		     "MODALIAS=pci:v1=2\0PARTNAME=a b\0SEQNUM=4\0");

	(void)state;
	assert_string_equal(event.action, "add");
	assert_string_equal(event.path, "/devices/x");
	assert_string_equal(event.name, "sdb1");
	assert_string_equal(event.type, "partition");
	assert_string_equal(event.modalias, "pci:v1=2");
	assert_string_equal(event.partition_name, "a b");
	assert_null(event.partition_uuid);
	assert_int_equal(event.major, 8);
	assert_int_equal(event.minor, 17);
	assert_int_equal(event.mode, 0640);
	assert_int_equal(event.uid, 7);
	assert_int_equal(event.gid, 9);
}

static void test_file(void **state)
{
	PARSE(event,
	      "MAJOR=1\nMINOR=3\nDEVNAME=null\nDEVMODE=0666\nACTIONS=no\nACT=no\nMODALIAS=x");

	(void)state;
	assert_null(event.action);
	assert_null(event.path);
	assert_string_equal(event.name, "null");
	assert_string_equal(event.modalias, "x");
	assert_int_equal(event.mode, 0666);
}

static void test_odd(void **state)
{
	PARSE(event, "=\0\0\n\n=x\0MAJOR\0MINOR=-1\0DEVMODE=zz\0ACTION=\0MODALIAS=a\0MODALIAS=b");

	(void)state;
	assert_string_equal(event.action, "");
	assert_string_equal(event.modalias, "b");
	assert_int_equal(event.major, 0);
	assert_int_equal(event.mode, 0);
	parse(&event, buffer, "", 0);
	assert_null(event.action);
}

/* ---- nodes ---- */

static bool is_node(const char *path, mode_t mode, unsigned int major, unsigned int minor)
{
	struct stat status;

	return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode == mode &&
	       status.st_rdev == makedev(major, minor);
}

static bool may_make_nodes(void)
{
	bool may = mknodat(root, "probe", S_IFCHR | 0600, makedev(1, 3)) == 0;

	unlinkat(root, "probe", 0);
	return may;
}

static void test_make_node(void **state)
{
	struct uevent event = {
		.action = "add",
		.name = "bus/usb/001/002",
		.major = 189,
		.minor = 1,
		.mode = 0664,
		.gid = 5,
	};
	struct stat status;

	(void)state;
	if (!may_make_nodes())
		skip();
	umask(077);
	assert_int_equal(uevent_node(root, &event), 0);
	umask(022);
	assert_true(is_node("dev/bus/usb/001/002", S_IFCHR | 0664, 189, 1));
	assert_int_equal(fstatat(root, "dev/bus/usb/001/002", &status, 0), 0);
	assert_int_equal(status.st_gid, 5);
	/* What devtmpfs has made stays as it is. */
	event.mode = 0600;
	assert_int_equal(uevent_node(root, &event), 0);
	assert_true(is_node("dev/bus/usb/001/002", S_IFCHR | 0664, 189, 1));
	event = (struct uevent){
		.name = "sda1", .type = "partition", .major = 8, .minor = 1, .mode = 0600
	};
	assert_int_equal(uevent_node(root, &event), 0);
	assert_true(is_node("dev/sda1", S_IFBLK | 0600, 8, 1));
}

static void test_remove_node(void **state)
{
	struct uevent event = {
		.action = "add",
		.name = "sda",
		.type = "disk",
		.major = 8,
		.minor = 0,
		.mode = 0600,
	};

	(void)state;
	if (!may_make_nodes())
		skip();
	assert_int_equal(uevent_node(root, &event), 0);
	event.action = "remove";
	event.minor = 16; /* another device by that name */
	assert_int_equal(uevent_node(root, &event), 0);
	assert_true(is_node("dev/sda", S_IFBLK | 0600, 8, 0));
	event.minor = 0;
	mkdirat(root, "sys", 0755);
	mkdirat(root, "sys/dev", 0755);
	mkdirat(root, "sys/dev/block", 0755);
	mkdirat(root, "sys/dev/block/8:0", 0755); /* it is there again */
	assert_int_equal(uevent_node(root, &event), 0);
	assert_true(is_node("dev/sda", S_IFBLK | 0600, 8, 0));
	unlinkat(root, "sys/dev/block/8:0", AT_REMOVEDIR);
	assert_int_equal(uevent_node(root, &event), 0);
	assert_int_equal(faccessat(root, "dev/sda", F_OK, 0), -1);
	assert_int_equal(uevent_node(root, &event), 0);
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"", "../x", "a/../../x", "/etc/x", ".x", "a//b", "a/.b"
	};
	char name[400];
	struct uevent event = { .action = "add", .major = 1, .minor = 3, .mode = 0666 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		event.name = names[i];
		uevent_node(root, &event);
	}
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	event.name = name;
	assert_int_equal(uevent_node(root, &event), 0);
	event = (struct uevent){ .action = "add", .name = "none", .mode = 0666 };
	assert_int_equal(uevent_node(root, &event), 0);
	assert_int_equal(faccessat(root, "x", F_OK, 0), -1);
	empty_folder(openat(root, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_int_equal(unlinkat(root, "dev", AT_REMOVEDIR), 0);
}

/* ---- the socket ---- */

static void test_receive(void **state)
{
	static const char message[] = "add@/d\0ACTION=add\0DEVPATH=/d\0MODALIAS=m";
	char buffer[UEVENT_MAX], large[UEVENT_MAX + 8];
	struct uevent event;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(uevent_receive(ends[0], buffer, &event), 0);
	assert_int_equal(write(ends[1], message, sizeof(message)), sizeof(message));
	assert_int_equal(uevent_receive(ends[0], buffer, &event), 1);
	assert_string_equal(event.modalias, "m");
	assert_int_equal(write(ends[1], "libudev", 7), 7);
	assert_int_equal(uevent_receive(ends[0], buffer, &event), -EAGAIN);
	memset(large, 'x', sizeof(large));
	memcpy(large, message, sizeof(message));
	assert_int_equal(write(ends[1], large, sizeof(large)), sizeof(large));
	assert_int_equal(uevent_receive(ends[0], buffer, &event), -EAGAIN);
	close(ends[0]);
	close(ends[1]);
}

/* In a network namespace of its own nobody else's events come. */
static void send_as_user(void)
{
	static const char message[] = "add@/d\0ACTION=add\0DEVPATH=/d\0MODALIAS=evil";
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char buffer[UEVENT_MAX];
	struct uevent event;
	int listener, sender;

	if (unshare(CLONE_NEWNET) < 0)
		_exit(CHILD_SKIPS);
	listener = uevent_open();
	check(listener >= 0);
	sender = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	check(sendto(sender, message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to)) > 0);
	check(uevent_receive(listener, buffer, &event) == -EAGAIN);
	check(uevent_receive(listener, buffer, &event) == 0);
	for (int i = 0; i < 100000; i++)
		sendto(sender, message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to));
	check(uevent_receive(listener, buffer, &event) == -ENOBUFS);
}

static void test_sender(void **state)
{
	(void)state;
	in_child(send_as_user);
}

/* What PID 1 does with them: no modalias of a device that is gone, "*" when some were lost. */
static void read_as_init(void)
{
	char modalias[UEVENT_MODALIAS];
	struct plan plan = { 0 };
	char message[UEVENT_MAX - 1];
	int ends[2], size;

	check(chdir("/") == 0);
	check(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 0);
	size = snprintf(message, sizeof(message), "add@/d%cACTION=add%cDEVPATH=/kernel%cMODALIAS=m",
			0, 0, 0);
	check(write(ends[1], message, (size_t)size) == size);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1);
	check(strcmp(modalias, "m") == 0);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 0);
	size = snprintf(message, sizeof(message), "ACTION=add%cDEVPATH=/gone%cMODALIAS=m", 0, 0);
	check(write(ends[1], message, (size_t)size) == size);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1 && !modalias[0]);
	/* One whose modalias is too long for a child's sake, one that goes, one with a long path.
	 */
	size = snprintf(message, sizeof(message), "ACTION=add%cDEVPATH=/kernel%cMODALIAS=%0600d", 0,
			0, 1);
	check(write(ends[1], message, (size_t)size) == size);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1 && !modalias[0]);
	size = snprintf(message, sizeof(message), "ACTION=remove%cDEVPATH=/kernel%cMODALIAS=m", 0,
			0);
	check(write(ends[1], message, (size_t)size) == size);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1 && !modalias[0]);
	size = snprintf(message, sizeof(message), "ACTION=add%cMODALIAS=m%cDEVPATH=/%04000d", 0, 0,
			1);
	check(write(ends[1], message, (size_t)size) == size);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1);
	check(write(ends[1], "x", 1) == 1);
	check(board_uevent_read(&plan, ends[0], modalias, sizeof(modalias)) == 1 && !modalias[0]);
}

static void test_read_as_init(void **state)
{
	(void)state;
	in_child(read_as_init);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_odd),
		cmocka_unit_test_setup_teardown(test_make_node, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_remove_node, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_names, set_up, tear_down),
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_read_as_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
