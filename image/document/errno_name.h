/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errors, as images have them: their numbers are not the same on every machine (mips). */
#ifndef IMAGE_DOCUMENT_ERRNO_NAME_H
#define IMAGE_DOCUMENT_ERRNO_NAME_H

/* "EPERM" -> this machine's EPERM; -1: unknown. */
int errno_of_name(const char *name);
/* "PERM" of EPERM, or NULL. */
const char *errno_name(int no);

#endif
