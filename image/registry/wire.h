/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: TCP, with TLS over it or not. Waits are bounded; nothing raises SIGPIPE. */
#ifndef IMAGE_REGISTRY_WIRE_H
#define IMAGE_REGISTRY_WIRE_H

#include <stddef.h>
#include <sys/types.h>

#include "image/registry/http.h"

struct tls;

struct proxy {
	struct url url;		   /* path: not used */
	const char *authorization; /* of Proxy-Authorization; or NULL */
};

struct wire {
	int fd; /* -1: none; non-blocking */
	struct tls *tls;
	int stall_ms;
};

enum { WIRE_CONNECT_MS = 30000 };

/*
 * All addresses of the host in order, IPv4 and IPv6; `proxy` may be NULL. 0; recorded:
 * -ENXIO no such name, -EACCES a certificate that is refused, -ETIMEDOUT, -ECONNREFUSED ...
 */
int wire_open(struct wire *wire, const struct url *url, const struct proxy *proxy,
	      const struct http_options *options);
void wire_close(struct wire *wire);
/* > 0, 0 at the end, -errno recorded. */
ssize_t wire_read(struct wire *wire, void *buffer, size_t size);
int wire_write(struct wire *wire, const void *data, size_t size);

/* poll(2) for POLLIN or POLLOUT. 0, or -ETIMEDOUT recorded. */
int wire_wait(int fd, short events, int ms);

/* ---- proxy.c ---- */

/* 1: *proxy is to be used for that address; 0: none; -errno recorded. */
int proxy_find(struct arena *arena, const struct url *url, struct proxy *proxy);
/* Ask the proxy at the other end of the wire for a connection to the address's host. */
int proxy_tunnel(struct wire *wire, const struct proxy *proxy, const struct url *url);

/* ---- tls.c ---- */

/* The handshake, and the check that the server is `host`: by what *tls is, if it is not NULL (TLS
 * with a proxy), which belongs to the new one then. If that fails, *tls stays what it was. */
int tls_open(struct tls **tls, int fd, const char *host, const struct http_options *options,
	     int stall_ms);
ssize_t tls_read(struct tls *tls, void *buffer, size_t size);
ssize_t tls_write(struct tls *tls, const void *data, size_t size);
void tls_close(struct tls **tls);

#endif
