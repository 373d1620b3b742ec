/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by the processor's own instructions: for lib/sha256*.c only. */
#ifndef LIB_SHA256_FAST_H
#define LIB_SHA256_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint32_t sha256_constants[64];

/* Add whole blocks of 64 bytes. false, and nothing is done: this processor cannot. */
bool sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks);

#endif
