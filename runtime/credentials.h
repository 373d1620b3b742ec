/* SPDX-License-Identifier: Apache-2.0 */
/* What a process may: users, groups, capabilities, limits, and the small per-process settings of
 * config.json. */
#ifndef RUNTIME_CREDENTIALS_H
#define RUNTIME_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct spec_process;
struct spec_user;
struct spec_capabilities;

/*
 * Drop from the bounding set what is not in `capabilities` (absent: everything); needs CAP_SETPCAP.
 * One system call each: the kernel has no other way. Capabilities this kernel does not know are
 * skipped.
 */
int credentials_bounding(const struct spec_capabilities *capabilities);

/*
 * setgroups (the empty list too), setgid, setuid, keeping permitted capabilities over the change
 * (PR_SET_KEEPCAPS, reset after; effective ones are lost until credentials_capabilities()).
 * `setgroups_denied`: a user namespace where it is denied: additional groups are refused. The
 * kernel clears PR_SET_PDEATHSIG and the dumpable attribute when the user changes.
 */
int credentials_user(const struct spec_user *user, bool setgroups_denied);

/*
 * Permitted, effective, inheritable; then ambient (cleared unless listed). Absent: none. `extra`
 * capabilities (a bit set) are in permitted and effective besides, for a step still to come:
 * execve(2) computes both anew and takes them away. Capabilities outside what we may have are
 * dropped with a warning (runtime-spec config.md#linux-process).
 */
int credentials_capabilities(const struct spec_capabilities *capabilities, uint64_t extra);

/* rlimits of a process (0: the caller) by prlimit(2). */
int credentials_rlimits(const struct spec_process *process, pid_t pid);

/*
 * oom_score_adj through a verified procfs descriptor, only if set. `pid` as that procfs shows it;
 * 0: the caller, whatever its number is there.
 */
int credentials_oom_score(const struct spec_process *process, int proc, pid_t pid);

/* linux scheduler settings (sched_setattr) of a process (0: the caller), only if present. */
int credentials_scheduler(const struct spec_process *process, pid_t pid);

/*
 * Join the session keyring "_ses.<id>", made if it is not there; `fresh`: and set its permissions.
 * No keys in this kernel, or none left of the quota: a warning.
 */
int credentials_keyring(const char *id, bool fresh);

/*
 * AppArmor and SELinux labels: refused by name (ERROR_UNSUPPORTED) while this build or this kernel
 * cannot apply them. Before any side effect.
 */
int credentials_check_labels(const struct spec_process *process);

/*
 * Set the labels that the caller's next execve(2) will take on, through a verified procfs
 * descriptor. As late as possible, but before a seccomp filter: two or three system calls a label.
 */
int credentials_apply_labels(const struct spec_process *process, int proc);

#endif
