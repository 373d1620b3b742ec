/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending a blob (distribution-spec "Pushing blobs"): POST, PATCH with the content, PUT with the
 * digest. What was cut goes on where the registry says that it has got to.
 */
#include <string.h>

#include "image/progress.h"
#include "image/registry/push.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

struct upload {
	struct push *push;
	const struct descriptor *descriptor;
	const char *digest;
	struct url where; /* changes with each answer */
	bool begun;
	int fd;
	const char *data; /* instead of the file */
	uint64_t offset;
};

static ssize_t read_content(void *data, void *buffer, size_t size)
{
	struct upload *upload = data;
	ssize_t got;

	if (upload->data) {
		memcpy(buffer, upload->data + upload->offset, size);
		got = (ssize_t)size;
	} else {
		do {
			got = pread(upload->fd, buffer, size, (off_t)upload->offset);
		} while (got < 0 && errno == EINTR);
	}
	if (got < 0)
		return fail(errno, "%s: read", upload->digest);
	upload->offset += (uint64_t)got;
	progress_add((uint64_t)got);
	return got;
}

/* The next address of the upload. An address that lost its TLS behind a proxy gets it back. */
static int follow(struct upload *upload, const struct http_response *response)
{
	struct remote *remote = &upload->push->remote;
	const struct url from = upload->where;
	int result;

	if (!response->location)
		return 0;
	result = url_resolve(remote->arena, &from, response->location, &upload->where);
	if (result == 0 && from.https && !upload->where.https) {
		if (strcmp(from.host, upload->where.host) != 0)
			return fail(EACCES, "%s: wants an upload over http", remote->host);
		upload->where.https = true;
		upload->where.port = from.port;
	}
	return result;
}

static int begin(struct upload *upload)
{
	struct remote *remote = &upload->push->remote;
	struct http_request request = { .method = HTTP_POST };
	struct http_response response = { .status = 0 };
	int result = remote_url(remote, &request.url, "blobs/uploads/");

	if (result == 0)
		result = remote_send(remote, &request, &response);
	if (result < 0)
		return result;
	if (response.status != 202 || !response.location)
		return remote_refused(remote, &response, "upload");
	http_finish(remote->http);
	upload->where = request.url;
	upload->offset = 0;
	upload->begun = true;
	return follow(upload, &response);
}

/* "0-41": the registry has 42 bytes. */
static bool read_offset(const char *range, uint64_t size, uint64_t *offset)
{
	uint64_t last;

	/* "0-0" is one byte or, as some say it, nothing. */
	if (!range || !str_has_prefix(range, "0-") || !str_uint64(range + 2, &last) || !last ||
	    last >= size)
		return false;
	*offset = last + 1;
	return true;
}

/* How far is it? If it is not known there any more, anew. */
static int go_on(struct upload *upload)
{
	struct remote *remote = &upload->push->remote;
	const struct http_request request = { .method = HTTP_GET, .url = upload->where };
	struct http_response response = { .status = 0 };
	int result;

	if (!upload->begun)
		return begin(upload);
	result = remote_send(remote, &request, &response);
	http_finish(remote->http);
	if (result < 0)
		return result;
	if (response.status != 204 ||
	    !read_offset(response.range, upload->descriptor->size, &upload->offset))
		return begin(upload);
	return follow(upload, &response);
}

static int send_content(struct upload *upload)
{
	struct remote *remote = &upload->push->remote;
	const uint64_t size = upload->descriptor->size;
	struct http_request request = { .method = HTTP_PATCH,
					.url = upload->where,
					.content_type = "application/octet-stream",
					.body_size = size - upload->offset,
					.source = read_content,
					.data = upload };
	struct http_response response = { .status = 0 };
	int result;

	if (upload->offset == size)
		return 0;
	if (upload->offset)
		request.content_range =
			arena_printf(remote->arena, "%llu-%llu", (unsigned long long)upload->offset,
				     (unsigned long long)size - 1);
	result = remote_send(remote, &request, &response);
	if (result < 0)
		return result;
	if (response.status == 416 || response.status == 401) {
		http_finish(remote->http);
		(void)fail(EREMOTEIO, "%s: status %u", remote->host, response.status);
		return UPLOAD_AGAIN;
	}
	if (response.status != 202 && response.status != 204)
		return remote_refused(remote, &response, "upload");
	http_finish(remote->http);
	return follow(upload, &response);
}

static int finish(struct upload *upload)
{
	struct remote *remote = &upload->push->remote;
	struct http_request request = { .method = HTTP_PUT, .url = upload->where };
	struct http_response response = { .status = 0 };
	int result;

	request.url.path = arena_printf(remote->arena, "%s%cdigest=%s", upload->where.path,
					strchr(upload->where.path, '?') ? '&' : '?',
					url_escape(remote->arena, upload->digest));
	if (!request.url.path)
		return -ENOMEM;
	result = remote_send(remote, &request, &response);
	if (result < 0)
		return result;
	if (response.status != 201 && response.status != 204)
		return remote_refused(remote, &response, upload->digest);
	http_finish(remote->http);
	return 0;
}

static int send_blob(struct upload *upload)
{
	struct remote *remote = &upload->push->remote;
	struct backoff backoff = { .limit = remote->attempts };
	int result;

	for (;;) {
		result = go_on(upload);
		if (result < 0)
			return result;
		progress_begin("push", upload->digest, upload->descriptor->size, upload->offset);
		result = send_content(upload);
		progress_end();
		if (result == 0)
			return finish(upload);
		if (result != UPLOAD_AGAIN && !http_may_retry(remote->http) && result != -EREMOTEIO)
			return result;
		if (!backoff_wait(&backoff, 0, remote->host))
			return error_result();
	}
}

/* 1: the registry has it. */
static int has_blob(struct push *push, const char *digest)
{
	struct http_request request = { .method = HTTP_HEAD };
	struct http_response response = { .status = 0 };
	int result = remote_url(&push->remote, &request.url, "blobs/%s", digest);

	if (result == 0)
		result = remote_send(&push->remote, &request, &response);
	if (result < 0)
		return result;
	http_finish(push->remote.http);
	if (response.status == 200)
		return 1;
	return response.status == 404 ? 0 : remote_refused(&push->remote, &response, "blob");
}

int push_blob(struct push *push, const struct descriptor *descriptor, const char *data)
{
	char text[DIGEST_TEXT_SIZE];
	struct upload upload = { .push = push, .descriptor = descriptor, .data = data, .fd = -1 };
	auto_fd int fd = -1;
	int result;

	memset(&upload.where, 0, sizeof(upload.where));
	upload.digest = arena_strdup(push->remote.arena, digest_text(&descriptor->digest, text));
	if (!upload.digest)
		return -ENOMEM;
	result = has_blob(push, upload.digest);
	if (result != 0)
		return result < 0 ? result : 0;
	if (!data) {
		fd = store_blob_open(push->store, &descriptor->digest, descriptor->size);
		if (fd < 0)
			return fd;
		upload.fd = fd;
	}
	return send_blob(&upload);
}
