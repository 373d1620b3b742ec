/* SPDX-License-Identifier: Apache-2.0 */
/* From the store to a file, a folder or a pipe. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/progress.h"
#include "image/transfer/export.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"
#include "lib/tree.h"

static unsigned char buffer[EXPORT_BUFFER];

static int flush(struct export_output *output)
{
	size_t used = output->used;

	output->used = 0;
	return fd_write_all(output->fd, buffer, used) < 0 ? fail(errno, "write") : 0;
}

/* tar_sink: headers are small. */
static int sink(void *data, const void *bytes, size_t size)
{
	struct export_output *output = data;
	int result = output->used + size > sizeof(buffer) ? flush(output) : 0;

	progress_add(size);
	if (result < 0)
		return result;
	if (size > sizeof(buffer) / 2)
		return flush(output) < 0 || fd_write_all(output->fd, bytes, size) < 0 ?
			       fail(errno, "write") :
			       0;
	memcpy(buffer + output->used, bytes, size);
	output->used += size;
	return 0;
}

/* ---- where it goes ---- */

static int open_parent(struct export_output *output, const struct export_request *request)
{
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(request->path, '/');
	const char *name = slash ? slash + 1 : request->path;

	if (slash && str_format(folder, sizeof(folder), "%.*s",
				slash == request->path ? 1 : (int)(slash - request->path),
				request->path) < 0)
		return error_result();
	if (!*name || str_format(output->name, sizeof(output->name), "%s", name) < 0 ||
	    str_format(output->temporary, sizeof(output->temporary), ".%.200s.%d", name,
		       (int)getpid()) < 0)
		return fail(EINVAL, "is no name of a file");
	output->parent = openat(request->folder, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return output->parent < 0 ? fail(errno, "open %s", folder) : 0;
}

static int open_output(struct export *export)
{
	struct export_output *output = &export->output;
	const struct export_request *request = export->request;
	struct stat status;
	int result;

	if (str_equal(request->path, "-")) {
		output->fd = fcntl(1, F_DUPFD_CLOEXEC, 3);
		output->parent = openat(request->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return output->fd < 0 || output->parent < 0 ? fail(errno, "open") : 0;
	}
	result = open_parent(output, request);
	if (result < 0)
		return result;
	result = fstatat(output->parent, output->name, &status, 0);
	if (result == 0 && (request->as_folder || S_ISDIR(status.st_mode)))
		return fail(EEXIST, "open");
	if (result == 0 &&
	    !S_ISREG(status.st_mode)) { /* a device, a pipe: written to, not replaced */
		output->fd = openat(output->parent, output->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		output->name[0] = output->temporary[0] = '\0';
	} else if (request->as_folder) {
		if (mkdirat(output->parent, output->temporary, 0777) < 0)
			return fail(errno, "make a folder");
		output->fd = openat(output->parent, output->temporary,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	} else {
		output->fd = openat(output->parent, output->temporary,
				    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	}
	return output->fd < 0 ? fail(errno, "open") : 0;
}

static int finish(struct export *export)
{
	struct export_output *output = &export->output;
	int result = export->request->as_folder ? 0 : tar_write_end(&export->writer);

	if (result == 0 && !export->request->as_folder)
		result = flush(output);
	if (result < 0 || !*output->name)
		return result;
	if ((export->request->as_folder ? syncfs(output->fd) : fsync(output->fd)) < 0 ||
	    renameat(output->parent, output->temporary, output->parent, output->name) < 0)
		return fail(errno, "write");
	output->temporary[0] = '\0';
	return fsync(output->parent) < 0 ? fail(errno, "write") : 0;
}

int export_remove(int parent, const char *name, int result)
{
	struct error saved = *error_last();
	int removed = tree_remove(parent, name);

	if (removed < 0) /* once more: what went wrong may have been about one file */
		removed = tree_remove(parent, name);
	if (removed < 0 && result == 0)
		return removed;
	*error_last() = saved;
	return result;
}

static void clean_up(struct export_output *output)
{
	if (*output->temporary && output->parent >= 0)
		export_remove(output->parent, output->temporary, -1);
	close_fd(&output->fd);
	close_fd(&output->parent);
}

/* ---- what goes into it ---- */

/* The file `path` of the folder that is made; its folders are there. */
static int write_in_folder(struct export *export, const char *path, const void *data, size_t size,
			   int *fd)
{
	*fd = openat(export->output.fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0666);
	progress_add(size);
	return *fd < 0 || fd_write_all(*fd, data, size) < 0 ? fail(errno, "write %s", path) : 0;
}

int export_folder(struct export *export, const char *path)
{
	const struct entry entry = {
		.type = ENTRY_DIRECTORY, .path = path, .link = "", .mode = 0755
	};

	if (!export->request->as_folder)
		return tar_write_entry(&export->writer, &entry);
	return mkdirat(export->output.fd, path, 0777) < 0 ? fail(errno, "make %s", path) : 0;
}

int export_begin_file(struct export *export, const char *path, uint64_t size)
{
	const struct entry entry = {
		.type = ENTRY_FILE, .path = path, .link = "", .mode = 0644, .size = size
	};

	return tar_write_entry(&export->writer, &entry);
}

int export_file(struct export *export, const char *path, const void *data, size_t size)
{
	auto_fd int fd = -1;
	int result;

	if (export->request->as_folder)
		return write_in_folder(export, path, data, size, &fd);
	result = export_begin_file(export, path, size);
	return result < 0 ? result : tar_write_data(&export->writer, data, size);
}

int export_blob(struct export *export, const char *path, const struct descriptor *blob)
{
	static unsigned char block[EXPORT_BUFFER];
	auto_fd int fd = store_blob_open(export->store, &blob->digest, blob->size);
	auto_fd int file = -1;
	struct digester digester;
	struct digest digest;
	bool folder = export->request->as_folder;
	ssize_t got;
	int result = fd;

	if (fd >= 0)
		result = folder ? write_in_folder(export, path, "", 0, &file) :
				  export_begin_file(export, path, blob->size);
	if (result < 0)
		return result;
	digester_start(&digester, blob->digest.algorithm);
	while ((got = archive_source_fd(&fd, block, sizeof(block))) > 0) {
		digester_add(&digester, block, (size_t)got);
		if (folder)
			progress_add((uint64_t)got);
		if (!folder)
			result = tar_write_data(&export->writer, block, (size_t)got);
		else if (fd_write_all(file, block, (size_t)got) < 0)
			result = fail(errno, "write %s", path);
		if (result < 0)
			return result;
	}
	if (got < 0)
		return (int)got;
	digester_finish(&digester, &digest);
	return digest_equal(&digest, &blob->digest) ? 0 : fail(EBADMSG, "%s: is damaged", path);
}

static int write_image(struct export *export, const char *name)
{
	struct image image;
	int result;

	if (export->request->format == FORMAT_OCI)
		return export_oci(export, name);
	result = image_load(export->arena, export->store, name, export->request->platform, &image);
	if (result < 0)
		return result;
	if (!image.runnable)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "is an artifact, not an image");
	if (export->request->format == FORMAT_DOCKER)
		return export_docker(export, &image);
	if (!IS_ENABLED(CONFIG_IMAGE_ACI))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "appc ACIs are not in this build");
	return export_aci(export, &image);
}

int image_export(struct store *store, const struct image_settings *settings, const char *name,
		 const struct export_request *request)
{
	auto_arena struct arena arena = { 0 };
	struct export export = {
		.arena = &arena,
		.store = store,
		.settings = settings,
		.request = request,
		.name = request->name ? request->name : name,
		.output = { .fd = -1, .parent = -1 },
		.writer = { .sink = sink, .data = &export.output },
	};
	int result = open_output(&export);

	progress_begin("export", name, 0, 0);
	if (result == 0)
		result = write_image(&export, name);
	if (result == 0)
		result = finish(&export);
	clean_up(&export.output);
	if (result < 0)
		progress_abort();
	if (result < 0)
		return fail_context(result, "export %s to %s", name, request->path);
	progress_end();
	return 0;
}
