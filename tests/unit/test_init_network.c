/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bridges, pairs, addresses and routes in real network namespaces: a "host", and units in
 * namespaces of their own, which talk to each other through them.
 */
#include "tests/unit/process_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "init/network/internal.h"
#include "init/network/network.h"
#include "lib/netlink.h"
#include "tests/unit/plan_block.h"

/* link: -Wl,--wrap=setsockopt */
static bool old_kernel; /* without the reasons of netlink, and with the request in its answers */

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (old_kernel && level == SOL_NETLINK) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return __real_setsockopt(fd, level, name, value, size);
}

static struct plan_block block;

/* ---- parts of a test ---- */

static void become_host(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		_exit(CHILD_SKIPS);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(netlink_loopback_up() == 0);
	block_begin(&block);
}

/* A process in a network namespace of its own; `user`: that is owned by a user namespace. */
static pid_t start_unit(bool user)
{
	int ready[2];
	char byte;
	pid_t pid;

	check(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET | (user ? CLONE_NEWUSER : 0)) < 0)
			_exit(1);
		check(write(ready[1], "", 1) == 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(CHILD_SKIPS);
	close(ready[0]);
	return pid;
}

static void end_unit(pid_t pid)
{
	kill(pid, SIGKILL);
	check(waitpid(pid, NULL, 0) == pid);
}

static void add_unit(uint32_t index, const char *name, const char *address, const char *gateway)
{
	const uint32_t route[2] = { block_text(&block, "default"), block_text(&block, gateway) };
	struct plan_unit *unit = &block.units[index];

	unit->name = block_text(&block, name);
	unit->network = (struct plan_network){ .mode = NETWORK_BRIDGE,
					       .bridge = block_text(&block, "br0"),
					       .interface = block_text(&block, "eth0"),
					       .addresses = block_texts(&block, address, NULL),
					       .routes = block_list(&block, route, 2, 1) };
	block.plan.unit_count = index + 1;
}

static struct plan_interface bridge(uint32_t mtu)
{
	return (struct plan_interface){
		.name = block_text(&block, "br0"),
		.is_bridge = 1,
		.mtu = mtu,
		.addresses = block_texts(&block, "10.1.2.1/24", "fd00::1/64", NULL),
	};
}

static void get_interface(int fd, unsigned long what, const char *name, struct ifreq *request)
{
	memset(request, 0, sizeof(*request));
	strcpy(request->ifr_name, name);
	check(ioctl(fd, what, request) == 0);
}

