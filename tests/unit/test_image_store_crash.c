/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store when the power is cut, a call fails, or the process is killed, at every call that
 * changes something: it is the old or the new one, and doing it again makes it the new one.
 *
 * link: -Wl,--wrap=openat64,--wrap=mkdirat,--wrap=renameat,--wrap=unlinkat,--wrap=write
 * link: -Wl,--wrap=pwrite64,--wrap=ftruncate64,--wrap=fallocate64,--wrap=fchmod
 * link: -Wl,--wrap=fsync,--wrap=fdatasync,--wrap=syncfs
 */
#include "tests/unit/image_store_disk.h"

#include <sys/wait.h>

enum { LARGE = (2 << 20) + 300000, ROUNDS_OF_SOME = 6 };

static struct test_image old_image, new_image;
static unsigned char *large;
static struct digest large_digest;

/* ---- what is done: 0 or -errno ---- */

struct scenario {
	const char *name;
	int (*prepare)(struct store *store);
	int (*act)(struct store *store);
	/* What must be true; `done`: act() said that it was. */
	void (*check)(struct store *store, bool done);
	bool without_store; /* act() begins with nothing */
};

static struct descriptor resolved(struct store *store, const char *name)
{
	static struct arena arena;
	struct descriptor descriptor = { 0 };

	arena_free(&arena);
	if (store_resolve(&arena, store, name, &descriptor) < 0)
		descriptor.size = 0;
	return descriptor;
}

static bool leads_to(struct store *store, const char *name, const struct test_image *image)
{
	struct descriptor descriptor = resolved(store, name);

	return descriptor.size && digest_equal(&descriptor.digest, &image->manifest.digest);
}

static void assert_whole(struct store *store, const struct test_image *image)
{
	assert_int_equal(store_blob_verify(store, &image->manifest.digest, image->manifest.size),
			 0);
	assert_int_equal(store_blob_verify(store, &image->config.digest, image->config.size), 0);
	assert_int_equal(store_blob_verify(store, &image->layer.digest, image->layer.size), 0);
}

static int put_old(struct store *store)
{
	int result = try_put_image(store, &old_image);

	return result < 0 ? result : store_ref_set(store, "app", &old_image.manifest);
}

static int update(struct store *store)
{
	int result = store_lock(store, false);

	if (result == 0)
		result = try_put_image(store, &new_image);
	return result < 0 ? result : store_ref_set(store, "app", &new_image.manifest);
}

static void check_update(struct store *store, bool done)
{
	bool is_new = leads_to(store, "app", &new_image);

	assert_true(is_new || leads_to(store, "app", &old_image));
	assert_true(is_new || !done);
	assert_whole(store, is_new ? &new_image : &old_image);
}

static void check_first(struct store *store, bool done)
{
	bool is_new = leads_to(store, "app", &new_image);

	assert_true(is_new || !done);
	if (is_new)
		assert_whole(store, &new_image);
	else
		assert_int_equal(resolved(store, "app").size, 0);
}

static int download(struct store *store)
{
	struct blob_request request = { .digest = &large_digest, .size = LARGE, .resume = true };
	struct blob_writer *writer;
	int result = blob_begin(store, &request, &writer);

	if (result == -EEXIST)
		return 0;
	while (result == 0 && blob_offset(writer) < LARGE) {
		size_t at = blob_offset(writer);

		result = blob_add(writer, large + at, LARGE - at < 65536 ? LARGE - at : 65536);
		if (result < 0)
			blob_abort(&writer, true);
	}
	return result < 0 ? result : blob_commit(&writer, NULL, NULL);
}

/* The source cannot go on: from the beginning, after an attempt that left a record. */
static int download_half(struct store *store)
{
	struct blob_request request = { .digest = &large_digest, .size = LARGE };
	struct blob_writer *writer;
	int result = blob_begin(store, &request, &writer);

	if (result == 0)
		result = blob_add(writer, large, 1 << 20);
	if (result == 0)
		result = blob_add(writer, large + (1 << 20), 500000);
	blob_abort(&writer, true);
	return result;
}

static int download_anew(struct store *store)
{
	struct blob_request request = { .digest = &large_digest, .size = LARGE, .resume = true };
	struct blob_writer *writer;
	int result = blob_begin(store, &request, &writer);

	if (result == -EEXIST)
		return 0;
	if (result == 0)
		result = blob_restart(writer);
	for (size_t at = 0; result == 0 && at < LARGE; at += LARGE / 4)
		result = blob_add(writer, large + at, LARGE / 4);
	if (result < 0) {
		blob_abort(&writer, true);
		return result;
	}
	return blob_commit(&writer, NULL, NULL);
}

