/* SPDX-License-Identifier: Apache-2.0 */
/* Which file execve(2) is to run, and with which environment. In C, inside the container's root,
 * with the user's credentials. */
#ifndef RUNTIME_EXEC_PATH_H
#define RUNTIME_EXEC_PATH_H

struct arena;
struct spec_process;
struct spec_strings;

/*
 * execvp's search in PATH of `env`. The path, from the arena, or NULL with ERROR_PROCESS recorded
 * in the words that clients parse: exec: "foo": executable file not found in $PATH, ... permission
 * denied.
 */
const char *exec_path_find(struct arena *arena, const char *name, const struct spec_strings *env);

/*
 * The environment: duplicates removed (the last one wins), HOME added from the container's
 * /etc/passwd by uid
 * ("/" if it is not there; read safely, no NSS). NULL-terminated, from the arena.
 */
char **exec_environment(struct arena *arena, const struct spec_process *process);

/* chdir to cwd (made if missing, 0755, when `make`), and verify that it lies inside the root:
 * getcwd gives an absolute path. */
int exec_working_directory(const char *cwd, int make);

#endif
