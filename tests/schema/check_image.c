/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our readers and writers of image documents for the schema tests: check_image
 * manifest|index|config. Each line of stdin is a document; a line of answer: "ok" and the document
 * as we write it, or the message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/document/document.h"
#include "lib/arena.h"
#include "lib/error.h"

static char *rewrite(struct arena *arena, const char *kind, const char *text, size_t size)
{
	struct image_manifest manifest;
	struct image_config config;
	struct image_index index;
	size_t length;

	if (strcmp(kind, "manifest") == 0)
		return manifest_read(arena, text, size, kind, NULL, &manifest) < 0 ?
			       NULL :
			       manifest_write(arena, &manifest, &length);
	if (strcmp(kind, "index") == 0)
		return index_read(arena, text, size, kind, NULL, &index) < 0 ?
			       NULL :
			       index_write(arena, &index, &length);
	return config_read(arena, text, size, kind, &config) < 0 ?
		       NULL :
		       config_write(arena, &config, &length);
}

int main(int count, char **arguments)
{
	char *line = NULL, message[1200];
	size_t capacity = 0;
	ssize_t length;

	if (count != 2)
		return 2;
	while ((length = getline(&line, &capacity, stdin)) > 0) {
		struct arena arena = { 0 };
		const char *written;

		if (line[length - 1] == '\n')
			length--;
		error_clear();
		written = rewrite(&arena, arguments[1], line, (size_t)length);
		if (written)
			printf("ok %s\n", written);
		else
			printf("%s\n", error_format(error_last(), message, sizeof(message)));
		arena_free(&arena);
	}
	free(line);
	return 0;
}
