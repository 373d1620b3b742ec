/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this room: what reading a set of units has in its hands, from the first file to the
 * finished block.
 */
#ifndef INIT_UNIT_READ_H
#define INIT_UNIT_READ_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "init/plan.h"
#include "init/unit/table.h"
#include "init/unit/unit.h"

struct arena;

/*
 * The block as it grows: words (the room for the header is their beginning) and texts. A list's
 * offset is final at once; a text's is its place in `texts`, from 1, until layout.c knows where
 * the words end.
 */
struct pool {
	struct arena *arena;
	uint32_t *words;
	char *texts;
	size_t word_count, word_room, text_size, text_room;
	bool failed; /* out of memory, or too large: recorded */
};

uint32_t pool_text(struct pool *pool, const char *text, size_t size);
/* The place of `words` fresh words, all 0, in pool->words. */
size_t pool_words(struct pool *pool, size_t words);
/* A list of these words. */
struct plan_list pool_list(struct pool *pool, const void *words, size_t count);

/* A unit as it was read. */
struct unit {
	const char *name, *file;
	const cJSON *node;	/* the document */
	struct plan_unit *plan; /* lists of units are still empty */
	uint32_t place;		/* among all, in the order of starting */
	bool good;		/* nothing was wrong with its own file */
	bool is_over;		/* of the folder that lies over the other */
	uint8_t seen;		/* links.c: 1 on the way to it, 2 done */
};

enum { CONDITIONS_MAX = 255 }; /* PID 1 keeps a byte for each, and looks at some every second */

struct set {
	struct arena *arena;
	struct pool pool;
	struct unit_report *report;
	const char *system_file;
	const cJSON *system_node; /* NULL: there is none */
	struct plan_system system;
	struct unit *units; /* by name */
	size_t unit_count;
	const struct unit_over *over; /* or NULL */
	/* The argument is text in the pool. */
	struct plan_condition conditions[CONDITIONS_MAX];
	uint32_t condition_count;
	bool like_mips;	    /* signals have the numbers of MIPS */
	bool image_missing; /* of some unit: PLAN_IMAGE_MISSING */
};

/* Where we are in a document; the path is put together only for a message. */
struct frame {
	const struct frame *up; /* NULL: the document */
	const cJSON *node;
	const char *name; /* NULL: an item of an array, at `index` */
	size_t index;
	struct set *set;
	const char *file;
};

/* A member of an object, or NULL. */
const cJSON *unit_member(const cJSON *object, const char *name);
uint32_t unit_count(const cJSON *node);

/*
 * Report "FILE:LINE: PROPERTY: reason". `child` (may be NULL) is a key below the frame; the line is
 * its line if it is there. Returns false.
 */
bool unit_problem(const struct frame *frame, const char *child, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));
bool unit_warning(const struct frame *frame, const char *child, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* The frame of a document, and of a member or item of another frame. */
struct frame frame_of(struct set *set, const char *file, const cJSON *node);
struct frame frame_below(const struct frame *up, const cJSON *node, size_t index);

/* The defaults of an object and of the objects in it. `words`: its structure, all 0. */
void unit_set_defaults(enum unit_object object, uint32_t *words);

/* Read an object by the table; what is wrong is reported. */
void unit_read_object(const struct frame *frame, enum unit_object object, uint32_t *words);

/* One value of the kinds that are text, time or number; false: reported. */
bool unit_read_scalar(const struct frame *frame, const struct unit_property *property,
		      uint32_t *words);
bool unit_is_string(const struct frame *frame);
/* What a text must be and is not; NULL: it is right. */
const char *unit_text_is_wrong(const char *text, enum unit_text rule);
bool unit_read_text(const struct frame *frame, enum unit_text rule, uint32_t *word);
/* The index of a condition, which is added if it is new. */
uint32_t unit_condition(const struct frame *frame, uint32_t kind, const char *argument);
/* The place of a string among the words of a choice. */
bool unit_read_choice(const struct frame *frame, enum unit_choice choice, uint32_t *word);
/* The number that a named signal has on the target; -1: it is not one. */
int unit_signal(const struct set *set, const char *name);
/* An exit status, or 128 + the number of a named signal. */
bool unit_read_status(const struct frame *frame, uint32_t *word);
bool unit_read_condition(const struct frame *frame, uint32_t *word);

/* compile.c: the document of a file (`shown` in messages), or NULL: reported. */
const cJSON *unit_read_file(struct set *set, int dir, const char *path, const char *shown);
bool unit_add(struct set *set, const char *folder, const char *file);
/* The length of NAME in NAME.json; 0: not a unit's file. */
size_t unit_name_length(const char *file);
/* over.c: set->over over the units of the folder `dir`. False: recorded. */
bool unit_lay_over(struct set *set, int dir, DIR *over);

/* The rules that rows cannot say, after an object was read. */
void unit_check_object(const struct frame *frame, enum unit_object object, uint32_t *words);
/* How many sockets, and the descriptor for readiness behind them. */
void unit_place_sockets(const struct frame *document, struct plan_unit *unit);
/* image.c: stop signal, health check and sockets from the image, where the unit says nothing. */
void unit_ask_image(const struct frame *document, struct plan_unit *plan);
/* And those between units and the system; after unit_link(). */
void unit_check_set(struct set *set, struct unit *const *order);

/* Names to places: order, lists of neighbours. Reports cycles and what is missing. False: out of
 * memory, recorded. */
bool unit_link(struct set *set, struct unit **order);

/* The finished block, or NULL: recorded. */
void *unit_lay_out(struct set *set, struct unit *const *order, const char *source,
		   unsigned int target, size_t *size);

#endif
