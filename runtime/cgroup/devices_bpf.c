/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules on v2: their program into the kernel (cgroup-v2.rst, "Device controller"; bpf(2)).
 * Newer numbers and structures of linux/bpf.h are written down here.
 */
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/cgroup/devices.h"

static const char property[] = "linux.resources.devices";

enum {
	COMMAND_LOAD = 5,
	COMMAND_ATTACH = 8,
	COMMAND_DETACH = 9,
	COMMAND_FD_BY_ID = 13,
	COMMAND_QUERY = 16,
	PROGRAM_CGROUP_DEVICE = 15,
	ATTACH_CGROUP_DEVICE = 6,
	FLAG_ALLOW_MULTI = 2,
	FLAG_REPLACE = 4,
	PROGRAMS_MAX = 64, /* the kernel's own limit for a group */
};

struct load_request {
	uint32_t type, count;
	uint64_t program, license;
	uint32_t log_level, log_size;
	uint64_t log;
	uint32_t version, flags;
	char name[16];
};

struct attach_request {
	uint32_t target, program, type, flags, replaced;
};

/* Kernels 6.17 to 7.1 write behind the end of a short one: leave them room. */
struct query_request {
	uint32_t target, type, query_flags, attach_flags;
	uint64_t programs;
	uint32_t count;
	unsigned char room[228];
};

struct fd_request {
	uint32_t id, next, flags;
};

static int call(int command, void *request, size_t size)
{
	long result = syscall(SYS_bpf, command, request, size);

	return result < 0 ? -errno : (int)result;
}

static int load(const struct device_insn *program, size_t count)
{
	struct load_request request = {
		.type = PROGRAM_CGROUP_DEVICE,
		.count = (uint32_t)count,
		.program = (uintptr_t)program,
		.license = (uintptr_t) "Apache-2.0",
		.name = "devices",
	};

	return call(COMMAND_LOAD, &request, sizeof(request));
}

/* Before 5.11 programs count as locked memory, of which 64 KiB are allowed as a rule. */
static int load_with_more_memory(const struct device_insn *program, size_t count)
{
	struct rlimit old, more = { RLIM_INFINITY, RLIM_INFINITY };
	int result;

	if (getrlimit(RLIMIT_MEMLOCK, &old) < 0)
		return -EPERM;
	if (setrlimit(RLIMIT_MEMLOCK, &more) < 0) {
		more = (struct rlimit){ old.rlim_max, old.rlim_max };
		if (setrlimit(RLIMIT_MEMLOCK, &more) < 0)
			return -EPERM;
	}
	result = load(program, count);
	setrlimit(RLIMIT_MEMLOCK, &old);
	return result;
}

static int load_rules(struct arena *arena, const struct device_rules *rules)
{
	struct device_insn *program =
		arena_array(arena, devices_program_size(rules->count), sizeof(*program));
	size_t count;
	int fd;

	if (!program)
		return -ENOMEM;
	count = devices_program(rules, program);
	fd = load(program, count);
	if (fd == -EPERM)
		fd = load_with_more_memory(program, count);
	if (fd >= 0)
		return fd;
	return fail(-fd, "%s: load a BPF program of %zu instructions (CONFIG_CGROUP_BPF)", property,
		    count);
}

static int attach(struct group *group, int program, int replaced)
{
	struct attach_request request = {
		.target = (uint32_t)group->dir,
		.program = (uint32_t)program,
		.type = ATTACH_CGROUP_DEVICE,
		.flags = FLAG_ALLOW_MULTI,
	};

	if (replaced >= 0) {
		request.flags |= FLAG_REPLACE;
		request.replaced = (uint32_t)replaced;
	}
	return call(COMMAND_ATTACH, &request, sizeof(request));
}

static int detach(struct group *group, int program)
{
	struct attach_request request = {
		.target = (uint32_t)group->dir,
		.program = (uint32_t)program,
		.type = ATTACH_CGROUP_DEVICE,
	};

	return call(COMMAND_DETACH, &request, sizeof(request));
}

static int program_by_id(uint32_t id)
{
	struct fd_request request = { .id = id };

	return call(COMMAND_FD_BY_ID, &request, sizeof(request));
}

static int query(struct group *group, uint32_t ids[PROGRAMS_MAX], uint32_t *count)
{
	struct query_request request = {
		.target = (uint32_t)group->dir,
		.type = ATTACH_CGROUP_DEVICE,
		.programs = (uintptr_t)ids,
		.count = PROGRAMS_MAX,
	};
	int result = call(COMMAND_QUERY, &request, sizeof(request));

	*count = result < 0 ? 0 : request.count;
	return result;
}

/* The new program first, so that there is no moment without one; two at once both have to allow. */
static int exchange(struct group *group, int program)
{
	uint32_t ids[PROGRAMS_MAX], count;
	int result = query(group, ids, &count);

	if (result < 0)
		return fail(-result, "%s: list the BPF programs of %s", property, group->path);
	if (count == 1 && program >= 0) {
		auto_fd int old = program_by_id(ids[0]);

		if (old >= 0 && attach(group, program, old) == 0)
			return 0; /* BPF_F_REPLACE, 5.6 */
	}
	if (program >= 0) {
		result = attach(group, program, -1);
		if (result < 0)
			return fail(-result, "%s: attach a BPF program to %s", property,
				    group->path);
	}
	for (uint32_t i = 0; i < count; i++) {
		auto_fd int old = program_by_id(ids[i]);

		result = old < 0 ? old : detach(group, old);
		if (result < 0 && result != -ENOENT)
			return fail(-result, "%s: detach a BPF program from %s", property,
				    group->path);
	}
	return 0;
}

int devices_bpf_apply(struct limits *limits, bool fresh)
{
	const struct device_rules *rules = limits->devices;
	struct group *group = rules->group;
	auto_fd int program = -1;
	int result = group_open(group);

	if (result < 0)
		return fail(-result, "open cgroup %s", group->path);
	if (!rules->allow || rules->count > 0) {
		program = load_rules(limits->arena, rules);
		if (program < 0)
			return program;
	}
	if (!fresh)
		return exchange(group, program);
	result = attach(group, program, -1);
	return result < 0 ? fail(-result, "%s: attach a BPF program to %s", property, group->path) :
			    0;
}
