/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options as in fstab(5) and mount(8). Pure. */
#ifndef INIT_BOARD_MOUNT_OPTION_H
#define INIT_BOARD_MOUNT_OPTION_H

#include <stdbool.h>

enum { MOUNT_DATA_MAX = 2048 }; /* a page is the kernel's limit; overlays need some */

struct mount_options {
	unsigned long flags;	   /* MS_* of mount(2) */
	unsigned long propagation; /* MS_SHARED and the like, a call of its own; 0: none */
	bool loop;		   /* the source is a file */
	bool nofail;		   /* its failure is no obstacle */
	char data[MOUNT_DATA_MAX]; /* what is the file system's own */
};

/* `text` may be NULL. Later options win. 0, or -E2BIG recorded. */
int mount_options_parse(const char *text, struct mount_options *options);

#endif
