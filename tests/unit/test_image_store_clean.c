/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what is collected, what is found damaged, what is counted. */
#include "tests/unit/image_store_world.h"

static struct gc_report gc(struct store *store, bool dry, unsigned int seconds)
{
	struct gc_report report;

	assert_int_equal(store_gc(store, dry, seconds, &report), 0);
	assert_int_equal(store->held, HELD_NOT);
	return report;
}

static bool has_image(struct store *store, const struct test_image *image)
{
	return store_blob_has(store, &image->manifest.digest, image->manifest.size) &&
	       store_blob_has(store, &image->config.digest, image->config.size) &&
	       store_blob_has(store, &image->layer.digest, image->layer.size);
}

static void what_is_named_or_used_stays(void **state)
{
	struct store *store = open_store();
	struct test_image named = put_image(store, 1, "named"), used = put_image(store, 2, NULL);
	struct test_image lost = put_image(store, 3, NULL);
	const struct digest *digests[] = { &used.manifest.digest };
	struct gc_report dry, report;
	char chain[160];

	(void)state;
	put_tree(store, layer_key(&named.diff_id));
	put_tree(store, layer_key(&used.diff_id));
	put_tree(store, layer_key(&lost.diff_id));
	snprintf(chain, sizeof(chain), "c-%s", hex_of(&named.diff_id));
	put_tree(store, chain);
	put_tree(store, "other");
	assert_int_equal(store_use(store, "web", digests, 1), 0);
	dry = gc(store, true, 0);
	assert_true(has_image(store, &lost));
	report = gc(store, false, 0);
	assert_int_equal(report.blobs, 3);
	assert_int_equal(report.trees, 2);
	assert_int_equal(report.partials, 0);
	assert_true(report.bytes >= 3 * 512);
	assert_memory_equal(&dry, &report, sizeof(report));
	assert_true(has_image(store, &named) && has_image(store, &used));
	assert_false(store_blob_has(store, &lost.manifest.digest, UINT64_MAX));
	assert_true(has_tree_of(store, layer_key(&named.diff_id)) && has_tree_of(store, chain));
	assert_true(has_tree_of(store, layer_key(&used.diff_id)));
	assert_int_equal(count_entries("trees", true), 3);
	report = gc(store, false, 0);
	assert_int_equal(report.blobs + report.trees + report.bytes, 0);
	/* The use ends, the name goes. */
	assert_int_equal(store_use_end(store, "web"), 0);
	report = gc(store, false, 0);
	assert_int_equal(report.blobs, 3);
	assert_int_equal(report.trees, 1);
	assert_int_equal(store_ref_remove(store, "named"), 0);
	report = gc(store, false, 0);
	assert_int_equal(report.blobs, 3);
	assert_int_equal(report.trees, 2);
	assert_int_equal(count_entries("blobs/sha256", true), 0);
	assert_int_equal(count_entries("trees", true), 0);
	store_close(&store);
}

/* A name that leads to an index: all of it that is there. */
static void parts_of_an_index_stay(void **state)
{
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, NULL), two;
	char text[2048], digest[2][DIGEST_TEXT_SIZE];
	struct descriptor index;

	(void)state;
	describe_image(&two, 2);
	snprintf(text, sizeof(text),
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu},{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu}]}",
		 digest_text(&one.manifest.digest, digest[0]), (size_t)one.manifest.size,
		 digest_text(&two.manifest.digest, digest[1]), (size_t)two.manifest.size);
	index = put_text(store, MEDIA_OCI_INDEX, text);
	assert_int_equal(store_ref_set(store, "both", &index), 0);
	assert_int_equal(gc(store, false, 0).blobs, 0);
	assert_true(has_image(store, &one));
	{
		auto_arena struct arena arena = { 0 };
		struct fsck_report report;
		struct descriptor found;
		char name[300];

		assert_int_equal(store_fsck(store, true, false, &report), 0);
		/* A part of what the name leads to agrees with it. */
		snprintf(name, sizeof(name), "both@sha256:%s", hex_of(&one.manifest.digest));
		assert_int_equal(store_resolve(&arena, store, name, &found), 0);
		assert_true(digest_equal(&found.digest, &one.manifest.digest));
	}
	store_close(&store);
}

