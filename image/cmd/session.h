/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every image command begins with: its common options, the settings, the store, and how
 * progress is told.
 */
#ifndef IMAGE_CMD_SESSION_H
#define IMAGE_CMD_SESSION_H

#include <stdbool.h>

#include "image/cmd/command.h"
#include "image/document/load.h"
#include "image/settings.h"
#include "image/store/store.h"
#include "lib/arena.h"

/* The first member of the struct that a command's options fill. */
struct session_options {
	const char *store, *settings;
	bool quiet, json;
};

#define SESSION_OPTION(field) offsetof(struct session_options, field), ARGS_NO_SEEN
#define SESSION_OPTION_ROWS \
	{ "store",     0, \
	  ARGS_STRING, SESSION_OPTION(store), \
	  "DIR",       "the store, instead of the settings'" }, \
		{ "settings",  0, \
		  ARGS_STRING, SESSION_OPTION(settings), \
		  "FILE",      "instead of " SETTINGS_PATH }, \
		{ "quiet", 'q', ARGS_FLAG, SESSION_OPTION(quiet), NULL, "only errors" }, \
	{ \
		"json", 0, ARGS_FLAG, SESSION_OPTION(json), NULL, "results and progress as JSON" \
	}

struct session {
	struct arena arena;
	struct image_settings settings;
	struct store *store;
	bool json, quiet;
};
#define auto_session __attribute__((cleanup(session_close)))

enum session_use {
	SESSION_READ,	 /* look at a store that is there; it may be read-only */
	SESSION_ADD,	 /* make it if it is missing; other processes may add, too (shared lock) */
	SESSION_CHANGE,	 /* names and what can be rebuilt: it is there (shared lock) */
	SESSION_COLLECT, /* for gc and fsck, which lock by themselves */
};

/* 0 or -errno recorded. session_close() in any case. */
int session_open(struct session *session, const struct session_options *options,
		 enum session_use use);
void session_close(struct session *session);

/* The settings file: --settings, $CRUET_IMAGES, or NULL for SETTINGS_PATH. */
const char *session_settings_path(const char *given);

/* --platform, or NULL for this machine's. 0 or -errno recorded; *result is NULL or `room`. */
int session_platform(struct session *session, const char *text, struct platform *room,
		     const struct platform **result);

/* The JSON text and a newline on stdout; 0 or -errno recorded. */
struct json_writer;
int session_print(struct json_writer *writer);

/* "12.3 MB" for people. */
enum { SIZE_TEXT_SIZE = 24 };
char *size_text(uint64_t bytes, char text[SIZE_TEXT_SIZE]);

#endif
