/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names: see signals.h. Numbers differ between architectures (MIPS), so they come from
 * signal.h. */
#include "runtime/cmd/signals.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/str.h"

static const struct {
	char name[7];
	unsigned char number;
} signals[] = {
	{ "HUP", SIGHUP },	 { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },	 { "ABRT", SIGABRT }, { "IOT", SIGIOT },       { "BUS", SIGBUS },
	{ "FPE", SIGFPE },	 { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },	 { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
	{ "CHLD", SIGCHLD },	 { "CLD", SIGCHLD },  { "CONT", SIGCONT },     { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },	 { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
	{ "XCPU", SIGXCPU },	 { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },	 { "IO", SIGIO },     { "POLL", SIGIO },       { "PWR", SIGPWR },
	{ "SYS", SIGSYS },
};

/* The kernel's, not the libc's, which keeps some to itself. */
enum { REALTIME_FIRST = 34, REALTIME_LAST = 64 };

static int realtime(const char *text, int base, int sign)
{
	uint32_t offset = 0;
	int number;

	if (*text == '\0')
		return base;
	if (*text != (sign > 0 ? '+' : '-') || !str_uint32(text + 1, &offset) ||
	    offset > REALTIME_LAST)
		return -1;
	number = base + sign * (int)offset;
	return number >= REALTIME_FIRST && number <= REALTIME_LAST ? number : -1;
}

int signal_number(const char *text)
{
	uint32_t number;

	if (str_uint32(text, &number))
		return number >= 1 && number < (uint32_t)_NSIG ? (int)number : -1;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return realtime(text + 5, REALTIME_FIRST, 1);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return realtime(text + 5, REALTIME_LAST, -1);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcasecmp(text, signals[i].name) == 0)
			return signals[i].number;
	return -1;
}
