/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of linux.seccomp that one row cannot say. */
#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

enum { MAX_ERRNO = 4095 }; /* of the kernel: larger ones would be cut down silently */

/* The number that goes with an action; "MUST print an error and fail" where there is none. */
static int check_return(const struct spec_reader *reader, const struct spec_frame *frame,
			const char *name, enum spec_seccomp_action action, uint32_t *value)
{
	if (!spec_member(frame->node, name)) {
		*value = EPERM;
		return 0;
	}
	if (action != SECCOMP_ERRNO && action != SECCOMP_TRACE)
		return spec_fail(reader, frame, name,
				 "goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
	if (action == SECCOMP_ERRNO && *value > MAX_ERRNO)
		return spec_fail(reader, frame, name, "must be at most %d", MAX_ERRNO);
	return 0;
}

static int check_profile(const struct spec_reader *reader, const struct spec_frame *frame,
			 struct spec_seccomp *seccomp)
{
	if (seccomp->default_action == SECCOMP_NOTIFY)
		return spec_fail(reader, frame, "defaultAction",
				 "SCMP_ACT_NOTIFY cannot be the default");
	/* The kernel takes this flag only together with a listener. */
	if (seccomp->flags & SECCOMP_WAIT_KILLABLE && !spec_symbol_enabled(SYMBOL_SECCOMP_NOTIFY))
		return spec_refuse(reader, frame, "flags", SYMBOL_SECCOMP_NOTIFY);
	if (spec_member(frame->node, "listenerMetadata") &&
	    !spec_member(frame->node, "listenerPath"))
		return spec_fail(reader, frame, "listenerMetadata", "needs listenerPath");
	seccomp->present = true;
	seccomp->flags_present = spec_member(frame->node, "flags");
	seccomp->source = json_source(frame->node, &seccomp->source_size);
	return check_return(reader, frame, "defaultErrnoRet", seccomp->default_action,
			    &seccomp->default_errno_ret);
}

static int check_syscall(const struct spec_reader *reader, const struct spec_frame *frame,
			 struct spec_syscall *syscall)
{
	if (!syscall->names.count)
		return spec_fail(reader, frame, "names", "must have at least one entry");
	if (syscall->action == SECCOMP_NOTIFY && !spec_symbol_enabled(SYMBOL_SECCOMP_NOTIFY))
		return spec_refuse(reader, frame, "action", SYMBOL_SECCOMP_NOTIFY);
	return check_return(reader, frame, "errnoRet", syscall->action, &syscall->errno_ret);
}

int spec_check_seccomp(struct spec_reader *reader, const struct spec_frame *frame,
		       enum spec_object object, void *base)
{
	return object == OBJECT_SECCOMP ? check_profile(reader, frame, base) :
					  check_syscall(reader, frame, base);
}
