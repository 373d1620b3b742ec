/* SPDX-License-Identifier: Apache-2.0 */
/* cruet check and cruet compile: what they say, and what they return. */
#include "tests/unit/unit_world.h"

#include "init/cmd/command.h"

static struct world world;
static char said[16384];

static int set_up(void **state)
{
	(void)state;
	world_begin(&world);
	error_clear();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

/* Run a command; what it prints on either stream goes to `said`. Its status, or 1 with the error.
 */
static int run(const struct command *command, ...)
{
	char *argv[16] = { (char *)command->name };
	int argc = 1, status, out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int file = openat(world.fd, "said", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	va_list words;
	ssize_t size;

	va_start(words, command);
	while ((argv[argc] = va_arg(words, char *)) != NULL)
		argc++;
	va_end(words);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	status = command_execute("cruet", command, NULL, NULL, argc, argv);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	size = pread(file, said, sizeof(said) - 1, 0);
	assert_true(size >= 0);
	said[size] = '\0';
	close(file);
	return status < 0 ? 1 : status;
}

#define assert_printed(text) \
	do { \
		if (!strstr(said, text)) \
			fail_msg("not printed: %s\nbut: %s", text, said); \
	} while (0)

/* A path in the world's folder. */
static char *in_world(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", world.path, name);
	return path;
}

static void write_at(const char *path, const char *text, mode_t mode)
{
	world_write(AT_FDCWD, in_world(path), text);
	assert_int_equal(chmod(in_world(path), mode), 0);
}

static void make_at(const char *path)
{
	assert_int_equal(mkdir(in_world(path), 0755), 0);
}

static const char bundle[] =
	"{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"rootfs\"},\n"
	" \"process\": {\"args\": [\"/x\"], \"cwd\": \"/\", \"user\": {\"uid\": 0, \"gid\": 0}},\n"
	" \"mounts\": [{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"m\"}],\n"
	" \"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"mount\"}],\n"
	" \"resources\": {\"memory\": {\"limit\": 41943040}, \"cpu\": {\"quota\": 1000}}}}";

static void a_good_folder_is_good(void **state)
{
	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	assert_int_equal(run(&command_check, "-k", "none", world.units, NULL), 0);
	assert_printed("errors: 0, warnings: 0; bundles and programs were not looked for");
}

static void errors_go_to_the_status(void **state)
{
	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"],\n\"early\": 1}");
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"requires\": [\"a\"]}");
	assert_int_equal(run(&command_check, "-k", "none", world.units, NULL), 1);
	assert_printed("/units/a.json:2: early: must be true or false\n");
	assert_printed("errors: 1, warnings: 0");
	/* Of one unit: what is wrong with others is their matter. */
	assert_int_equal(run(&command_check, "-k", "none", in_world("units/b.json"), NULL), 0);
	assert_int_equal(run(&command_check, "-k", "none", in_world("units/a.json"), NULL), 1);
	assert_int_equal(run(&command_check, in_world("units/c.json"), NULL), 1);
	assert_int_equal(run(&command_check, in_world("said"), NULL), 1);
	assert_non_null(strstr(error_last()->text, "a unit's file is called NAME.json"));
}

