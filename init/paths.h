/* SPDX-License-Identifier: Apache-2.0 */
/* Where the supervisor keeps what lives only until the next boot, and where its settings are. */
#ifndef INIT_PATHS_H
#define INIT_PATHS_H

#define INIT_ETC "/etc/cruet"
#define INIT_UNITS INIT_ETC "/units" /* NAME.json */
#define INIT_SYSTEM INIT_ETC "/system.json"
#define INIT_PLAN INIT_ETC "/plan" /* what `cruet compile` wrote */

/*
 * A private tmpfs or folder, 0700: control (the socket), flags/NAME (0755: conditions),
 * units/NAME/ with what a unit's current run needs: bundle/ (the derived configuration), notify
 * (its datagram socket), pid, cgroup (the groups of an exec unit: cgroup_record()).
 */
#define INIT_RUN "/run/cruet-init"
#define INIT_CONTROL INIT_RUN "/control"
#define INIT_FLAGS INIT_RUN "/flags"
#define INIT_RUN_UNITS INIT_RUN "/units"
#define INIT_RUN_IMAGE \
	"image" /* below a unit's: its image's bundle, with image.json (image/store.h) */

/* Inside a container: the notify socket is bound there, and NOTIFY_SOCKET says so. */
#define INIT_NOTIFY_INSIDE "/run/cruet-notify"

#endif
