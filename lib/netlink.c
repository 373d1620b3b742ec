/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink: see netlink.h. */
#include "lib/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"

int netlink_loopback_up(void)
{
	/*
	 * Any socket of the namespace takes the request (netdevice(7)), in three system calls; a
	 * unix one is the cheapest. Flags other than IFF_UP that are not set are not IFF_LOOPBACK's
	 * matter: the kernel keeps what it decides itself.
	 */
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0)
		return fail(errno, "set the loopback interface up: socket");
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail(errno, "set the loopback interface up");
	return 0;
}

/* ---- messages ---- */

/* Room for `size` bytes at the end, aligned and zeroed; a message that is full counts its bytes
 * only, and is refused when it is sent. */
static void *grow(struct netlink_message *message, size_t size)
{
	const size_t at = NLMSG_ALIGN(message->header.nlmsg_len);

	message->header.nlmsg_len = (uint32_t)(at + size);
	return at + NLMSG_ALIGN(size) <= sizeof(*message) ? (char *)message + at : NULL;
}

void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *head,
		   size_t size)
{
	memset(message, 0, sizeof(*message));
	message->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(message->body, head, size);
}

void netlink_put(struct netlink_message *message, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attribute = grow(message, sizeof(*attribute) + size);

	if (!attribute)
		return;
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(sizeof(*attribute) + size);
	if (size)
		memcpy(attribute + 1, data, size);
}

size_t netlink_nest(struct netlink_message *message, uint16_t type, const void *head, size_t size)
{
	const size_t nest = NLMSG_ALIGN(message->header.nlmsg_len);

	netlink_put(message, type, head, size);
	return nest;
}

void netlink_nested(struct netlink_message *message, size_t nest)
{
	const size_t size = message->header.nlmsg_len - nest;

	if (message->header.nlmsg_len <= sizeof(*message))
		((struct nlattr *)((char *)message + nest))->nla_len = (uint16_t)size;
}

/* ---- the exchange ---- */

int netlink_open(void)
{
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return fail(errno, "rtnetlink socket");
	/* Answers with the reason and without our request in them: since 4.12 and 4.3. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return fd;
}

/* NLMSGERR_ATTR_MSG of an answer of `size` bytes, or NULL. */
static const char *find_reason(const struct nlmsghdr *answer, size_t size)
{
	const struct nlmsgerr *error = NLMSG_DATA(answer);
	size_t at = NLMSG_LENGTH(sizeof(*error));

	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	while (at < size && size - at > sizeof(struct nlattr)) {
		const struct nlattr *attribute = (const void *)((const char *)answer + at);
		const size_t length = attribute->nla_len;

		if (length <= sizeof(*attribute) || length > size - at)
			return NULL;
		/* The kernel ends it with NUL. */
		if (attribute->nla_type == NLMSGERR_ATTR_MSG &&
		    !((const char *)attribute)[length - 1])
			return (const char *)(attribute + 1);
		at += NLMSG_ALIGN(length);
	}
	return NULL;
}

int netlink_request(int fd, struct netlink_message *message, int fine, const char *about)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[1024];
	} answer;
	const struct nlmsgerr *error = &answer.error;
	const char *reason;
	ssize_t size;

	if (message->header.nlmsg_len > sizeof(*message))
		return fail(EMSGSIZE, "%s", about);
	if (send(fd, message, message->header.nlmsg_len, 0) < 0)
		return fail(errno, "%s: rtnetlink", about);
	do
		size = recv(fd, &answer, sizeof(answer), 0);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return fail(errno, "%s: rtnetlink", about);
	if ((size_t)size < NLMSG_LENGTH(sizeof(*error)) || answer.header.nlmsg_type != NLMSG_ERROR)
		return fail(EPROTO, "%s: rtnetlink", about);
	if (error->error == 0 || error->error == -fine)
		return 0;
	reason = find_reason(&answer.header, (size_t)size);
	return reason ? fail(-error->error, "%s: %s", about, reason) :
			fail(-error->error, "%s", about);
}
