/* SPDX-License-Identifier: Apache-2.0 */
/* The records of pax headers (POSIX pax, "pax Extended Header"): "LENGTH KEYWORD=VALUE\n". */
#include <string.h>

#include "image/archive/reader.h"
#include "image/archive/tar_read.h"

enum { PAX_KEYWORD_SHOWN = 64 };

/* Decimal digits and nothing else, at most 2^63 - 1. */
static bool decimal(struct tar_text text, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.size; i++) {
		const unsigned int digit = (unsigned char)text.data[i] - (unsigned int)'0';

		if (digit > 9 || *value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return text.size > 0;
}

static bool pax_id(struct tar_text text, bool *has, uint32_t *id)
{
	uint64_t value;

	if (*has || !decimal(text, &value) || value > UINT32_MAX)
		return false;
	*has = true;
	*id = (uint32_t)value;
	return true;
}

/*
 * Seconds, with a fraction: what is finer than a nanosecond is cut off. A negative time with one is
 * not read: GNU tar and bsdtar make different times of it.
 */
static bool pax_time(struct tar_text text, bool *has, int64_t *time, uint32_t *fraction)
{
	const bool negative = text.size && *text.data == '-', again = *has;
	const char *dot = memchr(text.data, '.', text.size), *end = text.data + text.size;
	uint64_t seconds;
	uint32_t unit = 100000000;

	*has = true;
	*fraction = 0;
	text.data += negative;
	text.size = (size_t)((dot ? dot : end) - text.data);
	if (again || !decimal(text, &seconds))
		return false;
	for (const char *at = dot ? dot + 1 : end; at < end; at++, unit /= 10) {
		const unsigned int digit = (unsigned char)*at - (unsigned int)'0';

		if (digit > 9 || (negative && digit))
			return false;
		*fraction += digit * unit;
	}
	*time = negative ? -(int64_t)seconds : (int64_t)seconds;
	return true;
}

static bool pax_text(struct tar_text text, struct tar_text *result)
{
	if (result->data || !text.size || memchr(text.data, 0, text.size))
		return false;
	*result = text;
	return true;
}

static bool pax_xattr(struct tar_text name, struct tar_text value, struct tar_extended *extended)
{
	if (!name.size || extended->xattr_count == ENTRY_XATTRS_MAX)
		return false;
	for (size_t i = 0; i < extended->xattr_count; i++)
		if (extended->xattrs[i].name.size == name.size &&
		    !memcmp(extended->xattrs[i].name.data, name.data, name.size))
			return false;
	extended->xattrs[extended->xattr_count++] = (struct tar_xattr){ name, value };
	return true;
}

/* Takes a prefix off. */
static bool has_prefix(struct tar_text *text, const char *prefix)
{
	const size_t size = strlen(prefix);

	if (text->size < size || memcmp(text->data, prefix, size) != 0)
		return false;
	text->data += size;
	text->size -= size;
	return true;
}

enum pax_keyword {
	PAX_PATH,
	PAX_LINK,
	PAX_SIZE,
	PAX_UID,
	PAX_GID,
	PAX_MTIME,
	PAX_ATIME, /* checked, but not used */
	PAX_CTIME,
	PAX_XATTR,
	PAX_MORE
};

static enum pax_keyword find_keyword(struct tar_text *key)
{
	/* In the order of the enum. */
	static const char keywords[][sizeof("linkpath")] = { "path", "linkpath", "size",  "uid",
							     "gid",  "mtime",	 "atime", "ctime" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strlen(keywords[i]) == key->size &&
		    memcmp(keywords[i], key->data, key->size) == 0)
			return (enum pax_keyword)i;
	return has_prefix(key, "SCHILY.xattr.") ? PAX_XATTR : PAX_MORE;
}

/* False: the value is wrong, or the keyword is there twice. */
static bool pax_value(struct tar_extended *extended, enum pax_keyword keyword, struct tar_text key,
		      struct tar_text value)
{
	bool again = false;
	int64_t time;
	uint32_t fraction;

	switch (keyword) {
	case PAX_PATH:
		return pax_text(value, &extended->path);
	case PAX_LINK:
		return pax_text(value, &extended->link);
	case PAX_SIZE:
		again = extended->has_size;
		extended->has_size = true;
		return !again && decimal(value, &extended->size);
	case PAX_UID:
		return pax_id(value, &extended->has_uid, &extended->uid);
	case PAX_GID:
		return pax_id(value, &extended->has_gid, &extended->gid);
	case PAX_MTIME:
		return pax_time(value, &extended->has_mtime, &extended->mtime,
				&extended->mtime_nanoseconds);
	case PAX_ATIME:
	case PAX_CTIME:
		return pax_time(value, &again, &time, &fraction);
	case PAX_XATTR:
		return pax_xattr(key, value, extended);
	default:
		return true;
	}
}

static int pax_record(struct reader *reader, struct tar_extended *extended, struct tar_text key,
		      struct tar_text value, bool global)
{
	const int shown = key.size < PAX_KEYWORD_SHOWN ? (int)key.size : PAX_KEYWORD_SHOWN;
	const char *text = key.data; /* with the prefix */
	const enum pax_keyword keyword = find_keyword(&key);

	if (keyword == PAX_MORE &&
	    (has_prefix(&key, "GNU.sparse.") || has_prefix(&key, "SUN.holes") ||
	     has_prefix(&key, "SCHILY.realsize")))
		return reader_fail(reader, "sparse files (%.*s) are not supported", shown, text);
	if (global && keyword != PAX_MORE)
		return reader_fail(reader, "pax: %.*s in a global header", shown, text);
	if (!pax_value(extended, keyword, key, value))
		return reader_fail(reader, "pax: bad or second %.*s", shown, text);
	return 0;
}

int pax_read(struct reader *reader, struct tar_extended *extended, const char *text, size_t size,
	     bool global)
{
	while (size) {
		const char *space = memchr(text, ' ', size), *equals;
		struct tar_text key, value;
		uint64_t length;

		if (!space || *text == '0' ||
		    !decimal((struct tar_text){ text, (size_t)(space - text) }, &length) ||
		    length > size || text[length - 1] != '\n')
			return reader_fail(reader, "pax: a record's length is wrong");
		key.data = space + 1;
		if ((size_t)(key.data - text) >= length)
			return reader_fail(reader, "pax: a record without a keyword");
		equals = memchr(key.data, '=', length - (size_t)(key.data - text));
		if (!equals || equals == key.data || *key.data == ' ' || *key.data == '\t')
			return reader_fail(reader, "pax: a record without a keyword");
		key.size = (size_t)(equals - key.data);
		value.data = equals + 1;
		value.size = length - 1 - (size_t)(value.data - text);
		if (memchr(key.data, 0, key.size))
			return reader_fail(reader, "pax: NUL in a keyword");
		if (pax_record(reader, extended, key, value, global) < 0)
			return -1;
		text += length;
		size -= length;
	}
	return 0;
}
