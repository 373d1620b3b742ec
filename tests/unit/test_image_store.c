/* SPDX-License-Identifier: Apache-2.0 */
/* The store: blobs, names, trees, uses. Its cleaning is test_image_store_clean.c. */
#include "tests/unit/image_store_world.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- opening ---- */

static void a_store_is_made_or_missed(void **state)
{
	struct stat status;
	struct store *store;

	(void)state;
	assert_null(try_open(store_place, 0, false));
	assert_int_equal(error_last()->no, ENOENT);
	assert_non_null(strstr(error_last()->text, store_place));
	assert_non_null(strstr(error_last()->text, "cruet import"));
	assert_int_equal(mkdirat(world, "store", 0755), 0);
	assert_null(try_open(store_place, STORE_READ_ONLY, false));
	assert_int_equal(unlinkat(world, "store", AT_REMOVEDIR), 0);
	store = open_store();
	assert_string_equal(store_path(store), store_place);
	assert_int_equal(fstat(store_folder(store), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(fstatat(world, "store/blobs/sha256", &status, 0), 0);
	store_close(&store);
	store = try_open(store_place, STORE_READ_ONLY, true);
	assert_non_null(store);
	store_close(&store);
	/* Nothing of its own, but something behind it. */
	assert_int_equal(renameat(world, "store", world, "lower"), 0);
	assert_null(try_open(store_place, STORE_READ_ONLY, false));
	assert_null(try_open(store_place, 0, true));
	store = try_open(store_place, STORE_READ_ONLY, true);
	assert_non_null(store);
	assert_string_equal(store_path(store), lower_place);
	assert_int_equal(store_folder(store), -1);
	store_close(&store);
	assert_int_equal(renameat(world, "lower", world, "store"), 0);
	/* A path from here, and parents that are missing. */
	assert_int_equal(chdir(world_path), 0);
	store = try_open("a//b/./c", STORE_MAKE, false);
	assert_non_null(store);
	assert_true(store_path(store)[0] == '/');
	assert_int_equal(access(store_path(store), F_OK), 0);
	store_close(&store);
	assert_int_equal(chdir("/"), 0);
	write_at(world_path, "store/oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", 30);
	assert_null(try_open(store_place, STORE_MAKE, false));
	assert_int_equal(error_last()->no, ENOTSUP);
	write_at(world_path, "file", "", 0);
	snprintf(lower_place, sizeof(lower_place), "%s/file", world_path);
	assert_null(try_open(lower_place, STORE_MAKE, false));
}

static void nothing_is_changed_read_only(void **state)
{
	struct store *store = open_store();
	struct test_image image = put_image(store, 1, "one");
	struct digest digest = digest_for("new", 3);
	struct store_tree tree;
	struct gc_report report;

	(void)state;
	store_close(&store);
	store = try_open(store_place, STORE_READ_ONLY, false);
	assert_int_equal(store_lock(store, false), 0);
	assert_int_equal(store_lock(store, true), -EROFS);
	assert_int_equal(store_blob_put(store, &digest, "new", 3), -EROFS);
	assert_int_equal(store_ref_set(store, "two", &image.manifest), -EROFS);
	assert_int_equal(store_ref_remove(store, "one"), -EROFS);
	assert_int_equal(store_tree_begin(store, "d-1", &tree), -EROFS);
	assert_int_equal(store_gc(store, false, 0, &report), -EROFS);
	assert_true(store_blob_has(store, &image.layer.digest, UINT64_MAX));
	store_close(&store);
}

/* ---- blobs ---- */

static void blobs_are_put_and_found(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct digest digest = digest_for("hello", 5), other = digest_for("other", 5), large;
	struct descriptor descriptor = { .digest = digest, .size = 5 };
	struct stat status;
	size_t size;
	int fd;

	(void)state;
	assert_int_equal(store_blob_open(store, &digest, 5), -ENOENT);
	assert_non_null(strstr(error_last()->text, hex_of(&digest)));
	assert_false(store_blob_has(store, &digest, 5));
	assert_int_equal(store_blob_put(store, &digest, "hello", 5), 0);
	assert_int_equal(store_blob_put(store, &digest, "hello", 5), 0);
	assert_int_equal(store_blob_put(store, &other, "hello", 5), -EBADMSG);
	assert_int_equal(count_entries("partial", true), 0);
	assert_int_equal(count_entries("blobs/sha256", true), 1);
	fd = store_blob_open(store, &digest, 5);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	close(fd);
	assert_int_equal(store_blob_open(store, &digest, 6), -EBADMSG);
	assert_string_equal(store_blob_read(&arena, store, &descriptor, &size), "hello");
	assert_int_equal(size, 5);
	descriptor.size = DOCUMENT_MAX_SIZE + 1;
	assert_null(store_blob_read(&arena, store, &descriptor, &size));
	assert_int_equal(error_last()->no, EFBIG);
	descriptor.size = 6;
	assert_null(store_blob_read(&arena, store, &descriptor, &size));
	assert_int_equal(error_last()->no, EBADMSG);
	assert_int_equal(store_blob_verify(store, &digest, 5), 0);
	assert_int_equal(store_blob_verify(store, &other, 5), -ENOENT);
	digest_of(&large, DIGEST_SHA512, "hello", 5);
	assert_int_equal(store_blob_put(store, &large, "hello", 5), 0);
	assert_int_equal(store_blob_verify(store, &large, 5), 0);
	assert_int_equal(count_entries("blobs/sha512", true), 1);
	assert_int_equal(store_blob_remove(store, &large), 0);
	assert_int_equal(store_blob_remove(store, &large), 0);
	assert_int_equal(count_entries("blobs/sha512", true), 0);
	store_close(&store);
}

/* What is damaged is never taken, and comes anew; links and folders are no blobs. */
static void damage_is_seen(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct digest digest = digest_for("hello", 5);
	struct descriptor descriptor = { .digest = digest, .size = 5 };
	char path[400];

	(void)state;
	assert_int_equal(store_blob_put(store, &digest, "hello", 5), 0);
	write_at(store_place, blob_name(&digest), "hellO", 5);
	assert_int_equal(store_blob_verify(store, &digest, 5), -EBADMSG);
	assert_null(store_blob_read(&arena, store, &descriptor, NULL));
	assert_int_equal(error_last()->no, EBADMSG);
	write_at(store_place, blob_name(&digest), "hell", 4);
	assert_int_equal(store_blob_verify(store, &digest, 5), -EBADMSG);
	assert_false(store_blob_has(store, &digest, 5));
	assert_int_equal(store_blob_put(store, &digest, "hello", 5), 0);
	assert_int_equal(store_blob_verify(store, &digest, 5), 0);
	write_at(world_path, "outside", "hello", 5);
	snprintf(path, sizeof(path), "%s/%s", store_place, blob_name(&digest));
	unlink(path);
	assert_int_equal(symlink("../../../outside", path), 0);
	assert_false(store_blob_has(store, &digest, 5));
	assert_true(store_blob_open(store, &digest, 5) < 0);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(store_blob_open(store, &digest, UINT64_MAX) < 0);
	assert_int_equal(store_blob_put(store, &digest, "hello", 5), 0);
	assert_int_equal(store_blob_verify(store, &digest, 5), 0);
	store_close(&store);
}

static void stores_behind_are_looked_up(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = try_open(lower_place, STORE_MAKE, false);
	struct test_image below = put_image(store, 1, "below"), both = put_image(store, 2, "both");
	struct test_image above;
	struct descriptor found;
	struct store_ref *refs;
	char *path;
	int root;

	(void)state;
	put_tree(store, "d-tree");
	store_close(&store);
	store = try_open(store_place, STORE_MAKE, true);
	above = put_image(store, 3, "both");
	assert_int_equal(store_blob_put(store, &below.layer.digest, below.layer_text,
					strlen(below.layer_text)),
			 0);
	assert_int_equal(count_entries("blobs/sha256", true), 3);
	assert_int_equal(store_resolve(&arena, store, "below", &found), 0);
	assert_true(digest_equal(&found.digest, &below.manifest.digest));
	assert_int_equal(store_resolve(&arena, store, "both", &found), 0);
	assert_true(digest_equal(&found.digest, &above.manifest.digest));
	assert_int_equal(store_refs(&arena, store, &refs), 3);
	assert_string_equal(refs[0].name, "both");
	assert_false(refs[0].lower);
	assert_string_equal(refs[1].name, "below");
	assert_true(refs[1].lower && refs[2].lower);
	assert_int_equal(store_ref_remove(store, "below"), -ENOENT);
	assert_int_equal(store_ref_remove(store, "both"), 0);
	assert_int_equal(store_resolve(&arena, store, "both", &found), 0);
	assert_true(digest_equal(&found.digest, &both.manifest.digest));
	root = store_tree_open(&arena, store, "d-tree", &path);
	assert_true(root >= 0);
	close(root);
	assert_memory_equal(path, lower_place, strlen(lower_place));
	/* What is damaged above is sound below. */
	write_at(store_place, blob_name(&both.manifest.digest), both.manifest_text, 10);
	assert_non_null(store_blob_read(&arena, store, &both.manifest, NULL));
	store_close(&store);
}

/* ---- downloads ---- */

enum { BIG = (5 << 20) + 12345 };

static struct blob_writer *begin(struct store *store, const struct digest *digest, uint64_t size,
				 bool resume)
{
	struct blob_request request = { .digest = digest, .size = size, .resume = resume };
	struct blob_writer *writer;

	assert_int_equal(blob_begin(store, &request, &writer), 0);
	return writer;
}

static void add(struct blob_writer *writer, const unsigned char *data, size_t from, size_t to)
{
	while (from < to) {
		size_t piece = to - from < 65536 ? to - from : 65536;

		assert_int_equal(blob_add(writer, data + from, piece), 0);
		from += piece;
	}
}

/* Somebody goes on from where it is, up to `to`, and is killed. */
static void add_and_die(const struct digest *digest, const unsigned char *data, size_t to,
			bool restart)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store *mine = open_store();
		struct blob_writer *writer = begin(mine, digest, BIG, true);

		if (restart && blob_restart(writer) < 0)
			_exit(1);
		add(writer, data, blob_offset(writer), to);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void downloads_go_on(void **state)
{
	for (enum digest_algorithm each = DIGEST_SHA256; each <= DIGEST_SHA512; each++) {
		struct store *store = open_store();
		unsigned char *data = noise(BIG, 1);
		struct blob_writer *writer;
		struct digest digest, found;
		uint64_t size;

		(void)state;
		digest_of(&digest, each, data, BIG);
		writer = begin(store, &digest, BIG, true);
		assert_int_equal(blob_offset(writer), 0);
		add(writer, data, 0, 100);
		blob_abort(&writer, true);
		assert_null(writer);
		writer = begin(store, &digest, BIG, true);
		assert_int_equal(blob_offset(writer), 100);
		blob_abort(&writer, true);
		add_and_die(&digest, data, 3000001, false);
		writer = begin(store, &digest, BIG, true);
		assert_true(blob_offset(writer) >= 1 << 20);
		add(writer, data, blob_offset(writer), BIG);
		assert_int_equal(blob_commit(&writer, &found, &size), 0);
		assert_true(digest_equal(&found, &digest));
		assert_int_equal(size, BIG);
		assert_int_equal(store_blob_verify(store, &digest, BIG), 0);
		assert_int_equal(count_entries("partial", true), 0);
		free(data);
		store_close(&store);
	}
}

/* Whatever is done to the record: never trusted, always right in the end. */
static void damaged_records_are_not_trusted(void **state)
{
	struct store *store = open_store();
	unsigned char *data = noise(BIG, 2), record[1024], *wrong = noise(BIG, 3);
	struct digest digest = digest_for(data, BIG);
	char name[200], path[300];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "partial/%s.state", hex_of(&digest));
	snprintf(path, sizeof(path), "%s/%s", store_place, name);
	for (unsigned int damage = 0; damage < 40; damage++) {
		struct blob_writer *writer = begin(store, &digest, BIG, false);

		add(writer, data, 0, 2000000);
		blob_abort(&writer, true);
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_true(pread(fd, record, sizeof(record), 0) > 0);
		for (unsigned int i = 0; i < sizeof(record); i += 512)
			record[i + damage * 13 % 320] ^= (unsigned char)(1 << damage % 8);
		assert_int_equal(pwrite(fd, record, sizeof(record), 0), sizeof(record));
		close(fd);
		writer = begin(store, &digest, BIG, true);
		assert_int_equal(blob_offset(writer), 0);
		blob_abort(&writer, true);
		assert_int_equal(count_entries("partial", true), 0);
	}
	/* Of another blob. */
	for (unsigned int round = 0; round < 2; round++) {
		struct digest other = digest_for(wrong, BIG);
		char other_path[300], data_path[300];
		struct blob_writer *writer = begin(store, &digest, BIG, false);

		add(writer, data, 0, 2000000);
		blob_abort(&writer, true);
		snprintf(other_path, sizeof(other_path), "%s/partial/%s.state", store_place,
			 hex_of(&other));
		assert_int_equal(rename(path, other_path), 0);
		snprintf(data_path, sizeof(data_path), "%s/partial/%s.data", store_place,
			 hex_of(&digest));
		snprintf(other_path, sizeof(other_path), "%s/partial/%s.data", store_place,
			 hex_of(&other));
		assert_int_equal(rename(data_path, other_path), 0);
		writer = begin(store, &other, BIG, true);
		assert_int_equal(blob_offset(writer), 0);
		add(writer, wrong, 0, BIG);
		assert_int_equal(blob_commit(&writer, NULL, NULL), 0);
		assert_int_equal(unlinkat(store_folder(store), blob_name(&other), 0), 0);
	}
	free(data);
	free(wrong);
	store_close(&store);
}

/* A record must not outlive the bytes that it is about. */
static void a_restart_forgets_the_record(void **state)
{
	struct store *store = open_store();
	unsigned char *data = noise(BIG, 4), *wrong = noise(BIG, 5);
	struct digest digest = digest_for(data, BIG);
	struct blob_writer *writer = begin(store, &digest, BIG, true);
	char path[400];

	(void)state;
	add(writer, data, 0, 3 << 20);
	blob_abort(&writer, true);
	writer = begin(store, &digest, BIG, true);
	assert_int_equal(blob_offset(writer), 3 << 20);
	assert_int_equal(blob_restart(writer), 0);
	assert_int_equal(blob_offset(writer), 0);
	add(writer, data, 0, 3 << 20);
	blob_abort(&writer, true);
	add_and_die(&digest, wrong, (3 << 20) + 100, true);
	writer = begin(store, &digest, BIG, true);
	add(writer, data, blob_offset(writer), BIG);
	/* Either it began anew, or what was wrong is found; never a blob of wrong bytes. */
	if (blob_commit(&writer, NULL, NULL) == 0)
		assert_int_equal(store_blob_verify(store, &digest, BIG), 0);
	else
		assert_false(store_blob_has(store, &digest, UINT64_MAX));
	assert_int_equal(count_entries("partial", true), 0);
	/* The file is shorter than its record says. */
	if (store_blob_has(store, &digest, BIG))
		assert_int_equal(unlinkat(store_folder(store), blob_name(&digest), 0), 0);
	writer = begin(store, &digest, BIG, false);
	add(writer, data, 0, 3 << 20);
	blob_abort(&writer, true);
	snprintf(path, sizeof(path), "%s/partial/%s.data", store_place, hex_of(&digest));
	assert_int_equal(truncate(path, 1000), 0);
	writer = begin(store, &digest, BIG, true);
	assert_int_equal(blob_offset(writer), 0);
	blob_abort(&writer, false);
	free(data);
	free(wrong);
	store_close(&store);
}

static void sizes_are_kept(void **state)
{
	struct store *store = open_store();
	struct digest digest = digest_for("hello", 5), empty = digest_for("", 0), found;
	struct blob_writer *writer = begin(store, &digest, 5, false);
	struct blob_request request = { .size = BLOB_SIZE_UNKNOWN, .limit = 10 };
	uint64_t size;

	(void)state;
	assert_int_equal(blob_add(writer, "hello!", 6), -EFBIG);
	assert_int_equal(blob_add(writer, "hel", 3), 0);
	assert_int_equal(blob_add(writer, "lo!", 3), -EFBIG);
	assert_int_equal(blob_commit(&writer, NULL, NULL), -EBADMSG);
	assert_null(writer);
	writer = begin(store, &digest, 5, true);
	assert_int_equal(blob_offset(writer), 3);
	assert_int_equal(blob_add(writer, "lo", 2), 0);
	assert_int_equal(blob_commit(&writer, NULL, NULL), 0);
	/* A wrong digest removes what was kept. */
	writer = begin(store, &empty, 5, false);
	assert_int_equal(blob_add(writer, "wrong", 5), 0);
	assert_int_equal(blob_commit(&writer, NULL, NULL), -EBADMSG);
	assert_non_null(strstr(error_last()->text, hex_of(&empty)));
	assert_int_equal(count_entries("partial", true), 0);
	writer = begin(store, &empty, 0, false);
	assert_int_equal(blob_commit(&writer, NULL, NULL), 0);
	/* Of unknown digest and size. */
	assert_int_equal(blob_begin(store, &request, &writer), 0);
	assert_int_equal(blob_add(writer, "0123456789", 10), 0);
	assert_int_equal(blob_add(writer, "0", 1), -EFBIG);
	assert_int_equal(blob_commit(&writer, &found, &size), 0);
	assert_int_equal(size, 10);
	digest = digest_for("0123456789", 10);
	assert_true(digest_equal(&found, &digest));
	assert_int_equal(store_blob_verify(store, &found, 10), 0);
	assert_int_equal(blob_begin(store, &request, &writer), 0);
	assert_int_equal(blob_add(writer, "0", 1), 0);
	blob_abort(&writer, true);
	assert_int_equal(count_entries("partial", true), 0);
	request.digest = &digest;
	assert_int_equal(blob_begin(store, &request, &writer), -EEXIST);
	assert_null(writer);
	blob_abort(&writer, true);
	request = (struct blob_request){ .digest = &empty, .size = UINT64_MAX - 1 };
	assert_int_equal(blob_begin(store, &request, &writer), -EFBIG);
	request.size = (uint64_t)1 << 60;
	assert_int_equal(blob_begin(store, &request, &writer), -ENOSPC);
	assert_non_null(strstr(error_last()->text, "1152921504606846976 bytes are needed"));
	assert_non_null(strstr(error_last()->text, "are free"));
	assert_int_equal(count_entries("partial", true), 0);
	store_close(&store);
}

/* The second one waits, and then finds it or goes on. */
static void two_at_the_same_blob(void **state)
{
	unsigned char *data = noise(BIG, 6);
	struct digest digest = digest_for(data, BIG);
	struct store *store = open_store();

	(void)state;
	for (int commits = 0; commits < 2; commits++) {
		struct blob_writer *writer = begin(store, &digest, BIG, false);
		struct blob_request request = { .digest = &digest, .size = BIG, .resume = true };
		int ready[2], status;
		pid_t child;

		assert_int_equal(pipe(ready), 0);
		add(writer, data, 0, 2 << 20);
		child = fork();
		if (child == 0) {
			struct store *mine = open_store();
			struct blob_writer *second = NULL;
			int result;

			if (write(ready[1], "x", 1) != 1)
				_exit(9);
			result = blob_begin(mine, &request, &second);
			if (commits)
				_exit(result == -EEXIST ? 0 : 1);
			if (result != 0 || blob_offset(second) != BIG - 1)
				_exit(2);
			_exit(blob_add(second, data + BIG - 1, 1) != 0 ||
			      blob_commit(&second, NULL, NULL) != 0);
		}
		assert_int_equal(read(ready[0], &status, 1), 1);
		usleep(100000);
		assert_int_equal(waitpid(child, &status, WNOHANG), 0);
		add(writer, data, 2 << 20, BIG - 1);
		if (commits) {
			add(writer, data, BIG - 1, BIG);
			assert_int_equal(blob_commit(&writer, NULL, NULL), 0);
		} else {
			blob_abort(&writer, true);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(store_blob_verify(store, &digest, BIG), 0);
		assert_int_equal(count_entries("partial", true), 0);
		if (!commits)
			assert_int_equal(unlinkat(store_folder(store), blob_name(&digest), 0), 0);
		close(ready[0]);
		close(ready[1]);
	}
	free(data);
	store_close(&store);
}

/* ---- names ---- */

static void names_lead_to_images(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, "example.org/one:latest");
	struct test_image two = put_image(store, 2, NULL);
	struct descriptor found;
	struct store_ref *refs;
	char name[300];

	(void)state;
	assert_int_equal(store_resolve(&arena, store, "example.org/one:latest", &found), 0);
	assert_true(digest_equal(&found.digest, &one.manifest.digest));
	assert_int_equal(found.size, one.manifest.size);
	assert_int_equal(found.kind, MEDIA_KIND_MANIFEST);
	assert_int_equal(store_resolve(&arena, store, "example.org/one", &found), -ENOENT);
	/* By digest: with a name, without one, whole and the beginning. */
	for (int i = 0; i < 2; i++) {
		const struct digest *digest = i ? &two.manifest.digest : &one.manifest.digest;

		for (int length = 11; length <= 64; length += i ? 53 : 1) {
			int wanted = length < 12 ? -ENOENT : 0;

			snprintf(name, sizeof(name), "sha256:%.*s", length, hex_of(digest));
			assert_int_equal(store_resolve(&arena, store, name, &found), wanted);
			snprintf(name, sizeof(name), "%.*s", length, hex_of(digest));
			assert_int_equal(store_resolve(&arena, store, name, &found), wanted);
			if (wanted == 0)
				assert_true(digest_equal(&found.digest, digest));
		}
	}
	snprintf(name, sizeof(name), "sha256:%s", hex_of(&one.config.digest));
	assert_int_equal(store_resolve(&arena, store, name, &found), -ENOENT);
	snprintf(name, sizeof(name), "sha256:%.12s", hex_of(&one.layer.digest));
	assert_int_equal(store_resolve(&arena, store, name, &found), -ENOENT);
	/* NAME@DIGEST */
	snprintf(name, sizeof(name), "example.org/one:latest@sha256:%s",
		 hex_of(&one.manifest.digest));
	assert_int_equal(store_resolve(&arena, store, name, &found), 0);
	snprintf(name, sizeof(name), "example.org/one:latest@sha256:%s",
		 hex_of(&two.manifest.digest));
	assert_int_equal(store_resolve(&arena, store, name, &found), -ENOENT);
	/* Nobody may pass for a digest. */
	assert_int_equal(store_ref_set(store, name, &one.manifest), -EINVAL);
	snprintf(name, sizeof(name), "sha256:%s", hex_of(&two.manifest.digest));
	assert_int_equal(store_ref_set(store, name, &one.manifest), -EINVAL);
	snprintf(name, sizeof(name), "n@sha256:%s", hex_of(&one.manifest.digest));
	assert_int_equal(store_ref_set(store, name, &one.manifest), 0);
	assert_int_equal(store_resolve(&arena, store, name, &found), 0);
	/* Bounds. */
	assert_int_equal(store_resolve(&arena, store, "", &found), -EINVAL);
	assert_int_equal(store_resolve(&arena, store, "a b", &found), -EINVAL);
	assert_int_equal(store_resolve(&arena, store, "a\n", &found), -EINVAL);
	memset(name, 'a', 256);
	name[256] = '\0';
	assert_int_equal(store_ref_set(store, name, &one.manifest), -EINVAL);
	name[255] = '\0';
	memcpy(name, "z", 1);
	assert_int_equal(store_ref_set(store, name, &one.manifest), 0);
	/* Replace, and remove. */
	assert_int_equal(store_ref_set(store, "example.org/one:latest", &two.manifest), 0);
	assert_int_equal(store_resolve(&arena, store, "example.org/one:latest", &found), 0);
	assert_true(digest_equal(&found.digest, &two.manifest.digest));
	assert_int_equal(store_refs(&arena, store, &refs), 3);
	assert_string_equal(refs[0].name, "example.org/one:latest");
	assert_int_equal(store_ref_remove(store, name), 0);
	assert_int_equal(store_ref_remove(store, name), -ENOENT);
	assert_int_equal(store_refs(&arena, store, &refs), 2);
	/* What is not there gets no name. */
	describe_image(&one, 99);
	assert_int_equal(store_ref_set(store, "lost", &one.manifest), -ENOENT);
	/* Without a name: by its digest. */
	assert_int_equal(store_ref_set(store, "", &two.manifest), 0);
	assert_int_equal(store_ref_set(store, "", &two.manifest), 0);
	assert_int_equal(store_refs(&arena, store, &refs), 3);
	assert_string_equal(refs[0].name, "");
	snprintf(name, sizeof(name), "sha256:%s", hex_of(&two.manifest.digest));
	assert_int_equal(store_ref_remove(store, name), 0);
	assert_int_equal(store_refs(&arena, store, &refs), 2);
	store_close(&store);
}

/* Of index.json, what others wrote stays word by word. */
static void other_entries_stay(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, NULL);
	char text[4096], digest[DIGEST_TEXT_SIZE];
	const char *changed;
	struct descriptor with = one.manifest, found;
	static const struct platform platform = {
		.os = "linux", .architecture = "arm", .variant = "v7", .os_version = ""
	};
	cJSON note = { .type = cJSON_String, .string = (char *)"note", .valuestring = (char *)"x" };
	cJSON notes = { .type = cJSON_Object, .child = &note };

	(void)state;
	snprintf(
		text, sizeof(text),
		"{\"schemaVersion\":2,\"x-tool\":{\"kept\": [1, 2.50]},\"manifests\":[{\"mediaType\":"
		"\"" MEDIA_OCI_MANIFEST "\",\"size\":%llu,\"digest\":\"%s\",\"x-own\":\"kept\","
		"\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"theirs\"}}],"
		"\"annotations\":{\"a\":\"b\"}}",
		(unsigned long long)one.manifest.size, digest_text(&one.manifest.digest, digest));
	write_at(store_place, "index.json", text, strlen(text));
	with.annotations = &notes;
	with.platform = &platform;
	assert_int_equal(store_ref_set(store, "ours", &with), 0);
	changed = file_read(&arena, store_folder(store), "index.json", 9999, NULL);
	assert_non_null(strstr(changed, "\"x-tool\":{\"kept\": [1, 2.50]}"));
	assert_non_null(strstr(changed, "\"x-own\":\"kept\""));
	assert_non_null(strstr(changed, "\"annotations\":{\"a\":\"b\"}"));
	assert_int_equal(store_resolve(&arena, store, "ours", &found), 0);
	assert_string_equal(annotation(found.annotations, "note"), "x");
	assert_string_equal(found.platform->variant, "v7");
	assert_int_equal(store_ref_remove(store, "theirs"), 0);
	assert_int_equal(store_resolve(&arena, store, "theirs", &found), -ENOENT);
	assert_int_equal(store_resolve(&arena, store, "ours", &found), 0);
	/* Damaged: nothing is changed, and nothing is lost. */
	write_at(store_place, "index.json", "{\"schemaVersion\":2,", 19);
	assert_true(store_ref_set(store, "new", &one.manifest) < 0);
	assert_int_equal(count_entries("", true), 6); /* and no temporary file */
	store_close(&store);
}

