/* SPDX-License-Identifier: Apache-2.0 */
/* appc ACIs: every row of the mapping, there and back; dependencies; pathWhitelist. */
#include "tests/unit/image_transfer_world.h"

#include "image/transfer/aci.h"
#include "lib/json.h"

static struct tar tar;

static int set_up(void **state)
{
	transfer_set_up(state);
	request = (struct import_request){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	return transfer_tear_down(state);
}

#define HEAD "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/app\","
#define USER "\"user\":\"100\",\"group\":\"300\""
#define APP HEAD "\"app\":{\"exec\":[\"/x\"]," USER ","

static void add_root(const char *path, const char *data)
{
	add_text(&tar, path, data);
}

static void add_directory(const char *path)
{
	tar_add(&tar, &(struct tar_entry){ .name = path, .type = '5', .mode = 0755 });
}

/* An ACI of this manifest and one file. */
static void make_aci(const char *manifest)
{
	add_text(&tar, "manifest", manifest);
	add_directory("rootfs/");
	add_root("rootfs/x", "program");
	finish_tar(&tar);
}

/* The image's manifest and config as text. */
static const char *texts_of(const char *name)
{
	struct image image;

	assert_int_equal(image_load(&arena, store, name, NULL, &image), 0);
	return arena_printf(&arena, "%.*s\n%.*s", (int)image.manifest_size, image.manifest_text,
			    (int)image.config_size, image.config_text);
}

static void expect(const char *text, const char *wanted, const char *what)
{
	if (!strstr(text, wanted))
		fail_msg("%s: %s\nis not in %s", what, wanted, text);
}

static void export_to(const char *name, enum image_format format, const char *place)
{
	const struct export_request export = { .path = place,
					       .folder = AT_FDCWD,
					       .format = format };

	if (image_export(store, &settings, name, &export) < 0)
		fail_msg("%s", error_last()->text);
}

/* ---- every row of the table ---- */

static const struct row {
	const char *manifest; /* after HEAD or APP */
	const char *wanted;   /* in the manifest or the config */
	const char *again;    /* after export and import; NULL: the same */
} rows[] = {
#define LABEL "\"cruet.appc\":\"{"
#define Q "\\\""
	{ HEAD "\"labels\":[{\"name\":\"version\",\"value\":\"1.2\"}]}",
	  "\"org.opencontainers.image.version\":\"1.2\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":"
	       "\"amd64\"}]}",
	  "\"architecture\":\"amd64\",\"os\":\"linux\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"aarch64\"}]}",
	  "\"architecture\":\"arm64\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"armv7l\"}]}",
	  "\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"armv6l\"}]}", "\"variant\":\"v6\"",
	  NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"armv5tel\"}]}", "\"variant\":\"v5\"",
	  NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"i386\"}]}", "\"architecture\":\"386\"",
	  NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"mipsel\"}]}",
	  "\"architecture\":\"mipsle\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"ppc64le\"}]}",
	  "\"architecture\":\"ppc64le\"", NULL },
	{ HEAD "\"labels\":[{\"name\":\"arch\",\"value\":\"aarch64_be\"}]}",
	  "\"architecture\":\"aarch64_be\"", NULL },
	{ HEAD "\"labels\":[]}", "\"config\":{}", NULL }, /* nothing to run: a base */
	{ HEAD "\"annotations\":[{\"name\":\"created\",\"value\":\"2014-10-27T19:32:27Z\"}]}",
	  "\"created\":\"2014-10-27T19:32:27Z\"", NULL },
	{ HEAD "\"annotations\":[{\"name\":\"authors\",\"value\":\"me\"}]}", "\"author\":\"me\"",
	  NULL },
	{ HEAD "\"annotations\":[{\"name\":\"homepage\",\"value\":\"https://a.example\"}]}",
	  "\"org.opencontainers.image.url\":\"https://a.example\"", NULL },
	{ HEAD "\"annotations\":[{\"name\":\"documentation\",\"value\":\"https://d.example\"}]}",
	  "\"org.opencontainers.image.documentation\":\"https://d.example\"", NULL },
	{ HEAD "\"annotations\":[{\"name\":\"appc.io/executor/supports-systemd-notify\",\"value\":"
	       "\"true\"}]}",
	  "\"appc.io/executor/supports-systemd-notify\":\"true\"", NULL },
	{ HEAD "\"annotations\":[{\"name\":\"cruet.appc\",\"value\":\"{}\"}]}",
	  "\"cruet.appc.ignored\":\"annotation cruet.appc\"", "\"config\":{}" },
	{ HEAD "\"app\":{\"exec\":[\"/a\",\"-b\"]," USER "}}", "\"Entrypoint\":[\"/a\",\"-b\"]",
	  NULL },
	{ HEAD "\"app\":{" USER "}}", "\"User\":\"100:300\"", NULL },
	{ HEAD "\"app\":{\"user\":\"me\",\"group\":\"/bin/ping\"}}", "\"User\":\"me:/bin/ping\"",
	  NULL },
	{ APP "\"supplementaryGIDs\":[4,5]}}", Q "supplementaryGids" Q ":[4,5]", NULL },
	{ APP "\"supplementaryGids\":[400]}}", Q "supplementaryGids" Q ":[400]", NULL },
	{ APP "\"workingDirectory\":\"/opt\"}}", "\"WorkingDir\":\"/opt\"", NULL },
	{ APP "\"workingDirectory\":\"/opt\"}}", LABEL Q "cwdMustExist" Q ":true", NULL },
	{ APP "\"environment\":[{\"name\":\"A\",\"value\":\"b=c\"}]}}",
	  "\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	  "\"AC_APP_NAME=example.com/app\",\"container=cruet\",\"A=b=c\"]",
	  "\"A=b=c\"" },
	{ APP "\"environment\":[{\"name\":\"PATH\",\"value\":\"/bin\"}]}}",
	  "\"Env\":[\"AC_APP_NAME=example.com/app\",\"container=cruet\",\"PATH=/bin\"]", NULL },
	{ APP "\"mountPoints\":[{\"name\":\"work\",\"path\":\"/var//work/\",\"readOnly\":true}]}}",
	  Q "mounts" Q ":[{" Q "name" Q ":" Q "work" Q "," Q "path" Q ":" Q "/var/work" Q "," Q
	    "readOnly" Q ":true}]",
	  NULL },
	{ APP "\"ports\":[{\"name\":\"http\",\"port\":80,\"protocol\":\"tcp\",\"count\":2,"
	      "\"socketActivated\":true}]}}",
	  Q "ports" Q ":[{" Q "name" Q ":" Q "http" Q "," Q "protocol" Q ":" Q "tcp" Q "," Q
	    "port" Q ":80," Q "count" Q ":2," Q "socketActivated" Q ":true}]",
	  NULL },
	{ APP "\"ports\":[{\"name\":\"http\",\"port\":80,\"protocol\":\"tcp\",\"count\":2}]}}",
	  "\"ExposedPorts\":{\"80/tcp\":{},\"81/tcp\":{}}", NULL },
	{ APP "\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\",\"b\"]},"
	      "{\"name\":\"post-stop\",\"exec\":[\"/c\"]}]}}",
	  Q "eventHandlers" Q ":[{" Q "name" Q ":" Q "pre-start" Q "," Q "exec" Q ":[" Q "/a" Q
	    "," Q "b" Q "]},{" Q "name" Q ":" Q "post-stop" Q "," Q "exec" Q ":[" Q "/c" Q "]}]",
	  NULL },
	{ APP "\"eventHandlers\":[{\"name\":\"post-stop\",\"exec\":[\"/c\"]}],\"ports\":[{\"name\":"
	      "\"a\",\"port\":1,\"protocol\":\"sctp\",\"socketActivated\":true}]}}",
	  "\"cruet.appc.ignored\":\"socketActivated, post-stop\"", NULL },
	{ APP "\"userAnnotations\":{\"A b\":\"c\"}}}", "\"cruet.appc.user-annotation/A b\":\"c\"",
	  NULL },
	{ APP "\"userLabels\":{\"cruet.appc\":\"c\"}}}",
	  "\"cruet.appc.user-label/cruet.appc\":\"c\"", NULL },
#define ISOLATOR(name, value) APP "\"isolators\":[{\"name\":\"" name "\",\"value\":" value "}]}}"
	{ ISOLATOR("resource/cpu", "{\"request\":\"250m\",\"limit\":\"1.5\"}"),
	  Q "cpu" Q ":{" Q "shares" Q ":256," Q "quota" Q ":150000," Q "period" Q ":100000}",
	  NULL },
	{ ISOLATOR("resource/cpu", "{\"limit\":2}"), Q "shares" Q ":2048," Q "quota" Q ":200000",
	  NULL },
	{ ISOLATOR("resource/memory", "{\"request\":\"1G\",\"limit\":\"2Gi\"}"),
	  Q "memory" Q ":{" Q "limit" Q ":2147483648," Q "reservation" Q ":1000000000}", NULL },
	{ ISOLATOR("resource/memory", "{\"limit\":\"500K\"}"),
	  Q "limit" Q ":500000," Q "reservation" Q ":500000", NULL },
	{ ISOLATOR("os/linux/capabilities-retain-set", "{\"set\":[\"CAP_KILL\"]}"),
	  Q "capabilities" Q ":{" Q "bounding" Q ":[" Q "CAP_KILL" Q "]," Q "effective" Q ":[" Q
	    "CAP_KILL" Q "]," Q "permitted" Q ":[" Q "CAP_KILL" Q "]}",
	  NULL },
	{ ISOLATOR("os/linux/capabilities-remove-set",
		   "{\"set\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}"),
	  Q "bounding" Q ":[" Q "CAP_AUDIT_WRITE" Q "," Q "CAP_DAC_OVERRIDE" Q "," Q "CAP_FSETID" Q,
	  NULL },
	{ APP "\"isolators\":[]}}",
	  Q "bounding" Q ":[" Q "CAP_AUDIT_WRITE" Q "," Q "CAP_CHOWN" Q "," Q "CAP_DAC_OVERRIDE" Q,
	  NULL },
	{ ISOLATOR("os/linux/seccomp-retain-set", "{\"errno\":\"\",\"set\":[\"read\"]}"),
	  Q "seccomp" Q ":{" Q "defaultAction" Q ":" Q "SCMP_ACT_KILL_PROCESS" Q "," Q "syscalls" Q
	    ":[{" Q "names" Q ":[" Q "execve" Q "," Q "exit" Q "," Q "exit_group" Q "," Q
	    "rt_sigreturn" Q "," Q "read" Q "]," Q "action" Q ":" Q "SCMP_ACT_ALLOW" Q "}]}",
	  Q "SCMP_ACT_ALLOW" Q "}]}" },
	{ ISOLATOR("os/linux/seccomp-retain-set", "{\"errno\":\"EPERM\",\"set\":[\"read\"]}"),
	  Q "defaultAction" Q ":" Q "SCMP_ACT_ERRNO" Q "," Q "defaultErrnoRet" Q ":" Q "EPERM" Q,
	  NULL },
	{ ISOLATOR("os/linux/seccomp-remove-set", "{\"errno\":\"ENOSYS\",\"set\":[\"reboot\"]}"),
	  Q "defaultAction" Q ":" Q "SCMP_ACT_ALLOW" Q "," Q "syscalls" Q ":[{" Q "names" Q ":[" Q
	    "reboot" Q "]," Q "action" Q ":" Q "SCMP_ACT_ERRNO" Q "," Q "errnoRet" Q ":" Q
	    "ENOSYS" Q "}]",
	  NULL },
	{ ISOLATOR("os/linux/seccomp-remove-set", "{\"set\":[\"reboot\"]}"),
	  Q "action" Q ":" Q "SCMP_ACT_KILL_PROCESS" Q, NULL },
	{ ISOLATOR("os/linux/seccomp-retain-set", "{\"set\":[\"read\",\"@appc.io/all\"]}"),
	  Q "linux" Q ":{}", Q "patch" Q },
	{ ISOLATOR("os/linux/no-new-privileges", "true"), Q "noNewPrivileges" Q ":true", NULL },
	{ ISOLATOR("os/linux/selinux-context",
		   "{\"user\":\"u\",\"role\":\"r\",\"type\":\"t\",\"level\":\"s0:c1\"}"),
	  Q "selinuxLabel" Q ":" Q "u:r:t:s0:c1" Q, NULL },
	{ ISOLATOR("os/linux/apparmor-profile", "{\"profile\":\"p\"}"),
	  Q "apparmorProfile" Q ":" Q "p" Q, NULL },
	{ ISOLATOR("os/unix/sysctl", "{\"net.ipv4.ip_forward\":\"1\",\"kernel.panic\":\"1\"}"),
	  Q "sysctl" Q ":{" Q "net.ipv4.ip_forward" Q ":" Q "1" Q "}", NULL },
	{ ISOLATOR("os/unix/sysctl", "{\"net.ipv4.ip_forward\":\"1\",\"kernel.panic\":\"1\"}"),
	  "\"cruet.appc.ignored\":\"kernel.panic\"", Q "net.ipv4.ip_forward" Q },
	{ ISOLATOR("os/linux/oom-score-adj", "-5"), Q "oomScoreAdj" Q ":-5", NULL },
	{ ISOLATOR("os/linux/cpu-shares", "512"), Q "shares" Q ":512", NULL },
	{ ISOLATOR("resource/network-bandwidth", "{\"default\":true,\"limit\":\"1G\"}"),
	  "\"cruet.appc.ignored\":\"resource/network-bandwidth\"", Q "patch" Q },
	{ ISOLATOR("resource/block-iops", "{\"default\":true,\"limit\":\"1\"}"),
	  Q "ignored" Q ":[" Q "resource/block-iops" Q "]", Q "patch" Q },
	{ ISOLATOR("resource/block-bandwidth", "{\"default\":true,\"limit\":\"1\"}"),
	  "\"cruet.appc.ignored\":\"resource/block-bandwidth\"", Q "patch" Q },
	{ ISOLATOR("example.com/unknown", "1"), "\"cruet.appc.ignored\":\"example.com/unknown\"",
	  Q "patch" Q },
};

static void test_rows(void **state)
{
	char place[120];

	(void)state;
	snprintf(place, sizeof(place), "%s/back.aci", world_path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		const char *name = strstr(row->manifest, "\"version\",") ? "example.com/app:1.2" :
									   "example.com/app";

		make_aci(row->manifest);
		import_works(1, name, NULL);
		expect(texts_of(name), row->wanted, row->manifest);
		export_to(name, FORMAT_ACI, place);
		if (import_path(place) != 1)
			fail_msg("%s: %s", row->manifest, error_last()->text);
		expect(texts_of(name), row->again ? row->again : row->wanted, row->manifest);
	}
}

static void test_wrong_manifests(void **state)
{
	static const char *const wrong[][2] = {
		{ "{", "manifest" },
		{ "{}", "acKind" },
		{ "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.1\",\"name\":\"a\"}", "acKind" },
		{ "{\"acKind\":\"ImageManifest\",\"acVersion\":\"1.0.0\",\"name\":\"a\"}",
		  "acVersion" },
		{ "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.1\",\"name\":\"A\"}",
		  "AC Identifier" },
		{ "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.1\",\"name\":\"a..b\"}",
		  "AC Identifier" },
		{ HEAD "\"labels\":[{\"name\":\"name\",\"value\":\"x\"}]}", "cannot be a label" },
		{ HEAD
		  "\"labels\":[{\"name\":\"a\",\"value\":\"x\"},{\"name\":\"a\",\"value\":\"y\"}]}",
		  "there twice" },
		{ HEAD "\"annotations\":[{\"name\":\"A\",\"value\":\"x\"}]}", "is no name" },
		{ HEAD "\"annotations\":[{\"name\":\"created\",\"value\":\"today\"}]}", "a time" },
		{ HEAD "\"app\":{\"user\":\"1\"}}", "group" },
		{ HEAD "\"app\":{\"group\":\"1\"}}", "user" },
		{ HEAD "\"app\":{\"user\":\"a:b\",\"group\":\"1\"}}", "must be names" },
		{ APP "\"exec\":[1]}}", "duplicate key" },
		{ HEAD "\"app\":{\"exec\":[1]," USER "}}", "must be strings" },
		{ APP "\"workingDirectory\":\"opt\"}}", "absolute" },
		{ APP "\"environment\":[{\"name\":\"A=\",\"value\":\"\"}]}}", "is no name" },
		{ APP "\"supplementaryGids\":[-1]}}", "numbers" },
		{ APP "\"mountPoints\":[{\"name\":\"a\",\"path\":\"b\"}]}}", "absolute" },
		{ APP "\"mountPoints\":[{\"name\":\"A\",\"path\":\"/b\"}]}}", "AC Name" },
		{ APP "\"mountPoints\":[{\"name\":\"a\",\"path\":\"/b\"},{\"name\":\"c\",\"path\":"
		      "\"/b/../b/c\"}]}}",
		  "overlaps" },
		{ APP "\"ports\":[{\"name\":\"a\",\"port\":0,\"protocol\":\"tcp\"}]}}", "from 1" },
		{ APP
		  "\"ports\":[{\"name\":\"a\",\"port\":65535,\"protocol\":\"tcp\",\"count\":2}]}}",
		  "from 1" },
		{ APP "\"eventHandlers\":[{\"name\":\"post-start\",\"exec\":[\"/a\"]}]}}",
		  "neither" },
		{ APP "\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\"]},{\"name\":"
		      "\"pre-start\",\"exec\":[\"/a\"]}]}}",
		  "twice" },
		{ APP
		  "\"isolators\":[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{"
		  "\"set\":[]}},{\"name\":\"os/linux/capabilities-remove-set\",\"value\":{\"set\":"
		  "[]}}]}}",
		  "together" },
		{ APP
		  "\"isolators\":[{\"name\":\"os/linux/seccomp-retain-set\",\"value\":{\"set\":["
		  "\"a\"]}},{\"name\":\"os/linux/seccomp-remove-set\",\"value\":{\"set\":[\"a\"]}}]"
		  "}}",
		  "only one seccomp" },
		{ ISOLATOR("os/linux/seccomp-retain-set", "{\"set\":[]}"), "empty" },
		{ ISOLATOR("os/linux/seccomp-retain-set", "{\"set\":[\"@rkt/default\"]}"),
		  "@rkt/default" },
		{ ISOLATOR("os/linux/seccomp-retain-set", "{\"errno\":\"EFOO\",\"set\":[\"a\"]}"),
		  "EFOO" },
		{ ISOLATOR("resource/cpu", "{\"limit\":\"1x\"}"), "quantity" },
		{ ISOLATOR("resource/cpu", "{\"limit\":\"-1\"}"), "quantity" },
		{ ISOLATOR("resource/memory", "{\"limit\":\"99999999999E\"}"), "quantity" },
		{ ISOLATOR("os/linux/oom-score-adj", "1001"), "out of range" },
		{ ISOLATOR("os/linux/no-new-privileges", "\"yes\""), "wrong type" },
		{ HEAD "\"dependencies\":[{\"imageName\":\"A\"}]}", "AC Identifier" },
		{ HEAD "\"dependencies\":[{\"imageName\":\"gone\"}]}", "import it first" },
		{ HEAD "\"dependencies\":[{\"imageName\":\"example.com/app\"}]}",
		  "the image itself" },
		{ HEAD "\"dependencies\":[{\"imageName\":\"a\",\"imageID\":\"sha512-0123\"}]}",
		  "is none" },
		{ HEAD "\"pathWhitelist\":[\"etc\"]}", "absolute" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		make_aci(wrong[i][0]);
		import_fails(wrong[i][1]);
	}
}

/* Attack row 24, and what OCI cannot say. */
static void test_wrong_archives(void **state)
{
	(void)state;
	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_directory("rootfs/");
	add_root("third", "");
	finish_tar(&tar);
	import_fails("third: an ACI has");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	finish_tar(&tar);
	import_fails("manifest: is there twice");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_directory("rootfs/");
	add_root("rootfs/a", "1");
	add_root("rootfs/a", "2");
	finish_tar(&tar);
	import_fails("rootfs/a: is there twice");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	finish_tar(&tar);
	import_fails("rootfs: is missing");

	add_directory("rootfs/");
	finish_tar(&tar);
	import_fails("manifest: is missing");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_link(&tar, "rootfs", "/");
	finish_tar(&tar);
	import_fails("rootfs: an ACI has");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_directory("rootfs/");
	add_root("rootfs/.wh.a", "");
	finish_tar(&tar);
	import_fails("removes files");

	add_text(&tar, "manifest", HEAD "\"labels\":[]}");
	add_directory("rootfs/");
	tar_add(&tar, &(struct tar_entry){ .name = "rootfs/a", .link = "manifest", .type = '1' });
	finish_tar(&tar);
	import_fails("not in rootfs");
}

/* ---- dependencies ---- */

static void add_named(const char *name, const char *more, const char *file)
{
	char text[2000];

	snprintf(text, sizeof(text),
		 "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"%s\"%s}", name,
		 more);
	add_text(&tar, "manifest", text);
	add_directory("rootfs/");
	if (*file)
		add_root(file, name);
}

static void import_named(const char *name, const char *more, const char *file)
{
	add_named(name, more, file);
	finish_tar(&tar);
	import_works(1, name, NULL);
}

#define NEEDS(list) ",\"dependencies\":[" list "]"
#define ON(name) "{\"imageName\":\"" name "\"}"

static size_t layers_of(const char *name, struct image *image)
{
	assert_int_equal(image_load(&arena, store, name, NULL, image), 0);
	return image->manifest.layer_count;
}

static void test_dependencies(void **state)
{
	struct image a, b, c, d;

	(void)state;
	/* A -> [B, C], B -> [D], C -> [D]: D, B, D, C, A. */
	import_named("d", "", "rootfs/d");
	import_named("b", NEEDS(ON("d")), "rootfs/b");
	import_named("c", NEEDS(ON("d")), "rootfs/c");
	import_named("a", NEEDS(ON("b") "," ON("c")), "rootfs/a");
	layers_of("b", &b);
	layers_of("c", &c);
	assert_int_equal(layers_of("d", &d), 1);
	assert_int_equal(layers_of("a", &a), 5);
	assert_true(digest_equal(&a.config.diff_ids[0], &d.config.diff_ids[0]));
	assert_true(digest_equal(&a.config.diff_ids[1], &b.config.diff_ids[1]));
	assert_true(digest_equal(&a.config.diff_ids[2], &d.config.diff_ids[0]));
	assert_true(digest_equal(&a.config.diff_ids[3], &c.config.diff_ids[1]));

	/* A cycle by name: what D needs now stands on D. */
	add_named("d", NEEDS(ON("b")), "rootfs/d");
	finish_tar(&tar);
	import_fails("needs d itself");
}

static void test_dependency_is_the_one(void **state)
{
	char more[600], size[32];
	struct image image;
	const char *id;

	(void)state;
	import_named("base", ",\"labels\":[{\"name\":\"env\",\"value\":\"canary\"}]", "rootfs/d");
	layers_of("base", &image);
	id = annotation(image.manifest.annotations, ACI_ID);
	assert_int_equal(strlen(id), 7 + 128);
	snprintf(size, sizeof(size), "%s", annotation(image.manifest.annotations, ACI_SIZE));

	snprintf(more, sizeof(more),
		 NEEDS("{\"imageName\":\"base\",\"imageID\":\"%s\",\"size\":%s}"), id, size);
	import_named("app", more, "rootfs/a");
	assert_int_equal(layers_of("app", &image), 2);
	snprintf(more, sizeof(more), NEEDS("{\"imageName\":\"base\",\"size\":%s0}"), size);
	add_named("app", more, "rootfs/a");
	finish_tar(&tar);
	import_fails("the manifest says");
	snprintf(more, sizeof(more),
		 NEEDS("{\"imageName\":\"base\",\"imageID\":\"sha512-%0128d\"}"), 0);
	add_named("app", more, "rootfs/a");
	finish_tar(&tar);
	import_fails("its image ID is another one");
	add_named(
		"app",
		NEEDS("{\"imageName\":\"base\",\"labels\":[{\"name\":\"env\",\"value\":\"other\"}]}"),
		"rootfs/a");
	finish_tar(&tar);
	import_fails("import it first");
	import_named(
		"app",
		NEEDS("{\"imageName\":\"base\",\"labels\":[{\"name\":\"env\",\"value\":\"canary\"}"
		      "]}"),
		"rootfs/a");
}

/* ---- what is in the layers ---- */

/* "NAME TYPE[ LINK];" of each entry of a layer. */
static const char *listing(const struct descriptor *layer)
{
	auto_fd int fd = store_blob_open(store, &layer->digest, layer->size);
	const struct archive_request layer_request = { .name = "layer",
						       .source = archive_source_fd,
						       .data = &fd };
	auto_archive struct archive *archive = NULL;
	const char *text = "";
	struct entry entry;

	assert_true(fd >= 0);
	assert_int_equal(archive_open(&layer_request, &archive), 0);
	while (archive_next(archive, &entry) > 0)
		text = arena_printf(&arena, "%s%s %d%s%s;", text, entry.path, entry.type,
				    *entry.link ? " " : "", entry.link);
	return text;
}

static void test_layer(void **state)
{
	struct image image;

	(void)state;
	add_directory("./");
	add_directory("./rootfs/");
	add_text(&tar, "./manifest", HEAD "\"labels\":[]}");
	add_root("./rootfs/usr/lib/a", "1"); /* its folders are not in the archive */
	tar_add(&tar,
		&(struct tar_entry){ .name = "rootfs/b", .link = "rootfs/usr/lib/a", .type = '1' });
	add_link(&tar, "rootfs/c", "/rootfs/d");
	finish_tar(&tar);
	import_works(1, "example.com/app", NULL);
	assert_int_equal(layers_of("example.com/app", &image), 1);
	assert_string_equal(listing(&image.manifest.layers[0]),
			    " 5;usr 5;usr/lib 5;usr/lib/a 0;b 1 usr/lib/a;c 2 /rootfs/d;");
}

static void test_whitelist(void **state)
{
	struct image image;

	(void)state;
	/* The base: a folder that is replaced by a link above, and links of one file. */
	add_named("base", "", "rootfs/etc/hidden");
	add_root("rootfs/lib/a", "a of base");
	add_root("rootfs/lib/b", "b of base");
	tar_add(&tar,
		&(struct tar_entry){ .name = "rootfs/one", .link = "rootfs/lib/a", .type = '1' });
	tar_add(&tar,
		&(struct tar_entry){ .name = "rootfs/two", .link = "rootfs/lib/a", .type = '1' });
	finish_tar(&tar);
	import_works(1, "base", NULL);

	add_named("app",
		  NEEDS(ON("base")) ",\"pathWhitelist\":[\"/one\",\"/two\",\"/lib/b\",\"/etc\","
				    "\"/etc/hidden\",\"/never\"]",
		  "rootfs/other");
	add_root("rootfs/lib/a", "a of app");
	add_root("rootfs/lib/b", "b of app");
	add_link(&tar, "rootfs/etc", "lib");
	finish_tar(&tar);
	import_works(1, "app", NULL);
	assert_int_equal(layers_of("app", &image), 1);
	assert_string_equal(listing(&image.manifest.layers[0]),
			    "lib 5;lib/b 0;etc 2 lib;one 0;two 1 one;");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_wrong_manifests),
		TEST(test_wrong_archives),
		TEST(test_dependencies),
		TEST(test_dependency_is_the_one),
		TEST(test_layer),
		TEST(test_whitelist),
	};

	log_setup(&(struct log_options){ .fd = -1, .level_set = true, .level = LOG_LEVEL_ERROR });
	return cmocka_run_group_tests(tests, NULL, NULL);
}
