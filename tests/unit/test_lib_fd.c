/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

/* link: -Wl,--wrap=syscall */
static int close_range_errno;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long argument[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_close_range && close_range_errno) {
		errno = close_range_errno;
		return -1;
	}
	return __real_syscall(number, argument[0], argument[1], argument[2], argument[3],
			      argument[4], argument[5]);
}

static void test_cleanup(void **state)
{
	int kept, number;

	(void)state;
	{
		auto_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		auto_fd int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		auto_free char *text = strdup("x");

		assert_true(fd >= 0 && other >= 0 && text);
		number = fd;
		kept = take_fd(&other);
		assert_int_equal(other, -1);
		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fcntl(number, F_GETFD), -1);
	assert_true(fcntl(kept, F_GETFD) >= 0);
	close_fd(&kept);
	assert_int_equal(kept, -1);
}

static void test_whole(void **state)
{
	char text[300000], back[300000];
	int ends[2];
	pid_t writer;

	(void)state;
	memset(text, 'w', sizeof(text));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	writer = fork();
	if (writer == 0)
		_exit(fd_write_all(ends[1], text, sizeof(text)) < 0);
	assert_int_equal(fd_read_all(ends[0], back, sizeof(back)), 0);
	assert_memory_equal(text, back, sizeof(text));
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	/* The end comes early. */
	assert_int_equal(fd_write_all(ends[1], "ab", 2), 0);
	close(ends[1]);
	assert_int_equal(fd_read_all(ends[0], back, 3), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[0]);
	assert_int_equal(fd_read_all(-1, back, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fd_write_all(-1, back, 1), -1);
	assert_int_equal(errno, EBADF);
}

static void test_pass(void **state)
{
	int ends[2], fd, before = count_open();
	char data[16];
	struct stat sent, received;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(fd_send(ends[0], fd, "hello", 5), 0);
	close(fd);
	assert_int_equal(fd_receive(ends[1], &fd, data, sizeof(data)), 5);
	assert_memory_equal(data, "hello", 5);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &received), 0);
	assert_int_equal(sent.st_rdev, received.st_rdev);
	close(fd);
	/* Without one. */
	assert_int_equal(fd_send(ends[0], -1, "x", 1), 0);
	assert_int_equal(fd_receive(ends[1], &fd, data, sizeof(data)), 1);
	assert_int_equal(fd, -1);
	/* More data than asked for. */
	assert_int_equal(fd_send(ends[0], STDIN_FILENO, "0123456789abcdefX", 17), 0);
	assert_int_equal(fd_receive(ends[1], &fd, data, sizeof(data)), -EMSGSIZE);
	assert_int_equal(fd, -1);
	/* The end, and nobody to send to. */
	close(ends[0]);
	assert_int_equal(fd_receive(ends[1], &fd, data, sizeof(data)), 0);
	assert_int_equal(fd_send(ends[1], -1, "x", 1), -EPIPE);
	assert_int_equal(error_last()->no, EPIPE);
	close(ends[1]);
	assert_int_equal(count_open(), before);
}

/* However many come, none is left open. */
static void test_too_many(void **state)
{
	int before = count_open();

	(void)state;
	for (int count = 2; count <= 30; count += 7) {
		union {
			struct cmsghdr header;
			char room[CMSG_SPACE(30 * sizeof(int))];
		} control = { 0 };
		struct iovec part = { .iov_base = "x", .iov_len = 1 };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
		int ends[2], fd;
		char data;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		for (int i = 0; i < count; i++)
			memcpy(CMSG_DATA(&control.header) + (size_t)i * sizeof(int), &ends[0],
			       sizeof(int));
		assert_int_equal(sendmsg(ends[0], &message, 0), 1);
		assert_int_equal(fd_receive(ends[1], &fd, &data, 1), -EMSGSIZE);
		assert_int_equal(fd, -1);
		close(ends[0]);
		close(ends[1]);
	}
	assert_int_equal(count_open(), before);
}

static void check_cloexec(int proc)
{
	int low = fcntl(STDERR_FILENO, F_DUPFD, 20);
	int at = fcntl(STDERR_FILENO, F_DUPFD, 30);
	int high[150];

	for (int i = 0; i < 150; i++)
		high[i] = fcntl(STDERR_FILENO, F_DUPFD, 60);
	assert_true(low == 20 && at == 30);
	assert_int_equal(fd_cloexec_from(30, proc), 0);
	assert_int_equal(fcntl(low, F_GETFD), 0);
	assert_int_equal(fcntl(at, F_GETFD), FD_CLOEXEC);
	for (int i = 0; i < 150; i++) {
		assert_int_equal(fcntl(high[i], F_GETFD), FD_CLOEXEC);
		close(high[i]);
	}
	close(low);
	close(at);
}

static void test_cloexec(void **state)
{
	int before = count_open(), proc = path_open_proc();

	(void)state;
	assert_true(proc >= 0);
	close_range_errno = 0;
	check_cloexec(-1);
	/* 5.9 and 5.10 do not know the flag, older ones not the call. */
	close_range_errno = EINVAL;
	check_cloexec(-1);
	close_range_errno = ENOSYS;
	check_cloexec(proc);
	/* Neither the call nor a /proc: every number that a descriptor may have. */
	close(proc);
	proc = open("/", O_PATH | O_CLOEXEC);
	check_cloexec(proc);
	close_range_errno = 0;
	close(proc);
	assert_int_equal(count_open(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cleanup), cmocka_unit_test(test_whole),
		cmocka_unit_test(test_pass),	cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_cloexec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
