/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's decision: tables of cases, and every single bit of what is signed. */
#include "tests/unit/trust_world.h"

#include "image/trust/internal.h"

static struct trust_decision decision;
static struct arena decided;

static int check(const char *name, bool raise)
{
	arena_free(&decided);
	return trust_check(&decided, world.store, &world.settings, name, &world.manifest, raise,
			   &decision);
}

#define APP "registry.example/team/app:1"

static void expect_allowed(const char *name, const char *rule, const char *signer)
{
	char text[2048];

	if (check(name, false) < 0)
		fail_msg("%s", error_format(error_last(), text, sizeof(text)));
	assert_true(decision.allowed);
	assert_string_equal(decision.rule, rule);
	assert_string_equal(decision.signer, signer);
}

static void expect_refused(const char *name, const char *rule, const char *why)
{
	assert_int_equal(check(name, true), -EACCES);
	assert_false(decision.allowed);
	assert_string_equal(decision.rule, rule);
	assert_string_equal(decision.signer, "");
	expect_message(why);
	expect_message(name);
}

#define RULE_1 "{\"rules\":[{\"prefix\":\"registry.example\",\"keys\":["
#define MINISIGN_1 "{\"name\":\"release\",\"type\":\"minisign\",\"key\":\"" KEY_1 "\"}"
#define MINISIGN_2 "{\"name\":\"other\",\"type\":\"minisign\",\"key\":\"" KEY_2 "\"}"
#define COSIGN_1 "{\"name\":\"ci\",\"type\":\"cosign\",\"file\":\"keys/ci.pub\"}"

static void policy(const char *text)
{
	put_text("policy.json", text);
}

static void policy_minisign(const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), RULE_1 MINISIGN_1 "]%s}],\"device\":\"model-a\"}", more);
	policy(text);
}

static void policy_cosign(const char *more)
{
	char text[1024];

	mkdirat(world.folder, "keys", 0700);
	put_text("keys/ci.pub", EC_PUBLIC);
	snprintf(text, sizeof(text), RULE_1 COSIGN_1 "]%s}],\"device\":\"model-a\"}", more);
	policy(text);
}

static void put_payload(void)
{
	put_signature("cosign.json", PAYLOAD, strlen(PAYLOAD));
	put_signature("cosign.sig", PAYLOAD_SIGNED, strlen(PAYLOAD_SIGNED));
}

/* ---- tests ---- */

static void test_no_policy(void **state)
{
	(void)state;
	expect_allowed(APP, "", "");
	assert_string_equal(decision.key, "");
	put_text("policy.json", "");
	expect_refused(APP, "-", "policy");
	assert_int_equal(unlinkat(world.folder, "policy.json", 0), 0);
	/* A link to nowhere is a policy that cannot be read. */
	assert_int_equal(symlinkat("nowhere", world.folder, "policy.json"), 0);
	expect_refused(APP, "-", "policy.json");
	assert_int_equal(unlinkat(world.folder, "policy.json", 0), 0);
	assert_int_equal(mkdirat(world.folder, "policy.json", 0700), 0);
	expect_refused(APP, "-", "directory");
	unlinkat(world.folder, "policy.json", AT_REMOVEDIR);
	policy("{}");
	expect_refused(APP, "-", "no rule of");
	policy("{\"rules\":[]}");
	expect_refused(APP, "-", "no rule of");
}

