/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces: see netlink.h. */
#include "lib/netlink.h"

#include <errno.h>
#include <net/if.h>
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
