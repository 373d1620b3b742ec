/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's files: what writing and reading it share. */
#ifndef IMAGE_TRUST_AUDIT_LOG_H
#define IMAGE_TRUST_AUDIT_LOG_H

#include "image/trust/audit.h"

#define AUDIT_LOG "audit.log"
#define AUDIT_OLD "audit.log.1"
#define AUDIT_STARTED "audit.started" /* digests of images whose start is in no log any more */

enum { AUDIT_MAX = 1 << 20, AUDIT_LINE_MAX = 64 << 10, AUDIT_STARTED_MAX = 4 << 20 };

/*
 * Under trust_lock(): what the older log says about starts is added to audit.started, then the
 * log takes its place. 0 or -errno recorded.
 */
int audit_rotate(struct store *store);

#endif
