/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder: see recorder.h. Every change reads the better slot, makes the next state of
 * it in memory, and writes that over the worse slot in place; so a write that is cut off leaves the
 * state before. The file has both slots from its beginning: a write changes no metadata.
 */
#include "init/board/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <endian.h>
#include <limits.h>
#include <linux/watchdog.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/board/clock_set.h"
#include "init/board/pstore.h"
#include "init/plan.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

enum {
	SLOT_MAGIC = 0x63727265, /* "crre" */
	SLOT_VERSION = 1,
};

struct slot {
	uint32_t magic, version;
	uint32_t checksum; /* CRC-32 of all that follows */
	uint32_t reserved;
	struct recorder_state state;
	uint8_t unused[RECORDER_SLOT - 16 - sizeof(struct recorder_state)];
};
_Static_assert(sizeof(struct slot) == RECORDER_SLOT && sizeof(struct recorder_boot) == 152 &&
		       sizeof(struct recorder_failure) == 88,
	       "the layout on disk has no holes");

/* What a change is made of. */
struct change {
	uint32_t boot_status; /* of the watchdog */
	const struct recorder_boot *end;
	const struct recorder_failure *failure;
};

const char *end_reason_name(uint32_t reason)
{
	static const char *const names[] = { "unknown", "planned", "ladder", "watchdog",
					     "panic",	"init",	   "power" };

	return names[reason < sizeof(names) / sizeof(*names) ? reason : END_UNKNOWN];
}

/* ---- the file ---- */

/* To the disk's byte order, or from it. */
static void turn(struct recorder_state *state)
{
	state->sequence = htole64(state->sequence);
	for (struct recorder_boot *boot = state->boots; boot < state->boots + RECORDER_BOOTS;
	     boot++) {
		boot->number = htole64(boot->number);
		boot->began = htole64(boot->began);
		boot->up_seconds = htole64(boot->up_seconds);
		boot->end = htole32(boot->end);
		boot->ended = htole32(boot->ended);
	}
	for (struct recorder_failure *failure = state->failures;
	     failure < state->failures + RECORDER_FAILURES; failure++) {
		failure->boot_number = htole64(failure->boot_number);
		failure->up_ms = htole64(failure->up_ms);
		failure->cause = htole32(failure->cause);
		failure->exit_status = (int32_t)htole32((uint32_t)failure->exit_status);
	}
}

static uint32_t checksum(const struct slot *slot)
{
	const size_t at = offsetof(struct slot, reserved);

	return htole32(plan_crc32(0, (const char *)slot + at, sizeof(*slot) - at));
}

/* The state with the highest sequence number; sequence 0: there is none. */
static int load(int fd, struct recorder_state *state)
{
	struct slot slot;

	memset(state, 0, sizeof(*state));
	for (off_t i = 0; i < RECORDER_SLOTS; i++) {
		const ssize_t size = pread(fd, &slot, sizeof(slot), i * RECORDER_SLOT);

		/* A sector that cannot be read is not the other slot's matter. */
		if (size != sizeof(slot) || slot.magic != htole32(SLOT_MAGIC) ||
		    slot.version != htole32(SLOT_VERSION) || slot.checksum != checksum(&slot))
			continue;
		turn(&slot.state);
		if (slot.state.sequence > state->sequence &&
		    (off_t)(slot.state.sequence % RECORDER_SLOTS) == i)
			*state = slot.state;
	}
	for (int i = 0; i < RECORDER_BOOTS; i++)
		state->boots[i].text[RECORDER_TEXT - 1] = '\0';
	for (int i = 0; i < RECORDER_FAILURES; i++)
		state->failures[i].unit[sizeof(state->failures[i].unit) - 1] = '\0';
	return state->sequence ? 0 : -ENOENT;
}

static int store(int fd, const struct recorder_state *state)
{
	struct slot slot = { .magic = htole32(SLOT_MAGIC), .version = htole32(SLOT_VERSION) };
	const off_t at = (off_t)(state->sequence % RECORDER_SLOTS) * RECORDER_SLOT;
	ssize_t size;

	slot.state = *state;
	turn(&slot.state);
	slot.checksum = checksum(&slot);
	size = pwrite(fd, &slot, sizeof(slot), at);
	if (size != sizeof(slot))
		return size < 0 ? -errno : -EIO;
	return 0;
}

/* The folder of `path`; made, if it is the only one that is missing. */
static int open_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return open(slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '\0';
	mkdir(folder, 0755);
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * A new file, or one that is too short: zeros, really written, so that no later write needs space
 * or the allocation of a block.
 */
static int make(const char *path)
{
	const struct slot zeros = { .magic = 0 };
	auto_fd int folder = open_folder(path);
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_DSYNC | O_CLOEXEC, 0644);

	for (off_t i = 0; i < RECORDER_SLOTS && fd >= 0; i++)
		if (pwrite(fd, &zeros, sizeof(zeros), i * RECORDER_SLOT) != sizeof(zeros))
			close_fd(&fd);
	if (fd < 0 || folder < 0 || fsync(fd) < 0 || fsync(folder) < 0)
		return -1;
	return take_fd(&fd);
}