static void test_invalid(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "[]", "not an object" },
		{ "{\"rules\":[]", "policy.json" },
		{ "{\"rules\":{}}", "not an array" },
		{ "{\"rule\":[]}", "policy.rule: line 1: unknown property" },
		{ "{\"rules\":[1]}", "rules: line 1: not an object" },
		{ "{\"rules\":[{}]}", "rules.prefix: line 1: missing" },
		{ "{\"rules\":[{\"prefix\":1}]}", "rules.prefix: line 1: not a string" },
		{ "{\"rules\":[{\"prefix\":\"\"}]}", "rules.keys" },
		{ "{\"rules\":[{\"prefix\":\"\",\"keys\":[]}]}", "rules.keys" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"allow\"}]}", "rules.action" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":true}]}", "rules.action" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"accept\",\"keys\":[" MINISIGN_1 "]}]}",
		  "for the action verify only" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"accept\",\"device\":true}]}",
		  "need keys" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"accept\",\"counter\":true}]}",
		  "need keys" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"accept\"},"
		  "{\"prefix\":\"\",\"action\":\"accept\"}]}",
		  "stands twice" },
		{ "{\"rules\":[{\"prefix\":\"\",\"action\":\"accept\",\"action\":\"refuse\"}]}",
		  "action" },
		{ RULE_1 "{\"name\":\"a\",\"type\":\"minisign\"}]}]}", "exactly one of" },
		{ RULE_1 "{\"name\":\"a\",\"type\":\"minisign\",\"key\":\"a\",\"file\":\"b\"}]}]}",
		  "exactly one of" },
		{ RULE_1 "{\"name\":\"a\",\"type\":\"rsa\",\"key\":\"a\"}]}]}", "keys.type" },
		{ RULE_1 "{\"name\":\"a\",\"key\":\"a\"}]}]}", "keys.type: line 1: missing" },
		{ RULE_1 "{\"name\":\"\",\"type\":\"cosign\",\"key\":\"a\"}]}]}", "keys.name" },
		{ RULE_1 MINISIGN_1 "],\"threshold\":0}]}", "rules.threshold" },
		{ RULE_1 MINISIGN_1 "],\"threshold\":2}]}", "rules.threshold" },
		{ RULE_1 MINISIGN_1 "],\"threshold\":1.5}]}", "rules.threshold" },
		{ RULE_1 MINISIGN_1 "],\"counter\":\"device\"}]}", "rules.counter" },
		{ RULE_1 MINISIGN_1 "],\"leastCounter\":1}]}", "rules.leastCounter" },
		{ RULE_1 MINISIGN_1 "],\"device\":\"yes\"}]}", "rules.device" },
		{ RULE_1 MINISIGN_1 "],\"mounts\":\"no\"}]}", "rules.mounts" },
		{ RULE_1 MINISIGN_1 "],\"keys\":[]}]}", "keys" },
		{ RULE_1 MINISIGN_1 "]}],\"device\":[1]}", "policy.device" },
		{ RULE_1 MINISIGN_1 "]}],\"device\":[\"\"]}", "policy.device" },
	};

	(void)state;
	put_signatures(STATEMENT, SIGNED_ED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		policy(cases[i].text);
		expect_refused(APP, "-", cases[i].why);
	}
}

