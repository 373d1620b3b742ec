/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device mapper by its ioctls (linux/dm-ioctl.h): one verity target (the kernel's
 * admin-guide/device-mapper/verity.rst). The device is told to go when its last user does, so the
 * mount is all that there is to end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "image/unpack/mount_api.h"
#include "image/unpack/verity.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	MISC_MAJOR_NUMBER = 10,
	MAPPER_CONTROL_MINOR = 236, /* opening it loads the module */
	MAPPER_SECTOR = 512,
	MAPPER_PARAMETERS = 2048,
};

struct mapper_request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[MAPPER_PARAMETERS];
};

struct mapper {
	int control;
	char name[32];
	dev_t device;
	struct mapper_request request;
};

static int call(struct mapper *mapper, unsigned long number, unsigned int flags)
{
	struct dm_ioctl *head = &mapper->request.head;

	memset(head, 0, sizeof(*head));
	head->version[0] = DM_VERSION_MAJOR;
	head->data_size = sizeof(mapper->request);
	head->data_start = offsetof(struct mapper_request, target);
	head->flags = flags;
	head->target_count = number == DM_TABLE_LOAD;
	memcpy(head->name, mapper->name, sizeof(mapper->name));
	return ioctl(mapper->control, number, head) < 0 ? -errno : 0;
}

static int fill(struct mapper *mapper, const struct verity *verity, dev_t device)
{
	struct mapper_request *request = &mapper->request;
	const unsigned int sectors = verity->data_block / MAPPER_SECTOR;
	int length;

	request->target.length = verity->data_blocks * sectors;
	memcpy(request->target.target_type, "verity", sizeof("verity"));
	length = snprintf(request->parameters, sizeof(request->parameters),
			  "1 %u:%u %u:%u %u %u %llu %llu %s %s %s", major(device), minor(device),
			  major(device), minor(device), verity->data_block, verity->hash_block,
			  (unsigned long long)verity->data_blocks,
			  (unsigned long long)verity->hash_start, verity->algorithm,
			  verity->root_hash, verity->salt[0] ? verity->salt : "-");
	return length < (int)sizeof(request->parameters) ? 0 : -ENAMETOOLONG;
}

/* Of the kernel's huge_encode_dev(). */
static dev_t device_of(uint64_t number)
{
	return makedev((number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfffff00));
}

static int open_mapped(struct mapper *mapper, const struct mount_place *place)
{
	char name[24];

	snprintf(name, sizeof(name), "dm-%u", minor(mapper->device));
	return device_open(name, S_IFBLK, mapper->device, place);
}

static int make(struct mapper *mapper, const struct verity *verity, dev_t device)
{
	int result = call(mapper, DM_DEV_CREATE, 0);

	if (result < 0)
		return result;
	mapper->device = device_of(mapper->request.head.dev);
	result = fill(mapper, verity, device);
	if (result == 0)
		result = call(mapper, DM_TABLE_LOAD, DM_READONLY_FLAG);
	if (result == 0)
		result = call(mapper, DM_DEV_SUSPEND, 0); /* without the flag: go */
	if (result < 0)
		call(mapper, DM_DEV_REMOVE, 0);
	return result;
}

int verity_open(const struct verity *verity, dev_t device, const struct mount_place *place)
{
	struct mapper mapper = { .control = -1 };
	auto_fd int control = device_open("mapper/control", S_IFCHR,
					  makedev(MISC_MAJOR_NUMBER, MAPPER_CONTROL_MINOR), place);
	uint64_t number = 0;
	int result, fd;

	if (control < 0)
		return control;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail(errno, "getrandom");
	mapper.control = control;
	snprintf(mapper.name, sizeof(mapper.name), "cruet-%016llx", (unsigned long long)number);
	result = make(&mapper, verity, device);
	if (result < 0)
		return fail(-result, "set up dm-verity (is dm-verity in the kernel?)");
	fd = open_mapped(&mapper, place);
	call(&mapper, DM_DEV_REMOVE, fd < 0 ? 0 : DM_DEFERRED_REMOVE);
	return fd;
}
