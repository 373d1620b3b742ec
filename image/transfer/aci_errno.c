/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errors for appc's seccomp isolators: those of POSIX.1-2001 and C99, and Linux's. */
#include <errno.h>
#include <string.h>

#include "image/transfer/aci.h"

#define ROW(name) \
	{ \
#name, name \
	}

static const struct {
	char name[16];
	short value;
} names[] = {
	ROW(E2BIG),	   ROW(EACCES),	      ROW(EADDRINUSE),	 ROW(EADDRNOTAVAIL),
	ROW(EAFNOSUPPORT), ROW(EAGAIN),	      ROW(EALREADY),	 ROW(EBADF),
	ROW(EBADMSG),	   ROW(EBUSY),	      ROW(ECANCELED),	 ROW(ECHILD),
	ROW(ECONNABORTED), ROW(ECONNREFUSED), ROW(ECONNRESET),	 ROW(EDEADLK),
	ROW(EDESTADDRREQ), ROW(EDOM),	      ROW(EDQUOT),	 ROW(EEXIST),
	ROW(EFAULT),	   ROW(EFBIG),	      ROW(EHOSTUNREACH), ROW(EIDRM),
	ROW(EILSEQ),	   ROW(EINPROGRESS),  ROW(EINTR),	 ROW(EINVAL),
	ROW(EIO),	   ROW(EISCONN),      ROW(EISDIR),	 ROW(ELOOP),
	ROW(EMFILE),	   ROW(EMLINK),	      ROW(EMSGSIZE),	 ROW(EMULTIHOP),
	ROW(ENAMETOOLONG), ROW(ENETDOWN),     ROW(ENETRESET),	 ROW(ENETUNREACH),
	ROW(ENFILE),	   ROW(ENOBUFS),      ROW(ENODATA),	 ROW(ENODEV),
	ROW(ENOENT),	   ROW(ENOEXEC),      ROW(ENOLCK),	 ROW(ENOLINK),
	ROW(ENOMEM),	   ROW(ENOMSG),	      ROW(ENOPROTOOPT),	 ROW(ENOSPC),
	ROW(ENOSR),	   ROW(ENOSTR),	      ROW(ENOSYS),	 ROW(ENOTCONN),
	ROW(ENOTDIR),	   ROW(ENOTEMPTY),    ROW(ENOTSOCK),	 ROW(ENOTSUP),
	ROW(ENOTTY),	   ROW(ENXIO),	      ROW(EOPNOTSUPP),	 ROW(EOVERFLOW),
	ROW(EPERM),	   ROW(EPIPE),	      ROW(EPROTO),	 ROW(EPROTONOSUPPORT),
	ROW(EPROTOTYPE),   ROW(ERANGE),	      ROW(EROFS),	 ROW(ESPIPE),
	ROW(ESRCH),	   ROW(ESTALE),	      ROW(ETIME),	 ROW(ETIMEDOUT),
	ROW(ETXTBSY),	   ROW(EWOULDBLOCK),  ROW(EXDEV),	 ROW(EHOSTDOWN),
	ROW(ENOKEY),	   ROW(EUCLEAN),
};

int aci_errno(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(names[i].name, name, sizeof(names[i].name)) == 0)
			return names[i].value;
	return -1;
}

const char *aci_errno_name(int no)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].value == no)
			return names[i].name;
	return NULL;
}
