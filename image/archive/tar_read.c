/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tar. Others read the same bytes differently; this is the one reading of this program.
 * What GNU tar, bsdtar, Python and Go do not all agree on is an error, not a guess.
 *
 * - kind: "ustar\0" "00": POSIX. "ustar  \0": GNU. Eight NULs: V7. Anything else is an error, so is
 *   "tar\0" at the end of the block (star).
 * - prefix: of POSIX only. Bytes there in V7 or GNU headers (their times, maps of holes): error.
 * - numbers: octal digits after any blanks, ended by a blank, NUL or the field, then only those.
 *   Only NULs: 0; only blanks: an error. 0x80: base 256, positive, below 2^63. 0xff: negative, for
 *   mtime only. All of a header's must be right, used or not.
 * - checksum: of unsigned bytes. What only the sum of signed ones fits is an error.
 * - types: 0 NUL 7: file. 1 2 3 4 5 6. x g: pax. L K: GNU's long names. All others: error.
 * - "file/": NUL with '/' at the end of the header's own name is a directory (V7) unless it is the
 *   root; '/' at the end of anything else that is no directory is an error.
 * - size: pax's counts, and it is by it that data is passed over (CVE-2025-62518). The header's
 *   must be the same, 0, or not have fitted into octal. Not 0 for what is no file: error.
 * - pax x: before an entry, once; without GNU's long names. Keywords that are used: once, not
 *   empty, no NUL in names, no fraction in a time before 1970. Holes (GNU.sparse, SUN.holes,
 *   SCHILY.realsize): error.
 * - pax g: only with keywords that are not used here: Go ignores it, others do not. Before an entry
 *   too.
 * - L, K: once each; text up to a NUL, behind which are only NULs. So are those behind it in the
 *   block, and behind pax headers: some read on.
 * - path: leading "/" and "./" and trailing "/" go; the rest is entry_check.c's. uid and gid: up to
 *   2^32 - 2. mode: the lowest 12 bits.
 * - the end: two blocks of zeros; or the end of the archive, in place of an entry, when there was
 *   one: layers without the zeros exist, and their digest says that they are whole. One block of
 *   zeros and then anything is an error. After the two only zeros, at most 16 MiB.
 * - truncated: an error anywhere else, in padding too.
 */
#include "image/archive/tar_read.h"

#include <string.h>

#include "image/archive/reader.h"
#include "image/archive/tar_header.h"

enum {
	CHECKSUM_OFFSET = offsetof(struct tar_header, checksum),
	PREFIX_OFFSET = offsetof(struct tar_header, prefix),
	TAIL_MAX = 16 << 20,
};
/* What eleven octal digits cannot say. */
#define OCTAL_SIZE_MAX ((uint64_t)8 << 30)

struct tar {
	struct reader *reader;
	struct tar_extended extended;
	size_t extended_used;
	bool any;    /* was there an entry? */
	bool global; /* was the last a global header? */
	struct tar_header header;
};

/* ---- fields ---- */

static bool base256(const unsigned char *field, size_t size, int64_t *value)
{
	const bool negative = *field == 0xff;
	uint64_t bits = negative ? UINT64_MAX : 0;

	if (*field != 0x80 && !negative)
		return false;
	for (size_t i = 1; i < size; i++) {
		/* The bits that go out must be copies of the sign, and so must the one that is
		 * left. */
		if (bits >> 55 != (negative ? 0x1ff : 0))
			return false;
		bits = bits << 8 | field[i];
	}
	*value = (int64_t)bits;
	return negative == (*value < 0);
}

bool tar_number(const unsigned char *field, size_t size, int64_t *value)
{
	size_t i = 0;

	*value = 0;
	if (*field & 0x80)
		return base256(field, size, value);
	while (i < size && field[i] == ' ')
		i++;
	if (i && (i == size || !field[i]))
		return false;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		*value = *value << 3 | (field[i] - '0');
	for (; i < size; i++)
		if (field[i] && field[i] != ' ')
			return false;
	return true;
}

static int number_fail(struct tar *tar, const char *field)
{
	return reader_fail(tar->reader, "bad %s in the header", field);
}

static bool number_below(const unsigned char *field, size_t size, uint32_t *result)
{
	int64_t value;

	if (!tar_number(field, size, &value) || value < 0 || value > UINT32_MAX)
		return false;
	*result = (uint32_t)value;
	return true;
}

static bool all_zero(const void *data, size_t size)
{
	const unsigned char *bytes = data;

	while (size && !*bytes)
		bytes++, size--;
	return !size;
}

static struct tar_text field_text(const char *field, size_t size)
{
	return (struct tar_text){ field, strnlen(field, size) };
}

/* ---- blocks ---- */

