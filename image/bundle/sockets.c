/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets that an image's program expects: ports of appc with socketActivated (spec/aci.md). */
#include <string.h>

#include "image/bundle/parts.h"
#include "image/document/node.h"
#include "image/store.h"
#include "lib/arena.h"
#include "lib/error.h"

/* Which appc knows; others are exposed only. */
static bool is_known(const char *protocol)
{
	return strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0;
}

static int add_range(struct arena *arena, const cJSON *port, struct image_sockets *sockets)
{
	const char *name = NULL, *protocol = NULL;
	uint64_t first = 0, count = 1;
	bool activated = false;
	int result = node_bool(port, "ports", "socketActivated", &activated);

	if (result == 0)
		result = node_string(port, "ports", "name", &name);
	if (result == 0)
		result = node_string(port, "ports", "protocol", &protocol);
	if (result == 0)
		result = node_uint(port, "ports", "port", UINT16_MAX, &first);
	if (result == 0)
		result = node_uint(port, "ports", "count", UINT16_MAX, &count);
	if (result < 0 || !activated || !protocol || !is_known(protocol))
		return result;
	if (!name || strlen(name) > IMAGE_SOCKET_NAME || strchr(name, ':') || !first || !count ||
	    first + count > UINT16_MAX + 1)
		return node_wrong(port, "ports", NULL, "has no name, or is not from 1 to 65535");
	if (count > IMAGE_SOCKETS_MAX - sockets->count)
		return node_wrong(port, "ports", NULL, "more than 64 sockets");
	for (uint64_t i = 0; i < count; i++) {
		struct image_socket *socket = &sockets->list[sockets->count++];

		socket->name = arena_strdup(arena, name);
		socket->port = (unsigned short)(first + i);
		socket->datagrams = protocol[0] == 'u';
		if (!socket->name)
			return -ENOMEM;
	}
	return 0;
}

int bundle_sockets(struct arena *arena, const struct image_config *config,
		   struct image_sockets *sockets)
{
	const char *text = annotation(config->labels, LABEL_APPC);
	const cJSON *root, *ports = NULL, *port;
	int result = 0;

	sockets->count = 0;
	if (!text)
		return 0;
	root = node_document(arena, text, strlen(text), "label " LABEL_APPC);
	if (!root)
		return error_result();
	result = node_typed(root, "", "ports", cJSON_Array, &ports);
	cJSON_ArrayForEach(port, ports)
	{
		if (result == 0 && !cJSON_IsObject(port))
			result = node_wrong(port, "ports", NULL, "must be an object");
		if (result == 0)
			result = add_range(arena, port, sockets);
	}
	return result < 0 ? fail_context(result, "label " LABEL_APPC) : 0;
}
