/* SPDX-License-Identifier: Apache-2.0 */
/* Is this certificate, with the chain behind it, the host's (RFC 5280, RFC 6125)? */
#ifndef IMAGE_REGISTRY_TRUSTED_H
#define IMAGE_REGISTRY_TRUSTED_H

#include <mbedtls/x509_crt.h>

/*
 * `bundle`: a PEM file of authorities; $SSL_CERT_FILE goes before it. 0, or -EACCES recorded, in
 * words. With a clock before 2024, which no device had when this was written, "not yet valid" is
 * taken, with a warning.
 */
int certificate_check(const mbedtls_x509_crt *chain, const char *host, const char *bundle);

#endif
