/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revisions: the records of the boot state with every bit and every length wrong, the way from
 * install to commit and back, and all of it with the power cut, the process killed or a call
 * failing at every call that changes something: it is the old or the new state, and what is
 * committed boots.
 *
 * link: -Wl,--wrap=openat64,--wrap=mkdirat,--wrap=renameat,--wrap=unlinkat,--wrap=write
 * link: -Wl,--wrap=pwrite64,--wrap=ftruncate64,--wrap=fallocate64,--wrap=fchmod
 * link: -Wl,--wrap=fsync,--wrap=fdatasync,--wrap=syncfs
 */
#include "tests/unit/image_store_disk.h"

#include <sys/wait.h>

#include "image/revision/internal.h"

static char settings_folder[64], settings_file[80], units_folder[80];
static const struct image_settings settings = { .policy = "/nonexistent/policy.json" };

static void write_settings(void)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "{\"store\":\"%s\",\"uses\":\"%s\",\"policy\":\"/nonexistent/policy.json\","
		 "\"factory\":[]}",
		 store_place, uses_place);
	write_at(settings_folder, "images.json", text, strlen(text));
}

static struct revision_state state_now(void)
{
	struct revision_state state;

	assert_int_equal(revision_state(settings_file, NULL, &state), 0);
	return state;
}

static struct revision_choice chosen(bool boot)
{
	static struct arena arena;
	struct revision_choice choice;

	arena_free(&arena);
	assert_int_equal(revision_choose(&arena, settings_file, NULL, boot, &choice), 0);
	assert_non_null(choice.without);
	return choice;
}

static int make_artifact(struct store *store, const char *name, const char *without)
{
	auto_arena struct arena arena = { 0 };
	struct descriptor descriptor;

	return revision_make(&arena, store,
			     &(struct make_request){ .name = name,
						     .folder = units_folder,
						     .without = &without,
						     .without_count = 1 },
			     &descriptor);
}

static int install(struct store *store, const char *name)
{
	const struct revision_target target = { store, &settings };
	uint32_t number = 0;

	return revision_install(&target, &(struct install_request){ .name = name }, &number);
}

static int try_it(struct store *store, uint32_t number)
{
	return revision_try(&(struct revision_target){ store, &settings }, number, REVISION_TRIES);
}

/* ---- records ---- */

static const struct revision_state sample = { .committed = 0x01020304,
					      .previous = 2,
					      .trial = 3,
					      .tries_left = 1,
					      .failed = 5,
					      .reason = "why" };

