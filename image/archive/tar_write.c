/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar: see tar_write.h. */
#include "image/archive/tar_write.h"

#include <stdbool.h>
#include <string.h>

#include "image/archive/archive.h"
#include "image/archive/tar_header.h"
#include "lib/error.h"
#include "lib/str.h"

static const unsigned char zeros[TAR_BLOCK];

static int put(const struct tar_writer *writer, const void *data, size_t size)
{
	return size ? writer->sink(writer->data, data, size) : 0;
}

static int put_padding(const struct tar_writer *writer, uint64_t size)
{
	return put(writer, zeros, (size_t)-size % TAR_BLOCK);
}

/* ---- the header ---- */

/* All digits but the last byte, which is NUL. False, and zeros: it does not fit. */
static bool put_octal(char *field, size_t size, uint64_t value)
{
	const bool fits = value < (uint64_t)1 << 3 * (size - 1);

	field[--size] = 0;
	for (uint64_t left = fits ? value : 0; size; left >>= 3)
		field[--size] = (char)('0' + (left & 7));
	return fits;
}
#define PUT_OCTAL(field, value) put_octal((char *)(field), sizeof(field), value)

static void put_checksum(struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	uint32_t sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += bytes[i];
	put_octal((char *)header->checksum, sizeof(header->checksum) - 1, sum);
}

static void start_header(struct tar_header *header, char type)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->magic, TAR_MAGIC, sizeof(header->magic));
	header->type = type;
}

/* Into name, or prefix and name. False: it does not fit, and what does is in name. */
static bool put_path(struct tar_header *header, const char *path)
{
	const size_t size = strlen(path);

	if (size <= sizeof(header->name)) {
		memcpy(header->name, path, size);
		return true;
	}
	for (size_t i = size - sizeof(header->name) - 1;
	     i + 1 < size && i <= sizeof(header->prefix); i++)
		if (i && path[i] == '/') {
			memcpy(header->prefix, path, i);
			memcpy(header->name, path + i + 1, size - i - 1);
			return true;
		}
	memcpy(header->name, path, sizeof(header->name));
	return false;
}

/* ---- pax ---- */

struct pax {
	const struct tar_writer *writer; /* NULL: only count */
	size_t size;
	int result;
};

static void pax_put(struct pax *pax, const char *key, const char *name, const void *value,
		    size_t value_size)
{
	/* Space, '=' and newline; then the digits of the length, which count themselves. */
	const size_t rest = strlen(key) + strlen(name) + value_size + 3;
	char start[32];
	size_t length = rest + 1;

	for (size_t digits = 1, power = 10; length >= power; power *= 10)
		length = rest + ++digits;
	pax->size += length;
	if (!pax->writer || pax->result < 0)
		return;
	pax->result = str_format(start, sizeof(start), "%zu ", length);
	if (pax->result == 0)
		pax->result = put(pax->writer, start, strlen(start));
	if (pax->result == 0)
		pax->result = put(pax->writer, key, strlen(key));
	if (pax->result == 0)
		pax->result = put(pax->writer, name, strlen(name));
	if (pax->result == 0)
		pax->result = put(pax->writer, "=", 1);
	if (pax->result == 0)
		pax->result = put(pax->writer, value, value_size);
	if (pax->result == 0)
		pax->result = put(pax->writer, "\n", 1);
}

static void pax_put_number(struct pax *pax, const char *key, uint64_t value)
{
	char text[24];

	str_format(text, sizeof(text), "%llu", (unsigned long long)value);
	pax_put(pax, key, "", text, strlen(text));
}

static void pax_put_time(struct pax *pax, const struct entry *entry)
{
	char text[40];
	size_t size;

	/* Programs read a fraction of a negative time differently. */
	str_format(text, sizeof(text), "%lld.%09u", (long long)entry->mtime,
		   entry->mtime < 0 ? 0 : entry->mtime_nanoseconds);
	size = strlen(text);
	while (text[size - 1] == '0')
		size--;
	pax_put(pax, "mtime", "", text, size - (text[size - 1] == '.'));
}

/* The next name after `last` (NULL: the first), so that the order is always the same. */
static const struct entry_xattr *next_xattr(const struct entry *entry, const char *last)
{
	const struct entry_xattr *next = NULL;

	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct entry_xattr *xattr = &entry->xattrs[i];

		if ((!last || strcmp(xattr->name, last) > 0) &&
		    (!next || strcmp(xattr->name, next->name) < 0))
			next = xattr;
	}
	return next;
}

