/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of launch/ share. A unit's run lives in INIT_RUN_UNITS/NAME:
 *   cgroup   where its groups are (cgroup_record()); there before anything else is made, empty
 *            until the groups are planned, and the last to go: as long as it is there, something
 *            of the run may be
 *   bundle/  the derived config.json of a container
 *   image/   the image's own bundle, its root mounted (image/store.h)
 *   root     where the writable layer is mounted, if there is one
 *   pid      of a container's first process; probe: of a probe in it
 *   notify   the host's: stays
 * What outlives a run: INIT_RUN/volumes/NAME/VOLUME (boot volumes, each a tmpfs),
 * INIT_RUN/layers/NAME (a boot layer, a tmpfs), and on the data partition
 * volumes/permanent/NAME/VOLUME, volumes/revision/N/NAME/VOLUME (N 0: the firmware's) and
 * layers/NAME.
 */
#ifndef INIT_LAUNCH_INTERNAL_H
#define INIT_LAUNCH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cJSON.h>

#include "init/launch/launch.h"

struct arena;
struct cgroup;
struct json_writer;
struct spec_resources;

#define RUN_CGROUP "cgroup"
#define RUN_BUNDLE "bundle"
#define RUN_CONFIG RUN_BUNDLE "/config.json"
#define RUN_ROOT "root"
#define RUN_PID "pid"
#define RUN_PROBE "probe"
#define RUN_NOTIFY "notify"

/* Where programs are looked for, unless the unit says so. */
#define RUN_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The groups' path, below the supervisor's own or beside it: cgroup_plan(). */
#define RUN_GROUPS "cruet/"

struct run {
	const struct launch *launch;
	const struct plan *plan;
	const struct plan_unit *unit;
	const char *name;
	struct arena *arena;
	char *path; /* INIT_RUN_UNITS/NAME */
	int folder; /* it, or -1: there is none */
};

/* A text of the plan; NULL for 0. */
const char *run_text(const struct run *run, uint32_t offset);
/* `make`: the folder too. 0 or -errno recorded. */
int run_open(struct run *run, const struct launch *launch, struct arena *arena, bool make);

/* INIT_RUN_UNITS/UNIT/NAME. From the arena; NULL: out of memory. */
char *run_path(const struct run *run, const char *name);

/* Of waitpid(2): the exit status, or 128 + signal. */
int run_status(int status);

/* The path that the groups are planned with. From the arena; NULL: out of memory. */
const char *run_groups(const struct run *run);

/*
 * What the unit's own process is told about its supervisor: NOTIFY_SOCKET (`socket`: as it sees it)
 * and WATCHDOG_USEC, as far as it has a use for them. How many, or -ENOMEM recorded.
 */
enum { RUN_TOLD_MAX = 2 };
int run_told(const struct run *run, const char *socket, char *texts[RUN_TOLD_MAX]);

/* ---- listen.c ---- */

/* How many sockets the run is given; they become LISTEN_FIRST_FD and on. */
unsigned int run_sockets(const struct launch *launch);
/*
 * LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID, if it is given any; *pid: the last, for the process
 * itself to fill in by run_listen_pid(), else NULL. How many, or -ENOMEM recorded.
 */
enum { RUN_LISTEN_MAX = 3 };
int run_listen_told(const struct run *run, char *texts[RUN_LISTEN_MAX], char **pid);
void run_listen_pid(char *pid);

/* Clean up what there is of the run: launch_clean(). 0 or -errno recorded. */
int run_clean(const struct run *run);

/*
 * Take hold of the run: its record file is made, and the groups planned and recorded. -EEXIST
 * (unrecorded) when there is one. NULL in *cgroup and an error otherwise.
 */
int group_take(const struct run *run, const struct spec_resources *resources,
	       struct cgroup **cgroup);
/* The groups of the run that is there, as its record says; NULL: none, nothing recorded. */
struct cgroup *group_of(const struct run *run);

/* Does the unit have a network namespace that we make? */
bool run_owns_network(const struct run *run);

/* ---- report.c ---- */

/* Tell PID 1 of the main process and wait for its answer. 0 or -errno recorded. */
int report_pid(int socket, pid_t pid);
int report_done(int socket);
/* The recorded error. */
void report_error(int socket);

/* ---- program.c: a process on the host ---- */

struct program {
	const struct run *run;
	char **words;
	struct cgroup *cgroup; /* or NULL */
	bool main;	       /* the unit's own process, not a probe: reports, console, ready fd */
	/* filled by program_start() */
	char **environment;
	char *watchdog_pid; /* one of these, for the process to fill in ... */
	char *listen_pid;   /* ... and another */
	int gate;	    /* with a network of its own: the other end says when that is there */
	bool cloned_into, shares;
};

/*
 * Make it: the unit's user, environment and folder; as a child of PID 1 (main), else of ours. It
 * has been executed when this returns, unless it waits for its network or the kernel is old. The
 * pid, or -errno recorded.
 */
pid_t program_start(struct program *program);
/* The texts of a list, and NULL. From the arena; NULL: out of memory. */
char **program_words(const struct run *run, struct plan_list list);

/* ---- bundle.c, merge.c, volume.c: what a container is made of ---- */

/*
 * Write the derived bundle, and make the volumes and the layer that it names. cgroups_path: for
 * linux.cgroupsPath. 0 or -errno recorded.
 */
int bundle_derive(const struct run *run, const char *cgroups_path);

/* A JSON value: `base` changed by `patch` as RFC 7396 says (objects are merged, null removes). */
void merge_write(struct json_writer *writer, const char *key, const cJSON *base,
		 const cJSON *patch);

/* Who owns what the container writes: ids on the host. */
struct owner {
	uid_t uid;
	gid_t gid;
};
/* The source of a volume's bind mount, made if it is not there. From the arena; NULL recorded. */
char *volume_source(const struct run *run, const struct plan_volume *volume,
		    const struct owner *owner);
/* Throw away the boot volumes. 0 or -errno recorded. */
int volumes_reset(const struct run *run);

/* ---- image.c ---- */

/* Make the unit's image ready: the path of its bundle. From the arena; NULL recorded. */
const char *run_image(const struct run *run);
/* Unmount it and end its use; missing is fine. 0 or -errno recorded. */
int run_image_end(const struct run *run);

/* Mount the layer over `lower`: the path of the root to use instead. NULL recorded. */
char *layer_mount(const struct run *run, const char *lower);
/* Both: missing is fine. 0 or -errno recorded. */
int layer_unmount(const struct run *run);
int layer_reset(const struct run *run);

/* The data partition; `what` wants it. A descriptor or -errno recorded. */
int storage_open(const struct run *run, const char *what);
int storage_make(const char *path); /* a folder, 0700 */
/* A tmpfs, unless something is mounted there already. */
int storage_mount(const char *path, const char *options);
/* All that is mounted there, and the folder itself; missing is fine. */
int storage_unmount(const char *path);

/* ---- oci.c: our own runtime, or another ---- */

/*
 * Make this process's descriptors those that the container is to have: standard streams, `count`
 * sockets, and launch->ready as `number`, and launch->report behind them. All others are closed. 0
 * or -errno recorded.
 */
int oci_pass_descriptors(struct launch *launch, unsigned int count, int number);

/* Make and start the container from the derived bundle, reporting to PID 1. 0 or -errno recorded.
 */
int oci_start(struct run *run, struct cgroup *cgroup);
int oci_delete(const struct run *run);
/* Begin a process in the container; a child of ours. The pid, or -errno recorded. */
pid_t oci_exec(const struct run *run, char **words);

#endif
