/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: an OCI image layout that any tool can read (oci-layout, index.json,
 * blobs/ALGORITHM/HEX) and what can be rebuilt beside it: partial/HEX.data, .state   a download:
 * what is there, and the hash up to a verified length trees/KEY                  what a layer is
 * when unpacked; trees/.new-* are being made signatures/HEX.*           detached signatures and
 * statements for the manifest of that digest lock                       flock(2): shared by who
 * adds or uses, exclusive for gc and remove audit.log                  image/trust/audit.h Behind
 * it there may be read-only stores of the same form (the firmware's), looked up in order. Order of
 * a commit: data, fdatasync, digest, rename, fsync of the folder; nothing refers to what is not
 * durable. Killed at any point, the store is the old or the new one, and the next gc removes what
 * was left.
 */
#ifndef IMAGE_STORE_STORE_H
#define IMAGE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/document/document.h"

struct arena;
struct image;
struct store;

enum store_flags {
	STORE_MAKE = 1,	     /* make what is missing; else a missing store is -ENOENT */
	STORE_READ_ONLY = 2, /* nothing is written, no lock is needed */
};

struct store_request {
	const char *path;
	const char *const *lower; /* read-only stores; a missing one is passed over */
	size_t lower_count;
	const char *uses;	/* SETTINGS_USES; NULL: nobody is looked at by gc */
	uint64_t reserve_bytes; /* kept free */
	unsigned int flags;
};

/* 0 or -errno recorded. The folder is made 0700. */
int store_open(const struct store_request *request, struct store **store);
void store_close(struct store **store);
#define auto_store __attribute__((cleanup(store_close)))

/* The store's own folder (-1: only what is behind it is there), and its path for messages. */
int store_folder(const struct store *store);
const char *store_path(const struct store *store);

/*
 * Shared: others may add, nobody collects. Exclusive: waits until nobody else is there. Held until
 * store_unlock() or the end of the process. store_open() takes none. 0 or -errno recorded.
 */
int store_lock(struct store *store, bool exclusive);
void store_unlock(struct store *store);

/* ---- blobs ---- */

/*
 * The blob, read-only, of this size (UINT64_MAX: any), from whichever store has it. Its content
 * was verified when it came; who reads it verifies it again on the way. Descriptor; -ENOENT
 * recorded: names the digest.
 */
int store_blob_open(struct store *store, const struct digest *digest, uint64_t size);
bool store_blob_has(struct store *store, const struct digest *digest, uint64_t size);

/* A whole document, digest and size verified. `name`: for messages. From the arena; NULL recorded.
 */
char *store_blob_read(struct arena *arena, struct store *store, const struct descriptor *descriptor,
		      size_t *size);

/* Read it all and compare. 0; -EBADMSG recorded: it is damaged. */
int store_blob_verify(struct store *store, const struct digest *digest, uint64_t size);

/* Add a small document at once; being there already is fine. 0 or -errno recorded. */
int store_blob_put(struct store *store, const struct digest *digest, const void *data, size_t size);

/* Of this store, not of those behind it; missing is fine. 0 or -errno recorded. */
int store_blob_remove(struct store *store, const struct digest *digest);

/* One that is being added. */
struct blob_writer;
#define BLOB_SIZE_UNKNOWN UINT64_MAX

struct blob_request {
	const struct digest *digest; /* NULL: whatever it will be (sha256); cannot be resumed */
	uint64_t size;		     /* or BLOB_SIZE_UNKNOWN; space for it is reserved first */
	uint64_t limit; /* most bytes of one of unknown size; 0: what there is room for */
	bool resume;	/* go on where an earlier attempt ended */
};

/* -EEXIST, unrecorded: the blob is there. -ENOSPC: names how much is needed and free. */
int blob_begin(struct store *store, const struct blob_request *request,
	       struct blob_writer **writer);
/* How much there is: the next byte to be added. */
uint64_t blob_offset(const struct blob_writer *writer);
/* Begin anew: the source cannot go on in the middle. */
int blob_restart(struct blob_writer *writer);
/* More than the size is -EFBIG, recorded. */
int blob_add(struct blob_writer *writer, const void *data, size_t size);
/*
 * Verify size and digest, make durable and visible; a wrong digest removes what was kept. *digest
 * and *size (may be NULL) are what it is. Frees the writer in any case.
 */
int blob_commit(struct blob_writer **writer, struct digest *digest, uint64_t *size);
/* keep: what is there is made durable for a later attempt. Frees the writer. */
void blob_abort(struct blob_writer **writer, bool keep);

/* ---- names: index.json ---- */

struct store_ref {
	const char *name; /* org.opencontainers.image.ref.name; "" : a descriptor without a name */
	struct descriptor descriptor;
	bool lower; /* of a read-only store */
};

/*
 * NAME, or "sha256:HEX" of a manifest or index that is there (a prefix of at least 12 hex digits if
 * only one fits), or NAME@DIGEST: then both must agree, or a revision that is installed has just
 * that (image/revision/pin.h). *descriptor from the arena. -ENOENT recorded.
 */
int store_resolve(struct arena *arena, struct store *store, const char *name,
		  struct descriptor *descriptor);
/* Atomic and durable; replaces what had the name. All blobs of it must be durable before. */
int store_ref_set(struct store *store, const char *name, const struct descriptor *descriptor);
/* -ENOENT recorded: no such name. */
int store_ref_remove(struct store *store, const char *name);
/* All, this store's first, sorted by name. Count or -errno recorded. */
ssize_t store_refs(struct arena *arena, struct store *store, struct store_ref **refs);

/* ---- trees ---- */

/* The tree of that key ("[a-z0-9-]+"), in whichever store: an O_PATH descriptor of its root;
 * -ENOENT unrecorded. path (may be NULL): where it is, from the arena. */
int store_tree_open(struct arena *arena, struct store *store, const char *key, char **path);

/* Is layer `i` of the image there, as a blob or unpacked? */
bool store_layer_there(struct store *store, const struct image *image, size_t i);

struct store_tree {
	struct store *store;
	char key[160];
	char temporary[32]; /* below trees/ */
	int folder;	    /* it */
	int root;	    /* its root/, O_PATH|O_DIRECTORY, mode 0755 */
};
/* -EEXIST unrecorded when it is there meanwhile. */
int store_tree_begin(struct store *store, const char *key, struct store_tree *tree);
/* syncfs, marker, rename, fsync of the folder. */
int store_tree_commit(struct store_tree *tree);
void store_tree_abort(struct store_tree *tree);

/* ---- space, collecting, checking ---- */

/* Is there room for this many more bytes and files, beside the reserve? 0, or -ENOSPC recorded. */
int store_reserve(struct store *store, uint64_t bytes, uint64_t files);

struct store_usage {
	uint64_t blobs, blob_bytes, trees, tree_bytes, partials, partial_bytes, refs;
	uint64_t unreferenced_bytes; /* what gc would free */
};
int store_usage(struct arena *arena, struct store *store, struct store_usage *usage);

struct gc_report {
	uint64_t blobs, trees, partials, bytes;
};
/*
 * Mark from the names, and from who uses an image (uses), sweep the rest: blobs, trees,
 * signatures, leftovers, and downloads older than `partial_seconds`. `dry`: only count. Takes the
 * exclusive lock.
 */
int store_gc(struct store *store, bool dry, unsigned int partial_seconds, struct gc_report *report);

struct fsck_report {
	uint64_t checked, damaged, missing, removed;
};
/*
 * Every name leads to what is there; deep: every byte against its digest. repair: what is damaged
 * is removed, names that lead nowhere too, index.json and oci-layout are rebuilt. Each finding is
 * said by log_warning(). 0: fine (or all was repaired); -EBADMSG recorded: it is not.
 */
int store_fsck(struct store *store, bool deep, bool repair, struct fsck_report *report);

/* ---- who uses an image: gc keeps it ---- */

/* "uses/ID": a line for each digest. Atomic; made before anything is mounted. */
int store_use(struct store *store, const char *id, const struct digest *const *digests,
	      size_t count);
int store_use_end(struct store *store, const char *id); /* missing is fine */

#endif
