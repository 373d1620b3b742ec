/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks by rtnetlink(7), no helper program: the board's interfaces with static addresses,
 * bridges, and veth(4) pairs for units. What is there already is fine. Every function gives 0, or a
 * negative errno recorded, with the interface and the kernel's own reason. Runs in children of PID
 * 1.
 */
#ifndef INIT_NETWORK_NETWORK_H
#define INIT_NETWORK_NETWORK_H

#include <sys/types.h>

#include "init/plan.h"

/*
 * One interface of system.json: a bridge is made, with its ports; then up, MTU, addresses, routes,
 * in this order, as far as the first that fails. It must be there (or be a bridge).
 */
int network_interface(const struct plan *plan, const struct plan_interface *interface);

/*
 * Give the network namespace of process `pid` what the unit's plan says (NETWORK_NONE: loopback;
 * NETWORK_BRIDGE: also a veth pair, one end on the bridge, the other there under its name with
 * addresses and routes). The host's end is named after the unit (at most 15 bytes, unique), and
 * goes away with the namespace; one that a run before has left is replaced. The other end has the
 * same hardware address in every run. The caller enters the namespace for a moment and comes back;
 * only if that fails, which is an error, it is elsewhere. A process in our own namespace is
 * refused. For other modes there is nothing to do.
 */
int network_attach(const struct plan *plan, uint32_t unit, pid_t pid);

/* Remove the pair, if it is still there. */
int network_detach(const struct plan *plan, uint32_t unit);

#endif
