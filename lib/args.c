/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: see args.h. */
#include "lib/args.h"

#include <errno.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

/* A word of the command line taken apart: -n, --name or --name=value. */
struct word {
	const char *text;  /* as given, for messages */
	const char *name;  /* behind the dashes */
	size_t length;	   /* of the name */
	const char *value; /* behind '=', or NULL */
};

static const char *program_name(void)
{
	return program_invocation_short_name;
}

/* Record a usage error with a hint where help is. */
static int usage(const char *command, const char *what, const char *option, const char *more)
{
	const char *slash = strrchr(command, '/');
	const bool is_program = strcmp(slash ? slash + 1 : command, program_name()) == 0;

	return fail_as(ERROR_USAGE, 0, "%s %.128s%s (see `%s%s%s --help`)", what, option, more,
		       program_name(), is_program ? "" : " ", is_program ? "" : command);
}

static struct word take_apart(const char *text)
{
	struct word word = { .text = text };
	const char *equals;

	word.name = text + (text[1] == '-' ? 2 : 1);
	equals = strchr(word.name, '=');
	word.length = equals ? (size_t)(equals - word.name) : strlen(word.name);
	word.value = equals ? equals + 1 : NULL;
	return word;
}

static bool is_name(const struct word *word, const char *name)
{
	return strlen(name) == word->length && strncmp(word->name, name, word->length) == 0;
}

static bool is_letter(const struct word *word, char letter)
{
	return word->length == 1 && word->name[0] == letter;
}

static const struct args_option *find(const struct args_option *table, const struct word *word)
{
	for (; table->name; table++) {
		if (is_name(word, table->name) || (table->letter && is_letter(word, table->letter)))
			return table;
	}
	return NULL;
}

/* Do the names differ by one character left out, put in or replaced, or by two exchanged? */
static bool is_near(const struct word *word, const char *name)
{
	const char *text = word->name;
	size_t left = word->length, right = strlen(name), same = 0;

	while (same < left && same < right && text[same] == name[same])
		same++;
	while (left > same && right > same && text[left - 1] == name[right - 1]) {
		left--;
		right--;
	}
	left -= same;
	right -= same;
	return (left <= 1 && right <= 1) ||
	       (left == 2 && right == 2 && text[same] == name[same + 1] &&
		text[same + 1] == name[same]);
}

static int unknown(const char *command, const struct args_option *table, const struct word *word)
{
	enum { SHORTEST_GUESS = 3 };
	char more[96] = "";

	for (; table->name && word->length >= SHORTEST_GUESS; table++) {
		if (is_near(word, table->name)) {
			str_format(more, sizeof(more), ", did you mean --%.64s?", table->name);
			break;
		}
	}
	return usage(command, "unknown option", word->text, more);
}

static bool takes_value(enum args_type type)
{
	return type != ARGS_FLAG && type != ARGS_IGNORED_FLAG;
}

/* As Go's strconv.ParseBool, which runc's flags are read with. */
static bool parse_bool(const char *text, bool *value)
{
	static const char words[][6] = { "0", "f", "F", "false", "False", "FALSE",
					 "1", "t", "T", "true",	 "True",  "TRUE" };
	const size_t count = sizeof(words) / sizeof(words[0]);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0) {
			*value = i >= count / 2;
			return true;
		}
	}
	return false;
}

/* Put the value where the table says; false: it is not of the type. */
static bool store(const struct args_option *option, const char *value, void *options)
{
	void *at = (char *)options + option->offset;
	struct args_list *list = at;
	bool ignored;

	switch (option->type) {
	case ARGS_FLAG:
		return parse_bool(value, at);
	case ARGS_STRING:
		*(const char **)at = value;
		return true;
	case ARGS_LIST:
		list->items[list->count++] = value;
		return true;
	case ARGS_UINT:
		return str_uint64(value, at);
	case ARGS_INT:
		return str_int64(value, at);
	case ARGS_SIZE:
		return str_size(value, at);
	case ARGS_IGNORED_FLAG:
		return parse_bool(value, &ignored);
	case ARGS_IGNORED_STRING:
		return true;
	}
	return false;
}

