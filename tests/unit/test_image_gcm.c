/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM in bulk (board/host/config/gcm_bulk.c) against mbedTLS's own, which does one block after
 * the other: all sizes of keys, many sizes of data, in place, backwards, and over the end of the
 * counter. */
#include "tests/unit/test_lib.h"

#include <mbedtls/version.h>

#if defined(__x86_64__) && MBEDTLS_VERSION_NUMBER < 0x03000000
#include "board/host/config/gcm_bulk.c"

enum { SIZE_MAX_HERE = 18000, BULK = BLOCK * LANES };

struct one {
	unsigned char key[32], iv[12], added[32], counter_back;
	unsigned int key_bits;
	int mode;
	size_t added_size, size;
};

static unsigned char plain[SIZE_MAX_HERE];

static void fill(void *data, size_t size)
{
	static uint64_t random = 1;
	unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		random = random * 6364136223846793005 + 1442695040888963407;
		bytes[i] = (unsigned char)(random >> 56);
	}
}

/* Returns how many bytes were done in bulk. */
static size_t run(const struct one *one, bool bulk, const unsigned char *in, unsigned char *out,
		  unsigned char tag[16])
{
	mbedtls_gcm_context context;
	size_t done = 0;

	mbedtls_gcm_init(&context);
	assert_int_equal(mbedtls_gcm_setkey(&context, MBEDTLS_CIPHER_ID_AES, one->key,
					    one->key_bits),
			 0);
	assert_int_equal(mbedtls_gcm_starts(&context, one->mode, one->iv, sizeof(one->iv),
					    one->added, one->added_size),
			 0);
	if (one->counter_back) {
		memset(context.y + 12, 0xff, 4);
		context.y[15] = (unsigned char)(0xff - one->counter_back);
	}
	if (bulk)
		done = gcm_bulk(&context, in, out, one->size);
	context.len += done;
	assert_int_equal(mbedtls_gcm_update(&context, one->size - done, in + done, out + done), 0);
	assert_int_equal(mbedtls_gcm_finish(&context, tag, 16), 0);
	mbedtls_gcm_free(&context);
	return done;
}

static bool is_there(void)
{
	return mbedtls_aesni_has_support(MBEDTLS_AESNI_AES) &&
	       mbedtls_aesni_has_support(MBEDTLS_AESNI_CLMUL);
}

static void test_same(void **state)
{
	static unsigned char wanted[SIZE_MAX_HERE], found[SIZE_MAX_HERE];

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		struct one one = { .key_bits = 128 + 64 * (i % 3), .mode = (int)(i / 3 % 2) };
		unsigned char tags[2][16];
		uint16_t random;
		size_t done;

		fill(one.key, sizeof(one.key) + sizeof(one.iv) + sizeof(one.added));
		fill(&random, sizeof(random));
		one.size = random % (i % 2 ? SIZE_MAX_HERE : 5 * BULK);
		one.added_size = random % sizeof(one.added);
		one.counter_back = i % 5 == 0 ? i / 5 % 20 + 1 : 0;
		fill(plain, one.size);
		assert_int_equal(run(&one, false, plain, wanted, tags[0]), 0);
		if (i % 4 == 0)
			memcpy(found, plain, one.size);
		done = run(&one, true, i % 4 == 0 ? found : plain, found, tags[1]);
		assert_int_equal(done, is_there() ? one.size / BULK * BULK : 0);
		assert_memory_equal(found, wanted, one.size);
		assert_memory_equal(tags[0], tags[1], 16);
	}
}

/* What is read after it was written over would be wrong: that is left to the library. */
static void test_overlap(void **state)
{
	static unsigned char wanted[SIZE_MAX_HERE], found[SIZE_MAX_HERE];
	struct one one = { .key_bits = 128, .mode = MBEDTLS_GCM_DECRYPT, .size = 4000 };
	unsigned char tags[2][16];

	(void)state;
	fill(plain, one.size);
	run(&one, false, plain, wanted, tags[0]);
	memcpy(found + 8, plain, one.size);
	assert_int_equal(run(&one, true, found + 8, found, tags[1]), 0);
	assert_memory_equal(found, wanted, one.size);
	assert_memory_equal(tags[0], tags[1], 16);
}

/* Another cipher with blocks of the same size has other keys. */
static void test_other_cipher(void **state)
{
	static unsigned char out[BULK];
	unsigned char key[16] = { 0 };
	mbedtls_gcm_context context;

	(void)state;
	mbedtls_gcm_init(&context);
	if (mbedtls_gcm_setkey(&context, MBEDTLS_CIPHER_ID_CAMELLIA, key, 128) == 0)
		assert_int_equal(gcm_bulk(&context, plain, out, sizeof(out)), 0);
	mbedtls_gcm_free(&context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_other_cipher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
static void test_other_machine(void **state)
{
	(void)state;
	skip(); /* nothing of it is built here */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_other_machine) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
