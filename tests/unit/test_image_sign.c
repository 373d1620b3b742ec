/* SPDX-License-Identifier: Apache-2.0 */
/* Signing: what trust_sign() makes is what trust_check() takes; keys of every kind, and broken
 * ones. */
#include "tests/unit/trust_world.h"

#include <pty.h>
#include <sodium.h>
#include <sys/wait.h>

#include "image/trust/internal.h"
#include "image/trust/sign.h"
#include "lib/base64.h"

#define CONTENT "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}"
#define NAME "registry.example/team/app:1"

/* A name that leads somewhere. */
static void add_image(const char *name)
{
	struct descriptor descriptor;

	descriptor_of(&descriptor, MEDIA_OCI_MANIFEST, CONTENT, strlen(CONTENT));
	assert_int_equal(store_blob_put(world.store, &descriptor.digest, CONTENT, strlen(CONTENT)),
			 0);
	assert_int_equal(store_ref_set(world.store, name, &descriptor), 0);
	world.manifest = descriptor.digest;
}

static struct digest another(void)
{
	struct digest digest;

	digest_of(&digest, DIGEST_SHA256, "another", 7);
	return digest;
}

static int sign(const char *key, uint64_t counter)
{
	static const char *devices[] = { "model-a", "model-b" };

	return trust_sign(world.store, &(struct sign_request){ .name = NAME,
							       .key = key,
							       .folder = world.folder,
							       .counter = counter,
							       .devices = devices,
							       .device_count = 2 });
}

static void policy(const char *type, const char *key, const char *more)
{
	char text[1024];

	put_text("key.pub", key);
	snprintf(text, sizeof(text),
		 "{\"rules\":[{\"prefix\":\"registry.example\",\"keys\":[{\"name\":\"k\",\"type\":"
		 "\"%s\",\"file\":\"key.pub\"}],\"device\":true%s}],\"device\":\"model-b\"}",
		 type, more);
	put_text("policy.json", text);
}

static int check(uint64_t *counter)
{
	auto_arena struct arena arena = { 0 };
	struct trust_decision decision;
	int result = trust_check(&arena, world.store, &world.settings, NAME, &world.manifest, true,
				 &decision);

	*counter = decision.counter;
	return result;
}

static void check_kind(const char *type, const char *public, const char *secret)
{
	uint64_t counter;

	add_image(NAME);
	policy(type, public, ",\"counter\":true");
	put_text("secret.key", secret);
	assert_int_equal(check(&counter), -EACCES);
	assert_int_equal(sign("secret.key", 5), 0);
	assert_int_equal(check(&counter), 0);
	assert_int_equal(counter, 5);
	/* A newer one is found beside the old; then the old one counts no more. */
	assert_int_equal(sign("secret.key", 6), 0);
	policy(type, public, ",\"counter\":true,\"leastCounter\":6");
	assert_int_equal(check(&counter), 0);
	assert_int_equal(counter, 6);
	policy(type, public, ",\"counter\":true,\"leastCounter\":7");
	assert_int_equal(check(&counter), -EACCES);
	expect_message("the least that is taken is 7");
	policy(type, type[0] == 'm' ? KEY_2 : EC_PUBLIC_2, "");
	assert_int_equal(check(&counter), -EACCES);
}

static void test_minisign(void **state)
{
	(void)state;
	check_kind("minisign", KEY_1, SECRET_1);
}

static void test_sec1(void **state)
{
	(void)state;
	check_kind("cosign", EC_PUBLIC, EC_SEC1);
}

static void test_pkcs8(void **state)
{
	(void)state;
	check_kind("cosign", EC_PUBLIC, EC_PKCS8);
}

