/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests run inside containers: says what the process can do and see, or attacks. Static,
 * so that it runs in any root file system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Architectures from 2011 on have neither of them: what their C libraries call instead, relative to
 * here. */
#ifdef SYS_mkdir
static const bool relative_only = false;
#else
static const bool relative_only = true;
#define SYS_mkdir SYS_mkdirat
#define SYS_chmod SYS_fchmodat
#endif

/* syscall NAME|NUMBER [ARGUMENT...]: the result, or the errno's name. */
static int run_syscall(int argc, char **argv)
{
	static const struct {
		const char *name;
		long number;
	} names[] = {
		{ "getcwd", SYS_getcwd },
		{ "getpid", SYS_getpid },
		{ "getppid", SYS_getppid },
		{ "personality", SYS_personality },
		{ "mkdir", SYS_mkdir },
		{ "chmod", SYS_chmod },
		{ "openat2", SYS_openat2 },
		{ "clone3", SYS_clone3 },
		{ "unshare", SYS_unshare },
		{ "keyctl", SYS_keyctl },
		{ "close", SYS_close },
		{ "socket", SYS_socket },
		{ "kcmp", SYS_kcmp },
		{ "close_range", SYS_close_range },
		{ "sethostname", SYS_sethostname },
		{ "fsopen", SYS_fsopen },
		{ "open_tree", SYS_open_tree },
		{ "move_mount", SYS_move_mount },
		{ "mount_setattr", SYS_mount_setattr },
		{ "pidfd_open", SYS_pidfd_open },
	};
	long number = strtol(argv[1], NULL, 0), arguments[7] = { 0 }, result;
	int first;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(argv[1], names[i].name) == 0)
			number = names[i].number;
	first = relative_only && (number == SYS_mkdir || number == SYS_chmod);
	if (first)
		arguments[0] = AT_FDCWD;
	for (int i = 2; i < argc && i < 8; i++)
		arguments[i - 2 + first] =
			argv[i][0] == ':' ? (long)(argv[i] + 1) : (long)strtoull(argv[i], NULL, 0);
	result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
			 arguments[4], arguments[5]);
	if (result < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%ld\n", result);
	return 0;
}

/* int80 NUMBER: a 32-bit system call, from a 64-bit process. */
static int run_int80(int argc, char **argv)
{
#ifdef __x86_64__
	long result, number = strtol(argv[1], NULL, 0);

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	printf("%s\n", result < 0 ? strerrorname_np((int)-result) : "ok");
#else
	(void)argv;
	puts("ok");
#endif
	return argc < 2;
}

/* fds: the open descriptors and what they are, but for the one that lists them. */
static int run_fds(int argc, char **argv)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	(void)argc, (void)argv;
	while (dir && (entry = readdir(dir))) {
		char target[512];
		ssize_t length;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		printf("%s %s\n", entry->d_name, target);
	}
	return dir ? 0 : 1;
}

/* leaked: descriptors beyond the standard ones, found without /proc. */
static int run_leaked(int argc, char **argv)
{
	bool found = false;

	(void)argc, (void)argv;
	for (int fd = 3; fd < 65536; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			printf("%d\n", fd);
			found = true;
		}
	if (!found)
		puts("none");
	return 0;
}

/* tiocsti TEXT: push it into the input of the terminal. */
static int run_tiocsti(int argc, char **argv)
{
	for (int fd = 0; fd < 3; fd++)
		for (const char *c = argv[1]; *c; c++)
			if (ioctl(fd, TIOCSTI, c) < 0)
				printf("%d: %s\n", fd, strerrorname_np(errno));
	return argc < 2;
}