static void a_revision_lies_over_the_folder(void **state)
{
	char over[128];

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	world_unit(&world, "b", "{\"exec\": [\"x\"], \"requires\": [\"a\"]}");
	world_unit(&world, "old", "{\"exec\": [\"x\"]}");
	snprintf(over, sizeof(over), "%s", in_world("over"));
	assert_int_equal(mkdir(over, 0755), 0);
	write_at("over/a.json", "{\"exec\": [\"y\"], \"requires\": [\"new\"]}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, world.units, NULL), 1);
	assert_printed("/over/a.json:1: requires[0]: there is no unit new\n");
	write_at("over/new.json", "{\"exec\": [\"y\"]}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, world.units, NULL), 0);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, "--without", "old",
			     world.units, NULL),
			 0);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, "--without", "new",
			     world.units, NULL),
			 1);
	assert_printed("/over: there is no unit new to be without\n");
	/* What the firmware's other units need stays. */
	assert_int_equal(unlink(in_world("over/a.json")), 0);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, "--without", "a",
			     world.units, NULL),
			 1);
	assert_printed("/units/b.json:1: requires[0]: there is no unit a\n");
	assert_int_equal(run(&command_check, "--without", "a", world.units, NULL), 1);
	assert_int_equal(run(&command_check, "--over", over, in_world("units/a.json"), NULL), 1);
	assert_int_equal(run(&command_check, "--over", in_world("none"), world.units, NULL), 1);
}

/* It has started before it is known which revision runs. */
static void a_revision_leaves_early_units_alone(void **state)
{
	char over[128];

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"], \"early\": true}");
	world_unit(&world, "b", "{\"exec\": [\"x\"]}");
	snprintf(over, sizeof(over), "%s", in_world("over"));
	assert_int_equal(mkdir(over, 0755), 0);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, "--without", "a",
			     world.units, NULL),
			 1);
	assert_printed("/over: the firmware's unit a is early");
	write_at("over/a.json", "{\"exec\": [\"y\"]}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, world.units, NULL), 1);
	assert_printed("/over/a.json: the firmware's unit a is early");
	assert_int_equal(unlink(in_world("over/a.json")), 0);
	write_at("over/b.json", "{\"exec\": [\"y\"],\n\"early\": true}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", "--over", over, world.units, NULL), 1);
	assert_printed("/over/b.json:2: early: is over before it is known");
}

static void findings_can_be_json(void **state)
{
	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"],\n\"early\": 1}");
	assert_int_equal(run(&command_check, "--json", world.units, NULL), 1);
	assert_printed("\"severity\": \"error\"");
	assert_printed("\"line\": 2,\n");
	assert_printed("\"property\": \"early\",\n");
	assert_printed("\"reason\": \"must be true or false\"\n");
	assert_printed("\"errors\": 1,\n");
	assert_null(strstr(said, "errors: "));
}

/* etc/cruet/units in a root with a bundle and a program. */
static void make_root(void)
{
	make_at("r");
	make_at("r/etc");
	make_at("r/etc/cruet");
	make_at("r/etc/cruet/units");
	make_at("r/b");
	make_at("r/b/rootfs");
	make_at("r/bin");
	write_at("r/b/config.json", bundle, 0644);
	write_at("r/bin/x", "", 0755);
	write_at("r/bin/y", "", 0644);
	write_at(
		"r/etc/cruet/system.json",
		"{\"mounts\": [{\"source\": \"/dev/vda\", \"target\": \"/data\", \"type\": \"ext4\"}],"
		" \"modules\": [\"veth\"], \"interfaces\": {\"br0\": {\"bridge\": true}}}",
		0644);
	write_at("r/etc/cruet/units/c.json", "{\"bundle\": \"/b\", \"layer\": \"boot\"}", 0644);
	write_at("r/etc/cruet/units/e.json", "{\"exec\": [\"x\"]}", 0644);
}

