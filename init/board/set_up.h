/* SPDX-License-Identifier: Apache-2.0 */
/* board_set_up() in parts. All run in its child, print what fails, and go on. */
#ifndef INIT_BOARD_SET_UP_H
#define INIT_BOARD_SET_UP_H

#include "init/board/coldplug.h"
#include "init/board/module.h"
#include "init/plan.h"

struct set_up {
	const struct plan *plan;
	int root; /* folder "/" */
	struct modules modules;
	struct coldplug coldplug;
	unsigned int patience; /* milliseconds that may still be waited for interfaces, in all */
	bool failed;	       /* something required is missing */
};

/* Print the recorded error, if `result` is one. */
void set_up_say(int result);

/* mounts.c: system.json's mounts, in order. */
void set_up_mounts(struct set_up *set_up);

#endif
