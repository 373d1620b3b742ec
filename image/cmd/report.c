/* SPDX-License-Identifier: Apache-2.0 */
#include "image/cmd/report.h"

#include <stdio.h>

#include "image/trust/audit.h"
#include "lib/error.h"
#include "lib/json.h"

int report_digest(struct session *session, const char *name, const struct descriptor *descriptor)
{
	char digest[DIGEST_TEXT_SIZE], line[DIGEST_TEXT_SIZE + 1];
	struct json_writer writer;

	digest_text(&descriptor->digest, digest);
	if (session->json) {
		json_write_start(&writer, &session->arena, JSON_COMPACT);
		json_write_object(&writer, NULL);
		json_write_string(&writer, "name", name);
		json_write_string(&writer, "digest", digest);
		json_write_end(&writer, '}');
		return session_print(&writer);
	}
	return session->quiet ?
		       0 :
		       command_print(line, (size_t)snprintf(line, sizeof(line), "%s\n", digest));
}

int report_policy(struct session *session, const char *action, const char *name,
		  const struct digest *digests, size_t count, struct trust_decision *decision)
{
	const int result = trust_check_any(&session->arena, session->store, &session->settings,
					   name, digests, count, false, decision);
	const struct audit_event event = { .action = result < 0 ? "refuse" : action,
					   .name = name,
					   .manifest = digests,
					   .decision = decision };

	/* Why it was refused is the error that counts. */
	if (result < 0) {
		const struct error why = *error_last();

		(void)audit_write(session->store, &event);
		*error_last() = why;
		return result;
	}
	return audit_write(session->store, &event);
}
