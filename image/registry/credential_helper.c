/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that keeps credentials, as docker's config.json names it: docker-credential-NAME, with
 * the protocol of docker/docker-credential-helpers. "get", the server on its standard input, and
 * what it prints is JSON: Username and Secret. No shell; it is looked for in the absolute folders
 * of PATH, which are the caller's, never an image's. Its time and its output are bounded.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/str.h"

enum { OUTPUT_MAX = 64 << 10, SECONDS_MAX = 30, NAME_LENGTH_MAX = 64, SERVER_MAX = 512 };

struct program {
	const char *path, *name;
	pid_t pid;
	int output;
	struct timespec end;
};

static const char *find_program(struct arena *arena, const char *name)
{
	const char *folders = getenv("PATH");

	if (!folders || !*folders)
		folders = "/usr/local/bin:/usr/bin:/bin";
	for (size_t length; *folders; folders += length + (folders[length] == ':')) {
		const char *path;

		length = strcspn(folders, ":");
		if (*folders != '/')
			continue;
		path = arena_printf(arena, "%.*s/docker-credential-%s", (int)length, folders, name);
		if (path && faccessat(AT_FDCWD, path, X_OK, 0) == 0)
			return path;
	}
	fail(ENOENT, "docker-credential-%s: not in PATH", name);
	return NULL;
}

static void run_child(const struct program *program, int input, int output, pid_t parent)
{
	char *const words[] = { (char *)program->path, "get", NULL };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
		execve(program->path, words, environ);
	_exit(127);
}

/* The server's name is in the pipe before there is anybody who could close its other end. */
static int start(struct program *program, const char *server)
{
	const pid_t parent = getpid();
	auto_fd int in_read = -1, in_write = -1, out_read = -1, out_write = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	in_read = ends[0];
	in_write = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	out_read = ends[0];
	out_write = ends[1];
	if (fd_write_all(in_write, server, strlen(server)) < 0)
		return fail(errno, "%s: write", program->name);
	clock_gettime(CLOCK_MONOTONIC, &program->end);
	program->end.tv_sec += SECONDS_MAX;
	program->pid = fork();
	if (program->pid == 0)
		run_child(program, in_read, out_write, parent);
	if (program->pid < 0)
		return fail(errno, "fork");
	program->output = take_fd(&out_read);
	return 0;
}

static int left_ms(const struct program *program)
{
	struct timespec now;
	int64_t left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (int64_t)(program->end.tv_sec - now.tv_sec) * 1000 +
	       (program->end.tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* All that it prints. Bytes, or -errno recorded. */
static ssize_t read_output(struct program *program, char *text)
{
	size_t size = 0;

	for (;;) {
		struct pollfd one = { .fd = program->output, .events = POLLIN };
		const int ready = poll(&one, 1, left_ms(program));
		ssize_t got;

		if (ready == 0)
			return fail(ETIMEDOUT, "%s: no answer in %d s", program->name, SECONDS_MAX);
		got = ready < 0 ? -1 : read(program->output, text + size, OUTPUT_MAX - size);
		if (got < 0 && errno != EINTR)
			return fail(errno, "%s: read", program->name);
		if (got == 0)
			return (ssize_t)size;
		size += got > 0 ? (size_t)got : 0;
		if (size == OUTPUT_MAX)
			return fail(EFBIG, "%s: prints more than %d bytes", program->name,
				    OUTPUT_MAX - 1);
	}
}

/* It has closed its output: it may take a moment more to end, but not for ever. */
static int end(struct program *program, bool failed)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	int status = 0;

	while (!failed && waitpid(program->pid, &status, WNOHANG) == 0) {
		if (left_ms(program) > 0)
			nanosleep(&moment, NULL);
		else
			failed = true;
	}
	if (failed) {
		kill(program->pid, SIGKILL);
		while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *text_of(const cJSON *root, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));

	return text && *text ? text : NULL;
}

static int read_answer(struct arena *arena, const struct program *program, const char *text,
		       size_t size, struct credentials *credentials)
{
	const cJSON *root = json_parse(arena, text, size, program->name);
	const char *user = text_of(root, "Username"), *secret = text_of(root, "Secret");
	const char *both;
	char *encoded;

	if (!root)
		return error_result();
	if (!user || !secret)
		return fail(EBADMSG, "%s: its answer has no Username and Secret", program->name);
	if (strcmp(user, "<token>") == 0) {
		credentials->identity_token = secret;
		return 0;
	}
	if (strchr(user, ':'))
		return fail(EBADMSG, "%s: Username has a ':'", program->name);
	both = arena_printf(arena, "%s:%s", user, secret);
	encoded = both ? arena_bytes(arena, BASE64_TEXT_SIZE(strlen(both))) : NULL;
	if (!encoded)
		return -ENOMEM;
	credentials->basic = base64_encode(both, strlen(both), encoded);
	return 0;
}

/* "credentials not found in native keychain" is no error. Other words of it are for the user. */
static int refused(const struct program *program, char *text, int status)
{
	if (strstr(text, "credentials not found"))
		return 0;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return fail(EACCES, "%s: status %d%s%.200s", program->name, status, *text ? ": " : "",
		    text);
}

int credential_helper_get(struct arena *arena, const char *name, const char *host,
			  struct credentials *credentials)
{
	struct program program = { .output = -1 };
	char server[SERVER_MAX], *text = arena_bytes(arena, OUTPUT_MAX + 1);
	ssize_t size;
	int result, status;

	if (!*name || strlen(name) > NAME_LENGTH_MAX || strchr(name, '/'))
		return fail_as(ERROR_CONFIG, EINVAL, "'%.64s': no name of a credential helper",
			       name);
	/* What docker calls its own registry. */
	result = str_format(server, sizeof(server), "%s",
			    strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host);
	program.path = find_program(arena, name);
	program.name = arena_printf(arena, "docker-credential-%s", name);
	if (result < 0 || !text || !program.path || !program.name)
		return error_result();
	result = start(&program, server);
	if (result < 0)
		return result;
	size = read_output(&program, text);
	close_fd(&program.output);
	status = end(&program, size < 0);
	if (size < 0)
		return (int)size;
	text[size] = '\0';
	return status ? refused(&program, text, status) :
			read_answer(arena, &program, text, (size_t)size, credentials);
}
