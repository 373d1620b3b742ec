/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: a device event of any bytes. Its texts lie within the message and end there, and
 * what is said of a device never leads a node out of /dev. Mount options and patterns of modalias
 * take the same bytes.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "init/board/module.h"
#include "init/board/mount_option.h"
#include "init/board/mountinfo.h"
#include "init/board/uevent.h"
#include "lib/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, const char *message, size_t size)
{
	if (text && (text < message || text + strlen(text) > message + size))
		abort();
}

static void try_event(const uint8_t *data, size_t size)
{
	char *message = malloc(size + 1);
	struct uevent event;

	memcpy(message, data, size);
	uevent_parse(&event, message, size);
	check_text(event.action, message, size);
	check_text(event.path, message, size);
	check_text(event.name, message, size);
	check_text(event.type, message, size);
	check_text(event.modalias, message, size);
	check_text(event.partition_name, message, size);
	check_text(event.partition_uuid, message, size);
	/* No folder "/": whatever would be made fails, but is put together. */
	uevent_node(-1, &event);
	free(message);
}

static void try_texts(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct mount_options options;
	char *text = malloc(size + 1);
	const size_t half = size / 2;

	memcpy(text, data, size);
	text[size] = '\0';
	if (mount_options_parse(text, &options) == 0 &&
	    memchr(options.data, '\0', sizeof(options.data)) == NULL)
		abort();
	/* A pattern that is the text itself fits, unless it says something else by that. */
	if (strcspn(text, "*?[") == size &&
	    !module_match((struct module_text){ text, size }, module_text(text)))
		abort();
	module_match((struct module_text){ text, half }, module_text(text + half));
	for (struct mount_entry *entry = mountinfo_parse(&arena, text); entry;
	     entry = entry->before)
		if (!entry->target || !entry->type)
			abort();
	arena_free(&arena);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= UEVENT_MAX)
		return 0;
	try_event(data, size);
	try_texts(data, size);
	return 0;
}
