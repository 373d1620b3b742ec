/* SPDX-License-Identifier: Apache-2.0 */
/* depmod's lists: see module.h and modules.dep(5). */
#include <string.h>

#include "init/board/module.h"

struct module_text module_text(const char *text)
{
	return (struct module_text){ text, strlen(text) };
}

static char plain(char letter)
{
	return letter == '-' ? '_' : letter;
}

bool module_name_equal(struct module_text name, struct module_text other)
{
	size_t i = 0;

	while (i < name.size && i < other.size && plain(name.data[i]) == plain(other.data[i]))
		i++;
	return i == name.size && i == other.size;
}

/* `class` is behind '['. Its length with the ']', 0 if it has no end; *holds: `letter` is in it. */
static size_t match_class(const char *class, size_t length, char letter, bool *holds)
{
	const bool negated = length && *class == '!';
	size_t i = negated;

	*holds = negated;
	/* A ']' that comes first is one of the letters. */
	for (const size_t first = i; i < length && (class[i] != ']' || i == first); i++) {
		const bool range = i + 2 < length && class[i + 1] == '-' && class[i + 2] != ']';
		const char begin = class[i];

		i += range ? 2 : 0;
		if (begin <= letter && letter <= class[i])
			*holds = !negated;
	}
	return i < length ? i + 1 : 0;
}

/* Does the pattern's first element fit the letter? How long the element is, 0: it does not. */
static size_t match_one(const char *pattern, const char *end, char letter)
{
	bool holds;
	size_t size;

	if (pattern == end)
		return 0;
	if (*pattern == '[') {
		size = match_class(pattern + 1, (size_t)(end - pattern) - 1, letter, &holds);
		if (size)
			return holds ? size + 1 : 0;
	}
	return *pattern == '?' || *pattern == letter;
}

/* In time proportional to both lengths multiplied: only the last star is ever gone back to. */
bool module_match(struct module_text pattern, struct module_text text)
{
	const char *at = pattern.data, *const end = at + pattern.size;
	const char *letter = text.data, *const last = letter + text.size;
	const char *star = NULL, *resume = NULL;

	while (at < end || letter < last) {
		const size_t size = letter < last ? match_one(at, end, *letter) : 0;

		if (at < end && *at == '*') {
			star = ++at;
			resume = letter;
		} else if (size) {
			at += size;
			letter++;
		} else if (star && resume < last) {
			at = star;
			letter = ++resume;
		} else {
			return false;
		}
	}
	return true;
}

/* What stands before the first of `ends`, which is taken off as well. */
static struct module_text take(struct module_text *text, const char *ends)
{
	struct module_text taken = { text->data, 0 };

	while (taken.size < text->size && !strchr(ends, taken.data[taken.size]))
		taken.size++;
	text->data += taken.size;
	text->size -= taken.size;
	if (text->size) {
		text->data++;
		text->size--;
	}
	return taken;
}

bool module_line(struct module_text *list, struct module_text *line)
{
	const bool more = list->size > 0;

	*line = take(list, "\n");
	return more;
}

bool module_word(struct module_text *line, struct module_text *word)
{
	do {
		*word = take(line, " \t\n");
	} while (!word->size && line->size);
	return word->size > 0;
}

struct module_text module_file_name(struct module_text path)
{
	struct module_text name;

	do {
		name = take(&path, "/");
	} while (path.size);
	for (size_t i = 0; i + 3 <= name.size; i++)
		if (memcmp(name.data + i, ".ko", 3) == 0)
			name.size = i;
	return name;
}