/* The option at argv[index] with its value. Returns how many words it took, or a negative errno. */
static int parse_option(int argc, char **argv, int index, const struct args_option *table,
			void *options)
{
	const struct word word = take_apart(argv[index]);
	const struct args_option *option = find(table, &word);
	const char *value = word.value;
	int words = 1;

	if (!option) {
		if (is_name(&word, "help") || is_letter(&word, 'h'))
			return ARGS_HELP;
		return unknown(argv[0], table, &word);
	}
	if (!value && !takes_value(option->type)) {
		value = "true";
	} else if (!value) {
		if (index + 1 >= argc)
			return usage(argv[0], "option", word.text, " needs a value");
		value = argv[index + 1];
		words = 2;
	}
	if (!store(option, value, options)) {
		fail_as(ERROR_USAGE, 0, "invalid value '%.64s'", value);
		return fail_context(-EINVAL, "option --%s", option->name);
	}
	if (option->seen != ARGS_NO_SEEN)
		*((bool *)options + option->seen) = true;
	return words;
}

/* Move `count` words from argv[from] down to argv[to]; what was between moves up. */
static void move_down(char **argv, int from, int to, int count)
{
	while (count--) {
		char *word = argv[from];

		memmove(argv + to + 1, argv + to, (size_t)(from - to) * sizeof(*argv));
		argv[to++] = word;
		from++;
	}
}

int args_parse(int argc, char **argv, const struct args_option *table, void *options, bool mixed)
{
	int positional = 1; /* the first of the positional words met so far */

	for (int index = 1; index < argc;) {
		int words;

		if (argv[index][0] != '-' || !argv[index][1]) {
			if (!mixed)
				return positional;
			index++;
			continue;
		}
		if (strcmp(argv[index], "--") == 0) {
			move_down(argv, index, positional, 1);
			return positional + 1;
		}
		words = parse_option(argc, argv, index, table, options);
		if (words < 0)
			return words;
		move_down(argv, index, positional, words);
		positional += words;
		index += words;
	}
	return positional;
}

/* ---- help ---- */

struct page {
	size_t used;
	char text[1024];
};

static void flush(struct page *page)
{
	fd_write_all(STDOUT_FILENO, page->text, page->used);
	page->used = 0;
}

static void put(struct page *page, const char *text)
{
	for (; *text; text++) {
		if (page->used == sizeof(page->text))
			flush(page);
		page->text[page->used++] = *text;
	}
}

static void put_option(struct page *page, const struct args_option *option)
{
	enum { COLUMN = 28 };
	const char *value = option->value ? option->value : "VALUE";
	const char letter[] = { '-', option->letter, ',', ' ', '\0' };
	size_t width = 6 + 2 + strlen(option->name);

	put(page, "  ");
	put(page, option->letter ? letter : "    ");
	put(page, "--");
	put(page, option->name);
	if (takes_value(option->type)) {
		put(page, " ");
		put(page, value);
		width += 1 + strlen(value);
	}
	if (width >= COLUMN) {
		put(page, "\n");
		width = 0;
	}
	for (; width < COLUMN; width++)
		put(page, " ");
	put(page, option->help);
	if (option->type >= ARGS_IGNORED_FLAG)
		put(page, " (accepted, without effect)");
	put(page, "\n");
}

void args_help(const char *usage_text, const char *description, const struct args_option *table)
{
	const struct args_option help_option = { .name = "help",
						 .letter = 'h',
						 .help = "show this help" };
	struct page page;

	page.used = 0;
	put(&page, "Usage: ");
	put(&page, usage_text);
	put(&page, "\n\n");
	put(&page, description);
	put(&page, "\n\nOptions:\n");
	for (; table->name; table++) {
		if (table->help)
			put_option(&page, table);
	}
	put_option(&page, &help_option);
	flush(&page);
}
