/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and configs: what is read, and what is refused with which message. */
#include "tests/unit/test_lib.h"

#include "image/document/document.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BLOB(type) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" HEX "\",\"size\":0}"
#define ANY_CONFIG "\"config\":" BLOB(MEDIA_OCI_CONFIG)
#define MANIFEST(members) "{\"schemaVersion\":2," members "}"
#define INDEX(members) "{\"schemaVersion\":2,\"manifests\":[" members "]}"
/* A descriptor with something else in it. */
#define ENTRY(members) INDEX("{" members "}")
#define TYPE "\"mediaType\":\"a/b\""
#define DIGEST "\"digest\":\"sha256:" HEX "\""

static struct arena arena;
static struct image_manifest manifest;
static struct image_index list;
static struct image_config config;

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	arena = (struct arena){ 0 };
	return 0;
}

static int read_manifest(const char *text, const char *type)
{
	error_clear();
	return manifest_read(&arena, text, strlen(text), "m", type, &manifest);
}

static int read_index(const char *text, const char *type)
{
	error_clear();
	return index_read(&arena, text, strlen(text), "i", type, &list);
}

static int read_config(const char *text)
{
	error_clear();
	return config_read(&arena, text, strlen(text), "c", &config);
}

static void good(int result)
{
	if (result != 0)
		fail_msg("%s", error_last()->text);
}

static void refused(int result, const char *text, const char *message)
{
	if (result >= 0)
		fail_msg("accepted: %.300s", text);
	if (!strstr(error_last()->text, message))
		fail_msg("%.300s: %s", text, error_last()->text);
}

static void test_manifest(void **state)
{
	(void)state;
	good(read_manifest(
		MANIFEST(
			"\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," ANY_CONFIG
			",\"layers\":[" BLOB(MEDIA_OCI_LAYER_GZIP) "," BLOB(
				MEDIA_DOCKER_LAYER) ","
						    "{\"mediaType\":\"a/b\"," DIGEST
						    ",\"size\":9223372036854775807,"
						    "\"annotations\":{\"k\":\"v\"},\"urls\":[\"http://x\"],\"unknown\":1}],"
						    "\"annotations\":{\"a\":\"b\"},\"unknown\":[1.5]"),
		MEDIA_OCI_MANIFEST));
	assert_int_equal(manifest.layer_count, 3);
	assert_int_equal(manifest.config.kind, MEDIA_KIND_CONFIG);
	assert_int_equal(manifest.layers[0].kind, MEDIA_KIND_LAYER_GZIP);
	assert_int_equal(manifest.layers[1].kind, MEDIA_KIND_LAYER_TAR);
	assert_int_equal(manifest.layers[2].kind, MEDIA_KIND_OTHER);
	assert_true(manifest.layers[2].size == INT64_MAX);
	assert_true(manifest.layers[2].foreign);
	assert_false(manifest.layers[0].foreign);
	assert_string_equal(annotation(manifest.layers[2].annotations, "k"), "v");
	assert_string_equal(annotation(manifest.annotations, "a"), "b");
	assert_null(annotation(manifest.annotations, "A"));
	assert_null(annotation(NULL, "a"));
	assert_null(manifest.subject);
	assert_string_equal(manifest.artifact_type, "");
}

