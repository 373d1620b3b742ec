/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of FIPS 180-4 (as NIST publishes them), and every way to cut the input: by the
 * processor's instructions where it has them, and without. link: -Wl,--wrap=sha256_fast */
#include "tests/unit/test_lib.h"

#include "lib/sha256.h"
#include "lib/sha256_fast.h"

static bool plain;
static bool was_fast;

bool __real_sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks);
bool __wrap_sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks);
bool __wrap_sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	bool done = !plain && __real_sha256_fast(state, data, blocks);

	was_fast |= done;
	return done;
}

static const char *digest_of(const void *data, size_t size, size_t step)
{
	static char hex[SHA256_HEX_SIZE];
	unsigned char digest[SHA256_SIZE];
	struct sha256 hash;

	sha256_start(&hash);
	for (size_t at = 0; at < size; at += step)
		sha256_add(&hash, (const char *)data + at, size - at < step ? size - at : step);
	sha256_finish(&hash, digest);
	return sha256_hex(digest, hex);
}

/* What /proc/cpuinfo calls them is what we use. */
static void test_is_used(void **state)
{
	static char text[1 << 16];
	int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	(void)state;
	assert_true(size > 0);
	close(fd);
	plain = was_fast = false;
	assert_string_equal(digest_of("", 0, 1),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(was_fast, strstr(text, " sha_ni") || strstr(text, " sha2"));
}

static void examples(void)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = malloc(1000000);

	memset(million, 'a', 1000000);
	assert_string_equal(digest_of("", 0, 1),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(digest_of("abc", 3, 3),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(digest_of(two_blocks, sizeof(two_blocks) - 1, 64),
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	assert_string_equal(digest_of(million, 1000000, 1000000),
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	assert_string_equal(digest_of(million, 1000000, 4093),
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

static void test_examples(void **state)
{
	(void)state;
	plain = true;
	examples();
	plain = false;
	examples();
}

static void test_cuts(void **state)
{
	unsigned char data[200];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t size = 0; size <= sizeof(data); size++) {
		char whole[SHA256_HEX_SIZE];

		plain = true;
		strcpy(whole, digest_of(data, size, sizeof(data)));
		plain = false;
		for (size_t step = 1; step <= 140; step += 3)
			assert_string_equal(digest_of(data, size, step), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_used),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
