/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an answer. Strict where leniency has been used for smuggling: lines end by CR LF, no
 * folded headers, no blank before a colon, one length only, never a length beside chunks.
 */
#include "image/registry/http_parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

static int malformed(const char *what)
{
	return fail(EPROTO, "the server's answer: %s", what);
}

static int refill(struct http_stream *stream)
{
	ssize_t got;

	if (stream->begin == stream->end)
		stream->begin = stream->end = 0;
	if (stream->end == sizeof(stream->buffer)) {
		memmove(stream->buffer, stream->buffer + stream->begin,
			stream->end - stream->begin);
		stream->end -= stream->begin;
		stream->begin = 0;
	}
	got = stream->fill(stream->data, stream->buffer + stream->end,
			   sizeof(stream->buffer) - stream->end);
	if (got < 0)
		return (int)got;
	if (got == 0) {
		stream->cut = true;
		return fail(ECONNRESET, "the server closed the connection early");
	}
	stream->end += (size_t)got;
	return 0;
}

/* The next line without its end, NUL-terminated, valid until the next call. NULL recorded. */
static char *read_line(struct http_stream *stream)
{
	size_t seen = 0;
	char *line, *end;

	for (;;) {
		line = stream->buffer + stream->begin;
		end = memchr(line + seen, '\n', stream->end - stream->begin - seen);
		seen = end ? (size_t)(end - line) + 1 : stream->end - stream->begin;
		if (seen > HTTP_LINE_MAX || seen + stream->head > HTTP_HEAD_MAX) {
			fail(EMSGSIZE, "the server's answer: the head is too large");
			return NULL;
		}
		if (end)
			break;
		if (refill(stream) < 0)
			return NULL;
	}
	stream->head += seen;
	stream->begin += seen;
	if (seen < 2 || end[-1] != '\r' || memchr(line, '\0', seen) ||
	    memchr(line, '\r', seen - 2)) {
		malformed("a line of the head that does not end in CR LF, or has control "
			  "characters");
		return NULL;
	}
	end[-1] = '\0';
	return line;
}

bool http_is_value(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static bool is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
			return false;
	}
	return size > 0;
}

/* RFC 9112 section 4: "HTTP/1.1 200 reason". */
static int read_status(struct http_stream *stream, struct http_response *response)
{
	const char *line = read_line(stream);

	if (!line)
		return error_result();
	if (!str_has_prefix(line, "HTTP/1.") || (line[7] != '0' && line[7] != '1') ||
	    line[8] != ' ' || line[9] < '1' || line[9] > '5' || !isdigit((unsigned char)line[10]) ||
	    !isdigit((unsigned char)line[11]) || (line[12] && line[12] != ' '))
		return malformed("does not begin as HTTP/1.1 does");
	stream->keep = line[7] == '1';
	response->status =
		(unsigned int)((line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0');
	return 0;
}

/* A number and what follows it; false if there is none or it is too large. */
static bool take_number(const char **text, uint64_t *value)
{
	const char *c = *text;

	*value = 0;
	for (; isdigit((unsigned char)*c); c++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*c - '0'), value))
			return false;
	}
	if (c == *text)
		return false;
	*text = c;
	return true;
}

/* RFC 9110 section 14.4: "bytes START-END/TOTAL", "bytes START-END/ *". */
static int read_range(const char *text, struct http_response *response)
{
	const bool bytes = strncasecmp(text, "bytes ", 6) == 0;

	if (!bytes || text[6] == '*')
		return bytes ? 0 : malformed("Content-Range");
	text += 6;
	response->range_total = HTTP_LENGTH_UNKNOWN;
	if (!take_number(&text, &response->range_start) || *text++ != '-' ||
	    !take_number(&text, &response->range_end) || *text++ != '/' ||
	    (strcmp(text, "*") != 0 && !str_uint64(text, &response->range_total)) ||
	    response->range_start > response->range_end ||
	    response->range_end >= response->range_total)
		return malformed("Content-Range");
	response->has_range = true;
	return 0;
}

static int set_length(struct http_stream *stream, struct http_response *response, const char *value)
{
	uint64_t length;

	if (!str_uint64(value, &length) || length == HTTP_LENGTH_UNKNOWN)
		return malformed("Content-Length");
	if (stream->body == HTTP_BODY_CHUNKED ||
	    (stream->body == HTTP_BODY_LENGTH && response->length != length))
		return malformed("two lengths of the body");
	stream->body = HTTP_BODY_LENGTH;
	response->length = stream->left = length;
	return 0;
}

static int set_chunked(struct http_stream *stream, const char *value)
{
	if (strcasecmp(value, "chunked") != 0 || !stream->keep)
		return malformed("Transfer-Encoding");
	if (stream->body != HTTP_BODY_CLOSE)
		return malformed("two lengths of the body");
	stream->body = HTTP_BODY_CHUNKED;
	stream->left = 0;
	return 0;
}

static int keep_text(struct arena *arena, const char **where, const char *value)
{
	*where = arena_strdup(arena, value);
	return *where ? 0 : -ENOMEM;
}

static int keep_challenge(struct arena *arena, struct http_response *response, const char *value)
{
	if (strncasecmp(value, "bearer ", 7) == 0)
		return keep_text(arena, &response->bearer, value + 7);
	if (strncasecmp(value, "basic", 5) == 0 && (!value[5] || value[5] == ' '))
		return keep_text(arena, &response->basic, value + 5);
	return 0;
}