/* To be changed. A raw partition in place of a file will do as well. */
static int open_file(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDWR | O_DSYNC | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size < RECORDER_SLOT * RECORDER_SLOTS)
		close_fd(&fd);
	return fd >= 0 ? fd : make(path);
}

int recorder_read(const char *path, struct recorder_state *state)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : fail(errno, "flight recorder %s", path);
	return load(fd, state);
}

/* ---- the state ---- */

/* The 16 bytes of "6e2a...-..."; zeros where there is no /proc. */
static void read_boot_id(uint8_t id[16])
{
	char text[40] = "";
	size_t digits = 0;

	memset(id, 0, 16);
	file_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text));
	for (const char *at = text; *at && digits < 32; at++) {
		const char *digit = strchr("0123456789abcdef", *at);

		if (!digit)
			continue;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | (digit - "0123456789abcdef"));
		digits++;
	}
}

/* The boot before ended without a word: why, by what the machine has kept? */
static void find_end(struct recorder_boot *boot, const struct recorder_boot *older,
		     uint32_t boot_status)
{
	pstore_read(PSTORE_FOLDER, boot->text, sizeof(boot->text));
	/* The same to the microsecond: left from an older boot, it could not be removed. */
	if (boot->text[0] == '[' && strcmp(boot->text, older->text) == 0)
		boot->text[0] = '\0';
	if (boot->text[0]) {
		boot->end = END_PANIC;
	} else if (boot_status & WDIOF_CARDRESET) {
		boot->end = END_WATCHDOG;
		strcpy(boot->text, "the hardware watchdog has reset it");
	} else if (boot_status & (WDIOF_POWERUNDER | WDIOF_POWEROVER)) {
		boot->end = END_POWER;
		strcpy(boot->text, "power fault");
	} else if (boot_status & WDIOF_OVERHEAT) {
		boot->end = END_POWER;
		strcpy(boot->text, "overheated");
	}
}

/* A boot that is not on record yet becomes the present one. */
static void enter_boot(struct recorder_state *state, uint32_t boot_status)
{
	struct recorder_boot *boots = state->boots;
	uint8_t id[16];

	read_boot_id(id);
	if (boots[0].number > 0 && memcmp(boots[0].id, id, sizeof(id)) == 0)
		return;
	if (boots[0].number > 0 && !boots[0].ended)
		find_end(&boots[0], &boots[1], boot_status);
	memmove(boots + 1, boots, sizeof(*boots) * (RECORDER_BOOTS - 1));
	boots[0] = (struct recorder_boot){ .number = boots[1].number + 1 };
	memcpy(boots[0].id, id, sizeof(id));
}

static void apply(struct recorder_state *state, const struct change *change)
{
	struct recorder_boot *boot = state->boots;
	struct recorder_failure *failures = state->failures;

	enter_boot(state, change->boot_status);
	if (!boot->began)
		boot->began = clock_boot_time();
	if (change->end) {
		boot->end = change->end->end;
		boot->ended = 1;
		boot->up_seconds = change->end->up_seconds;
		memcpy(boot->text, change->end->text, sizeof(boot->text));
	}
	if (change->failure) {
		memmove(failures + 1, failures, sizeof(*failures) * (RECORDER_FAILURES - 1));
		failures[0] = *change->failure;
		failures[0].boot_number = boot->number;
	}
}

static int record(const char *path, const struct change *change)
{
	struct recorder_state before, state;
	auto_fd int fd = -1;
	int result;

	if (!IS_ENABLED(CONFIG_INIT_RECORDER))
		return fail_as(ERROR_UNSUPPORTED, 0,
			       "flight recorder: CONFIG_INIT_RECORDER is not set");
	fd = open_file(path);
	if (fd < 0)
		return fail(errno, "flight recorder %s", path);
	load(fd, &before);
	state = before;
	apply(&state, change);
	if (memcmp(&state, &before, sizeof(state)) == 0)
		return 0;
	state.sequence++;
	result = store(fd, &state);
	return result < 0 ? fail(-result, "flight recorder: write %s", path) : 0;
}

int recorder_boot(const char *path, uint32_t watchdog_boot_status)
{
	const struct change change = { .boot_status = watchdog_boot_status };
	int result;

	pstore_mount();
	result = record(path, &change);
	if (result == 0)
		pstore_clear(PSTORE_FOLDER);
	return result;
}

int recorder_end(const char *path, enum end_reason reason, const char *text, uint64_t up_ms)
{
	struct recorder_boot end = { .end = reason, .up_seconds = up_ms / 1000 };
	const struct change change = { .end = &end };

	snprintf(end.text, sizeof(end.text), "%s", text);
	return record(path, &change);
}

int recorder_failure(const char *path, const struct recorder_failure *failure)
{
	const struct change change = { .failure = failure };

	return record(path, &change);
}
