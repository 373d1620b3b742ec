/* SPDX-License-Identifier: Apache-2.0 */
/* Those of POSIX.1-2001, C99, some of Linux's. */
#include "image/document/errno_name.h"

#include <errno.h>
#include <string.h>

/* X() for each, without its E. */
/* clang-format off */
#define ERRORS \
	X(2BIG) X(ACCES) X(ADDRINUSE) X(ADDRNOTAVAIL) X(AFNOSUPPORT) X(AGAIN) X(ALREADY) \
	X(BADF) X(BADMSG) X(BUSY) X(CANCELED) X(CHILD) X(CONNABORTED) X(CONNREFUSED) \
	X(CONNRESET) X(DEADLK) X(DESTADDRREQ) X(DOM) X(DQUOT) X(EXIST) X(FAULT) X(FBIG) \
	X(HOSTUNREACH) X(IDRM) X(ILSEQ) X(INPROGRESS) X(INTR) X(INVAL) X(IO) X(ISCONN) X(ISDIR) \
	X(LOOP) X(MFILE) X(MLINK) X(MSGSIZE) X(MULTIHOP) X(NAMETOOLONG) X(NETDOWN) X(NETRESET) \
	X(NETUNREACH) X(NFILE) X(NOBUFS) X(NODATA) X(NODEV) X(NOENT) X(NOEXEC) X(NOLCK) \
	X(NOLINK) X(NOMEM) X(NOMSG) X(NOPROTOOPT) X(NOSPC) X(NOSR) X(NOSTR) X(NOSYS) X(NOTCONN) \
	X(NOTDIR) X(NOTEMPTY) X(NOTSOCK) X(NOTSUP) X(NOTTY) X(NXIO) X(OPNOTSUPP) X(OVERFLOW) \
	X(PERM) X(PIPE) X(PROTO) X(PROTONOSUPPORT) X(PROTOTYPE) X(RANGE) X(ROFS) X(SPIPE) \
	X(SRCH) X(STALE) X(TIME) X(TIMEDOUT) X(TXTBSY) X(WOULDBLOCK) X(XDEV) X(HOSTDOWN) \
	X(NOKEY) X(UCLEAN)
/* clang-format on */

#define X(name) #name "\0"
static const char names[] = ERRORS;
#undef X
#define X(name) E##name,
static const short values[] = { ERRORS };
#undef X

int errno_of_name(const char *name)
{
	const char *known = names;

	for (size_t i = 0; *known; i++, known += strlen(known) + 1)
		if (*name == 'E' && strcmp(known, name + 1) == 0)
			return values[i];
	return -1;
}

const char *errno_name(int no)
{
	const char *known = names;

	for (size_t i = 0; *known; i++, known += strlen(known) + 1)
		if (values[i] == no)
			return known;
	return NULL;
}
