/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for the kernel log: /dev/kmsg (Documentation/ABI/testing/dev-kmsg), where they reach the
 * console and the RAM that survives a panic. Unless printk.devkmsg is "on", the kernel takes ten
 * lines within five seconds of one writer and throws away the others without a word: so we send no
 * more, and the rest waits in its ring.
 */
#include <sys/uio.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/log/sink.h"
#include "lib/file.h"

enum {
	KERNEL_LINES = 10,
	KERNEL_WINDOW_MS = 5100,
	KERNEL_TEXT_MAX = 800, /* the kernel refuses what exceeds 976 bytes with prefix and name */
};

void kernel_open(struct kernel_sink *sink)
{
	char mode[16];
	const ssize_t size =
		file_read_small(-1, "/proc/sys/kernel/printk_devkmsg", mode, sizeof(mode));

	/* Kernels before 4.8 have neither the setting nor the limit. */
	sink->is_unlimited = size < 0 || strncmp(mode, "on", 2) == 0;
	sink->fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int kernel_send(struct writer *writer, const struct sink_line *line)
{
	struct kernel_sink *sink = &writer->kernel;
	const size_t size =
		line->record->size < KERNEL_TEXT_MAX ? line->record->size : KERNEL_TEXT_MAX;
	char prefix[PLAN_NAME_MAX + 8];
	struct iovec parts[] = {
		{ prefix, 0 },
		{ (void *)line->text, size },
		{ (void *)"...\n", 4 },
	};
	ssize_t ignored;

	if (!sink->is_unlimited) {
		if (writer->now >= sink->window_end) {
			sink->window_end = writer->now + KERNEL_WINDOW_MS * ns_per_ms;
			sink->left = KERNEL_LINES;
		}
		if (sink->left == 0) {
			writer->hold[SINK_KERNEL] = sink->window_end;
			return -1;
		}
		sink->left--;
	}
	parts[0].iov_len = (size_t)snprintf(prefix, sizeof(prefix),
					    "<%d>%s: ", (int)line->record->level, line->unit);
	if (size == line->record->size)
		parts[2] = (struct iovec){ (void *)"\n", 1 };
	ignored = writev(sink->fd, parts, 3);
	(void)ignored; /* a line that the kernel refuses is not worth a second attempt */
	return 0;
}
