/* SPDX-License-Identifier: Apache-2.0 */
/* What libbz2 calls when it finds itself inconsistent, if built without stdio. */
#include <stdlib.h>

void bz_internal_error(int code);

void bz_internal_error(int code)
{
	(void)code;
	abort();
}
