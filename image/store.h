/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of this room: make an image ready to run, and let it go again. The command
 * `run --image` and the supervisor use it.
 */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct image_run_request {
	const char *settings; /* images.json; NULL: SETTINGS_PATH */
	const char *store;    /* instead of the settings' ; or NULL */
	const char *name;     /* of the image */
	const char *id;	      /* of the container or unit */
	const char *folder;   /* absolute, empty, private: the bundle: config.json and rootfs */
	const char *upper;    /* folder for what the container writes; NULL: a tmpfs */
	bool read_only, terminal;
	bool identity;	   /* bind a file that says which image this is into the container */
	bool release_hook; /* image_release() by a poststop hook */
	bool trial;	   /* of a revision that has not proved itself: no counter is raised */
	const char *const *command;
	size_t command_count;
	const char *const *environment;
	size_t environment_count;
	const char *const *volumes; /* "PATH=SOURCE[:ro]", "NAME=SOURCE[:ro]" */
	size_t volume_count;
};

struct image_identity {
	char digest[80]; /* of the manifest, as text */
	char signer[64]; /* whose key vouches for it; "" : nobody was asked for */
	char key[68];
};

/*
 * Resolve, check the policy, unpack what is missing, mount the root, write the bundle, log the
 * start. *identity may be NULL. 0 or -errno recorded, and nothing is left.
 */
int image_prepare(const struct image_run_request *request, struct image_identity *identity);

/* Unmount and end the use. The folder's content goes, the folder stays. Missing is fine. */
int image_release(const char *settings, const char *store, const char *id, const char *folder);

/* What the image's program expects to be passed, listening, as sd_listen_fds(3) has it. */
enum { IMAGE_SOCKETS_MAX = 64, IMAGE_SOCKET_NAME = 63 };
struct image_sockets {
	unsigned int count;
	struct image_socket {
		const char *name; /* for LISTEN_FDNAMES */
		unsigned short port;
		bool datagrams; /* UDP; else TCP */
	} list[IMAGE_SOCKETS_MAX];
};

/* For the supervisor; from the arena; "" and NULL: not said. */
struct image_advice {
	const char *stop_signal;
	const char **health_test; /* NULL-terminated, or NULL */
	unsigned int health_interval_ms, health_timeout_ms, health_start_ms, health_retries;
	struct image_sockets sockets;
};
int image_advice(struct arena *arena, const char *settings, const char *store, const char *name,
		 struct image_advice *advice);

#endif
