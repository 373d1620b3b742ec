/* SPDX-License-Identifier: Apache-2.0 */
/* `cruet check` for units that are about to be installed: this very program, as a child. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/revision/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/str.h"

enum { OUTPUT_MAX = 64 << 10 };

static const char **command_line(struct arena *arena, const char *folder,
				 const struct revision *revision,
				 const struct install_request *request)
{
	const char **words = arena_array(arena, 2 * revision->without.count + 12, sizeof(*words));
	const char *root = request->root ? request->root : "";
	const char *firmware = arena_printf(arena, "%s/etc/cruet/units", root);
	size_t count = 0;

	if (!words || !firmware)
		return NULL;
	words[count++] = "cruet";
	words[count++] = "check";
	words[count++] = "--root";
	words[count++] = *root ? root : "/";
	/* Another device's: what this kernel can do says nothing. */
	if (*root) {
		words[count++] = "--kernel-config";
		words[count++] = "none";
	}
	if (faccessat(AT_FDCWD, firmware, F_OK, 0) < 0) {
		words[count++] = folder;
		return words;
	}
	for (size_t i = 0; i < revision->without.count; i++) {
		words[count++] = "--without";
		words[count++] = revision->without.items[i];
	}
	words[count++] = "--over";
	words[count++] = folder;
	words[count++] = firmware;
	return words;
}

/* In the child. */
static void execute(const char **words, const char *settings, int output)
{
	if (settings)
		setenv("CRUET_IMAGES", settings, 1);
	if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
		execv("/proc/self/exe", (char **)words);
	_exit(127);
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fail(errno, "wait for cruet check");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first error that it says: "FILE:3: ...". */
static int refuse(const struct revision *revision, int status, char *output)
{
	char *next = output;

	do {
		output = next;
		next += strcspn(output, "\n");
		if (*next)
			*next++ = '\0';
	} while (*next && strstr(output, ": warning: "));
	if (status != 1)
		return fail_as(ERROR_SYSTEM, 0, "cruet check ended with status %d: %.400s", status,
			       output);
	return fail_as(ERROR_CONFIG, EINVAL, "%s cannot be installed, cruet check says: %.600s",
		       revision->name, output);
}

int revision_check_units(struct arena *arena, const char *folder, const struct revision *revision,
			 const struct install_request *request)
{
	const char **words = command_line(arena, folder, revision, request);
	int ends[2], status;
	char *output;
	pid_t child;

	if (!words)
		return error_result();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "start cruet check");
	child = fork();
	if (child == 0)
		execute(words, request->settings, ends[1]);
	close(ends[1]);
	if (child < 0) {
		status = fail(errno, "start cruet check");
		close(ends[0]);
		return status;
	}
	output = file_read_fd(arena, ends[0], "cruet check", OUTPUT_MAX, NULL);
	close(ends[0]);
	status = wait_for(child);
	if (status <= 0)
		return status;
	return output ? refuse(revision, status, output) : error_result();
}
