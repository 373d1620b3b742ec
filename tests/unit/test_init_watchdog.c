/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog, with drivers of all kinds in place of the kernel's. */
#include "tests/unit/test_lib.h"

#include <linux/watchdog.h>
#include <sys/ioctl.h>

#include "init/board/watchdog.h"
#include "lib/error.h"

/* link: -Wl,--wrap=ioctl -Wl,--wrap=open64 -Wl,--wrap=write -Wl,--wrap=close */

/* ---- the driver ---- */

enum { DEVICE = 200 }; /* its descriptor, as far as watchdog.c knows */

static struct driver {
	int open_error, keepalive_error, support_error, set_error, get_error, pre_error;
	int timeout, pretimeout, boot_status; /* seconds */
	int round;			      /* timeouts are multiples of this */
	bool breaks;			      /* does not feed at all */
	/* what happened */
	int opens, pings, writes, closes;
	char written;
} driver;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/watchdog") != 0 && strcmp(path, "/dev/watchdog1") != 0)
		return __real_open64(path, flags);
	assert_true(flags & O_CLOEXEC);
	if (driver.open_error) {
		errno = driver.open_error;
		return -1;
	}
	driver.opens++;
	return DEVICE;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (fd != DEVICE)
		return __real_close(fd);
	driver.closes++;
	return 0;
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (fd != DEVICE)
		return __real_write(fd, data, size);
	assert_int_equal(size, 1);
	driver.writes++;
	driver.written = *(const char *)data;
	errno = EIO;
	return driver.breaks ? -1 : 1;
}

static int answer(int error, int *to, int value)
{
	if (error) {
		errno = error;
		return -1;
	}
	*to = value;
	return 0;
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	int *value, unused = 0;
	va_list list;

	va_start(list, request);
	value = va_arg(list, int *);
	va_end(list);
	if (fd != DEVICE)
		return __real_ioctl(fd, request, value);
	switch (request) {
	case WDIOC_KEEPALIVE:
		driver.pings += !driver.keepalive_error;
		return answer(driver.keepalive_error, &unused, 0);
	case WDIOC_GETSUPPORT:
		return answer(driver.support_error, &unused, 0);
	case WDIOC_GETBOOTSTATUS:
		return answer(0, value, driver.boot_status);
	case WDIOC_SETTIMEOUT:
		if (!driver.set_error) {
			driver.timeout = *value;
			if (driver.round)
				driver.timeout =
					(*value + driver.round - 1) / driver.round * driver.round;
		}
		return answer(driver.set_error, value, driver.timeout);
	case WDIOC_GETTIMEOUT:
		return answer(driver.get_error, value, driver.timeout);
	case WDIOC_SETPRETIMEOUT:
		if (*value >= driver.timeout)
			return answer(EINVAL, value, 0);
		if (!driver.pre_error)
			driver.pretimeout = *value;
		return answer(driver.pre_error, value, driver.pretimeout);
	case WDIOC_GETPRETIMEOUT:
		return answer(driver.pre_error, value, driver.pretimeout);
	default:
		fail_msg("ioctl %lx", request);
		return -1;
	}
}

static int set_up(void **state)
{
	(void)state;
	driver = (struct driver){ .timeout = 60 };
	error_clear();
	return 0;
}

/* Whatever happened: never stopped. */
static int tear_down(void **state)
{
	(void)state;
	return driver.written == 'V';
}

static struct watchdog open_it(void)
{
	struct watchdog watchdog = { .fd = 77 };

	assert_int_equal(watchdog_open(&watchdog, NULL), 0);
	assert_int_equal(watchdog.fd, DEVICE);
	assert_int_equal(driver.pings + driver.writes, 1);
	return watchdog;
}

/* ---- tests ---- */

