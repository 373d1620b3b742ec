/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's last words, which it kept in memory that survives a reset:
 * Documentation/admin-guide/ramoops.rst. Called in children.
 */
#ifndef INIT_BOARD_PSTORE_H
#define INIT_BOARD_PSTORE_H

#include <stddef.h>

#define PSTORE_FOLDER "/sys/fs/pstore"

/* Mount it there, if it is not; a kernel without it makes no difference. */
void pstore_mount(void);

/*
 * The line that says why the kernel panicked, with its time stamp, into `text` (`size` bytes, at
 * least 1; cut off); empty when no entry of the folder tells of a panic. An oops that the kernel
 * survived is none.
 */
void pstore_read(const char *folder, char *text, size_t size);

/* Remove the entries that pstore_read() looks at, lest the next boot takes them for its own. */
void pstore_clear(const char *folder);

#endif