/* 1: a block in tar->header; 0: the archive ends here; -1. */
static int read_block(struct tar *tar)
{
	struct reader *reader = tar->reader;
	const int more = reader_more(reader);

	if (more <= 0)
		return more;
	if (reader->plain_end - reader->plain_begin < TAR_BLOCK)
		return reader_fail(reader, "truncated");
	memcpy(&tar->header, reader->plain + reader->plain_begin, TAR_BLOCK);
	reader->plain_begin += TAR_BLOCK;
	return 1;
}

/* Data of `size` bytes and the padding to a block: sent, or kept in `copy`. */
static int pass_data(struct tar *tar, uint64_t size, char *copy)
{
	struct reader *reader = tar->reader;
	const size_t padding = (size_t)-size % TAR_BLOCK;

	while (size) {
		const int more = reader_more(reader);
		size_t here = reader->plain_end - reader->plain_begin;

		if (more < 0)
			return -1;
		if (!more)
			return reader_fail(reader, "truncated");
		if (here > size)
			here = (size_t)size;
		if (copy) {
			memcpy(copy, reader->plain + reader->plain_begin, here);
			copy += here;
			reader->plain_begin += here;
		} else if (reader_send_data(reader, here) < 0) {
			return -1;
		}
		size -= here;
	}
	if (reader->plain_end - reader->plain_begin < padding)
		return reader_fail(reader, "truncated");
	if (copy && !all_zero(reader->plain + reader->plain_begin, padding))
		return reader_fail(reader, "something follows a long name or a pax header");
	reader->plain_begin += padding;
	return 0;
}

/* After a block of zeros. */
static int read_end(struct tar *tar)
{
	struct reader *reader = tar->reader;
	size_t tail = 0;
	int more = read_block(tar);

	if (more < 0)
		return -1;
	if (!more || !all_zero(&tar->header, TAR_BLOCK))
		return reader_fail(reader, "one block of zeros where the end has two");
	while ((more = reader_more(reader)) > 0) {
		const size_t here = reader->plain_end - reader->plain_begin;

		tail += here;
		if (tail > TAIL_MAX || !all_zero(reader->plain + reader->plain_begin, here))
			return reader_fail(reader, "something follows the end of the archive");
		reader->plain_begin += here;
	}
	return more;
}

/* ---- headers ---- */

static int check_header(struct tar *tar)
{
	const struct tar_header *header = &tar->header;
	const unsigned char *bytes = (const unsigned char *)header;
	const bool posix = !memcmp(header->magic, TAR_MAGIC, 8);
	uint32_t sum, found = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		found += i - CHECKSUM_OFFSET < sizeof(header->checksum) ? ' ' : bytes[i];
	if (*header->checksum & 0x80 ||
	    !number_below(header->checksum, sizeof(header->checksum), &sum) || sum != found)
		return reader_fail(tar->reader, tar->any ? "bad checksum of a tar header" :
							   "this is no tar archive");
	if ((!posix && memcmp(header->magic, "ustar  ", 8) != 0 && !all_zero(header->magic, 8)) ||
	    (posix && !memcmp(header->end + sizeof(header->end) - 4, "tar", 4)))
		return reader_fail(tar->reader, "unknown kind of tar header");
	if (!posix && !all_zero(bytes + PREFIX_OFFSET, TAR_BLOCK - PREFIX_OFFSET))
		return reader_fail(tar->reader, "unknown fields in a tar header");
	return 0;
}

/* Are there headers that wait for their entry? */
static bool is_extended(const struct tar_extended *extended)
{
	return extended->has_pax || extended->path.data || extended->link.data;
}

/* x, g, L, K. */
static int read_extended(struct tar *tar, char type, uint64_t size)
{
	struct tar_extended *extended = &tar->extended;
	char *text = tar->reader->extended + tar->extended_used;
	struct tar_text *name = type == 'L' ? &extended->path : &extended->link;
	struct tar_text found;

	if (size > READER_EXTENDED - tar->extended_used)
		return reader_fail(tar->reader, "more than %d bytes of pax headers or long names",
				   (int)READER_EXTENDED);
	if (type == 'g' ? is_extended(extended) : extended->has_pax)
		return reader_fail(tar->reader, "a pax header before a header that is no entry's");
	if (pass_data(tar, size, text) < 0)
		return -1;
	if (type == 'g')
		return pax_read(tar->reader, extended, text, (size_t)size, true);
	if (type == 'x') {
		if (extended->path.data || extended->link.data)
			return reader_fail(tar->reader, "both a pax header and GNU's long names");
		extended->has_pax = true;
		tar->extended_used += (size_t)size;
		return pax_read(tar->reader, extended, text, (size_t)size, false);
	}
	found = field_text(text, (size_t)size);
	if (name->data || !found.size || !all_zero(text + found.size, (size_t)size - found.size))
		return reader_fail(tar->reader, "bad or second long name");
	*name = found;
	tar->extended_used += (size_t)size;
	return 0;
}