/* The key cannot be had: what only that rule asks for is refused. */
static void test_keys(void **state)
{
	static const struct {
		const char *key, *why;
	} cases[] = {
		{ "\"type\":\"minisign\",\"key\":\"RWQ\"", "not a public key of minisign" },
		{ "\"type\":\"minisign\",\"key\":\"RUSsmQgUTqBc+nDOQfHOl6/"
		  "KO3ep4P19S6D/x6NK4GgEl2XIlS2RIDzk\"",
		  "another algorithm" },
		{ "\"type\":\"minisign\",\"key\":\"" KEY_1 "\\n" KEY_2 "\"", "not a public key" },
		{ "\"type\":\"minisign\",\"file\":\"missing.pub\"", "missing.pub" },
		{ "\"type\":\"minisign\",\"file\":\"/\"", "key a" },
		{ "\"type\":\"cosign\",\"key\":\"" KEY_1 "\"", "not a public key of P-256" },
		{ "\"type\":\"cosign\",\"file\":\"p384.pub\"", "not a public key of P-256" },
		{ "\"type\":\"minisign\",\"file\":\"p384.pub\"", "not a public key of minisign" },
	};
	char text[1024];

	(void)state;
	put_text("p384.pub", EC_P384);
	put_signatures(STATEMENT, SIGNED_ED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 RULE_1 "{\"name\":\"a\",%s}]},{\"prefix\":\"b\",\"keys\":[" MINISIGN_1
				"]}],\"device\":\"model-a\"}",
			 cases[i].key);
		policy(text);
		expect_refused(APP, "registry.example", cases[i].why);
	}
	put_text("release.pub", "untrusted comment: minisign public key\n" KEY_1 "\n");
	policy(RULE_1 "{\"name\":\"a\",\"type\":\"minisign\",\"file\":\"missing\"},"
		      "{\"name\":\"b\",\"type\":\"minisign\",\"file\":\"release.pub\"}]}],"
		      "\"device\":\"model-b\"}");
	expect_allowed(APP, "registry.example", "b");
	assert_string_equal(decision.key, KEY_1_ID);
	assert_int_equal(decision.counter, 7);
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *name, *rule;
	} cases[] = {
		{ "a", "a" },
		{ "a:1", "a" },
		{ "a/x", "a" },
		{ "a@sha256:0", "a" },
		{ "ab", "*" },
		{ "a.b", "*" },
		{ "", "*" },
		{ "a/b", "a/b" },
		{ "a/b:1", "a/b" },
		{ "a/bc", "a" },
		{ "a/b/c", "a/b" },
		{ "c", "*" },
		{ "c/", "c/" },
		{ "c/d", "c/" },
		{ "h:5000", "h:5000" },
		{ "h:50001", "*" },
		{ "h:5000/x", "h:5000" },
	};

	(void)state;
	policy("{\"rules\":[{\"prefix\":\"a\",\"action\":\"accept\"},"
	       "{\"prefix\":\"a/b\",\"action\":\"accept\",\"mounts\":\"verity\"},"
	       "{\"prefix\":\"c/\",\"action\":\"accept\"},"
	       "{\"prefix\":\"h:5000\",\"action\":\"accept\"},"
	       "{\"prefix\":\"d\",\"action\":\"refuse\"},"
	       "{\"prefix\":\"\",\"action\":\"accept\"}]}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_allowed(cases[i].name, cases[i].rule, "");
		assert_int_equal(decision.verity, strcmp(cases[i].rule, "a/b") == 0);
	}
	expect_refused("d:1", "d", "it says so");
	policy("{\"rules\":[{\"prefix\":\"a\",\"action\":\"accept\"}]}");
	expect_refused("b", "-", "no rule of");
}

static void test_signed(void **state)
{
	(void)state;
	policy_minisign("");
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	put_signature("statement", STATEMENT, strlen(STATEMENT));
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	put_signatures(STATEMENT, SIGNED_ED);
	expect_allowed(APP, "registry.example", "release");
	assert_string_equal(decision.key, KEY_1_ID);
	assert_int_equal(decision.counter, 7);
	put_signatures(STATEMENT, SIGNED_Ed);
	expect_allowed(APP, "registry.example", "release");
	/* The signature is another's, and has the number of none. */
	policy(RULE_1 MINISIGN_2 "]}],\"device\":\"model-a\"}");
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	policy(RULE_1 MINISIGN_2 "," MINISIGN_1 "]}],\"device\":\"model-a\"}");
	expect_allowed(APP, "registry.example", "release");
	policy(RULE_1 MINISIGN_2 "," MINISIGN_1 "],\"threshold\":2}],\"device\":\"model-a\"}");
	expect_refused(APP, "registry.example", "1 of 2 good signatures");
	policy(RULE_1 MINISIGN_1 ",{\"name\":\"again\",\"type\":\"minisign\",\"key\":\"" KEY_1
				 "\"}],\"threshold\":2}],\"device\":\"model-a\"}");
	expect_refused(APP, "registry.example", "1 of 2 good signatures");
}

