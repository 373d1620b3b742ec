/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of linux.resources that one row cannot say. */
#include <string.h>

#include "lib/error.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

enum { QUOTA_MINIMUM = 1000 }; /* us: min_cfs_quota_period of the kernel */

static int check_cpu(const struct spec_reader *reader, const struct spec_frame *frame,
		     const struct spec_resources *resources)
{
	const struct spec_int *quota = &resources->cpu.quota;
	const struct spec_uint *burst = &resources->cpu.burst;

	if (quota->set && quota->value > 0 && quota->value < QUOTA_MINIMUM)
		return spec_fail(reader, frame, "quota", "must be -1 or at least %d",
				 QUOTA_MINIMUM);
	if (quota->set && quota->value > 0 && burst->set && burst->value > (uint64_t)quota->value)
		return spec_fail(reader, frame, "burst", "is larger than the quota");
	return 0;
}

int spec_check_resources(struct spec_reader *reader, const struct spec_frame *frame,
			 enum spec_object object, void *base)
{
	struct spec_resources *resources = base;
	const struct spec_rdma *rdma = base;

	switch (object) {
	case OBJECT_CPU:
		return check_cpu(reader, frame, resources);
	case OBJECT_RDMA:
		if (!rdma->handles.set && !rdma->objects.set)
			return spec_fail(reader, frame, NULL, "needs hcaHandles or hcaObjects");
		return 0;
	default:
		resources->present = true;
		return 0;
	}
}
