/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store. A place is one folder of the form that store.h describes: places[0] is the
 * store itself, the others are read-only and behind it. Names below a place are made of checked
 * digests and keys only, and are opened one by one without following links.
 */
#ifndef IMAGE_STORE_INTERNAL_H
#define IMAGE_STORE_INTERNAL_H

#include <sys/stat.h>

#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/tree.h"

enum {
	STORE_PIECE = 64 << 10, /* what is read at once */
	STORE_NAME_MAX = 255,	/* of an image */
	STORE_TEMPORARY = 32,	/* room for ".new-PID-NUMBER" */
	DIGEST_ALGORITHMS = DIGEST_SHA512 + 1,
};

struct place {
	int folder;
	int blobs[DIGEST_ALGORITHMS], trees; /* -1: not opened yet */
	const char *path;
	bool lower; /* only read */
	bool doubt; /* it could not be said whether something is there */
};

enum store_held { HELD_NOT, HELD_SHARED, HELD_EXCLUSIVE };

struct store {
	struct arena arena;
	const char *uses; /* path, or NULL */
	uint64_t reserve;
	bool read_only;
	int lock, partial; /* -1: not opened yet */
	enum store_held held;
	unsigned int holds; /* of who needs the lock for as long as his work takes */
	bool held_for_work; /* ... and nobody else asked for it */
	size_t count;
	struct place *places;
};

/* ---- place.c: folders ---- */

/* A folder of the operator's, who is trusted: links are followed. `make`: it and its parents, 0700
 * (parents 0755). Descriptor or -errno, unrecorded. */
int folder_of_path(const char *path, bool make);
/* `name` below `parent`, no link; -errno, unrecorded. */
int folder_open(int parent, const char *name);
/* The same, made durably with `mode` if missing. Records. */
int folder_make(int parent, const char *name, mode_t mode);
/* Owned by the place; made if `make`. -errno, unrecorded without `make`. */
int place_blobs(struct place *place, enum digest_algorithm algorithm, bool make);
int place_trees(struct place *place, bool make);
int store_partial(struct store *store);
/* The regular file, for reading; -errno, unrecorded. Its status in *status. */
int file_open(int folder, const char *name, struct stat *status);
/* The blob of this size (UINT64_MAX: any). -EBADMSG: there is one of another size. */
int place_blob_open(struct place *place, const struct digest *digest, uint64_t size);
bool place_blob_has(struct place *place, const struct digest *digest, uint64_t size);
/* Its bytes: 0, -EBADMSG, -errno, unrecorded. */
int place_blob_verify(struct place *place, const struct digest *digest, uint64_t size);
/* ".new-PID-NUMBER": no two are the same while a process lives. */
char *temporary_name(char name[STORE_TEMPORARY], const char *prefix);
/* The algorithm whose hex this is: a digest. */
bool digest_of_hex(struct digest *digest, const char *hex);

/* ---- lock.c ---- */

/* Until store_drop(): at least shared; -EROFS recorded for a store that is only read. */
int store_hold(struct store *store);
void store_drop(struct store *store);
/* The lock of index.json: a descriptor to be closed. Records. */
int index_lock(struct store *store);

/* ---- index.c ---- */

struct index_file {
	const cJSON *root;
	struct image_index index;
};
int index_load(struct arena *arena, const struct place *place, struct index_file *file);
int layout_check(const struct place *place);
int layout_write(struct place *place, bool index);
/* -EINVAL recorded: not what an image may be called. */
int name_check(const char *name);
/* "sha256:HEX" and nothing else? */
bool name_is_digest(const char *name, struct digest *digest);
/* The name that index.json gives it, or "". */
const char *descriptor_name(const struct descriptor *descriptor);
/* Keep those entries of index.json for which `keep` says so, then add (name, added). Count of those
 * that went. */
typedef bool index_filter(const void *data, const struct descriptor *descriptor);
int index_change(struct store *store, index_filter *keep, const void *data, const char *name,
		 const struct descriptor *added);
/* What document a blob is, if it is an index or a manifest: *descriptor (its media type is a
 * constant). -ENOMSG, unrecorded: neither. */
int document_identify(struct arena *arena, struct store *store, const struct digest *digest,
		      struct descriptor *descriptor);

/* ---- state.c: a hash on its way ---- */

enum { HASH_STATE_SIZE = 512, HASH_STATE_SLOTS = 2 };
void hash_state_save(unsigned char record[HASH_STATE_SIZE], const struct digest *wanted,
		     const struct digester *digester);
/* Is it whole, and of this digest? Then *length is how far it is. */
bool hash_state_load(const unsigned char record[HASH_STATE_SIZE], const struct digest *wanted,
		     struct digester *digester, uint64_t *length);

/* ---- tree.c ---- */

/* 1, 0; -errno recorded: nobody can say. */
int tree_is_complete(int trees, const char *key);

/* ---- set.c: a set of digests, in an arena ---- */

struct digest_set {
	struct arena *arena;
	struct digest **slots;
	size_t count, capacity;
};
/* 1: it was there; 0: added; -ENOMEM recorded. */
int digest_set_add(struct digest_set *set, const struct digest *digest);
bool digest_set_has(const struct digest_set *set, const struct digest *digest);

/* ---- mark.c ---- */

struct marks {
	struct digest_set blobs, layers, chains; /* layers: trees "d-"; chains: trees "c-" */
	bool trees_unknown; /* an image that is used cannot be read: no tree may go */
};
/* From all names and uses. 0 or -errno recorded: then nothing may be swept. */
int mark_all(struct arena *arena, struct store *store, struct marks *marks);
bool tree_is_live(const struct marks *marks, const char *key);

/* ---- sweep: gc.c, fsck.c, usage.c ---- */

/* As store_gc(), the lock being the caller's. */
int collect(struct store *store, bool dry, unsigned int partial_seconds, struct gc_report *report);
/* Bytes on the disk of the file, or the folder with all below it. *files: how many, or NULL. */
uint64_t disk_bytes(int folder, const char *name);

#endif