static void test_cosign(void **state)
{
	(void)state;
	policy_cosign("");
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	put_payload();
	expect_allowed(APP, "registry.example", "ci");
	assert_string_equal(decision.key, EC_ID);
	assert_int_equal(decision.counter, 7);
	policy_cosign(",\"device\":true");
	expect_refused(APP, "registry.example", "names no device");
	policy_cosign("");
	expect_refused("registry.example/team/other", "registry.example", "it was signed as");
	policy_cosign(",\"identity\":\"any\"");
	expect_allowed("registry.example/team/other", "registry.example", "ci");
	policy_cosign(",\"identity\":\"registry.example/team/app\"");
	expect_allowed("registry.example/mirror", "registry.example", "ci");
	policy_cosign(",\"identity\":\"registry.example/team/ap\"");
	expect_refused(APP, "registry.example", "it was signed as");
	/* Both schemes, as two of two. */
	put_signatures(STATEMENT, SIGNED_ED);
	policy(RULE_1 MINISIGN_1 "," COSIGN_1 "],\"threshold\":2}],\"device\":\"model-a\"}");
	expect_allowed(APP, "registry.example", "release");
}

/* Whatever number the files have, the pair is found; a missing number hides none. */
static void test_several(void **state)
{
	(void)state;
	policy_minisign("");
	put_signatures("{\"manifest\":\"" MANIFEST "\"}", "nonsense");
	put_signature("15.statement", STATEMENT, strlen(STATEMENT));
	put_signature("3.minisig", SIGNED_ED, strlen(SIGNED_ED));
	expect_allowed(APP, "registry.example", "release");
	put_signature("16.statement", STATEMENT, strlen(STATEMENT));
	put_signature("15.statement", "", 0);
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
}

/* However many false ones there are, those of one number are looked at. */
static void test_crowd(void **state)
{
	char text[64], number[32];

	(void)state;
	policy_minisign("");
	for (int i = 0; i < 15; i++) {
		snprintf(text, sizeof(text), "{\"counter\":%d}", i);
		snprintf(number, sizeof(number), i ? "%d.statement" : "statement", i);
		put_signature(number, text, strlen(text));
		snprintf(number, sizeof(number), i ? "%d.minisig" : "minisig", i);
		put_signature(number, SIGNED_ED, strlen(SIGNED_ED));
	}
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	put_signature("15.statement", STATEMENT, strlen(STATEMENT));
	put_signature("15.minisig", SIGNED_Ed, strlen(SIGNED_Ed));
	expect_allowed(APP, "registry.example", "release");
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool fits;
	} cases[] = {
		{ "registry.example/team/app", true },
		{ "registry.example/team/app:1", true },
		{ "registry.example/team/app:1@sha256:00", true },
		{ "registry.example/team/app@sha256:00", true },
		{ "registry.example/team/app2", false },
		{ "registry.example/team", false },
		{ "registry.example/team/app/x", false },
		{ "registry.example:1/team/app", false },
	};

	(void)state;
	policy_minisign("");
	put_signatures(STATEMENT, SIGNED_ED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].fits)
			expect_allowed(cases[i].name, "registry.example", "release");
		else
			expect_refused(cases[i].name, "registry.example", "it was signed as");
	/* By its digest it has no name. */
	policy("{\"rules\":[{\"prefix\":\"\",\"keys\":[" MINISIGN_1 "]}],\"device\":\"model-a\"}");
	expect_allowed(MANIFEST, "*", "release");
	expect_allowed("sha256:0123456789ab", "*", "release");
	expect_refused("sha256:0123456789a", "*", "it was signed as");
	expect_refused("sha256:0123456789aB", "*", "it was signed as");
	expect_refused("any", "*", "it was signed as");
}