static void bundles_and_programs_are_looked_for(void **state)
{
	(void)state;
	make_root();
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units/"), NULL),
			 0);
	assert_printed("errors: 0, warnings: 0\n");
	write_at("r/etc/cruet/units/e.json", "{\"exec\": [\"/bin/y\"]}", 0644);
	write_at("r/etc/cruet/units/f.json", "{\"exec\": [\"/data/z\"]}", 0644);
	write_at("r/etc/cruet/units/g.json",
		 "{\"exec\": [\"x\"], \"environment\": {\"PATH\": \"/usr/bin:/none\"}}", 0644);
	write_at("r/etc/cruet/units/h.json", "{\"bundle\": \"/nowhere\", \"runtime\": \"/bin/y\"}",
		 0644);
	write_at("r/etc/cruet/units/i.json", "{\"bundle\": \"/data/b\"}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units"), NULL), 1);
	assert_printed("/e.json: exec: /bin/y: permission denied\n");
	assert_printed("/f.json: warning: exec: /data/z lies on a mount of ");
	assert_printed("/g.json: exec: x: no such file or directory\n");
	assert_printed("/h.json: bundle: /nowhere/config.json: no such file or directory\n");
	assert_printed("/h.json: runtime: /bin/y: not a program there\n");
	assert_printed("/i.json: warning: bundle: /data/b lies on a mount of ");
	assert_printed("errors: 4, warnings: 2\n");
	/* A unit alone. */
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units/f.json"),
			     NULL),
			 0);
	assert_printed("errors: 0, warnings: 1");
}

static void links_do_not_lead_out_of_the_root(void **state)
{
	(void)state;
	make_root();
	assert_int_equal(symlink("/bin/x", in_world("r/bin/link")), 0);
	assert_int_equal(symlink("/../../bin/sh", in_world("r/bin/out")), 0);
	write_at("r/etc/cruet/units/e.json", "{\"exec\": [\"/bin/link\"]}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units"), NULL), 0);
	write_at("r/etc/cruet/units/e.json", "{\"exec\": [\"/bin/out\"]}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units"), NULL), 1);
	assert_printed("exec: /bin/out: no such file or directory\n");
}

static void a_bundle_that_is_wrong_is_named(void **state)
{
	(void)state;
	make_root();
	write_at("r/b/config.json", "{\"ociVersion\": \"1.0.2\",\n\"root\": {\"path\": 1}}", 0644);
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/etc/cruet/units"), NULL), 1);
	assert_printed("/r/b/config.json:2: root.path: must be a string");
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/b"), NULL), 1);
	assert_printed("/r/b/config.json:2: root.path: must be a string");
	write_at("r/b/config.json", bundle, 0644);
	assert_int_equal(rmdir(in_world("r/b/rootfs")), 0);
	assert_int_equal(run(&command_check, "-k", "none", in_world("r/b"), NULL), 1);
	assert_printed("root.path: ");
}

static void memory_is_added_up(void **state)
{
	(void)state;
	make_root();
	write_at("r/etc/cruet/units/e.json",
		 "{\"exec\": [\"x\"], \"resources\": {\"memory\": {\"limit\": 10485760}}}", 0644);
	write_at("r/etc/cruet/units/f.json", "{\"exec\": [\"x\"]}", 0644);
	write_at(
		"r/etc/cruet/units/g.json",
		"{\"bundle\": \"/b\", \"resources\": {\"memory\": {\"limit\": 20971520}}, \"volumes\": "
		"[{\"name\": \"t\", \"path\": \"/t\", \"class\": \"boot\", \"size\": \"8M\"}]}",
		0644);
	assert_int_equal(run(&command_check, "-k", "none", "-m", "40m",
			     in_world("r/etc/cruet/units"), NULL),
			 0);
	/* 40 of the bundle, 10 and 20; four units and the supervisor with 64 KiB each. */
	assert_printed(
		"the limits of 3 units are 70 MiB, log rings 320 KiB, volumes of class boot "
		"8192 KiB: together 78 MiB, 195 % of the 40 MiB of the device; units without a "
		"limit: 1\n");
	assert_int_equal(run(&command_check, "-k", "none", "-m", "100m",
			     in_world("r/etc/cruet/units"), NULL),
			 0);
	assert_printed("errors: 0, warnings: 0\n");
}

