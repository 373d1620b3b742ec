/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one JSON line for every import, pull, verification, refusal, start and removal, in
 * the store's audit.log, durable before the action is taken for done; at 1 MiB it is renamed to
 * audit.log.1 (of the one before only stays which images started, in audit.started).
 * {"time":"...","action":"start","name":"...","manifest":"sha256:...","rule":"...","signer":"...",
 *  "key":"...","counter":7,"allowed":true,"reason":"...","id":"web","uid":0,"login":1000,"pid":12,
 *  "program":"sh"}
 * uid, login (audit's loginuid, when somebody logged in), pid and program are who called us.
 */
#ifndef IMAGE_TRUST_AUDIT_H
#define IMAGE_TRUST_AUDIT_H

#include "image/trust/trust.h"

struct audit_event {
	/* import pull verify refuse start remove sign push; of revisions: install try commit fail
	 * rollback remove */
	const char *action;
	const char *name;
	const struct digest *manifest;	       /* or NULL */
	const struct trust_decision *decision; /* or NULL */
	const char *id;			       /* container or unit; or NULL */
	const char *reason; /* of a refusal; NULL: the recorded error, if the action is "refuse" */
};
/* Who asked is found out here: uid and program of the caller. 0 or -errno recorded. */
int audit_write(struct store *store, const struct audit_event *event);

/* Each line that has one of the digests (all: count 0), oldest first. Lines that a cut of power
 * damaged are passed over with a warning. *found says for each digest whether it ever started here.
 */
int audit_read(struct arena *arena, struct store *store, const struct digest *digests, size_t count,
	       int (*each)(void *data, const char *line, size_t size), void *data, bool *found);

#endif