/* Of files; of others it must be 0. */
static int find_size(struct tar *tar, uint64_t *result)
{
	const struct tar_extended *extended = &tar->extended;
	int64_t size;

	if (!tar_number(tar->header.size, sizeof(tar->header.size), &size) || size < 0)
		return number_fail(tar, "size");
	if (extended->has_size && (uint64_t)size != extended->size && size &&
	    extended->size < OCTAL_SIZE_MAX)
		return reader_fail(tar->reader, "two sizes, pax and header");
	*result = extended->has_size ? extended->size : (uint64_t)size;
	return 0;
}

static void take_prefix(struct tar_text *text, size_t size)
{
	text->data += size;
	text->size -= size;
}

/* "./a/", "/a": "a"; ".", "/": "". Was there a '/' at the end, or is it the root? */
static bool clean(struct tar_text *text)
{
	bool folder = false;

	while (text->size && (*text->data == '/' ||
			      (*text->data == '.' && text->size > 1 && text->data[1] == '/')))
		take_prefix(text, *text->data == '/' ? 1 : 2);
	while (text->size && text->data[text->size - 1] == '/') {
		text->size--;
		folder = true;
	}
	if (text->size == 1 && *text->data == '.')
		text->size = 0;
	return folder || !text->size;
}

/* ---- entries ---- */

static int find_type(struct tar *tar, bool folder, bool named, enum entry_type *type)
{
	static const char types[] = "0123456"; /* in the order of enum entry_type */
	const char *at = strchr(types, tar->header.type == '7' ? '0' : tar->header.type);
	const unsigned char shown = (unsigned char)tar->header.type;

	if (!tar->header.type) {
		*type = folder && named && !tar->extended.path.data ? ENTRY_DIRECTORY : ENTRY_FILE;
	} else if (at) {
		*type = (enum entry_type)(at - types);
	} else {
		return reader_fail(tar->reader, "type %#x is not supported", shown);
	}
	if (folder && *type != ENTRY_DIRECTORY)
		return reader_fail(tar->reader, "a folder's name for what is none");
	return 0;
}

/* Of any header, an extended one's too: others refuse what is none. */
static int read_numbers(struct tar *tar, struct record_entry *entry)
{
	const struct tar_header *header = &tar->header;

	if (!number_below(header->mode, sizeof(header->mode), &entry->mode))
		return number_fail(tar, "mode");
	if (!number_below(header->uid, sizeof(header->uid), &entry->uid))
		return number_fail(tar, "uid");
	if (!number_below(header->gid, sizeof(header->gid), &entry->gid))
		return number_fail(tar, "gid");
	if (!tar_number(header->mtime, sizeof(header->mtime), &entry->mtime))
		return number_fail(tar, "mtime");
	if (!number_below(header->major, sizeof(header->major), &entry->major) ||
	    !number_below(header->minor, sizeof(header->minor), &entry->minor))
		return number_fail(tar, "device number");
	return 0;
}

static void apply_pax(const struct tar_extended *extended, struct record_entry *entry)
{
	entry->mode &= 07777;
	if (extended->has_uid)
		entry->uid = extended->uid;
	if (extended->has_gid)
		entry->gid = extended->gid;
	if (extended->has_mtime) {
		entry->mtime = extended->mtime;
		entry->mtime_nanoseconds = extended->mtime_nanoseconds;
	}
	if (entry->type != ENTRY_CHARACTER_DEVICE && entry->type != ENTRY_BLOCK_DEVICE)
		entry->major = entry->minor = 0;
}

static int send_entry(struct tar *tar, const struct record_entry *entry, struct tar_text path,
		      struct tar_text link)
{
	const struct tar_extended *extended = &tar->extended;
	size_t size = sizeof(*entry) + path.size + link.size + 2, xattrs = 0;

	for (size_t i = 0; i < extended->xattr_count; i++) {
		if (extended->xattrs[i].name.size > RECORD_XATTR_NAME_MAX)
			return reader_fail(tar->reader, "name of an extended attribute too long");
		xattrs += extended->xattrs[i].value.size;
		size += sizeof(struct record_xattr) + extended->xattrs[i].name.size + 1 +
			extended->xattrs[i].value.size;
	}
	if (xattrs > ENTRY_XATTR_BYTES_MAX)
		return reader_fail(tar->reader, "more than %d bytes of extended attributes",
				   (int)ENTRY_XATTR_BYTES_MAX);
	if (reader_send(tar->reader, RECORD_ENTRY, size) < 0)
		return -1;
	reader_put(tar->reader, entry, sizeof(*entry));
	reader_put(tar->reader, path.data, path.size);
	reader_put(tar->reader, "", 1);
	reader_put(tar->reader, link.data, link.size);
	reader_put(tar->reader, "", 1);
	for (size_t i = 0; i < extended->xattr_count; i++) {
		const struct tar_xattr *xattr = &extended->xattrs[i];
		const struct record_xattr lengths = { .name_length = (uint32_t)xattr->name.size,
						      .value_size = (uint32_t)xattr->value.size };

		reader_put(tar->reader, &lengths, sizeof(lengths));
		reader_put(tar->reader, xattr->name.data, xattr->name.size);
		reader_put(tar->reader, "", 1);
		reader_put(tar->reader, xattr->value.data, xattr->value.size);
	}
	return 0;
}

