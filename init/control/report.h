/* SPDX-License-Identifier: Apache-2.0 */
/* What the clients print of the supervisor's records: as text, and as JSON by tables of fields. */
#ifndef INIT_CONTROL_REPORT_H
#define INIT_CONTROL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/control/client.h"
#include "init/control/page.h"

struct arena;
struct json_writer;
struct recorder_state;

/* ---- words ---- */

/* "exit status 3", "killed by SIGSEGV" */
void report_exit(struct page *page, int32_t exit_status);
/* Why a unit is in that phase: "exit status 3", "ready timeout"; nothing where it goes without
 * saying. */
void report_reason(struct page *page, uint32_t phase, uint32_t cause, int32_t exit_status);

/* ---- status ---- */

/* `recorded`: of the flight recorder, or NULL. */
void report_status(struct page *page, const struct control_view *view,
		   const struct recorder_state *recorded);
void report_status_json(struct json_writer *writer, const struct control_view *view,
			const struct recorder_state *recorded);

/* Look up which image each shown unit runs. 0, or -ENOMEM recorded. */
int report_find_images(struct arena *arena, struct control_view *view);
void report_image(struct page *page, const cJSON *image);
void report_image_json(struct json_writer *writer, const cJSON *image);

/* Look up the store's boot state. 0, or -ENOMEM recorded. */
int report_find_revision(struct arena *arena, struct control_view *view);
/* Only if there is something to say. */
void report_revision(struct page *page, const struct control_view *view);
void report_revision_json(struct json_writer *writer, const struct control_view *view);

/* ---- changes, one a line ---- */

void report_change(struct page *page, const struct control_system *system,
		   const struct control_change *change);
void report_change_json(struct json_writer *writer, const struct control_system *system,
			const struct control_change *change);

/* ---- the flight recorder ---- */

void report_recorded(struct page *page, const struct recorder_state *recorded);
void report_recorded_json(struct json_writer *writer, const struct recorder_state *recorded);

/* Write a finished JSON document and a newline to stdout. 0, or a negative errno recorded. */
int report_print_json(struct json_writer *writer);

#endif