/* What is absent or null; and the twins of Docker. */
static void test_manifest_kinds(void **state)
{
	(void)state;
	good(read_manifest(MANIFEST(ANY_CONFIG ",\"layers\":[]"), MEDIA_OCI_MANIFEST));
	assert_string_equal(manifest.media_type, "");
	good(read_manifest(MANIFEST(ANY_CONFIG), NULL));
	assert_int_equal(manifest.layer_count, 0);
	good(read_manifest(MANIFEST(ANY_CONFIG
				    ",\"layers\":null,\"manifests\":null,\"mediaType\":null,"
				    "\"annotations\":null,\"subject\":null,\"artifactType\":null"),
			   NULL));
	good(read_manifest(MANIFEST("\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"," ANY_CONFIG),
			   MEDIA_DOCKER_MANIFEST));
	good(read_manifest(MANIFEST("\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"," ANY_CONFIG),
			   NULL));
	/* An artifact. */
	good(read_manifest(
		MANIFEST("\"artifactType\":\"application/x\",\"config\":{\"mediaType\":"
			 "\"" MEDIA_OCI_EMPTY "\",\"digest\":\"sha256:"
			 "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\","
			 "\"size\":2,\"data\":\"e30=\"},\"layers\":[" BLOB(
				 "text/plain") "],"
					       "\"subject\":" BLOB(MEDIA_OCI_MANIFEST)),
		MEDIA_OCI_MANIFEST));
	assert_string_equal(manifest.artifact_type, "application/x");
	assert_string_equal(manifest.config.data, "{}");
	assert_int_equal(manifest.config.kind, MEDIA_KIND_OTHER);
	assert_int_equal(manifest.subject->kind, MEDIA_KIND_MANIFEST);
}

static void test_manifest_refused(void **state)
{
	static const struct {
		const char *text, *type, *message;
	} cases[] = {
		{ "", NULL, "m: " },
		{ "[]", NULL, "m: not an object" },
		{ "{}", NULL, "m: line 1: schemaVersion: not 2" },
		{ "{\"schemaVersion\":1}", NULL, "m: schemaVersion: Docker's schema 1" },
		{ "{\"schemaVersion\":3}", NULL, "schemaVersion: not a whole number in its range" },
		{ "{\"schemaVersion\":\"2\"}", NULL, "schemaVersion: not a whole number" },
		{ MANIFEST("\n\"x\":1"), NULL, "m: line 1: config: missing" },
		{ MANIFEST("\n\"config\":5"), NULL, "m: line 2: config: not an object" },
		{ MANIFEST(ANY_CONFIG ",\"layers\":{}"), NULL, "layers: not an array" },
		{ MANIFEST(ANY_CONFIG ",\"layers\":[null]"), NULL, "layers[0]: not an object" },
		{ MANIFEST(ANY_CONFIG ",\"annotations\":[]"), NULL, "annotations: not an object" },
		{ MANIFEST(ANY_CONFIG ",\"annotations\":{\"a\":1}"), NULL,
		  "annotations: not an object of strings" },
		{ MANIFEST(ANY_CONFIG ",\"annotations\":{\"a\":null}"), NULL,
		  "not an object of strings" },
		{ MANIFEST(ANY_CONFIG ",\"artifactType\":1"), NULL, "artifactType: not a string" },
		{ MANIFEST(ANY_CONFIG ",\"subject\":{}"), NULL, "subject.mediaType: missing" },
		{ MANIFEST(ANY_CONFIG ",\"layers\":[],\"layers\":[]"), NULL, "duplicate key" },
		{ MANIFEST(ANY_CONFIG ",\"layers\":[" BLOB("a/b") ",{" TYPE "}]"), NULL,
		  "layers[1].digest: missing" },
		/* CVE-2021-41190: one body for two kinds of document. */
		{ MANIFEST(ANY_CONFIG ",\"manifests\":[]"), NULL,
		  "manifests: a document is either an index or a manifest" },
		{ MANIFEST(ANY_CONFIG ",\"Manifests\":[]"), NULL,
		  "Manifests: a document is either" },
		{ MANIFEST("\"mediaType\":\"" MEDIA_OCI_INDEX "\"," ANY_CONFIG), NULL,
		  "mediaType: " MEDIA_OCI_INDEX ": something else was expected" },
		{ MANIFEST("\"mediaType\":\"a/b\"," ANY_CONFIG), NULL,
		  "something else was expected" },
		{ MANIFEST("\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"," ANY_CONFIG),
		  MEDIA_OCI_MANIFEST,
		  "mediaType: " MEDIA_DOCKER_MANIFEST
		  ", but it was announced as " MEDIA_OCI_MANIFEST },
		{ MANIFEST("\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," ANY_CONFIG),
		  MEDIA_DOCKER_MANIFEST, "but it was announced as" },
		{ MANIFEST("\"mediaType\":7," ANY_CONFIG), NULL, "mediaType: not a string" },
		{ MANIFEST("\"a\":\"\\u0000\"," ANY_CONFIG), NULL, "m: " },
		{ MANIFEST("\"a\":\"\xff\"," ANY_CONFIG), NULL, "m: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(read_manifest(cases[i].text, cases[i].type), cases[i].text,
			cases[i].message);
}

/* Every rule of a descriptor. */
static void test_descriptor_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ ENTRY(""), "i: line 1: manifests[0].mediaType: missing" },
		{ ENTRY("\"mediaType\":\"\"," DIGEST ",\"size\":0"), "mediaType: missing" },
		{ ENTRY("\"mediaType\":\"a\"," DIGEST ",\"size\":0"),
		  "mediaType: not a media type" },
		{ ENTRY("\"mediaType\":\"a/\"," DIGEST ",\"size\":0"), "not a media type" },
		{ ENTRY("\"mediaType\":\"/b\"," DIGEST ",\"size\":0"), "not a media type" },
		{ ENTRY("\"mediaType\":\"a/b/c\"," DIGEST ",\"size\":0"), "not a media type" },
		{ ENTRY("\"mediaType\":\"a/b\\n\"," DIGEST ",\"size\":0"), "not a media type" },
		{ ENTRY("\"mediaType\":\"a/b; charset=x\"," DIGEST ",\"size\":0"),
		  "not a media type" },
		{ ENTRY(TYPE ",\"size\":0"), "manifests[0].digest: missing" },
		{ ENTRY(TYPE ",\"size\":0,\"digest\":\"sha256:../../x\""),
		  "manifests[0].digest: sha256:../../x: not a digest" },
		{ ENTRY(TYPE ",\"size\":0,\"digest\":\"blake3:00\""),
		  "manifests[0].digest: blake3:00: valid but cannot be verified here" },
		{ ENTRY(TYPE "," DIGEST), "manifests[0].size: missing" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":-1"), "manifests[0].size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":9223372036854775808"),
		  "size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":18446744073709551616"),
		  "size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":1.0"), "size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":1e3"), "size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":\"1\""), "size: not a whole number" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"urls\":\"x\""), "urls: not an array" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"platform\":\"x\""),
		  "platform: not an object" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"platform\":{\"os\":1}"),
		  "manifests[0].platform.os: not a string" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"annotations\":{\"a\":{}}"),
		  "annotations: not an object of strings" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"data\":1"), "data: not a string" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"data\":\"*\""), "data: not base64" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":0,\"data\":\"YQ==\""),
		  "data: not of the size that is said" },
		{ ENTRY(TYPE "," DIGEST ",\"size\":1,\"data\":\"YQ==\""),
		  "data: does not have the digest" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(read_index(cases[i].text, NULL), cases[i].text, cases[i].message);
	good(read_index(ENTRY(TYPE "," DIGEST ",\"size\":0,\"data\":\"\""), NULL));
	assert_string_equal(list.manifests[0].data, "");
}

