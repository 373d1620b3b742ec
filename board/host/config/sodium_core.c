/* SPDX-License-Identifier: Apache-2.0 */
/* In place of libsodium's sodium/core.c, whose sodium_init() refers to every primitive in order to
 * choose the one for this processor. There is only portable code here, and nothing to choose. */
#include <sodium.h>
#include <stdlib.h>

int sodium_init(void)
{
	return 0;
}

/* Called for arguments that no caller may pass. */
void sodium_misuse(void)
{
	abort();
}
