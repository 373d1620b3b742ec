/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes of an interface: rtnetlink(7). */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "init/network/internal.h"
#include "lib/error.h"
#include "lib/str.h"

int network_parse(const char *text, enum network_form form, struct network_prefix *prefix)
{
	static const char *const wanted[] = { "an address with its bits, as in 10.1.2.3/24",
					      "a network", "an address" };
	const size_t length = strcspn(text, "/");
	const bool is_6 = memchr(text, ':', length) != NULL, has_bits = text[length];
	uint32_t all = is_6 ? 128 : 32, bits = all;
	char address[INET6_ADDRSTRLEN];

	*prefix = (struct network_prefix){ .family = is_6 ? AF_INET6 : AF_INET,
					   .size = (uint8_t)(all / 8) };
	if (length < sizeof(address) && form != (has_bits ? NETWORK_GATEWAY : NETWORK_ADDRESS) &&
	    (!has_bits || str_uint32(text + length + 1, &bits)) && bits <= all) {
		memcpy(address, text, length);
		address[length] = '\0';
		prefix->length = (uint8_t)bits;
		if (inet_pton(prefix->family, address, prefix->address) == 1)
			return 0;
	}
	return fail_as(ERROR_CONFIG, 0, "%s: not %s", text, wanted[form]);
}

static int add_address(int fd, int index, const char *text)
{
	struct ifaddrmsg head = { .ifa_flags = IFA_F_PERMANENT, .ifa_index = (unsigned int)index };
	struct netlink_message message;
	struct network_prefix prefix;

	if (network_parse(text, NETWORK_ADDRESS, &prefix) < 0)
		return -EINVAL;
	head.ifa_family = prefix.family;
	head.ifa_prefixlen = prefix.length;
	/* It is static: nobody else has it, and it can be used at once. */
	if (prefix.family == AF_INET6)
		head.ifa_flags |= IFA_F_NODAD;
	netlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	netlink_put(&message, IFA_LOCAL, prefix.address, prefix.size);
	netlink_put(&message, IFA_ADDRESS, prefix.address, prefix.size);
	return netlink_request(fd, &message, 0, text);
}

static int add_route(int fd, int index, const struct plan *plan, const struct plan_route *route)
{
	const char *destination = network_text(plan, route->destination);
	const char *gateway = network_text(plan, route->gateway);
	const bool is_default = str_equal(destination, "default"), has_gateway = route->gateway;
	struct network_prefix to = { .size = 0 }, via = { .family = AF_INET };
	struct rtmsg head = { .rtm_table = RT_TABLE_MAIN,
			      .rtm_protocol = RTPROT_STATIC,
			      .rtm_scope = has_gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
			      .rtm_type = RTN_UNICAST };
	struct netlink_message message;
	char about[128];

	snprintf(about, sizeof(about), "route to %s%s%s", destination, has_gateway ? " via " : "",
		 has_gateway ? gateway : "");
	if ((has_gateway && network_parse(gateway, NETWORK_GATEWAY, &via) < 0) ||
	    (!is_default && network_parse(destination, NETWORK_DESTINATION, &to) < 0))
		return fail_context(-EINVAL, "%s", about);
	if (has_gateway && !is_default && via.family != to.family)
		return fail_as(ERROR_CONFIG, 0, "%s: two address families", about);
	if (is_default)
		to.family = via.family;
	head.rtm_family = to.family;
	head.rtm_dst_len = to.length;
	netlink_begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (to.length)
		netlink_put(&message, RTA_DST, to.address, to.size);
	if (has_gateway)
		netlink_put(&message, RTA_GATEWAY, via.address, via.size);
	netlink_put(&message, RTA_OIF, &index, sizeof(index));
	return netlink_request(fd, &message, 0, about);
}

int network_configure(int fd, const struct plan *plan, const char *name, struct plan_list addresses,
		      struct plan_list routes)
{
	const struct plan_route *route = plan_at(plan, routes);
	const int index = network_index(fd, name);
	int result = index < 0 ? index : 0;

	for (uint32_t i = 0; i < addresses.count && result == 0; i++)
		result = add_address(fd, index, network_text(plan, plan_word(plan, addresses, i)));
	for (uint32_t i = 0; i < routes.count && result == 0; i++)
		result = add_route(fd, index, plan, &route[i]);
	return result;
}
