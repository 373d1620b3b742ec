/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of FIPS 180-4 (as NIST publishes them), and every way to cut the input. */
#include "tests/unit/test_lib.h"

#include "lib/sha256.h"
#include "lib/sha512.h"

static const char *digest_of(const void *data, size_t size, size_t step)
{
	static char hex[2 * SHA512_SIZE + 1];
	unsigned char digest[SHA512_SIZE];
	struct sha512 hash;

	sha512_start(&hash);
	for (size_t at = 0; at < size; at += step)
		sha512_add(&hash, (const char *)data + at, size - at < step ? size - at : step);
	sha512_finish(&hash, digest);
	return hash_hex(digest, sizeof(digest), hex);
}

static void test_examples(void **state)
{
	static const char two_blocks[] =
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		"klmnopqrlmnopqrsmnopqrstnopqrstu";
	char *million = malloc(1000000);

	(void)state;
	memset(million, 'a', 1000000);
	assert_string_equal(digest_of("", 0, 1),
			    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
			    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
	assert_string_equal(digest_of("abc", 3, 3),
			    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	assert_string_equal(digest_of(two_blocks, sizeof(two_blocks) - 1, 64),
			    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
			    "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
	assert_string_equal(digest_of(million, 1000000, 4093),
			    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
			    "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
	free(million);
}

static void test_cuts(void **state)
{
	unsigned char data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t size = 0; size <= sizeof(data); size++) {
		char whole[2 * SHA512_SIZE + 1];

		strcpy(whole, digest_of(data, size, sizeof(data)));
		for (size_t step = 1; step <= 140; step += 7)
			assert_string_equal(digest_of(data, size, step), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
