/* SPDX-License-Identifier: Apache-2.0 */
/* The board's interfaces and bridges: see network.h. */
#include "init/network/network.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>

#include "init/network/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

int network_ioctl(int fd, unsigned long what, const char *name, struct ifreq *request)
{
	if (strlen(name) >= sizeof(request->ifr_name))
		return -ENODEV;
	memcpy(request->ifr_name, name, strlen(name) + 1);
	return ioctl(fd, what, request) < 0 ? -errno : 0;
}

int network_index(int fd, const char *name)
{
	struct ifreq request;
	const int result = network_ioctl(fd, SIOCGIFINDEX, name, &request);

	return result < 0 ? fail(-result, "no such interface") : request.ifr_ifindex;
}

void network_link(struct netlink_message *message, uint16_t type, uint16_t flags, const char *name)
{
	const struct ifinfomsg head = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	netlink_begin(message, type, flags, &head, sizeof(head));
	netlink_put(message, IFLA_IFNAME, name, strlen(name) + 1);
}

size_t network_kind(struct netlink_message *message, const char *kind)
{
	const size_t nest = netlink_nest(message, IFLA_LINKINFO, NULL, 0);

	netlink_put(message, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	return nest;
}

int network_up(int fd, const char *name, uint32_t mtu, int bridge)
{
	struct netlink_message message;

	network_link(&message, RTM_NEWLINK, 0, name);
	if (mtu)
		netlink_put(&message, IFLA_MTU, &mtu, sizeof(mtu));
	if (bridge)
		netlink_put(&message, IFLA_MASTER, &bridge, sizeof(bridge));
	return netlink_request(fd, &message, 0, "set up");
}

static int make_bridge(int fd, const char *name)
{
	struct netlink_message message;

	network_link(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	netlink_nested(&message, network_kind(&message, "bridge"));
	return netlink_request(fd, &message, EEXIST, "make the bridge");
}

/*
 * Put the ports on the bridge. Its hardware address, which is one of theirs or random, is fixed
 * then: the kernel would change it with every container that comes or goes, and the others' ARP
 * tables would point nowhere for a while.
 */
static int fill_bridge(int fd, const struct plan *plan, const char *name, struct plan_list ports)
{
	const int index = network_index(fd, name);
	struct ifreq request;
	int result = index < 0 ? index : 0;

	for (uint32_t i = 0; i < ports.count && result == 0; i++) {
		const char *port = network_text(plan, plan_word(plan, ports, i));

		result = network_up(fd, port, 0, index);
		if (result < 0)
			fail_context(result, "port %s", port);
	}
	if (result < 0)
		return result;
	result = network_ioctl(fd, SIOCGIFHWADDR, name, &request);
	if (result == 0)
		result = network_ioctl(fd, SIOCSIFHWADDR, name, &request);
	return result < 0 ? fail(-result, "hardware address") : 0;
}

int network_interface(const struct plan *plan, const struct plan_interface *interface)
{
	const char *name = network_text(plan, interface->name);
	const bool is_bridge = interface->is_bridge;
	auto_fd int fd = -1;
	int result;

	if (!IS_ENABLED(CONFIG_INIT_NETWORK) || (is_bridge && !IS_ENABLED(CONFIG_INIT_BRIDGE)))
		return fail_as(ERROR_UNSUPPORTED, 0, "interface %s: CONFIG_INIT_%s is not set",
			       name, is_bridge ? "BRIDGE" : "NETWORK");
	fd = netlink_open();
	result = fd < 0 ? fd : 0;
	if (result == 0 && is_bridge)
		result = make_bridge(fd, name);
	if (result == 0)
		result = network_up(fd, name, interface->mtu, 0);
	if (result == 0 && is_bridge)
		result = fill_bridge(fd, plan, name, interface->ports);
	if (result == 0)
		result = network_configure(fd, plan, name, interface->addresses, interface->routes);
	return result < 0 ? fail_context(result, "interface %s", name) : 0;
}
