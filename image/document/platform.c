/* SPDX-License-Identifier: Apache-2.0 */
/* Which platforms run on which board: see platform.h. */
#include "image/document/platform.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum {
	SCORE_NEVER = 0,
	SCORE_UNSAID = 1,  /* the image names no platform */
	SCORE_FOREIGN = 2, /* the same kernel runs it in another mode: 386 on amd64 */
	SCORE_BASE = 16,   /* the architecture, plus the level of its variant */
	SCORE_EXACT = 1 << 16,
};

/*
 * How architectures write the level that an image needs. An image without a variant needs `low`;
 * a board that was named without one has `board`. Levels that are written in two parts count 16 a
 * step, so that v8.2 lies between v8 and v9.
 */
static const struct level {
	const char *architecture, *prefix, *suffix;
	unsigned int low, board;
} levels[] = {
	{ "arm", "v", "", 0, 7 << 4 },	       { "arm64", "v", "", 8 << 4, 8 << 4 },
	{ "amd64", "v", "", 1 << 4, 1 << 4 },  { "riscv64", "rva", "u64", 20 << 4, 20 << 4 },
	{ "ppc64le", "power", "", 0, 8 << 4 }, { "ppc64", "power", "", 0, 8 << 4 },
};

static const struct level *level_of(const char *architecture)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].architecture, architecture) == 0)
			return &levels[i];
	}
	return NULL;
}

/* At most two digits at *text, which moves behind them; -1 if there is none. */
static int small_number(const char **text)
{
	int value = -1;

	for (int i = 0; i < 2 && **text >= '0' && **text <= '9'; i++)
		value = (value < 0 ? 0 : value * 10) + (*(*text)++ - '0');
	return value;
}

/* "v8.2" is 0x82; -1: not a level of this architecture. */
static int parse_level(const struct level *level, const char *variant)
{
	int major, minor = 0;

	if (!str_has_prefix(variant, level->prefix))
		return -1;
	variant += strlen(level->prefix);
	major = small_number(&variant);
	if (major >= 0 && *variant == '.') {
		variant++;
		minor = small_number(&variant);
	}
	return major < 0 || minor < 0 || minor > 15 || strcmp(variant, level->suffix) != 0 ?
		       -1 :
		       major << 4 | minor;
}

/* Variants without an order: code for software floating point runs on a board that has a unit. */
static unsigned int score_plain(const char *board, const char *offered)
{
	if (strcmp(board, offered) == 0)
		return SCORE_EXACT;
	if (!*offered && strcmp(board, "r6") != 0)
		return SCORE_BASE + 1;
	return strcmp(board, "hardfloat") == 0 && strcmp(offered, "softfloat") == 0 ? SCORE_BASE :
										      SCORE_NEVER;
}

static unsigned int score_variant(const char *architecture, const char *board, const char *offered)
{
	const struct level *level = level_of(architecture);
	int has, needs;

	if (!level)
		return score_plain(board, offered);
	has = *board ? parse_level(level, board) : (int)level->board;
	needs = *offered ? parse_level(level, offered) : (int)level->low;
	if (has < 0 || needs < 0) /* names that we do not know */
		return strcmp(board, offered) == 0 ? SCORE_EXACT : SCORE_NEVER;
	/* What was said goes before what was not. */
	return needs <= has ? SCORE_BASE + 2 * (unsigned int)needs + (*offered != '\0') :
			      SCORE_NEVER;
}

unsigned int platform_score(const struct platform *board, const struct platform *offered)
{
	if (*offered->os && strcmp(offered->os, board->os) != 0)
		return SCORE_NEVER;
	if (!*offered->architecture)
		return SCORE_UNSAID;
	if (strcmp(offered->architecture, board->architecture) == 0)
		return score_variant(board->architecture, board->variant, offered->variant);
	if (strcmp(board->architecture, "amd64") == 0 && strcmp(offered->architecture, "386") == 0)
		return SCORE_FOREIGN;
	return SCORE_NEVER;
}

/* What people type for Go's names. */
static const char *go_name(const char *architecture)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	{ "i386", "386" },	  { "i686", "386" },
		{ "aarch64", "arm64" }, { "mipsel", "mipsle" },	  { "mips64el", "mips64le" },
		{ "powerpc", "ppc" },	{ "powerpc64", "ppc64" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], architecture) == 0)
			return names[i][1];
	}
	return architecture;
}

/* In "A/B", is A an operating system (or an architecture, with its variant)? */
static bool is_system(const char *text)
{
	static const char *const systems[] = { "linux",	  "windows", "darwin",
					       "freebsd", "solaris", "zos" };

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (strcmp(systems[i], text) == 0)
			return true;
	}
	return false;
}

int platform_parse(struct arena *arena, const char *text, struct platform *platform)
{
	char *copy = arena_strdup(arena, text), *parts[3];
	size_t count = 0;
	bool wrong = false;

	if (!copy)
		return -ENOMEM;
	for (char *part = copy; part; count++) {
		char *slash = strchr(part, '/');

		if (slash)
			*slash++ = '\0';
		wrong |= count == 3 || !*part ||
			 part[strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0';
		if (count < 3)
			parts[count] = part;
		part = slash;
	}
	if (wrong || count > 3)
		return fail_as(ERROR_USAGE, EINVAL, "platform %.80s: not OS/ARCHITECTURE[/VARIANT]",
			       text);
	*platform = (struct platform){ "linux", parts[0], "", "" };
	if (count == 3 || (count == 2 && is_system(parts[0]))) {
		platform->os = parts[0];
		platform->architecture = parts[1];
		platform->variant = count == 3 ? parts[2] : "";
	} else if (count == 2) {
		platform->variant = parts[1];
	}
	platform->architecture = go_name(platform->architecture);
	return 0;
}

char *platform_print(const struct platform *platform, char text[PLATFORM_TEXT_SIZE])
{
	snprintf(text, PLATFORM_TEXT_SIZE, "%s/%s%s%s", *platform->os ? platform->os : "linux",
		 *platform->architecture ? platform->architecture : "any",
		 *platform->variant ? "/" : "", platform->variant);
	return text;
}

char *platform_text(struct arena *arena, const struct platform *platform)
{
	char text[PLATFORM_TEXT_SIZE];

	return arena_strdup(arena, platform_print(platform, text));
}