/* What the header could not take. */
struct needs {
	bool path, link, size, uid, gid, mtime;
};

static void pax_put_all(struct pax *pax, const struct entry *entry, const char *path,
			const struct needs *needs)
{
	const struct entry_xattr *xattr = NULL;

	if (needs->path)
		pax_put(pax, "path", "", path, strlen(path));
	if (needs->link)
		pax_put(pax, "linkpath", "", entry->link, strlen(entry->link));
	if (needs->size)
		pax_put_number(pax, "size", entry->size);
	if (needs->uid)
		pax_put_number(pax, "uid", entry->uid);
	if (needs->gid)
		pax_put_number(pax, "gid", entry->gid);
	if (needs->mtime)
		pax_put_time(pax, entry);
	while ((xattr = next_xattr(entry, xattr ? xattr->name : NULL)))
		pax_put(pax, "SCHILY.xattr.", xattr->name, xattr->value, xattr->size);
}

static int write_pax(const struct tar_writer *writer, const struct entry *entry, const char *path,
		     const struct needs *needs)
{
	struct tar_header header;
	struct pax pax = { 0 };
	int result;

	pax_put_all(&pax, entry, path, needs);
	if (!pax.size)
		return 0;
	start_header(&header, 'x');
	put_path(&header, "././@PaxHeader");
	PUT_OCTAL(header.mode, 0644);
	PUT_OCTAL(header.uid, 0);
	PUT_OCTAL(header.gid, 0);
	PUT_OCTAL(header.size, pax.size);
	PUT_OCTAL(header.mtime, 0);
	put_checksum(&header);
	result = put(writer, &header, sizeof(header));
	pax = (struct pax){ .writer = writer, .result = result };
	pax_put_all(&pax, entry, path, needs);
	return pax.result < 0 ? pax.result : put_padding(writer, pax.size);
}

/* ---- entries ---- */

int tar_write_entry(struct tar_writer *writer, const struct entry *entry)
{
	const bool folder = entry->type == ENTRY_DIRECTORY;
	char path[ENTRY_PATH_MAX + 4];
	const char *link = entry->link ? entry->link : "";
	struct tar_header header;
	struct needs needs = { 0 };
	int result;

	if (writer->left)
		return fail(EINVAL, "tar: %s begins before the data of the last entry ended",
			    entry->path);
	result = str_format(path, sizeof(path), "%s%s", *entry->path ? entry->path : ".",
			    folder ? "/" : "");
	if (result < 0)
		return result;
	start_header(&header, (char)('0' + (int)entry->type));
	needs.path = !put_path(&header, path);
	needs.link = strlen(link) > sizeof(header.link);
	memcpy(header.link, link, strnlen(link, sizeof(header.link)));
	PUT_OCTAL(header.mode, entry->mode & 07777);
	needs.uid = !PUT_OCTAL(header.uid, entry->uid);
	needs.gid = !PUT_OCTAL(header.gid, entry->gid);
	writer->size = entry->type == ENTRY_FILE ? entry->size : 0;
	needs.size = !PUT_OCTAL(header.size, writer->size);
	needs.mtime = !PUT_OCTAL(header.mtime, (uint64_t)entry->mtime) || entry->mtime_nanoseconds;
	if (!PUT_OCTAL(header.major, entry->major) || !PUT_OCTAL(header.minor, entry->minor))
		return fail(EOVERFLOW, "tar: %s: device number %u:%u", entry->path, entry->major,
			    entry->minor);
	put_checksum(&header);
	result = write_pax(writer, entry, path, &needs);
	if (result == 0)
		result = put(writer, &header, sizeof(header));
	if (result == 0)
		writer->left = writer->size;
	return result;
}

int tar_write_data(struct tar_writer *writer, const void *buffer, size_t size)
{
	int result;

	if (size > writer->left)
		return fail(EFBIG, "tar: more data than the header says");
	result = put(writer, buffer, size);
	if (result < 0)
		return result;
	writer->left -= size;
	return size && !writer->left ? put_padding(writer, writer->size) : 0;
}

int tar_write_end(struct tar_writer *writer)
{
	int result;

	if (writer->left)
		return fail(EINVAL, "tar: the end before the data of the last entry ended");
	result = put(writer, zeros, sizeof(zeros));
	return result < 0 ? result : put(writer, zeros, sizeof(zeros));
}
