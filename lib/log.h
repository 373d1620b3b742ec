/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: to stderr, and to the file given by --log in text or JSON
 * ({"level":"error","msg":"...","time":"RFC 3339"} plus code, property and errno for errors).
 * Errors and warnings go to stderr too ("PROGRAM: error: ..."). The log file holds errors only,
 * unless a lower level is asked for: podman parses the whole file as one JSON object. JSON without
 * a file goes to stderr. A message is one line in every format: control characters are escaped.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_options {
	int fd; /* of the log file, or -1 */
	bool json;
	bool level_set; /* `level` was given: it holds for the file and for stderr */
	enum log_level level;
	const char *program; /* prefix on stderr */
};

void log_setup(const struct log_options *options);
bool log_enabled(enum log_level level);
void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) \
	do { \
		if (log_enabled(LOG_LEVEL_DEBUG)) \
			log_message(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)

/* The recorded error (lib/error.h), with its code, property and errno. */
void log_error(void);

#endif
