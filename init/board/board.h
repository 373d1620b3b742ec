/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1's duties towards the machine. board_early() and the functions at the end of life run in PID
 * 1 itself; board_set_up() runs in a child, because mounting a disk or loading a module may take
 * any time. None of this is called under `cruet supervise`.
 */
#ifndef INIT_BOARD_BOARD_H
#define INIT_BOARD_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/plan.h"

/*
 * Before anything is read: proc, sys, dev (devtmpfs, or nodes by mknod), dev/pts, dev/shm, run;
 * each only if it is not mounted yet (an initramfs or a re-exec did it); stdin, stdout, stderr on
 * the console; umask, session, PATH; ctrl-alt-del delivered as SIGINT. As few system calls as can
 * be: the time from power on to the first service is paid here. What fails is said on the console;
 * 0, or a negative errno when a unit cannot be started at all (no /run).
 */
int board_early(void);

/*
 * The cgroup file systems by system.json (v2, or v1 with every controller); a missing one is a
 * warning. Afterwards, when the first units have been started: PID 1 goes into its own leaf
 * ("init").
 */
int board_cgroups(const struct plan *plan);
int board_own_leaf(void);

/*
 * In the child: hostname, loopback, sysctl, clock floor, modules, coldplug (uevents of all devices
 * again, modules by modalias), mounts of system.json in order, interfaces. Does all it can; the
 * exit status is 0 when nothing required failed. Each failure is one line on stderr (the
 * supervisor's log).
 */
int board_set_up(const struct plan *plan);

/*
 * The kernel's device events, after the set up: socket to be watched (non-blocking, close-on-exec)
 * or a negative errno; reading one event, bounded; a module to load is handed to a child by the
 * host: `modalias` (empty: nothing to do). Makes device nodes where there is no devtmpfs. Returns 1
 * when an event was read, 0 when there is none.
 */
int board_uevents_open(const struct plan *plan);
int board_uevent_read(const struct plan *plan, int socket, char *modalias, size_t size);
/* In a child: load the module for that modalias; 0 also when there is none for it. */
int board_load_modalias(const char *modalias);

/*
 * Only in an initramfs, when system.json says "root" and "init": move the mounts there, delete what
 * the initramfs holds, chroot, and execute init with our arguments. Returns only when it fails.
 * Descriptors that must go along (the watchdog's) are not close-on-exec at that time.
 */
int board_switch_root(const struct plan *plan, char **argv);

/*
 * When nothing can be started: the reason on the console, and the emergency shell in a session of
 * its own. pid of the shell, or a negative errno (no shell there).
 */
pid_t board_emergency_shell(const char *console, const char *shell, const char *reason);

/* ---- the end of life; everything here is bounded in time ---- */

/* SIGTERM to whatever still runs, then SIGKILL, except PID 1 and `spare` (the log writer; 0: none).
 * In a child. */
int board_kill_rest(pid_t spare);

/*
 * In a child: sync, swapoff, unmount everything in the reverse order of mounting, detach loop
 * devices; what is busy is remounted read-only. 0 when no disk is left writable.
 */
int board_unmount(void);

enum board_end { BOARD_REBOOT, BOARD_POWEROFF, BOARD_HALT };

/* reboot(2). Does not return on a machine; in a container it ends PID 1 (exit status 0). */
void board_end(enum board_end how) __attribute__((noreturn));

#endif
