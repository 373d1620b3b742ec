/* SPDX-License-Identifier: Apache-2.0 */
/* The little rtnetlink that a container needs. Records errors. */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

/* Set the loopback interface of the calling process's network namespace up. */
int netlink_loopback_up(void);

#endif
