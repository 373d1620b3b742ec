/* SPDX-License-Identifier: Apache-2.0 */
/* Where `run --image` puts its bundles. */
#ifndef IMAGE_RUN_H
#define IMAGE_RUN_H

#include <stddef.h>

#define RUN_BUNDLES "/run/cruet-bundles"

/*
 * RUN_BUNDLES/ID, for an id that the runtime takes as well ("[A-Za-z0-9_+.-]+", neither "." nor
 * ".."). 0, or -EINVAL recorded.
 */
int run_folder(char *buffer, size_t size, const char *id);

#endif
