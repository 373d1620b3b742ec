/* SPDX-License-Identifier: Apache-2.0 */
/* Which compression: see detect.h. */
#include "image/archive/detect.h"

#include <string.h>

#include "lib/config.h"
#include "lib/error.h"

enum compression compression_detect(const unsigned char *data, size_t size)
{
	/* "BZh", the size of a block, and the mark of the first block, or of the end. */
	const bool bzip2 = size >= 10 && !memcmp(data, "BZh", 3) && data[3] >= '1' &&
			   data[3] <= '9' &&
			   (!memcmp(data + 4, "1AY&SY", 6) ||
			    !memcmp(data + 4, "\x17\x72\x45\x38\x50\x90", 6));

	if (size >= 3 && !memcmp(data, "\x1f\x8b\x08", 3))
		return COMPRESSION_GZIP;
	/* A frame, or one to be skipped. */
	if (size >= 4 && (!memcmp(data, "\x28\xb5\x2f\xfd", 4) ||
			  ((data[0] & 0xf0) == 0x50 && !memcmp(data + 1, "\x2a\x4d\x18", 3))))
		return COMPRESSION_ZSTD;
	if (size >= 6 && !memcmp(data,
				 "\xfd"
				 "7zXZ",
				 6))
		return COMPRESSION_XZ;
	return bzip2 ? COMPRESSION_BZIP2 : COMPRESSION_NONE;
}

int compression_supported(enum compression compression, const char *name)
{
	const char *symbol = NULL;

	if (compression == COMPRESSION_ZSTD && !IS_ENABLED(CONFIG_IMAGE_ZSTD))
		symbol = "ZSTD";
	if (compression == COMPRESSION_XZ && !IS_ENABLED(CONFIG_IMAGE_XZ))
		symbol = "XZ";
	if (compression == COMPRESSION_BZIP2 && !IS_ENABLED(CONFIG_IMAGE_BZIP2))
		symbol = "BZIP2";
	if (!symbol)
		return 0;
	return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s: CONFIG_IMAGE_%s is not set", name,
		       symbol);
}
