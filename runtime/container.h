/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of this room: what can be done to a container. Commands parse options into these
 * requests; the supervisor uses the same. All return 0 or a negative errno with a recorded
 * error, unless said otherwise, and leave nothing behind when they fail.
 */
#ifndef RUNTIME_CONTAINER_H
#define RUNTIME_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/state.h"

struct arena;
struct spec_resources;

/* Where containers live and how groups are managed: the global options. */
struct container_context {
	const char *root; /* state folder */
	int root_fd;	  /* opened by the command edge with state_open_root() */
	enum cgroup_manager cgroup_manager;
};

struct container_create_request {
	const char *id;
	const char *bundle;	    /* folder; relative to the caller's */
	const char *config;	    /* --config: file instead of <bundle>/config.json; or NULL */
	const char *console_socket; /* or NULL */
	const char *pid_file;	    /* or NULL; relative to the caller's folder */
	const char *pidfd_socket;   /* --pidfd-socket, or NULL */
	bool no_pivot, no_new_keyring;
	bool bare_groups;	   /* cgroup_make_bare() */
	unsigned int preserve_fds; /* N descriptors from 3 on (after LISTEN_FDS) */
	/* Called when all is there but the program, or NULL: a negative errno undoes it all. */
	int (*ready)(void *data, pid_t pid);
	void *data;
};

int container_create(const struct container_context *context,
		     const struct container_create_request *request);
int container_start(const struct container_context *context, const char *id);

struct container_run_request {
	struct container_create_request create;
	bool detach, keep, no_subreaper;
};
/* create + start (+ wait + delete). Foreground: *exit_status is the process's, 128 + signal if
 * killed. */
int container_run(const struct container_context *context,
		  const struct container_run_request *request, int *exit_status);

struct container_exec_request {
	const char *id;
	const char *process; /* --process FILE, or NULL */
	const char *console_socket, *pid_file, *pidfd_socket;
	const char *cwd;  /* the following override; NULL or empty: as in config.json */
	const char **env; /* KEY=VALUE, `env_count` of them */
	size_t env_count;
	const char *user; /* "uid[:gid]" */
	const char **additional_gids;
	size_t additional_gid_count;
	const char **capabilities;
	size_t capability_count;
	const char *apparmor, *process_label;
	const char **cgroups; /* --cgroup [controller:]path */
	size_t cgroup_count;
	bool tty, tty_set, no_new_privileges, detach, ignore_paused;
	unsigned int preserve_fds;
	char **args; /* NULL-terminated; used when there is no --process */
};
int container_exec(const struct container_context *context,
		   const struct container_exec_request *request, int *exit_status);

/* all: to every process of its groups; then a stopped container is no error. */
int container_kill(const struct container_context *context, const char *id, int signal, bool all);
/* force: kill it first; an id that does not exist is no error. */
int container_delete(const struct container_context *context, const char *id, bool force);
int container_pause(const struct container_context *context, const char *id);
int container_resume(const struct container_context *context, const char *id);
int container_update(const struct container_context *context, const char *id,
		     const struct spec_resources *resources);

/*
 * The checked text of the bundle's config.json, `size` bytes from the arena; nothing is run, and
 * paths are those below the folder `root`. NULL: it is not there, wrong, or without a root file
 * system; error recorded.
 */
char *container_check_bundle(struct arena *arena, int root, const char *bundle, size_t *size);

/*
 * The text of a linux.resources object, checked: for the groups of what is no container. `text`
 * must live as long as the result, from the arena; `name` is for messages. NULL: error recorded.
 */
const struct spec_resources *container_read_resources(struct arena *arena, const char *text,
						      size_t size, const char *name);

/*
 * May this very process put others into containers? Not if these could write to its binary by way
 * of /proc/PID/exe: then execute it (a command does what is needed, see runtime/self.h).
 */
bool container_may_make(void);

/* The state document, from the arena. */
char *container_state(struct arena *arena, const struct container_context *context, const char *id);

struct container_info {
	struct state_record record;
	enum container_status status;
};
/* All containers, sorted by id; damaged ones are logged and left out. Count or -errno. */
ssize_t container_list(struct arena *arena, const struct container_context *context,
		       struct container_info **list);

/* Pids of all its processes. Count or -errno. */
ssize_t container_processes(struct arena *arena, const struct container_context *context,
			    const char *id, pid_t **pids);

#endif
