/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says about one image: its digest, or with --json {"name", "digest"}; and what the
 * policy says of it, for the audit log. */
#ifndef IMAGE_CMD_REPORT_H
#define IMAGE_CMD_REPORT_H

#include "image/cmd/session.h"

/* Nothing with --quiet. 0 or -errno recorded. */
int report_digest(struct session *session, const char *name, const struct descriptor *descriptor);

/*
 * Ask the policy about an image that is coming; the digests are those of trust_check_any(). The
 * audit log gets `action`, or "refuse". 0, or -errno recorded: -EACCES a refusal.
 */
struct trust_decision;
int report_policy(struct session *session, const char *action, const char *name,
		  const struct digest *digests, size_t count, struct trust_decision *decision);

#endif