static void a_record_is_the_same_everywhere(void **state)
{
	static const unsigned char wanted[] = "cruetbt1\0\0\0\0\0\0\0\7\1\2\3\4\0\0\0\2\0\0\0\3"
					      "\0\0\0\1\0\0\0\5why";
	unsigned char record[BOOT_RECORD_SIZE];
	struct revision_state back;
	uint64_t sequence;

	(void)state;
	boot_record_save(record, &sample, 7);
	assert_memory_equal(record, wanted, sizeof(wanted));
	assert_true(boot_record_load(record, &back, &sequence));
	assert_memory_equal(&back, &sample, sizeof(back));
	assert_int_equal(sequence, 7);
	for (size_t bit = 0; bit < 8 * sizeof(record); bit++) {
		record[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(boot_record_load(record, &back, &sequence));
		record[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void write_state(uint32_t committed)
{
	struct store *store = open_store();
	struct boot boot;

	assert_int_equal(boot_open(store, true, &boot), 0);
	boot.state.committed = committed;
	assert_int_equal(boot_write(store, &boot), 0);
	boot_close(&boot);
	store_close(&store);
}

/* Either record is damaged in one way: the newer one counts if it is good, else the older. */
static void damage_record(const char *name, const unsigned char *data, size_t size, uint32_t wanted)
{
	write_at(store_place, name, data, size);
	assert_int_equal(state_now().committed, wanted);
}

static void a_damaged_record_does_not_count(void **state)
{
	static const char *const names[] = { "boot/a", "boot/b" };
	unsigned char record[BOOT_RECORD_SIZE + 1] = { 0 };

	(void)state;
	write_state(1);
	write_state(2); /* b is the newer one */
	for (int i = 0; i < 2; i++) {
		const uint32_t wanted = i == 0 ? 2 : 1;
		auto_arena struct arena arena = { 0 };
		size_t size;
		char path[200], *text;

		snprintf(path, sizeof(path), "%s/%s", store_place, names[i]);
		text = file_read(&arena, AT_FDCWD, path, BOOT_RECORD_SIZE, &size);
		assert_non_null(text);
		assert_int_equal(size, BOOT_RECORD_SIZE);
		memcpy(record, text, size);
		for (size_t bit = 0; bit < 8 * (size_t)BOOT_RECORD_SIZE; bit++) {
			record[bit / 8] ^= (unsigned char)(1 << bit % 8);
			damage_record(names[i], record, BOOT_RECORD_SIZE, wanted);
			record[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		for (size_t length = 0; length < BOOT_RECORD_SIZE; length++)
			damage_record(names[i], record, length, wanted);
		damage_record(names[i], record, BOOT_RECORD_SIZE + 1, wanted);
		/* The next one goes over the bad one. */
		write_state(3);
		assert_int_equal(state_now().committed, 3);
		write_at(store_place, names[i], record, BOOT_RECORD_SIZE);
		empty_folder(world);
		write_state(1);
		write_state(2);
	}
	write_at(store_place, "boot/a", "x", 1);
	write_at(store_place, "boot/b", "x", 1);
	assert_int_equal(state_now().committed, 0);
	assert_int_equal(chosen(true).number, 0);
}

/* ---- from install to commit ---- */

static struct store *store_with_two(void)
{
	struct store *store = open_store();

	put_image(store, 1, "app");
	assert_int_equal(make_artifact(store, "first", "old"), 0);
	assert_int_equal(make_artifact(store, "second", "older"), 0);
	assert_int_equal(install(store, "first"), 0);
	assert_int_equal(install(store, "second"), 0);
	return store;
}

static void a_trial_counts_down(void **state)
{
	struct store *store = store_with_two();
	struct revision_choice choice;

	(void)state;
	assert_int_equal(chosen(true).number, 0);
	assert_int_equal(try_it(store, 1), 0);
	choice = chosen(false);
	assert_true(choice.number == 1 && choice.trial);
	assert_string_equal(choice.without[0], "old");
	assert_null(choice.without[1]);
	assert_non_null(strstr(choice.units, "/rev/1/units"));
	assert_int_equal(state_now().tries_left, 3);
	for (uint32_t left = 3; left-- > 0;) {
		assert_int_equal(chosen(true).number, 1);
		assert_int_equal(state_now().tries_left, left);
	}
	/* Its last boot may still prove it. */
	assert_int_equal(chosen(false).number, 1);
	assert_int_equal(chosen(true).number, 0);
	assert_int_equal(state_now().trial, 0);
	assert_int_equal(state_now().failed, 1);
	assert_string_equal(state_now().reason, "it did not prove itself in the boots it had");
	assert_int_equal(revision_commit(settings_file, NULL, 1), -EINVAL);
	assert_int_equal(try_it(store, 1), 0);
	assert_int_equal(state_now().failed, 0);
	assert_int_equal(revision_commit(settings_file, NULL, 2), -EINVAL);
	assert_int_equal(revision_commit(settings_file, NULL, 1), 0);
	assert_int_equal(revision_commit(settings_file, NULL, 1), 0);
	for (int i = 0; i < 10; i++) {
		choice = chosen(true);
		assert_true(choice.number == 1 && !choice.trial);
	}
	assert_int_equal(try_it(store, 2), 0);
	assert_int_equal(revision_fail(settings_file, NULL, 2, "no goal"), 0);
	assert_string_equal(state_now().reason, "no goal");
	assert_int_equal(chosen(true).number, 1);
	store_close(&store);
}

static void what_is_not_whole_is_not_chosen(void **state)
{
	struct store *store = store_with_two();

	(void)state;
	assert_int_equal(try_it(store, 1), 0);
	assert_int_equal(revision_commit(settings_file, NULL, 1), 0);
	assert_int_equal(try_it(store, 2), 0);
	write_at(store_place, "rev/2/units/web.json", "{}", 2);
	assert_int_equal(chosen(true).number, 1);
	assert_int_equal(state_now().failed, 2);
	assert_non_null(strstr(state_now().reason, "unit web is not what the artifact has"));
	write_at(store_place, "rev/1/units/more.json", "{}", 2);
	assert_int_equal(chosen(true).number, 0);
	assert_int_equal(state_now().committed, 1);
	store_close(&store);
}

static void an_image_that_is_missing_fails_the_trial(void **state)
{
	struct store *store = store_with_two();
	struct test_image image;

	(void)state;
	describe_image(&image, 1);
	assert_int_equal(try_it(store, 1), 0);
	assert_int_equal(store_blob_remove(store, &image.layer.digest), 0);
	assert_int_equal(chosen(true).number, 0);
	assert_non_null(strstr(state_now().reason, "is missing"));
	store_close(&store);
}

static void a_missing_store_has_the_firmware(void **state)
{
	struct revision_state none = { 0 }, now = state_now();

	(void)state;
	assert_memory_equal(&now, &none, sizeof(none));
	assert_int_equal(chosen(true).number, 0);
	assert_int_equal(faccessat(AT_FDCWD, store_place, F_OK, 0), -1);
	assert_int_equal(revision_commit(settings_file, NULL, 1), -EINVAL);
	assert_int_equal(revision_fail(settings_file, NULL, 1, "x"), -EINVAL);
}

static void documents_are_read_strictly(void **state)
{
#define DIGEST "sha256:0123456789012345678901234567890123456789012345678901234567890123"
#define IMAGES "\"images\":[{\"name\":\"a\",\"digest\":\"" DIGEST "\"}]"
#define SPEC "\"spec\":\"cruet.revision/1\""
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{" SPEC "}",
		"{" IMAGES "}",
		"{\"spec\":\"cruet.revision/2\"," IMAGES "}",
		"{" SPEC "," IMAGES ",\"color\":1}",
		"{" SPEC "," IMAGES ",\"name\":\"x\"}",
		"{" SPEC ",\"images\":{}}",
		"{" SPEC ",\"images\":[1]}",
		"{" SPEC ",\"images\":[{\"name\":\"a\"}]}",
		"{" SPEC ",\"images\":[{\"digest\":\"" DIGEST "\"}]}",
		"{" SPEC ",\"images\":[{\"name\":\"a b\",\"digest\":\"" DIGEST "\"}]}",
		"{" SPEC ",\"images\":[{\"name\":\"a@b\",\"digest\":\"" DIGEST "\"}]}",
		"{" SPEC ",\"images\":[{\"name\":\"a\",\"digest\":\"sha256:0\"}]}",
		"{" SPEC ",\"images\":[{\"name\":\"a\",\"digest\":\"" DIGEST "\"},{\"name\":\"a\","
		"\"digest\":\"" DIGEST "\"}]}",
		"{" SPEC "," IMAGES ",\"without\":\"x\"}",
		"{" SPEC "," IMAGES ",\"without\":[\"../x\"]}",
		"{" SPEC "," IMAGES ",\"without\":[\"x\",\"x\"]}",
	};
	static const char good[] = "{" SPEC "," IMAGES ",\"without\":[\"x\",\"y\"]}";
	auto_arena struct arena arena = { 0 };
	struct revision revision;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error_clear();
		assert_true(revision_read(&arena, wrong[i], strlen(wrong[i]), "test", false,
					  &revision) < 0);
		assert_true(error_last()->text[0]);
	}
	assert_int_equal(revision_read(&arena, good, strlen(good), "test", false, &revision), 0);
	assert_string_equal(revision_write(&arena, &revision, false, &size), good);
}

/* ---- cut, killed, failing ---- */

struct scenario {
	const char *name;
	int (*prepare)(struct store *store);
	int (*act)(struct store *store);
	struct revision_state before, after;
};

static int base(struct store *store)
{
	struct test_image image;
	int result;

	describe_image(&image, 1);
	result = try_put_image(store, &image);
	if (result == 0)
		result = store_ref_set(store, "app", &image.manifest);
	if (result == 0)
		result = make_artifact(store, "first", "old");
	if (result == 0)
		result = make_artifact(store, "second", "older");
	if (result == 0)
		result = install(store, "first");
	if (result == 0)
		result = install(store, "second");
	if (result == 0)
		result = try_it(store, 1);
	return result < 0 ? result : revision_commit(settings_file, NULL, 1);
}

static int base_and_try(struct store *store)
{
	int result = base(store);

	return result < 0 ? result : try_it(store, 2);
}

static int base_and_commit(struct store *store)
{
	int result = base_and_try(store);

	return result < 0 ? result : revision_commit(settings_file, NULL, 2);
}

static int act_install(struct store *store)
{
	return install(store, "second");
}

static int act_try(struct store *store)
{
	return state_now().trial == 2 ? 0 : try_it(store, 2);
}

static int act_commit(struct store *store)
{
	(void)store;
	return revision_commit(settings_file, NULL, 2);
}

static int act_fail(struct store *store)
{
	(void)store;
	return revision_fail(settings_file, NULL, 2, "why");
}

static int act_rollback(struct store *store)
{
	uint32_t now;

	return state_now().committed == 1 ?
		       0 :
		       revision_rollback(&(struct revision_target){ store, &settings }, &now);
}

static int act_remove(struct store *store)
{
	int result = revision_remove(&(struct revision_target){ store, &settings }, 2);

	return result == -ENOENT ? 0 : result;
}

static int act_boot(struct store *store)
{
	auto_arena struct arena arena = { 0 };
	struct revision_choice choice;

	(void)store;
	return revision_choose(&arena, settings_file, NULL, true, &choice);
}

static const struct scenario scenarios[] = {
	{ "install", base, act_install, { .committed = 1 }, { .committed = 1 } },
	{ "try", base, act_try, { .committed = 1 }, { .committed = 1, .trial = 2 } },
	{ "commit",
	  base_and_try,
	  act_commit,
	  { .committed = 1, .trial = 2 },
	  { .committed = 2, .previous = 1 } },
	{ "fail",
	  base_and_try,
	  act_fail,
	  { .committed = 1, .trial = 2 },
	  { .committed = 1, .failed = 2 } },
	{ "rollback",
	  base_and_commit,
	  act_rollback,
	  { .committed = 2, .previous = 1 },
	  { .committed = 1, .previous = 2 } },
	{ "remove", base, act_remove, { .committed = 1 }, { .committed = 1 } },
	{ "boot",
	  base_and_try,
	  act_boot,
	  { .committed = 1, .trial = 2 },
	  { .committed = 1, .trial = 2 } },
};

static bool is_state(const struct revision_state *a, const struct revision_state *b)
{
	return a->committed == b->committed && a->previous == b->previous && a->trial == b->trial &&
	       a->failed == b->failed;
}

static void check_state(const struct scenario *scenario, bool done)
{
	const struct revision_state now = state_now();
	struct store *store = open_store();
	auto_arena struct arena arena = { 0 };
	struct revision revision;

	assert_true(is_state(&now, &scenario->after) ||
		    (!done && is_state(&now, &scenario->before)));
	assert_int_equal(revision_check(&arena, store, &settings, now.committed, false, &revision),
			 0);
	if (now.previous)
		assert_int_equal(revision_check(&arena, store, &settings, now.previous, false,
						&revision),
				 0);
	store_close(&store);
}

static void check_and_do_again(const struct scenario *scenario, bool done)
{
	struct store *store;
	struct fsck_report report;
	struct gc_report collected;

	check_state(scenario, done);
	store = open_store();
	if (scenario->act == act_boot && done)
		assert_true(state_now().tries_left < REVISION_TRIES);
	/* What was torn is known, and goes. */
	store_fsck(store, true, true, &report);
	assert_int_equal(report.missing, 0);
	assert_int_equal(scenario->act(store), 0);
	assert_int_equal(store_gc(store, false, 0, &collected), 0);
	assert_int_equal(store_fsck(store, true, false, &report), 0);
	assert_int_equal(count_entries("rev", true), count_entries("rev", false));
	store_close(&store);
	check_state(scenario, true);
}

static size_t prepare(const struct scenario *scenario)
{
	struct store *store;

	disk_record(world);
	store = open_store();
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
			for (int loss = LOSE_ALL; loss < LOSE_SOME + 3; loss++) {
				disk_cut(world, cut,
					 loss > LOSE_SOME ? LOSE_SOME : (enum loss)loss);
				check_and_do_again(scenario, cut == cuts);
			}
	}
	disk_clear();
}

static int act_with(const struct scenario *scenario, size_t call, int error)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store *store;
		int result = 1;

		disk.calls = 0;
		disk.fail_at = call;
		disk.fail_with = error;
		disk.recording = true;
		store = try_open(store_place, 0, false);
		if (store) {
			result = scenario->act(store) < 0;
			store_close(&store);
		}
		_exit(result);
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
		struct store *store;
		size_t calls;

		empty_folder(world);
		calls = prepare(scenario);
		store = open_store();
		assert_int_equal(scenario->act(store), 0);
		store_close(&store);
		calls = disk.calls - calls;
		assert_true(calls >= 3);
		for (size_t call = 1; call <= calls; call++) {
			int result;

			empty_folder(world);
			prepare(scenario);
			disk_clear();
			result = act_with(scenario, call, error);
			if (error == 0)
				assert_int_equal(result, SIGKILL);
			/* A boot that cannot be put on record runs what is committed. */
			check_and_do_again(scenario, result == 0 && scenario->act != act_boot);
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

/* ---- set up ---- */

static int revision_set_up(void **state)
{
	int result = disk_set_up(state);

	disk_clear();
	write_settings();
	return result;
}

static int group_set_up(void **state)
{
	static const char unit[] = "{ \"type\": \"oneshot\",\n  \"image\": \"app\" }\n";

	(void)state;
	strcpy(settings_folder, "/tmp/cruet-unit-XXXXXX");
	assert_non_null(mkdtemp(settings_folder));
	snprintf(settings_file, sizeof(settings_file), "%s/images.json", settings_folder);
	snprintf(units_folder, sizeof(units_folder), "%s/units", settings_folder);
	assert_int_equal(mkdir(units_folder, 0700), 0);
	write_at(units_folder, "web.json", unit, strlen(unit));
	return 0;
}

static int group_tear_down(void **state)
{
	char path[120];

	(void)state;
	snprintf(path, sizeof(path), "%s/web.json", units_folder);
	unlink(path);
	rmdir(units_folder);
	unlink(settings_file);
	return rmdir(settings_folder);
}

int main(void)
{
#define WORLD(function) cmocka_unit_test_setup_teardown(function, revision_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_the_same_everywhere),
		cmocka_unit_test(documents_are_read_strictly),
		WORLD(a_damaged_record_does_not_count),
		WORLD(a_missing_store_has_the_firmware),
		WORLD(a_trial_counts_down),
		WORLD(what_is_not_whole_is_not_chosen),
		WORLD(an_image_that_is_missing_fails_the_trial),
		WORLD(the_power_is_cut),
		WORLD(it_is_killed),
		WORLD(a_call_fails),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
