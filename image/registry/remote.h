/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository at one registry (distribution-spec): requests with authentication, redirects and
 * retries. https may go by the helper program of images.json instead of our own sockets.
 */
#ifndef IMAGE_REGISTRY_REMOTE_H
#define IMAGE_REGISTRY_REMOTE_H

#include "image/document/document.h"
#include "image/registry/http.h"
#include "image/settings.h"

struct remote {
	struct arena *arena;
	const struct image_settings *settings;
	struct http *http;
	struct url base;  /* path: what precedes "/v2", or "" */
	const char *host; /* as credentials are kept for it: "docker.io" */
	const char *repository;
	const char *actions;	   /* of a token: "pull", "pull,push" */
	const char *authorization; /* what was accepted last; or NULL */
	unsigned int attempts;
	bool helper; /* requests go by that program */
};

struct remote_request {
	const char *base; /* "https://HOST[:PORT][/PATH]"; NULL: the origin of `host` */
	const char *host, *repository, *actions;
	bool insecure;
	unsigned int attempts, stall_seconds;
};

/* 0 or -errno recorded. With `insecure` and no base: https if there is any, else http. */
int remote_open(struct arena *arena, const struct image_settings *settings,
		const struct remote_request *request, struct remote *remote);
void remote_close(struct remote *remote);

/* "/v2/REPOSITORY/" and what the format makes, as an address. 0 or -errno recorded. */
int remote_url(struct remote *remote, struct url *url, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * request->url, authorization aside. 0 for any final status but 429 and 5xx, for which it was tried
 * again. A body from a source is sent once only.
 */
int remote_send(struct remote *remote, const struct http_request *request,
		struct http_response *response);
/* The error that the status (and the body) says: -ENOENT, -EACCES, -EIO ... recorded. */
int remote_refused(struct remote *remote, const struct http_response *response, const char *what);

/* A document as it came, with sha256 (or what the reference's algorithm is) of its bytes. */
struct document {
	const char *text;
	size_t size;
	const char *media_type; /* of Content-Type, "" if there is none */
	struct digest digest;
};
/* Of "manifests/REFERENCE"; a reference that is a digest, and Docker-Content-Digest, must be that
 * of the bytes. -ENOENT recorded: the registry does not have it. */
int remote_manifest(struct remote *remote, const char *reference, struct document *document);
/* Any other, below the repository. */
int remote_document(struct remote *remote, const char *path, const char *accept,
		    struct document *document);

/* Where content goes. */
struct sink {
	void *data;
	uint64_t (*offset)(void *data); /* the next byte that is wanted */
	int (*restart)(void *data);	/* from the first */
	int (*add)(void *data, const void *bytes, size_t size);
};
/* "sha256-HEX" and the suffix: how a digest is written as a tag. From the arena; NULL recorded. */
char *tag_of_digest(struct arena *arena, const struct digest *digest, const char *suffix);

/* From sink->offset() on; of that size, or HTTP_LENGTH_UNKNOWN. Goes on where it was cut. */
int remote_content(struct remote *remote, const struct url *url, uint64_t size,
		   const struct sink *sink);
int remote_blob(struct remote *remote, const struct descriptor *descriptor,
		const struct sink *sink);

/* ---- retry.c ---- */

struct backoff {
	unsigned int attempt, limit;
};
/* Sleep longer each time, or what the server asked for; false: no more attempts. */
bool backoff_wait(struct backoff *backoff, uint64_t retry_after, const char *host);

/* ---- auth.c ---- */

/* Answer a challenge: sets remote->authorization. 0, or -EACCES recorded. */
int auth_answer(struct remote *remote, const struct http_response *challenge);
/* A parameter of a challenge, unquoted; NULL: not there (or out of memory). */
char *auth_parameter(struct arena *arena, const char *challenge, const char *name);

/* ---- auth_file.c ---- */

struct credentials {
	const char *basic;	    /* base64 of USER:PASSWORD; or NULL */
	const char *identity_token; /* for OAuth2; or NULL */
};
/* Those of the longest key that fits HOST/REPOSITORY. 0, nothing found included; -errno recorded.
 */
int credentials_find(struct arena *arena, const struct image_settings *settings, const char *host,
		     const char *repository, struct credentials *credentials);

/* ---- credential_helper.c ---- */

/* What docker-credential-NAME has for the host. 0, nothing found included; -ENOENT recorded: there
 * is no such program; -errno recorded. */
int credential_helper_get(struct arena *arena, const char *name, const char *host,
			  struct credentials *credentials);

/* ---- helper.c ---- */

struct helper_request {
	const char *url, *accept;
	uint64_t offset; /* what precedes it is there already */
	int (*add)(void *data, const void *bytes, size_t size);
	void *data;
};
/* Everything from the descriptor to `add`. 0 or -errno recorded. */
int pump(int fd, const char *name, int (*add)(void *data, const void *bytes, size_t size),
	 void *data);
/* Can the program begin in the middle? */
bool helper_can_resume(const struct image_settings *settings);
int helper_fetch(struct arena *arena, const struct image_settings *settings,
		 const struct helper_request *request);

#endif
