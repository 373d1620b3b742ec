/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as one archive: from a folder, or from a web server, which is read by a child of ours
 * into a pipe, so that nothing of it is kept before it is verified.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/transfer/transfer.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

struct decision {
	struct pull *pull;
	bool trusted; /* where it came from */
	bool refused;
};

/* An archive names no digest of its own: the name has one, or the place is trusted, or a key
 * vouches for it. */
static int decide(struct pull *pull, bool trusted, const struct descriptor *top)
{
	struct trust_decision decision = { .signer = "" };
	int result;

	if (pull->name.digest) {
		if (!digest_equal(pull->name.digest, &top->digest))
			return fail(EBADMSG, "%s: the archive has another digest", pull->full);
	} else if (!trusted) {
		result = trust_check(pull->arena, pull->store, pull->settings, pull->as,
				     &top->digest, false, &decision);
		if (result < 0)
			return result;
		if (!decision.signer || !*decision.signer)
			return fail(EACCES,
				    "%s: over http, without a digest in its name and "
				    "without a key that vouches for it",
				    pull->full);
	}
	return pull->request->allow ?
		       pull->request->allow(pull->request->data, pull->as, top, top) :
		       0;
}

static int allow(void *data, const char *name, const struct descriptor *top)
{
	struct decision *decision = data;
	const int result = decide(decision->pull, decision->trusted, top);

	(void)name;
	decision->refused = result < 0;
	return result;
}

static int import(struct pull *pull, const char *path, bool trusted)
{
	struct decision decision = { .pull = pull, .trusted = trusted };
	const struct import_request request = { .path = path,
						.folder = AT_FDCWD,
						.format = FORMAT_DETECT,
						.name = pull->as,
						.platform = pull->request->platform,
						.one = !pull->request->all_platforms,
						.allow = allow,
						.data = &decision };
	struct imported *list;
	const ssize_t count =
		image_import(pull->arena, pull->store, pull->settings, &request, &list);

	if (count < 0) {
		pull->final = decision.refused && trusted;
		return (int)count;
	}
	pull->top = list[0].descriptor;
	pull->named = true;
	return 0;
}

/* ---- the child: from the server to the pipe ---- */

struct pipe_sink {
	int fd;
	uint64_t offset;
};

static uint64_t pipe_offset(void *data)
{
	return ((struct pipe_sink *)data)->offset;
}

static int pipe_restart(void *data)
{
	(void)data;
	return fail(EIO, "what the server has changed meanwhile");
}

static int pipe_add(void *data, const void *bytes, size_t size)
{
	struct pipe_sink *sink = data;

	if (fd_write_all(sink->fd, bytes, size) < 0)
		return fail(errno, "pass it on");
	sink->offset += size;
	progress_add(size);
	return 0;
}

static void feed(struct remote *remote, const struct url *url, int fd, int report)
{
	struct pipe_sink sink = { .fd = fd };
	const struct sink to = { &sink, pipe_offset, pipe_restart, pipe_add };
	int result;

	progress_begin("pull", url->path, 0, 0);
	result = remote_content(remote, url, HTTP_LENGTH_UNKNOWN, &to);
	progress_end();
	if (result < 0)
		(void)fd_write_all(report, error_last(), sizeof(struct error));
	_exit(result == -ENOENT ? 2 : result < 0);
}

/* Standard input is the pipe while the import runs. */
static int import_from(struct pull *pull, int fd, bool trusted)
{
	auto_fd int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int result;

	if (dup2(fd, STDIN_FILENO) < 0)
		return fail(errno, "dup2");
	result = import(pull, "-", trusted);
	if (before >= 0)
		(void)dup2(before, STDIN_FILENO);
	else
		close(STDIN_FILENO);
	return result;
}

/* The child's reason goes before the import's, which is only that its input ended. */
static int end_child(pid_t child, int report, int result)
{
	struct error why;
	int status = 0;

	if (result < 0)
		kill(child, SIGTERM);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 0)
		return result;
	if (fd_read_all(report, &why, sizeof(why)) == 0)
		*error_last() = why;
	return WEXITSTATUS(status) == 2 ? -ENOENT : result;
}

int pull_archive(struct pull *pull, const char *path, struct remote *remote, const struct url *url,
		 bool trusted)
{
	int content[2], report[2], result;
	pid_t child;

	if (!remote)
		return import(pull, path, trusted);
	if (pipe2(content, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		close(content[0]);
		close(content[1]);
		return fail(errno, "pipe");
	}
	child = fork();
	if (child == 0) {
		close(content[0]);
		feed(remote, url, content[1], report[1]);
	}
	close(content[1]);
	close(report[1]);
	result = child < 0 ? fail(errno, "fork") : import_from(pull, content[0], trusted);
	close(content[0]);
	if (child > 0)
		result = end_child(child, report[0], result);
	close(report[0]);
	return result;
}
