/* SPDX-License-Identifier: Apache-2.0 */
/* What a good configuration is read as, value by value: all but `linux`. */
/* link: -Wl,--wrap=log_message */
#include <sys/resource.h>

#include "tests/unit/spec_accept.h"

static void smallest(void **state)
{
	const struct spec *spec =
		accept("{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}}");

	(void)state;
	assert_string_equal(spec->version, "1.0.0");
	assert_string_equal(spec->root.path, "r");
	assert_false(spec->root.readonly);
	assert_false(spec->process.present);
	assert_int_equal(spec->mount_count, 0);
	assert_null(spec->hostname);
	assert_null(spec->cgroups_path);
	assert_false(spec->resources.present);
	assert_false(spec->seccomp.present);
	assert_int_equal(spec->rootfs_propagation, 0);
}

static void versions(void **state)
{
	static const char *const good[] = {
		"1.0.0",     "1.0.2-dev",  "1.1.0+dev",		"1.2.1",	 "1.3.0",
		"1.99.1234", "1.0.0-rc.1", "1.0.0-0a.b-c+x.01", "1.1.0-rc.2+g1", "1.0.0-rc5"
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text),
			 "{\"ociVersion\": \"%s\", \"root\": {\"path\": \"r\"}}", good[i]);
		assert_string_equal(accept(text)->version, good[i]);
	}
}

static void unknown_is_ignored(void **state)
{
	(void)state;
	accept(WITH(
		"\"x\": 1, \"ROOT\": null, \"process\": {\"cwd\": \"/\", \"args\": [\"a\"], \"y\": {}, "
		"\"commandLine\": 1}, \"linux\": {\"z\": [null], \"resources\": {\"cpu\": {\"w\": 1}}}, "
		"\"vm\": 1, \"solaris\": {}, \"windows\": {}"));
	assert_int_equal(warnings, 0);
}

static void process(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"terminal\": true, \"consoleSize\": {\"height\": 25, \"width\": 80}, "
				"\"env\": [\"A=1\", \"B=\", \"C=x=y\"], "
				"\"user\": {\"uid\": 4294967294, \"gid\": 5, \"umask\": 18, "
				"\"additionalGids\": [7, 8]}, \"oomScoreAdj\": -1000, "
				"\"noNewPrivileges\": true, \"apparmorProfile\": \"p\", \"selinuxLabel\": \"l\""))
			 ->process;

	(void)state;
	assert_true(process->present && process->terminal && process->no_new_privileges);
	assert_int_equal(process->console_height, 25);
	assert_int_equal(process->console_width, 80);
	assert_int_equal(process->args.count, 1);
	assert_string_equal(process->args.items[0], "sh");
	assert_null(process->args.items[1]);
	assert_int_equal(process->env.count, 3);
	assert_string_equal(process->env.items[2], "C=x=y");
	assert_null(process->env.items[3]);
	assert_string_equal(process->cwd, "/");
	assert_int_equal(process->user.uid, 4294967294);
	assert_int_equal(process->user.gid, 5);
	assert_true(process->user.umask.set);
	assert_int_equal(process->user.umask.value, 022);
	assert_int_equal(process->user.additional_gid_count, 2);
	assert_int_equal(process->user.additional_gids[1], 8);
	assert_true(process->oom_score_adj.set);
	assert_int_equal(process->oom_score_adj.value, -1000);
	assert_string_equal(process->apparmor_profile, "p");
	assert_string_equal(process->selinux_label, "l");
}

static void process_without_much(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"apparmorProfile\": \"\", \"selinuxLabel\": \"\", \"env\": [], "
				"\"consoleSize\": {\"height\": 4294967295, \"width\": 80}, "
				"\"execCPUAffinity\": {}"))
			 ->process;

	(void)state;
	assert_null(process->apparmor_profile);
	assert_null(process->selinux_label);
	assert_true(process->env.present);
	assert_non_null(process->env.items);
	assert_int_equal(process->console_height, 0); /* no terminal: to be ignored */
	assert_false(process->user.umask.set);
	assert_false(process->oom_score_adj.set);
	assert_false(process->capabilities.present);
	assert_false(process->scheduler.present);
}

static void capabilities(void **state)
{
	const struct spec_capabilities *set =
		&accept(PROCESS("\"capabilities\": {\"bounding\": [\"CAP_CHOWN\", \"CAP_CHECKPOINT_RESTORE\", "
				"\"CAP_FOO\", \"CAP_FOO\"], \"permitted\": [\"CAP_FOO\", \"CAP_KILL\"]}"))
			 ->process.capabilities;

	(void)state;
	assert_true(set->present);
	assert_int_equal(set->bounding, 1 | UINT64_C(1) << 40);
	assert_int_equal(set->permitted, 1 << 5);
	assert_int_equal(set->effective, 0);
	assert_int_equal(warnings, 1);
	assert_string_equal(warning,
			    "config.json:1: process.capabilities.bounding[2]: unknown capability "
			    "\"CAP_FOO\" is left out");
	assert_true(accept(PROCESS("\"capabilities\": {}"))->process.capabilities.present);
}

