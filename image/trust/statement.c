/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signature is about: our statement, or the simple-signing payload of cosign. A statement
 * with a property that is not known is refused: it may be a restriction. A payload is another
 * tool's, only its critical part has a form; `optional` may hold a counter and devices
 * (`cosign sign -a counter=7 -a devices=a,b`), as text.
 */
#include <string.h>

#include "image/trust/internal.h"
#include "image/trust/read.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { STATEMENT_DEVICES_MAX = 256 };

#define PAYLOAD_TYPE "cosign container image signature"

char *trust_repository(struct arena *arena, const char *name)
{
	const char *end = strchrnul(name, '@'), *last = end;

	while (last > name && last[-1] != '/' && last[-1] != ':')
		last--;
	if (last > name && last[-1] == ':')
		end = last - 1;
	return arena_strndup(arena, name, (size_t)(end - name));
}

bool trust_is_digest(const char *name)
{
	const char *hex = name + 7;

	if (!str_has_prefix(name, "sha256:") && !str_has_prefix(name, "sha512:"))
		return false;
	return strlen(hex) >= 12 && hex[strspn(hex, "0123456789abcdef")] == '\0';
}

static int read_manifest(struct reader *reader, const char *key, struct digest *digest)
{
	const char *text = read_text(reader, key, READ_REQUIRED);

	return text ? digest_parse(digest, text, key) : 0;
}

int statement_read(struct arena *arena, const char *text, size_t size, struct statement *statement)
{
	struct reader reader =
		read_begin(arena, json_parse(arena, text, size, "statement"), "statement");
	int result;

	*statement = (struct statement){ 0 };
	result = read_manifest(&reader, "manifest", &statement->manifest);
	statement->name = read_text(&reader, "name", 0);
	statement->counter = read_uint(&reader, "counter", 0, &statement->has_counter);
	statement->devices =
		read_texts(&reader, "devices", STATEMENT_DEVICES_MAX, &statement->device_count);
	statement->platform = read_text(&reader, "platform", 0);
	return result < 0 ? result : read_end(&reader);
}

/* "a,b" */
static int split_devices(struct arena *arena, const char *text, struct statement *statement)
{
	char *copy = arena_strdup(arena, text), *next = copy, *word;

	statement->devices = arena_array(arena, STATEMENT_DEVICES_MAX, sizeof(char *));
	if (!copy || !statement->devices)
		return -ENOMEM;
	while ((word = strsep(&next, ",")) != NULL) {
		if (statement->device_count == STATEMENT_DEVICES_MAX)
			return fail(E2BIG, "optional.devices: too many");
		statement->devices[statement->device_count++] = word;
	}
	return 0;
}

static int read_optional(struct arena *arena, const cJSON *node, struct statement *statement)
{
	const cJSON *counter = cJSON_GetObjectItemCaseSensitive(node, "counter");
	const cJSON *devices = cJSON_GetObjectItemCaseSensitive(node, "devices");

	if (counter) {
		statement->has_counter = true;
		if (!(cJSON_IsString(counter) ?
			      str_uint64(counter->valuestring, &statement->counter) :
			      json_uint64(counter, &statement->counter)))
			return fail_property("optional.counter", "not a number");
	}
	if (devices && !cJSON_IsString(devices))
		return fail_property("optional.devices", "not a string");
	return devices ? split_devices(arena, devices->valuestring, statement) : 0;
}

int payload_read(struct arena *arena, const char *text, size_t size, struct statement *statement)
{
	const cJSON *root = json_parse(arena, text, size, "payload");
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(root, "critical");
	struct reader critical, identity, image;
	const char *type;
	int result;

	*statement = (struct statement){ 0 };
	if (!root)
		return error_result();
	if (!node)
		return fail_property("critical", "missing");
	critical = read_begin(arena, node, "critical");
	type = read_text(&critical, "type", READ_REQUIRED);
	if (type && strcmp(type, PAYLOAD_TYPE) != 0)
		read_fail(&critical, "type", "not '" PAYLOAD_TYPE "'");
	node = read_member(&critical, "identity", READ_REQUIRED);
	identity = read_begin(arena, node, "critical.identity");
	statement->name = read_text(&identity, "docker-reference", READ_REQUIRED | READ_EMPTY);
	node = read_member(&critical, "image", READ_REQUIRED);
	image = read_begin(arena, node, "critical.image");
	result = read_manifest(&image, "docker-manifest-digest", &statement->manifest);
	if (result == 0)
		result = read_end(&critical);
	if (result == 0)
		result = read_end(&identity);
	if (result == 0)
		result = read_end(&image);
	if (result == 0)
		result = read_optional(arena, cJSON_GetObjectItemCaseSensitive(root, "optional"),
				       statement);
	return result;
}

char *statement_write(struct arena *arena, const struct statement *statement, size_t *size)
{
	char digest[DIGEST_TEXT_SIZE];
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "manifest", digest_text(&statement->manifest, digest));
	if (statement->name)
		json_write_string(&writer, "name", statement->name);
	if (statement->has_counter)
		json_write_uint(&writer, "counter", statement->counter);
	if (statement->device_count) {
		json_write_array(&writer, "devices");
		for (size_t i = 0; i < statement->device_count; i++)
			json_write_string(&writer, NULL, statement->devices[i]);
		json_write_end(&writer, ']');
	}
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

/* `optional` as cosign writes annotations. */
static int write_optional(struct arena *arena, struct json_writer *writer,
			  const struct statement *statement)
{
	const char *devices = statement->device_count ? statement->devices[0] : NULL;
	const char *counter = arena_printf(arena, "%llu", (unsigned long long)statement->counter);

	for (size_t i = 1; i < statement->device_count && devices; i++)
		devices = arena_printf(arena, "%s,%s", devices, statement->devices[i]);
	if (!counter || (statement->device_count && !devices))
		return -ENOMEM;
	if (!statement->has_counter && !devices) {
		json_write_raw(writer, "optional", "null", 4);
		return 0;
	}
	json_write_object(writer, "optional");
	if (statement->has_counter)
		json_write_string(writer, "counter", counter);
	if (devices)
		json_write_string(writer, "devices", devices);
	json_write_end(writer, '}');
	return 0;
}

char *payload_write(struct arena *arena, const struct statement *statement, size_t *size)
{
	const char *reference = statement->name ? trust_repository(arena, statement->name) : "";
	char digest[DIGEST_TEXT_SIZE];
	struct json_writer writer;

	if (!reference)
		return NULL;
	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_object(&writer, "critical");
	json_write_object(&writer, "identity");
	json_write_string(&writer, "docker-reference", reference);
	json_write_end(&writer, '}');
	json_write_object(&writer, "image");
	json_write_string(&writer, "docker-manifest-digest",
			  digest_text(&statement->manifest, digest));
	json_write_end(&writer, '}');
	json_write_string(&writer, "type", PAYLOAD_TYPE);
	json_write_end(&writer, '}');
	if (write_optional(arena, &writer, statement) < 0)
		return NULL;
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}
