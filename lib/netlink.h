/* SPDX-License-Identifier: Apache-2.0 */
/* The little rtnetlink(7) that containers and boards need. Records errors. */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* Set the loopback interface of the calling process's network namespace up. */
int netlink_loopback_up(void);

/* A request, built from its beginning to its end. All of ours fit; one that did not is refused. */
struct netlink_message {
	struct nlmsghdr header;
	char body[496];
};

/*
 * `type` is RTM_NEWLINK and the like, `flags` go beside NLM_F_REQUEST and NLM_F_ACK; `head` is the
 * structure that the type wants first, much smaller than the message.
 */
void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *head,
		   size_t size);
void netlink_put(struct netlink_message *message, uint16_t type, const void *data, size_t size);
/*
 * An attribute that holds, after the structure `head` if its type wants one, others: all that is
 * put until netlink_nested() gets the result.
 */
size_t netlink_nest(struct netlink_message *message, uint16_t type, const void *head, size_t size);
void netlink_nested(struct netlink_message *message, size_t nest);

/*
 * A socket of the calling process's network namespace, which it keeps: also when the process goes
 * into another one, requests on it, and the ioctl(2)s of netdevice(7), are about this one.
 * Descriptor or a negative errno recorded.
 */
int netlink_open(void);

/*
 * Send the request and wait for the kernel's answer. 0, or a negative errno recorded: "ABOUT" and
 * the reason in the kernel's words, where it has some (>= 4.12). `fine`: an errno that is success,
 * or 0.
 */
int netlink_request(int fd, struct netlink_message *message, int fine, const char *about);

#endif
