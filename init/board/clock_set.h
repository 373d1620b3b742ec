/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has anybody set the clock? A device without a battery begins in 1970, or where the board put the
 * clock because it cannot be earlier: that is no time to sign, log or expire anything by.
 */
#ifndef INIT_BOARD_CLOCK_SET_H
#define INIT_BOARD_CLOCK_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "init/paths.h"

/* Its time of modification is the moment of the boot, as the clock said when it was put forward. */
#define CLOCK_MARK INIT_RUN "/clock-floor"

/* The board has just put the clock forward to its floor. */
void clock_mark(void);

/*
 * It is set when NTP has synchronized it (adjtimex(2)); else when it says 2024 or later and, if the
 * board has put it forward, has been put elsewhere since: then the moment of the boot, reckoned
 * back from now, is another one.
 */
bool clock_is_set(void);

/* When the machine was booted: seconds since 1970, or 0 while the clock is not set. */
uint64_t clock_boot_time(void);

#endif
