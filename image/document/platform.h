/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platforms of images, and which of them this board runs best (image-spec image-index.md). Names
 * are Go's: amd64, arm (v5 v6 v7 v8), arm64, mips, mipsle, mips64, mips64le (softfloat,
 * hardfloat), riscv64, 386 ...
 */
#ifndef IMAGE_DOCUMENT_PLATFORM_H
#define IMAGE_DOCUMENT_PLATFORM_H

struct arena;

struct platform {
	const char *os, *architecture;	  /* "" : not said */
	const char *variant, *os_version; /* "" : none */
};

/* This board's, from the binary's own target, uname(2) and AT_HWCAP. Constant strings. */
void platform_host(struct platform *platform);

/* "OS/ARCHITECTURE[/VARIANT]" or "ARCHITECTURE[/VARIANT]". 0, or -EINVAL (-ENOMEM) recorded. */
int platform_parse(struct arena *arena, const char *text, struct platform *platform);

/* The same text, cut where it is too long; and from the arena, NULL recorded. */
enum { PLATFORM_TEXT_SIZE = 96 };
char *platform_print(const struct platform *platform, char text[PLATFORM_TEXT_SIZE]);
char *platform_text(struct arena *arena, const struct platform *platform);

/*
 * How well an image for `offered` runs on `board`: 0 not at all, larger is better. A v7 board takes
 * v7, then v6, v5 and none; never what is above it. What the image does not say fits, last.
 */
unsigned int platform_score(const struct platform *board, const struct platform *offered);

#endif
