/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose key vouches for an image, and whether the device's policy takes it.
 *
 * /etc/cruet/policy.json (in the read-only root; cruet-policy(5) has every property):
 *
 *	{ "device": ["model-a"],
 *	  "rules": [
 *	    { "prefix": "registry.example/team", "threshold": 1, "counter": "name", "device": true,
 *	      "keys": [{ "name": "release", "type": "minisign", "file": "keys/release.pub" }] },
 *	    { "prefix": "", "action": "refuse" } ] }
 *
 * The rule with the longest prefix that fits the name decides. It fails closed: what no rule fits
 * is refused when there is a policy, and a policy that cannot be read or has an unknown property
 * refuses everything. No policy file: everything is allowed, and the audit log says so.
 *
 * Signatures are over a text that has the manifest's digest (or that of an index that leads to it):
 *
 *   minisign: Ed25519 over a statement, in minisign's file formats, "Ed" and "ED"
 *   cosign: ECDSA P-256 over the simple-signing payload, as `cosign sign --key` writes it
 *
 * They stand in the store's signatures/: HEX.statement and HEX.minisig, HEX.cosign.json and
 * HEX.cosign.sig (several: HEX.1.minisig ...), where import, pull, `cruet image attach` and `sign`
 * put them.
 *
 * A statement is JSON: {"manifest": "sha256:...", "name": "...", "counter": 7, "devices": ["..."],
 * "platform": "linux/arm/v7"}; only manifest is required, others are not known. A name without tag
 * is good for every tag. Least counters are kept in the store's counters.json.
 */
#ifndef IMAGE_TRUST_TRUST_H
#define IMAGE_TRUST_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/document/document.h"
#include "image/settings.h"

struct arena;
struct store;

struct trust_decision {
	bool allowed;
	bool verity;	  /* mount layers that are file systems only with dm-verity */
	const char *rule; /* prefix of the rule that decided, "*" for the empty one; "-": none fits
			     or the policy is broken; "" : no policy */
	const char *signer; /* name of the key in the policy; "" : nobody was asked for */
	const char *key;    /* its id: minisign's 16 hex digits, or sha256 of the public key */
	uint64_t counter;   /* of the statement; 0: none */
};

/*
 * May this image be used on this device? Not: -EACCES recorded, saying rule and reason. The
 * decision from the arena in any case but out of memory. With `raise` the counter is kept as the
 * least that is taken from now on (call it when the image is put to use, not when it is looked at).
 */
int trust_check(struct arena *arena, struct store *store, const struct image_settings *settings,
		const char *name, const struct digest *manifest, bool raise,
		struct trust_decision *decision);

/*
 * The same when the name leads nowhere yet: a signature of any of these counts. The manifest is
 * first; the others are indexes that lead to it, which the caller has verified. (trust_check()
 * finds the index that the name leads to by itself.)
 */
int trust_check_any(struct arena *arena, struct store *store, const struct image_settings *settings,
		    const char *name, const struct digest *digests, size_t count, bool raise,
		    struct trust_decision *decision);

/* `cruet image sign`, for the build host. */
struct sign_request {
	const char *name; /* in the store; an index is signed for all that is in it */
	const char *as;	  /* the name to sign, without tag; NULL: that of the store; "" : none */
	const char *key;  /* file: minisign secret key without password (-W), or an EC private key
			     (PEM) */
	int folder;	  /* AT_FDCWD */
	uint64_t counter; /* 0: none */
	const char **devices;
	size_t device_count;
	const char *output; /* a folder for the detached files; NULL: the store's signatures/ */
};
int trust_sign(struct store *store, const struct sign_request *request);

/* Put detached files (FILE.minisig with its statement, cosign payload and signature) into the store
 * for that manifest, if they fit it. */
int trust_attach(struct store *store, const struct digest *manifest, int folder, const char *path);
/* The same from memory; suffix: "statement", "minisig", "cosign.json", "cosign.sig". */
int trust_keep(struct store *store, const struct digest *manifest, const char *suffix,
	       const void *data, size_t size);

/* The image was made of an ACI that trust_check_aci() found signed by `signer`: an image of a rule
 * with a keyring and no keys runs only then. */
int trust_keep_aci(struct store *store, const struct digest *manifest, const char *signer);

/*
 * An ACI's detached OpenPGP signature FILE.asc by gpgv, if the policy has a keyring for that name.
 * 0 when it is good or nothing is asked for; -EACCES recorded. *signer from the arena or NULL.
 */
int trust_check_aci(struct arena *arena, const struct image_settings *settings, const char *name,
		    int folder, const char *path, const char **signer);

#endif
