/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are passed on to the kernel log and to syslog. */
#include "tests/unit/log_world.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* With 64-bit offsets, glibc has other names for them. */
/* link: -Wl,--wrap=open,--wrap=open64,--wrap=openat,--wrap=openat64 */
static char kernel_log[64], kernel_mode[64];

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);

static int open_instead(const char *path, int flags)
{
	return __real_open(strcmp(path, "/dev/kmsg") == 0 ? kernel_log : path, flags, 0600);
}

static int openat_instead(int dir, const char *path, int flags)
{
	return __real_openat(dir, strstr(path, "printk_devkmsg") ? kernel_mode : path, flags, 0600);
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return open_instead(path, flags);
}

#ifdef __GLIBC__ /* elsewhere these are names of the other two */
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	return open_instead(path, flags);
}
#endif

int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	return openat_instead(dir, path, flags);
}

#ifdef __GLIBC__
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	return openat_instead(dir, path, flags);
}
#endif

static char folder[64];
static int folder_fd;

static void begin(struct world *world, const char *syslog)
{
	folder_fd = make_folder(folder);
	snprintf(kernel_log, sizeof(kernel_log), "%.40s/kmsg", folder);
	snprintf(kernel_mode, sizeof(kernel_mode), "%.40s/mode", folder);
	close(__real_open(kernel_log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	world_plan(world);
	world->block.system.syslog = world_text(world, syslog);
}

static void finish(struct world *world)
{
	if (world->writer)
		assert_int_equal(world_stop(world, SIGTERM), 0);
	world_close(world);
	remove_folder(folder_fd, folder);
}

static void write_mode(const char *mode)
{
	const int fd = __real_open(kernel_mode, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, mode, strlen(mode)), strlen(mode));
	close(fd);
}

/* What the kernel log has, as soon as it has so many lines. */
static const char *kernel_lines(int lines, int ms)
{
	static char text[16384];
	const uint64_t end = world_ms() + (uint64_t)ms;
	int count;

	do {
		const int fd = __real_open(kernel_log, O_RDONLY | O_CLOEXEC);
		const ssize_t size = read(fd, text, sizeof(text) - 1);

		close(fd);
		text[size > 0 ? size : 0] = '\0';
		count = 0;
		for (const char *at = text; (at = strchr(at, '\n')); at++)
			count++;
		poll(NULL, 0, 10);
	} while (count < lines && world_ms() < end);
	assert_int_equal(count, lines);
	return text;
}

static void test_kernel(void **state)
{
	struct world world;
	const char *text;
	char line[1500];

	(void)state;
	begin(&world, NULL);
	write_mode("on\n");
	world_unit(&world, "web", 65536)->sinks = LOG_TO_KERNEL;
	world_unit(&world, "quiet", 4096);
	world.block.system.log.sinks = LOG_TO_KERNEL;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	world_say(&world, 0, "hello\n<3>bad\033[2J\tthing\n");
	world_say(&world, 1, "not for you\n");
	/* The first is what PID 1 tells the kernel itself. */
	world_say(&world, 2, "<3>cruet: unit web: failed\ncruet: error: mount: no such device\n");
	memset(line, 'x', sizeof(line));
	strcpy(line + sizeof(line) - 2, "\n");
	world_say(&world, 0, line);
	for (int i = 0; i < 20; i++)
		world_say(&world, 0, "more\n");
	text = kernel_lines(24, 2000);
	assert_non_null(strstr(text, "<6>web: hello\n"));
	assert_non_null(strstr(text, "<3>web: bad?[2J\tthing\n"));
	assert_non_null(strstr(text, "<6>cruet: error: mount: no such device\n"));
	assert_null(strstr(text, "failed"));
	assert_null(strstr(text, "not for you"));
	assert_non_null(strstr(text, "xxx...\n"));
	finish(&world);
}

/* Ten within five seconds, or the kernel throws them away. */
static void test_kernel_pace(void **state)
{
	struct world world;

	(void)state;
	begin(&world, NULL);
	write_mode("ratelimit\n");
	world_unit(&world, "a", 65536)->sinks = LOG_TO_KERNEL;
	world_unit(&world, "b", 65536)->sinks = LOG_TO_KERNEL;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	for (int i = 0; i < 12; i++)
		world_say(&world, 0, "of a\n");
	kernel_lines(10, 2000);
	world_say(&world, 1, "of b\n");
	poll(NULL, 0, 300);
	kernel_lines(10, 0);
	/* Nothing is lost, and the other one has its turn. */
	assert_non_null(strstr(kernel_lines(13, 7000), "<6>b: of b\n"));
	finish(&world);
}

/* ---- syslog ---- */

static int receive_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static const char *receive(int fd, int ms)
{
	static char text[4096];
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	ssize_t size;

	if (poll(&waiting, 1, ms) <= 0)
		return NULL;
	size = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	return text;
}

/* RFC 5424, section 6; gives the message's sequenceId. */
static unsigned int check_frame(const char *frame, int priority, const char *unit, const char *text)
{
	char expected[512], host[65] = "-", date[64];
	unsigned int sequence;
	unsigned long long up;
	int priority_found, year, length = 0;

	assert_non_null(frame);
	gethostname(host, sizeof(host) - 1);
	assert_int_equal(sscanf(frame, "<%d>1 %40s", &priority_found, date), 2);
	assert_int_equal(priority_found, priority);
	assert_int_equal(sscanf(date, "%d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &year, &length), 1);
	assert_int_equal(length, strlen(date));
	assert_int_equal(length, 24);
	assert_true(year >= 2024);
	frame = strchr(frame, ' ') + 1 + length + 1;
	snprintf(expected, sizeof(expected), "%s %s - - [meta sequenceId=\"", host, unit);
	assert_memory_equal(frame, expected, strlen(expected));
	frame += strlen(expected);
	assert_int_equal(sscanf(frame, "%u\" sysUpTime=\"%llu\"] %n", &sequence, &up, &length), 2);
	assert_in_range(up, world_ms() / 10 - 1000, world_ms() / 10);
	assert_string_equal(frame + length, text);
	return sequence;
}

static void test_syslog(void **state)
{
	static const char name[] = "a-name-of-more-than-forty-eight-bytes-is-cut-to-those";
	struct ring_place place = { 0 };
	struct record record;
	struct world world;
	char path[64], expected[128];
	const char *line;
	int fd;

	(void)state;
	strcpy(path, "/tmp/cruet-unit-syslog");
	unlink(path);
	begin(&world, path);
	world_unit(&world, "web", 65536)->sinks = LOG_TO_SYSLOG;
	world_unit(&world, name, 65536)->sinks = LOG_TO_SYSLOG;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	/* Nobody is there: that is told once, and the lines wait. */
	world_say(&world, 0, "early\n");
	line = world_next(&world, 2, &place, &record, 2000);
	snprintf(expected, sizeof(expected), "log: syslog %s: no such file or directory", path);
	assert_non_null(line);
	assert_string_equal(line, expected);
	assert_null(world_next(&world, 2, &place, &record, 1500));
	fd = receive_at(path);
	assert_int_equal(check_frame(receive(fd, 3000), 30, "web", "early"), 1);
	world_say(&world, 0, "<3>bad \033[0m\n");
	assert_int_equal(check_frame(receive(fd, 2000), 27, "web", "bad ?[0m"), 2);
	world_say(&world, 1, "<0>x\n");
	assert_int_equal(check_frame(receive(fd, 2000), 24,
				     "a-name-of-more-than-forty-eight-bytes-is-cut-to-", "x"),
			 3);
	/* The receiver begins anew. */
	close(fd);
	world_say(&world, 0, "one\ntwo\n");
	poll(NULL, 0, 100);
	fd = receive_at(path);
	check_frame(receive(fd, 3000), 30, "web", "one");
	check_frame(receive(fd, 3000), 30, "web", "two");
	/* One that does not read: its queue is full, and then it goes on. */
	for (int i = 0; i < 100; i++)
		world_say(&world, 0, "many\n");
	poll(NULL, 0, 200);
	for (int i = 0; i < 100; i++)
		check_frame(receive(fd, 2000), 30, "web", "many");
	assert_null(receive(fd, 100));
	/* A writer that was killed goes on where the last one was. */
	world_stop(&world, SIGKILL);
	world_start(&world);
	world_say(&world, 0, "<4>again\n");
	check_frame(receive(fd, 2000), 28, "web", "again");
	close(fd);
	unlink(path);
	finish(&world);
}

/* What a ring cannot hold until it is sent is counted. */
static void test_lost(void **state)
{
	struct world world;
	char path[] = "/tmp/cruet-unit-syslog2", line[64];
	unsigned int lost, count = 0;
	const char *frame;
	int fd;

	(void)state;
	unlink(path);
	begin(&world, path);
	world_unit(&world, "web", 4096)->sinks = LOG_TO_SYSLOG;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "number %d\n", i);
		world_say(&world, 0, line);
	}
	poll(NULL, 0, 100);
	fd = receive_at(path);
	frame = receive(fd, 3000);
	assert_non_null(frame);
	assert_non_null(strstr(frame, "<28>1 "));
	assert_int_equal(sscanf(strstr(frame, "] "), "] %u lines lost on the way here", &lost), 1);
	for (; (frame = receive(fd, count ? 300 : 2000)); count++)
		assert_int_equal(atoi(strstr(frame, "number ") + 7), lost + count);
	assert_int_equal(lost + count, 1000);
	close(fd);
	unlink(path);
	finish(&world);
}

static void lift_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void check_udp(const char *text, const struct sockaddr *address, socklen_t size)
{
	struct world world;
	const int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, address, size), 0);
	begin(&world, text);
	world_unit(&world, "web", 4096)->sinks = LOG_TO_SYSLOG;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	world_say(&world, 0, "by net\n");
	check_frame(receive(fd, 2000), 30, "web", "by net");
	close(fd);
	finish(&world);
}

static void test_udp(void **state)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
					.sin_port = htons(5140),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(5140),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct ring_place place = { 0 };
	struct record record;
	struct world world;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	lift_loopback();
	check_udp("udp:127.0.0.1:5140", (const struct sockaddr *)&v4, sizeof(v4));
	if (access("/proc/net/if_inet6", R_OK) == 0)
		check_udp("udp:[::1]:5140", (const struct sockaddr *)&v6, sizeof(v6));
	/* A name is none: there is nobody to ask. */
	begin(&world, "udp:loghost:514");
	world_unit(&world, "web", 4096)->sinks = LOG_TO_SYSLOG;
	world_map(&world, -1);
	world_pipes(&world);
	world_start(&world);
	world_say(&world, 0, "x\n");
	assert_string_equal(world_next(&world, 1, &place, &record, 2000),
			    "log: syslog udp:loghost:514: invalid argument");
	finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel), cmocka_unit_test(test_kernel_pace),
		cmocka_unit_test(test_syslog), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