/* self: the settings of the process that /proc/self/status does not show. */
static int run_self(int argc, char **argv)
{
	struct sched_param parameter = { 0 };

	(void)argc, (void)argv;
	sched_getparam(0, &parameter);
	errno = 0;
	printf("policy=%d\npriority=%d\nnice=%d\n", sched_getscheduler(0), parameter.sched_priority,
	       getpriority(PRIO_PROCESS, 0));
	printf("personality=%#x\n", (unsigned int)personality(0xffffffff));
	printf("dumpable=%d\npdeathsig=", prctl(PR_GET_DUMPABLE));
	int signal = -1;
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("%d\nsubreaper=", signal);
	int subreaper = -1;
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	printf("%d\nkeepcaps=%d\nsecurebits=%d\n", subreaper, prctl(PR_GET_KEEPCAPS),
	       prctl(PR_GET_SECUREBITS));
	printf("session=%d\ngroup=%d\ntty=%s\n", getsid(0) == getpid(), getpgid(0) == getpid(),
	       open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 ? "yes" : "no");
	return 0;
}

/* A sealed file can be opened for writing once nobody executes it, and yet not be written. */
static bool can_write(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC), seals;

	if (fd < 0)
		return false;
	seals = fcntl(fd, F_GET_SEALS);
	close(fd);
	return seals < 0 || !(seals & F_SEAL_WRITE);
}

/*
 * attack MILLISECONDS: while it lasts, look at every process: is there one whose executable is not
 * of this root and can be opened for writing, or one with a descriptor or root of the host (a file
 * /run/t/secret is there)? Prints each finding once.
 */
static int run_attack(int argc, char **argv)
{
	int64_t end = now_ms() + atoi(argv[1]);
	unsigned long seen = 0, written = 0;
	char kept[64] = "";

	(void)argc;
	while (now_ms() < end) {
		for (int pid = 2; pid < 400; pid++) {
			char path[96];
			int fd;

			snprintf(path, sizeof(path), "/proc/%d/exe", pid);
			fd = open(path, O_PATH | O_CLOEXEC);
			if (fd < 0)
				continue;
			seen++;
			snprintf(kept, sizeof(kept), "/proc/self/fd/%d", fd);
			if (can_write(kept, O_WRONLY | O_APPEND) && !written++)
				printf("writable executable of %d\n", pid);
			close(fd);
			snprintf(path, sizeof(path), "/proc/%d/root/run/t/secret", pid);
			if (can_write(path, O_RDONLY))
				printf("host root of %d\n", pid);
			snprintf(path, sizeof(path), "/proc/%d/cwd/run/t/secret", pid);
			if (can_write(path, O_RDONLY))
				printf("host cwd of %d\n", pid);
			for (int n = 0; n < 40; n++) {
				/* From any folder the host's root is some steps up. */
				snprintf(path, sizeof(path),
					 "/proc/%d/fd/%d/../../../../../../run/t/secret", pid, n);
				if (can_write(path, O_RDONLY))
					printf("host folder of %d\n", pid);
			}
		}
	}
	printf("seen %s\n", seen ? "some" : "none");
	return 0;
}

/* swap A B MILLISECONDS: exchange two names for a while. */
static int run_swap(int argc, char **argv)
{
	int64_t end = now_ms() + atoi(argv[3]);

	(void)argc;
	while (now_ms() < end)
		for (int i = 0; i < 100; i++)
			syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2);
	return 0;
}

/* notify TEXT...: send each to $NOTIFY_SOCKET. */
static int run_notify(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || fd < 0)
		return 1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 1; i < argc; i++)
		if (sendto(fd, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&address,
			   sizeof(address)) < 0) {
			perror(path);
			return 1;
		}
	return 0;
}

/* grow MEGABYTES: use that much memory. */
static int run_grow(int argc, char **argv)
{
	size_t size = (size_t)atoi(argv[1]) << 20;
	char *memory = malloc(size);

	(void)argc;
	if (memory)
		memset(memory, 1, size);
	printf("%s\n", memory && memory[size - 1] == 1 ? "grown" : "refused");
	return 0;
}

/* fork COUNT: how many children can be had at once. */
static int run_fork(int argc, char **argv)
{
	int made = 0, wanted = atoi(argv[1]);
	int release[2];

	(void)argc;
	if (pipe(release) < 0)
		return 1;
	for (; made < wanted; made++) {
		pid_t pid = fork();
		char byte;

		if (pid < 0)
			break;
		if (pid == 0) {
			close(release[1]);
			_exit(read(release[0], &byte, 1) != 0);
		}
	}
	printf("%d\n", made);
	return 0;
}

