/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the clients: see client.h. */
#include "init/cmd/client.h"

#define OPTION(field) offsetof(struct client_options, field), ARGS_NO_SEEN

const struct args_option client_options[] = {
	[OPTIONS_WATCH] = { "watch", 'w', ARGS_FLAG, OPTION(watch), NULL,
			    "again and again, until it is killed" },
	[OPTIONS_INTERVAL] = { "interval", 'n', ARGS_UINT, OPTION(interval), "SECONDS",
			       "so often (default 2)" },
	[OPTIONS_JSON] = { "json", 'j', ARGS_FLAG, OPTION(json), NULL, "as JSON" },
	[OPTIONS_SOCKET] = SOCKET_OPTION(struct client_options),
	COMMAND_OPTIONS_END,
};
