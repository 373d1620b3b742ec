/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices: loop(4). */
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "init/board/source.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { ATTEMPTS = 8 }; /* somebody else may take the same free one */

static int take_free(int control, int backing, bool read_only, char path[SOURCE_PATH_MAX])
{
	const struct loop_info64 info = {
		.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	const int number = ioctl(control, LOOP_CTL_GET_FREE);
	auto_fd int fd = -1;

	if (number < 0)
		return -errno;
	snprintf(path, SOURCE_PATH_MAX, "/dev/loop%d", number);
	fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_SET_FD, backing) < 0)
		return -errno;
	if (ioctl(fd, LOOP_SET_STATUS64, &info) < 0) {
		const int result = -errno;

		ioctl(fd, LOOP_CLR_FD, 0);
		return result;
	}
	return take_fd(&fd);
}

int loop_attach(const char *file, bool read_only, char path[SOURCE_PATH_MAX])
{
	auto_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	auto_fd int backing = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	int result = -EBUSY;

	if (backing < 0)
		return fail(errno, "open %s", file);
	if (control < 0)
		return fail(errno, "open /dev/loop-control");
	for (int i = 0; i < ATTEMPTS && result == -EBUSY; i++)
		result = take_free(control, backing, read_only, path);
	return result < 0 ? fail(-result, "attach %s to a loop device", file) : result;
}

void loop_detach(const char *name)
{
	char path[SOURCE_PATH_MAX];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), "/dev/%.32s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		ioctl(fd, LOOP_CLR_FD, 0);
}
