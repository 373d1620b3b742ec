/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units and system.json from an enemy: files, each after a line "=== NAME". Whatever they hold,
 * either something is reported, or the block is a plan. A folder in memory is written anew each
 * time.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/plan.h"
#include "init/unit/unit.h"
#include "lib/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 8 };

static void require(int condition)
{
	if (!condition)
		abort();
}

static void hear(void *context, bool warning, const char *text)
{
	(void)context;
	(void)warning;
	require(text[0] && strlen(text) < 1000);
}

static void write_file(int folder, const char *name, const char *text, size_t size)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	require(fd >= 0);
	require(write(fd, text, size) == (ssize_t)size);
	close(fd);
}

/* "=== a" and what follows up to the next such line: system, or the unit a. */
static void write_files(int folder, int units, const char *text, size_t size)
{
	const char *end = text + size;

	for (int files = 0; files < FILES_MAX && text < end; files++) {
		const char *line = memchr(text, '\n', (size_t)(end - text));
		const char *next = memmem(text + 1, (size_t)(end - text) - 1, "\n=== ", 5);
		char name[16];

		if (!line || strncmp(text, "=== ", 4) != 0)
			return;
		snprintf(name, sizeof(name), "%c.json",
			 text[4] >= 'a' && text[4] <= 'z' ? text[4] : 'a');
		next = next ? next + 1 : end;
		if (text[4] == '/')
			write_file(folder, "system.json", line + 1, (size_t)(next - line) - 1);
		else
			write_file(units, name, line + 1, (size_t)(next - line) - 1);
		text = next;
	}
}

static void remove_files(int folder, int units)
{
	char name[16];

	unlinkat(folder, "system.json", 0);
	for (char letter = 'a'; letter <= 'z'; letter++) {
		snprintf(name, sizeof(name), "%c.json", letter);
		unlinkat(units, name, 0);
	}
}

static void compile(const char *path)
{
	struct unit_report report = { .problem = hear };
	struct arena arena = { 0 };
	char units[64], system[64];
	struct plan plan;
	size_t size;
	const void *block;

	snprintf(units, sizeof(units), "%s/units", path);
	snprintf(system, sizeof(system), "%s/system.json", path);
	block = unit_compile(&arena, units, system, 0, &report, &size);
	require(!block == (report.errors > 0));
	if (block)
		require(plan_from_block(&plan, block, size, "plan") == 0);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/dev/shm/cruet-fuzz-XXXXXX";
	int folder, units;

	require(mkdtemp(path) != NULL);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(folder >= 0 && mkdirat(folder, "units", 0755) == 0);
	units = openat(folder, "units", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_files(folder, units, (const char *)data, size);
	compile(path);
	remove_files(folder, units);
	close(units);
	unlinkat(folder, "units", AT_REMOVEDIR);
	close(folder);
	rmdir(path);
	return 0;
}
