/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about a container on disk: <root>/<id>/ with
 *   intent       the record, written before the first side effect, rewritten when created
 *   state        the same record, put in place by rename once the container is created
 *   config.json  a copy of what it was created from
 *   start        a fifo on which the container's first process waits for `start`
 *   result       a fifo on which it answers (launch.h)
 * Both records carry a checksum: if one is damaged the other is used. The folder itself is the
 * lock (flock).
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct json_writer;

#define STATE_INTENT "intent"
#define STATE_RECORD "state"
#define STATE_CONFIG "config.json"
#define STATE_START "start"
#define STATE_RESULT "result"

/* Room for ARENA_ON() that a record, its plan of groups and its document usually fit in. */
enum { STATE_ROOM = 3072 };

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};

struct state_record {
	bool created;  /* false: the intent of a creator that has not finished */
	pid_t creator; /* the runtime that makes it, with its start time */
	uint64_t creator_start_time;
	pid_t pid; /* the container's first process; 0 before the clone */
	uint64_t start_time;
	const char *id, *bundle, *rootfs, *created_at;
	const char *cgroup;	 /* cgroup_record() */
	const char *annotations; /* JSON text or "" */
	uint32_t owner;		 /* uid of who created it */
	bool has_process, has_poststart, has_poststop, own_pid_namespace, own_keyring;
};

/* Names: [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, at most 255. */
int state_check_id(const char *id);

/* Default root: /run/cruet, or $XDG_RUNTIME_DIR/cruet for a user that is not root. `buffer`, or
 * NULL recorded. */
const char *state_default_root(char *buffer, size_t size);

/* Make (0700) and open the root folder. Descriptor, or -errno recorded. */
int state_open_root(const char *root);

/* Is there a folder for `id`? Then -EEXIST, recorded as ERROR_EXISTS; else 0, nothing recorded. */
int state_exists(int root, const char *id);

/*
 * Make the container's folder and lock it exclusively. -EEXIST recorded as ERROR_EXISTS. Descriptor
 * of the folder; the lock goes with it, and is shared with children until they close it.
 */
int state_make(int root, const char *id);

/*
 * Open and lock (LOCK_EX, LOCK_SH, either with LOCK_NB, or 0: none). ERROR_NOT_FOUND "container
 * does not exist" also when it went away while we waited for the lock.
 */
int state_open(int root, const char *id, int lock);
void state_unlock(int container);

/* First write of the intent; *intent keeps it open for state_write_created(). */
int state_write_intent(int container, const struct state_record *record, int *intent);
int state_write_created(int container, const struct state_record *record, int intent);

/*
 * The best record; a damaged one is logged if the other has to be used. -ENOENT: there is none (its
 * creator was killed before the intent), -EBADMSG: none is whole. Records nothing.
 */
int state_read(struct arena *arena, int container, struct state_record *record);

/*
 * Is its creator still at work? Holding or not being able to take the folder's lock says so: a
 * creator keeps the lock until it wrote `created`.
 */
bool state_creator_alive(const struct state_record *record);

/* Are its groups frozen? Never without CONFIG_CMD_PAUSE. */
bool state_is_paused(const struct state_record *record);

enum container_status state_status(int container, const struct state_record *record);
const char *state_status_name(enum container_status status);

/* Remove the folder with what we put there; what is already gone is fine. */
int state_remove(int root, const char *id, int container);

/*
 * The state as an object (runtime.md#state) with runc's additional properties; `pid` as its reader
 * sees it (0: left at 0).
 */
void state_write_json(struct json_writer *writer, const struct state_record *record,
		      enum container_status status, pid_t pid, const char *owner);

/*
 * The state document (runtime.md#state) with runc's additional properties; `pid` as its reader sees
 * it (0: left at 0). From the arena; NULL recorded.
 */
char *state_document(struct arena *arena, const struct state_record *record,
		     enum container_status status, pid_t pid, bool pretty);

#endif
