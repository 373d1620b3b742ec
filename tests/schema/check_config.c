/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our parser for the schema tests:
 *	check_config lines	each line of stdin is a config.json; a line of answer: "ok", or the
 *message check_config process	the same for process.json; `resources` for what `update` reads
 *	check_config FILE	one file: the message on stderr, status 1 if it is refused
 *	check_config features	print the features document; `template`, `rootless`: what `spec`
 *writes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "runtime/spec/spec.h"

static const void *parse(struct arena *arena, const char *kind, const char *text, size_t size,
			 const char *name)
{
	if (strcmp(kind, "process") == 0)
		return spec_parse_process(arena, text, size, name);
	if (strcmp(kind, "resources") == 0)
		return spec_parse_resources(arena, text, size, name);
	return spec_parse(arena, text, size, name);
}

static int check_lines(const char *kind)
{
	char *line = NULL, message[1200];
	size_t capacity = 0;
	ssize_t length;

	while ((length = getline(&line, &capacity, stdin)) > 0) {
		struct arena arena = { 0 };

		if (line[length - 1] == '\n')
			length--;
		error_clear();
		if (parse(&arena, kind, line, (size_t)length, "config.json"))
			puts("ok");
		else
			printf("%s\n", error_format(error_last(), message, sizeof(message)));
		arena_free(&arena);
	}
	free(line);
	return 0;
}

static int check_file(struct arena *arena, const char *name)
{
	char message[1200];
	size_t size;
	const char *text = file_read(arena, AT_FDCWD, name, 1 << 24, &size);

	if (text && spec_parse(arena, text, size, name))
		return 0;
	fprintf(stderr, "%s\n", error_format(error_last(), message, sizeof(message)));
	return 1;
}

static int print(const char *text)
{
	return text && puts(text) >= 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
	auto_arena struct arena arena = { 0 };
	const char *what = count == 2 ? arguments[1] : "";

	if (strcmp(what, "lines") == 0 || strcmp(what, "process") == 0 ||
	    strcmp(what, "resources") == 0)
		return check_lines(what);
	if (strcmp(what, "features") == 0)
		return print(spec_features(&arena));
	if (strcmp(what, "template") == 0)
		return print(spec_template(&arena, false, 0, 0));
	if (strcmp(what, "rootless") == 0)
		return print(spec_template(&arena, true, 1000, 1001));
	return check_file(&arena, what);
}
