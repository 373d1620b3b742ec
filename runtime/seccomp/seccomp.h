/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp to a BPF program and into the kernel. libseccomp compiles; the program is kept on
 * disk under the digest of everything it depends on: profile text, our own version, libseccomp's
 * version, architecture, what the kernel can do.
 */
#ifndef RUNTIME_SECCOMP_SECCOMP_H
#define RUNTIME_SECCOMP_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct spec_seccomp;

struct seccomp_program {
	struct sock_filter *filter; /* in the arena */
	uint16_t count;
	uint32_t flags; /* for seccomp(2): SECCOMP_FILTER_FLAG_* */
};

/*
 * Compile, or take from the cache. In the parent, before the clone: compiling takes memory that
 * should not be the container's. `root` is the descriptor of a folder that is ours alone (the state
 * root); the cache is the folder .seccomp in it, made when it is needed. -1: no cache. 0, or -errno
 * recorded; without a profile the count is 0.
 */
int seccomp_prepare(struct arena *arena, const struct spec_seccomp *profile, int root,
		    struct seccomp_program *program);

/*
 * Load into the calling thread with one system call; nothing but that is called. Without
 * no_new_privs it needs CAP_SYS_ADMIN. 0, or -errno recorded.
 */
int seccomp_load_program(const struct seccomp_program *program);

#endif
