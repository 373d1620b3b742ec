/* SPDX-License-Identifier: Apache-2.0 */
/* depmod's lists: see module.h and modules.dep(5). */
#include <string.h>

#include "init/board/module.h"

bool module_name_equal(const char *name, const char *other, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		const char a = name[i] == '-' ? '_' : name[i];
		const char b = other[i] == '-' ? '_' : other[i];

		if (a != b || !a)
			return false;
	}
	return name[length] == '\0';
}

/* `class` is behind '['. Its length with the ']', 0 if it has no end; *holds: `letter` is in it. */
static size_t match_class(const char *class, size_t length, char letter, bool *holds)
{
	const bool negated = length && (*class == '!' || *class == '^');
	size_t i = negated;

	*holds = false;
	/* A ']' that comes first is one of the letters. */
	for (size_t first = i; i < length && (class[i] != ']' || i == first); i++) {
		const bool range = i + 2 < length && class[i + 1] == '-' && class[i + 2] != ']';
		const char last = class[range ? i + 2 : i];

		*holds |= class[i] <= letter && letter <= last;
		i += range ? 2 : 0;
	}
	*holds ^= negated;
	return i < length ? i + 1 : 0;
}

/* Does the pattern's first element fit the letter? How long the element is, 0: it does not. */
static size_t match_one(const char *pattern, size_t length, char letter)
{
	bool holds = false;
	size_t size;

	if (!length || !letter)
		return 0;
	if (*pattern == '[') {
		size = match_class(pattern + 1, length - 1, letter, &holds);
		if (size)
			return holds ? size + 1 : 0;
	}
	return *pattern == '?' || *pattern == letter;
}

/* In time proportional to both lengths: only the last star is ever gone back to. */
bool module_match(const char *pattern, size_t length, const char *text)
{
	const char *const end = pattern + length;
	const char *star = NULL, *resume = NULL;

	while (*text || pattern < end) {
		const size_t size = match_one(pattern, (size_t)(end - pattern), *text);

		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (size) {
			pattern += size;
			text++;
		} else if (star && *resume) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	return true;
}

bool module_line(const struct module_text *list, size_t *at, struct module_text *line)
{
	const char *end;

	if (*at >= list->size)
		return false;
	line->data = list->data + *at;
	end = memchr(line->data, '\n', list->size - *at);
	line->size = end ? (size_t)(end - line->data) : list->size - *at;
	*at += line->size + 1;
	return true;
}

bool module_word(struct module_text *line, struct module_text *word)
{
	while (line->size && (*line->data == ' ' || *line->data == '\t')) {
		line->data++;
		line->size--;
	}
	*word = (struct module_text){ line->data, 0 };
	while (line->size && *line->data != ' ' && *line->data != '\t') {
		line->data++;
		line->size--;
		word->size++;
	}
	return word->size > 0;
}

struct module_text module_file_name(struct module_text path)
{
	struct module_text name = path;

	for (size_t i = 0; i < path.size; i++)
		if (path.data[i] == '/')
			name = (struct module_text){ path.data + i + 1, path.size - i - 1 };
	for (size_t i = 0; i + 3 <= name.size; i++)
		if (memcmp(name.data + i, ".ko", 3) == 0)
			name.size = i;
	return name;
}