static void capability_names(void **state)
{
	(void)state;
	assert_int_equal(spec_capability_number("CAP_CHOWN"), 0);
	assert_int_equal(spec_capability_number("chown"), 0);
	assert_int_equal(spec_capability_number("cap_sys_admin"), 21);
	assert_int_equal(spec_capability_number("BPF"), 39);
	assert_int_equal(spec_capability_number("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(spec_capability_number("CAP_"), -1);
	assert_int_equal(spec_capability_number(""), -1);
	assert_int_equal(spec_capability_number("CAP_CAP_KILL"), -1);
}

static void rlimits(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1, \"hard\": 2}, "
				"{\"type\": \"RLIMIT_RTTIME\", \"soft\": 18446744073709551615, "
				"\"hard\": 18446744073709551615}, "
				"{\"type\": \"RLIMIT_AS\", \"soft\": 9007199254740993, "
				"\"hard\": 9007199254740993}]"))
			 ->process;

	(void)state;
	assert_int_equal(process->rlimit_count, 3);
	assert_int_equal(process->rlimits[0].resource, RLIMIT_NOFILE);
	assert_string_equal(process->rlimits[0].name, "RLIMIT_NOFILE");
	assert_int_equal(process->rlimits[0].soft, 1);
	assert_int_equal(process->rlimits[0].hard, 2);
	assert_int_equal(process->rlimits[1].resource, RLIMIT_RTTIME);
	assert_true(process->rlimits[1].hard == UINT64_MAX);
	assert_int_equal(process->rlimits[2].resource, RLIMIT_AS);
	assert_true(process->rlimits[2].soft ==
		    UINT64_C(9007199254740993)); /* no double holds it */
}

static void scheduler(void **state)
{
	const struct spec_scheduler *scheduler =
		&accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"runtime\": 1000000, "
				"\"deadline\": 2000000, \"period\": 3000000, "
				"\"flags\": [\"SCHED_FLAG_RESET_ON_FORK\", \"SCHED_FLAG_DL_OVERRUN\"]}"))
			 ->process.scheduler;

	(void)state;
	assert_true(scheduler->present);
	assert_int_equal(scheduler->policy, 6);
	assert_int_equal(scheduler->flags, 5);
	assert_int_equal(scheduler->period, 3000000);
	scheduler =
		&accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_FIFO\", \"priority\": 99}"))
			 ->process.scheduler;
	assert_int_equal(scheduler->policy, 1);
	assert_int_equal(scheduler->priority, 99);
	scheduler = &accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": -20}"))
			     ->process.scheduler;
	assert_int_equal(scheduler->nice, -20);
}

static void hooks(void **state)
{
	static const char text[] = WITH(
		"\"hooks\": {\"prestart\": [{\"path\": \"/a\"}], \"createRuntime\": [], "
		"\"poststop\": [{\"path\": \"/b\", \"args\": [\"b\", \"-x\"], \"env\": [\"A=1\"], "
		"\"timeout\": 5}, {\"path\": \"/c\", \"args\": [], \"env\": []}]}");
	const struct spec *spec = accept(text);
	struct spec_hooks alone[HOOK_KINDS];
	const struct spec_hook *hook = spec->hooks[HOOK_POSTSTOP].items;

	(void)state;
	assert_int_equal(spec->hooks[HOOK_PRESTART].count, 1);
	assert_false(spec->hooks[HOOK_PRESTART].items[0].args.present);
	assert_false(spec->hooks[HOOK_PRESTART].items[0].env.present);
	assert_int_equal(spec->hooks[HOOK_CREATE_RUNTIME].count, 0);
	assert_int_equal(spec->hooks[HOOK_POSTSTOP].count, 2);
	assert_string_equal(hook[0].path, "/b");
	assert_string_equal(hook[0].args.items[1], "-x");
	assert_int_equal(hook[0].timeout, 5);
	assert_false(hook[1].args.present);
	assert_true(hook[1].env.present);
	assert_int_equal(hook[1].timeout, 0);

	assert_int_equal(spec_parse_hooks(&arena, text, sizeof(text) - 1, "config.json", alone), 0);
	assert_int_equal(alone[HOOK_POSTSTOP].count, 2);
	assert_string_equal(alone[HOOK_POSTSTOP].items[1].path, "/c");
	assert_int_equal(alone[HOOK_POSTSTART].count, 0);
}

