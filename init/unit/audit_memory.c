/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that the units may take together, and how much there is. */
#include <stdio.h>
#include <string.h>

#include "init/unit/audit.h"
#include "lib/json.h"

enum { SIZE_TEXT = 32 };

static const cJSON *member(const cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

/* memory.limit of a linux.resources object; false: none, or no limit. */
static bool limit_of(const cJSON *resources, uint64_t *limit)
{
	return json_uint64(member(member(resources, "memory"), "limit"), limit) && *limit > 0;
}

/* The unit's own resources come on top of the bundle's. */
static bool unit_limit(const struct audit *audit, uint32_t i, uint64_t *limit)
{
	const char *text = plan_text(audit->plan, audit->plan->units[i].resources);

	if (text && limit_of(json_parse(audit->arena, text, strlen(text), "resources"), limit))
		return true;
	return limit_of(member(member(audit->configs[i], "linux"), "resources"), limit);
}

static char *size_text(uint64_t bytes, char text[SIZE_TEXT])
{
	if (bytes >= 10 << 20)
		snprintf(text, SIZE_TEXT, "%llu MiB", (unsigned long long)(bytes >> 20));
	else
		snprintf(text, SIZE_TEXT, "%llu KiB", (unsigned long long)(bytes >> 10));
	return text;
}

struct sum {
	uint64_t limits, rings, volumes;
	unsigned int limited, unlimited;
};

static struct sum add_up(const struct audit *audit)
{
	const struct plan *plan = audit->plan;
	struct sum sum = { .rings = plan->system->log.ring };

	for (uint32_t i = 0; i < plan->unit_count; i++) {
		const struct plan_unit *unit = &plan->units[i];
		const struct plan_volume *volumes = plan_at(plan, unit->volumes);
		uint64_t limit;

		sum.rings += unit->log.ring;
		for (uint32_t k = 0; k < unit->volumes.count; k++)
			sum.volumes += (uint64_t)volumes[k].size_kib << 10;
		if (unit->type == UNIT_GROUP)
			continue;
		if (unit_limit(audit, i, &limit)) {
			sum.limits += limit;
			sum.limited++;
		} else {
			sum.unlimited++;
		}
	}
	return sum;
}

void audit_memory(struct audit *audit, uint64_t memory, const char *whose)
{
	const struct sum sum = add_up(audit);
	const uint64_t all = sum.limits + sum.rings + sum.volumes;
	char limits[SIZE_TEXT], rings[SIZE_TEXT], volumes[SIZE_TEXT], together[SIZE_TEXT];
	char there[SIZE_TEXT], others[64] = "";

	if (!memory || all <= memory)
		return;
	if (sum.unlimited)
		snprintf(others, sizeof(others), "; units without a limit: %u", sum.unlimited);
	audit_say(audit, true, PLAN_NONE, "memory",
		  "the limits of %u units are %s, log rings %s, volumes of class boot %s: together "
		  "%s, %u %% of the %s of %s%s",
		  sum.limited, size_text(sum.limits, limits), size_text(sum.rings, rings),
		  size_text(sum.volumes, volumes), size_text(all, together),
		  (unsigned int)(all / (memory / 100 + 1)), size_text(memory, there), whose,
		  others);
}
