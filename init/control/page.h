/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of text for people: columns, durations, and texts of others made harmless. It is written
 * when it is full and at its end; after an error nothing more is written.
 */
#ifndef INIT_CONTROL_PAGE_H
#define INIT_CONTROL_PAGE_H

#include <stddef.h>
#include <stdint.h>

struct page {
	int fd;	       /* where it goes */
	int result;    /* 0, or the negative errno of the first error, recorded */
	size_t column; /* characters since the line began */
	size_t tab;    /* what comes next begins in this column */
	size_t used;
	char text[2048];
};

static inline void page_begin(struct page *page, int fd)
{
	page->fd = fd;
	page->result = 0;
	page->column = page->tab = page->used = 0;
}

/* Our own text, which may have several lines. */
void page_put(struct page *page, const char *text);
void page_format(struct page *page, const char *format, ...) /* up to 255 bytes */
	__attribute__((format(printf, 2, 3)));
/* Somebody else's text: what could drive a terminal, or is no UTF-8, becomes \xNN. */
void page_foreign(struct page *page, const char *text);
/* What comes next in this line begins in `column`, behind two blanks at least. */
void page_tab(struct page *page, size_t column);
/* The rest is written: page->result. */
int page_end(struct page *page);

/* "85ms", "1.42s", "59s", "3m12s", "2h05m", "12d03h". */
enum { DURATION_SIZE = 24 };
char *page_duration(uint64_t ms, char buffer[DURATION_SIZE]);

#endif
