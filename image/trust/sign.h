/* SPDX-License-Identifier: Apache-2.0 */
/* Making signatures: the two schemes behind trust_sign(). */
#ifndef IMAGE_TRUST_SIGN_H
#define IMAGE_TRUST_SIGN_H

#include "image/trust/internal.h"

/*
 * Sign `size` bytes of `data` with the key file's text. `name`: of the file that is signed, without
 * ".statement", for the trusted comment. The signature file's text from the arena; NULL recorded.
 * Secrets are wiped.
 */
char *minisign_sign(struct arena *arena, const char *key, size_t key_size, const char *name,
		    const void *data, size_t size);
/* `key`: its NUL counts. */
char *cosign_sign(struct arena *arena, const char *key, size_t key_size, const void *data,
		  size_t size);

/* What encrypts a key file: MINISIGN_PASSWORD, or asked for on the terminal. 0 or -errno recorded.
 */
enum { PASSWORD_MAX = 1024 };
int password_ask(char password[PASSWORD_MAX]);

#endif
