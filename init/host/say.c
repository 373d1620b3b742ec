/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor itself has to say: its own log ring, the kernel log, the journal. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { SAY_SIZE = 400 };

/* Whoever reads our stderr may have stopped to: a pipe that polls as writable takes a whole line.
 */
static void tell(const char *text, size_t size)
{
	struct pollfd target = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&target, 1, 0) == 1 && (target.revents & POLLOUT))
		fd_write_all(STDERR_FILENO, text, size);
}

void host_say(struct host *host, int level, const char *format, ...)
{
	char text[SAY_SIZE] = "<?>cruet: ";
	const size_t prefix = strlen(text);
	va_list arguments;
	int length;

	text[1] = (char)('0' + level);
	va_start(arguments, format);
	length = vsnprintf(text + prefix, sizeof(text) - prefix - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	length += (int)prefix;
	if (length > SAY_SIZE - 2)
		length = SAY_SIZE - 2;
	text[length++] = '\n';
	if (host->units) {
		/* A full pipe loses the line, never our time. */
		const ssize_t ignored =
			write(host->units[host->plan.unit_count].output, text, (size_t)length);

		(void)ignored;
	}
	if (!host->kept || !host->kept->is_init) {
		if (level <= SAY_WARNING || !host->units)
			tell(text + 3, (size_t)length - 3);
	} else if (level <= SAY_NOTICE) {
		auto_fd int kernel = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK);

		if (kernel >= 0)
			fd_write_all(kernel, text, (size_t)length);
	}
}

void host_say_error(struct host *host, const char *about)
{
	char text[SAY_SIZE];

	error_format(error_last(), text, sizeof(text));
	host_say(host, SAY_ERROR, "%s%s%s", about ? about : "", about ? ": " : "", text);
}

struct journal_entry *host_journal(const struct host *host, uint64_t number)
{
	const uint64_t place = number < JOURNAL_BOOT ?
				       number :
				       JOURNAL_BOOT + (number - JOURNAL_BOOT) % JOURNAL_LATEST;

	return &host->journal[place];
}

static struct journal_entry *next_entry(struct host *host)
{
	struct journal_entry *entry = host_journal(host, host->kept->journal_next++);

	host->control_due = 1;
	*entry = (struct journal_entry){ .time = host->now, .unit = PLAN_NONE, .exit_status = -1 };
	return entry;
}

void host_note(struct host *host, enum journal_note note)
{
	next_entry(host)->note = (uint8_t)note;
}

void host_note_revision(struct host *host, enum journal_note note, uint32_t number)
{
	struct journal_entry *entry = next_entry(host);

	entry->note = (uint8_t)note;
	entry->pid = (int32_t)number;
}

void host_note_unit(struct host *host, uint32_t unit, uint32_t before)
{
	const struct unit_state *state = supervisor_unit(host->supervisor, unit);
	struct journal_entry *entry = next_entry(host);

	entry->unit = unit;
	entry->before = (uint8_t)before;
	entry->phase = state->phase;
	entry->cause = state->cause;
	entry->exit_status = state->exit_status;
	entry->pid = host->units[unit].pid;
}

const char *journal_note_text(uint32_t note)
{
	static const char texts[NOTE_COUNT][32] = {
		[NOTE_STARTED] = "supervisor started",
		[NOTE_BOARD] = "board set up",
		[NOTE_BOARD_FAILED] = "board set up with failures",
		[NOTE_GOAL] = "goal reached",
		[NOTE_RELOAD] = "units read again",
		[NOTE_RELOAD_FAILED] = "units not read again: errors",
		[NOTE_REEXEC] = "supervisor executed again",
		[NOTE_CRASH] = "supervisor recovered",
		[NOTE_WRITER] = "log writer started",
		[NOTE_EMERGENCY] = "emergency shell",
		[NOTE_STARVE] = "watchdog no longer fed",
		[NOTE_SHUTDOWN] = "shutdown",
		[NOTE_TRIAL] = "trial begun",
		[NOTE_TRIAL_COMMITTED] = "committed",
		[NOTE_TRIAL_FAILED] = "trial failed",
	};

	return note < NOTE_COUNT ? texts[note] : "";
}
