/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <linux/rtnetlink.h>
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

/* ---- messages ---- */

static void test_message(void **state)
{
	const struct ifinfomsg head = { .ifi_index = 7 };
	struct netlink_message message;
	const struct nlattr *attribute;
	size_t outer, inner;

	(void)state;
	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE, &head, sizeof(head));
	assert_int_equal(message.header.nlmsg_len, NLMSG_LENGTH(sizeof(head)));
	assert_int_equal(message.header.nlmsg_type, RTM_NEWLINK);
	assert_int_equal(message.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
	assert_memory_equal(message.body, &head, sizeof(head));
	netlink_put(&message, IFLA_IFNAME, "a", 2);
	outer = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
	inner = netlink_nest(&message, 1, &head, sizeof(head));
	netlink_put(&message, 2, "abc", 3);
	netlink_nested(&message, inner);
	netlink_nested(&message, outer);

	attribute = (const void *)(message.body + sizeof(head));
	assert_int_equal(attribute->nla_type, IFLA_IFNAME);
	assert_int_equal(attribute->nla_len, 6);
	assert_memory_equal(attribute + 1, "a\0\0\0", 4); /* padded with zeros */
	attribute += 2;
	assert_int_equal(attribute->nla_type, IFLA_LINKINFO);
	assert_int_equal(attribute->nla_len, 4 + 4 + sizeof(head) + 4 + 3);
	attribute++;
	assert_int_equal(attribute->nla_len, 4 + sizeof(head) + 4 + 3);
	assert_memory_equal(attribute + 1, &head, sizeof(head));
	attribute = (const void *)((const char *)(attribute + 1) + sizeof(head));
	assert_int_equal(attribute->nla_len, 7);
	assert_int_equal(message.header.nlmsg_len,
			 (const char *)attribute + 7 - (const char *)&message);
}

/* One that is too large is never sent, and nothing is written behind it. */
static void test_too_large(void **state)
{
	struct {
		struct netlink_message message;
		char guard[64];
	} room = { .guard = "untouched" };
	const char data[100] = "x";
	size_t nest;

	(void)state;
	netlink_begin(&room.message, RTM_NEWLINK, 0, data, 32);
	nest = netlink_nest(&room.message, 1, NULL, 0);
	for (int i = 0; i < 50; i++) {
		netlink_put(&room.message, 2, data, (size_t)i * 2);
		netlink_nested(&room.message, nest);
	}
	assert_string_equal(room.guard, "untouched");
	assert_int_equal(netlink_request(-1, &room.message, 0, "something"), -EMSGSIZE);
	assert_string_equal(error_last()->text, "something");
}

/* ---- answers: from a socket that says what it likes ---- */

struct answer {
	struct nlmsghdr header;
	struct nlmsgerr error;
	char rest[256];
};

static int ask(const struct answer *answer, size_t size, int fine)
{
	struct netlink_message message;
	int sockets[2], result;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	assert_int_equal(send(sockets[1], answer, size, 0), size);
	netlink_begin(&message, RTM_NEWLINK, 0, "1234", 4);
	result = netlink_request(sockets[0], &message, fine, "make it");
	close(sockets[0]);
	close(sockets[1]);
	return result;
}

static struct answer make_answer(int no, uint16_t flags, size_t padding, const char *reason)
{
	const size_t length = reason ? strlen(reason) + 1 : 0;
	struct answer answer = {
		.header = { .nlmsg_type = NLMSG_ERROR, .nlmsg_flags = flags },
		.error = { .error = -no, .msg.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + padding) },
	};
	struct nlattr attribute = { .nla_type = NLMSGERR_ATTR_MSG,
				    .nla_len = (uint16_t)(sizeof(attribute) + length) };

	memcpy(answer.rest + padding, &attribute, sizeof(attribute));
	memcpy(answer.rest + padding + sizeof(attribute), reason ? reason : "", length);
	return answer;
}

static void test_answer(void **state)
{
	const uint16_t reasons = NLM_F_ACK_TLVS;
	struct answer answer = make_answer(0, 0, 0, NULL);

	(void)state;
	assert_int_equal(ask(&answer, sizeof(answer), 0), 0);
	assert_int_equal(ask(&answer, NLMSG_LENGTH(sizeof(answer.error)), 0), 0);
	answer = make_answer(EEXIST, 0, 0, NULL);
	assert_int_equal(ask(&answer, sizeof(answer), EEXIST), 0);
	assert_int_equal(ask(&answer, sizeof(answer), ENODEV), -EEXIST);
	assert_string_equal(error_last()->text, "make it");
	answer = make_answer(EINVAL, reasons | NLM_F_CAPPED, 0, "too blue");
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
	assert_string_equal(error_last()->text, "make it: too blue");
	/* Our request stands between, as it does on older kernels. */
	answer = make_answer(EPERM, reasons, 24, "not you");
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EPERM);
	assert_string_equal(error_last()->text, "make it: not you");

	/* Too short, of another kind, nothing at all. */
	assert_int_equal(ask(&answer, NLMSG_LENGTH(sizeof(answer.error)) - 1, 0), -EPROTO);
	assert_int_equal(ask(&answer, 3, 0), -EPROTO);
	answer.header.nlmsg_type = RTM_NEWLINK;
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EPROTO);
}

/* Lengths that lie: an error without a reason. */
static void test_bad_reasons(void **state)
{
	static const char text[] = "make it";
	struct answer answer;
	struct nlattr *attribute = (void *)answer.rest;

	(void)state;
	answer = make_answer(EINVAL, NLM_F_ACK_TLVS | NLM_F_CAPPED, 0, "reason");
	for (uint16_t length = 0; length < 11; length++) {
		attribute->nla_len = length;
		assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
		assert_string_equal(error_last()->text, text);
	}
	attribute->nla_len = UINT16_MAX;
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
	assert_string_equal(error_last()->text, text);
	/* The whole of the packet, and cut off in the middle. */
	attribute->nla_len = 11;
	for (size_t size = 0; size < 11; size++) {
		const size_t all = NLMSG_LENGTH(sizeof(answer.error)) + size;

		assert_int_equal(ask(&answer, all, 0), -EINVAL);
		assert_string_equal(error_last()->text, text);
	}
	answer.header.nlmsg_flags = NLM_F_ACK_TLVS;
	answer.error.msg.nlmsg_len = UINT32_MAX;
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
	assert_string_equal(error_last()->text, text);
	answer.error.msg.nlmsg_len = 0;
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
	/* Other attributes come first. */
	answer = make_answer(EINVAL, NLM_F_ACK_TLVS | NLM_F_CAPPED, 8, "late");
	*attribute = (struct nlattr){ .nla_type = NLMSGERR_ATTR_OFFS, .nla_len = 8 };
	assert_int_equal(ask(&answer, sizeof(answer), 0), -EINVAL);
	assert_string_equal(error_last()->text, "make it: late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback),    cmocka_unit_test(test_message),
		cmocka_unit_test(test_too_large),   cmocka_unit_test(test_answer),
		cmocka_unit_test(test_bad_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
