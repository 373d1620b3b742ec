/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ACI's detached OpenPGP signature (appc/spec aci.md, "Image Archives"), by gpgv: a program that
 * does nothing else and needs no home. It gets descriptors, not names.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

enum { STATUS_MAX = 64 << 10 };

static const char *const programs[] = { "/usr/bin/gpgv", "/bin/gpgv", "/usr/local/bin/gpgv" };

/* What it is given, in this order on its command line. */
enum { KEYRING, SIGNATURE, ARCHIVE, INPUTS };

struct gpgv {
	int inputs[INPUTS];
	int status; /* write end of a pipe */
	int null;
};

static void close_inputs(struct gpgv *gpgv)
{
	for (int i = 0; i < INPUTS; i++)
		close_fd(&gpgv->inputs[i]);
	close_fd(&gpgv->status);
	close_fd(&gpgv->null);
}

/* The child: a descriptor that stays open over execve(2) and is none of the first three. */
static int inherit(int fd)
{
	const int copy = fcntl(fd, F_DUPFD, 3);

	if (copy < 0)
		_exit(127);
	return copy;
}

static void run_child(const struct gpgv *gpgv, pid_t parent)
{
	static char *const environment[] = { "LC_ALL=C", NULL };
	char paths[INPUTS][32], status[16];
	char *const arguments[] = { "gpgv",	    "--status-fd",    status,	      "--keyring",
				    paths[KEYRING], paths[SIGNATURE], paths[ARCHIVE], NULL };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	for (int i = 0; i < INPUTS; i++)
		snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", inherit(gpgv->inputs[i]));
	snprintf(status, sizeof(status), "%d", inherit(gpgv->status));
	for (int fd = 0; fd < 3; fd++)
		if (dup2(gpgv->null, fd) < 0)
			_exit(127);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		execve(programs[i], arguments, environment);
	_exit(126);
}

/* "[GNUPG:] WORD ARGUMENT ...": the argument, or NULL. */
static const char *status_argument(const char *text, const char *word)
{
	static const char mark[] = "[GNUPG:] ";
	const size_t length = strlen(word);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, mark, sizeof(mark) - 1) != 0)
			continue;
		if (strncmp(text + sizeof(mark) - 1, word, length) == 0 &&
		    text[sizeof(mark) - 1 + length] == ' ')
			return text + sizeof(mark) + length;
	}
	return NULL;
}

static int exit_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* VALIDSIG alone may be of a key that has expired or was revoked; GOODSIG is not. */
static int judge(struct arena *arena, const char *text, int status, const char **signer)
{
	const char *fingerprint = text ? status_argument(text, "VALIDSIG") : NULL;

	if (status == 126)
		return fail(EACCES, "its signature cannot be checked: there is no gpgv that runs");
	if (status != 0 || !fingerprint || !status_argument(text, "GOODSIG"))
		return fail(EACCES, "its signature is not a good one of the keyring");
	*signer = arena_strndup(arena, fingerprint, strcspn(fingerprint, " \n"));
	return *signer ? 0 : -ENOMEM;
}

static int run_gpgv(struct arena *arena, struct gpgv *gpgv, const char **signer)
{
	const pid_t self = getpid();
	auto_fd int output = -1;
	int pipe[2], status;
	const char *text;
	pid_t pid;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return fail(errno, "make a pipe");
	output = pipe[0];
	gpgv->status = pipe[1];
	pid = fork();
	if (pid < 0)
		return fail(errno, "start gpgv");
	if (pid == 0)
		run_child(gpgv, self);
	close_fd(&gpgv->status);
	text = file_read_fd(arena, output, "gpgv's answer", STATUS_MAX, NULL);
	if (!text)
		kill(pid, SIGKILL);
	status = exit_status(pid);
	return judge(arena, text, status, signer);
}

static int open_at(int folder, const char *path)
{
	const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? fail(errno, "open %s", path) : fd;
}

static int check_signature(struct arena *arena, const struct trust_policy *policy,
			   const char *keyring, int folder, const char *path, const char **signer)
{
	struct gpgv gpgv = { .inputs = { -1, -1, -1 }, .status = -1, .null = -1 };
	const char *keys = policy_path(arena, policy, keyring);
	const char *asc = arena_printf(arena, "%s.asc", path);
	int result = keys && asc ? 0 : -ENOMEM;

	if (result == 0)
		result = gpgv.inputs[KEYRING] = open_at(AT_FDCWD, keys);
	if (result >= 0)
		result = gpgv.inputs[SIGNATURE] = open_at(folder, asc);
	if (result >= 0)
		result = gpgv.inputs[ARCHIVE] = open_at(folder, path);
	if (result >= 0)
		result = gpgv.null = open_at(AT_FDCWD, "/dev/null");
	if (result >= 0)
		result = run_gpgv(arena, &gpgv, signer);
	close_inputs(&gpgv);
	return result;
}

int trust_check_aci(struct arena *arena, const struct image_settings *settings, const char *name,
		    int folder, const char *path, const char **signer)
{
	struct trust_policy policy = { 0 };
	const struct trust_rule *rule;
	int result = policy_read(arena, settings->policy, &policy);

	*signer = NULL;
	if (result == -ENOENT)
		return 0;
	if (result < 0) {
		fail_context(result, "%s is refused: policy", name);
		return -EACCES;
	}
	rule = policy_rule(&policy, name);
	if (!rule || !rule->aci_keyring)
		return 0;
	result = check_signature(arena, &policy, rule->aci_keyring, folder, path, signer);
	if (result == 0)
		return 0;
	*signer = NULL;
	fail_context(result, "%s is refused: rule %s of %s", name, rule_name(rule),
		     settings->policy);
	return -EACCES;
}
