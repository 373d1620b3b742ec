/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of init/network/ share. `fd` is a netlink_open() of the namespace meant. */
#ifndef INIT_NETWORK_INTERNAL_H
#define INIT_NETWORK_INTERNAL_H

#include <net/if.h>
#include <stdint.h>

#include "init/plan.h"
#include "lib/netlink.h"

/* A text that the plan's check has seen to be there: never NULL, as plan_text() may be. */
static inline const char *network_text(const struct plan *plan, uint32_t offset)
{
	return (const char *)plan->header + offset;
}

/* "10.1.2.0/24", "fd00::2/64". */
struct network_prefix {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t length; /* bits of the network */
	uint8_t size;	/* of the address, in bytes */
	uint8_t address[16];
};

/*
 * Strictly: an address as inet_pton(3) wants it, "/", and the decimal number of bits that are the
 * network's. 0, or -EINVAL recorded.
 */
enum network_form {
	NETWORK_ADDRESS,     /* with the bits */
	NETWORK_DESTINATION, /* with or without: then it is one address */
	NETWORK_GATEWAY,     /* without */
};
int network_parse(const char *text, enum network_form form, struct network_prefix *prefix);

/* One of netdevice(7)'s requests; `request` holds the answer. 0 or -errno, nothing recorded. */
int network_ioctl(int fd, unsigned long what, const char *name, struct ifreq *request);

/* The interface's number, or a negative errno recorded. */
int network_index(int fd, const char *name);

/* Begin a request (RTM_NEWLINK ...) about the interface of that name, which is to be up. */
void network_link(struct netlink_message *message, uint16_t type, uint16_t flags, const char *name);

/* What it is to be made as: IFLA_LINKINFO with "bridge", "veth"; netlink_nested() ends it. */
size_t network_kind(struct netlink_message *message, const char *kind);

/* Set an interface up, with that MTU (0: as it is) and on that bridge (its number; 0: none). */
int network_up(int fd, const char *name, uint32_t mtu, int bridge);

/* Give an interface that is up its addresses (texts), then its routes (struct plan_route). */
int network_configure(int fd, const struct plan *plan, const char *name, struct plan_list addresses,
		      struct plan_list routes);

#endif
