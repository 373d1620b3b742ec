/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef IMAGE_TRUST_INTERNAL_H
#define IMAGE_TRUST_INTERNAL_H

#include <sys/types.h>

#include "image/trust/trust.h"
#include "lib/sha256.h"

enum trust_limits {
	TRUST_POLICY_MAX = 256 << 10,
	TRUST_KEY_FILE_MAX = 16 << 10,
	TRUST_FILE_MAX = 64 << 10,    /* a signature, a statement */
	TRUST_SIGNATURES_MAX = 16,    /* of one kind for a manifest */
	TRUST_VERIFICATIONS_MAX = 64, /* of one check: each takes milliseconds on a small board */
};

/* ---- the policy ---- */

enum key_type { KEY_MINISIGN, KEY_COSIGN };

/* Is the scheme in this build? 0, or -errno recorded: names the key and the symbol. */
int check_built(enum key_type type, const char *name);

struct trust_key {
	const char *name;
	enum key_type type;
	const char *text; /* the key as the policy has it, or NULL: it is in a file */
	const char *file; /* relative to the policy's folder; or NULL */
};

enum rule_action { RULE_VERIFY, RULE_ACCEPT, RULE_REFUSE };
enum rule_counter { COUNTER_NONE, COUNTER_RULE, COUNTER_NAME };

struct trust_rule {
	const char *prefix;
	enum rule_action action;
	struct trust_key *keys;
	size_t key_count;
	uint64_t threshold;
	enum rule_counter counter;
	uint64_t least_counter;
	bool device;		 /* the statement must name this device */
	bool verity;		 /* mounted layers only with dm-verity */
	const char *identity;	 /* NULL: the name that is asked for; "any"; or a repository */
	const char *aci_keyring; /* or NULL */
};

struct trust_policy {
	const char *path;
	struct trust_rule *rules;
	size_t rule_count;
	const char **devices; /* names, or "file:PATH" */
	size_t device_count;
};

/* 0; -ENOENT unrecorded: there is no such file; -errno recorded: nothing is to be allowed. */
int policy_read(struct arena *arena, const char *path, struct trust_policy *policy);
/* The text alone, for tests: all but the files it names. */
int policy_parse(struct arena *arena, const char *text, size_t size, struct trust_policy *policy);
/* The rule with the longest prefix that fits, or NULL. */
const struct trust_rule *policy_rule(const struct trust_policy *policy, const char *name);
/* What decisions and counters call it: the prefix; "*" for the empty one. */
const char *rule_name(const struct trust_rule *rule);
/* Does this device answer to one of the names? 1, 0 or -errno recorded. */
int policy_device(struct arena *arena, const struct trust_policy *policy, const char *const *names,
		  size_t count);
/* What the policy calls `file`: relative to its own folder. From the arena; NULL recorded. */
char *policy_path(struct arena *arena, const struct trust_policy *policy, const char *file);
/* The content of a key's file. From the arena; NULL recorded. */
char *policy_file(struct arena *arena, const struct trust_policy *policy, const char *file,
		  size_t *size);

/* ---- names ---- */

/* Without ":TAG" and "@DIGEST". From the arena; NULL recorded. */
char *trust_repository(struct arena *arena, const char *name);
/* "sha256:HEX", whole or a part: the image itself is named, not its place. */
bool trust_is_digest(const char *name);

/* ---- statements: what was signed ---- */

struct statement {
	struct digest manifest;
	const char *name; /* or NULL */
	bool has_counter;
	uint64_t counter;
	const char **devices;
	size_t device_count;
	const char *platform; /* or NULL */
};
/* 0 or -errno recorded. Of a payload only what we know is read. */
int statement_read(struct arena *arena, const char *text, size_t size, struct statement *statement);
int payload_read(struct arena *arena, const char *text, size_t size, struct statement *statement);
/* The other way. From the arena; NULL recorded. */
char *statement_write(struct arena *arena, const struct statement *statement, size_t *size);
char *payload_write(struct arena *arena, const struct statement *statement, size_t *size);

/* ---- the two schemes ---- */

enum { KEY_ID_SIZE = SHA256_HEX_SIZE };

struct minisign_key {
	unsigned char algorithm[2], id[8], key[32];
};
struct minisign_signature {
	unsigned char algorithm[2], id[8], signature[64];
	unsigned char global[64];
	const char *comment; /* trusted; within the text */
	size_t comment_size;
};
/* A .pub file or its one line of base64; a .minisig file. 0 or -EINVAL recorded. */
int minisign_key_read(const char *text, size_t size, struct minisign_key *key);
int minisign_signature_read(const char *text, size_t size, struct minisign_signature *signature);
/* As minisign prints it: 16 digits. */
char *minisign_id_text(const unsigned char id[8], char text[KEY_ID_SIZE]);
/* Is this `size` bytes of `data`, signed by the key? */
bool minisign_verify(const struct minisign_key *key, const struct minisign_signature *signature,
		     const void *data, size_t size);

enum { COSIGN_POINT_SIZE = 65 };
struct cosign_key {
	unsigned char point[COSIGN_POINT_SIZE];
	char id[KEY_ID_SIZE]; /* sha256 of the DER form */
};
/* "PUBLIC KEY" in PEM, P-256. 0 or -EINVAL recorded. */
int cosign_key_read(const char *text, size_t size, struct cosign_key *key);
/* Is it such a key in DER? */
bool cosign_is_p256(const unsigned char *der, size_t size);
/* A .sig file's base64, a line end after it or not. Bytes, or -EINVAL unrecorded. */
ssize_t cosign_signature_decode(const char *text, size_t size, unsigned char *bytes, size_t room);
/* `signature`: the text of such a file. */
bool cosign_verify(const struct cosign_key *key, const char *signature, size_t signature_size,
		   const void *data, size_t size);

/*
 * The base64 between "-----BEGIN LABEL-----" and its end, as bytes. Their number, or -EINVAL
 * unrecorded: there is none, or it is more than `room`.
 */
ssize_t pem_read(const char *text, size_t size, const char *label, void *data, size_t room);

/* ---- what lies in the store ---- */

#define SIGNATURES "signatures"
#define TRUST_ACI_SUFFIX "aci" /* the fingerprint of who signed the ACI */

/* Only one process at a time: an open descriptor that holds the lock, or -errno recorded. */
int trust_lock(const struct store *store);

/*
 * Number `index` (< TRUST_SIGNATURES_MAX) of a kind for that manifest, from an open signatures/
 * folder. NULL unrecorded: there is none, or it cannot be read or is too large.
 */
char *signature_read(struct arena *arena, int folder, const struct digest *manifest,
		     const char *suffix, unsigned int index, size_t *size);

/* Least counters: counters.json. 0, and 0 in *least when nothing is known; or -errno recorded. */
int counter_read(struct arena *arena, const struct store *store, const char *key, uint64_t *least);
/* -EACCES recorded: says both. */
int fail_counter(uint64_t counter, uint64_t least);
/* Keep it, if it is more than what is kept. Durable. 0 or -errno recorded. */
int counter_raise(struct arena *arena, const struct store *store, const char *key,
		  uint64_t counter);

#endif
