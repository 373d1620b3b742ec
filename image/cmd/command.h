/* SPDX-License-Identifier: Apache-2.0 */
/* The image tool's command line: `cruet pull`, `push`, `import`, `export`, `login`, `logout`, and
 * `cruet image ACTION`. */
#ifndef IMAGE_CMD_COMMAND_H
#define IMAGE_CMD_COMMAND_H

#include "lib/command.h"
#include "lib/config.h"

/* Those of this build, in alphabetical order, NULL last. */
extern const struct command *const image_commands[];

/* The command that argv[1] names, or NULL. */
const struct command *image_command_of(int argc, char **argv);
/* Everything from there to the exit status. argv[0] is the command's name. */
int image_main(const char *program, const struct command *command, int argc, char **argv);

/*
 * `run` and `create` with --image NAME: prepare it, and put the bundle in its place: *argc and
 * *argv become what the runtime understands. 0: nothing of that kind, or done; an exit status
 * otherwise.
 */
int image_take_run(const char *program, int *argc, char ***argv);

#endif