static const char base_config[] =
	"CONFIG_EPOLL=y\nCONFIG_SIGNALFD=y\nCONFIG_TIMERFD=y\nCONFIG_INOTIFY_USER=y\nCONFIG_UNIX=y\n"
	"CONFIG_PROC_FS=y\nCONFIG_SYSFS=y\nCONFIG_TMPFS=y\nCONFIG_CGROUPS=y\nCONFIG_INET=y\n"
	"CONFIG_MODULES=y\n# CONFIG_MEMCG is not set\nCONFIG_MEMCG_X=y\nCONFIG_PID_NS=y\n"
	"CONFIG_CGROUP_BPF=y\n# CONFIG_CFS_BANDWIDTH=y\nCONFIG_POSIX_MQUEUE=y\n";

static void a_kernel_is_asked_for_what_is_needed(void **state)
{
	(void)state;
	make_root();
	write_at("config", base_config, 0644);
	assert_int_equal(run(&command_check, "-k", in_world("config"),
			     in_world("r/etc/cruet/units"), NULL),
			 1);
	assert_printed("/system.json: warning: kernel: ");
	assert_printed("has no devtmpfs (CONFIG_DEVTMPFS)\n");
	assert_printed("has no memory limits (CONFIG_MEMCG)\n");
	assert_printed("has no CPU quotas (CONFIG_CFS_BANDWIDTH)\n");
	assert_printed("has no bridges (CONFIG_BRIDGE)\n");
	assert_printed("has no overlayfs (CONFIG_OVERLAY_FS)\n");
	assert_printed("has no file system ext4 (CONFIG_EXT4_FS)\n");
	assert_printed("errors: 5, warnings: 1\n");
	/* Not asked for: not missed. */
	assert_null(strstr(said, "CONFIG_VETH"));
	assert_null(strstr(said, "CONFIG_SECCOMP"));
	assert_null(strstr(said, "CONFIG_NET_NS"));
	/* The bundle alone. */
	assert_int_equal(run(&command_check, "-k", in_world("config"), in_world("r/b"), NULL), 1);
	assert_printed("/r/b/config.json: kernel: ");
	assert_printed("errors: 2, warnings: 0\n");
}

static void a_module_must_be_loaded_by_somebody(void **state)
{
	static char config[2048];

	(void)state;
	make_root();
	snprintf(config, sizeof(config),
		 "%sCONFIG_MEMCG=y\nCONFIG_CFS_BANDWIDTH=y\nCONFIG_EXT4_FS=m\nCONFIG_OVERLAY_FS=m\n"
		 "CONFIG_BRIDGE=m\nCONFIG_VETH=m\nCONFIG_NET_NS=y\nCONFIG_DEVTMPFS=y\n",
		 base_config);
	write_at("config", config, 0644);
	write_at("r/etc/cruet/units/e.json",
		 "{\"exec\": [\"x\"], \"network\": {\"bridge\": \"br0\"}}", 0644);
	assert_int_equal(run(&command_check, "-k", in_world("config"),
			     in_world("r/etc/cruet/units"), NULL),
			 0);
	/* "modules" loads veth, and a mount its own file system. */
	assert_printed("has overlayfs (CONFIG_OVERLAY_FS) as a module");
	assert_printed("has bridges (CONFIG_BRIDGE) as a module");
	assert_printed("errors: 0, warnings: 2\n");
}

static void a_kernel_of_32_bits_must_know_their_times(void **state)
{
	static const char off[] = "# CONFIG_COMPAT_32BIT_TIME is not set\n";
	static char config[2048];

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	snprintf(config, sizeof(config), "%sCONFIG_DEVTMPFS=y\n%s", base_config, off);
	write_at("config", config, 0644);
	assert_int_equal(run(&command_check, "-k", in_world("config"), world.units, NULL), 1);
	assert_printed("has no times of 32 bits (CONFIG_COMPAT_32BIT_TIME): nothing can sleep\n");
	snprintf(config, sizeof(config), "%sCONFIG_DEVTMPFS=y\nCONFIG_64BIT=y\n%s", base_config,
		 off);
	write_at("config", config, 0644);
	assert_int_equal(run(&command_check, "-k", in_world("config"), world.units, NULL), 0);
}

