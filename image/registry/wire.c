/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry/wire.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int wire_wait(int fd, short events, int ms)
{
	const int64_t end = now_ms() + ms;

	for (;;) {
		struct pollfd one = { .fd = fd, .events = events };
		const int64_t left = end - now_ms();
		const int ready = poll(&one, 1, left > 0 ? (int)left : 0);

		if (ready > 0)
			return 0;
		if (ready == 0)
			return fail(ETIMEDOUT, "nothing from the server for %d s", ms / 1000);
		if (errno != EINTR)
			return fail(errno, "poll");
	}
}

static int connect_one(const struct addrinfo *address)
{
	auto_fd int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int yes = 1;
	int no = 0;
	socklen_t size = sizeof(no);

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
		return -errno;
	if (wire_wait(fd, POLLOUT, WIRE_CONNECT_MS) < 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &no, &size) < 0)
		return -errno;
	if (no)
		return -no;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return take_fd(&fd);
}

static int connect_host(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const int reason = getaddrinfo(host, port, &hints, &list);
	int fd = -EHOSTUNREACH;

	if (reason)
		return fail(reason == EAI_AGAIN ? EHOSTUNREACH : ENXIO, "%s: %s", host,
			    reason == EAI_AGAIN ? "the name server does not answer" :
						  "no such host");
	for (const struct addrinfo *one = list; one && fd < 0; one = one->ai_next)
		fd = connect_one(one);
	freeaddrinfo(list);
	return fd < 0 ? fail(-fd, "connect to %s port %s", host, port) : fd;
}

/* All that has to be said before the server itself listens. */
static int make_way(struct wire *wire, const struct url *url, const struct proxy *proxy,
		    const struct http_options *options)
{
	int result = 0;

	if (IS_ENABLED(CONFIG_PULL_TLS) && proxy && proxy->url.https) {
		/* A registry may be insecure: that says nothing of the proxy, or its password. */
		struct http_options strict = *options;

		strict.insecure = false;
		result = tls_open(&wire->tls, wire->fd, proxy->url.host, &strict, wire->stall_ms);
	}
	if (result == 0 && proxy && url->https)
		result = proxy_tunnel(wire, proxy, url);
	if (result < 0)
		return fail_context(result, "proxy %s", proxy->url.host);
	if (IS_ENABLED(CONFIG_PULL_TLS) && url->https)
		return tls_open(&wire->tls, wire->fd, url->host, options, wire->stall_ms);
	return 0;
}

int wire_open(struct wire *wire, const struct url *url, const struct proxy *proxy,
	      const struct http_options *options)
{
	const struct url *to = proxy ? &proxy->url : url;
	int result;

	*wire = (struct wire){ .fd = -1, .stall_ms = (int)options->stall_seconds * 1000 };
	if (url->https && !IS_ENABLED(CONFIG_PULL_TLS))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "https://%s: this build has no TLS (CONFIG_PULL_TLS): `helper` in "
			       "images.json, or a mirror",
			       url->host);
	wire->fd = connect_host(to->host, to->port);
	if (wire->fd < 0)
		return wire->fd;
	result = make_way(wire, url, proxy, options);
	if (result < 0)
		wire_close(wire);
	return result;
}

void wire_close(struct wire *wire)
{
	if (IS_ENABLED(CONFIG_PULL_TLS) && wire->tls)
		tls_close(&wire->tls);
	close_fd(&wire->fd);
}

ssize_t wire_read(struct wire *wire, void *buffer, size_t size)
{
	if (IS_ENABLED(CONFIG_PULL_TLS) && wire->tls)
		return tls_read(wire->tls, buffer, size);
	for (;;) {
		const ssize_t got = recv(wire->fd, buffer, size, 0);
		int result;

		if (got >= 0)
			return got;
		if (errno != EAGAIN && errno != EINTR)
			return fail(errno, "read from the server");
		result = wire_wait(wire->fd, POLLIN, wire->stall_ms);
		if (result < 0)
			return result;
	}
}

static ssize_t write_some(struct wire *wire, const void *data, size_t size)
{
	ssize_t sent;

	if (IS_ENABLED(CONFIG_PULL_TLS) && wire->tls)
		return tls_write(wire->tls, data, size);
	sent = send(wire->fd, data, size, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR)
		return wire_wait(wire->fd, POLLOUT, wire->stall_ms);
	return fail(errno, "write to the server");
}

int wire_write(struct wire *wire, const void *data, size_t size)
{
	const char *next = data;

	while (size) {
		const ssize_t sent = write_some(wire, next, size);

		if (sent < 0)
			return (int)sent;
		next += sent;
		size -= (size_t)sent;
	}
	return 0;
}
