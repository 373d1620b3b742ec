/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network namespaces of units: see network.h. The namespace is entered once, to set its
 * loopback up and to open a socket that stays with it; all the rest is done from outside, through
 * that socket.
 */
#include "init/network/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "init/network/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

/*
 * The host's end of a unit's pair: the beginning of the unit's name, for people, and the checksum
 * of the whole, which tells names apart that begin alike.
 */
static void name_end(const struct plan *plan, uint32_t unit, char name[IFNAMSIZ])
{
	const char *text = network_text(plan, plan->units[unit].name);

	snprintf(name, IFNAMSIZ, "%.6s-%08x", text,
		 (unsigned int)plan_crc32(0, text, strlen(text)));
}

/*
 * The hardware address of the other end stays the same from run to run, so that the neighbours' ARP
 * tables stay right; and it is made of the bridge's, because the same unit may stand on the next
 * device in the same network.
 */
static void make_address(const struct ifreq *bridge, const char *unit, uint8_t address[ETH_ALEN])
{
	const uint8_t *host = (const uint8_t *)bridge->ifr_hwaddr.sa_data;
	const uint32_t sum = plan_crc32(plan_crc32(0, host, ETH_ALEN), unit, strlen(unit));

	address[0] = 2; /* for one station, locally administered */
	address[1] = host[ETH_ALEN - 1];
	memcpy(address + 2, &sum, sizeof(sum));
}

/* Whatever happens, the process comes back to where it was, or the result is an error. */
static int open_inside(int inside)
{
	auto_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat ours, theirs;
	auto_fd int fd = -1;
	int result;

	if (home < 0)
		return fail(errno, "open /proc/self/ns/net");
	/* Routes for a container must never become the board's. */
	if (fstat(home, &ours) < 0 || fstat(inside, &theirs) < 0 || ours.st_ino == theirs.st_ino)
		return fail_as(ERROR_STATE, 0, "its process has the network namespace of the host");
	if (setns(inside, CLONE_NEWNET) < 0)
		return fail(errno, "enter the network namespace");
	result = netlink_loopback_up();
	if (result == 0)
		result = fd = netlink_open();
	if (setns(home, CLONE_NEWNET) < 0)
		return fail(errno, "leave the network namespace");
	return result < 0 ? result : take_fd(&fd);
}

static int remove_end(int fd, const char *end)
{
	struct netlink_message message;

	network_link(&message, RTM_DELLINK, 0, end);
	return netlink_request(fd, &message, ENODEV, "remove the pair");
}

/* The pair, its other end made in the namespace at once: it is never seen outside. */
static int make_pair(int fd, const char *end, const char *name, const uint8_t *address, int inside)
{
	const struct ifinfomsg head = { .ifi_index = 0 };
	struct netlink_message message;
	size_t link, data, peer;

	network_link(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, end);
	link = network_kind(&message, "veth");
	data = netlink_nest(&message, IFLA_INFO_DATA, NULL, 0);
	peer = netlink_nest(&message, VETH_INFO_PEER, &head, sizeof(head));
	netlink_put(&message, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_put(&message, IFLA_ADDRESS, address, ETH_ALEN);
	netlink_put(&message, IFLA_NET_NS_FD, &inside, sizeof(inside));
	netlink_nested(&message, peer);
	netlink_nested(&message, data);
	netlink_nested(&message, link);
	return netlink_request(fd, &message, 0, "make the pair");
}

static int attach_bridge(int fd, const struct plan *plan, uint32_t unit, int inside, int there)
{
	const struct plan_network *network = &plan->units[unit].network;
	const char *bridge = network_text(plan, network->bridge);
	const char *name = network_text(plan, network->interface);
	const int index = network_index(fd, bridge);
	uint32_t mtu = network->mtu;
	struct ifreq request;
	uint8_t address[ETH_ALEN];
	char end[IFNAMSIZ];
	int result;

	if (index < 0)
		return fail_context(index, "bridge %s", bridge);
	if (!mtu && network_ioctl(fd, SIOCGIFMTU, bridge, &request) == 0)
		mtu = (uint32_t)request.ifr_mtu;
	result = network_ioctl(fd, SIOCGIFHWADDR, bridge, &request);
	if (result < 0)
		return fail(-result, "bridge %s: hardware address", bridge);
	make_address(&request, network_text(plan, plan->units[unit].name), address);
	name_end(plan, unit, end);
	/* One that is left over belongs to a run before, whose namespace lives on somewhere. */
	result = remove_end(fd, end);
	if (result == 0)
		result = make_pair(fd, end, name, address, inside);
	if (result == 0)
		result = network_up(fd, end, mtu, index);
	if (result == 0)
		result = network_up(there, name, mtu, 0);
	if (result == 0)
		result = network_configure(there, plan, name, network->addresses, network->routes);
	return result < 0 ? fail_context(result, "interface %s", name) : 0;
}

int network_attach(const struct plan *plan, uint32_t unit, pid_t pid)
{
	const struct plan_network *network = &plan->units[unit].network;
	const bool is_bridge = network->mode == NETWORK_BRIDGE;
	auto_fd int inside = -1, there = -1, fd = -1;
	char path[40];
	int result;

	if (!is_bridge && network->mode != NETWORK_NONE)
		return 0;
	if (is_bridge && !IS_ENABLED(CONFIG_INIT_BRIDGE))
		return fail_as(ERROR_UNSUPPORTED, 0, "network: CONFIG_INIT_BRIDGE is not set");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	inside = open(path, O_RDONLY | O_CLOEXEC);
	if (inside < 0)
		return fail(errno, "network: open %s", path);
	result = there = open_inside(inside);
	if (result >= 0 && is_bridge)
		result = fd = netlink_open();
	if (result >= 0 && is_bridge)
		result = attach_bridge(fd, plan, unit, inside, there);
	return result < 0 ? fail_context(result, "network") : 0;
}

int network_detach(const struct plan *plan, uint32_t unit)
{
	auto_fd int fd = -1;
	char end[IFNAMSIZ];

	if (!IS_ENABLED(CONFIG_INIT_BRIDGE) || plan->units[unit].network.mode != NETWORK_BRIDGE)
		return 0;
	fd = netlink_open();
	if (fd < 0)
		return fd;
	name_end(plan, unit, end);
	return remove_end(fd, end);
}
