/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef INIT_BOARD_INTERNAL_H
#define INIT_BOARD_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "init/plan.h"

/* COMMAND_LINE_SIZE of the architectures is 4096 at most, where somebody has not made it larger. */
enum { COMMAND_LINE_MAX = 4096 + 2 };

/* early.c: is something mounted there, on a folder of the file system of `parent`? */
bool board_is_mounted(const char *path, const struct stat *parent);

/* early.c: /dev/pts, /dev/shm, /dev/fd and the like. Neither blocks nor allocates. */
void board_fill_dev(void);

/*
 * clock.c: set it forward to the newest of cruet's release, the plan, its folder, and the file that
 * system.json's clock_floor names.
 */
void board_set_clock(const struct plan *plan);

/*
 * end.c: the first process, but of a PID namespace (pid_namespaces(7)): modules, clock, swap, loop
 * devices are a machine's that is not ours.
 */
bool board_is_contained(void);
void board_sleep(unsigned int milliseconds);

#endif
