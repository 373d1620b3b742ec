/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure [-n ROUNDS] [-w WARMUP] [-m MEMORY_CGROUP] [-W] [-j FILE] [-l LABEL] PLAN
 *
 * What commands cost, process trees and all: user + system CPU time, wall time, page faults,
 * context switches, RSS of the largest process; with -m instead the peak memory of the tree, user +
 * kernel (high-water mark of a fresh v1 memory cgroup for every run); with -W ratios are of wall
 * time, for a guest whose clock counts instructions. The machine is noisy, so all cases of a plan
 * run once a round, in an order that changes every round, and medians are what counts.
 *
 * A plan is lines of words (blanks separate, there is no quoting):
 *   case NAME            begins a case
 *   base NAME            print the ratio to this case
 *   before COMMAND       run first, not measured (may be repeated)
 *   measure COMMAND      what is measured
 *   after COMMAND        run last, not measured (may be repeated)
 *   stays N              so many processes are there, asleep, after `before` (default 0)
 *   leaves N             so many are there, asleep, after what is measured (default 0)
 *   alone                count the command and what it waits for, not what it leaves or wakes
 *
 * A command that fails ends the program: a figure of something that did not work is worth nothing.
 * Processes that outlive their parent come to us (subreaper): their time counts too, up to the
 * moment when all that is left sleeps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CASES = 64, MAX_COMMANDS = 8, MAX_WORDS = 32, MAX_LIVE = 512 };

struct command {
	char *words[MAX_WORDS + 1];
};

struct sample {
	double cpu, wall, faults, switches, rss, peak;
};

struct bench_case {
	const char *name, *base;
	struct command before[MAX_COMMANDS], measured, after[MAX_COMMANDS];
	size_t before_count, after_count, stays, leaves;
	bool alone;
	struct sample *samples;
};

/* A process that was there before the measured command, or is there after it. */
struct live {
	pid_t pid;
	double cpu, faults;
};