/* signals: blocked and ignored ones, in hex, from /proc/self/status. */
static int run_signals(int argc, char **argv)
{
	char line[128];
	FILE *file = fopen("/proc/self/status", "re");

	(void)argc, (void)argv;
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0)
			fputs(line, stdout);
	return file ? 0 : 1;
}

/* pause: until it is killed. */
static int run_pause(int argc, char **argv)
{
	(void)argc, (void)argv;
	while (pause() < 0)
		;
	return 0;
}

/* Lines of a file that begin with one of the words (NULL: all). */
static void print_lines(const char *path, const char *const *words)
{
	char line[512];
	FILE *file = fopen(path, "re");

	printf("[%s]\n", path);
	while (file && fgets(line, sizeof(line), file)) {
		bool wanted = !words;

		for (size_t i = 0; words && words[i]; i++)
			wanted = wanted || strncmp(line, words[i], strlen(words[i])) == 0;
		if (wanted)
			fputs(line, stdout);
	}
	if (file)
		fclose(file);
}

/* Mount point, its options, type and options of the file system: without numbers that differ from
 * run to run. */
static void print_mounts(void)
{
	char line[1024], point[256], options[256];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *rest = strstr(line, " - ");
		char *propagation = strstr(line, "shared:") ? "shared" : "";

		if (rest && sscanf(line, "%*s %*s %*s %*s %255s %255s", point, options) == 2)
			printf("mount %s %s %s%s", point, options, propagation, rest);
	}
	if (file)
		fclose(file);
}

/* fingerprint: all that the configuration promises about a process, to compare two runs. */
static int run_fingerprint(int argc, char **argv)
{
	static const char *const status[] = { "Cap",	"Seccomp", "NoNewPrivs", "Uid",	   "Gid",
					      "Groups", "Umask",   "SigBlk",	 "SigIgn", NULL };
	static const char *const spaces[] = { "mnt", "pid", "net", "ipc", "uts", "cgroup", "user" };
	char text[4096];

	(void)argc;
	print_lines("/proc/self/status", status);
	print_lines("/proc/self/limits", NULL);
	print_lines("/proc/self/cgroup", NULL);
	print_lines("/proc/self/oom_score_adj", NULL);
	print_lines("/proc/sys/net/ipv4/ip_forward", NULL);
	print_lines("/etc/passwd", NULL);
	print_mounts();
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		char path[64], target[64];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		length = readlink(path, target, sizeof(target) - 1);
		printf("ns %.*s\n", length > 0 ? (int)length : 0, target);
	}
	for (char **entry = environ; *entry; entry++)
		printf("env %s\n", *entry);
	gethostname(text, sizeof(text));
	printf("hostname %s\n", text);
	printf("cwd %s\n", getcwd(text, sizeof(text)));
	for (int node = 0; node < 3; node++) {
		static const char *const nodes[] = { "/dev/null", "/dev/zero", "/dev/tty" };
		struct stat file = { 0 };

		stat(nodes[node], &file);
		printf("device %s %lx %o\n", nodes[node], (unsigned long)file.st_rdev,
		       file.st_mode);
	}
	printf("device 10:229 %s\n", can_write("/dev/fuse", O_RDWR) ? "open" : "closed");
	run_self(1, argv);
	return run_fds(1, argv);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "syscall", run_syscall },
		{ "int80", run_int80 },
		{ "fds", run_fds },
		{ "leaked", run_leaked },
		{ "tiocsti", run_tiocsti },
		{ "self", run_self },
		{ "attack", run_attack },
		{ "swap", run_swap },
		{ "notify", run_notify },
		{ "grow", run_grow },
		{ "fork", run_fork },
		{ "signals", run_signals },
		{ "fingerprint", run_fingerprint },
		{ "pause", run_pause },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "probe: unknown command\n");
	return 125;
}