static void a_kernel_config_must_be_readable(void **state)
{
	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	assert_int_equal(run(&command_check, "-k", in_world("none"), world.units, NULL), 1);
	write_at("config.gz", "\x1f\x8b", 0644);
	assert_int_equal(run(&command_check, "-k", in_world("config.gz"), world.units, NULL), 1);
	assert_non_null(strstr(error_last()->text, "compressed"));
}

static void the_running_kernel_answers(void **state)
{
	(void)state;
	/* It runs this very test: what every unit needs is there. */
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	run(&command_check, world.units, NULL);
	assert_null(strstr(said, "CONFIG_EPOLL"));
	assert_null(strstr(said, "CONFIG_PROC_FS"));
	world_system(&world, "{\"mounts\": [{\"target\": \"/x\", \"type\": \"proc\"}]}");
	assert_int_equal(run(&command_check, world.units, NULL), 0);
}

static void compile_writes_the_plan_beside_the_folder(void **state)
{
	struct plan plan;
	int fd;

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	world_system(&world, "{\"hostname\": \"h\"}");
	assert_int_equal(run(&command_compile, world.units, NULL), 0);
	assert_string_equal(said, "");
	fd = openat(world.fd, "plan", O_RDONLY | O_CLOEXEC);
	assert_int_equal(plan_map(&plan, fd, "plan"), 0);
	assert_string_equal(plan_text(&plan, plan.system->hostname), "h");
	plan_unmap(&plan);
	close(fd);
	assert_int_equal(run(&command_check, "-k", "none", world.units, NULL), 0);
	assert_printed("warnings: 0");
}

static void compile_says_what_is_wrong_and_leaves_the_plan(void **state)
{
	struct stat before, after;

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	assert_int_equal(run(&command_compile, world.units, NULL), 0);
	assert_int_equal(fstatat(world.fd, "plan", &before, 0), 0);
	world_unit(&world, "a", "{\"exec\": [1]}");
	assert_int_equal(run(&command_compile, world.units, NULL), 1);
	assert_printed("/units/a.json:1: exec[0]: must be a string\n");
	assert_non_null(strstr(error_last()->text, "no plan is written"));
	assert_int_equal(fstatat(world.fd, "plan", &after, 0), 0);
	assert_int_equal(after.st_ino, before.st_ino);
}

static void compile_knows_other_machines(void **state)
{
	uint32_t magic[2];
	int fd;

	(void)state;
	world_unit(&world, "a", "{\"exec\": [\"x\"]}");
	assert_int_equal(run(&command_compile, "--big-endian", "-o", in_world("big"), world.units,
			     NULL),
			 0);
	assert_int_equal(run(&command_compile, "--little-endian", "--mips", "--output",
			     in_world("little"), world.units, NULL),
			 0);
	fd = openat(world.fd, "big", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &magic[0], 4), 4);
	close(fd);
	fd = openat(world.fd, "little", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &magic[1], 4), 4);
	close(fd);
	assert_int_equal(magic[0], __builtin_bswap32(magic[1]));
	assert_true(magic[0] == PLAN_MAGIC || magic[1] == PLAN_MAGIC);
	assert_int_equal(run(&command_compile, "--big-endian", "--little-endian", world.units,
			     NULL),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_good_folder_is_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errors_go_to_the_status, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_revision_lies_over_the_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_revision_leaves_early_units_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(findings_can_be_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bundles_and_programs_are_looked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(links_do_not_lead_out_of_the_root, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_that_is_wrong_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_is_added_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_is_asked_for_what_is_needed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_module_must_be_loaded_by_somebody, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_of_32_bits_must_know_their_times, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_config_must_be_readable, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_running_kernel_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(compile_writes_the_plan_beside_the_folder, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(compile_says_what_is_wrong_and_leaves_the_plan,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(compile_knows_other_machines, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
