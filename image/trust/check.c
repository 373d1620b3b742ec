/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: may this image be used on this device? */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/store/store.h"
#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

enum { FOLDERS_MAX = 8, TARGETS_MAX = 8 };

#define NO_RULE "-"

/* One key, read. */
struct loaded_key {
	const struct trust_key *key;
	struct minisign_key minisign;
	struct cosign_key cosign;
	char id[KEY_ID_SIZE];
};

struct check {
	struct arena *arena;
	struct store *store;
	const char *name;
	const struct digest *targets; /* the manifest, and what leads to it */
	size_t target_count;
	int folders[FOLDERS_MAX]; /* signatures/ of the store and of those behind it */
	size_t folder_count;
	struct trust_policy policy;
	const struct trust_rule *rule;
	const char *counter_key;
	bool has_counter;
	uint64_t counter; /* the least of those that count */
	unsigned int verifications;
	bool said;	     /* there is a better reason than "no signature" */
	struct error reason; /* it */
};

static void say(struct check *check)
{
	check->said = true;
	check->reason = *error_last();
}

int check_built(enum key_type type, const char *name)
{
	const bool minisign = type == KEY_MINISIGN;

	if ((minisign && IS_ENABLED(CONFIG_SIGN_MINISIGN)) ||
	    (!minisign && IS_ENABLED(CONFIG_SIGN_COSIGN)))
		return 0;
	return fail_as(ERROR_UNSUPPORTED, 0, "key %s: CONFIG_SIGN_%s is not set", name,
		       minisign ? "MINISIGN" : "COSIGN");
}

static int load_key(struct check *check, const struct trust_key *key, struct loaded_key *read)
{
	size_t size = key->text ? strlen(key->text) : 0;
	const char *text =
		key->text ? key->text : policy_file(check->arena, &check->policy, key->file, &size);
	int result;

	read->key = key;
	if (!text)
		return fail_context(error_result(), "key %s", key->name);
	result = check_built(key->type, key->name);
	if (result < 0)
		return result;
	if (key->type == KEY_MINISIGN) {
		result = minisign_key_read(text, size, &read->minisign);
		minisign_id_text(read->minisign.id, read->id);
	} else {
		result = cosign_key_read(text, size, &read->cosign);
		memcpy(read->id, read->cosign.id, sizeof(read->id));
	}
	return fail_context(result, "key %s", key->name);
}

/* Is what the signer calls it what it is asked for as? */
static int check_name(const struct check *check, const struct statement *statement)
{
	const char *expected = check->rule->identity ? check->rule->identity : check->name;
	const char *place, *own = statement->name;
	bool same;

	if (!own ||
	    (check->rule->identity ? strcmp(expected, "any") == 0 : trust_is_digest(expected)))
		return 0;
	place = trust_repository(check->arena, expected);
	if (!place)
		return -ENOMEM;
	same = strcmp(own, place) == 0;
	/* A tag that was signed is the tag that is asked for. */
	if (!same && strncmp(own, expected, strlen(own)) == 0)
		same = strlen(own) > strlen(place) && strchr("@", expected[strlen(own)]);
	return same ? 0 : fail(EACCES, "it was signed as %s", own);
}

static int check_counter(struct check *check, const struct statement *statement)
{
	uint64_t least = 0;
	const char *key = rule_name(check->rule);
	int result;

	if (check->rule->counter == COUNTER_NONE)
		return 0;
	if (!statement->has_counter)
		return fail(EACCES, "its statement has no counter");
	if (check->rule->counter == COUNTER_NAME) {
		const bool unnamed = trust_is_digest(check->name);

		if (unnamed && !statement->name)
			return fail(EACCES, "its counter is for a name, and there is none");
		key = trust_repository(check->arena, unnamed ? statement->name : check->name);
		if (!key)
			return -ENOMEM;
	}
	result = counter_read(check->arena, check->store, key, &least);
	if (result < 0)
		return result;
	if (least < check->rule->least_counter)
		least = check->rule->least_counter;
	if (statement->counter < least)
		return fail_counter(statement->counter, least);
	check->counter_key = key;
	return 0;
}

static int check_device(struct check *check, const struct statement *statement)
{
	struct platform wanted, host;
	int result = 1;

	if (check->rule->device && statement->device_count == 0)
		return fail(EACCES, "its statement names no device");
	if (statement->device_count)
		result = policy_device(check->arena, &check->policy, statement->devices,
				       statement->device_count);
	if (result <= 0)
		return result < 0 ? result :
				    fail(EACCES, "it is for other devices (%s ...)",
					 statement->devices[0]);
	if (!statement->platform)
		return 0;
	result = platform_parse(check->arena, statement->platform, &wanted);
	if (result < 0)
		return result;
	platform_host(&host);
	return platform_score(&host, &wanted) ?
		       0 :
		       fail(EACCES, "it is for the platform %s", statement->platform);
}