static void test_feed(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.boot_status = WDIOF_CARDRESET;
	watchdog = open_it();
	assert_int_equal(watchdog.timeout_ms, 60000);
	assert_int_equal(watchdog.every_ms, 5000);
	assert_int_equal(watchdog.boot_status, WDIOF_CARDRESET);
	assert_true(watchdog.feed_at > 5000 && watchdog.feed_at != UINT64_MAX);
	assert_int_equal(watchdog_set(&watchdog, 9, 4), 0);
	assert_int_equal(driver.timeout, 9);
	assert_int_equal(driver.pretimeout, 4);
	assert_int_equal(watchdog.timeout_ms, 9000);
	assert_int_equal(watchdog.every_ms, 3000);
	assert_int_equal(watchdog.pretimeout_s, 4);
	assert_true(watchdog.feed_at == 0); /* shorter than before: at once */
	watchdog_feed(&watchdog, 100000);
	assert_true(watchdog.feed_at == 103000);
	assert_int_equal(driver.pings, 2);
	assert_int_equal(driver.writes, 0);
	assert_int_equal(driver.closes, 0);
	/* Nothing asked for, nothing changed. */
	assert_int_equal(watchdog_set(&watchdog, 0, 0), 0);
	assert_int_equal(driver.timeout, 9);
	assert_int_equal(driver.pretimeout, 4);
}

static void test_none(void **state)
{
	const int none[] = { ENOENT, ENODEV, ENXIO };
	struct watchdog watchdog = { .fd = 77 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		driver.open_error = none[i];
		assert_int_equal(watchdog_open(&watchdog, "/dev/watchdog1"), -ENOENT);
		assert_int_equal(watchdog.fd, -1);
		assert_int_equal(error_last()->code, ERROR_NONE);
	}
	driver.open_error = EBUSY;
	assert_int_equal(watchdog_open(&watchdog, NULL), -EBUSY);
	assert_int_equal(watchdog.fd, -1);
	assert_string_equal(error_last()->text, "open watchdog /dev/watchdog");
}

/* One that knows one timeout only. */
static void test_fixed(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.timeout = 16;
	driver.set_error = EOPNOTSUPP;
	watchdog = open_it();
	assert_int_equal(watchdog_set(&watchdog, 30, 0), -EOPNOTSUPP);
	assert_string_equal(error_last()->text, "watchdog: its timeout stays 16 s instead of 30 s");
	assert_int_equal(watchdog.timeout_ms, 16000);
	assert_int_equal(watchdog.every_ms, 5000);
	/* That very one was asked for. */
	assert_int_equal(watchdog_set(&watchdog, 16, 0), 0);
	/* Out of its range: the same. */
	driver.set_error = EINVAL;
	driver.timeout = 1;
	assert_int_equal(watchdog_set(&watchdog, 3600, 0), -EINVAL);
	assert_int_equal(watchdog.timeout_ms, 1000);
	assert_int_equal(watchdog.every_ms, 333);
	assert_int_equal(driver.closes, 0);
}

/* One that counts in steps, as many do: what it says is what counts. */
static void test_rounding(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.round = 8;
	watchdog = open_it();
	assert_int_equal(watchdog_set(&watchdog, 9, 0), 0);
	assert_int_equal(watchdog.timeout_ms, 16000);
	/* Nobody can ask it: what it took is what it wrote back. */
	driver.get_error = EOPNOTSUPP;
	assert_int_equal(watchdog_set(&watchdog, 3, 0), 0);
	assert_int_equal(watchdog.timeout_ms, 8000);
}

/* One that says nothing: often. */
static void test_silent(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.get_error = driver.set_error = ENOTTY;
	watchdog = open_it();
	assert_int_equal(watchdog.timeout_ms, 0);
	assert_int_equal(watchdog.every_ms, 1000);
	assert_int_equal(watchdog_set(&watchdog, 30, 5), -ENOTTY);
	assert_int_equal(watchdog.every_ms, 1000);
	driver.get_error = 0;
	driver.timeout = 0; /* "not known", by the API */
	watchdog = (struct watchdog){ .fd = DEVICE };
	assert_int_equal(watchdog_take(&watchdog, DEVICE), 0);
	assert_int_equal(watchdog.every_ms, 1000);
	driver.timeout = INT32_MAX;
	assert_int_equal(watchdog_take(&watchdog, DEVICE), 0);
	assert_int_equal(watchdog.every_ms, 5000);
	driver.set_error = 0;
	assert_int_equal(watchdog_set(&watchdog, UINT32_MAX, 0), 0);
	assert_int_equal(watchdog.every_ms, 5000);
}