static void test_index(void **state)
{
	static const struct {
		const char *text, *type, *message;
	} cases[] = {
		{ "{\"schemaVersion\":2}", NULL, "i: line 1: manifests: missing" },
		{ "{\"schemaVersion\":2,\"manifests\":{}}", NULL, "manifests: not an array" },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL,
		  "layers: a document is either an index or a manifest" },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"CONFIG\":{}}", NULL,
		  "CONFIG: a document is either" },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"}",
		  NULL, "something else was expected" },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"mediaType\":\"" MEDIA_DOCKER_INDEX "\"}",
		  MEDIA_OCI_INDEX, "but it was announced as" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(read_index(cases[i].text, cases[i].type), cases[i].text, cases[i].message);
	good(read_index(INDEX(""), MEDIA_DOCKER_INDEX));
	assert_int_equal(list.count, 0);
	good(read_index(INDEX("{" TYPE "," DIGEST ",\"size\":0,\"platform\":{\"os\":\"linux\","
			      "\"architecture\":\"arm\",\"variant\":\"v7\",\"os.version\":\"1\","
			      "\"os.features\":[\"x\"]},\"annotations\":{\"" ANNOTATION_REF_NAME
			      "\":\"1.0\"}},{" TYPE "," DIGEST ",\"size\":0,\"platform\":null}"),
			NULL));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.manifests[0].platform->variant, "v7");
	assert_string_equal(list.manifests[0].platform->os_version, "1");
	assert_string_equal(annotation(list.manifests[0].annotations, ANNOTATION_REF_NAME), "1.0");
	assert_null(list.manifests[1].platform);
}

