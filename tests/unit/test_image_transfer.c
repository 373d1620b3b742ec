/* SPDX-License-Identifier: Apache-2.0 */
/* Import of OCI layouts and docker-archives, good and hostile. */
#include "tests/unit/image_transfer_world.h"

static struct sample one, two;
static struct tar tar;

static int set_up(void **state)
{
	transfer_set_up(state);
	make_sample(&one, "the first");
	make_sample(&two, "the second");
	request = (struct import_request){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	free_sample(&one);
	free_sample(&two);
	return transfer_tear_down(state);
}

static void add_layout(const char *index)
{
	add_text(&tar, "oci-layout", LAYOUT_TEXT);
	add_text(&tar, "index.json", index);
}

static const char *one_named(const char *name)
{
	return index_text(descriptor_text(&one.manifest_d, name, ""), NULL, NULL);
}

/* ---- OCI ---- */

static void test_layout_in_any_order(void **state)
{
	(void)state;
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_works(1, "first", &one.manifest_d.digest);

	add_text(&tar, "README", "an unknown file in front");
	add_blobs(&tar, &two);
	add_text(&tar, "blobs/sha256/README", "and in between");
	add_text(&tar, "blobs/md5/0123", "of an unknown algorithm");
	add_text(&tar, "index.json",
		 index_text(descriptor_text(&two.manifest_d, "second", ""), NULL, NULL));
	add_text(&tar, "oci-layout", LAYOUT_TEXT);
	finish_tar(&tar);
	import_works(1, "second", &two.manifest_d.digest);
	assert_int_equal(count_entries("partial", true), 0);
}

static void test_layout_folder(void **state)
{
	char folder[100], blobs[140], path[300];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/layout", world_path);
	snprintf(blobs, sizeof(blobs), "%s/blobs", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(mkdir(blobs, 0700), 0);
	strcat(blobs, "/sha256");
	assert_int_equal(mkdir(blobs, 0700), 0);
	write_at(folder, "oci-layout", LAYOUT_TEXT, strlen(LAYOUT_TEXT));
	write_at(folder, "index.json", one_named("first"), strlen(one_named("first")));
	write_at(folder, one.manifest_name, one.manifest, strlen(one.manifest));
	write_at(folder, one.config_name, one.config, strlen(one.config));
	assert_true(import_path(folder) < 0);
	assert_int_equal(error_last()->no, ENOENT);
	assert_non_null(strstr(error_last()->text, one.layer_name));

	/* What is no regular file, or is reached by a link, is not read. */
	snprintf(path, sizeof(path), "%s/%s", folder, one.layer_name);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(import_path(folder) < 0);
	assert_non_null(strstr(error_last()->text, "no regular file"));
	assert_int_equal(unlink(path), 0);
	write_at(world_path, "elsewhere", one.layer.bytes, one.layer.size);
	assert_int_equal(symlink("../../../elsewhere", path), 0);
	assert_true(import_path(folder) < 0);
	assert_int_equal(error_last()->no, ELOOP);
	assert_int_equal(unlink(path), 0);

	write_at(folder, one.layer_name, one.layer.bytes, one.layer.size);
	assert_int_equal(import_path(folder), 1);
	assert_string_equal(list[0].name, "first");
}

static void test_layout_broken(void **state)
{
	static const struct {
		const char *layout, *index, *message;
	} rows[] = {
		{ NULL, "{}", "oci-layout: is missing" },
		{ LAYOUT_TEXT, NULL, "index.json: is missing" },
		{ "{\"imageLayoutVersion\":\"2.0.0\"}", "{}", "imageLayoutVersion" },
		{ "{\"imageLayoutVersion\":1}", "{}", "imageLayoutVersion" },
		{ "[]", "{}", "imageLayoutVersion" },
		{ "{", "{}", "oci-layout" },
		{ LAYOUT_TEXT, "{", "index.json" },
		{ LAYOUT_TEXT, "{\"schemaVersion\":2,\"manifests\":[]}",
		  "there is no image in it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].layout)
			add_text(&tar, "oci-layout", rows[i].layout);
		if (rows[i].index)
			add_text(&tar, "index.json", rows[i].index);
		add_blobs(&tar, &one);
		finish_tar(&tar);
		import_fails(rows[i].message);
	}
	add_layout(one_named("first"));
	add_text(&tar, "index.json", one_named("second"));
	finish_tar(&tar);
	import_fails("index.json: is there twice");
}

static void test_blob_missing_or_damaged(void **state)
{
	(void)state;
	add_layout(one_named("first"));
	add_text(&tar, one.config_name, one.config);
	add_text(&tar, one.manifest_name, one.manifest);
	finish_tar(&tar);
	import_fails(hex_of(&one.layer_d.digest));

	add_layout(one_named("first"));
	add_text(&tar, one.config_name, "{}");
	finish_tar(&tar);
	import_fails(one.config_name);
}

/* Attack row 13: the descriptor says more or less than there is. */
static void test_size_lies(void **state)
{
	static const int lies[] = { -1, 1 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sample_manifest(&one, (uint64_t)((int64_t)one.layer.size + lies[i]), "");
		add_layout(one_named("first"));
		add_blobs(&tar, &one);
		finish_tar(&tar);
		import_fails(hex_of(&one.layer_d.digest));
	}
	sample_manifest(&one, one.layer.size, "");
	one.manifest_d.size++;
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_fails(hex_of(&one.manifest_d.digest));
}

/* Attack row 16: one document that is two things; a type that is not the descriptor's. */
static void test_confusion(void **state)
{
	static const char *const more[] = {
		"\"manifests\":[],",
		"\"mediaType\":\"" MEDIA_OCI_INDEX "\",",
		"\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		sample_manifest(&one, one.layer.size, more[i]);
		add_layout(one_named("first"));
		add_blobs(&tar, &one);
		finish_tar(&tar);
		import_fails(i ? "mediaType" : "manifests");
	}
	sample_manifest(&one, one.layer.size, "");
	one.manifest_d.media_type = MEDIA_OCI_INDEX;
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_fails("");
}

/* Attack row 17: the layer is right by its digest, and not what the config says. */
static void test_other_diff_id(void **state)
{
	char text[DIGEST_TEXT_SIZE], both[2 * DIGEST_TEXT_SIZE + 8];

	(void)state;
	sample_config(&one, digest_text(&two.layer_d.digest, text));
	sample_manifest(&one, one.layer.size, "");
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_fails("diff_ids");

	snprintf(both, sizeof(both), "%s\",\"%s", text, text);
	sample_config(&one, both);
	sample_manifest(&one, one.layer.size, "");
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_fails("diff_ids");
}

static void two_images(const char *first, const char *second)
{
	add_blobs(&tar, &one);
	add_blobs(&tar, &two);
	add_layout(index_text(descriptor_text(&one.manifest_d, first, ""),
			      descriptor_text(&two.manifest_d, second, ""), NULL));
	finish_tar(&tar);
}

static void test_names(void **state)
{
	(void)state;
	two_images("first", "second");
	import_works(2, "first", &one.manifest_d.digest);
	request.name = "mine";
	import_fails("can be only one");
	request.reference = "second";
	import_works(1, "mine", &two.manifest_d.digest);
	request.reference = "third";
	import_fails("has no 'third'");

	request = (struct import_request){ 0 };
	two_images(NULL, "second");
	import_fails("no name inside");
	request.name = "mine";
	import_works(2, "mine", &one.manifest_d.digest);

	two_images("same", "same");
	request.name = NULL;
	import_fails("'same' stands for several");
}

/* Names are given in turn: when one cannot be, those before it are what they were. */
static void test_all_names_or_none(void **state)
{
	struct descriptor found;

	(void)state;
	two_images("first", "not a name");
	import_fails("not printable");
	add_layout(index_text(descriptor_text(&two.manifest_d, "first", ""), NULL, NULL));
	add_blobs(&tar, &two);
	finish_tar(&tar);
	import_works(1, "first", &two.manifest_d.digest);
	two_images("first", "not a name");
	import_fails("not printable");
	assert_int_equal(store_resolve(&arena, store, "first", &found), 0);
	assert_true(digest_equal(&found.digest, &two.manifest_d.digest));
}

#define ARM "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\"},"
#define AMD "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"},"

static void test_platforms(void **state)
{
	static const struct platform amd = { "linux", "amd64", "", "" };
	static const struct platform other = { "linux", "mips", "", "" };
	struct descriptor nested;
	char name[100], inner[2000];

	(void)state;
	/* The same name for each platform. */
	add_blobs(&tar, &one);
	add_blobs(&tar, &two);
	add_layout(index_text(descriptor_text(&one.manifest_d, NULL, ARM),
			      descriptor_text(&two.manifest_d, NULL, AMD), NULL));
	finish_tar(&tar);
	request.name = "mine";
	request.platform = &amd;
	import_works(1, "mine", &two.manifest_d.digest);
	request.platform = &other;
	import_fails("arm");

	/* An index in the index, of which only one platform is there. */
	strcpy(inner, index_text(descriptor_text(&one.manifest_d, NULL, ARM),
				 descriptor_text(&two.manifest_d, NULL, AMD), NULL));
	descriptor_of(&nested, MEDIA_OCI_INDEX, inner, strlen(inner));
	free_sample(&one);
	make_sample(&one, "never seen before");
	add_blobs(&tar, &two);
	name_blob(name, &nested.digest);
	add_text(&tar, name, inner);
	add_layout(index_text(descriptor_text(&nested, "both", ""), NULL, NULL));
	finish_tar(&tar);
	request = (struct import_request){ .platform = &amd, .one = true };
	import_works(1, "both", &two.manifest_d.digest);
}

static void test_missing_platform(void **state)
{
	struct descriptor nested;
	char name[100], inner[2000];

	(void)state;
	strcpy(inner, index_text(descriptor_text(&one.manifest_d, NULL, ARM),
				 descriptor_text(&two.manifest_d, NULL, AMD), NULL));
	descriptor_of(&nested, MEDIA_OCI_INDEX, inner, strlen(inner));
	add_blobs(&tar, &two);
	name_blob(name, &nested.digest);
	add_text(&tar, name, inner);
	add_layout(index_text(descriptor_text(&nested, "both", ""), NULL, NULL));
	finish_tar(&tar);
	import_fails(hex_of(&one.manifest_d.digest));
}

static int refuse(void *data, const char *name, const struct descriptor *top)
{
	assert_string_equal(name, "first");
	assert_true(digest_equal(&top->digest, &one.manifest_d.digest));
	(*(unsigned int *)data)++;
	return fail(EACCES, "policy says no");
}

static void test_policy(void **state)
{
	unsigned int asked = 0;

	(void)state;
	request.allow = refuse;
	request.data = &asked;
	add_layout(one_named("first"));
	add_blobs(&tar, &one);
	finish_tar(&tar);
	import_fails("policy says no");
	assert_int_equal(asked, 2);
}

/* ---- docker-archive ---- */

static const char *docker_text(const char *config, const char *tags, const char *layers)
{
	static char text[1200];

	snprintf(text, sizeof(text), "[{\"Config\":\"%s\",\"RepoTags\":%s,\"Layers\":[%s]}]",
		 config, tags, layers);
	return text;
}

static void test_docker(void **state)
{
	(void)state;
	/* As skopeo does: layers first, links for old readers. */
	add_bytes(&tar, "layers/a.tar", one.layer.bytes, one.layer.size);
	add_text(&tar, one.config_name + strlen("blobs/sha256/"), one.config);
	add_link(&tar, "0123/layer.tar", "../layers/a.tar");
	add_text(&tar, "0123/VERSION", "1.0");
	add_text(&tar, "0123/json", "{}");
	add_text(&tar, "manifest.json",
		 docker_text(one.config_name + strlen("blobs/sha256/"),
			     "[\"busybox:1.0\",\"example.com/b:x\"]", "\"0123/layer.tar\""));
	add_text(&tar, "repositories", "{}");
	finish_tar(&tar);
	request.format = FORMAT_DOCKER;
	import_works(2, "docker.io/library/busybox:1.0", NULL);
	assert_string_equal(list[1].name, "example.com/b:x");
	assert_true(store_blob_has(store, &one.config_d.digest, strlen(one.config)));
	request.reference = "busybox:1.0";
	import_works(1, "docker.io/library/busybox:1.0", NULL);
	request.reference = "other:1.0";
	import_fails("has no 'other:1.0'");
	request.reference = NULL;
	request.name = "mine";
	import_works(1, "mine", NULL);
}

static void test_docker_found_out(void **state)
{
	(void)state;
	add_text(&tar, "manifest.json", docker_text("c.json", "null", "\"l\""));
	add_text(&tar, "c.json", one.config);
	add_bytes(&tar, "l", one.layer.bytes, one.layer.size);
	finish_tar(&tar);
	import_fails("no name inside");
	request.name = "mine";
	import_works(1, "mine", NULL);

	/* What came before it was known can only be read again from a file. */
	add_bytes(&tar, "l", two.layer.bytes, two.layer.size);
	add_text(&tar, "c.json", two.config);
	add_text(&tar, "manifest.json", docker_text("c.json", "null", "\"l\""));
	finish_tar(&tar);
	assert_int_equal(import_path(file_place), 1);
	assert_true(import_pipe() < 0);
	assert_non_null(strstr(error_last()->text, "--format docker-archive"));
	request.format = FORMAT_DOCKER;
	import_works(1, "mine", NULL);
}

/* Attack row 24. */
static void test_docker_hostile(void **state)
{
	static const char *const layers[][2] = {
		{ "\"../l\"", "no name of a file" },
		{ "\"/l\"", "no name of a file" },
		{ "\"./l\"", "no name of a file" },
		{ "\"a//l\"", "no name of a file" },
		{ "\"loop\"", "links" },
		{ "\"gone\"", "is not in the archive" },
		{ "\"away\"", "is not in the archive" },
		{ "\"c.json\"", "diff_ids" },
		{ "\"l\",\"l\"", "diff_ids" },
		{ "", "diff_ids" },
		{ "1", "not a string" },
	};

	(void)state;
	request.name = "mine";
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		add_text(&tar, "manifest.json", docker_text("c.json", "null", layers[i][0]));
		add_text(&tar, "c.json", one.config);
		add_bytes(&tar, "l", one.layer.bytes, one.layer.size);
		add_link(&tar, "loop", "loop2");
		add_link(&tar, "loop2", "./loop");
		add_link(&tar, "away", "../../../etc/passwd");
		finish_tar(&tar);
		import_fails(layers[i][1]);
	}
	add_text(&tar, "manifest.json", docker_text("c.json", "null", "\"l\""));
	add_text(&tar, "manifest.json", docker_text("c.json", "null", "\"l\""));
	finish_tar(&tar);
	import_fails("manifest.json: is there twice");
	add_text(&tar, "manifest.json", docker_text("c.json", "null", "\"l\""));
	add_text(&tar, "l", "1");
	add_text(&tar, "l", "2");
	finish_tar(&tar);
	import_fails("l: is there twice");
}

static void test_docker_config_name(void **state)
{
	const char *name = one.config_name + strlen("blobs/sha256/");

	(void)state;
	request.name = "mine";
	add_text(&tar, "manifest.json", docker_text(name, "null", "\"l\""));
	add_text(&tar, name, two.config);
	add_bytes(&tar, "l", two.layer.bytes, two.layer.size);
	finish_tar(&tar);
	import_fails("another digest than its name");
}

static void test_docker_legacy(void **state)
{
	(void)state;
	add_text(&tar, "repositories", "{\"a\":{\"b\":\"c\"}}");
	add_text(&tar, "c/json", "{}");
	add_text(&tar, "c/layer.tar", "");
	finish_tar(&tar);
	import_fails("docker before 1.10");
}

/* docker save >= 25: both in one. */
static void test_both(void **state)
{
	char layer[120];

	(void)state;
	snprintf(layer, sizeof(layer), "\"%s\"", one.layer_name);
	add_layout(one_named("1.0"));
	add_blobs(&tar, &one);
	add_text(&tar, "manifest.json", docker_text(one.config_name, "[\"b:1.0\"]", layer));
	finish_tar(&tar);
	import_works(1, "1.0", &one.manifest_d.digest);
	request.format = FORMAT_DOCKER;
	import_works(1, "docker.io/library/b:1.0", NULL);

	request.format = FORMAT_DETECT;
	add_layout(one_named("1.0"));
	add_blobs(&tar, &one);
	add_text(&tar, "manifest.json", docker_text(two.config_name, "[\"b:1.0\"]", layer));
	finish_tar(&tar);
	import_fails("another config");

	add_layout(one_named("1.0"));
	add_blobs(&tar, &one);
	add_text(&tar, "manifest.json", "{\"an unknown file\":1}");
	finish_tar(&tar);
	import_works(1, "1.0", &one.manifest_d.digest);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_layout_in_any_order),
		TEST(test_layout_folder),
		TEST(test_layout_broken),
		TEST(test_blob_missing_or_damaged),
		TEST(test_size_lies),
		TEST(test_confusion),
		TEST(test_other_diff_id),
		TEST(test_names),
		TEST(test_all_names_or_none),
		TEST(test_platforms),
		TEST(test_missing_platform),
		TEST(test_policy),
		TEST(test_docker),
		TEST(test_docker_found_out),
		TEST(test_docker_hostile),
		TEST(test_docker_config_name),
		TEST(test_docker_legacy),
		TEST(test_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