/* A key as minisign encrypts it, but with what its scrypt asks for as small as it can be. */
static void write_encrypted(const char *password, unsigned char damage)
{
	unsigned char file[158], stream[104], checked[74];
	char text[BASE64_TEXT_SIZE(sizeof(file))], all[400];
	const unsigned long long operations = 32768;
	const size_t memory = 1 << 24;

	assert_int_equal(base64_decode(strchr(SECRET_1, '\n') + 1, 212, file, sizeof(file)), 158);
	memcpy(file + 2, "Sc", 2);
	memset(file + 6, 7, 32);
	for (int i = 0; i < 8; i++) {
		file[38 + i] = (unsigned char)(operations >> 8 * i);
		file[46 + i] = (unsigned char)((uint64_t)memory >> 8 * i);
	}
	memcpy(checked, file, 2);
	memcpy(checked + 2, file + 54, 72);
	crypto_generichash(file + 126, 32, checked, sizeof(checked), NULL, 0);
	assert_int_equal(crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password,
							    strlen(password), file + 6, operations,
							    memory),
			 0);
	for (size_t i = 0; i < sizeof(stream); i++)
		file[54 + i] ^= stream[i];
	file[70] ^= damage;
	snprintf(all, sizeof(all), "untrusted comment: encrypted\n%s\n",
		 base64_encode(file, sizeof(file), text));
	put_text("secret.key", all);
}

static void test_password(void **state)
{
	uint64_t counter;

	(void)state;
	add_image(NAME);
	policy("minisign", KEY_1, "");
	write_encrypted("secret", 0);
	setenv("MINISIGN_PASSWORD", "Secret", 1);
	assert_int_equal(sign("secret.key", 5), -EACCES);
	expect_message("the password is wrong");
	assert_int_equal(check(&counter), -EACCES);
	setenv("MINISIGN_PASSWORD", "secret", 1);
	assert_int_equal(sign("secret.key", 5), 0);
	assert_int_equal(check(&counter), 0);
	write_encrypted("secret", 1);
	assert_int_equal(sign("secret.key", 5), -EACCES);
	unsetenv("MINISIGN_PASSWORD");
}

/* Asked for on the terminal, and not shown there. */
static void test_terminal(void **state)
{
	char shown[256] = "";
	size_t used = 0;
	uint64_t counter;
	ssize_t got;
	int terminal, status;
	pid_t pid;

	(void)state;
	add_image(NAME);
	policy("minisign", KEY_1, "");
	write_encrypted("secret", 0);
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid == 0)
		_exit(sign("secret.key", 5) != 0);
	while (!strstr(shown, "secret key: ")) {
		got = read(terminal, shown + used, sizeof(shown) - 1 - used);
		assert_true(got > 0);
		used += (size_t)got;
	}
	assert_int_equal(write(terminal, "secret\n", 7), 7);
	while ((got = read(terminal, shown + used, sizeof(shown) - 1 - used)) > 0)
		used += (size_t)got;
	assert_null(strstr(strstr(shown, "key: "), "secret"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(terminal);
	assert_int_equal(check(&counter), 0);
}

static void test_wrong_keys(void **state)
{
	static const struct {
		const char *key, *why;
	} cases[] = {
		{ "", "not a secret key of minisign" },
		{ "untrusted comment: x\n", "not a secret key of minisign" },
		{ "untrusted comment: x\n" KEY_1 "\n", "not a secret key of minisign" },
		{ EC_PUBLIC, "not a private key of P-256" },
		{ "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
		  "not a private key of P-256" },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "cosign import-key-pair" },
		{ "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "cosign import-key-pair" },
	};
	char damaged[sizeof(SECRET_1)];

	(void)state;
	add_image(NAME);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_text("secret.key", cases[i].key);
		assert_true(sign("secret.key", 1) < 0);
		expect_message(cases[i].why);
		expect_message("secret.key");
	}
	assert_int_equal(sign("missing.key", 1), -ENOENT);
	memcpy(damaged, SECRET_1, sizeof(damaged));
	strstr(damaged, "p+n+")[0] = 'q';
	put_text("secret.key", damaged);
	assert_int_equal(sign("secret.key", 1), -EINVAL);
	expect_message("damaged");
	assert_int_equal(faccessat(world.folder, "store/signatures", F_OK, 0), -1);
}

