/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child in which an archive is decompressed and parsed. When it sees the first byte it has two
 * pipes, memory, and nothing else: no other system call (seccomp strict mode, or a filter that says
 * the same where there is a filter already), or at least nobody's rights.
 */
#ifndef IMAGE_ARCHIVE_CHILD_H
#define IMAGE_ARCHIVE_CHILD_H

#include <sys/types.h>

struct reader_request;

/*
 * Start it: its ends of the pipes are in the request and are closed in the parent by the caller.
 * `unneeded`: memory of the parent that it lets go. The pid, to be waited for, or -errno recorded.
 */
pid_t child_start(const struct reader_request *request, void *unneeded, size_t size);

#endif
