/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS by mbedTLS (2.28 or 3.x): 1.2 at least, the server always verified. The handshake runs
 * without a verification of its own; the chain is verified right after it, before a byte is sent,
 * so that of a bundle of 140 authorities only the one or two that this chain wants are kept.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#include "image/registry/trusted.h"
#include "image/registry/wire.h"
#include "lib/error.h"

struct tls {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	struct tls *below; /* with a proxy; or NULL */
	int fd, stall_ms;
};

static int random_bytes(void *data, unsigned char *buffer, size_t size)
{
	(void)data;
	while (size) {
		const ssize_t got = getrandom(buffer, size, 0);

		if (got < 0 && errno != EINTR)
			return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
		if (got > 0) {
			buffer += got;
			size -= (size_t)got;
		}
	}
	return 0;
}

static int send_record(void *data, const unsigned char *buffer, size_t size)
{
	struct tls *tls = data;
	ssize_t sent;

	if (tls->below)
		return mbedtls_ssl_write(&tls->below->ssl, buffer, size);
	sent = send(tls->fd, buffer, size, MSG_NOSIGNAL);
	if (sent >= 0)
		return (int)sent;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE :
						   MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int read_plain(struct tls *tls, void *buffer, size_t size)
{
	int got;

	do
		got = mbedtls_ssl_read(&tls->ssl, buffer, size);
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
	while (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
#else
	while (false);
#endif
	return got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : got;
}

static int receive_record(void *data, unsigned char *buffer, size_t size)
{
	struct tls *tls = data;
	const ssize_t got =
		tls->below ? read_plain(tls->below, buffer, size) : recv(tls->fd, buffer, size, 0);

	if (got > 0)
		return (int)got;
	if (got == 0)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	if (tls->below)
		return (int)got;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ :
						   MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* 0: try again. -errno recorded for what is no reason to wait. */
static int wait_for(struct tls *tls, int reason, const char *what)
{
	switch (reason) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return wire_wait(tls->fd, POLLIN, tls->stall_ms);
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return wire_wait(tls->fd, POLLOUT, tls->stall_ms);
	case MBEDTLS_ERR_SSL_CONN_EOF:
		return fail(ECONNRESET, "TLS: %s: the server closed the connection", what);
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR:
		return fail(ECONNRESET, "TLS: %s", what);
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return fail(ENOMEM, "TLS: %s", what);
	default:
		return fail(EPROTO, "TLS: %s: -0x%04x", what, (unsigned int)-reason);
	}
}

#if defined(MBEDTLS_AESNI_C) && MBEDTLS_VERSION_NUMBER < 0x03000000
/* The library puts ChaCha20 first, which is right where AES is done in software. */
#define AES_FIRST
static const int aes_first[] = {
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0,
};
#endif

static int configure(struct tls *tls, const char *host)
{
	mbedtls_ssl_config *config = &tls->config;
	struct in6_addr address;
	int result = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
						 MBEDTLS_SSL_TRANSPORT_STREAM,
						 MBEDTLS_SSL_PRESET_DEFAULT);

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	if (result == 0)
		result = psa_crypto_init();
#else
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
				     MBEDTLS_SSL_MINOR_VERSION_3);
#ifdef AES_FIRST
	mbedtls_ssl_conf_ciphersuites(config, aes_first);
#endif
#endif
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_rng(config, random_bytes, NULL);
	if (result == 0)
		result = mbedtls_ssl_setup(&tls->ssl, config);
	/* RFC 6066 section 3: an address is no server name. */
	if (result == 0 && inet_pton(AF_INET, host, &address) != 1 &&
	    inet_pton(AF_INET6, host, &address) != 1)
		result = mbedtls_ssl_set_hostname(&tls->ssl, host);
	if (result)
		return fail(ENOMEM, "TLS: set up: -0x%04x", (unsigned int)-result);
	mbedtls_ssl_set_bio(&tls->ssl, tls, send_record, receive_record, NULL);
	return 0;
}

static int handshake(struct tls *tls, const char *host, const struct http_options *options)
{
	int reason, result = configure(tls, host);

	while (result == 0 && (reason = mbedtls_ssl_handshake(&tls->ssl)) != 0)
		result = wait_for(tls, reason, "handshake");
	if (result == 0 && !options->insecure)
		result = certificate_check(mbedtls_ssl_get_peer_cert(&tls->ssl), host,
					   options->certificates);
	return fail_context(result, "%s", host);
}

int tls_open(struct tls **result, int fd, const char *host, const struct http_options *options,
	     int stall_ms)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	int status;

	if (!tls)
		return fail(ENOMEM, "TLS");
	tls->fd = fd;
	tls->stall_ms = stall_ms;
	mbedtls_ssl_init(&tls->ssl);
	mbedtls_ssl_config_init(&tls->config);
	tls->below = *result;
	status = handshake(tls, host, options);
	if (status < 0) {
		tls->below = NULL;
		tls_close(&tls);
		return status;
	}
	*result = tls;
	return 0;
}

void tls_close(struct tls **tls)
{
	/* Whoever waits for it would wait for a server that may be gone: one try. */
	(void)mbedtls_ssl_close_notify(&(*tls)->ssl);
	mbedtls_ssl_free(&(*tls)->ssl);
	mbedtls_ssl_config_free(&(*tls)->config);
	if ((*tls)->below)
		tls_close(&(*tls)->below);
	free(*tls);
	*tls = NULL;
}

ssize_t tls_read(struct tls *tls, void *buffer, size_t size)
{
	for (;;) {
		const int got = read_plain(tls, buffer, size);
		int result;

		if (got >= 0)
			return got;
		result = wait_for(tls, got, "read");
		if (result < 0)
			return result;
	}
}

ssize_t tls_write(struct tls *tls, const void *data, size_t size)
{
	const int sent = mbedtls_ssl_write(&tls->ssl, data, size);

	return sent >= 0 ? sent : wait_for(tls, sent, "write");
}
