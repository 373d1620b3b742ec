/* SPDX-License-Identifier: Apache-2.0 */
/* fs-verity (the kernel's filesystems/fsverity.rst) of blobs, with SHA-256 and blocks of 4096. */
#include <errno.h>
#include <linux/ioctl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "image/document/document.h"
#include "image/unpack/mount_layer.h"
#include "image/unpack/unpack.h"
#include "lib/config.h"
#include "lib/error.h"

/* linux/fsverity.h, which older headers lack. */
struct verity_enable {
	uint32_t version, hash_algorithm, block_size, salt_size;
	uint64_t salt;
	uint32_t signature_size, reserved1;
	uint64_t signature, reserved2[11];
};

struct verity_measure {
	uint16_t algorithm, size;
	unsigned char digest[SHA512_SIZE];
};

enum { VERITY_SHA256 = 1, VERITY_SHA512 = 2, VERITY_BLOCK_SIZE = 4096 };
#define VERITY_ENABLE _IOW('f', 133, struct verity_enable)
/* Its argument is the head, without the digest. */
#define VERITY_MEASURE _IOWR('f', 134, uint32_t)

int blob_enable_verity(int fd)
{
	const struct verity_enable enable = { .version = 1,
					      .hash_algorithm = VERITY_SHA256,
					      .block_size = VERITY_BLOCK_SIZE };

	if (ioctl(fd, VERITY_ENABLE, &enable) == 0 || errno == EEXIST)
		return 0;
	if (errno == EOPNOTSUPP || errno == ENOTTY || errno == EROFS)
		return -EOPNOTSUPP;
	return fail(errno, "switch on fs-verity");
}

static int measure(int blob, struct verity_measure *measured)
{
	measured->size = sizeof(measured->digest);
	return ioctl(blob, VERITY_MEASURE, measured) < 0 ? -errno : 0;
}

int blob_check_verity(int blob, const struct descriptor *layer)
{
	const char *text = annotation(layer->annotations, "cruet.fsverity.digest");
	struct verity_measure measured = { 0 };
	struct digest wanted;
	int result;

	if (!text)
		return 0;
	if (!IS_ENABLED(CONFIG_IMAGE_VERITY))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "fs-verity (CONFIG_IMAGE_VERITY is off)");
	result = digest_parse(&wanted, text, "cruet.fsverity.digest");
	if (result < 0)
		return result;
	result = measure(blob, &measured);
	if (result == -ENODATA && blob_enable_verity(blob) == 0)
		result = measure(blob, &measured);
	if (result < 0)
		return fail(-result, "measure by fs-verity");
	if (measured.algorithm !=
		    (wanted.algorithm == DIGEST_SHA256 ? VERITY_SHA256 : VERITY_SHA512) ||
	    memcmp(measured.digest, wanted.bytes, digest_size(wanted.algorithm)) != 0)
		return fail(EBADMSG, "its fs-verity digest is not %s", text);
	return 0;
}
