/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What installed revisions keep: gc leaves it, and NAME@DIGEST leads to it although NAME may lead
 * elsewhere meanwhile. The name was asked for by an artifact that the policy took when it was
 * installed; nothing else makes a digest pass under a name that does not lead to it.
 */
#ifndef IMAGE_REVISION_PIN_H
#define IMAGE_REVISION_PIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/document/digest.h"

struct arena;
struct store;

struct revision_pin {
	uint32_t number;
	const char *name; /* NULL: the artifact itself */
	struct digest digest;
};

/* All, from the arena. A revision whose revision.json is damaged keeps nothing, which is said.
 * Count, or -errno recorded. */
ssize_t revision_pins(struct arena *arena, const struct store *store, struct revision_pin **pins);

/*
 * The boot state and what is installed, as a part of store_fsck(), whose lock it is under; *left:
 * findings that were not repaired. 0 or -errno recorded.
 */
struct fsck_report;
int revision_fsck(struct store *store, bool repair, struct fsck_report *report, uint64_t *left);

#endif
