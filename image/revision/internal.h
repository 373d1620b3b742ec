/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside revisions. In the store's folder:
 *   boot/a, boot/b                 the boot state: record.c, boot.c
 *   rev/NUMBER/revision.json       what is installed: document.h
 *   rev/NUMBER/units/NAME.json     its units, as they are started
 *   rev/.new-*, rev/.old-*         being made, being removed; gc removes what was left
 * boot/ is itself the lock (flock) of both: shared to read the boot state, exclusive to change it,
 * and to give a number or take one away. Order: the store's lock, then this, then audit.log's.
 * What a revision keeps alive is in pin.h.
 */
#ifndef IMAGE_REVISION_INTERNAL_H
#define IMAGE_REVISION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/revision.h"
#include "image/revision/document.h"
#include "image/settings.h"
#include "image/store/store.h"

#define REVISION_TITLE "org.opencontainers.image.title"
#define REVISION_BOOT "boot"
#define REVISION_REV "rev"
#define REVISION_FILE "revision.json"
#define REVISION_UNITS "units"

/* ---- record.c ---- */

enum { BOOT_RECORD_SIZE = 512 };
void boot_record_save(unsigned char record[BOOT_RECORD_SIZE], const struct revision_state *state,
		      uint64_t sequence);
/* Is it whole? */
bool boot_record_load(const unsigned char record[BOOT_RECORD_SIZE], struct revision_state *state,
		      uint64_t *sequence);

/* ---- boot.c ---- */

struct boot {
	int folder; /* boot/, locked; -1: there is none */
	struct revision_state state;
	uint64_t sequence;
	int newest;	 /* 0: a, 1: b; -1: none is good */
	bool damaged[2]; /* there is something, but no record */
};
#define auto_boot __attribute__((cleanup(boot_close)))

/*
 * Lock and read. change: boot/ is made if it is missing. A store without boot/, or that is only
 * read and cannot be locked, is no error. 0 or -errno recorded; boot_close() in any case.
 */
int boot_open(const struct store *store, bool change, struct boot *boot);
void boot_close(struct boot *boot);
/* Write boot->state: over the record that is older or damaged. Durable and read back. Opened with
 * `change`. 0 or -errno recorded: then either the old or the new state counts. */
int boot_write(const struct store *store, struct boot *boot);

/* ---- installed.c: rev/ ---- */

/* rev/ of the store itself; -ENOENT unrecorded: there is none. */
int revisions_folder(const struct store *store, bool make);
/* "12": a number from 1 on, without leading zeros, of a folder in rev/? */
bool revision_number(const char *name, uint32_t *number);
/* Their numbers, ascending, from the arena. Count or -errno recorded. */
ssize_t revision_numbers(struct arena *arena, const struct store *store, uint32_t **numbers);
/*
 * What rev/NUMBER/revision.json says. -ENOENT recorded: not installed; -EBADMSG recorded: it is
 * damaged.
 */
int revision_installed(struct arena *arena, const struct store *store, uint32_t number,
		       struct revision *revision);
/*
 * Is it whole: the artifact is in the store, the units are what it says, every image can be
 * loaded; and does the policy take the artifact? raise: its counter is kept. 0, or -errno recorded:
 * the reason. *revision: as installed.
 */
int revision_check(struct arena *arena, struct store *store, const struct image_settings *settings,
		   uint32_t number, bool raise, struct revision *revision);
/* The same without the policy. */
int revision_check_content(struct arena *arena, struct store *store, uint32_t number,
			   struct revision *revision);
/* Only what it needs of the store: manifests, configs, layers or their trees. */
int revision_check_images(struct store *store, const struct revision *revision);
/* Numbers that the boot state names. */
bool boot_names(const struct revision_state *state, uint32_t number);

/* ---- change.c: the store is locked shared ---- */

struct revision_target {
	struct store *store;
	const struct image_settings *settings;
};

int revision_try(const struct revision_target *target, uint32_t number, uint32_t tries);
/* 0: the one that is on trial. *done: which it was. */
int revision_accept(const struct revision_target *target, uint32_t number, uint32_t *done);
int revision_give_up(const struct revision_target *target, uint32_t number, const char *reason);
/* The trial fails, or what was committed before is so again. *now: what is committed. */
int revision_rollback(const struct revision_target *target, uint32_t *now);
int revision_remove(const struct revision_target *target, uint32_t number);

/* ---- install.c, make.c ---- */

struct install_request {
	const char *name;     /* of the artifact */
	const char *root;     /* of the device that the store is for; NULL: this one */
	const char *settings; /* images.json as it was given, or NULL */
	bool check;	      /* let `cruet check` look at the units, over the firmware's */
};
int revision_install(const struct revision_target *target, const struct install_request *request,
		     uint32_t *number);

/* check.c: 0; -EINVAL recorded: what is wrong with them. */
int revision_check_units(struct arena *arena, const char *folder, const struct revision *revision,
			 const struct install_request *request);

struct make_request {
	const char *name, *folder;
	const char *const *images; /* further ones */
	size_t image_count;
	const char *const *without;
	size_t without_count;
};
/* *descriptor from the arena. */
int revision_make(struct arena *arena, struct store *store, const struct make_request *request,
		  struct descriptor *descriptor);

/* A line in the audit log. */
int revision_note(struct store *store, const char *action, uint32_t number, const char *name,
		  const struct digest *digest, const char *reason);

#endif
