/* SPDX-License-Identifier: Apache-2.0 */
/* appc ACI, in: spec/aci.md and ace.md of the App Container specification, version 0.8. */
#ifndef IMAGE_TRANSFER_ACI_H
#define IMAGE_TRANSFER_ACI_H

#include "image/archive/tar_write.h"
#include "image/transfer/import.h"
#include "image/unpack/made.h"
#include "lib/json.h"

enum aci_limits {
	ACI_MANIFEST_SIZE = 1 << 20,
	ACI_MAX_DEPENDENCIES = 128,
};

/* Annotations of the manifest that an ACI becomes. */
#define ACI_NAME "cruet.appc.name"
#define ACI_ID "cruet.appc.image-id"
#define ACI_SIZE "cruet.appc.size"		   /* of the file */
#define ACI_LABELS "cruet.appc.labels"		   /* as they stood */
#define ACI_DEPENDENCIES "cruet.appc.dependencies" /* all names below, by blanks */
#define ACI_IGNORED "cruet.appc.ignored"
/* The label of its config that the bundle is made by, and what its users wrote. */
#define ACI_APP "cruet.appc"
#define ACI_USER_ANNOTATION "cruet.appc.user-annotation/"
#define ACI_USER_LABEL "cruet.appc.user-label/"

/* A layer that is written as it comes. */
struct aci_layer {
	struct blob_writer *blob;
	struct tar_writer writer;
	struct made made; /* its paths */
};

struct aci {
	struct import *import;
	struct arena *arena;
	struct import_text text;
	struct aci_layer layer;

	const cJSON *root, *app;
	const char *name, *version;
	struct platform platform;
	char *ignored; /* names of what has no effect, by ", " */
	struct json_writer ignored_list;
	struct json_writer labels;
	struct json_writer appc; /* the label cruet.appc */

	/* What it is put together from, lowest first; the last is its own. */
	struct descriptor *layers;
	struct digest *diff_ids;
	size_t layer_count;
	char *dependencies; /* ACI_DEPENDENCIES */
};

/* One entry of the archive: the manifest is kept, rootfs/ goes on into the layer. */
int import_aci_entry(struct import *import, struct archive *archive, const struct entry *entry);
/* After the last one. */
int import_aci(struct import *import);
/* In any case. */
void import_aci_close(struct import *import);

/* ---- aci_layer.c ---- */

int aci_layer_begin(struct aci *aci, struct aci_layer *layer);
/* The entry with its data; `path` "" is the root. Missing parents are written first. */
int aci_layer_add(struct aci_layer *layer, struct archive *archive, const struct entry *entry);
int aci_layer_end(struct aci_layer *layer, struct digest *digest, uint64_t *size);
void aci_layer_abort(struct aci_layer *layer);

/* ---- aci_manifest.c, aci_app.c, aci_isolator.c ---- */

/* The manifest's own fields: aci->name and so on. 0 or -errno recorded. */
int aci_manifest_read(struct aci *aci);
/* The config that the app becomes; labels are aci->labels's. */
int aci_app_read(struct aci *aci, struct image_config *config);
/* app.isolators as the member "patch" of aci->appc. */
int aci_isolators_read(struct aci *aci);
/* Say that it has no effect, and remember it. */
int aci_ignore(struct aci *aci, const char *name);

/* A member: of that type, or NULL if it is not there (null, too). *wrong is set, and the error
 * recorded, when it is of another type, or `required` and not there. */
const cJSON *aci_member(const cJSON *object, const char *key, int type, bool required, int *wrong);
/* "" if it is not there. */
const char *aci_text(const cJSON *object, const char *key, bool required, int *wrong);
/* ^[a-z0-9]+([-._~/][a-z0-9]+)*$, AC Identifier; an AC Name has only '-'. */
bool aci_is_identifier(const char *text);
bool aci_is_name(const char *text);
/* Exactly the set that appc has by default? */
bool aci_is_default_set(const cJSON *capabilities);
/* What appc calls the architecture. */
const char *aci_architecture(const struct platform *platform);
/* The value of the entry {name, value} of that name in a list; NULL: none. */
const char *aci_value(const cJSON *list, const char *name);

/* ---- aci_depend.c, aci_filter.c ---- */

/* The layers of what it depends on, into aci->layers. */
int aci_depend(struct aci *aci);
/* pathWhitelist: all layers become one that has only these paths. */
int aci_filter(struct aci *aci, const cJSON *paths);

#endif