static void trees_in_use_survive_what_cannot_be_read(void **state)
{
	struct store *store = open_store();
	struct test_image used = put_image(store, 1, NULL);
	const struct digest *digests[] = { &used.manifest.digest };

	(void)state;
	put_tree(store, layer_key(&used.diff_id));
	assert_int_equal(store_use(store, "web", digests, 1), 0);
	assert_int_equal(unlinkat(store_folder(store), blob_name(&used.config.digest), 0), 0);
	assert_int_equal(gc(store, false, 0).trees, 0);
	assert_int_equal(unlinkat(store_folder(store), blob_name(&used.manifest.digest), 0), 0);
	assert_int_equal(gc(store, false, 0).trees, 0);
	assert_true(has_tree_of(store, layer_key(&used.diff_id)));
	assert_int_equal(store_use_end(store, "web"), 0);
	assert_int_equal(gc(store, false, 0).trees, 1);
	store_close(&store);
}

/* Whoever cannot know what is alive removes nothing. */
static void nothing_is_collected_in_doubt(void **state)
{
	struct store *store = open_store();
	struct test_image named = put_image(store, 1, "named"), loose = put_image(store, 2, NULL);
	struct gc_report report;

	(void)state;
	write_at(store_place, blob_name(&named.manifest.digest), loose.manifest_text,
		 named.manifest.size);
	assert_true(store_gc(store, false, 0, &report) < 0);
	assert_non_null(strstr(error_last()->text, "named"));
	assert_true(has_image(store, &loose));
	write_at(store_place, blob_name(&named.manifest.digest), named.manifest_text,
		 named.manifest.size);
	/* A use that cannot be understood. */
	assert_int_equal(mkdirat(world, "run", 0700), 0);
	assert_int_equal(mkdirat(world, "run/uses", 0700), 0);
	write_at(uses_place, "web", "sha256:../../x\n", 15);
	assert_true(store_gc(store, false, 0, &report) < 0);
	assert_non_null(strstr(error_last()->text, "web"));
	write_at(uses_place, "web", "", 0);
	/* index.json is lost or damaged. */
	assert_int_equal(renameat(store_folder(store), "index.json", world, "index.json"), 0);
	assert_true(store_gc(store, false, 0, &report) < 0);
	assert_non_null(strstr(error_last()->text, "fsck"));
	write_at(store_place, "index.json", "{", 1);
	assert_true(store_gc(store, false, 0, &report) < 0);
	assert_int_equal(renameat(world, "index.json", store_folder(store), "index.json"), 0);
	assert_true(has_image(store, &named) && has_image(store, &loose));
	assert_int_equal(gc(store, false, 0).blobs, 3);
	store_close(&store);
}

static void leftovers_go(void **state)
{
	struct store *store = open_store();
	struct test_image image = put_image(store, 1, "one");
	struct digest digest = digest_for("partial", 7), second = digest_for("second", 6);
	char name[4][300], hex[DIGEST_TEXT_SIZE];
	struct blob_request request = { .digest = &digest, .size = 7 };
	struct blob_writer *writer;
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	(void)state;
	snprintf(hex, sizeof(hex), "%s", hex_of(&digest));
	snprintf(name[0], sizeof(name[0]), "partial/%s.data", hex);
	snprintf(name[1], sizeof(name[1]), "partial/%s.state", hex);
	snprintf(name[2], sizeof(name[2]), "partial/%s.state", hex_of(&second));
	put_tree(store, layer_key(&image.diff_id));
	assert_int_equal(blob_begin(store, &request, &writer), 0);
	assert_int_equal(blob_add(writer, "part", 4), 0);
	blob_abort(&writer, true);
	write_at(store_place, name[2], "alone", 5);
	write_at(store_place, "partial/.new-12-3", "x", 1);
	write_at(store_place, ".index.json.99-1", "x", 1);
	write_at(store_place, "audit.log", "x", 1);
	write_at(store_place, "blobs/sha256/tool.tmp", "x", 1);
	assert_int_equal(mkdirat(store_folder(store), "trees/.new-1-1", 0700), 0);
	assert_int_equal(mkdirat(store_folder(store), "trees/.new-1-1/root", 0), 0);
	assert_int_equal(mkdirat(store_folder(store), "trees/.old-1-1", 0700), 0);
	assert_int_equal(mkdirat(store_folder(store), "trees/d-half", 0700), 0);
	assert_int_equal(mkdirat(store_folder(store), "signatures", 0700), 0);
	snprintf(name[3], sizeof(name[3]), "signatures/%s.minisig", hex_of(&image.manifest.digest));
	write_at(store_place, name[3], "x", 1);
	write_at(store_place, "signatures/0123.minisig", "x", 1);
	assert_int_equal(gc(store, false, 3600).partials, 0);
	assert_int_equal(faccessat(store_folder(store), name[0], F_OK, 0), 0);
	assert_int_equal(faccessat(store_folder(store), name[1], F_OK, 0), 0);
	assert_int_equal(count_entries("partial", true), 2);
	assert_int_equal(count_entries("trees", true), 1);
	assert_int_equal(count_entries("signatures", true), 1);
	assert_int_equal(faccessat(store_folder(store), name[3], F_OK, 0), 0);
	assert_true(faccessat(store_folder(store), ".index.json.99-1", F_OK, 0) < 0);
	assert_int_equal(faccessat(store_folder(store), "audit.log", F_OK, 0), 0);
	assert_int_equal(faccessat(store_folder(store), "blobs/sha256/tool.tmp", F_OK, 0), 0);
	/* It goes when it is old, but not from under whoever is at it. */
	assert_int_equal(utimensat(store_folder(store), name[0], old, 0), 0);
	request.resume = true;
	assert_int_equal(blob_begin(store, &request, &writer), 0);
	assert_int_equal(blob_offset(writer), 4);
	assert_int_equal(utimensat(store_folder(store), name[0], old, 0), 0);
	{
		struct gc_report report;

		assert_int_equal(collect(store, false, 3600, &report), 0);
	}
	assert_int_equal(faccessat(store_folder(store), name[0], F_OK, 0), 0);
	blob_abort(&writer, true);
	assert_int_equal(utimensat(store_folder(store), name[0], old, 0), 0);
	assert_int_equal(gc(store, false, 3600).partials, 1);
	assert_int_equal(count_entries("partial", true), 0);
	store_close(&store);
}