/* Fed by write(2): anything but the magic letter. */
static void test_write(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.keepalive_error = EOPNOTSUPP;
	watchdog = open_it();
	watchdog_feed(&watchdog, 1000);
	assert_true(watchdog.feed_at == 6000);
	assert_int_equal(driver.writes, 2);
	assert_int_equal(driver.written, 0);
	/* It fails: again soon. */
	driver.breaks = true;
	watchdog_feed(&watchdog, 10000);
	assert_true(watchdog.feed_at == 11000);
	assert_int_equal(driver.closes, 0);
}

static void test_no_pretimeout(void **state)
{
	struct watchdog watchdog;

	(void)state;
	driver.pre_error = EOPNOTSUPP;
	watchdog = open_it();
	assert_int_equal(watchdog_set(&watchdog, 30, 5), -EOPNOTSUPP);
	assert_string_equal(error_last()->text, "watchdog: pretimeout of 5 s");
	assert_int_equal(watchdog.timeout_ms, 30000);
	assert_int_equal(watchdog.pretimeout_s, 0);
	driver.set_error = EINVAL;
	assert_int_equal(watchdog_set(&watchdog, 20, 5), -EINVAL);
	assert_string_equal(error_last()->text,
			    "no pretimeout (operation not supported): watchdog: "
			    "its timeout stays 30 s instead of 20 s");
	/* As long as the timeout itself: refused, and both messages are true. */
	driver.pre_error = driver.set_error = 0;
	assert_int_equal(watchdog_set(&watchdog, 10, 10), -EINVAL);
	assert_int_equal(watchdog.timeout_ms, 10000);
}

/* A wrong path in the settings: the file keeps its contents. */
static void test_file(void **state)
{
	struct watchdog watchdog;
	char folder[64], path[80], content[8] = "";
	int folder_fd = make_folder(folder), fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(watchdog_open(&watchdog, path), -ENOTTY);
	assert_int_equal(watchdog.fd, -1);
	assert_non_null(strstr(error_last()->text, path));
	assert_int_equal(pread(fd, content, sizeof(content), 0), 5);
	assert_string_equal(content, "hello");
	/* A descriptor that is none, or none at all. */
	assert_int_equal(watchdog_take(&watchdog, fd), -ENOTTY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(watchdog_take(&watchdog, 250), -EBADF);
	assert_int_equal(watchdog.fd, -1);
	close(fd);
	remove_folder(folder_fd, folder);
}

/* Over an execve(2): the same descriptor, which the next program closes on exec again. */
static void test_take(void **state)
{
	struct watchdog watchdog = open_it();
	const int null = open("/dev/null", O_WRONLY);

	(void)state;
	assert_int_equal(dup2(null, DEVICE), DEVICE);
	driver.timeout = 12;
	assert_int_equal(watchdog_take(&watchdog, DEVICE), 0);
	assert_int_equal(watchdog.fd, DEVICE);
	assert_int_equal(watchdog.every_ms, 4000);
	assert_int_equal(driver.pings, 2);
	assert_int_equal(driver.opens, 1);
	assert_int_equal(fcntl(DEVICE, F_GETFD), FD_CLOEXEC);
	__real_close(DEVICE);
	close(null);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_feed),     TEST(test_none),	TEST(test_fixed),
		TEST(test_rounding), TEST(test_silent), TEST(test_write),
		TEST(test_take),     TEST(test_file),	TEST(test_no_pretimeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
