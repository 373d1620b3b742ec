/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of ids: see match.h. */
#include "runtime/cmd/match.h"

#include <regex.h>

#include "lib/arena.h"
#include "lib/error.h"

int match_each(const struct container_context *context, const char *pattern,
	       int (*act)(const struct container_context *context, const char *id, void *data),
	       void *data)
{
	auto_arena struct arena arena = { 0 };
	struct container_info *list;
	struct error first;
	regex_t expression;
	ssize_t count;
	int result = 0;

	if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return fail_as(ERROR_USAGE, EINVAL, "--regex %s: not a regular expression",
			       pattern);
	count = container_list(&arena, context, &list);
	if (count < 0)
		result = (int)count;
	for (ssize_t i = 0; i < count; i++) {
		int one = 0;

		if (regexec(&expression, list[i].record.id, 0, NULL, 0) == 0)
			one = act(context, list[i].record.id, data);
		if (one < 0 && result == 0) {
			result = one;
			first = *error_last();
		}
	}
	regfree(&expression);
	if (result < 0 && count >= 0)
		*error_last() = first;
	return result;
}