static void test_counter(void **state)
{
	static const struct {
		const char *kept, *why;
	} damaged[] = {
		{ "", "counters.json" },
		{ "{\"registry.example\":-1}", "not a number" },
		{ "[]", "not an object" },
		{ "{\"registry.example\":9", "counters.json" },
	};

	(void)state;
	policy_minisign(",\"counter\":true");
	put_signatures(STATEMENT, SIGNED_ED);
	/* Looking raises nothing. */
	expect_allowed(APP, "registry.example", "release");
	assert_int_equal(faccessat(world.folder, "store/counters.json", F_OK, 0), -1);
	assert_int_equal(check(APP, true), 0);
	assert_int_equal(faccessat(world.folder, "store/counters.json", F_OK, 0), 0);
	expect_allowed(APP, "registry.example", "release");
	put_text("store/counters.json", "{\"other\":99,\"registry.example\":6}");
	assert_int_equal(check(APP, true), 0);
	policy_minisign(",\"counter\":true,\"leastCounter\":7");
	expect_allowed(APP, "registry.example", "release");
	policy_minisign(",\"counter\":true,\"leastCounter\":8");
	expect_refused(APP, "registry.example",
		       "its counter is 7, and the least that is taken is 8");
	policy_minisign(",\"counter\":true");
	put_text("store/counters.json", "{\"registry.example\":18446744073709551615}");
	expect_refused(APP, "registry.example",
		       "its counter is 7, and the least that is taken is 18446744073709551615");
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put_text("store/counters.json", damaged[i].kept);
		expect_refused(APP, "registry.example", damaged[i].why);
	}
	/* For each repository of its own. */
	policy_minisign(",\"counter\":\"name\"");
	put_text("store/counters.json", "{\"registry.example\":9}");
	assert_int_equal(check(APP, true), 0);
	put_text("store/counters.json", "{\"registry.example/team/app\":8}");
	expect_refused(APP, "registry.example", "least that is taken is 8");
	/* Nobody asks for it. */
	policy_minisign("");
	expect_allowed(APP, "registry.example", "release");
}

static void test_counter_missing(void **state)
{
	static const char plain[] =
		"{\"critical\":{\"identity\":{\"docker-reference\":\"a\"},\"image\":{"
		"\"docker-manifest-digest\":\"" MANIFEST "\"},\"type\":\"cosign container image "
		"signature\"},\"optional\":{\"counter\":\"x\"}}";
	auto_arena struct arena arena = { 0 };
	struct statement statement;

	(void)state;
	assert_int_equal(payload_read(&arena, plain, strlen(plain), &statement), -EINVAL);
	expect_message("optional.counter");
	assert_int_equal(statement_read(&arena, "{\"manifest\":\"" MANIFEST "\"}",
					strlen("{\"manifest\":\"" MANIFEST "\"}"), &statement),
			 0);
	assert_false(statement.has_counter);
}

static void test_devices(void **state)
{
	char text[512];

	(void)state;
	put_signatures(STATEMENT, SIGNED_ED);
	policy(RULE_1 MINISIGN_1 "],\"device\":true}],\"device\":[\"x\",\"model-b\"]}");
	expect_allowed(APP, "registry.example", "release");
	policy(RULE_1 MINISIGN_1 "]}],\"device\":[\"model\",\"model-ab\"]}");
	expect_refused(APP, "registry.example", "it is for other devices (model-a ...)");
	policy(RULE_1 MINISIGN_1 "]}],\"device\":[]}");
	expect_refused(APP, "registry.example", "it is for other devices");
	snprintf(text, sizeof(text),
		 RULE_1 MINISIGN_1 "],\"device\":true}],\"device\":\"file:%s/compatible\"}",
		 world.path);
	policy(text);
	expect_refused(APP, "registry.example", "compatible");
	put_file("compatible", "vendor,board\0model-a", sizeof("vendor,board\0model-a"));
	expect_allowed(APP, "registry.example", "release");
	put_file("compatible", "vendor,board\nmodel-a", sizeof("vendor,board\nmodel-a") - 1);
	expect_allowed(APP, "registry.example", "release");
	put_file("compatible", "model-ab\0\0mode\0l-a", sizeof("model-ab\0\0mode\0l-a"));
	expect_refused(APP, "registry.example", "it is for other devices");
}

/* ---- bits ---- */

