/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an image's config to config.json: image-spec conversion.md, rule by rule. All that is made
 * is read by the runtime's own parser.
 */
#include "tests/unit/test_lib.h"

#include "image/bundle/bundle.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "runtime/spec/spec.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CONFIG(members) \
	"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"rootfs\":{\"type\":\"layers\"," \
	"\"diff_ids\":[]},\"config\":{" members "}}"
#define SHELL "\"Cmd\":[\"sh\"]"

static struct arena arena;
static struct image image;
static struct bundle_request request;
static char folder[64];
static int root;

static int set_up(void **state)
{
	(void)state;
	root = make_folder(folder);
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	image = (struct image){ .name = "busybox:1" };
	assert_int_equal(digest_parse(&image.descriptor.digest, DIGEST, "digest"), 0);
	request = (struct bundle_request){
		.image = &image, .root = root, .root_path = "rootfs", .id = "web"
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, folder);
	arena_free(&arena);
	arena = (struct arena){ 0 };
	return 0;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const cJSON *convert(const char *config)
{
	const cJSON *node;
	size_t size;
	char *text;

	assert_int_equal(config_read(&arena, config, strlen(config), "config", &image.config), 0);
	text = bundle_config(&arena, &request, &size);
	if (!text)
		return NULL;
	assert_int_equal(strlen(text), size);
	if (!spec_parse(&arena, text, size, "config.json"))
		fail_msg("%s\n%s", error_last()->text, text);
	node = json_parse(&arena, text, size, "config.json");
	assert_non_null(node);
	return node;
}

/* A value by its path: "process.args[1]" is process, args, 1. */
static const char *at(const cJSON *node, const char *path)
{
	char *copy = arena_strdup(&arena, path), *save = NULL;
	const char *text;
	size_t size;

	for (char *part = strtok_r(copy, "/", &save); node && part;
	     part = strtok_r(NULL, "/", &save))
		node = cJSON_IsArray(node) ? cJSON_GetArrayItem(node, atoi(part)) :
					     cJSON_GetObjectItemCaseSensitive(node, part);
	if (!node)
		return "";
	if (cJSON_IsString(node))
		return node->valuestring;
	text = json_source(node, &size);
	return arena_strndup(&arena, text, size);
}

#define expect(config, path, value) assert_string_equal(at(config, path), value)

/* Joined by blanks. */
static const char *list(const cJSON *config, const char *path)
{
	char *text = arena_strdup(&arena, "");

	for (int i = 0; i < 50; i++) {
		const char *item = at(config, arena_printf(&arena, "%s/%d", path, i));

		if (*item)
			text = arena_printf(&arena, "%s%s%s", text, i ? " " : "", item);
	}
	return text;
}

/* Of the mounts. */
static const cJSON *mount_at(const cJSON *config, const char *destination)
{
	const cJSON *mount;

	cJSON_ArrayForEach(mount, cJSON_GetObjectItemCaseSensitive(config, "mounts"))
	{
		if (strcmp(at(mount, "destination"), destination) == 0)
			return mount;
	}
	return NULL;
}

static void refuse(const char *config, const char *message)
{
	error_clear();
	if (convert(config))
		fail_msg("accepted: %s", config);
	if (!strstr(error_last()->text, message))
		fail_msg("%s: %s", config, error_last()->text);
}

static void test_arguments(void **state)
{
	static const char *const command[] = { "ls", "-l" };

	(void)state;
	assert_string_equal(list(convert(CONFIG(SHELL)), "process/args"), "sh");
	assert_string_equal(list(convert(CONFIG("\"Entrypoint\":[\"a\",\"b\"],\"Cmd\":[\"c\"]")),
				 "process/args"),
			    "a b c");
	assert_string_equal(list(convert(CONFIG("\"Entrypoint\":[\"a\"],\"Cmd\":null")),
				 "process/args"),
			    "a");
	request.command = command;
	request.command_count = 2;
	assert_string_equal(list(convert(CONFIG("\"Entrypoint\":[\"a\"],\"Cmd\":[\"c\"]")),
				 "process/args"),
			    "a ls -l");
	assert_string_equal(list(convert(CONFIG("")), "process/args"), "ls -l");
	request.command_count = 0;
	refuse(CONFIG(""), "busybox:1: neither Entrypoint nor Cmd");
	refuse(CONFIG("\"Entrypoint\":[],\"Cmd\":[]"), "neither Entrypoint nor Cmd");
}

static void test_environment(void **state)
{
	static const char *const added[] = { "B=3", "C=", "HOME=/x" };

	(void)state;
	assert_string_equal(
		list(convert(CONFIG(SHELL)), "process/env"),
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/");
	assert_string_equal(
		list(convert(CONFIG(SHELL ",\"Env\":[\"A=1\",\"PATH=/b\",\"BB=2\",\"HOME=/h\"]")),
		     "process/env"),
		"A=1 PATH=/b BB=2 HOME=/h");
	request.environment = added;
	request.environment_count = 3;
	request.terminal = true;
	assert_string_equal(
		list(convert(CONFIG(SHELL
				    ",\"Env\":[\"A=1\",\"B=2\",\"PATH=\",\"BB=2\",\"HOME=/h\"]")),
		     "process/env"),
		"A=1 PATH= BB=2 B=3 C= HOME=/x TERM=xterm");
	assert_string_equal(list(convert(CONFIG(SHELL ",\"Env\":[\"TERM=dumb\"]")), "process/env"),
			    "TERM=dumb B=3 C= HOME=/x "
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

static void test_directory(void **state)
{
	(void)state;
	expect(convert(CONFIG(SHELL)), "process/cwd", "/");
	expect(convert(CONFIG(SHELL ",\"WorkingDir\":\"\"")), "process/cwd", "/");
	expect(convert(CONFIG(SHELL ",\"WorkingDir\":\"/a/../b\"")), "process/cwd", "/a/../b");
	refuse(CONFIG(SHELL ",\"WorkingDir\":\"a\""), "config.WorkingDir: a: not an absolute path");
}

static void test_usual(void **state)
{
	const cJSON *config;

	(void)state;
	config = convert(CONFIG(SHELL));
	expect(config, "root/path", "rootfs");
	expect(config, "root/readonly", "false");
	expect(config, "hostname", "web");
	expect(config, "process/terminal", "false");
	expect(config, "process/user/uid", "0");
	expect(config, "process/user/gid", "0");
	expect(config, "process/user/additionalGids", "");
	expect(config, "process/noNewPrivileges", "true");
	expect(config, "linux/resources/devices/0/allow", "false");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(
				 cJSON_GetObjectItem(cJSON_GetObjectItem(config, "process"),
						     "capabilities"),
				 "bounding")),
			 14);
	expect(config, "process/capabilities/ambient", "");
	expect(mount_at(config, "/sys"), "options/3", "ro");
	assert_non_null(mount_at(config, "/dev/mqueue"));
	expect(config, "hooks", "");
	request.read_only = request.terminal = true;
	request.hostname = "other";
	request.release_program = "/bin/cruet";
	config = convert(CONFIG(SHELL));
	expect(config, "root/readonly", "true");
	expect(config, "process/terminal", "true");
	expect(config, "hostname", "other");
	expect(config, "hooks/poststop/0/path", "/bin/cruet");
	assert_string_equal(list(config, "hooks/poststop/0/args"), "/bin/cruet image release web");
	/* An id may be longer than what the kernel takes for a name. */
	request.hostname = NULL;
	request.id = "0123456789012345678901234567890123456789012345678901234567890123456789";
	assert_int_equal(strlen(at(convert(CONFIG(SHELL)), "hostname")), 63);
}

static void test_annotations(void **state)
{
	struct trust_decision decision = { .allowed = true, .signer = "", .key = "" };
	const cJSON *config, *annotations;

	(void)state;
	request.decision = &decision;
	config = convert(
		"{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"os.version\":\"5\","
		"\"os.features\":[\"f\",\"g\"],\"author\":\"me\",\"created\":\"2026-01-01T00:00:00Z\","
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{" SHELL
		",\"StopSignal\":\"SIGINT\",\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},"
		"\"Labels\":{\"a\":\"b\",\"org.opencontainers.image.author\":\"other\"}}}");
	annotations = cJSON_GetObjectItem(config, "annotations");
	expect(annotations, "a", "b");
	expect(annotations, "org.opencontainers.image.author", "other");
	expect(annotations, "org.opencontainers.image.os", "linux");
	expect(annotations, "org.opencontainers.image.architecture", "arm");
	expect(annotations, "org.opencontainers.image.variant", "v7");
	expect(annotations, "org.opencontainers.image.os.version", "5");
	expect(annotations, "org.opencontainers.image.os.features", "f,g");
	expect(annotations, "org.opencontainers.image.created", "2026-01-01T00:00:00Z");
	expect(annotations, "org.opencontainers.image.stopSignal", "SIGINT");
	expect(annotations, "org.opencontainers.image.exposedPorts", "80/tcp,53/udp");
	expect(annotations, "cruet.image.name", "busybox:1");
	expect(annotations, "cruet.image.digest", DIGEST);
	expect(annotations, "cruet.image.signer", "");
	decision.signer = "factory";
	decision.key = "0123456789ABCDEF";
	config = convert(CONFIG(SHELL));
	annotations = cJSON_GetObjectItem(config, "annotations");
	expect(annotations, "cruet.image.signer", "factory");
	expect(annotations, "cruet.image.key", "0123456789ABCDEF");
	expect(annotations, "org.opencontainers.image.author", "");
	/* An image does not say who vouches for it. */
	refuse(CONFIG(SHELL ",\"Labels\":{\"cruet.image.signer\":\"factory\"}"),
	       "config.Labels: cruet.image.signer: a name of ours");
}

static void test_volumes(void **state)
{
	static const char *const volumes[] = { "/data=/srv/data:ro", "/etc/x/=/srv/x",
					       "/a=/srv/a:b" };
	const cJSON *config;
	int position = -1, index = 0;
	const cJSON *mount;

	(void)state;
	assert_int_equal(mkdirat(root, "data", 0750), 0);
	assert_int_equal(fchmodat(root, "data", 0750, 0), 0);
	config = convert(
		CONFIG(SHELL ",\"Volumes\":{\"/data/sub\":{},\"/data\":{},\"/new//x/\":{}}"));
	expect(mount_at(config, "/data"), "type", "tmpfs");
	expect(mount_at(config, "/data"), "options/0", "nosuid");
	expect(mount_at(config, "/data"), "options/1", "nodev");
	expect(mount_at(config, "/data"), "options/2", "mode=750");
	expect(mount_at(config, "/new/x"), "options/2", "mode=755");
	/* Parents first, and all behind the usual ones. */
	cJSON_ArrayForEach(mount, cJSON_GetObjectItem(config, "mounts"))
	{
		if (strcmp(at(mount, "destination"), "/data") == 0)
			position = index;
		if (strcmp(at(mount, "destination"), "/data/sub") == 0)
			assert_true(position >= 7 && index > position);
		index++;
	}
	request.volumes = volumes;
	request.volume_count = 3;
	config = convert(CONFIG(SHELL ",\"Volumes\":{\"/data\":{},\"/b\":{}}"));
	expect(mount_at(config, "/data"), "type", "bind");
	expect(mount_at(config, "/data"), "source", "/srv/data");
	assert_string_equal(list(mount_at(config, "/data"), "options"), "rbind rprivate ro");
	assert_string_equal(list(mount_at(config, "/etc/x"), "options"), "rbind rprivate rw");
	expect(mount_at(config, "/a"), "source", "/srv/a:b");
	expect(mount_at(config, "/b"), "type", "tmpfs");
}

static void test_volumes_refused(void **state)
{
	static const char *const of_image[] = { "",	   "a",	    "/",	"//",
						"/..",	   "/../x", "/a/..",	"/a/../b",
						"/a/./b",  "/proc", "/proc/x",	"/sys",
						"/sys/fs", "/dev",  "/dev/shm", "/./proc" };
	static const char *const of_caller[] = { "/a", "=/a",	 "/a=", "/a=b",
						 "a",  "/..=/x", "",	"x=/a" };

	(void)state;
	for (size_t i = 0; i < sizeof(of_image) / sizeof(of_image[0]); i++)
		refuse(arena_printf(&arena, CONFIG(SHELL ",\"Volumes\":{\"%s\":{}}"), of_image[i]),
		       "config.Volumes: ");
	request.volume_count = 1;
	for (size_t i = 0; i < sizeof(of_caller) / sizeof(of_caller[0]); i++) {
		request.volumes = &of_caller[i];
		refuse(CONFIG(SHELL), "volume");
	}
}

static void test_identity(void **state)
{
	const cJSON *config;

	(void)state;
	request.identity = "/run/x/image.json";
	config = convert(CONFIG(SHELL));
	expect(mount_at(config, "/run/cruet/image.json"), "source", "/run/x/image.json");
	expect(mount_at(config, "/run/cruet/image.json"), "options/2", "ro");
	assert_null(mount_at(config, "/run"));
	/* Where nothing can be made in the root. */
	request.read_only = true;
	config = convert(CONFIG(SHELL));
	expect(mount_at(config, "/run"), "type", "tmpfs");
	config = convert(CONFIG(SHELL ",\"Volumes\":{\"/run\":{}}"));
	expect(mount_at(config, "/run"), "type", "tmpfs");
}

static void test_user(void **state)
{
	(void)state;
	write_file("etc/passwd", "app:x:1000:100:App:/home/app:/bin/sh\n");
	write_file("etc/group", "wheel:x:10:root,app\nusers:x:100:app\ndisk:x:6:app\n");
	expect(convert(CONFIG(SHELL ",\"User\":\"app\"")), "process/user/additionalGids/1", "6");
	expect(convert(CONFIG(SHELL ",\"User\":\"app\"")), "process/user/gid", "100");
	assert_string_equal(at(convert(CONFIG(SHELL ",\"User\":\"1000:7\"")), "process/user"),
			    "{\n\t\t\t\"uid\": 1000,\n\t\t\t\"gid\": 7\n\t\t}");
	assert_string_equal(list(convert(CONFIG(SHELL ",\"User\":\"app\",\"Env\":[\"PATH=\"]")),
				 "process/env"),
			    "PATH= HOME=/home/app");
	refuse(CONFIG(SHELL ",\"User\":\"nobody\""), "no such user");
}

/* ---- the label cruet.appc ---- */

#define APPC(text) CONFIG(SHELL ",\"WorkingDir\":\"/etc\",\"Labels\":{\"cruet.appc\":\"" text "\"}")
#define PATCH(text) APPC("{\\\"patch\\\":" text "}")
#define Q "\\\""

static const char *number(int value)
{
	return arena_printf(&arena, "%d", value);
}

static void test_overrides(void **state)
{
	static const char *const volumes[] = { "logs=/srv/logs", "/work=/srv/work" };
	const cJSON *config;

	(void)state;
	config = convert(PATCH("{" Q "process" Q ":{" Q "noNewPrivileges" Q ":true," Q
			       "oomScoreAdj" Q ":10," Q "capabilities" Q ":{" Q "bounding" Q ":[" Q
			       "CAP_KILL" Q "]," Q "effective" Q ":[]}}," Q "linux" Q ":{" Q
			       "resources" Q ":{" Q "memory" Q ":{" Q "limit" Q ":1000000}," Q
			       "cpu" Q ":{" Q "shares" Q ":256}}," Q "sysctl" Q ":{" Q
			       "net.ipv4.ip_forward" Q ":" Q "1" Q "}," Q "seccomp" Q ":{" Q
			       "defaultAction" Q ":" Q "SCMP_ACT_ALLOW" Q "}}}"));
	expect(config, "process/oomScoreAdj", "10");
	assert_string_equal(list(config, "process/capabilities/bounding"), "CAP_KILL");
	assert_string_equal(list(config, "process/capabilities/effective"), "");
	expect(config, "process/capabilities/permitted/13", "CAP_SYS_CHROOT");
	expect(config, "linux/resources/memory/limit", "1000000");
	expect(config, "linux/resources/devices/0/access", "rwm");
	expect(config, "linux/sysctl/net.ipv4.ip_forward", "1");
	expect(config, "linux/seccomp/defaultAction", "SCMP_ACT_ALLOW");
	/* Errors by name; by number as they stand there. */
	config = convert(PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":{" Q "defaultAction" Q ":" Q
			       "SCMP_ACT_ERRNO" Q "," Q "defaultErrnoRet" Q ":" Q "ENOSYS" Q "," Q
			       "architectures" Q ":[]," Q "syscalls" Q ":[{" Q "errnoRet" Q ":" Q
			       "ELOOP" Q "," Q "names" Q ":[" Q "read" Q "]," Q "action" Q ":" Q
			       "SCMP_ACT_ERRNO" Q "},{" Q "errnoRet" Q ":7," Q "names" Q ":[" Q
			       "write" Q "]," Q "action" Q ":" Q "SCMP_ACT_ERRNO" Q "}]}}}"));
	expect(config, "linux/seccomp/defaultErrnoRet", number(ENOSYS));
	expect(config, "linux/seccomp/syscalls/0/errnoRet", number(ELOOP));
	expect(config, "linux/seccomp/syscalls/0/names/0", "read");
	expect(config, "linux/seccomp/syscalls/1/errnoRet", "7");
	assert_string_equal(list(config, "linux/seccomp/architectures"), "");
	config = convert(APPC("{" Q "ignored" Q ":[" Q "resource/network-bandwidth" Q "," Q "x" Q
			      "]," Q "cwdMustExist" Q ":true," Q "supplementaryGids" Q ":[5,6]}"));
	expect(cJSON_GetObjectItem(config, "annotations"), "cruet.appc.ignored",
	       "resource/network-bandwidth,x");
	assert_string_equal(list(config, "process/user/additionalGids"), "5 6");
	expect(convert(APPC("{" Q "ports" Q ":[{}]," Q "eventHandlers" Q ":[]}")),
	       "process/user/uid", "0");
	/* Names go first, even those that are all digits. */
	write_file("etc/passwd", "500:x:7:8::/:\n");
	write_file("etc/group", "500:x:9:\n");
	expect(convert(CONFIG(SHELL ",\"User\":\"500:500\"")), "process/user/uid", "500");
	config = convert(CONFIG(SHELL ",\"User\":\"500:500\",\"Labels\":{\"cruet.appc\":\"{}\"}"));
	expect(config, "process/user/uid", "7");
	expect(config, "process/user/gid", "9");
	config = convert(CONFIG(SHELL ",\"User\":\"501:/etc\",\"Labels\":{\"cruet.appc\":\"{}\"}"));
	expect(config, "process/user/uid", "501");
	expect(config, "process/user/gid", arena_printf(&arena, "%u", getegid()));
	request.volumes = volumes;
	request.volume_count = 2;
	config = convert(APPC("{" Q "mounts" Q ":[{" Q "name" Q ":" Q "logs" Q "," Q "path" Q ":" Q
			      "/var/log" Q "," Q "readOnly" Q ":true},{" Q "name" Q ":" Q "w" Q
			      "," Q "path" Q ":" Q "/work" Q "}]}"));
	expect(mount_at(config, "/var/log"), "source", "/srv/logs");
	expect(mount_at(config, "/var/log"), "options/2", "ro");
	expect(mount_at(config, "/work"), "source", "/srv/work");
	expect(mount_at(config, "/work"), "options/2", "rw");
}

static void test_overrides_refused(void **state)
{
	static const struct {
		const char *config, *message;
	} cases[] = {
		{ APPC("x"), "label cruet.appc" },
		{ APPC("[]"), "label cruet.appc: not an object" },
		{ APPC("{" Q "hooks" Q ":{}}"), "hooks: unknown property" },
		{ PATCH("{" Q "hooks" Q ":{}}"), "hooks: an image may not set this" },
		{ PATCH("{" Q "root" Q ":{}}"), "root: an image may not set this" },
		{ PATCH("{" Q "mounts" Q ":[]}"), "mounts: an image may not set this" },
		{ PATCH("{" Q "process" Q ":null}"), "process: an image may not set it to this" },
		{ PATCH("{" Q "process" Q ":{" Q "noNewPrivileges" Q ":false}}"),
		  "process.noNewPrivileges: an image may not set it to this" },
		{ PATCH("{" Q "process" Q ":{" Q "noNewPrivileges" Q ":null}}"),
		  "process.noNewPrivileges" },
		{ PATCH("{" Q "process" Q ":{" Q "oomScoreAdj" Q ":-1}}"), "process.oomScoreAdj" },
		{ PATCH("{" Q "process" Q ":{" Q "user" Q ":{}}}"),
		  "process.user: an image may not" },
		{ PATCH("{" Q "process" Q ":{" Q "capabilities" Q ":{" Q "bounding" Q ":[" Q
			"CAP_SYS_ADMIN" Q "]}}}"),
		  "process.capabilities.bounding: an image may not set it to this" },
		{ PATCH("{" Q "process" Q ":{" Q "capabilities" Q ":{" Q "ambient" Q ":[]}}}"),
		  "process.capabilities.ambient: an image may not set this" },
		{ PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":{" Q "defaultErrnoRet" Q ":" Q "EFOO" Q
			"}}}"),
		  "linux.seccomp.defaultErrnoRet: an image may not set it to this" },
		{ PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":{" Q "syscalls" Q ":[{" Q "errnoRet" Q
			":true}]}}}"),
		  "linux.seccomp.syscalls: an image may not set it to this" },
		{ PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":{" Q "syscalls" Q ":[1]}}}"),
		  "linux.seccomp.syscalls: an image may not set it to this" },
		{ PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":null}}"),
		  "linux.seccomp: an image may not" },
		{ PATCH("{" Q "linux" Q ":{" Q "seccomp" Q ":{" Q "listenerPath" Q ":" Q "/x" Q
			"}}}"),
		  "linux.seccomp.listenerPath: an image may not" },
		{ PATCH("{" Q "linux" Q ":{" Q "namespaces" Q ":[]}}"),
		  "linux.namespaces: an image may not" },
		{ PATCH("{" Q "linux" Q ":{" Q "devices" Q ":[]}}"),
		  "linux.devices: an image may not" },
		{ PATCH("{" Q "linux" Q ":{" Q "maskedPaths" Q ":null}}"),
		  "linux.maskedPaths: an image" },
		{ PATCH("{" Q "linux" Q ":{" Q "resources" Q ":{" Q "devices" Q ":[]}}}"),
		  "linux.resources.devices: an image may not" },
		{ PATCH("{" Q "linux" Q ":{" Q "resources" Q ":{" Q "unified" Q ":{}}}}"),
		  "linux.resources.unified: an image may not" },
		{ APPC("{" Q "supplementaryGids" Q ":[-1]}"), "supplementaryGids: not group ids" },
		{ APPC("{" Q "supplementaryGids" Q ":[4294967295]}"), "supplementaryGids" },
		{ APPC("{" Q "mounts" Q ":[{" Q "name" Q ":" Q "logs" Q "," Q "path" Q ":" Q "/a" Q
		       "}]}"),
		  "mountPoints: logs: nothing to mount at /a: give a volume logs=/SOURCE" },
		{ APPC("{" Q "mounts" Q ":[{" Q "name" Q ":" Q "v" Q "," Q "path" Q ":" Q
		       "/proc/x" Q "}]}"),
		  "mountPoints: /proc/x: an image may not mount there" },
		{ APPC("{" Q "mounts" Q ":[{" Q "name" Q ":" Q "v" Q "," Q "path" Q ":" Q "/../x" Q
		       "}]}"),
		  "mountPoints: /../x: not a path" },
		{ CONFIG(SHELL ",\"WorkingDir\":\"/none\",\"Labels\":{\"cruet.appc\":\"{" Q
			       "cwdMustExist" Q ":true}\"}"),
		  "config.WorkingDir: /none: not in the image" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuse(cases[i].config, cases[i].message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_directory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_usual, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_annotations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_volumes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_volumes_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overrides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overrides_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