/* What a key has signed: is it this image, here, now? 0, or -errno recorded. */
static int check_statement(struct check *check, const struct loaded_key *key,
			   const struct digest *target, const char *text, size_t size)
{
	auto_arena struct arena arena = { 0 };
	struct statement statement;
	int result = key->key->type == KEY_MINISIGN ?
			     statement_read(&arena, text, size, &statement) :
			     payload_read(&arena, text, size, &statement);

	if (result == 0 && !digest_equal(&statement.manifest, target))
		result = fail(EACCES, "it is about another manifest");
	if (result == 0)
		result = check_name(check, &statement);
	if (result == 0)
		result = check_device(check, &statement);
	if (result == 0)
		result = check_counter(check, &statement);
	if (result < 0) {
		fail_context(result, "signature of %s", key->key->name);
		say(check);
		return result;
	}
	if (statement.has_counter && (!check->has_counter || statement.counter < check->counter))
		check->counter = statement.counter;
	check->has_counter |= statement.has_counter;
	return 0;
}

static bool verify(const struct loaded_key *key, const char *text, size_t size,
		   const char *signature, size_t signature_size)
{
	struct minisign_signature parsed;

	if (key->key->type == KEY_COSIGN)
		return IS_ENABLED(CONFIG_SIGN_COSIGN) &&
		       cosign_verify(&key->cosign, signature, signature_size, text, size);
	return IS_ENABLED(CONFIG_SIGN_MINISIGN) &&
	       minisign_signature_read(signature, signature_size, &parsed) == 0 &&
	       minisign_verify(&key->minisign, &parsed, text, size);
}

/* What lies in one folder for one target: what was signed, and signatures. */
struct evidence {
	struct {
		const char *text;
		size_t size;
	} statements[TRUST_SIGNATURES_MAX], signatures[TRUST_SIGNATURES_MAX];
};

static void read_evidence(struct arena *arena, enum key_type type, int folder,
			  const struct digest *target, struct evidence *evidence)
{
	const bool minisign = type == KEY_MINISIGN;

	for (unsigned int i = 0; i < TRUST_SIGNATURES_MAX; i++) {
		evidence->statements[i].text =
			signature_read(arena, folder, target,
				       minisign ? "statement" : "cosign.json", i,
				       &evidence->statements[i].size);
		evidence->signatures[i].text =
			signature_read(arena, folder, target, minisign ? "minisig" : "cosign.sig",
				       i, &evidence->signatures[i].size);
	}
}

/*
 * Has this key signed the target, in a way that counts? What has the same number belongs together
 * and is always looked at; the other pairs only as long as that does not take too long.
 */
static bool key_vouches(struct check *check, const struct loaded_key *key, int folder,
			const struct digest *target)
{
	auto_arena struct arena arena = { 0 };
	struct evidence evidence;

	read_evidence(&arena, key->key->type, folder, target, &evidence);
	for (unsigned int pair = 0; pair < TRUST_SIGNATURES_MAX * TRUST_SIGNATURES_MAX; pair++) {
		const unsigned int i = pair % TRUST_SIGNATURES_MAX;
		const unsigned int j = (i + pair / TRUST_SIGNATURES_MAX) % TRUST_SIGNATURES_MAX;
		const char *text = evidence.statements[i].text;

		if (!text || !evidence.signatures[j].text)
			continue;
		if (i != j && check->verifications++ >= TRUST_VERIFICATIONS_MAX)
			return false;
		if (verify(key, text, evidence.statements[i].size, evidence.signatures[j].text,
			   evidence.signatures[j].size) &&
		    check_statement(check, key, target, text, evidence.statements[i].size) == 0)
			return true;
	}
	return false;
}

static bool any_vouches(struct check *check, const struct loaded_key *key)
{
	for (size_t i = 0; i < check->target_count; i++)
		for (size_t j = 0; j < check->folder_count; j++)
			if (key_vouches(check, key, check->folders[j], &check->targets[i]))
				return true;
	return false;
}

static bool is_same_key(const struct loaded_key *keys, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].id, id) == 0)
			return true;
	return false;
}

static int check_keys(struct check *check, struct trust_decision *decision)
{
	const struct trust_rule *rule = check->rule;
	struct loaded_key *good = arena_array(check->arena, rule->key_count, sizeof(*good));
	size_t count = 0;

	if (!good)
		return -ENOMEM;
	for (size_t i = 0; i < rule->key_count && count < rule->threshold; i++) {
		if (load_key(check, &rule->keys[i], &good[count]) < 0) {
			say(check);
			continue;
		}
		/* One key under two names does not count twice. */
		if (is_same_key(good, count, good[count].id) || !any_vouches(check, &good[count]))
			continue;
		count++;
	}
	if (count < rule->threshold)
		return check->said ? -EACCES :
				     fail(EACCES, "%zu of %llu good signatures", count,
					  (unsigned long long)rule->threshold);
	check->said = false;
	decision->signer = good[0].key->name;
	decision->key = good[0].id;
	decision->counter = check->counter;
	return 0;
}

