/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a bundle's config.json, written one after another. */
#ifndef IMAGE_BUNDLE_PARTS_H
#define IMAGE_BUNDLE_PARTS_H

#include "image/bundle/bundle.h"
#include "lib/json.h"

#define LABEL_APPC "cruet.appc"
#define LABEL_RESERVED "cruet.image." /* annotations that only we write */

/*
 * What an image asks for beyond OCI's config, in its label cruet.appc: how import keeps what appc
 * says. Anybody can write a label: it is checked to give nothing more than every image gets.
 */
struct overrides {
	const cJSON *process, *linux_part; /* members of config.json, or NULL */
	const cJSON *mounts;		   /* [{"name", "path", "readOnly"}], or NULL */
	const cJSON *groups;		   /* numbers, or NULL */
	struct string_list ignored;
	bool present, directory_must_exist;
};

struct bundle {
	struct arena *arena;
	const struct bundle_request *request;
	const struct image_config *config;
	struct overrides overrides;
	struct bundle_user user;
	struct json_writer writer;
};

/* The 14 capabilities that an image has when nothing else is said; NULL at the end. */
extern const char *const bundle_capabilities[];

/* Those that give an int: 0 or -errno recorded. */
int overrides_read(struct arena *arena, const struct image_config *config,
		   struct overrides *overrides);
/* A member of the overrides' object (may be NULL) as it stands there; false if there is none. */
bool overrides_write(struct json_writer *writer, const cJSON *object, const char *key);
/* linux.seccomp. */
void overrides_write_seccomp(struct json_writer *writer, const cJSON *linux_part);
/* bundle_user(); appc looks for a name first, even one that is a number. */
int bundle_look_up(struct arena *arena, int root, const char *text, bool names_first,
		   struct bundle_user *user);
int bundle_process(struct bundle *bundle);
int bundle_mounts(struct bundle *bundle);
int bundle_annotations(struct bundle *bundle);

#endif
