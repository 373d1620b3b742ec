/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What signatures and policies are read from: the first byte says which. What is taken is whole
 * and within its bounds; a statement is the same when it is written and read again; what is refused
 * has a message. Nothing that was not signed is ever good: what is good must be the corpus's own.
 */
#include <stdlib.h>
#include <string.h>

#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"

#define SIGNED_TEXT "signed\n"
#define KEY "RWSsmQgUTqBc+nDOQfHOl6/KO3ep4P19S6D/x6NK4GgEl2XIlS2RIDzk"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static bool is_taken(int result)
{
	demand(result == 0 || (result < 0 && error_last()->text[0]));
	return result == 0;
}

static void fuzz_policy(struct arena *arena, const char *text, size_t size)
{
	struct trust_policy policy = { .path = "policy.json" };

	if (!is_taken(policy_parse(arena, text, size, &policy)))
		return;
	for (size_t i = 0; i < policy.rule_count; i++) {
		const struct trust_rule *rule = &policy.rules[i];

		demand(policy_rule(&policy, rule->prefix) == rule);
		demand((rule->action == RULE_VERIFY) == (rule->key_count || rule->aci_keyring));
		demand(!rule->key_count || rule->threshold <= rule->key_count);
		demand(rule->threshold >= 1);
		for (size_t j = 0; j < rule->key_count; j++)
			demand(rule->keys[j].name[0] && !rule->keys[j].text != !rule->keys[j].file);
	}
}

static void fuzz_statement(struct arena *arena, const char *text, size_t size)
{
	struct statement first, second;
	const char *again;
	size_t length;

	if (!is_taken(statement_read(arena, text, size, &first)))
		return;
	again = statement_write(arena, &first, &length);
	demand(again && statement_read(arena, again, length, &second) == 0);
	demand(digest_equal(&first.manifest, &second.manifest));
	demand(first.counter == second.counter && first.device_count == second.device_count);
	demand(!first.name || strcmp(first.name, second.name) == 0);
	again = payload_write(arena, &first, &length);
	demand(again && payload_read(arena, again, length, &second) == 0);
	demand(first.counter == second.counter);
}

static void fuzz_payload(struct arena *arena, const char *text, size_t size)
{
	struct statement statement;

	if (!is_taken(payload_read(arena, text, size, &statement)))
		return;
	demand(statement.name != NULL);
	demand(trust_repository(arena, statement.name) != NULL);
	for (size_t i = 0; i < statement.device_count; i++)
		demand(statement.devices[i] != NULL);
}

static void fuzz_signature(const char *text, size_t size)
{
	struct minisign_signature signature;
	struct minisign_key key;

	demand(minisign_key_read(KEY, strlen(KEY), &key) == 0);
	if (!is_taken(minisign_signature_read(text, size, &signature)))
		return;
	demand(signature.comment >= text && signature.comment_size <= size);
	demand(signature.comment + signature.comment_size <= text + size);
	/* Its trusted comment is the corpus's: only its holder could sign another. */
	if (minisign_verify(&key, &signature, SIGNED_TEXT, strlen(SIGNED_TEXT)))
		demand(signature.comment_size == 4 && memcmp(signature.comment, "good", 4) == 0);
}

static void fuzz_keys(const char *text, size_t size)
{
	struct minisign_key minisign;
	struct cosign_key cosign;
	unsigned char bytes[256];

	if (is_taken(minisign_key_read(text, size, &minisign)))
		demand(memcmp(minisign.algorithm, "Ed", 2) == 0);
	error_clear();
	if (is_taken(cosign_key_read(text, size, &cosign))) {
		demand(strlen(cosign.id) == 64 && cosign.point[0] == 4);
		demand(!cosign_verify(&cosign, "MAYCAQECAQE=", 12, text, size));
	}
	demand(pem_read(text, size, "EC PRIVATE KEY", bytes, sizeof(bytes)) <=
	       (ssize_t)sizeof(bytes));
	demand(cosign_signature_decode(text, size, bytes, sizeof(bytes)) <= (ssize_t)sizeof(bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena arena = { 0 };
	char *text;

	if (size == 0)
		return 0;
	/* cJSON and memmem() are given a size; the NUL is for what looks one byte further. */
	text = malloc(size);
	demand(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	error_clear();
	switch (data[0]) {
	case 'p':
		fuzz_policy(&arena, text, size - 1);
		break;
	case 's':
		fuzz_statement(&arena, text, size - 1);
		break;
	case 'c':
		fuzz_payload(&arena, text, size - 1);
		break;
	case 'm':
		fuzz_signature(text, size - 1);
		break;
	default:
		fuzz_keys(text, size - 1);
	}
	free(text);
	return 0;
}