/* Each bit of the text, but for those of the first `from` bytes; refused, always. */
static void flip_each(const char *suffix, const char *good, size_t from, const char *signer)
{
	char text[1024];
	const size_t size = strlen(good);

	memcpy(text, good, size + 1);
	for (size_t at = from; at < size; at++)
		for (int bit = 0; bit < 8; bit++) {
			text[at] ^= (char)(1 << bit);
			put_signature(suffix, text, size);
			/* The end of a line may be missing, or be "\r\n": nothing was signed there.
			 */
			if (check(APP, false) == 0)
				fail_msg("%s: byte %zu, bit %d", suffix, at, bit);
			text[at] ^= (char)(1 << bit);
		}
	put_signature(suffix, text, size);
	expect_allowed(APP, "registry.example", signer);
}

static void test_bits_minisign(void **state)
{
	(void)state;
	policy_minisign("");
	put_signatures(STATEMENT, SIGNED_ED);
	expect_allowed(APP, "registry.example", "release");
	flip_each("statement", STATEMENT, 0, "release");
	/* The untrusted comment may say anything. */
	flip_each("minisig", SIGNED_ED, strchr(SIGNED_ED, '\n') - SIGNED_ED, "release");
	put_signatures(STATEMENT, SIGNED_Ed);
	flip_each("minisig", SIGNED_Ed, strchr(SIGNED_Ed, '\n') - SIGNED_Ed, "release");
}

static void test_bits_cosign(void **state)
{
	(void)state;
	policy_cosign("");
	put_payload();
	expect_allowed(APP, "registry.example", "ci");
	flip_each("cosign.sig", PAYLOAD_SIGNED, 0, "ci");
	flip_each("cosign.json", PAYLOAD, 0, "ci");
}

/* ---- statements ---- */

static void test_statements(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "statement" },
		{ "[]", "not an object" },
		{ "{}", "statement.manifest: line 1: missing" },
		{ "{\"manifest\":\"sha256:0\"}", "manifest" },
		{ "{\"manifest\":\"" MANIFEST "\",\"not-before\":1}", "unknown property" },
		{ "{\"manifest\":\"" MANIFEST "\",\"counter\":-1}", "statement.counter" },
		{ "{\"manifest\":\"" MANIFEST "\",\"counter\":\"7\"}", "statement.counter" },
		{ "{\"manifest\":\"" MANIFEST "\",\"devices\":[1]}", "statement.devices" },
		{ "{\"manifest\":\"" MANIFEST "\",\"name\":\"\"}", "statement.name" },
		{ "{\"manifest\":\"" MANIFEST "\",\"name\":\"a\",\"name\":\"b\"}", "name" },
	};
	struct statement statement, again;
	auto_arena struct arena arena = { 0 };
	char *text;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(statement_read(&arena, cases[i].text, strlen(cases[i].text),
					   &statement) < 0);
		expect_message(cases[i].why);
	}
	assert_int_equal(statement_read(&arena, STATEMENT, strlen(STATEMENT), &statement), 0);
	text = statement_write(&arena, &statement, &size);
	assert_string_equal(text, STATEMENT);
	text = payload_write(&arena, &statement, &size);
	assert_int_equal(payload_read(&arena, text, size, &again), 0);
	assert_string_equal(again.name, "registry.example/team/app");
	assert_int_equal(again.counter, 7);
	assert_int_equal(again.device_count, 2);
	assert_string_equal(again.devices[1], "model-b");
	assert_true(digest_equal(&again.manifest, &world.manifest));
}

