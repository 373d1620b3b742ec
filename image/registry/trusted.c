/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry/trusted.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum { PEM_MAX = 16 << 10 };	/* one certificate as text */
#define CLOCK_IS_SET 1704067200 /* 2024-01-01 */
#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static bool same_name(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* Only who issued something of the chain, or stands in it, can vouch for it. */
static int keep_if_wanted(mbedtls_x509_crt *kept, const mbedtls_x509_crt *chain, const char *pem,
			  size_t size)
{
	mbedtls_x509_crt one;
	int result = 0;

	mbedtls_x509_crt_init(&one);
	/* One that cannot be read (an algorithm that is not built in) vouches for nobody. */
	if (mbedtls_x509_crt_parse(&one, (const unsigned char *)pem, size) == 0) {
		for (; chain; chain = chain->next) {
			if (same_name(&one.subject_raw, &chain->issuer_raw)) {
				result = mbedtls_x509_crt_parse(kept, (const unsigned char *)pem,
								size);
				break;
			}
		}
	}
	mbedtls_x509_crt_free(&one);
	return result ? fail(ENOMEM, "certificates") : 0;
}

/* The certificates in the first `*size` bytes; what is left of the text is moved to its start. */
static int take_certificates(char *text, size_t *size, mbedtls_x509_crt *kept,
			     const mbedtls_x509_crt *chain)
{
	char *next = text, *begin, *end;
	int result = 0;

	text[*size] = '\0';
	while (result == 0 && (begin = strstr(next, BEGIN)) && (end = strstr(begin, END))) {
		char after;

		end += strlen(END);
		after = *end;
		*end = '\0';
		result = keep_if_wanted(kept, chain, begin, (size_t)(end - begin) + 1);
		*end = after;
		next = end;
	}
	/* A file may have text between certificates: only the beginning of one must stay. */
	begin = strstr(next, BEGIN);
	if (!begin && *size - (size_t)(next - text) > strlen(BEGIN))
		begin = text + *size - strlen(BEGIN);
	if (begin)
		next = begin;
	*size -= (size_t)(next - text);
	memmove(text, next, *size);
	return result;
}

static int read_bundle(const char *path, mbedtls_x509_crt *kept, const mbedtls_x509_crt *chain)
{
	static char text[PEM_MAX + 1];
	auto_fd int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	int result = 0;

	if (fd < 0)
		return fail(errno, "certificates: open %s", path);
	while (result == 0) {
		const ssize_t got = read(fd, text + size, PEM_MAX - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(errno, "certificates: read %s", path);
		if (got == 0)
			return 0;
		size += (size_t)got;
		result = take_certificates(text, &size, kept, chain);
		if (result == 0 && size == PEM_MAX)
			return fail(EFBIG, "%s: a certificate is too large", path);
	}
	return result;
}

/* subjectAltName's iPAddress, byte by byte; mbedTLS 2.28 compares names only. */
static bool is_for_address(const mbedtls_x509_crt *certificate, const void *address, size_t size)
{
	const mbedtls_x509_sequence *name = &certificate->subject_alt_names;

	for (; name; name = name->next) {
		if ((name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == 7 && name->buf.len == size &&
		    memcmp(name->buf.p, address, size) == 0)
			return true;
	}
	return false;
}

static int refuse(uint32_t flags, const char *bundle)
{
	if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		return fail(EACCES, "its certificate is for another host");
	if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		return fail(EACCES, "its certificate has expired (or the clock is wrong)");
	if (flags & MBEDTLS_X509_BADCERT_FUTURE)
		return fail(EACCES, "its certificate is not valid yet (or the clock is wrong)");
	if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		return fail(EACCES, "its certificate's issuer is unknown: not in %s", bundle);
	return fail(EACCES, "its certificate is refused (0x%x)", (unsigned int)flags);
}

static uint32_t verify(const mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted, const char *host)
{
	unsigned char address[16];
	uint32_t flags = 0;
	const size_t size = inet_pton(AF_INET, host, address) == 1  ? 4 :
			    inet_pton(AF_INET6, host, address) == 1 ? 16 :
								      0;

	/* The chain is not changed; the interface is not const. */
	if (mbedtls_x509_crt_verify((mbedtls_x509_crt *)(uintptr_t)chain, trusted, NULL,
				    size ? NULL : host, &flags, NULL, NULL) &&
	    !flags)
		flags = MBEDTLS_X509_BADCERT_OTHER;
	if (size && !is_for_address(chain, address, size))
		flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	if (mbedtls_x509_crt_check_extended_key_usage(chain, MBEDTLS_OID_SERVER_AUTH,
						      MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) ||
	    mbedtls_x509_crt_check_key_usage(chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE))
		flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	return flags;
}

int certificate_check(const mbedtls_x509_crt *chain, const char *host, const char *bundle)
{
	const char *named = getenv("SSL_CERT_FILE");
	mbedtls_x509_crt trusted;
	uint32_t flags;
	int result;

	if (named && *named)
		bundle = named;
	if (!chain)
		return fail(EACCES, "it has no certificate");
	mbedtls_x509_crt_init(&trusted);
	result = read_bundle(bundle, &trusted, chain);
	flags = result == 0 ? verify(chain, &trusted, host) : 0;
	mbedtls_x509_crt_free(&trusted);
	if (flags & MBEDTLS_X509_BADCERT_FUTURE && time(NULL) < CLOCK_IS_SET) {
		log_warning("%s: the clock is not set: its certificate's dates were not looked at",
			    host);
		flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_FUTURE;
	}
	return flags ? refuse(flags, bundle) : result;
}