static int read_header(struct http_stream *stream, struct arena *arena, const char *name,
		       const char *value, struct http_response *response)
{
	const struct {
		const char *name, **where;
	} texts[] = {
		{ "Content-Type", &response->content_type },
		{ "Location", &response->location },
		{ "ETag", &response->etag },
		{ "Docker-Content-Digest", &response->docker_digest },
		{ "Range", &response->range },
		{ "OCI-Subject", &response->subject },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcasecmp(name, texts[i].name) == 0)
			return keep_text(arena, texts[i].where, value);
	}
	if (strcasecmp(name, "Content-Length") == 0)
		return set_length(stream, response, value);
	if (strcasecmp(name, "Transfer-Encoding") == 0)
		return set_chunked(stream, value);
	if (strcasecmp(name, "Content-Range") == 0)
		return read_range(value, response);
	if (strcasecmp(name, "Content-Encoding") == 0 && strcasecmp(value, "identity") != 0)
		return malformed("Content-Encoding: nobody asked for one");
	if (strcasecmp(name, "Connection") == 0 && strcasecmp(value, "close") == 0)
		stream->keep = false;
	if (strcasecmp(name, "Retry-After") == 0)
		(void)str_uint64(value, &response->retry_after); /* a date is ignored */
	if (strcasecmp(name, "WWW-Authenticate") == 0)
		return keep_challenge(arena, response, value);
	return 0;
}

/* Until the empty line. arena NULL: a trailer, which says nothing. */
static int read_headers(struct http_stream *stream, struct arena *arena,
			struct http_response *response)
{
	for (;;) {
		char *line = read_line(stream), *value;
		size_t length;
		int result;

		if (!line)
			return error_result();
		if (!*line)
			return 0;
		value = strchr(line, ':');
		if (!value || !is_token(line, (size_t)(value - line)))
			return malformed("a header without a name");
		*value++ = '\0';
		value += strspn(value, " \t");
		length = strlen(value);
		while (length && strchr(" \t", value[length - 1]))
			value[--length] = '\0';
		for (char *c = value; *c; c++)
			if (*c == '\t')
				*c = ' ';
		if (!http_is_value(value))
			return malformed("control characters in a header");
		result = arena ? read_header(stream, arena, line, value, response) : 0;
		if (result < 0)
			return result;
	}
}

int http_head_read(struct http_stream *stream, struct arena *arena, bool head,
		   struct http_response *response)
{
	int result;

	stream->head = 0;
	stream->total = 0;
	do {
		memset(response, 0, sizeof(*response));
		response->length = HTTP_LENGTH_UNKNOWN;
		stream->body = HTTP_BODY_CLOSE;
		stream->chunk_open = false;
		result = read_status(stream, response);
		if (result == 0)
			result = read_headers(stream, arena, response);
	} while (result == 0 && response->status < 200);
	stream->head = 0;
	if (result < 0)
		return result;
	if (head || response->status == 204 || response->status == 304)
		stream->body = HTTP_BODY_NONE;
	if (stream->body == HTTP_BODY_CLOSE)
		stream->keep = false;
	if (stream->body == HTTP_BODY_LENGTH && stream->left == 0)
		stream->body = HTTP_BODY_NONE;
	return 0;
}

/* RFC 9112 section 7.1. After it `left` is the chunk's size; the last one ends the body. */
static int next_chunk(struct http_stream *stream)
{
	char *line, *c;

	stream->head = 0; /* the bound is that of each line and of the trailer */
	line = read_line(stream);
	if (line && stream->chunk_open) {
		if (*line)
			return malformed("a chunk is longer than it says");
		line = read_line(stream);
	}
	if (!line)
		return error_result();
	stream->left = 0;
	for (c = line; isxdigit((unsigned char)*c); c++) {
		const int digit = isdigit((unsigned char)*c) ? *c - '0' : (*c | 32) - 'a' + 10;

		if (stream->left >> 59)
			return malformed("the size of a chunk is too large");
		stream->left = stream->left << 4 | (uint64_t)digit;
	}
	if (c == line || (*c && *c != ';' && *c != ' '))
		return malformed("no size of a chunk");
	stream->chunk_open = true;
	if (stream->left == 0) {
		stream->body = HTTP_BODY_NONE;
		return read_headers(stream, NULL, NULL);
	}
	return 0;
}

/* What the buffer has, else straight from the source. */
static ssize_t take(struct http_stream *stream, void *buffer, size_t size)
{
	const size_t there = stream->end - stream->begin;

	if (!there)
		return stream->fill(stream->data, buffer, size);
	if (size > there)
		size = there;
	memcpy(buffer, stream->buffer + stream->begin, size);
	stream->begin += size;
	return (ssize_t)size;
}

ssize_t http_body_read(struct http_stream *stream, void *buffer, size_t size)
{
	ssize_t got;

	if (stream->body == HTTP_BODY_CHUNKED && stream->left == 0) {
		const int result = next_chunk(stream);

		if (result < 0)
			return result;
	}
	if (stream->body == HTTP_BODY_NONE)
		return 0;
	if (stream->body != HTTP_BODY_CLOSE && size > stream->left)
		size = (size_t)stream->left;
	got = take(stream, buffer, size);
	if (got < 0)
		return got;
	if (got == 0) {
		if (stream->body == HTTP_BODY_CLOSE) {
			stream->body = HTTP_BODY_NONE;
			return 0;
		}
		stream->cut = true;
		return fail(ECONNRESET, "the server closed the connection after %llu bytes",
			    (unsigned long long)stream->total);
	}
	stream->total += (uint64_t)got;
	if (stream->body != HTTP_BODY_CLOSE)
		stream->left -= (uint64_t)got;
	if (stream->body == HTTP_BODY_LENGTH && stream->left == 0)
		stream->body = HTTP_BODY_NONE;
	return got;
}