/* An image that was an ACI with a good signature when it was imported. */
static int check_imported(struct check *check, struct trust_decision *decision)
{
	for (size_t i = 0; i < check->folder_count; i++) {
		size_t size;
		const char *signer = signature_read(check->arena, check->folders[i], check->targets,
						    TRUST_ACI_SUFFIX, 0, &size);

		if (signer && size) {
			decision->signer = "gpgv";
			decision->key = signer;
			return 0;
		}
	}
	return fail(EACCES, "it was not imported as an ACI with a good signature");
}

/* ---- where to look, and for what ---- */

static void open_folder(struct check *check, int folder, const char *path)
{
	const int fd = check->folder_count == FOLDERS_MAX ?
			       -1 :
			       openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		check->folders[check->folder_count++] = fd;
}

static void open_folders(struct check *check, const struct image_settings *settings)
{
	open_folder(check, store_folder(check->store), SIGNATURES);
	for (size_t i = 0; i < settings->factory_count; i++) {
		const char *path =
			arena_printf(check->arena, "%s/" SIGNATURES, settings->factory[i]);

		if (path)
			open_folder(check, AT_FDCWD, path);
	}
}

static void close_folders(struct check *check)
{
	for (size_t i = 0; i < check->folder_count; i++)
		close_fd(&check->folders[i]);
}

struct looked_for {
	const struct digest *manifest;
	bool found;
};

static int is_found(void *data, const struct descriptor *descriptor, bool present)
{
	struct looked_for *looked_for = data;

	(void)present;
	looked_for->found |= digest_equal(&descriptor->digest, looked_for->manifest);
	return looked_for->found ? -ECANCELED : 0;
}

/* The manifest; and the index that the name leads to, if the manifest is one of it. */
static void find_targets(struct check *check, struct digest targets[2])
{
	struct looked_for looked_for = { .manifest = targets };
	struct descriptor top;

	targets[0] = check->targets[0];
	check->targets = targets;
	if (store_resolve(check->arena, check->store, check->name, &top) < 0 ||
	    top.kind != MEDIA_KIND_INDEX || digest_equal(&top.digest, targets))
		return;
	image_walk(check->arena, check->store, &top, is_found, &looked_for);
	if (!looked_for.found)
		return;
	targets[1] = top.digest;
	check->target_count = 2;
}

static int check_rule(struct check *check, const struct image_settings *settings,
		      struct trust_decision *decision)
{
	struct digest targets[2];
	int result;

	if (check->rule->action == RULE_ACCEPT)
		return 0;
	if (check->rule->action == RULE_REFUSE)
		return fail(EACCES, "it says so");
	if (check->target_count == 1)
		find_targets(check, targets);
	open_folders(check, settings);
	result = check->rule->key_count ? check_keys(check, decision) :
					  check_imported(check, decision);
	close_folders(check);
	return result;
}

/* 0, or -errno recorded. */
static int decide(struct check *check, const struct image_settings *settings, bool raise,
		  struct trust_decision *decision)
{
	int result = policy_read(check->arena, settings->policy, &check->policy);

	if (result == -ENOENT)
		return 0;
	decision->rule = NO_RULE;
	if (result < 0)
		return fail_context(result, "policy");
	check->rule = policy_rule(&check->policy, check->name);
	if (!check->rule)
		return fail(EACCES, "no rule of %s fits", settings->policy);
	decision->rule = rule_name(check->rule);
	decision->verity = check->rule->verity;
	result = check_rule(check, settings, decision);
	if (result == 0 && raise && check->counter_key)
		result = counter_raise(check->arena, check->store, check->counter_key,
				       check->counter);
	if (check->said)
		*error_last() = check->reason;
	return fail_context(result, "rule %s of %s", decision->rule, settings->policy);
}

int trust_check_any(struct arena *arena, struct store *store, const struct image_settings *settings,
		    const char *name, const struct digest *digests, size_t count, bool raise,
		    struct trust_decision *decision)
{
	struct check check = {
		.arena = arena,
		.store = store,
		.name = name,
		.targets = digests,
		.target_count = count,
	};
	int result;

	*decision = (struct trust_decision){ .rule = "", .signer = "", .key = "" };
	error_clear();
	result = decide(&check, settings, raise, decision);
	if (result == 0) {
		error_clear();
		decision->allowed = true;
		return 0;
	}
	*decision = (struct trust_decision){ .rule = decision->rule, .signer = "", .key = "" };
	fail_context(result, "%s is refused", name);
	return result == -ENOMEM ? -ENOMEM : -EACCES;
}

int trust_check(struct arena *arena, struct store *store, const struct image_settings *settings,
		const char *name, const struct digest *manifest, bool raise,
		struct trust_decision *decision)
{
	return trust_check_any(arena, store, settings, name, manifest, 1, raise, decision);
}
