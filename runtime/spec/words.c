/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word lists. Rows of equal width instead of pointers, so that nothing needs relocation; the
 * first row is the prefix that all words share, which is not stored again.
 */
#include "runtime/spec/words.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "lib/config.h"
#include "runtime/spec/spec.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000 /* Linux 4.6 */
#endif

/* In the order of linux/capability.h. */
static const char capabilities[][19] = {
	"CAP_",
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

static const char rlimits[][12] = {
	"RLIMIT_", "CPU", "FSIZE", "DATA",	 "STACK",    "CORE", "RSS",    "NPROC",	 "NOFILE",
	"MEMLOCK", "AS",  "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
};
/* The numbers differ between architectures (mips). */
static const uint8_t rlimit_numbers[] = {
	RLIMIT_CPU,	 RLIMIT_FSIZE, RLIMIT_DATA,   RLIMIT_STACK,
	RLIMIT_CORE,	 RLIMIT_RSS,   RLIMIT_NPROC,  RLIMIT_NOFILE,
	RLIMIT_MEMLOCK,	 RLIMIT_AS,    RLIMIT_LOCKS,  RLIMIT_SIGPENDING,
	RLIMIT_MSGQUEUE, RLIMIT_NICE,  RLIMIT_RTPRIO, RLIMIT_RTTIME,
};
_Static_assert(sizeof(rlimits) / sizeof(*rlimits) == sizeof(rlimit_numbers) + 1,
	       "a number for each rlimit");

/* In the order of enum spec_namespace_type. */
static const char namespaces[][8] = { "",    "pid",  "network", "mount", "ipc",
				      "uts", "user", "cgroup",	"time" };
static const char namespace_files[][8] = { "pid", "net",  "mnt",    "ipc",
					   "uts", "user", "cgroup", "time" };
static const uint32_t namespace_flags[] = { CLONE_NEWPID,    CLONE_NEWNET, CLONE_NEWNS,
					    CLONE_NEWIPC,    CLONE_NEWUTS, CLONE_NEWUSER,
					    CLONE_NEWCGROUP, CLONE_NEWTIME };
_Static_assert(sizeof(namespace_flags) / sizeof(*namespace_flags) == NAMESPACE_TYPES,
	       "a flag for each namespace type");

/* The next two in the order of linux/sched.h and linux/sched/types.h. */
static const char policies[][9] = { "SCHED_", "OTHER", "FIFO", "RR",
				    "BATCH",  "ISO",   "IDLE", "DEADLINE" };
static const char sched_flags[][16] = {
	"SCHED_FLAG_", "RESET_ON_FORK", "RECLAIM",	  "DL_OVERRUN",
	"KEEP_POLICY", "KEEP_PARAMS",	"UTIL_CLAMP_MIN", "UTIL_CLAMP_MAX",
};
/*
 * The specification has the first four; engines send the recursive ones too (containerd "rslave",
 * Docker "rshared").
 */
static const char propagation[][12] = { "",	    "unbindable", "private",
					"slave",    "shared",	  "runbindable",
					"rprivate", "rslave",	  "rshared" };
static const char personalities[][8] = { "", "LINUX", "LINUX32" };
/* In the order of enum spec_seccomp_action; KILL is another name of the first. */
static const char actions[][13] = { "SCMP_ACT_", "KILL_THREAD", "KILL_PROCESS", "TRAP",	  "ERRNO",
				    "TRACE",	 "ALLOW",	"LOG",		"NOTIFY", "KILL" };
/* In the order of libseccomp's enum scmp_compare, from 1 on. */
static const char operators[][10] = {
	"SCMP_CMP_", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"
};
static const char seccomp_flags[][21] = { "SECCOMP_FILTER_FLAG_", "TSYNC", "LOG", "SPEC_ALLOW",
					  "WAIT_KILLABLE_RECV" };
static const char architectures[][12] = {
	"SCMP_ARCH_",  "X86",	      "X86_64", "X32",	  "ARM",       "AARCH64",
	"LOONGARCH64", "M68K",	      "MIPS",	"MIPS64", "MIPS64N32", "MIPSEL",
	"MIPSEL64",    "MIPSEL64N32", "PPC",	"PPC64",  "PPC64LE",   "S390",
	"S390X",       "SH",	      "SHEB",	"PARISC", "PARISC64",  "RISCV64",
};

struct word_list {
	const char *rows;
	uint8_t width, count; /* rows, with the prefix */
};

static struct word_list word_list(enum spec_words list)
{
#define LIST(name, rows, used) \
	case name: \
		if (used) \
			return (struct word_list){ *rows, sizeof(*rows), \
						   sizeof(rows) / sizeof(*rows) }; \
		break
	switch (list) {
		LIST(WORDS_CAPABILITIES, capabilities, true);
		LIST(WORDS_RLIMITS, rlimits, true);
		LIST(WORDS_NAMESPACES, namespaces, true);
		LIST(WORDS_POLICIES, policies, IS_ENABLED(CONFIG_SCHEDULER));
		LIST(WORDS_SCHED_FLAGS, sched_flags, IS_ENABLED(CONFIG_SCHEDULER));
		LIST(WORDS_PROPAGATION, propagation, true);
		LIST(WORDS_PERSONALITIES, personalities, IS_ENABLED(CONFIG_PERSONALITY));
		LIST(WORDS_ACTIONS, actions, IS_ENABLED(CONFIG_SECCOMP));
		LIST(WORDS_OPERATORS, operators, IS_ENABLED(CONFIG_SECCOMP));
		LIST(WORDS_SECCOMP_FLAGS, seccomp_flags, IS_ENABLED(CONFIG_SECCOMP));
		LIST(WORDS_ARCHITECTURES, architectures, IS_ENABLED(CONFIG_SECCOMP));
	case WORD_LISTS:
		break;
	}
#undef LIST
	return (struct word_list){ "", 1, 1 };
}

/* Position of a word in its list, from 0, or -1. */
static int find_word(enum spec_words list, const char *word, bool any_case)
{
	const struct word_list words = word_list(list);
	const size_t prefix = strlen(words.rows);

	if (any_case) {
		if (strncasecmp(word, words.rows, prefix) == 0)
			word += prefix;
	} else {
		if (strncmp(word, words.rows, prefix) != 0)
			return -1;
		word += prefix;
	}
	for (int row = 1; row < words.count; row++) {
		const char *candidate = words.rows + (size_t)row * words.width;

		if ((any_case ? strcasecmp(candidate, word) : strcmp(candidate, word)) == 0)
			return row - 1;
	}
	return -1;
}

int spec_word_value(enum spec_words list, const char *word)
{
	const int position = find_word(list, word, false);

	if (position < 0)
		return -1;
	switch (list) {
	case WORDS_RLIMITS:
		return rlimit_numbers[position];
	case WORDS_ACTIONS:
		return position > SECCOMP_NOTIFY ? SECCOMP_KILL_THREAD : position;
	case WORDS_OPERATORS:
		return position + 1;
	default:
		return position;
	}
}

const char *spec_word(enum spec_words list, size_t position, char buffer[SPEC_WORD_SIZE])
{
	const struct word_list words = word_list(list);

	if (position + 1 >= words.count)
		return NULL;
	/* The precisions are for the compiler: no prefix and no word is longer. */
	snprintf(buffer, SPEC_WORD_SIZE, "%.20s%.27s", words.rows,
		 words.rows + (position + 1) * words.width);
	return buffer;
}

int spec_capability_number(const char *name)
{
	return find_word(WORDS_CAPABILITIES, name, true);
}

const char *spec_namespace_name(enum spec_namespace_type type)
{
	return namespaces[type + 1];
}

int spec_namespace_flag(enum spec_namespace_type type)
{
	return (int)namespace_flags[type];
}

const char *spec_namespace_file(enum spec_namespace_type type)
{
	return namespace_files[type];
}
