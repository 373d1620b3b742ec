/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image tool's command line: `cruet pull`, `push`, `import`, `export`, `login`, `logout`, and
 * `cruet image ACTION`, `cruet revision ACTION`. One file a command.
 */
#ifndef IMAGE_CMD_COMMAND_H
#define IMAGE_CMD_COMMAND_H

#include "lib/command.h"
#include "lib/config.h"

extern const struct command command_export, command_image, command_import, command_login,
	command_logout, command_pull, command_push, command_revision;
/* ACTIONs of command_image. */
extern const struct command image_attach, image_audit, image_bundle, image_du, image_fsck, image_gc,
	image_history, image_inspect, image_ls, image_release_action, image_rm, image_sign,
	image_tag, image_unpack_action, image_verify;

/* ACTIONs of command_revision, NULL last. */
extern const struct command *const revision_actions[];

/* Those of this build, in alphabetical order, NULL last. */
extern const struct command *const image_commands[];

/* The command that argv[1] names, or NULL. */
const struct command *image_command_of(int argc, char **argv);
/* Everything from there to the exit status. argv[0] is the command's name. */
int image_main(const char *program, const struct command *command, int argc, char **argv);

/*
 * `run` and `create` with --image NAME: prepare it, and put its bundle in its place: *argc and
 * *argv become what the runtime understands. 0: nothing of that kind, or done; else all is said,
 * and the exit status is it (-1: 0). When the runtime fails, image_give_up() takes it back.
 */
int image_take_run(const char *program, int *argc, char ***argv);
void image_give_up(void);

#endif
