/* SPDX-License-Identifier: Apache-2.0 */
/* Which version this is, and of which specification. */
#ifndef RUNTIME_VERSION_H
#define RUNTIME_VERSION_H

#ifndef CRUET_VERSION
#define CRUET_VERSION "unknown"
#endif
#ifndef CRUET_COMMIT
#define CRUET_COMMIT "unknown"
#endif

#define OCI_SPEC_VERSION "1.3.0"

#endif
