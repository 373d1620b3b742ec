/* SPDX-License-Identifier: Apache-2.0 */
/* What the clients print, to the letter: status, changes, the flight recorder, the time line. */
#include "tests/unit/test_lib.h"

#include <sys/mman.h>

#include "init/board/recorder.h"
#include "init/control/report.h"
#include "init/control/timeline.h"
#include "init/supervise/supervise.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/fd.h"
#include "lib/json.h"

/* ---- helpers ---- */

static void begin(struct page *page)
{
	page_begin(page, memfd_create("page", MFD_CLOEXEC));
	assert_true(page->fd >= 0);
}

static void expect_text(struct page *page, const char *expected)
{
	char text[16384];
	ssize_t size;

	assert_int_equal(page_end(page), 0);
	size = pread(page->fd, text, sizeof(text) - 1, 0);
	assert_true(size >= 0);
	text[size] = '\0';
	assert_string_equal(text, expected);
	close(page->fd);
}

static const cJSON *parsed(struct arena *arena, struct json_writer *writer)
{
	size_t size;
	const char *text = json_write_finish(writer, &size);
	const cJSON *root;

	assert_non_null(text);
	root = json_parse(arena, text, size, "report");
	assert_non_null(root);
	return root;
}

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void expect_json(struct json_writer *writer, const char *expected)
{
	const char *text = json_write_finish(writer, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static struct control_unit unit_of(const char *name, uint32_t phase, uint32_t cause)
{
	struct control_unit unit = {
		.phase = phase,
		.cause = cause,
		.exit_status = -1,
		.since_ms = 9000,
		.source = SOURCE_EXEC,
	};

	snprintf(unit.name, sizeof(unit.name), "%s", name);
	return unit;
}

static struct control_system system_of(void)
{
	return (struct control_system){
		.now_ms = 200000,
		.started_ms = 8000,
		.realtime_ms = 1767323045006,
		.pid = 1,
		.well = 1,
	};
}

/* ---- pages ---- */

static void test_page(void **state)
{
	struct page page;
	char expected[6001];

	(void)state;
	begin(&page);
	page_put(&page, "NAME");
	page_tab(&page, 8);
	page_put(&page, "B");
	page_tab(&page, 3); /* passed already: two blanks */
	page_put(&page, "C");
	page_tab(&page, 40); /* nothing comes: no blanks at the line's end */
	page_put(&page, "\n");
	page_put(&page, "\xc3\xa4\xc3\xa4"); /* characters count, not bytes */
	page_tab(&page, 8);
	page_format(&page, "%d\n", 42);
	expect_text(&page, "NAME    B  C\n\xc3\xa4\xc3\xa4      42\n");
	/* more than fits at once */
	begin(&page);
	for (int i = 0; i < 1000; i++)
		page_put(&page, "abcde\n");
	for (int i = 0; i < 1000; i++)
		memcpy(expected + 6 * i, "abcde\n", 6);
	expected[6000] = '\0';
	expect_text(&page, expected);
	/* an error is kept */
	page_begin(&page, -1);
	page_put(&page, "x");
	assert_int_equal(page_end(&page), -EBADF);
	page_put(&page, "y");
	assert_int_equal(page_end(&page), -EBADF);
}

static void test_foreign(void **state)
{
	static const char *const texts[][2] = {
		{ "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", NULL },
		{ "\033[2J\033]0;x\007", "\\x1b[2J\\x1b]0;x\\x07" },
		{ "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* the C1 form of ESC [ */
		{ "\xc2\xa0", NULL },
		{ "\xff\xc3", "\\xff\\xc3" },
		{ "\xe2\x80\xae"
		  "evil\xe2\x81\xa6",
		  "\\xe2\\x80\\xaeevil\\xe2\\x81\\xa6" }, /* right to left */
		{ "\xe2\x80\x93\xe2\x81\xaa", NULL },	  /* their neighbours */
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct page page;

		begin(&page);
		page_foreign(&page, texts[i][0]);
		expect_text(&page, texts[i][1] ? texts[i][1] : texts[i][0]);
	}
}

static void test_duration(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0ms" },
		{ 999, "999ms" },
		{ 1000, "1s" },
		{ 1009, "1s" },
		{ 1010, "1.01s" },
		{ 1429, "1.42s" },
		{ 9999, "9.99s" },
		{ 10000, "10s" },
		{ 59999, "59s" },
		{ 60000, "1m00s" },
		{ 192000, "3m12s" },
		{ 3599999, "59m59s" },
		{ 3600000, "1h00m" },
		{ 86399999, "23h59m" },
		{ 86400000, "1d00h" },
		{ 1047600000, "12d03h" },
		{ UINT64_MAX, "213503982334d14h" },
	};
	char buffer[DURATION_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(page_duration(cases[i].ms, buffer), cases[i].text);
}

static void test_exit(void **state)
{
	struct page page;

	(void)state;
	begin(&page);
	report_exit(&page, 0);
	page_put(&page, "\n");
	report_exit(&page, 127);
	page_put(&page, "\n");
	report_exit(&page, 128 + 9);
	page_put(&page, "\n");
	report_exit(&page, 128 + 34);
	expect_text(&page,
		    "exit status 0\nexit status 127\nkilled by SIGKILL\nkilled by signal 34");
}

/* ---- status ---- */

static void fill_view(struct control_view *view, struct control_unit units[5])
{
	units[0] = unit_of("db", PHASE_READY, CAUSE_WANTED);
	units[0].pid = 123;
	units[0].starts = 1;
	units[1] = unit_of("web-frontend", PHASE_READY, CAUSE_WANTED);
	units[1].pid = 140;
	units[1].starts = 3;
	strcpy(units[1].status, "17 clients\033[2J\n");
	units[2] = unit_of("sensor", PHASE_BACKOFF, CAUSE_EXIT);
	units[2].exit_status = 128 + 11;
	units[2].starts = 12;
	units[2].since_ms = 198000;
	units[2].next_ms = 208000;
	units[3] = unit_of("uplink", PHASE_WAITING, CAUSE_WANTED);
	strcpy(units[3].waits_for, "interface:eth0");
	units[4] = unit_of("job", PHASE_FAILED, CAUSE_LIMIT);
	units[4].exit_status = 3;
	units[4].since_ms = 250000; /* a clock that makes no sense */
	*view = (struct control_view){
		.system = system_of(),
		.units = units,
		.unit_count = 5,
		.shown = 5,
		.plan = -1,
	};
}

static void test_status(void **state)
{
	struct control_view view;
	struct control_unit units[5];
	struct recorder_state recorded = { 0 };
	struct page page;

	(void)state;
	fill_view(&view, units);
	begin(&page);
	report_status(&page, &view, NULL);
	expect_text(
		&page,
		"up 3m12s, 2 of 5 units ready, goal not reached yet\n"
		"\n"
		"NAME          STATE     PID     SINCE   RESTARTS  REASON\n"
		"db            ready     123     3m11s   0\n"
		"web-frontend  ready     140     3m11s   2         17 clients\\x1b[2J\\x0a\n"
		"sensor        backoff   -       2s      11        killed by SIGSEGV, next start "
		"in 8s\n"
		"uplink        waiting   -       3m11s   0         for interface:eth0\n"
		"job           failed    -       0ms     0         limit, exit status 3\n");
	/* all that the head may say */
	view.system.goal = 1;
	view.system.goal_ms = 1420;
	view.system.watchdog_timeout_ms = 30000;
	view.system.reexecs = 2;
	view.system.well = 0;
	strcpy(view.system.unwell, "db");
	view.shown = 1;
	recorded.boots[1].number = 17;
	recorded.boots[1].end = END_WATCHDOG;
	strcpy(recorded.boots[1].text, "critical unit db\033");
	begin(&page);
	report_status(&page, &view, &recorded);
	expect_text(&page, "up 3m12s, 2 of 5 units ready, goal reached after 1.42s, watchdog 30s, "
			   "2 re-execs\n"
			   "not well: the watchdog is not fed because of db\n"
			   "last reboot: watchdog: critical unit db\\x1b\n"
			   "\n"
			   "NAME  STATE     PID     SINCE   RESTARTS  REASON\n"
			   "db    ready     123     3m11s   0\n");
	view.system.shutdown = 1;
	view.system.well = 1;
	view.system.watchdog_timeout_ms = view.system.reexecs = 0;
	view.unit_count = view.shown = 0;
	begin(&page);
	report_status(&page, &view, NULL);
	expect_text(&page, "up 3m12s, 0 of 0 units ready, shutting down\n");
}

static void test_status_json(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct control_view view;
	struct control_unit units[5];
	struct recorder_state recorded = { .failures = { { .unit = "db" } } };
	struct json_writer writer;
	const cJSON *root, *system, *list, *unit;

	(void)state;
	fill_view(&view, units);
	json_write_start(&writer, &arena, JSON_COMPACT);
	view.shown = 1;
	report_status_json(&writer, &view, NULL);
	expect_json(&writer,
		    "{\"system\":{\"pid\":1,\"uptime_ms\":192000,\"time\":\"2026-01-02T03:04:05."
		    "006000000Z\",\"goal\":false,\"shutting_down\":false,\"reexecs\":0,\"well\":"
		    "true,\"watchdog_timeout_ms\":0,\"watchdog_boot_status\":0,"
		    "\"log_writer_starts\":0},\"units\":[{\"name\":\"db\",\"type\":\"service\","
		    "\"source\":\"exec\",\"state\":\"ready\",\"cause\":\"wanted\",\"pid\":123,"
		    "\"wanted\":false,\"critical\":false,\"starts\":1,\"failures\":0,"
		    "\"since_ms\":191000}]}");
	json_write_start(&writer, &arena, JSON_SPACES);
	view.shown = 5;
	report_status_json(&writer, &view, &recorded);
	root = parsed(&arena, &writer);
	system = get(root, "system");
	assert_true(cJSON_IsFalse(get(system, "goal")));
	list = get(root, "units");
	assert_int_equal(cJSON_GetArraySize(list), 5);
	unit = cJSON_GetArrayItem(list, 1);
	assert_string_equal(get(unit, "status")->valuestring, "17 clients\033[2J\n");
	unit = cJSON_GetArrayItem(list, 2);
	assert_string_equal(get(unit, "deadline_ms")->valuestring, "8000");
	assert_string_equal(get(unit, "exit_status")->valuestring, "139");
	assert_null(get(unit, "pid"));
	unit = cJSON_GetArrayItem(list, 3);
	assert_string_equal(get(unit, "waits_for")->valuestring, "interface:eth0");
	assert_null(get(unit, "exit_status"));
	assert_int_equal(cJSON_GetArraySize(get(root, "boots")), 0);
	assert_int_equal(cJSON_GetArraySize(get(root, "failures")), 1);
}

/* ---- changes ---- */

static void test_change(void **state)
{
	auto_arena struct arena arena = { 0 };
	const struct control_system system = system_of();
	struct control_change change = {
		.time_ms = 9042,
		.name = "web",
		.before = PHASE_STARTING,
		.phase = PHASE_STARTED,
		.cause = CAUSE_WANTED,
		.exit_status = -1,
		.pid = 77,
	};
	struct json_writer writer;
	struct page page;

	(void)state;
	begin(&page);
	report_change(&page, &system, &change);
	change.before = PHASE_READY;
	change.phase = PHASE_CLEANING;
	change.cause = CAUSE_EXIT;
	change.exit_status = 1;
	report_change(&page, &system, &change);
	change.cause = CAUSE_READY_TIMEOUT;
	report_change(&page, &system, &change);
	change.name[0] = '\0';
	strcpy(change.text, "goal\033 reached");
	change.time_ms = 1; /* before the beginning */
	report_change(&page, &system, &change);
	expect_text(&page, "[    1.042] web: starting -> started, pid 77\n"
			   "[    1.042] web: ready -> cleaning, exit status 1\n"
			   "[    1.042] web: ready -> cleaning, ready timeout\n"
			   "[    0.000] cruet: goal\\x1b reached\n");
	json_write_start(&writer, &arena, JSON_COMPACT);
	report_change_json(&writer, &system, &change);
	expect_json(&writer, "{\"time\":\"2026-01-02T03:00:45.007000000Z\",\"monotonic_ms\":1,"
			     "\"text\":\"goal\\u001b reached\"}");
	strcpy(change.name, "web");
	change.text[0] = '\0';
	change.time_ms = system.now_ms - 6; /* a whole second */
	json_write_start(&writer, &arena, JSON_COMPACT);
	report_change_json(&writer, &system, &change);
	expect_json(&writer, "{\"time\":\"2026-01-02T03:04:05Z\",\"monotonic_ms\":199994,"
			     "\"unit\":\"web\",\"before\":\"ready\",\"state\":\"cleaning\","
			     "\"cause\":\"ready timeout\",\"exit_status\":1,\"pid\":77}");
}

static void test_recorded(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct recorder_state recorded = {
		.boots = { { .number = 18 },
			   { .number = 17,
			     .began = 1767323045,
			     .up_seconds = 7500,
			     .end = END_PLANNED,
			     .text = "update (uid 0, pid 9)" },
			   { .number = 16, .end = END_UNKNOWN } },
		.failures = { { .boot_number = 17,
				.up_ms = 1420,
				.unit = "sensor",
				.cause = CAUSE_EXIT,
				.exit_status = 1 },
			      { .boot_number = 9,
				.up_ms = 80000,
				.unit = "db",
				.cause = CAUSE_HEALTH,
				.exit_status = -1 } },
	};
	struct json_writer writer;
	struct page page;

	(void)state;
	begin(&page);
	report_recorded(&page, &recorded);
	expect_text(&page, "\nThe boots before:\n"
			   "  17    2026-01-02T03:04:05Z  2h05m   planned: update (uid 0, pid 9)\n"
			   "  16    -                     -       unknown\n"
			   "\nThe last failures (boot, after, unit):\n"
			   "  17    1.42s     sensor: exit status 1\n"
			   "  9     1m20s     db: health\n");
	json_write_start(&writer, &arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	report_recorded_json(&writer, &recorded);
	json_write_end(&writer, '}');
	expect_json(&writer,
		    "{\"boots\":[{\"boot\":17,\"began\":\"2026-01-02T03:04:05Z\",\"up_seconds\":"
		    "7500,\"end\":\"planned\",\"text\":\"update (uid 0, pid 9)\"},{\"boot\":16,"
		    "\"up_seconds\":0,\"end\":\"unknown\"}],\"failures\":[{\"boot\":17,\"up_ms\":"
		    "1420,\"unit\":\"sensor\",\"cause\":\"exit\",\"exit_status\":1},{\"boot\":9,"
		    "\"up_ms\":80000,\"unit\":\"db\",\"cause\":\"health\"}]}");
}

/* ---- the time line ---- */

static void put_change(struct control_view *view, uint64_t at, const char *name, uint32_t phase)
{
	struct control_entry *entry = test_calloc(1, sizeof(*entry));
	struct control_change *change = &entry->change;

	*view->last = entry;
	view->last = &entry->next;
	change->time_ms = view->system.started_ms + at;
	change->phase = phase;
	snprintf(change->name, sizeof(change->name), "%s", name);
}

static void write_unit(int folder, const char *name, const char *text)
{
	const int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void say(void *context, bool warning, const char *text)
{
	(void)context;
	print_message("%s: %s\n", warning ? "warning" : "error", text);
}

/* data <- db <- web (the goal), log beside them, and one that fails. */
static int make_plan(void)
{
	auto_arena struct arena arena = { 0 };
	struct unit_report report = { .problem = say };
	char path[64];
	const int folder = make_folder(path), fd = memfd_create("plan", MFD_CLOEXEC);
	size_t size;
	const void *block;

	write_unit(folder, "data.json", "{\"exec\": [\"/bin/data\"], \"type\": \"oneshot\"}");
	write_unit(folder, "db.json", "{\"exec\": [\"/bin/db\"], \"requires\": [\"data\"]}");
	write_unit(folder, "log.json", "{\"exec\": [\"/bin/log\"]}");
	write_unit(folder, "bad.json", "{\"exec\": [\"/bin/bad\"]}");
	write_unit(folder, "web.json",
		   "{\"exec\": [\"/bin/web\"], \"requires\": [\"db\"], \"wants\": [\"log\"], "
		   "\"after\": [\"bad\"], \"goal\": true}");
	write_unit(folder, "all.json", "{\"type\": \"group\", \"requires\": [\"web\"]}");
	write_unit(folder, "never.json", "{\"exec\": [\"/bin/x\"], \"autostart\": false}");
	block = unit_compile(&arena, path, "/nonexistent/system.json", false, &report, &size);
	assert_non_null(block);
	assert_int_equal(fd_write_all(fd, block, size), 0);
	remove_folder(folder, path);
	return fd;
}

struct boot {
	struct control_view view;
	struct control_unit units[7];
};

static void fill_boot(struct boot *boot, int plan)
{
	static const char *const names[] = { "bad", "data", "db", "log", "never", "web", "all" };
	struct control_view *view = &boot->view;

	*view = (struct control_view){
		.system = system_of(),
		.units = boot->units,
		.unit_count = 7,
		.last = &view->changes,
		.plan = plan,
	};
	for (int i = 0; i < 7; i++)
		boot->units[i] = unit_of(names[i], PHASE_READY, CAUSE_WANTED);
	for (int i = 0; i < 7; i++)
		if (i != 4)
			put_change(view, 0, names[i], PHASE_WAITING);
	put_change(view, 0, "", PHASE_OFF); /* the supervisor's own */
	put_change(view, 10, "data", PHASE_STARTING);
	put_change(view, 10, "log", PHASE_STARTING);
	put_change(view, 11, "log", PHASE_READY);
	put_change(view, 20, "bad", PHASE_STARTING);
	put_change(view, 30, "data", PHASE_STARTED);
	put_change(view, 40, "bad", PHASE_CLEANING);
	put_change(view, 40, "bad", PHASE_BACKOFF);
	put_change(view, 220, "data", PHASE_CLEANING);
	put_change(view, 240, "data", PHASE_READY);
	put_change(view, 240, "db", PHASE_STARTING);
	put_change(view, 250, "db", PHASE_STARTED);
	put_change(view, 400, "db", PHASE_READY);
	put_change(view, 401, "web", PHASE_STARTING);
	put_change(view, 410, "web", PHASE_STARTED);
	put_change(view, 480, "web", PHASE_READY);
	put_change(view, 480, "all", PHASE_READY);
	/* what comes later is not the boot */
	put_change(view, 900, "web", PHASE_CLEANING);
	put_change(view, 900, "web", PHASE_FAILED);
	view->system.goal = 1;
	view->system.goal_ms = 480;
}

static void end_boot(struct boot *boot)
{
	struct control_entry *next;

	for (struct control_entry *entry = boot->view.changes; entry; entry = next) {
		next = entry->next;
		test_free(entry);
	}
}

static void test_timeline(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct boot boot;
	struct timeline timeline;
	struct page page;
	int plan = make_plan();

	(void)state;
	fill_boot(&boot, plan);
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	begin(&page);
	timeline_text(&page, &timeline);
	expect_text(
		&page,
		"The goal was reached after 480ms.\n"
		"\n"
		"  UNIT  WAITED   TOOK     READY\n"
		"* data  10ms     230ms    240ms    .=======================########################\n"
		"  log   10ms     1ms      11ms     .=##############################################\n"
		"  bad   20ms     -        -        ..==!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n"
		"* db    240ms    160ms    400ms    ........................================########\n"
		"* web   401ms    79ms     480ms    ........................................========\n"
		"  all   480ms    -        480ms    ................................................\n"
		"\n"
		". waiting   = starting   # ready   ! failed   * kept the goal waiting\n");
	/* without a plan nobody knows who waited for whom */
	boot.view.plan = -1;
	boot.view.system.goal = 0;
	boot.view.lost = 3;
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	assert_int_equal(timeline.count, 6);
	for (size_t i = 0; i < timeline.count; i++)
		assert_int_equal(timeline.spans[i].critical, 0);
	timeline.count = 0;
	begin(&page);
	timeline_text(&page, &timeline);
	expect_text(&page,
		    "The goal is not reached; the last unit was done after 480ms.\n"
		    "3 entries of the journal were overwritten since then.\n"
		    "\n"
		    "  UNIT  WAITED   TOOK     READY\n"
		    "\n"
		    ". waiting   = starting   # ready   ! failed   * kept the goal waiting\n");
	end_boot(&boot);
	close(plan);
}

static void test_timeline_json(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct boot boot;
	struct timeline timeline;
	struct json_writer writer;
	int plan = make_plan();

	(void)state;
	fill_boot(&boot, plan);
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	timeline.count = 3;
	json_write_start(&writer, &arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	timeline_json(&writer, &timeline);
	json_write_end(&writer, '}');
	expect_json(&writer,
		    "{\"goal_ms\":480,\"lost\":0,\"units\":["
		    "{\"name\":\"data\",\"waiting_ms\":0,\"starting_ms\":10,\"started_ms\":30,"
		    "\"ready_ms\":240,\"critical\":true},"
		    "{\"name\":\"log\",\"waiting_ms\":0,\"starting_ms\":10,\"ready_ms\":11,"
		    "\"critical\":false},"
		    "{\"name\":\"bad\",\"waiting_ms\":0,\"starting_ms\":20,\"failed_ms\":40,"
		    "\"critical\":false}]}");
	end_boot(&boot);
	close(plan);
}

/* What was there long before the start is not what the unit waited for. */
static void test_timeline_condition(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct boot boot;
	struct timeline timeline;
	int plan = make_plan();

	(void)state;
	fill_boot(&boot, plan);
	end_boot(&boot);
	boot.view.changes = NULL;
	boot.view.last = &boot.view.changes;
	put_change(&boot.view, 0, "db", PHASE_STARTING);
	put_change(&boot.view, 100, "db", PHASE_READY);
	put_change(&boot.view, 111, "web", PHASE_STARTING);
	put_change(&boot.view, 200, "web", PHASE_READY);
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	assert_int_equal(timeline.count, 2);
	assert_string_equal(timeline.spans[0].name, "db");
	assert_int_equal(timeline.spans[0].critical, 0);
	assert_int_equal(timeline.spans[1].critical, 1);
	boot.view.changes->next->next->change.time_ms--; /* 110 */
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	assert_int_equal(timeline.spans[0].critical, 1);
	end_boot(&boot);
	close(plan);
}

/* A boot in which nothing has happened yet. */
static void test_timeline_empty(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct boot boot;
	struct timeline timeline;
	struct page page;

	(void)state;
	fill_boot(&boot, -1);
	end_boot(&boot);
	boot.view.changes = NULL;
	boot.view.system.goal = 0;
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	assert_int_equal(timeline.count, 0);
	assert_int_equal(timeline.end, 0);
	begin(&page);
	timeline_svg(&page, &timeline);
	assert_int_equal(page_end(&page), 0);
	close(page.fd);
}

/* Every element that begins ends, and attributes are quoted: enough of XML for what we write. */
static void check_elements(const char *text)
{
	char open[8][16];
	int depth = 0;

	for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
		const char *end = strchr(at, '>');
		const size_t length = strcspn(at + 1, " />");
		int quotes = 0;

		assert_non_null(end);
		for (const char *byte = at; byte < end; byte++)
			quotes += *byte == '"';
		assert_int_equal(quotes % 2, 0);
		if (at[1] == '/') {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strncmp(open[depth], at + 2, strlen(open[depth])), 0);
		} else if (end[-1] != '/') {
			assert_true(depth < 8 && length < sizeof(open[0]));
			memcpy(open[depth], at + 1, length);
			open[depth++][length] = '\0';
		}
	}
	assert_int_equal(depth, 0);
}

static void test_timeline_svg(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct boot boot;
	struct timeline timeline;
	struct page page;
	char text[16384];
	int plan = make_plan();
	ssize_t size;

	(void)state;
	fill_boot(&boot, plan);
	assert_int_equal(timeline_make(&arena, &boot.view, &timeline), 0);
	begin(&page);
	timeline_svg(&page, &timeline);
	assert_int_equal(page_end(&page), 0);
	size = pread(page.fd, text, sizeof(text) - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	check_elements(text);
	assert_int_equal(strncmp(text, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39), 0);
	assert_non_null(strstr(text, "<text class=\"critical\" x=\"162\" y=\"54\" "
				     "text-anchor=\"end\">data</text>\n"
				     "<rect class=\"waiting\" x=\"170\" y=\"43\" width=\"12\" "
				     "height=\"14\"/>\n"
				     "<rect class=\"starting\" x=\"182\" y=\"43\" width=\"298\" "
				     "height=\"14\"/>\n"
				     "<rect class=\"ready\" x=\"480\" y=\"43\" width=\"310\" "
				     "height=\"14\"/>\n"
				     "<text x=\"798\" y=\"54\">240ms</text>\n"));
	assert_non_null(strstr(text, "<rect class=\"failed\" "));
	close(page.fd);
	end_boot(&boot);
	close(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_json),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_timeline_json),
		cmocka_unit_test(test_timeline_condition),
		cmocka_unit_test(test_timeline_empty),
		cmocka_unit_test(test_timeline_svg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
