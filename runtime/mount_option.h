/* SPDX-License-Identifier: Apache-2.0 */
/* The option words of mounts[] (runtime-spec config.md#linux-mount-options): one table. */
#ifndef RUNTIME_MOUNT_OPTION_H
#define RUNTIME_MOUNT_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct spec_strings;

enum { MOUNT_PROPAGATION_WORDS = 4 };

struct mount_options {
	unsigned long set;   /* MS_* that a word sets, MS_BIND, MS_REC and MS_REMOUNT among them */
	unsigned long clear; /* MS_* that a word clears and no later word sets */
	unsigned long propagation[MOUNT_PROPAGATION_WORDS]; /* in the listed order */
	size_t propagation_count;
	const char
		*data; /* the words we do not know, with commas, for the file system; NULL: none */
	bool copy_up;  /* tmpcopyup */
	bool mode_given; /* mode=... is among the data */
};

/*
 * Read all words of one mount. `property` ("mounts[3].options") is for messages: a word whose
 * Kconfig symbol is off is refused by the symbol's name. Memory from the arena. 0 or -errno
 * recorded.
 */
int mount_options_read(struct arena *arena, const struct spec_strings *all, const char *property,
		       struct mount_options *options);

#endif
