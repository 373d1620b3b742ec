/* SPDX-License-Identifier: Apache-2.0 */
#include "image/cmd/report.h"

#include <stdio.h>

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
