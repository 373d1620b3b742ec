/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bench of first processes starts as services; times are of CLOCK_MONOTONIC.
 *   mark FILE           write the time of our first instructions to FILE, then stay
 *   report FILE...      wait for the files; print how long after the kernel's "Run ... as init
 *                       process" each was written, and what PID 1 and the other processes of its
 *                       program take; then power off. Lines begin with "bench: ".
 * The kernel's log has a clock of its own: a line written to it gives the difference.
 */
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void __attribute__((noreturn)) mark(const char *path, long long time)
{
	char text[32];
	const int size = snprintf(text, sizeof(text), "%lld\n", time);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, (size_t)size) != size)
		perror(path);
	close(fd);
	for (;;)
		pause();
}

/* The time of the first log line with `text`, in ns of the log's clock; -1: none. */
static long long log_time(const char *text)
{
	char line[8192];
	const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	long long found = -1;
	ssize_t size;

	while (found < 0 && (size = read(fd, line, sizeof(line) - 1)) > 0) {
		long long us;

		line[size] = '\0';
		if (strstr(line, text) && sscanf(line, "%*d,%*d,%lld", &us) == 1)
			found = us * 1000;
	}
	close(fd);
	return found;
}

/* What is to be added to the log's clock to get CLOCK_MONOTONIC. */
static long long log_offset(void)
{
	const int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	const long long before = now_ns();
	ssize_t size = write(fd, "bench of init\n", 14);
	const long long after = now_ns();

	close(fd);
	return size < 0 ? 0 : (before + after) / 2 - log_time("bench of init");
}

static long long file_time(const char *path)
{
	long long time = -1;

	for (int i = 0; i < 600 && time < 0; i++) {
		FILE *file = fopen(path, "r");

		if (file) {
			if (fscanf(file, "%lld", &time) != 1)
				time = -1;
			fclose(file);
		}
		if (time < 0)
			usleep(100000);
	}
	return time;
}

/* A value of /proc/PID/FILE in kB. */
static long value(const char *pid, const char *file, const char *name)
{
	char path[64], line[256];
	long result = -1;
	FILE *text;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	text = fopen(path, "r");
	while (text && fgets(line, sizeof(line), text))
		if (strncmp(line, name, strlen(name)) == 0)
			result = strtol(line + strlen(name), NULL, 10);
	if (text)
		fclose(text);
	return result;
}

/* Everything but the services: what supervising them takes. */
static void report_memory(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	long others = 0, anonymous = 0, pss = 0;

	while (proc && (entry = readdir(proc))) {
		char path[64], program[256] = "";

		snprintf(path, sizeof(path), "/proc/%.20s/exe", entry->d_name);
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    readlink(path, program, sizeof(program) - 1) < 0 || strstr(program, "probe") ||
		    strcmp(entry->d_name, "1") == 0)
			continue;
		others++;
		anonymous += value(entry->d_name, "smaps_rollup", "Anonymous:");
		pss += value(entry->d_name, "smaps_rollup", "Pss:");
	}
	printf("bench: memory anonymous %ld rss %ld pss %ld stack %ld others %ld "
	       "others_anonymous %ld others_pss %ld\n",
	       value("1", "smaps_rollup", "Anonymous:"), value("1", "smaps_rollup", "Rss:"),
	       value("1", "smaps_rollup", "Pss:"), value("1", "status", "VmStk:"), others,
	       anonymous, pss);
}

static int report(int count, char **files)
{
	long long began, offset;

	for (int i = 0; i < count; i++)
		file_time(files[i]);
	sleep(2); /* for what is still settling */
	offset = log_offset();
	began = log_time(" as init process") + offset;
	for (int i = 0; i < count; i++)
		printf("bench: time %s %.3f ms\n", strrchr(files[i], '/') + 1,
		       (double)(file_time(files[i]) - began) / 1e6);
	report_memory();
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}

int main(int argc, char **argv)
{
	const long long time = now_ns();

	if (argc == 3 && strcmp(argv[1], "mark") == 0)
		mark(argv[2], time);
	if (argc > 2 && strcmp(argv[1], "report") == 0) {
		/* Wherever its supervisor lets it print: on the console. */
		const int console = open("/dev/console", O_WRONLY);

		if (console >= 0)
			dup2(console, 1);
		return report(argc - 2, argv + 2);
	}
	return 2;
}