/* A factory image's tree is in our store: it lives as long as the factory's name. */
static void trees_of_stores_behind_stay(void **state)
{
	struct store *store = try_open(lower_place, STORE_MAKE, false);
	struct test_image image = put_image(store, 1, "factory");

	(void)state;
	store_close(&store);
	store = try_open(store_place, STORE_MAKE, true);
	put_tree(store, layer_key(&image.diff_id));
	assert_int_equal(gc(store, false, 0).trees, 0);
	assert_true(has_tree_of(store, layer_key(&image.diff_id)));
	store_close(&store);
}

/* ---- fsck ---- */

static void check(struct store *store, bool deep, uint64_t damaged, uint64_t missing)
{
	struct fsck_report report;
	int result = store_fsck(store, deep, false, &report);

	assert_int_equal(result, damaged || missing ? -EBADMSG : 0);
	assert_int_equal(report.damaged, damaged);
	assert_int_equal(report.missing, missing);
	assert_int_equal(report.removed, 0);
}

static void repair(struct store *store, bool deep, uint64_t removed)
{
	struct fsck_report report;

	assert_int_equal(store_fsck(store, deep, true, &report), 0);
	assert_int_equal(report.removed, removed);
	assert_int_equal(store_fsck(store, deep, false, &report), 0);
}

static void damage_is_found_and_repaired(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, "one"), two = put_image(store, 2, "two");
	struct descriptor found;

	(void)state;
	check(store, false, 0, 0);
	check(store, true, 0, 0);
	/* A layer: only a deep look sees it. */
	write_at(store_place, blob_name(&one.layer.digest), two.layer_text, one.layer.size);
	check(store, false, 0, 0);
	check(store, true, 1, 0);
	repair(store, true, 2); /* it, and the name */
	assert_int_equal(store_resolve(&arena, store, "one", &found), -ENOENT);
	assert_int_equal(store_resolve(&arena, store, "two", &found), 0);
	assert_int_equal(try_put_image(store, &one), 0);
	assert_int_equal(store_ref_set(store, "one", &one.manifest), 0);
	check(store, true, 0, 0);
	/* Missing: but not when its tree is there. */
	assert_int_equal(unlinkat(store_folder(store), blob_name(&one.layer.digest), 0), 0);
	check(store, false, 0, 1);
	put_tree(store, layer_key(&one.diff_id));
	check(store, true, 0, 0);
	write_at(store_place, "trees/x", "", 0);
	check(store, false, 1, 0);
	repair(store, false, 1);
	/* The config; the manifest. */
	write_at(store_place, blob_name(&one.config.digest), two.config_text, one.config.size);
	check(store, false, 1, 0);
	check(store, true, 2, 0);
	repair(store, true, 2);
	assert_int_equal(store_resolve(&arena, store, "one", &found), -ENOENT);
	assert_int_equal(unlinkat(store_folder(store), blob_name(&two.manifest.digest), 0), 0);
	check(store, false, 0, 1);
	repair(store, false, 1);
	store_close(&store);
}

