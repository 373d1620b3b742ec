/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "lib/netlink.h"

enum { NO_NAMESPACE = 77 };

/* In a network namespace of its own; the child's exit status is the result. */
static int in_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return NO_NAMESPACE;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0 || (request.ifr_flags & IFF_UP))
		return 1;
	if (netlink_loopback_up() != 0)
		return 2;
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0 ||
	    (request.ifr_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK)) !=
		    (IFF_UP | IFF_RUNNING | IFF_LOOPBACK))
		return 3;
	/* A second time changes nothing. */
	if (netlink_loopback_up() != 0)
		return 4;
	close(fd);
	/* Who may not is told so. */
	if (setresuid(65534, 65534, 65534) < 0)
		return 5;
	return netlink_loopback_up() == -EPERM && error_last()->no == EPERM ? 0 : 6;
}

static void test_loopback(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(in_namespace());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NAMESPACE)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_loopback) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