/* Many at once: no change is lost. */
static void changes_of_many_are_kept(void **state)
{
	auto_arena struct arena arena = { 0 };
	enum { CHILDREN = 8, ROUNDS = 20 };
	struct store *store = open_store();
	struct store_ref *refs;

	(void)state;
	put_image(store, 0, NULL);
	for (unsigned int i = 0; i < CHILDREN; i++) {
		if (fork() != 0)
			continue;
		for (unsigned int round = 0; round < ROUNDS; round++) {
			struct store *mine = try_open(store_place, STORE_MAKE, false);
			struct test_image image;
			char name[32];

			describe_image(&image, round % 5);
			snprintf(name, sizeof(name), "c%u-%u", i, round);
			if (!mine || store_lock(mine, false) < 0 ||
			    try_put_image(mine, &image) != 0 ||
			    store_ref_set(mine, name, &image.manifest) != 0 ||
			    (round % 2 && store_ref_remove(mine, name) != 0))
				_exit(1);
			store_close(&mine);
		}
		_exit(0);
	}
	for (unsigned int i = 0; i < CHILDREN; i++) {
		struct gc_report report;
		int status;

		assert_int_equal(store_gc(store, false, 0, &report), 0);
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(store_refs(&arena, store, &refs), CHILDREN * ROUNDS / 2);
	for (int i = 0; i < CHILDREN * ROUNDS / 2; i++)
		assert_int_equal(store_blob_verify(store, &refs[i].descriptor.digest,
						   refs[i].descriptor.size),
				 0);
	store_close(&store);
}

/* ---- trees and uses ---- */

static void trees_are_complete_or_not_there(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct store_tree tree, second;
	struct stat status;
	mode_t mask = umask(077);
	char *path;
	int root;

	(void)state;
	assert_int_equal(store_tree_open(&arena, store, "d-1", NULL), -ENOENT);
	assert_int_equal(store_tree_begin(store, "../x", &tree), -EINVAL);
	assert_int_equal(store_tree_begin(store, "D", &tree), -EINVAL);
	assert_int_equal(store_tree_begin(store, "", &tree), -EINVAL);
	assert_int_equal(store_tree_begin(store, "d-1", &tree), 0);
	assert_int_equal(fstat(tree.root, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(fstat(tree.folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	umask(mask);
	/* Two at once: the first wins, both are content. */
	assert_int_equal(store_tree_begin(store, "d-1", &second), 0);
	assert_int_equal(mkdirat(second.root, "second", 0), 0);
	assert_int_equal(store_tree_commit(&second), 0);
	assert_int_equal(store_tree_commit(&tree), 0);
	root = store_tree_open(&arena, store, "d-1", &path);
	assert_true(root >= 0);
	assert_int_equal(faccessat(root, "second", F_OK, 0), 0);
	close(root);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(store_tree_begin(store, "d-1", &tree), -EEXIST);
	assert_int_equal(count_entries("trees", true), 1);
	/* One that is not complete is replaced. */
	write_at(store_place, "trees/d-1/complete", "cruet-tree 1 d-1 sha256:0\n", 26);
	assert_int_equal(store_tree_open(&arena, store, "d-1", NULL), -ENOENT);
	put_tree(store, "d-1");
	root = store_tree_open(&arena, store, "d-1", NULL);
	assert_true(faccessat(root, "second", F_OK, 0) < 0);
	assert_int_equal(faccessat(root, "file", F_OK, 0), 0);
	close(root);
	/* Another key's marker. */
	put_tree(store, "d-2");
	assert_int_equal(renameat(store_folder(store), "trees/d-2", store_folder(store),
				  "trees/d-3"),
			 0);
	assert_int_equal(store_tree_open(&arena, store, "d-3", NULL), -ENOENT);
	assert_int_equal(store_tree_begin(store, "d-4", &tree), 0);
	assert_int_equal(mkdirat(tree.root, "x", 0700), 0);
	store_tree_abort(&tree);
	assert_int_equal(count_entries("trees", true), 2);
	assert_int_equal(store->holds, 0);
	store_close(&store);
}

static void uses_have_good_names(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image image = put_image(store, 1, NULL);
	const struct digest *digests[] = { &image.manifest.digest, &image.config.digest };
	static const char *const bad[] = { "", ".", "..", ".x", "a/b", "a b", "../x" };
	char path[200], *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(store_use(store, bad[i], digests, 1), -EINVAL);
		assert_int_equal(store_use_end(store, bad[i]), -EINVAL);
	}
	assert_int_equal(store_use_end(store, "web"), 0);
	assert_int_equal(store_use(store, "web+1_2.3-x", digests, 2), 0);
	snprintf(path, sizeof(path), "%s/web+1_2.3-x", uses_place);
	text = file_read(&arena, AT_FDCWD, path, 999, NULL);
	assert_non_null(text);
	assert_int_equal(strlen(text), 2 * 72);
	assert_memory_equal(text, "sha256:", 7);
	assert_memory_equal(text + 7, hex_of(&image.manifest.digest), 64);
	assert_int_equal(store_use_end(store, "web+1_2.3-x"), 0);
	assert_int_equal(store_use_end(store, "web+1_2.3-x"), 0);
	assert_int_equal(access(path, F_OK), -1);
	store_close(&store);
}

/* ---- room ---- */

static void the_reserve_is_kept(void **state)
{
	struct store_request request = { .path = store_place, .flags = STORE_MAKE };
	struct store *store;

	(void)state;
	request.reserve_bytes = UINT64_MAX - 5;
	assert_int_equal(store_open(&request, &store), 0);
	assert_int_equal(store_reserve(store, 0, 0), -ENOSPC);
	assert_int_equal(store_reserve(store, 100, 0), -ENOSPC);
	assert_non_null(strstr(error_last()->text, "100 bytes are needed"));
	store_close(&store);
	request.reserve_bytes = 0;
	assert_int_equal(store_open(&request, &store), 0);
	assert_int_equal(store_reserve(store, 4096, 1), 0);
	assert_int_equal(store_reserve(store, (uint64_t)1 << 60, 1), -ENOSPC);
	store_close(&store);
}

int main(void)
{
#define WORLD(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		WORLD(a_store_is_made_or_missed),
		WORLD(nothing_is_changed_read_only),
		WORLD(blobs_are_put_and_found),
		WORLD(damage_is_seen),
		WORLD(stores_behind_are_looked_up),
		WORLD(downloads_go_on),
		WORLD(damaged_records_are_not_trusted),
		WORLD(a_restart_forgets_the_record),
		WORLD(sizes_are_kept),
		WORLD(two_at_the_same_blob),
		WORLD(names_lead_to_images),
		WORLD(other_entries_stay),
		WORLD(changes_of_many_are_kept),
		WORLD(trees_are_complete_or_not_there),
		WORLD(uses_have_good_names),
		WORLD(the_reserve_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