/* Run in the namespace of `pid`, in a process of its own; its exit status. */
static int inside(pid_t pid, int (*what)(const char *), const char *argument)
{
	const pid_t child = fork();
	char path[40];
	int status;

	if (child == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
		check(setns(open(path, O_RDONLY), CLONE_NEWNET) == 0);
		_exit(what(argument));
	}
	check(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ADDRESS: is somebody there? A refusal is an answer; silence is none. */
static int reach(const char *address)
{
	const bool is_6 = strchr(address, ':') != NULL;
	struct sockaddr_in to_4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 to_6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	const struct timeval patience = { .tv_sec = 2 };
	const int fd = socket(is_6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (is_6)
		inet_pton(AF_INET6, address, &to_6.sin6_addr);
	else
		inet_pton(AF_INET, address, &to_4.sin_addr);
	connect(fd, is_6 ? (struct sockaddr *)&to_6 : (struct sockaddr *)&to_4,
		is_6 ? sizeof(to_6) : sizeof(to_4));
	return errno == ECONNREFUSED ? 0 : errno == ENETUNREACH ? 2 : 1;
}

static int mtu_of(const char *name)
{
	struct ifreq request;

	get_interface(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFMTU, name, &request);
	return request.ifr_mtu / 10;
}

/* Writes the address into a file, for the parent: the exit status is too small for it. */
static int write_address(const char *path)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct ifreq request;

	get_interface(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFHWADDR, "eth0", &request);
	return write(file, request.ifr_hwaddr.sa_data, 6) == 6 ? 0 : 1;
}

static void read_address(pid_t pid, uint8_t *address)
{
	char path[] = "/tmp/cruet-unit-XXXXXX";
	const int file = mkstemp(path);

	check(file >= 0 && inside(pid, write_address, path) == 0);
	check(read(file, address, 6) == 6);
	close(file);
	unlink(path);
}

/* The host's ends of pairs that are there. */
static int count_ends(void)
{
	struct if_nameindex *all = if_nameindex();
	int count = 0;

	for (const struct if_nameindex *one = all; one->if_index; one++)
		count += strchr(one->if_name, '-') != NULL;
	if_freenameindex(all);
	return count;
}

/* ---- the tests ---- */

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		enum network_form form;
		int family, length; /* 0: refused */
	} all[] = {
		{ "10.1.2.3/24", NETWORK_ADDRESS, AF_INET, 24 },
		{ "10.1.2.3/32", NETWORK_ADDRESS, AF_INET, 32 },
		{ "fd00::2/64", NETWORK_ADDRESS, AF_INET6, 64 },
		{ "1111:2222:3333:4444:5555:6666:123.123.123.123/128", NETWORK_ADDRESS, AF_INET6,
		  128 },
		{ "10.0.0.0/8", NETWORK_DESTINATION, AF_INET, 8 },
		{ "0.0.0.0/0", NETWORK_DESTINATION, AF_INET, 0 },
		{ "10.1.2.3", NETWORK_DESTINATION, AF_INET, 32 },
		{ "fe80::1", NETWORK_GATEWAY, AF_INET6, 128 },
		{ "10.1.2.1", NETWORK_GATEWAY, AF_INET, 32 },
		{ "10.1.2.3", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.1/24", NETWORK_GATEWAY, 0, 0 },
		{ "10.1.2.3/33", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/-1", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/ 24", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/24 ", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/0x18", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/4294967320", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.3/24/24", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2/24", NETWORK_ADDRESS, 0, 0 },
		{ "10.1.2.256/24", NETWORK_ADDRESS, 0, 0 },
		{ " 10.1.2.3/24", NETWORK_ADDRESS, 0, 0 },
		{ "fd00::2/129", NETWORK_ADDRESS, 0, 0 },
		{ "fd00::2::1/64", NETWORK_ADDRESS, 0, 0 },
		{ "fe80::1%eth0/64", NETWORK_ADDRESS, 0, 0 },
		{ "/24", NETWORK_ADDRESS, 0, 0 },
		{ "", NETWORK_GATEWAY, 0, 0 },
		{ "default", NETWORK_DESTINATION, 0, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222/64", NETWORK_ADDRESS, 0,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct network_prefix prefix;
		const int result = network_parse(all[i].text, all[i].form, &prefix);

		if (!all[i].family) {
			assert_int_equal(result, -EINVAL);
			assert_non_null(strstr(error_last()->text, all[i].text));
			continue;
		}
		assert_int_equal(result, 0);
		assert_int_equal(prefix.family, all[i].family);
		assert_int_equal(prefix.length, all[i].length);
		assert_int_equal(prefix.size, all[i].family == AF_INET ? 4 : 16);
	}
}

/* Two units and the host reach each other, by both protocols, and what lies behind the gateway. */
static void talk(void)
{
	struct plan_interface interface, lo;
	char before[64] = "", after[64] = "";
	pid_t one, two;

	become_host();
	one = start_unit(false);
	two = start_unit(false);
	interface = bridge(1400);
	lo = (struct plan_interface){ .name = block_text(&block, "lo"),
				      .addresses = block_texts(&block, "192.0.2.1/32", NULL) };
	add_unit(0, "gateway", "10.1.2.3/24", "10.1.2.1");
	add_unit(1, "gateway-with-a-very-long-name", "10.1.2.4/24", "10.1.2.1");
	block.units[1].network.addresses = block_texts(&block, "10.1.2.4/24", "fd00::4/64", NULL);
	block.units[1].network.mtu = 1300;
	check(network_interface(&block.plan, &interface) == 0);
	check(network_interface(&block.plan, &lo) == 0);

	check(readlink("/proc/self/ns/net", before, sizeof(before) - 1) > 0);
	check(network_attach(&block.plan, 0, one) == 0);
	check(network_attach(&block.plan, 1, two) == 0);
	check(readlink("/proc/self/ns/net", after, sizeof(after) - 1) > 0);
	check(strcmp(before, after) == 0);
	check(count_ends() == 2);

	check(reach("10.1.2.3") == 0 && reach("10.1.2.4") == 0 && reach("fd00::4") == 0);
	check(inside(one, reach, "10.1.2.1") == 0);
	check(inside(one, reach, "10.1.2.4") == 0);
	check(inside(two, reach, "fd00::1") == 0);
	check(inside(two, reach, "127.0.0.1") == 0);
	check(inside(two, reach, "192.0.2.1") == 0); /* by the default route */
	check(inside(two, mtu_of, "eth0") == 130);
	check(inside(one, mtu_of, "eth0") == 140); /* the bridge's */

	/* All of it once more: the same. */
	check(network_interface(&block.plan, &interface) == 0);
	check(inside(one, reach, "10.1.2.4") == 0);

	/* Of two, the one that goes takes nothing from the other. */
	check(network_detach(&block.plan, 0) == 0);
	check(network_detach(&block.plan, 0) == 0);
	check(count_ends() == 1);
	check(inside(one, reach, "10.1.2.4") == 2);
	check(inside(two, reach, "10.1.2.1") == 0);
	check(network_attach(&block.plan, 0, one) == 0);
	check(inside(one, reach, "10.1.2.4") == 0);
	end_unit(one);
	end_unit(two);
	/* The kernel takes its time. */
	for (int i = 0; i < 1000 && count_ends() > 0; i++)
		poll(NULL, 0, 10);
	check(count_ends() == 0);
}

static void test_talk(void **state)
{
	(void)state;
	in_child(talk);
}

/* What a run before has left behind is replaced: its namespace may live on somewhere. */
static void replace(void)
{
	struct plan_interface interface;
	uint8_t addresses[4][6];
	pid_t old, new;

	become_host();
	interface = bridge(0);
	add_unit(0, "web", "10.1.2.3/24", "10.1.2.1");
	check(network_interface(&block.plan, &interface) == 0);
	old = start_unit(false);
	new = start_unit(false);
	check(network_attach(&block.plan, 0, old) == 0);
	read_address(old, addresses[0]);
	check(inside(old, reach, "10.1.2.1") == 0);
	check(network_attach(&block.plan, 0, new) == 0);
	check(count_ends() == 1);
	/* It has the same hardware address: what others know of it stays true. */
	read_address(new, addresses[1]);
	check(memcmp(addresses[0], addresses[1], 6) == 0);
	check((addresses[0][0] & 3) == 2);
	check(reach("10.1.2.3") == 0);
	check(inside(new, reach, "10.1.2.1") == 0);
	check(inside(old, reach, "10.1.2.1") == 2);
	/* Another unit, or another board: another address. */
	add_unit(1, "wed", "10.1.2.4/24", "10.1.2.1");
	check(network_attach(&block.plan, 1, old) == 0);
	read_address(old, addresses[2]);
	check(memcmp(addresses[0], addresses[2], 6) != 0);
	become_host();
	interface = bridge(0);
	add_unit(0, "web", "10.1.2.3/24", "10.1.2.1");
	check(network_interface(&block.plan, &interface) == 0);
	end_unit(old);
	old = start_unit(false);
	check(network_attach(&block.plan, 0, old) == 0);
	read_address(old, addresses[3]);
	check(memcmp(addresses[0], addresses[3], 6) != 0);
	end_unit(old);
	end_unit(new);
}

static void test_replace(void **state)
{
	(void)state;
	in_child(replace);
}

static void own_user(void)
{
	struct plan_interface interface;
	pid_t unit;

	become_host();
	unit = start_unit(true);
	interface = bridge(0);
	add_unit(0, "web", "10.1.2.3/24", "10.1.2.1");
	check(network_interface(&block.plan, &interface) == 0);
	check(network_attach(&block.plan, 0, unit) == 0);
	check(inside(unit, reach, "10.1.2.1") == 0);
	end_unit(unit);
}

static void test_user_namespace(void **state)
{
	(void)state;
	in_child(own_user);
}

/* NETWORK_NONE is loopback; the host's network is left alone. */
static void loopback_only(void)
{
	pid_t unit;

	become_host();
	unit = start_unit(false);
	check(inside(unit, reach, "127.0.0.1") == 2);
	block.units[0].network.mode = NETWORK_HOST;
	check(network_attach(&block.plan, 0, unit) == 0);
	block.units[0].network.mode = NETWORK_BUNDLE;
	check(network_attach(&block.plan, 0, unit) == 0);
	check(inside(unit, reach, "127.0.0.1") == 2);
	block.units[0].network.mode = NETWORK_NONE;
	check(network_attach(&block.plan, 0, unit) == 0);
	check(inside(unit, reach, "127.0.0.1") == 0);
	check(network_detach(&block.plan, 0) == 0);
	end_unit(unit);
	check(network_attach(&block.plan, 0, unit) == -ENOENT);
	/* Never ourselves. */
	check(network_attach(&block.plan, 0, getpid()) == -EINVAL);
}

static void test_loopback_only(void **state)
{
	(void)state;
	in_child(loopback_only);
}

/* Containers come and go; the bridge's address is what neighbours have in their tables. */
static void steady_address(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct plan_interface interface;
	struct ifreq before, after;
	pid_t units[6];
	int host_fd;

	become_host();
	host_fd = socket(AF_INET, SOCK_DGRAM, 0);
	interface = bridge(0);
	check(network_interface(&block.plan, &interface) == 0);
	get_interface(host_fd, SIOCGIFHWADDR, "br0", &before);
	for (int i = 0; i < 6; i++) {
		char name[8] = "unit-0", address[16] = "10.1.2.30/24";

		name[5] = address[8] = (char)('0' + i);
		add_unit((uint32_t)i, name, address, "10.1.2.1");
		units[i] = start_unit(false);
		check(network_attach(&block.plan, (uint32_t)i, units[i]) == 0);
		get_interface(host_fd, SIOCGIFHWADDR, "br0", &after);
		check(memcmp(&before.ifr_hwaddr, &after.ifr_hwaddr, sizeof(after.ifr_hwaddr)) == 0);
	}
	check(count_ends() == 6);
	for (int i = 0; i < 6; i++)
		end_unit(units[i]);
	close(fd);
}

static void test_steady_address(void **state)
{
	(void)state;
	in_child(steady_address);
}

/* ---- what goes wrong is named ---- */

static void expect(int result, int no, const char *text)
{
	check(result == (no ? -no : -EINVAL));
	if (strcmp(error_last()->text, text) != 0) {
		fprintf(stderr, "\"%s\", not \"%s\"\n", error_last()->text, text);
		_exit(1);
	}
	check(error_last()->no == no);
}

static void refused(void)
{
	struct plan_interface interface, port;
	uint32_t route[2];
	pid_t unit;

	become_host();
	unit = start_unit(false);
	interface = bridge(0);
	interface.addresses = block_texts(&block, "10.1.2.1/24", "10.1.2.1", NULL);
	expect(network_interface(&block.plan, &interface), 0,
	       "interface br0: 10.1.2.1: not an address with its bits, as in 10.1.2.3/24");

	/* The kernel's own words. */
	interface = bridge(0);
	route[0] = block_text(&block, "10.9.0.1/16");
	route[1] = 0;
	interface.routes = block_list(&block, route, 2, 1);
	expect(network_interface(&block.plan, &interface), EINVAL,
	       old_kernel ?
		       "interface br0: route to 10.9.0.1/16" :
		       "interface br0: route to 10.9.0.1/16: Invalid prefix for given prefix length");
	route[0] = block_text(&block, "default");
	route[1] = block_text(&block, "10.9.0.1");
	interface.routes = block_list(&block, route, 2, 1);
	expect(network_interface(&block.plan, &interface), ENETUNREACH,
	       old_kernel ?
		       "interface br0: route to default via 10.9.0.1" :
		       "interface br0: route to default via 10.9.0.1: Nexthop has invalid gateway");
	route[0] = block_text(&block, "fd01::/64");
	interface.routes = block_list(&block, route, 2, 1);
	expect(network_interface(&block.plan, &interface), 0,
	       "interface br0: route to fd01::/64 via 10.9.0.1: two address families");

	port = (struct plan_interface){ .name = block_text(&block, "eth7") };
	expect(network_interface(&block.plan, &port), ENODEV, "interface eth7: set up");
	interface = bridge(0);
	interface.ports = block_texts(&block, "eth7", NULL);
	expect(network_interface(&block.plan, &interface), ENODEV,
	       "interface br0: port eth7: set up");
	port.name = block_text(&block, "much-too-long-for-a-name");
	check(network_interface(&block.plan, &port) < 0);
	check(strncmp(error_last()->text, "interface much-too-long-for-a-name: set up", 42) == 0);

	add_unit(0, "web", "10.1.2.3/24", "10.1.2.1");
	block.units[0].network.bridge = block_text(&block, "br9");
	expect(network_attach(&block.plan, 0, unit), ENODEV,
	       "network: bridge br9: no such interface");
	/* Whatever the kernel says to that. */
	block.units[0].network.bridge = block_text(&block, "lo");
	check(network_attach(&block.plan, 0, unit) < 0);
	check(strncmp(error_last()->text, "network: interface eth0: set up", 31) == 0);
	block.units[0].network.bridge = block_text(&block, "br0");
	block.units[0].network.addresses = block_texts(&block, "10.1.2.3/24/", NULL);
	expect(network_attach(&block.plan, 0, unit), 0,
	       "network: interface eth0: 10.1.2.3/24/: not an address with its bits, as in "
	       "10.1.2.3/24");
	block.units[0].network.addresses = block_texts(&block, "10.1.2.3/24", NULL);
	block.units[0].network.interface = block_text(&block, "lo");
	check(network_attach(&block.plan, 0, unit) == -EEXIST);
	check(strncmp(error_last()->text, "network: interface lo: make the pair", 36) == 0);
	check(count_ends() == 0);
	end_unit(unit);
}

static void test_refused(void **state)
{
	(void)state;
	in_child(refused);
	old_kernel = true;
	in_child(refused);
	in_child(talk);
	old_kernel = false;
}

/* Names of units that begin alike have ends of different names, all of them valid. */
static void many_names(void)
{
	struct plan_interface interface;
	pid_t unit;

	become_host();
	interface = bridge(0);
	check(network_interface(&block.plan, &interface) == 0);
	unit = start_unit(false);
	for (uint32_t i = 0; i < 8; i++) {
		char name[64];

		memset(name, 'a', 63);
		name[63] = '\0';
		name[8 + i] = '-';
		add_unit(i, name, "10.1.2.3/24", "10.1.2.1");
		snprintf(name, sizeof(name), "eth%u", (unsigned int)i);
		block.units[i].network.interface = block_text(&block, name);
		block.units[i].network.addresses.count = 0;
		block.units[i].network.routes.count = 0;
		check(network_attach(&block.plan, i, unit) == 0);
	}
	check(count_ends() == 8);
	end_unit(unit);
}

static void test_names(void **state)
{
	(void)state;
	in_child(many_names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	      cmocka_unit_test(test_talk),
		cmocka_unit_test(test_replace),	      cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_loopback_only), cmocka_unit_test(test_steady_address),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
