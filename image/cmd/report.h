/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says about one image: its digest, or with --json {"name", "digest"}. */
#ifndef IMAGE_CMD_REPORT_H
#define IMAGE_CMD_REPORT_H

#include "image/cmd/session.h"

/* Nothing with --quiet. 0 or -errno recorded. */
int report_digest(struct session *session, const char *name, const struct descriptor *descriptor);

#endif