struct plan {
	struct bench_case *cases;
	bool by_wall;
	size_t count, rounds, warmup;
	const char *memory; /* cgroup to make the fresh ones in, or NULL */
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "measure: %s: %s\n", what, why);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return -1;
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Field `number` (from 1, after the name in parentheses counts from 3) of /proc/PID/stat. */
static bool read_stat(pid_t pid, char *state, double *faults)
{
	char path[64], text[1024], *end;
	unsigned long minor, major;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = 0;
	end = strrchr(text, ')');
	if (!end ||
	    sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %lu %*u %lu", state, &minor, &major) != 3)
		return false;
	*faults = (double)(minor + major);
	return true;
}

static double cpu_of(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? seconds(clock) : -1;
}

static size_t list_children(struct live *live)
{
	char path[64];
	size_t count = 0;
	int pid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	if (!file)
		die(path, strerror(errno));
	while (count < MAX_LIVE && fscanf(file, "%d", &pid) == 1)
		live[count++].pid = pid;
	fclose(file);
	return count;
}

static size_t snapshot(struct live *live)
{
	const size_t count = list_children(live);
	size_t i;
	char state;

	for (i = 0; i < count; i++) {
		live[i].cpu = cpu_of(live[i].pid);
		if (!read_stat(live[i].pid, &state, &live[i].faults))
			live[i].faults = 0;
	}
	return count;
}

/* Standard output goes nowhere, errors stay visible. The memory of the parent is shared until
 * execve. */
static pid_t start(const struct command *command, int nowhere, int procs)
{
	const pid_t pid = vfork();

	if (pid < 0)
		die("vfork", strerror(errno));
	if (pid > 0)
		return pid;
	if (procs >= 0 && write(procs, "0", 1) != 1)
		_exit(126);
	dup2(nowhere, 0);
	dup2(nowhere, 1);
	execv(command->words[0], command->words);
	_exit(127);
}

static void check_status(const struct command *command, int status)
{
	char text[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	snprintf(text, sizeof(text), WIFEXITED(status) ? "exit status %d" : "signal %d",
		 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	for (size_t i = 0; command->words[i]; i++)
		fprintf(stderr, "%s ", command->words[i]);
	die("failed", text);
}

static void add_usage(struct sample *sample, const struct rusage *usage)
{
	sample->cpu += (double)usage->ru_utime.tv_sec + (double)usage->ru_utime.tv_usec / 1e6 +
		       (double)usage->ru_stime.tv_sec + (double)usage->ru_stime.tv_usec / 1e6;
	sample->faults += (double)(usage->ru_minflt + usage->ru_majflt);
	sample->switches += (double)(usage->ru_nvcsw + usage->ru_nivcsw);
	if (sample->rss < (double)usage->ru_maxrss)
		sample->rss = (double)usage->ru_maxrss;
}

static void add_live(struct sample *sample, const struct live *live, size_t count, int sign)
{
	size_t i;

	for (i = 0; i < count; i++) {
		sample->cpu += sign * live[i].cpu;
		sample->faults += sign * live[i].faults;
	}
}

static bool all_asleep(const struct live *live, size_t count)
{
	double faults;
	char state;
	size_t i;

	for (i = 0; i < count; i++)
		if (!read_stat(live[i].pid, &state, &faults) || state != 'S')
			return false;
	return true;
}

/* Until only `leaves` children are there and sleep; what ends meanwhile is added. */
static void settle(struct sample *sample, size_t leaves, const char *name)
{
	const struct timespec moment = { 0, 100000 };
	struct live live[MAX_LIVE];
	struct rusage usage;
	double deadline = seconds(CLOCK_MONOTONIC) + 20;
	size_t count, quiet = 0;

	while (quiet < 3) {
		while (wait4(-1, NULL, WNOHANG, &usage) > 0)
			add_usage(sample, &usage);
		count = list_children(live);
		if (count < leaves)
			die(name, "a process that should stay is gone");
		quiet = count == leaves && all_asleep(live, count) ? quiet + 1 : 0;
		if (leaves == 0 && count == 0)
			return;
		if (seconds(CLOCK_MONOTONIC) > deadline)
			die(name, "processes do not end or do not sleep");
		nanosleep(&moment, NULL);
	}
}

static void run_quietly(const struct command *command, const char *name, int nowhere)
{
	const pid_t pid = start(command, nowhere, -1);
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die(name, strerror(errno));
	check_status(command, status);
}

static int open_peak(const char *memory, char *path, size_t size)
{
	char file[512];
	int fd;

	snprintf(path, size, "%s/measure", memory);
	if (mkdir(path, 0755) < 0)
		die(path, strerror(errno));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		die(file, strerror(errno));
	return fd;
}

static double read_peak(const char *path)
{
	char file[512];
	unsigned long long bytes = 0;
	FILE *stream;

	snprintf(file, sizeof(file), "%s/memory.max_usage_in_bytes", path);
	stream = fopen(file, "re");
	if (!stream || fscanf(stream, "%llu", &bytes) != 1)
		die(file, "cannot be read");
	fclose(stream);
	return (double)bytes / 1024;
}

static void measure(const struct bench_case *what, const char *memory, int nowhere,
		    struct sample *sample)
{
	struct live before[MAX_LIVE], after[MAX_LIVE];
	const size_t before_count = snapshot(before);
	char cgroup[256];
	const int procs = memory ? open_peak(memory, cgroup, sizeof(cgroup)) : -1;
	struct rusage usage;
	struct sample ignored = { 0 };
	int status;
	double begin;
	pid_t pid, ended;

	memset(sample, 0, sizeof(*sample));
	begin = seconds(CLOCK_MONOTONIC);
	pid = start(&what->measured, nowhere, procs);
	do {
		ended = wait4(-1, &status, 0, &usage);
		if (ended < 0)
			die(what->name, strerror(errno));
		if (!what->alone || ended == pid)
			add_usage(sample, &usage);
	} while (ended != pid);
	sample->wall = seconds(CLOCK_MONOTONIC) - begin;
	check_status(&what->measured, status);
	settle(what->alone ? &ignored : sample, what->leaves, what->name);
	if (!what->alone) {
		add_live(sample, after, snapshot(after), 1);
		add_live(sample, before, before_count, -1);
	}
	if (memory) {
		sample->peak = read_peak(cgroup);
		close(procs);
	}
}

static void remove_peak(const char *memory)
{
	const struct timespec moment = { 0, 1000000 };
	char path[256];
	int tries;

	if (!memory)
		return;
	snprintf(path, sizeof(path), "%s/measure", memory);
	for (tries = 0; rmdir(path) < 0; tries++) {
		if (errno != EBUSY || tries == 2000)
			die(path, strerror(errno));
		nanosleep(&moment, NULL);
	}
}

static void run_case(const struct bench_case *what, const char *memory, int nowhere,
		     struct sample *sample)
{
	struct sample ignored = { 0 };
	size_t i;

	for (i = 0; i < what->before_count; i++)
		run_quietly(&what->before[i], what->name, nowhere);
	settle(&ignored, what->stays, what->name);
	measure(what, memory, nowhere, sample);
	for (i = 0; i < what->after_count; i++)
		run_quietly(&what->after[i], what->name, nowhere);
	settle(&ignored, 0, what->name);
	remove_peak(memory);
}

static void split(struct command *command, const char *line, const char *where)
{
	char *copy = strdup(line), *save = NULL, *word;
	size_t count = 0;

	if (!copy)
		die(where, strerror(ENOMEM));
	for (word = strtok_r(copy, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (count == MAX_WORDS)
			die(where, "too many words");
		command->words[count++] = word;
	}
	if (count == 0)
		die(where, "no command");
}

static void read_line(struct plan *plan, char *line)
{
	struct bench_case *what = plan->count ? &plan->cases[plan->count - 1] : NULL;
	char *rest;

	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = 0;
	if (!*line || *line == '#')
		return;
	rest = line + strcspn(line, " \t");
	if (*rest)
		*rest++ = 0;
	rest += strspn(rest, " \t");
	if (strcmp(line, "case") == 0) {
		if (plan->count == MAX_CASES)
			die(rest, "too many cases");
		plan->cases[plan->count++].name = strdup(rest);
	} else if (!what) {
		die(line, "before the first case");
	} else if (strcmp(line, "base") == 0) {
		what->base = strdup(rest);
	} else if (strcmp(line, "alone") == 0) {
		what->alone = true;
	} else if (strcmp(line, "stays") == 0) {
		what->stays = strtoul(rest, NULL, 10);
	} else if (strcmp(line, "leaves") == 0) {
		what->leaves = strtoul(rest, NULL, 10);
	} else if (strcmp(line, "measure") == 0) {
		split(&what->measured, rest, what->name);
	} else if (strcmp(line, "before") == 0 && what->before_count < MAX_COMMANDS) {
		split(&what->before[what->before_count++], rest, what->name);
	} else if (strcmp(line, "after") == 0 && what->after_count < MAX_COMMANDS) {
		split(&what->after[what->after_count++], rest, what->name);
	} else {
		die(line, "not a word of a plan, or too often");
	}
}

static void read_plan(struct plan *plan, const char *path)
{
	char line[4096];
	size_t i;
	FILE *file = fopen(path, "re");

	if (!file)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		read_line(plan, line);
	fclose(file);
	for (i = 0; i < plan->count; i++) {
		if (!plan->cases[i].measured.words[0])
			die(plan->cases[i].name, "nothing to measure");
		plan->cases[i].samples = calloc(plan->rounds, sizeof(struct sample));
		if (!plan->cases[i].samples)
			die(path, strerror(ENOMEM));
	}
}

/* The same order in every call of the program, another one in every round. */
static void shuffle(size_t *order, size_t count, uint32_t *seed)
{
	size_t i, other, swap;

	for (i = count; i > 1; i--) {
		*seed = *seed * 1664525u + 1013904223u;
		other = (*seed >> 8) % i;
		swap = order[i - 1];
		order[i - 1] = order[other];
		order[other] = swap;
	}
}

static void run_plan(struct plan *plan)
{
	const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t order[MAX_CASES], round, i;
	struct sample sample;
	uint32_t seed = 1;

	for (i = 0; i < plan->count; i++)
		order[i] = i;
	for (round = 0; round < plan->rounds + plan->warmup; round++) {
		shuffle(order, plan->count, &seed);
		for (i = 0; i < plan->count; i++) {
			struct bench_case *what = &plan->cases[order[i]];

			run_case(what, plan->memory, nowhere, &sample);
			if (round >= plan->warmup)
				what->samples[round - plan->warmup] = sample;
		}
	}
	close(nowhere);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* `part` of the way from the least to the greatest: 0 minimum, 0.5 median. */
static double quantile(const struct plan *plan, const struct bench_case *what, size_t offset,
		       double part)
{
	double *values = calloc(plan->rounds, sizeof(double)), result;
	const size_t last = plan->rounds - 1;
	size_t i;

	if (!values)
		die("quantile", strerror(ENOMEM));
	for (i = 0; i < plan->rounds; i++)
		memcpy(&values[i], (const char *)&what->samples[i] + offset, sizeof(double));
	qsort(values, plan->rounds, sizeof(double), compare);
	i = (size_t)(part * (double)last);
	result = part == 0.5 && last % 2 ? (values[i] + values[i + 1]) / 2 : values[i];
	free(values);
	return result;
}

static const struct bench_case *find(const struct plan *plan, const char *name)
{
	size_t i;

	for (i = 0; name && i < plan->count; i++)
		if (strcmp(plan->cases[i].name, name) == 0)
			return &plan->cases[i];
	return NULL;
}

static double ratio(const struct plan *plan, const struct bench_case *what)
{
	const size_t offset =
		plan->by_wall ? offsetof(struct sample, wall) : offsetof(struct sample, cpu);
	const struct bench_case *base = find(plan, what->base);
	const double below = base ? quantile(plan, base, offset, 0.5) : 0;

	return below > 0 ? quantile(plan, what, offset, 0.5) / below : 0;
}

#define Q(member, part) quantile(plan, what, offsetof(struct sample, member), part)

static void print_case(const struct plan *plan, const struct bench_case *what)
{
	const double times = ratio(plan, what);
	char text[32] = "";

	if (plan->memory) {
		printf("%-34s %10.0f\n", what->name, Q(peak, 0.5));
		return;
	}
	if (times > 0)
		snprintf(text, sizeof(text), "%.2f", times);
	if (plan->by_wall) {
		printf("%-34s %8.2f %8.2f %6s %7.0f %7.0f\n", what->name, Q(wall, 0.5) * 1e3,
		       Q(wall, 0) * 1e3, text, Q(faults, 0.5), Q(switches, 0.5));
		return;
	}
	printf("%-34s %8.3f %8.3f %6s %8.2f %7.0f %7.0f %8.0f\n", what->name, Q(cpu, 0.5) * 1e3,
	       Q(cpu, 0) * 1e3, text, Q(wall, 0.5) * 1e3, Q(faults, 0.5), Q(switches, 0.5),
	       Q(rss, 0.5));
}

static void print_json(FILE *file, const struct plan *plan, const struct bench_case *what,
		       const char *label)
{
	fprintf(file, "{\"plan\":\"%s\",\"case\":\"%s\",\"rounds\":%zu", label, what->name,
		plan->rounds);
	if (plan->memory) {
		fprintf(file, ",\"peak_kib\":%.0f}\n", Q(peak, 0.5));
		return;
	}
	fprintf(file, ",\"cpu_us\":{\"median\":%.0f,\"min\":%.0f,\"p25\":%.0f,\"p75\":%.0f}",
		Q(cpu, 0.5) * 1e6, Q(cpu, 0) * 1e6, Q(cpu, 0.25) * 1e6, Q(cpu, 0.75) * 1e6);
	fprintf(file, ",\"wall_us\":{\"median\":%.0f,\"min\":%.0f}", Q(wall, 0.5) * 1e6,
		Q(wall, 0) * 1e6);
	if (find(plan, what->base))
		fprintf(file, ",\"base\":\"%s\",\"%s_ratio\":%.3f", what->base,
			plan->by_wall ? "wall" : "cpu", ratio(plan, what));
	fprintf(file, ",\"faults\":%.0f,\"switches\":%.0f,\"rss_kib\":%.0f}\n", Q(faults, 0.5),
		Q(switches, 0.5), Q(rss, 0.5));
}

int main(int argc, char **argv)
{
	static struct plan plan = { .rounds = 20, .warmup = 2 };
	const char *json = NULL, *label = "";
	FILE *file = NULL;
	size_t i;
	int option;

	while ((option = getopt(argc, argv, "n:w:m:Wj:l:")) != -1) {
		if (option == 'n')
			plan.rounds = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			plan.warmup = strtoul(optarg, NULL, 10);
		else if (option == 'm')
			plan.memory = optarg;
		else if (option == 'W')
			plan.by_wall = true;
		else if (option == 'j')
			json = optarg;
		else if (option == 'l')
			label = optarg;
		else
			return 2;
	}
	if (optind != argc - 1 || plan.rounds == 0)
		die("usage", "measure [-n N] [-w N] [-m CGROUP] [-W] [-j FILE] [-l LABEL] PLAN");
	plan.cases = calloc(MAX_CASES, sizeof(plan.cases[0]));
	if (!plan.cases)
		die(argv[optind], strerror(ENOMEM));
	read_plan(&plan, argv[optind]);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	run_plan(&plan);
	if (json && !(file = fopen(json, "ae")))
		die(json, strerror(errno));
	if (plan.memory)
		printf("%-34s %10s\n", label, "peak KiB");
	else if (plan.by_wall)
		printf("%-34s %8s %8s %6s %7s %7s\n", label, "Minsn", "min", "x base", "faults",
		       "ctx sw");
	else
		printf("%-34s %8s %8s %6s %8s %7s %7s %8s\n", label, "CPU ms", "min", "x base",
		       "wall ms", "faults", "ctx sw", "RSS KiB");
	for (i = 0; i < plan.count; i++) {
		print_case(&plan, &plan.cases[i]);
		if (file)
			print_json(file, &plan, &plan.cases[i], label);
	}
	if (file)
		fclose(file);
	return 0;
}
