/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in for libFuzzer where there is none: all files of a corpus, then mutations of them
 * by a fixed random sequence, so that a run can be repeated.
 */
#ifndef TESTS_FUZZ_DRIVER_H
#define TESTS_FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int fuzz_target(const uint8_t *data, size_t size);

/* Returns how many inputs were tried (files and `mutations`), or -1 when the folder is unreadable
 * or empty. */
long fuzz_run(fuzz_target *target, const char *corpus, long mutations, uint64_t seed);

#endif
