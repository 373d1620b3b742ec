/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks (runtime-spec config.md#posix-platform-hooks): run a list in order with the state on stdin.
 */
#ifndef RUNTIME_HOOK_H
#define RUNTIME_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec_hooks;
struct spec_strings;

struct hook_run {
	const char *kind;  /* "createRuntime", for messages */
	const char *state; /* the state document */
	size_t state_size;
	bool keep_going; /* poststop: a failure is a warning, the rest still runs */
	int cwd;	 /* descriptor of the folder to start in, or -1: stay */
	const struct spec_strings
		*default_env; /* where the hook has none; NULL: an empty environment */
	/*
	 * For hooks of which only the namespace is the container's, not the file (createContainer:
	 * the path is resolved in the runtime's namespace): executables opened before by
	 * hook_open(), or NULL.
	 */
	const int *executables;
};

/*
 * Each hook in its own process group, with a pidfd and a timeout from its start; it dies with us
 * (PR_SET_PDEATHSIG). A hook that does not read its stdin is no error. 0, or -errno with a
 * recorded ERROR_HOOK that says which hook, and how it failed (with the end of its stderr).
 */
int hooks_run(const struct spec_hooks *hooks, const struct hook_run *run);

/* Open each hook's executable (O_PATH); array of hooks->count, the caller closes and frees. */
int hooks_open(const struct spec_hooks *hooks, int *executables);

#endif