static void test_keep(void **state)
{
	char large[(64 << 10) + 1], name[128];

	(void)state;
	memset(large, ' ', sizeof(large));
	assert_int_equal(trust_keep(world.store, &world.manifest, "statement", STATEMENT,
				    strlen(STATEMENT)),
			 0);
	assert_int_equal(trust_keep(world.store, &world.manifest, "minisig", SIGNED_ED,
				    strlen(SIGNED_ED)),
			 0);
	policy_minisign("");
	expect_allowed(APP, "registry.example", "release");
	/* The same is kept once. */
	trust_keep(world.store, &world.manifest, "minisig", SIGNED_ED, strlen(SIGNED_ED));
	snprintf(name, sizeof(name), "store/signatures/%s.1.minisig", HEX);
	assert_int_equal(faccessat(world.folder, name, F_OK, 0), -1);
	assert_int_equal(trust_keep(world.store, &world.manifest, "minisig", SIGNED_Ed,
				    strlen(SIGNED_Ed)),
			 0);
	assert_int_equal(faccessat(world.folder, name, F_OK, 0), 0);
	assert_int_equal(trust_keep(world.store, &world.manifest, "minisig", large, sizeof(large)),
			 -EFBIG);
	assert_int_equal(trust_keep(world.store, &world.manifest, "minisig", "x", 1), -EINVAL);
	assert_int_equal(trust_keep(world.store, &world.manifest, "cosign.sig", "x", 1), -EINVAL);
	assert_int_equal(trust_keep(world.store, &world.manifest, "aci", "x", 1), -EINVAL);
	assert_int_equal(trust_keep(world.store, &world.manifest, "../x", "x", 1), -EINVAL);
	world.manifest.bytes[0] ^= 1;
	assert_int_equal(trust_keep(world.store, &world.manifest, "statement", STATEMENT,
				    strlen(STATEMENT)),
			 -EINVAL);
	expect_message("another manifest");
	assert_int_equal(trust_keep(world.store, &world.manifest, "cosign.json", PAYLOAD,
				    strlen(PAYLOAD)),
			 -EINVAL);
	world.manifest.bytes[0] ^= 1;
	for (int i = 0; i < 15; i++) {
		int size = snprintf(large, sizeof(large),
				    "{\"manifest\":\"" MANIFEST "\",\"counter\":%d}", i);

		assert_int_equal(trust_keep(world.store, &world.manifest, "statement", large,
					    (size_t)size),
				 0);
	}
	assert_int_equal(trust_keep(world.store, &world.manifest, "statement",
				    "{\"manifest\":\"" MANIFEST "\"}",
				    strlen("{\"manifest\":\"" MANIFEST "\"}")),
			 -ENOSPC);
	expect_message("16 signatures");
}

static void test_aci(void **state)
{
	(void)state;
	policy("{\"rules\":[{\"prefix\":\"example.com\",\"aciKeyring\":\"keys/a.gpg\"}]}");
	expect_refused("example.com/app", "example.com", "not imported as an ACI");
	assert_int_equal(trust_keep_aci(world.store, &world.manifest, "0123456789ABCDEF"), 0);
	expect_allowed("example.com/app", "example.com", "gpgv");
	assert_string_equal(decision.key, "0123456789ABCDEF");
}

/* A signature in a read-only store behind this one counts as well. */
static void test_factory(void **state)
{
	char path[80], name[128];
	const char *factory[] = { "/missing/store", path };

	(void)state;
	snprintf(path, sizeof(path), "%s/factory", world.path);
	world.settings.factory = factory;
	world.settings.factory_count = 2;
	policy_minisign("");
	mkdirat(world.folder, "factory", 0700);
	mkdirat(world.folder, "factory/signatures", 0700);
	expect_refused(APP, "registry.example", "0 of 1 good signatures");
	snprintf(name, sizeof(name), "factory/signatures/%s.minisig", HEX);
	put_text(name, SIGNED_ED);
	snprintf(name, sizeof(name), "factory/signatures/%s.statement", HEX);
	put_text(name, STATEMENT);
	expect_allowed(APP, "registry.example", "release");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_world, tear_down_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_policy),
		TEST(test_invalid),
		TEST(test_keys),
		TEST(test_prefixes),
		TEST(test_signed),
		TEST(test_cosign),
		TEST(test_several),
		TEST(test_crowd),
		TEST(test_names),
		TEST(test_counter),
		TEST(test_counter_missing),
		TEST(test_devices),
		TEST(test_bits_minisign),
		TEST(test_bits_cosign),
		TEST(test_statements),
		TEST(test_keep),
		TEST(test_aci),
		TEST(test_factory),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&decided);
	return failed;
}
