/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that change what cannot be changed back: they run in a process of their own. */
#ifndef TESTS_UNIT_PROCESS_CHILD_H
#define TESTS_UNIT_PROCESS_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before cmocka, which has a macro fail(). */
#include "lib/error.h"

#include <cmocka.h>

/* In the child: cmocka's assertions would leave by a jump into the parent's tests. */
#define check(condition) \
	do { \
		if (!(condition)) { \
			char text_[1280]; \
\
			fprintf(stderr, "%s:%d: not so: %s (last error: %s)\n", __FILE__, \
				__LINE__, #condition, \
				error_format(error_last(), text_, sizeof(text_))); \
			_exit(1); \
		} \
	} while (0)

enum { CHILD_SKIPS = 77 };

/* The test is skipped when the child says so: not root, or a kernel without the thing. */
static inline void in_child(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIPS)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
