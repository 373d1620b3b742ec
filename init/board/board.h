/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1's duties towards the machine. board_early() and the functions at the end of life run in PID
 * 1 itself; board_set_up() runs in a child, because mounting a disk or loading a module may take
 * any time. None of this is called under `cruet supervise`.
 */
#ifndef INIT_BOARD_BOARD_H
#define INIT_BOARD_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/plan.h"

/*
 * Before anything is read: proc, sys, dev (devtmpfs, or nodes by mknod), run; each only if it is
 * not mounted yet (an initramfs did it); stdin, stdout, stderr on the console; umask, session,
 * PATH; ctrl-alt-del delivered as SIGINT. As few system calls as can be: the time from power on to
 * the first service is paid here. What fails is said on the console; 0, or a negative errno
 * recorded when a unit cannot be started at all (no /run).
 */
int board_early(void);

/*
 * Is the word `cruet.shell` on the kernel's command line? Then the emergency shell comes before
 * anything is read that could be wrong.
 */
bool board_wants_shell(void);

/*
 * The cgroup file systems by system.json: v2, or v1 with every controller. 0 or an errno recorded;
 * units then run without groups.
 */
int board_cgroups(const struct plan *plan);
/*
 * In a child, when the first units have been started: all controllers of v2 for the groups below
 * the root and for the units' groups below "cruet", and PID 1 into a leaf of its own ("init"). The
 * kernel takes some 10 ms for it. 0 or an errno recorded.
 */
int board_own_leaf(void);

/*
 * In the child, in this order: dev/pts, dev/shm, links in dev; hostname, loopback, clock floor;
 * modules of the list, coldplug (modules and nodes for all devices that are there, and for those
 * that follow); sysctl; mounts of system.json, during whose waits new devices are served; the clock
 * floor once more; interfaces. Does all it can; 0 when nothing required failed. Each failure is one
 * line on stderr (the supervisor's log), and no error stays recorded. May be run again after a
 * failure.
 */
int board_set_up(const struct plan *plan);
/*
 * Would board_set_up() do no more than dev, hostname, loopback and clock? Then it neither blocks
 * nor allocates and PID 1 calls it itself.
 */
bool board_is_simple(const struct plan *plan);

/*
 * The kernel's device events. The socket, to be watched (non-blocking, close-on-exec); -ENOENT,
 * unrecorded, without "coldplug" in system.json; another negative errno recorded.
 *
 * Reading takes one event, bounded: 1 when one was read (or was not the kernel's), 0 when there is
 * none. Nodes are made and removed where there is no devtmpfs. `modalias`: of a new device without
 * a driver, for which a child should call board_load_modalias(); empty: nothing to do; "*": events
 * were lost, all devices are to be looked at.
 */
enum { UEVENT_MODALIAS = 512 };
int board_uevents_open(const struct plan *plan);
int board_uevent_read(const struct plan *plan, int socket, char *modalias, size_t size);
/* In a child: load all modules for that modalias. 0 also when there is none for it; else recorded.
 */
int board_load_modalias(const char *modalias);

/*
 * Only in an initramfs, when system.json says "root" and "init": move /dev, /proc, /sys and /run
 * there, delete what the initramfs holds, chroot, and execute init with our arguments. Returns only
 * when it fails, -errno recorded; nothing has been moved yet when the new root is not fit for it.
 * Mounts of the initramfs other than these four go along only if they lie below the new root.
 * Descriptors that must go along (the watchdog's) are not close-on-exec at that time.
 */
int board_switch_root(const struct plan *plan, char **argv);

/*
 * When nothing can be started: the reason on the console, and the emergency shell in a session of
 * its own. `console` is a name below /dev (NULL: "console"), `shell` a path (NULL: /bin/sh). Never
 * blocks. pid of the shell, or a negative errno, unrecorded (no shell there).
 */
pid_t board_emergency_shell(const char *console, const char *shell, const char *reason);

/* ---- the end of life; everything here is bounded in time ---- */

/*
 * In a child: SIGTERM to whatever still runs, after 3 s SIGKILL, except PID 1 and `spare` (the log
 * writer; 0: none). -EBUSY recorded when some do not end within 4 s more.
 */
int board_kill_rest(pid_t spare);

/*
 * In a child: sync, swapoff, unmount everything in the reverse order of mounting, detach loop
 * devices; what is busy, and the root, is remounted read-only. 0 when no disk is left writable;
 * else what is has been printed, and -EBUSY is recorded. Nothing in a container.
 */
int board_unmount(void);

enum board_end { BOARD_REBOOT, BOARD_POWEROFF, BOARD_HALT };

/* reboot(2), in PID 1, after all the others; in a container it ends PID 1 (exit status 0). */
void board_end(enum board_end how) __attribute__((noreturn));

#endif