static void hooks_alone(void **state)
{
	static const char escaped[] = "{\"h\\u006foks\": {\"poststart\": [{\"path\": \"/a\"}]}}";
	static const char bad[] = "{\n\"hooks\": {\"poststart\": [{}]}}";
	struct spec_hooks hooks[HOOK_KINDS];

	(void)state;
	/* Without the word there is nothing to parse. */
	assert_int_equal(spec_parse_hooks(&arena, "garbage", 7, "config.json", hooks), 0);
	assert_int_equal(hooks[HOOK_POSTSTOP].count, 0);
	assert_int_equal(spec_parse_hooks(&arena, escaped, sizeof(escaped) - 1, "config.json",
					  hooks),
			 0);
	assert_int_equal(hooks[HOOK_POSTSTART].count, 1);
	assert_true(spec_parse_hooks(&arena, bad, sizeof(bad) - 1, "config.json", hooks) < 0);
	assert_string_equal(error_last()->text,
			    "config.json:2: hooks.poststart[0].path: is required");
}

static void mounts(void **state)
{
	static const char *const paths[][2] = {
		{ "/", "/" },
		{ "//", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a" },
		{ "/a//b", "/a/b" },
		{ "/a/./b", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../..", "/" },
		{ "/a/b/..", "/a" },
		{ "/..a", "/..a" },
		{ "/a/..b/.c", "/a/..b/.c" },
		{ "/.", "/" },
	};
	const struct spec_mount *mount;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		snprintf(text, sizeof(text), WITH("\"mounts\": [{\"destination\": \"%s\"}]"),
			 paths[i][0]);
		assert_string_equal(accept(text)->mounts[0].destination, paths[i][1]);
	}
	assert_int_equal(warnings, 0);

	mount = accept(WITH("\"mounts\": [{\"destination\": \"data/\", \"type\": \"bind\", "
			    "\"source\": \"src\", \"options\": [\"rbind\", \"ro\"], \"uidMappings\": []}, "
			    "{\"destination\": \"/b\", \"type\": \"\", \"source\": \"\"}]"))
			->mounts;
	assert_string_equal(mount[0].destination, "/data");
	assert_string_equal(mount[0].source, "src");
	assert_int_equal(mount[0].options.count, 2);
	assert_null(mount[1].type);
	assert_null(mount[1].source);
	assert_false(mount[1].options.present);
	assert_int_equal(warnings, 1);
	assert_string_equal(warning,
			    "config.json:1: mounts[0]: destination \"data/\" is not absolute, "
			    "taken from \"/\"");
}

static void process_alone(void **state)
{
	static const char good[] =
		"{\"cwd\": \"/\", \"args\": [\"id\"], \"user\": {\"uid\": 1, \"gid\": 2}}";
	static const char bad[] = "{\"cwd\": \"/\",\n\"args\": [7]}";
	const struct spec_process *process =
		spec_parse_process(&arena, good, sizeof(good) - 1, "process.json");

	(void)state;
	assert_non_null(process);
	assert_true(process->present);
	assert_int_equal(process->user.gid, 2);
	assert_null(spec_parse_process(&arena, bad, sizeof(bad) - 1, "process.json"));
	assert_string_equal(error_last()->text,
			    "process.json:2: args[0]: must be a string, found a number");
}

static void own_documents(void **state)
{
	const char *text = spec_template(&arena, false, 0, 0);
	const struct spec *spec = accept(text);

	(void)state;
	assert_non_null(strstr(text, "\n\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"));
	assert_string_equal(spec->hostname, "cruet");
	assert_true(spec->process.terminal && spec->process.no_new_privileges);
	assert_int_equal(spec->process.capabilities.bounding, 1 << 29 | 1 << 5 | 1 << 10);
	assert_int_equal(spec->mount_count, 7);
	assert_true(spec->namespaces[NAMESPACE_NETWORK].present);
	assert_int_equal(spec->masked_paths.count, 10);

	spec = accept(spec_template(&arena, true, 1000, 1001));
	assert_false(spec->namespaces[NAMESPACE_NETWORK].present);
	assert_true(spec->namespaces[NAMESPACE_USER].present);
	assert_int_equal(spec->uid_mappings[0].host_id, 1000);
	assert_int_equal(spec->gid_mappings[0].host_id, 1001);
	assert_int_equal(spec->mount_count, 6);
	assert_false(spec->resources.present);

	text = spec_features(&arena);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"ociVersionMax\": \"1.3.0\""));
	assert_non_null(strstr(text, "\"SCMP_ACT_KILL\""));
	assert_null(strstr(text, "\"SCMP_ACT_NOTIFY\""));
	assert_non_null(strstr(text, "\"poststop\""));
	assert_null(strstr(text, "\"time\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(smallest),
		TEST(versions),
		TEST(unknown_is_ignored),
		TEST(process),
		TEST(process_without_much),
		TEST(capabilities),
		TEST(capability_names),
		TEST(rlimits),
		TEST(scheduler),
		TEST(hooks),
		TEST(hooks_alone),
		TEST(mounts),
		TEST(process_alone),
		TEST(own_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