/* `count` times the item. */
static char *many(const char *before, const char *item, size_t count, const char *after)
{
	size_t length = strlen(item) + 1;
	char *text = arena_bytes(&arena, strlen(before) + count * length + strlen(after) + 1);
	char *out = stpcpy(text, before);

	for (size_t i = 0; i < count; i++) {
		if (i)
			*out++ = ',';
		out = stpcpy(out, item);
	}
	strcpy(out, after);
	return text;
}

/* Attack: documents without an end. */
static void test_limits(void **state)
{
	static const char layers[] = "{\"schemaVersion\":2," ANY_CONFIG ",\"layers\":[";
	static const char entries[] = "{\"schemaVersion\":2,\"manifests\":[";
	static const char ids[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[";
	char *text;

	(void)state;
	good(read_manifest(many(layers, BLOB("a/b"), 128, "]}"), NULL));
	text = many(layers, BLOB("a/b"), 129, "]}");
	refused(read_manifest(text, NULL), text, "layers: too many");
	good(read_index(many(entries, BLOB("a/b"), 4096, "]}"), NULL));
	text = many(entries, BLOB("a/b"), 4097, "]}");
	refused(read_index(text, NULL), text, "manifests: too many");
	good(read_config(many(ids, "\"sha256:" HEX "\"", 128, "]}}")));
	text = many(ids, "\"sha256:" HEX "\"", 129, "]}}");
	refused(read_config(text), text, "rootfs.diff_ids: too many");
	text = many("{\"a\":[", "1", 1 << 17, "]}");
	refused(read_manifest(text, NULL), text, "m: too many values");
	text = many("{\"a\":[", "1", 2 << 20, "]}");
	assert_true(strlen(text) > DOCUMENT_MAX_SIZE);
	refused(read_manifest(text, NULL), text, "m: 4194311 bytes");
	refused(read_index(text, NULL), text, "bytes");
	refused(read_config(text), text, "bytes");
	text = arena_bytes(&arena, 200001);
	memset(text, '[', 200000);
	refused(read_manifest(text, NULL), text, "m: ");
}

#define ROOT "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}"
#define SETTINGS(members) "{" ROOT ",\"config\":{" members "}}"

static void test_config(void **state)
{
	(void)state;
	good(read_config(
		"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"created\":\"c\","
		"\"author\":\"a\"," ROOT ",\"history\":[{}],\"config\":{\"User\":\"u\","
		"\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGINT\",\"Env\":[\"A=1\",\"B=\"],"
		"\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\",\"d\"],\"Volumes\":{\"/v\":{},\"/x\":null},"
		"\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"l\":\"m\"},\"Memory\":5,"
		"\"Healthcheck\":{\"Test\":[\"CMD\",\"t\"],\"Interval\":1,\"Timeout\":2,"
		"\"StartPeriod\":3,\"Retries\":4,\"StartInterval\":5}}}"));
	assert_string_equal(config.platform.architecture, "arm");
	assert_string_equal(config.platform.variant, "v7");
	assert_string_equal(config.created, "c");
	assert_string_equal(config.author, "a");
	assert_string_equal(config.user, "u");
	assert_string_equal(config.working_directory, "/w");
	assert_string_equal(config.stop_signal, "SIGINT");
	assert_int_equal(config.environment.count, 2);
	assert_string_equal(config.environment.items[1], "B=");
	assert_string_equal(config.entrypoint.items[0], "e");
	assert_string_equal(config.command.items[1], "d");
	assert_int_equal(config.volumes.count, 2);
	assert_string_equal(config.volumes.items[1], "/x");
	assert_string_equal(config.exposed_ports.items[0], "80/tcp");
	assert_string_equal(annotation(config.labels, "l"), "m");
	assert_string_equal(config.health->test.items[1], "t");
	assert_true(config.health->interval == 1 && config.health->timeout == 2);
	assert_true(config.health->start_period == 3 && config.health->retries == 4);
	assert_int_equal(config.diff_id_count, 1);
	assert_int_equal(cJSON_GetArraySize(config.history), 1);
	good(read_config("{" ROOT "}"));
	assert_string_equal(config.user, "");
	assert_string_equal(config.platform.os, "");
	assert_null(config.health);
	good(read_config("{" ROOT
			 ",\"config\":null,\"history\":null,\"os\":null,\"created\":null}"));
	good(read_config(SETTINGS("\"User\":null,\"Env\":null,\"Cmd\":null,\"Volumes\":null,"
				  "\"Labels\":null,\"Healthcheck\":null")));
	assert_int_equal(config.environment.count, 0);
}

static void test_config_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "c: line 1: rootfs: missing" },
		{ "{\"rootfs\":null}", "rootfs: missing" },
		{ "{\"rootfs\":{}}", "rootfs.type: not \"layers\"" },
		{ "{\"rootfs\":{\"type\":\"tree\"}}", "rootfs.type: not \"layers\"" },
		{ "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1]}}",
		  "rootfs.diff_ids: not an array of strings" },
		{ "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\",\"x\"]}}",
		  "rootfs.diff_ids[1]: x: not a digest" },
		{ "{\"os\":1," ROOT "}", "os: not a string" },
		{ "{\"history\":{}," ROOT "}", "history: not an array" },
		{ "{\"config\":[]," ROOT "}", "config: not an object" },
		{ SETTINGS("\"User\":5"), "config.User: not a string" },
		{ SETTINGS("\"Env\":\"x\""), "config.Env: not an array" },
		{ SETTINGS("\"Env\":[1]"), "config.Env: not an array of strings" },
		{ SETTINGS("\"Cmd\":[null]"), "config.Cmd: not an array of strings" },
		{ SETTINGS("\"Entrypoint\":\"sh\""), "config.Entrypoint: not an array" },
		{ SETTINGS("\"Volumes\":[\"/a\"]"), "config.Volumes: not an object" },
		{ SETTINGS("\"Labels\":{\"a\":1}"), "config.Labels: not an object of strings" },
		{ SETTINGS("\"Healthcheck\":{\"Test\":\"x\"}"),
		  "config.Healthcheck.Test: not an array" },
		{ SETTINGS("\"Healthcheck\":{\"Interval\":-1}"),
		  "config.Healthcheck.Interval: not a whole" },
		{ SETTINGS("\"Healthcheck\":{\"Retries\":4294967296}"),
		  "config.Healthcheck.Retries" },
		{ SETTINGS("\"User\":\"a\",\"User\":\"b\""), "duplicate key" },
		{ SETTINGS("\"Labels\":{\"a\":\"b\",\"a\":\"c\"}"), "duplicate key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(read_config(cases[i][0]), cases[i][0], cases[i][1]);
}

static void test_media_types(void **state)
{
	static const struct {
		const char *type;
		enum media_kind kind;
	} cases[] = {
		{ MEDIA_OCI_INDEX, MEDIA_KIND_INDEX },
		{ MEDIA_DOCKER_INDEX, MEDIA_KIND_INDEX },
		{ MEDIA_OCI_MANIFEST, MEDIA_KIND_MANIFEST },
		{ MEDIA_DOCKER_MANIFEST, MEDIA_KIND_MANIFEST },
		{ MEDIA_OCI_CONFIG, MEDIA_KIND_CONFIG },
		{ MEDIA_DOCKER_CONFIG, MEDIA_KIND_CONFIG },
		{ MEDIA_OCI_LAYER, MEDIA_KIND_LAYER_TAR },
		{ MEDIA_OCI_LAYER_GZIP, MEDIA_KIND_LAYER_GZIP },
		{ MEDIA_OCI_LAYER_ZSTD, MEDIA_KIND_LAYER_ZSTD },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_KIND_LAYER_TAR },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		  MEDIA_KIND_LAYER_GZIP },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		  MEDIA_KIND_LAYER_ZSTD },
		{ MEDIA_DOCKER_LAYER, MEDIA_KIND_LAYER_TAR },
		{ MEDIA_DOCKER_LAYER_GZIP, MEDIA_KIND_LAYER_GZIP },
		{ "application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_KIND_LAYER_ZSTD },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		  MEDIA_KIND_LAYER_GZIP },
		{ MEDIA_EROFS, MEDIA_KIND_LAYER_EROFS },
		{ MEDIA_SQUASHFS, MEDIA_KIND_LAYER_SQUASHFS },
		{ MEDIA_SQUASHFS "+zstd", MEDIA_KIND_LAYER_SQUASHFS },
		{ MEDIA_SQUASHFS "+verity", MEDIA_KIND_LAYER_SQUASHFS },
		{ MEDIA_SQUASHFS "+zstd+verity", MEDIA_KIND_LAYER_SQUASHFS },
		{ MEDIA_SQUASHFS "+verity+zstd", MEDIA_KIND_OTHER },
		{ MEDIA_SQUASHFS "x", MEDIA_KIND_OTHER },
		{ MEDIA_OCI_LAYER "+xz", MEDIA_KIND_OTHER },
		{ MEDIA_OCI_LAYER "+encrypted", MEDIA_KIND_OTHER },
		{ MEDIA_OCI_LAYER "+gzip+encrypted", MEDIA_KIND_OTHER },
		{ MEDIA_OCI_LAYER "xgzip", MEDIA_KIND_OTHER },
		{ MEDIA_OCI_EMPTY, MEDIA_KIND_OTHER },
		{ "", MEDIA_KIND_OTHER },
		{ "text/plain", MEDIA_KIND_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (media_kind(cases[i].type) != cases[i].kind)
			fail_msg("%s", cases[i].type);
	}
}

