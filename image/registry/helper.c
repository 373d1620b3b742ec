/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program of images.json that fetches an address: its standard output is the content. It need
 * not be trusted, since everything is checked by digest. No shell; {url}, {offset} and {accept} in
 * its words are replaced. It cannot answer a registry that wants a token.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { BUFFER = 64 << 10 };

bool helper_can_resume(const struct image_settings *settings)
{
	for (size_t i = 0; i < settings->helper_count; i++) {
		if (strstr(settings->helper[i], "{offset}"))
			return true;
	}
	return false;
}

/* The word with every NAME replaced by the value. */
static char *replace(struct arena *arena, char *word, const char *name, const char *value)
{
	char *at = word ? strstr(word, name) : NULL;
	size_t done = 0;

	while (at) {
		const size_t before = (size_t)(at - word);

		word = arena_printf(arena, "%.*s%s%s", (int)before, word, value, at + strlen(name));
		done = before + strlen(value);
		at = word ? strstr(word + done, name) : NULL;
	}
	return word;
}

static char **make_words(struct arena *arena, const struct image_settings *settings,
			 const struct helper_request *request)
{
	char **words = arena_array(arena, settings->helper_count + 1, sizeof(*words));
	char offset[24];

	(void)snprintf(offset, sizeof(offset), "%llu", (unsigned long long)request->offset);
	for (size_t i = 0; words && i < settings->helper_count; i++) {
		char *word = arena_strdup(arena, settings->helper[i]);

		word = replace(arena, word, "{offset}", offset);
		word = replace(arena, word, "{accept}", request->accept ? request->accept : "*/*");
		word = replace(arena, word, "{url}", request->url);
		if (!word)
			return NULL;
		words[i] = word;
	}
	return words;
}

/* In the child. */
static void execute(char **words, int output)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(output, STDOUT_FILENO) >= 0)
		execve(words[0], words, environ);
	_exit(127);
}

int pump(int fd, const char *name, int (*add)(void *data, const void *bytes, size_t size),
	 void *data)
{
	static char buffer[BUFFER];
	int result = 0;

	while (result == 0) {
		const ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got == 0)
			return 0;
		if (got > 0)
			result = add(data, buffer, (size_t)got);
		else if (errno != EINTR)
			return fail(errno, "%s: read", name);
	}
	return result;
}

int helper_fetch(struct arena *arena, const struct image_settings *settings,
		 const struct helper_request *request)
{
	char **words = make_words(arena, settings, request);
	int ends[2], status = 0, result;
	pid_t child;

	if (!words)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	child = fork();
	if (child == 0)
		execute(words, ends[1]);
	close(ends[1]);
	result = child < 0 ? fail(errno, "fork") :
			     pump(ends[0], words[0], request->add, request->data);
	close(ends[0]);
	if (child < 0)
		return result;
	if (result < 0)
		kill(child, SIGTERM);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (result < 0)
		return result;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(EIO, "%s %s: it ended with status %d", words[0], request->url,
			    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
