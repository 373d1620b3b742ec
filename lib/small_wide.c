/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes and cases of wide characters, for regcomp(3). No locale is ever set: a byte above 127 is
 * a character without either, and the C library's tables for all of Unicode would be 13 KB.
 */
#include <features.h>
#include <wctype.h>

#ifndef __GLIBC__
int iswalpha(wint_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

int iswpunct(wint_t c)
{
	return c > ' ' && c < 0x7f && !iswalpha(c) && !(c >= '0' && c <= '9');
}

wint_t towlower(wint_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

wint_t towupper(wint_t c)
{
	return c >= 'a' && c <= 'z' ? c & ~0x20u : c;
}
#endif
