/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and counters in the store's folder: what is written there, and found again. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/store/store.h"
#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define COUNTERS "counters.json"

enum { SIGNATURE_NAME_SIZE = 2 * SHA512_SIZE + 24 };

int trust_lock(const struct store *store)
{
	const int folder = store_folder(store);
	auto_fd int fd = folder < 0 ? -1 : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (folder < 0)
		return fail(EROFS, "there are factory stores only");
	if (fd < 0)
		return fail(errno, "open %s", store_path(store));
	do {
		result = flock(fd, LOCK_EX);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? fail(errno, "lock %s", store_path(store)) : take_fd(&fd);
}

/* HEX.SUFFIX, HEX.1.SUFFIX ... */
static int signature_name(const struct digest *manifest, const char *suffix, unsigned int index,
			  char name[SIGNATURE_NAME_SIZE])
{
	char text[DIGEST_TEXT_SIZE], number[16] = "";
	const char *hex = digest_hex(digest_text(manifest, text));

	if (index)
		snprintf(number, sizeof(number), ".%u", index);
	return str_format(name, SIGNATURE_NAME_SIZE, "%s%s.%s", hex, number, suffix);
}

char *signature_read(struct arena *arena, int folder, const struct digest *manifest,
		     const char *suffix, unsigned int index, size_t *size)
{
	char name[SIGNATURE_NAME_SIZE], *text;
	auto_fd int fd = -1;

	if (signature_name(manifest, suffix, index, name) < 0)
		return NULL;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	text = fd < 0 ? NULL : file_read_fd(arena, fd, name, TRUST_FILE_MAX, size);
	return text;
}

static int open_signatures(struct store *store)
{
	int fd;

	if (mkdirat(store_folder(store), SIGNATURES, 0700) < 0 && errno != EEXIST)
		return fail(errno, "make %s/" SIGNATURES, store_path(store));
	fd = openat(store_folder(store), SIGNATURES,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(errno, "open %s/" SIGNATURES, store_path(store)) : fd;
}

/* The same content is kept once. */
static int keep_at(struct store *store, int folder, const struct digest *manifest,
		   const char *suffix, const void *data, size_t size)
{
	char name[SIGNATURE_NAME_SIZE];
	struct stat status;
	int result;

	for (unsigned int index = 0; index < TRUST_SIGNATURES_MAX; index++) {
		auto_arena struct arena arena = { 0 };
		size_t there;
		const char *text = signature_read(&arena, folder, manifest, suffix, index, &there);

		if (text && there == size && memcmp(text, data, size) == 0)
			return 0;
		result = signature_name(manifest, suffix, index, name);
		if (result < 0)
			return result;
		if (!text && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return file_replace(folder, name, data, size, 0600, FILE_SYNC);
	}
	return fail(ENOSPC, "%s: %d signatures of that manifest are there already",
		    store_path(store), TRUST_SIGNATURES_MAX);
}

static int check_manifest(const struct statement *statement, const struct digest *manifest)
{
	return digest_equal(&statement->manifest, manifest) ?
		       0 :
		       fail(EINVAL, "it is about another manifest");
}

/* Is it what its suffix says, and about that manifest? */
static int check_kept(struct arena *arena, const struct digest *manifest, const char *suffix,
		      const char *data, size_t size)
{
	struct minisign_signature signature;
	struct statement statement;
	unsigned char bytes[256];
	int result;

	if (size > TRUST_FILE_MAX)
		return fail(EFBIG, "%s: more than 64 KiB", suffix);
	if (strcmp(suffix, "minisig") == 0)
		return minisign_signature_read(data, size, &signature);
	if (strcmp(suffix, "cosign.sig") == 0)
		return cosign_signature_decode(data, size, bytes, sizeof(bytes)) < 0 ?
			       fail(EINVAL, "not a signature of cosign: no base64") :
			       0;
	if (strcmp(suffix, "statement") == 0)
		result = statement_read(arena, data, size, &statement);
	else if (strcmp(suffix, "cosign.json") == 0)
		result = payload_read(arena, data, size, &statement);
	else
		return fail(EINVAL, "a signature of an unknown kind: %s", suffix);
	return result < 0 ? result : check_manifest(&statement, manifest);
}

int trust_keep(struct store *store, const struct digest *manifest, const char *suffix,
	       const void *data, size_t size)
{
	auto_arena struct arena arena = { 0 };
	int result = check_kept(&arena, manifest, suffix, data, size);
	auto_fd int lock = result < 0 ? -1 : trust_lock(store);
	auto_fd int folder = lock < 0 ? -1 : open_signatures(store);

	if (result < 0)
		return result;
	if (lock < 0 || folder < 0)
		return error_result();
	return keep_at(store, folder, manifest, suffix, data, size);
}

int trust_keep_aci(struct store *store, const struct digest *manifest, const char *signer)
{
	auto_fd int lock = trust_lock(store);
	auto_fd int folder = lock < 0 ? -1 : open_signatures(store);

	if (lock < 0 || folder < 0)
		return error_result();
	return keep_at(store, folder, manifest, TRUST_ACI_SUFFIX, signer, strlen(signer));
}

/* ---- counters ---- */

static int read_counters(struct arena *arena, const struct store *store, const cJSON **counters)
{
	const int folder = store_folder(store);
	auto_fd int fd = -1;
	char *text;
	size_t size;

	*counters = NULL;
	/* Nothing was ever put to use where there is no store of its own. */
	if (folder < 0)
		return 0;
	fd = openat(folder, COUNTERS, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(errno, "open %s/" COUNTERS, store_path(store));
	text = file_read_fd(arena, fd, COUNTERS, TRUST_POLICY_MAX, &size);
	*counters = text ? json_parse(arena, text, size, COUNTERS) : NULL;
	if (!*counters)
		return error_result();
	return cJSON_IsObject(*counters) ? 0 : fail(EINVAL, COUNTERS ": not an object");
}

static int least_of(const cJSON *counters, const char *key, uint64_t *least)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(counters, key);

	*least = 0;
	return !node || json_uint64(node, least) ? 0 :
						   fail(EINVAL, COUNTERS ": %s: not a number", key);
}

int fail_counter(uint64_t counter, uint64_t least)
{
	return fail(EACCES, "its counter is %llu, and the least that is taken is %llu",
		    (unsigned long long)counter, (unsigned long long)least);
}

int counter_read(struct arena *arena, const struct store *store, const char *key, uint64_t *least)
{
	const cJSON *counters;
	int result = read_counters(arena, store, &counters);

	return result < 0 ? result : least_of(counters, key, least);
}

int counter_raise(struct arena *arena, const struct store *store, const char *key, uint64_t counter)
{
	auto_fd int lock = trust_lock(store);
	const cJSON *counters;
	struct json_writer writer;
	uint64_t least = 0, value;
	size_t size;
	char *text;
	int result = lock < 0 ? lock : read_counters(arena, store, &counters);

	if (result == 0)
		result = least_of(counters, key, &least);
	if (result < 0 || counter == least)
		return result;
	if (counter < least)
		return fail_counter(counter, least);
	json_write_start(&writer, arena, JSON_TABS);
	json_write_object(&writer, NULL);
	for (const cJSON *node = counters ? counters->child : NULL; node; node = node->next) {
		if (least_of(counters, node->string, &value) < 0)
			return error_result();
		if (strcmp(node->string, key) != 0)
			json_write_uint(&writer, node->string, value);
	}
	json_write_uint(&writer, key, counter);
	json_write_end(&writer, '}');
	text = json_write_finish(&writer, &size);
	return text ? file_replace(store_folder(store), COUNTERS, text, size, 0600, FILE_SYNC) :
		      error_result();
}