/* Into a folder, and from there into another store; what does not fit is refused. */
static void test_files(void **state)
{
	struct sign_request request = {
		.name = NAME,
		.as = "registry.example/other",
		.key = "secret.key",
		.folder = world.folder,
		.output = "out",
	};
	char digest[DIGEST_TEXT_SIZE], path[160];
	struct digest other;
	uint64_t counter;

	(void)state;
	add_image(NAME);
	put_text("secret.key", SECRET_1);
	assert_int_equal(trust_sign(world.store, &request), -ENOENT);
	mkdirat(world.folder, "out", 0700);
	assert_int_equal(trust_sign(world.store, &request), 0);
	put_text("secret.key", EC_SEC1);
	request.as = "";
	assert_int_equal(trust_sign(world.store, &request), 0);
	assert_int_equal(faccessat(world.folder, "store/signatures", F_OK, 0), -1);
	snprintf(path, sizeof(path), "out/%s.minisig",
		 digest_hex(digest_text(&world.manifest, digest)));
	other = another();
	assert_int_equal(trust_attach(world.store, &other, world.folder, path), -EINVAL);
	expect_message("another manifest");
	assert_int_equal(trust_attach(world.store, &world.manifest, world.folder, path), 0);
	put_text("policy.json", "{\"rules\":[{\"prefix\":\"\",\"keys\":[{\"name\":\"k\",\"type\":"
				"\"minisign\",\"key\":\"" KEY_1 "\"}]}]}");
	assert_int_equal(check(&counter), -EACCES);
	expect_message("it was signed as registry.example/other");
	snprintf(path, sizeof(path), "out/%s.cosign.sig", digest_hex(digest));
	assert_int_equal(trust_attach(world.store, &world.manifest, world.folder, path), 0);
	put_text("ec.pub", EC_PUBLIC);
	put_text("policy.json", "{\"rules\":[{\"prefix\":\"\",\"keys\":[{\"name\":\"k\",\"type\":"
				"\"cosign\",\"file\":\"ec.pub\"}]}]}");
	assert_int_equal(check(&counter), -EACCES);
	put_text("policy.json", "{\"rules\":[{\"prefix\":\"\",\"keys\":[{\"name\":\"k\",\"type\":"
				"\"cosign\",\"file\":\"ec.pub\"}],\"identity\":\"any\"}]}");
	assert_int_equal(check(&counter), 0);
	assert_int_equal(trust_attach(world.store, &world.manifest, world.folder, "out"), -EINVAL);
	assert_int_equal(trust_attach(world.store, &world.manifest, world.folder, "x.minisig"),
			 -ENOENT);
}

/* A signature of an index vouches for what is in it, under the name that leads to the index. */
static void test_index(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct descriptor inner, outer;
	char index[512], digest[DIGEST_TEXT_SIZE];
	struct trust_decision decision;
	uint64_t counter;

	(void)state;
	add_image("inner");
	descriptor_of(&inner, MEDIA_OCI_MANIFEST, CONTENT, strlen(CONTENT));
	snprintf(index, sizeof(index),
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu}]}",
		 digest_text(&inner.digest, digest), strlen(CONTENT));
	descriptor_of(&outer, MEDIA_OCI_INDEX, index, strlen(index));
	assert_int_equal(store_blob_put(world.store, &outer.digest, index, strlen(index)), 0);
	assert_int_equal(store_ref_set(world.store, NAME, &outer), 0);
	policy("minisign", KEY_1, "");
	put_text("secret.key", SECRET_1);
	assert_int_equal(check(&counter), -EACCES);
	assert_int_equal(sign("secret.key", 3), 0);
	assert_int_equal(check(&counter), 0);
	assert_int_equal(counter, 3);
	/* What is not in it is not vouched for. */
	world.manifest = another();
	assert_int_equal(check(&counter), -EACCES);
	/* The name leads nowhere yet, and the caller knows the index. */
	assert_int_equal(store_ref_remove(world.store, NAME), 0);
	assert_int_equal(trust_check(&arena, world.store, &world.settings, NAME, &inner.digest,
				     false, &decision),
			 -EACCES);
	assert_int_equal(trust_check_any(&arena, world.store, &world.settings, NAME,
					 (struct digest[]){ inner.digest, outer.digest }, 2, false,
					 &decision),
			 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_world, tear_down_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_minisign), TEST(test_sec1),	    TEST(test_pkcs8), TEST(test_password),
		TEST(test_terminal), TEST(test_wrong_keys), TEST(test_files), TEST(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