static void check_download(struct store *store, bool done)
{
	if (done || store_blob_has(store, &large_digest, UINT64_MAX))
		assert_int_equal(store_blob_verify(store, &large_digest, LARGE), 0);
}

/* A source that is wrong, after one that was right: its bytes may never be taken for the others. */
static int wrong_source(struct store *store)
{
	static unsigned char wrong[1 << 20];
	struct blob_request request = { .digest = &large_digest, .size = LARGE, .resume = true };
	struct blob_writer *writer;
	int result = blob_begin(store, &request, &writer);

	if (result < 0)
		return result;
	result = blob_restart(writer);
	for (int i = 0; i < 2 && result == 0; i++)
		result = blob_add(writer, wrong, sizeof(wrong));
	blob_abort(&writer, true);
	return result;
}

static void check_wrong_source(struct store *store, bool done)
{
	int result = download(store);

	(void)done;
	assert_true(result == 0 || result == -EBADMSG);
	if (result < 0)
		assert_int_equal(download(store), 0);
	assert_int_equal(store_blob_verify(store, &large_digest, LARGE), 0);
	assert_int_equal(store_blob_remove(store, &large_digest), 0);
}

static int unpack(struct store *store)
{
	struct store_tree tree;
	int result = store_tree_begin(store, layer_key(&old_image.diff_id), &tree), fd;

	if (result < 0)
		return result == -EEXIST ? 0 : result;
	fd = openat(tree.root, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "content", 7) != 7 || mkdirat(tree.root, "folder", 0755) < 0) {
		result = -errno;
		close_fd(&fd);
		store_tree_abort(&tree);
		return result;
	}
	close(fd);
	return store_tree_commit(&tree);
}

static void check_tree(struct store *store, bool done)
{
	auto_arena struct arena arena = { 0 };
	int root = store_tree_open(&arena, store, layer_key(&old_image.diff_id), NULL);
	char *text;

	assert_true(root >= 0 || (root == -ENOENT && !done));
	check_update(store, false);
	if (root < 0)
		return;
	text = file_read(&arena, root, "file", 99, NULL);
	assert_non_null(text);
	assert_string_equal(text, "content");
	assert_int_equal(faccessat(root, "folder", F_OK, 0), 0);
	close(root);
}

static int put_both_and_trees(struct store *store)
{
	int result = put_old(store);

	if (result == 0)
		result = try_put_image(store, &new_image);
	if (result == 0)
		result = store_ref_set(store, "second", &new_image.manifest);
	return result < 0 ? result : unpack(store);
}

/* Remove a name and what it led to. */
static int clean(struct store *store)
{
	struct gc_report report;
	int result = store_ref_remove(store, "app");

	return result < 0 && result != -ENOENT ? result : store_gc(store, false, 0, &report);
}

static void check_clean(struct store *store, bool done)
{
	bool is_old = leads_to(store, "app", &old_image);

	assert_true(leads_to(store, "second", &new_image));
	assert_whole(store, &new_image);
	assert_false(is_old && done);
	if (is_old) {
		assert_whole(store, &old_image);
		check_tree(store, true);
	} else {
		/* Half a tree is none. */
		int root = store_tree_open(NULL, store, layer_key(&old_image.diff_id), NULL);

		if (root >= 0) {
			assert_int_equal(faccessat(root, "folder", F_OK, 0), 0);
			assert_int_equal(faccessat(root, "file", F_OK, 0), 0);
			close(root);
		}
	}
}

static int damage(struct store *store)
{
	int result = put_both_and_trees(store), fd;

	if (result == 0)
		result = store_blob_put(store, &large_digest, large, LARGE);
	fd = openat(store_folder(store), "index.json", O_WRONLY | O_CLOEXEC);
	if (result == 0 && pwrite(fd, "x", 1, 0) != 1)
		result = -EIO;
	close(fd);
	return result;
}

static int repair(struct store *store)
{
	struct fsck_report report;

	return store_fsck(store, true, true, &report);
}

static void check_repair(struct store *store, bool done)
{
	struct fsck_report report;
	char name[100];

	if (done)
		assert_int_equal(store_fsck(store, true, false, &report), 0);
	else
		assert_int_equal(repair(store), 0);
	snprintf(name, sizeof(name), "sha256:%s", hex_of(&old_image.manifest.digest));
	assert_true(leads_to(store, name, &old_image));
	assert_whole(store, &old_image);
	assert_whole(store, &new_image);
}

static const struct scenario scenarios[] = {
	{ "first", NULL, update, check_first, true },
	{ "update", put_old, update, check_update, false },
	{ "download", put_old, download, check_download, false },
	{ "download anew", download_half, download_anew, check_download, false },
	{ "wrong source", download_half, wrong_source, check_wrong_source, false },
	{ "unpack", put_old, unpack, check_tree, false },
	{ "clean", put_both_and_trees, clean, check_clean, false },
	{ "repair", damage, repair, check_repair, false },
};

