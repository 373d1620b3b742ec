/* SPDX-License-Identifier: Apache-2.0 */
/* A block that begins an entry of a tar archive (POSIX pax, "ustar Interchange Format"). */
#ifndef IMAGE_ARCHIVE_TAR_HEADER_H
#define IMAGE_ARCHIVE_TAR_HEADER_H

enum { TAR_BLOCK = 512 };

#define TAR_MAGIC "ustar\00000" /* and its version: eight bytes and a NUL */

struct tar_header {
	char name[100];
	unsigned char mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100];
	char magic[8]; /* and the version */
	char user[32], group[32];
	unsigned char major[8], minor[8];
	char prefix[155];
	char end[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is a block");

#endif
