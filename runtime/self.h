/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-protection (CVE-2019-5736): a container must never reach the runtime's binary for writing,
 * not even through /proc/PID/exe of a process that executes "/proc/self/exe".
 */
#ifndef RUNTIME_SELF_H
#define RUNTIME_SELF_H

/*
 * Called first by commands that put a process into a container. Nothing to do when our executable
 * lies on a read-only mount (firmware), or is sealed; else execute again from a detached read-only
 * mount of it, or where the kernel has none
 * (< 5.12) from a sealed memfd. Returns 0 to go on in this process, -errno recorded when no
 * protection can be had.
 */
int self_protect(char **argv);

#endif