/* ---- after whatever happened ---- */

static void check_and_do_again(const struct scenario *scenario, bool done)
{
	struct store *store = open_store();
	struct fsck_report report;
	struct gc_report collected;

	scenario->check(store, done);
	if (scenario->act != repair)
		assert_int_equal(store_fsck(store, true, false, &report), 0);
	assert_int_equal(scenario->act(store), 0);
	scenario->check(store, true);
	assert_int_equal(store->holds, 0);
	store_close(&store);
	store = open_store();
	assert_int_equal(store_gc(store, false, 0, &collected), 0);
	if (scenario->act != download && scenario->act != download_anew)
		scenario->check(store, true);
	assert_int_equal(store_fsck(store, true, false, &report), 0);
	assert_int_equal(count_entries("partial", true), 0);
	assert_int_equal(count_entries("trees", true), count_entries("trees", false));
	assert_int_equal(count_entries("", true), count_entries("", false));
	store_close(&store);
}

/* The store as act() finds it, recorded; nothing of it is recorded any more if `settled`. */
static size_t prepare(const struct scenario *scenario)
{
	struct store *store;

	disk_record(world);
	if (scenario->without_store)
		return disk.calls;
	store = open_store();
	if (scenario->prepare)
		assert_int_equal(scenario->prepare(store), 0);
	store_close(&store);
	disk_settle();
	return disk.calls;
}

static void the_power_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *scenario = &scenarios[i];
		size_t from, cuts;
		struct store *store;

		empty_folder(world);
		from = prepare(scenario);
		store = open_store();
		assert_int_equal(scenario->act(store), 0);
		store_close(&store);
		disk.recording = false;
		cuts = disk.calls + 1;
		print_message("%s: %zu cuts\n", scenario->name, cuts - from);
		for (size_t cut = from + 1; cut <= cuts; cut++)
			for (int loss = LOSE_ALL; loss < LOSE_SOME + ROUNDS_OF_SOME; loss++) {
				disk_cut(world, cut,
					 loss > LOSE_SOME ? LOSE_SOME : (enum loss)loss);
				check_and_do_again(scenario, cut == cuts);
			}
	}
	disk_clear();
}

/* How many calls act() makes, and with what is there after `prepare`. */
static size_t count_calls(const struct scenario *scenario)
{
	struct store *store;
	size_t before;

	empty_folder(world);
	before = prepare(scenario);
	store = open_store();
	assert_int_equal(scenario->act(store), 0);
	store_close(&store);
	disk.recording = false;
	return disk.calls - before;
}

/* In a process of its own: 0: done; 1: it said that it failed; 9: killed. */
static int act_with(const struct scenario *scenario, size_t call, int error)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store *store;
		int before, result = 1;

		disk.calls = 0;
		disk.fail_at = call;
		disk.fail_with = error;
		disk.recording = true;
		before = count_open();
		store = try_open(store_place, STORE_MAKE, false);
		if (store) {
			result = scenario->act(store) < 0;
			if (store->holds != 0)
				_exit(20);
			store_close(&store);
		}
		_exit(count_open() == before ? result : 21);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	assert_in_range(WEXITSTATUS(status), 0, 1);
	return WEXITSTATUS(status);
}

static void at_every_call(int error)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *scenario = &scenarios[i];
		size_t calls = count_calls(scenario);

		assert_true(calls >= 3);
		for (size_t call = 1; call <= calls; call++) {
			int result;

			empty_folder(world);
			prepare(scenario);
			disk_clear();
			result = act_with(scenario, call, error);
			if (error == 0)
				assert_int_equal(result, SIGKILL);
			check_and_do_again(scenario, result == 0);
		}
	}
}

static void it_is_killed(void **state)
{
	(void)state;
	at_every_call(0);
}

static void a_call_fails(void **state)
{
	(void)state;
	at_every_call(ENOSPC);
	at_every_call(EIO);
}

static int group_set_up(void **state)
{
	(void)state;
	describe_image(&old_image, 1);
	describe_image(&new_image, 2);
	large = noise(LARGE, 7);
	large_digest = digest_for(large, LARGE);
	return 0;
}

static int group_tear_down(void **state)
{
	(void)state;
	free(large);
	return 0;
}

int main(void)
{
#define WORLD(function) cmocka_unit_test_setup_teardown(function, disk_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		WORLD(the_power_is_cut),
		WORLD(it_is_killed),
		WORLD(a_call_fails),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
