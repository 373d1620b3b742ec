/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error record of a process. A function that fails records one message where most is
 * known and returns a negative errno; only the command edge prints it. The record lives in
 * static storage: recording needs no memory, so it works when there is none left.
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include <errno.h>
#include <stddef.h>

/* What kind of error it is: stable, shown as "code" in the JSON log. */
enum error_code {
	ERROR_NONE,
	ERROR_SYSTEM,	   /* a system call failed; the errno says why */
	ERROR_USAGE,	   /* the command line is wrong */
	ERROR_CONFIG,	   /* a property of config.json or process.json is wrong */
	ERROR_UNSUPPORTED, /* right, but this build or this kernel cannot do it */
	ERROR_STATE,	   /* the container is not in a state that allows the action */
	ERROR_NOT_FOUND,   /* no such container */
	ERROR_EXISTS,	   /* the container id is taken */
	ERROR_HOOK,	   /* a hook failed or ran out of time */
	ERROR_PROCESS,	   /* the user's program cannot be executed */
};

struct error {
	enum error_code code;
	int no;		    /* positive errno, 0 when no system call is behind it */
	char property[128]; /* "linux.resources.memory.limit", or "" */
	char text[1024];    /* without the errno's text */
};

/*
 * Record an error: errno value (positive; 0: none) and what was being done to which object.
 * The errno's text is added when printed. Sets errno too. Returns -no, or -EINVAL for 0.
 */
int fail(int no, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* As fail(), with the kind of error. */
int fail_as(enum error_code code, int no, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/*
 * A property of the configuration is wrong: records ERROR_CONFIG with the property and the text
 * "property: message"; returns -EINVAL.
 */
int fail_property(const char *property, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Put "context: " in front of the recorded text; returns `result` unchanged. */
int fail_context(int result, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* The record of this process: to print, to send to the parent, to take over from a child. */
struct error *error_last(void);
void error_clear(void);

/* What a function returns after another one recorded an error and gave NULL: -no, or -EINVAL. */
int error_result(void);

/* Name of a code ("config"), and an errno's text with a small first letter, as Go writes it. */
const char *error_code_name(enum error_code code);
const char *error_errno_text(int no);

/* The whole message ("text: errno text") into buffer; returns buffer. */
char *error_format(const struct error *error, char *buffer, size_t size);

#endif
