/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks by rtnetlink, no helper program: the board's interfaces with static addresses, bridges,
 * and veth pairs for containers. All is idempotent: what is there already is fine. Errors name the
 * interface and are recorded. Runs in children of PID 1.
 */
#ifndef INIT_NETWORK_NETWORK_H
#define INIT_NETWORK_NETWORK_H

#include <sys/types.h>

#include "init/plan.h"

/* One interface or bridge of system.json: made, set up, with addresses, routes and ports. */
int network_interface(const struct plan *plan, const struct plan_interface *interface);

/*
 * Give the network namespace of process `pid` what the unit's plan says (NETWORK_NONE: loopback;
 * NETWORK_BRIDGE: a veth pair, one end on the bridge, the other there under its name with addresses
 * and routes). The host's end is named after the unit (at most 15 bytes, unique), and goes away
 * with the namespace.
 */
int network_attach(const struct plan *plan, uint32_t unit, pid_t pid);
/* Remove the host's end if it is still there. */
int network_detach(const struct plan *plan, uint32_t unit);

#endif
