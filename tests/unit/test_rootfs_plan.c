/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused before anything is done. */
#include "tests/unit/rootfs_world.h"

#include "lib/config.h"

static void test_root(struct world *world)
{
	check(plan(world) == 0);
	world->spec.root.path = NULL;
	check(plan(world) < 0 && says("root.path"));
	world->spec.root.path = "missing";
	check(plan(world) < 0 && error_last()->no == ENOENT);
	world->spec.root.path = OUTSIDE "/file";
	check(plan(world) < 0 && error_last()->no == ENOTDIR);
	world->spec.root.path = ROOTFS;
	check(plan(world) == 0);
}
BOTH_KERNELS(test_root)

static void test_namespace_of_others(struct world *world)
{
	world->options.new_mount_namespace = false;
	check(plan(world) == 0);
	world->spec.root.readonly = true;
	check(plan(world) < 0 && says("root.readonly"));
	world->spec.root.readonly = false;
	world->spec.rootfs_propagation = MS_SHARED;
	check(plan(world) < 0 && says("linux.rootfsPropagation"));
}
BOTH_KERNELS(test_namespace_of_others)

static bool accepts(struct world *world, struct spec_mount mount)
{
	world->spec.mount_count = 0;
	add_mount(world, mount);
	return plan(world) == 0;
}

static void test_mounts(struct world *world)
{
	check(!accepts(world, (struct spec_mount){ "/", "tmpfs", "tmpfs", NO_WORDS }));
	check(says("mounts[0].destination"));
	check(accepts(world, (struct spec_mount){ "/", NULL, NULL, WORDS("remount", "ro") }));
	check(!accepts(world, (struct spec_mount){ "/a", "none", NULL, WORDS("bind") }));
	check(says("mounts[0].source"));
	/* Only warned about: the kernel takes no options for a bind mount. */
	check(accepts(world,
		      (struct spec_mount){ "/a", "none", "/etc", WORDS("bind", "size=1k") }));
	check(!accepts(world, (struct spec_mount){ "/a", NULL, "x", NO_WORDS }));
	check(says("mounts[0].type"));
	check(!accepts(world, (struct spec_mount){ "/a", "none", "x", WORDS("ro", "rshared") }));
	check(accepts(world, (struct spec_mount){ "/a", "none", "x", WORDS("rshared") }));
	check(accepts(world, (struct spec_mount){ "/a", "bind", "/etc", WORDS("ro") }));
	check(accepts(world, (struct spec_mount){ "/a", "strangefs", "x", WORDS("y=z") }));
	check(!accepts(world, (struct spec_mount){ "/a", "none", "/etc", WORDS("rbind", "rro") }));
	check(says("mounts[0].options") && says("CONFIG_RECURSIVE_ATTRIBUTES is not set"));
}
BOTH_KERNELS(test_mounts)

/* Only a procfs on /proc, and below it only what lxcfs needs. */
static void test_proc(struct world *world)
{
	static const char *const fine[] = {
		"/proc/cpuinfo",   "/proc/meminfo",  "/proc/stat",
		"/proc/uptime",	   "/proc/loadavg",  "/proc/swaps",
		"/proc/diskstats", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid",
	};
	static const char *const refused[] = {
		"/proc/self",	   "/proc/self/attr",  "/proc/sys",   "/proc/1",
		"/proc/cpuinfo/x", "/proc/sys/kernel", "/proc/kcore",
	};

	check(accepts(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS }));
	check(!accepts(world, (struct spec_mount){ "/proc", "tmpfs", "tmpfs", NO_WORDS }));
	check(accepts(world, (struct spec_mount){ "/proc", "none", "/proc", WORDS("rbind") }));
	check(accepts(world, (struct spec_mount){ "/proc", NULL, NULL, WORDS("remount", "ro") }));
	check(accepts(world, (struct spec_mount){ "/process", "tmpfs", "tmpfs", NO_WORDS }));
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		check(accepts(world, (struct spec_mount){ fine[i], "none", "/etc/passwd",
							  WORDS("bind") }));
		check(!accepts(world, (struct spec_mount){ fine[i], "tmpfs", "tmpfs", NO_WORDS }));
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		check(!accepts(world, (struct spec_mount){ refused[i], "none", "/etc/passwd",
							   WORDS("bind") }));
		check(says("inside /proc"));
	}
}
BOTH_KERNELS(test_proc)

static void test_paths(struct world *world)
{
	static const char *const bad[] = { "dev/null", "/dev/", "/dev/..", "/dev/." };
	struct spec_device device = { .type = 'c', .major = 1, .minor = 3 };

	world->spec.devices = &device;
	world->spec.device_count = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		device.path = bad[i];
		check(plan(world) < 0 && says("linux.devices"));
	}
	device.path = "/dev/..null";
	check(plan(world) == 0);
	world->spec.masked_paths = (struct spec_strings)WORDS("proc/kcore");
	check(plan(world) < 0 && says("linux.maskedPaths"));
	world->spec.masked_paths = (struct spec_strings)NO_WORDS;
	world->spec.readonly_paths = (struct spec_strings)WORDS("proc/sys");
	check(plan(world) < 0 && says("linux.readonlyPaths"));
}
BOTH_KERNELS(test_paths)

static void test_label(struct world *world)
{
	if (!IS_ENABLED(CONFIG_SELINUX) || exists("/sys/fs/selinux/enforce"))
		_exit(CHILD_SKIPS);
	world->spec.mount_label = "system_u:object_r:container_file_t:s0:c1,c2";
	check(plan(world) < 0 && says("linux.mountLabel"));
}
BOTH_KERNELS(test_label)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_root),	TEST_BOTH(test_namespace_of_others),
		TEST_BOTH(test_mounts), TEST_BOTH(test_proc),
		TEST_BOTH(test_paths),	TEST_BOTH(test_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