/* The name of the header, or the longer one; into `joined` if it is in two parts. */
static struct tar_text find_path(const struct tar *tar, char joined[256])
{
	const struct tar_header *header = &tar->header;
	const struct tar_text name = field_text(header->name, sizeof(header->name));
	const struct tar_text prefix = field_text(header->prefix, sizeof(header->prefix));

	if (tar->extended.path.data)
		return tar->extended.path;
	if (!prefix.size) /* of others than POSIX it is empty */
		return name;
	memcpy(joined, prefix.data, prefix.size);
	joined[prefix.size] = '/';
	memcpy(joined + prefix.size + 1, name.data, name.size);
	return (struct tar_text){ joined, prefix.size + 1 + name.size };
}

static void remember_name(struct reader *reader, struct tar_text path)
{
	const size_t size = path.size < sizeof(reader->name) ? path.size : sizeof(reader->name) - 1;

	memcpy(reader->name, path.data, size);
	reader->name[size] = 0;
}

static int read_entry(struct tar *tar, struct record_entry *entry)
{
	char joined[256];
	struct tar_text path = find_path(tar, joined), link = { "", 0 };
	enum entry_type type = ENTRY_FILE;
	bool folder;

	remember_name(tar->reader, path);
	if (!path.size)
		return reader_fail(tar->reader, "an entry without a name");
	folder = clean(&path);
	if (find_type(tar, folder, path.size > 0, &type) < 0)
		return -1;
	entry->type = type;
	if (entry->size && type != ENTRY_FILE)
		return reader_fail(tar->reader, "data of what is no file");
	apply_pax(&tar->extended, entry);
	if (type == ENTRY_HARD_LINK || type == ENTRY_SYMLINK)
		link = tar->extended.link.data ?
			       tar->extended.link :
			       field_text(tar->header.link, sizeof(tar->header.link));
	if (type == ENTRY_HARD_LINK && link.size && clean(&link))
		return reader_fail(tar->reader, "a hard link to a folder");
	if (path.size >= ENTRY_PATH_MAX || link.size >= ENTRY_PATH_MAX)
		return reader_fail(tar->reader, "a path is too long");
	entry->path_length = (uint32_t)path.size;
	entry->link_length = (uint32_t)link.size;
	entry->xattr_count = (uint32_t)tar->extended.xattr_count;
	if (send_entry(tar, entry, path, link) < 0)
		return -1;
	return pass_data(tar, entry->size, NULL);
}

/* 1: go on; 0: the end; -1. */
static int read_member(struct tar *tar)
{
	const int more = read_block(tar);
	const char type = tar->header.type;
	struct record_entry entry = { 0 };

	if (more < 0)
		return -1;
	if (!more || all_zero(&tar->header, TAR_BLOCK)) {
		if (is_extended(&tar->extended) || tar->global)
			return reader_fail(tar->reader, "truncated: headers without an entry");
		if (!more && !tar->any)
			return reader_fail(tar->reader, "empty");
		return more ? read_end(tar) : 0;
	}
	if (check_header(tar) < 0 || read_numbers(tar, &entry) < 0)
		return -1;
	tar->any = true;
	tar->global = type == 'g';
	if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
		int64_t own;

		if (!tar_number(tar->header.size, sizeof(tar->header.size), &own) || own < 0)
			return number_fail(tar, "size");
		return read_extended(tar, type, (uint64_t)own) < 0 ? -1 : 1;
	}
	if (find_size(tar, &entry.size) < 0 || read_entry(tar, &entry) < 0)
		return -1;
	*tar->reader->name = 0;
	tar->extended.path.data = tar->extended.link.data = NULL;
	tar->extended.has_pax = tar->extended.has_size = tar->extended.has_uid =
		tar->extended.has_gid = tar->extended.has_mtime = false;
	tar->extended.xattr_count = 0;
	tar->extended_used = 0;
	return 1;
}

int tar_read(struct reader *reader)
{
	struct tar tar = { .reader = reader };
	int more;

	while ((more = read_member(&tar)) > 0)
		;
	return more;
}
