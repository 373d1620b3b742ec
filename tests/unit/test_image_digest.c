/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of digests (image-spec descriptor.md), exactly. */
#include "tests/unit/test_lib.h"

#include "image/document/digest.h"
#include "lib/error.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX128 \
	"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" \
	"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

static void test_right(void **state)
{
	static const char *const texts[] = { "sha256:" HEX64, "sha512:" HEX128 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		char text[DIGEST_TEXT_SIZE];
		struct digest digest, made;

		assert_int_equal(digest_parse(&digest, texts[i], "digest"), 0);
		assert_int_equal(digest.algorithm, i);
		assert_string_equal(digest_text(&digest, text), texts[i]);
		assert_string_equal(digest_hex(text), i ? HEX128 : HEX64);
		digest_of(&made, digest.algorithm, "", 0);
		assert_true(digest_equal(&digest, &made));
		made.bytes[31] ^= 1;
		assert_false(digest_equal(&digest, &made));
	}
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text;
		int result;
	} cases[] = {
		{ "", -EINVAL },
		{ "sha256", -EINVAL },
		{ "sha256:", -EINVAL },
		{ ":" HEX64, -EINVAL },
		{ HEX64, -EINVAL },
		{ "sha256:" HEX64 "0", -EINVAL },
		{ "sha256:" HEX128, -EINVAL },
		{ "sha512:" HEX64, -EINVAL },
		{ "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		  -EINVAL },
		{ "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
		  -EINVAL },
		{ "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		  -EINVAL },
		{ "sha256:../../../../../../../../../../../../../../../../../../etc/passwd00",
		  -EINVAL },
		{ "sha256:" HEX64 "\n", -EINVAL },
		{ "sha256:" HEX64 "/..", -EINVAL },
		{ "SHA256:" HEX64, -EINVAL },
		{ "sha256 :" HEX64, -EINVAL },
		{ "sha256::" HEX64, -EINVAL },
		{ "sha256:" HEX64 ":", -EINVAL },
		{ "sha256+:" HEX64, -EINVAL },
		{ "+sha256:" HEX64, -EINVAL },
		{ "a..b:" HEX64, -EINVAL },
		{ "../sha256:" HEX64, -EINVAL },
		{ "sha384:" HEX64, -EOPNOTSUPP },
		{ "blake3:" HEX64, -EOPNOTSUPP },
		{ "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", -EOPNOTSUPP },
		{ "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", -EOPNOTSUPP },
		{ "sha2560:" HEX64, -EOPNOTSUPP },
		{ "sha25:" HEX64, -EOPNOTSUPP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct digest digest;

		error_clear();
		if (digest_parse(&digest, cases[i].text, "layers[2].digest") != cases[i].result)
			fail_msg("%s", cases[i].text);
		if (!strstr(error_last()->text, "layers[2].digest: "))
			fail_msg("%s: %s", cases[i].text, error_last()->text);
	}
}

static void test_pieces(void **state)
{
	struct digester digester;
	struct digest whole, pieces;

	(void)state;
	for (int algorithm = DIGEST_SHA256; algorithm <= DIGEST_SHA512; algorithm++) {
		digest_of(&whole, algorithm, "hello, world", 12);
		memset(&pieces, 0xff, sizeof(pieces));
		digester_start(&digester, algorithm);
		digester_add(&digester, "hello,", 6);
		digester_add(&digester, " world", 6);
		digester_finish(&digester, &pieces);
		/* What the algorithm does not use is zero: the whole structure is alike. */
		assert_memory_equal(&whole, &pieces, sizeof(whole));
		assert_int_equal(digest_size(algorithm), algorithm ? 64 : 32);
		assert_string_equal(digest_algorithm_name(algorithm),
				    algorithm ? "sha512" : "sha256");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