static void a_damaged_name_falls_back_to_the_factory(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = try_open(lower_place, STORE_MAKE, false);
	struct test_image old = put_image(store, 1, "app"), new;
	struct descriptor found;

	(void)state;
	store_close(&store);
	store = try_open(store_place, STORE_MAKE, true);
	new = put_image(store, 2, "app");
	write_at(store_place, blob_name(&new.manifest.digest), old.manifest_text,
		 new.manifest.size);
	repair(store, true, 2);
	assert_int_equal(store_resolve(&arena, store, "app", &found), 0);
	assert_true(digest_equal(&found.digest, &old.manifest.digest));
	/* What is only read is not repaired. */
	assert_int_equal(unlinkat(world, "lower/index.json", 0), 0);
	check(store, true, 0, 0);
	write_at(lower_place, "index.json", "[", 1);
	check(store, false, 1, 0);
	store_close(&store);
}

static void the_index_is_rebuilt(void **state)
{
	static const char *const damages[] = { "", "{", "[]", "{\"schemaVersion\":2}", NULL };
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, "one"), two = put_image(store, 2, NULL);
	char text[1024], digest[DIGEST_TEXT_SIZE];
	struct descriptor index;
	struct store_ref *refs;

	(void)state;
	snprintf(text, sizeof(text),
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu}]}",
		 digest_text(&two.manifest.digest, digest), (size_t)two.manifest.size);
	index = put_text(store, MEDIA_OCI_INDEX, text);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		if (damages[i])
			write_at(store_place, "index.json", damages[i], strlen(damages[i]));
		else
			assert_int_equal(unlinkat(store_folder(store), "index.json", 0), 0);
		write_at(store_place, "oci-layout", damages[i] ? damages[i] : "", 0);
		store_close(&store);
		store = try_open(store_place, 0, false);
		assert_non_null(store);
		check(store, false, 2, 0);
		repair(store, true, 0);
		/* One entry for the manifest, one for the index with its part. */
		assert_int_equal(store_refs(&arena, store, &refs), 2);
		assert_true(digest_equal(&refs[0].descriptor.digest, &index.digest) ||
			    digest_equal(&refs[1].descriptor.digest, &index.digest));
		assert_int_equal(gc(store, false, 0).blobs, 0);
		assert_true(has_image(store, &one) && has_image(store, &two));
	}
	store_close(&store);
}

/* ---- usage ---- */

static void usage_is_what_du_says(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = open_store();
	struct test_image one = put_image(store, 1, "one");
	unsigned char *data = noise(1 << 20, 1);
	struct digest digest = digest_for(data, 1 << 20);
	struct blob_request request = { .digest = &digest, .size = 2 << 20 };
	struct blob_writer *writer;
	struct store_tree tree;
	struct store_usage usage;
	int fd;

	(void)state;
	assert_int_equal(store_tree_begin(store, layer_key(&one.diff_id), &tree), 0);
	fd = openat(tree.root, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, data, 1 << 20), 1 << 20);
	close(fd);
	assert_int_equal(linkat(tree.root, "a", tree.root, "b", 0), 0);
	assert_int_equal(linkat(tree.root, "a", tree.root, "c", 0), 0);
	assert_int_equal(store_tree_commit(&tree), 0);
	assert_int_equal(store_usage(&arena, store, &usage), 0);
	assert_int_equal(usage.refs, 1);
	assert_int_equal(usage.blobs, 3);
	assert_int_equal(usage.trees, 1);
	assert_in_range(usage.tree_bytes, 1 << 20, (1 << 20) + 65536);
	assert_int_equal(usage.partials, 0);
	assert_int_equal(usage.unreferenced_bytes, 0);
	assert_int_equal(store_blob_put(store, &digest, data, 1 << 20), 0);
	digest = digest_for("x", 1);
	assert_int_equal(blob_begin(store, &request, &writer), 0);
	assert_int_equal(blob_add(writer, data, 4096), 0);
	blob_abort(&writer, true);
	assert_int_equal(store_usage(&arena, store, &usage), 0);
	assert_int_equal(usage.partials, 1);
	assert_true(usage.partial_bytes >= 4096);
	assert_true(usage.unreferenced_bytes >= (1 << 20) + usage.partial_bytes);
	assert_in_range(usage.blob_bytes, 1 << 20, (1 << 20) + 65536);
	free(data);
	store_close(&store);
}

int main(void)
{
#define WORLD(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		WORLD(what_is_named_or_used_stays),
		WORLD(parts_of_an_index_stay),
		WORLD(trees_in_use_survive_what_cannot_be_read),
		WORLD(nothing_is_collected_in_doubt),
		WORLD(leftovers_go),
		WORLD(trees_of_stores_behind_stay),
		WORLD(damage_is_found_and_repaired),
		WORLD(a_damaged_name_falls_back_to_the_factory),
		WORLD(the_index_is_rebuilt),
		WORLD(usage_is_what_du_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
