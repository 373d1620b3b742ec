/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices (loop(4)). A free one is found, then taken: another process may be faster. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "image/unpack/mount_api.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

enum {
	LOOP_RETRIES = 64,
	LOOP_MAJOR_NUMBER = 7,
	MISC_MAJOR_NUMBER = 10,
	LOOP_CONTROL_MINOR = 237,	 /* opening it loads the module */
	LOOP_CONFIGURE_REQUEST = 0x4C0A, /* LOOP_CONFIGURE, 5.8 */
	LOOP_FLAGS = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR,
};

/* struct loop_config, which older headers lack. */
struct loop_setup {
	uint32_t file, block_size;
	struct loop_info64 info;
	uint64_t reserved[8];
};

/* Before 5.8 in two steps. */
static int configure(int loop, int file)
{
	struct loop_setup setup = { .file = (uint32_t)file, .info.lo_flags = LOOP_FLAGS };
	int saved;

	if (ioctl(loop, LOOP_CONFIGURE_REQUEST, &setup) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOTTY)
		return -errno;
	if (ioctl(loop, LOOP_SET_FD, file) < 0)
		return -errno;
	if (ioctl(loop, LOOP_SET_STATUS64, &setup.info) == 0)
		return 0;
	saved = errno;
	ioctl(loop, LOOP_CLR_FD, 0);
	return -saved;
}

/* With partitions on loop devices their minors are further apart. */
static dev_t number_of(int index)
{
	char path[48], text[32];
	unsigned int minor = (unsigned int)index;
	const char *colon;

	snprintf(path, sizeof(path), "/sys/block/loop%d/dev", index);
	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) > 0) {
		colon = strchr(text, ':');
		if (colon)
			minor = (unsigned int)strtoul(colon + 1, NULL, 10);
	}
	return makedev(LOOP_MAJOR_NUMBER, minor);
}

int loop_over(int file, const struct mount_place *place)
{
	auto_fd int control = device_open("loop-control", S_IFCHR,
					  makedev(MISC_MAJOR_NUMBER, LOOP_CONTROL_MINOR), place);
	int result = -EBUSY;

	if (control < 0)
		return control;
	for (int retry = 0; result == -EBUSY && retry < LOOP_RETRIES; retry++) {
		int index = ioctl(control, LOOP_CTL_GET_FREE);
		char name[24];
		auto_fd int loop = -1;

		if (index < 0)
			return fail(errno, "find a free loop device");
		snprintf(name, sizeof(name), "loop%d", index);
		loop = device_open(name, S_IFBLK, number_of(index), place);
		if (loop < 0)
			return loop;
		result = configure(loop, file);
		if (result == 0)
			return take_fd(&loop);
	}
	return fail(-result, "set up a loop device");
}