/* What is written is read back the same, and writing that gives the same text. */
static void test_write(void **state)
{
	static const char manifest_text[] = MANIFEST(
		"\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"artifactType\":\"a/b\"," ANY_CONFIG
		",\"layers\":[{\"mediaType\":\"a/b\"," DIGEST ",\"size\":4611686018427387904,"
		"\"artifactType\":\"c/d\",\"annotations\":{\"k\":\"\\\"v\"}}],"
		"\"subject\":" BLOB(MEDIA_OCI_MANIFEST) ",\"annotations\":{\"a\":\"b\"}");
	static const char index_text[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[{" TYPE
		"," DIGEST ",\"size\":1,\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\","
		"\"os.version\":\"1\",\"variant\":\"v7\"}}],\"annotations\":{\"a\":\"b\"}}";
	static const char config_text[] =
		"{\"created\":\"2026-01-01T00:00:00Z\",\"author\":\"a\",\"architecture\":\"arm\",\"os\":\"linux\","
		"\"variant\":\"v7\",\"config\":{\"User\":\"u\",\"ExposedPorts\":{\"80/tcp\":{}},"
		"\"Env\":[\"A=1\"],\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"],\"Volumes\":{\"/v\":{}},"
		"\"WorkingDir\":\"/w\",\"Labels\":{\"l\":\"m\"},\"StopSignal\":\"SIGINT\","
		"\"Healthcheck\":{\"Test\":[\"NONE\"],\"Interval\":1,\"Retries\":4}}," ROOT
		",\"history\":[{\"created_by\":\"x\"}]}";
	size_t size;

	(void)state;
	good(read_manifest(manifest_text, NULL));
	assert_string_equal(manifest_write(&arena, &manifest, &size), manifest_text);
	assert_int_equal(size, strlen(manifest_text));
	manifest.media_type = NULL; /* OCI's */
	assert_string_equal(manifest_write(&arena, &manifest, &size), manifest_text);
	good(read_index(index_text, NULL));
	assert_string_equal(index_write(&arena, &list, &size), index_text);
	good(read_config(config_text));
	assert_string_equal(config_write(&arena, &config, &size), config_text);
	config_empty(&config);
	assert_string_equal(config_write(&arena, &config, &size),
			    "{\"architecture\":\"\",\"os\":\"\",\"config\":{},"
			    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_manifest, tear_down),
		cmocka_unit_test_teardown(test_manifest_kinds, tear_down),
		cmocka_unit_test_teardown(test_manifest_refused, tear_down),
		cmocka_unit_test_teardown(test_descriptor_refused, tear_down),
		cmocka_unit_test_teardown(test_index, tear_down),
		cmocka_unit_test_teardown(test_limits, tear_down),
		cmocka_unit_test_teardown(test_config, tear_down),
		cmocka_unit_test_teardown(test_config_refused, tear_down),
		cmocka_unit_test_teardown(test_media_types, tear_down),
		cmocka_unit_test_teardown(test_write, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
