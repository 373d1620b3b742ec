/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a folder of its own, a policy beside it, and keys made by minisign 0.11 and OpenSSL 3:
 * what the tests of image/trust stand on.
 */
#ifndef TESTS_UNIT_TRUST_WORLD_H
#define TESTS_UNIT_TRUST_WORLD_H

#include "tests/unit/test_lib.h"

#include "image/store/store.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MANIFEST "sha256:" HEX

/* minisign -G -W; the statement signed by `minisign -S` and `minisign -S -l`, -t 'release 7' */
#define KEY_1 "RWSsmQgUTqBc+nDOQfHOl6/KO3ep4P19S6D/x6NK4GgEl2XIlS2RIDzk"
#define KEY_2 "RWQYF/ldPjqGyOcZMTQ3lo0yv+dLUm5BIq6VAo4xMmgRPbJCt2BI1po/"
#define KEY_1_ID "FA5CA04E140899AC"
#define SECRET_1 \
	"untrusted comment: minisign encrypted secret key\n" \
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArJkIFE6gXPp+n+MBhfJ4" \
	"mLI9a4txoHCRCLVZkpUcQU99AedhQx01UXDOQfHOl6/KO3ep4P19S6D/x6NK4GgEl2XIlS2RIDzkAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define STATEMENT \
	"{\"manifest\":\"" MANIFEST "\",\"name\":\"registry.example/team/app\",\"counter\":7," \
	"\"devices\":[\"model-a\",\"model-b\"]}"
#define SIGNED_ED \
	"untrusted comment: signature from minisign secret key\n" \
	"RUSsmQgUTqBc+gXK/AJ6zIdjVR6NErk+N4JBDI/4SjzyBmspl3Wnefiettmjlf171MJm4jTEe+JuemUPoZFELLDfV+JP" \
	"69ZCCAY=\n" \
	"trusted comment: release 7\n" \
	"LCSx7/F5r5bkArkbPOaaMbwj+T8btPSlRu1YpIUeNmB9Z9f+liCvjUuG7ANUi7abfbhKrDlN90PXGqIeYDNGAA==\n"
#define SIGNED_Ed \
	"untrusted comment: signature from minisign secret key\n" \
	"RWSsmQgUTqBc+lRxhWAsKB6XjQ2VOz0YRZztPDdXko7aVCostu2sbowfU9Ey8YCHgzrpGz1saQ3jxzUQyseTvFduMIWH" \
	"H61FHAg=\n" \
	"trusted comment: release 7\n" \
	"XXrk/F+NilOWgour1lmxF0FIaGL2V6AD7nBLbh25fZJBUKhwQ5aB1CO+lCUbShJeJimzeXkdGyKu4o1ELMoIAQ==\n"

/* openssl ecparam -name prime256v1; openssl dgst -sha256 -sign */
#define EC_PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELI9yEnz1ND77lINGzgbrPc+L8LY/\n" \
	"fP1CXSKqjJcYQhTH128YjRhIozAO+++CApJtAg1clhSWUNyHT0jc0M+TRg==\n" \
	"-----END PUBLIC KEY-----\n"
#define EC_PUBLIC_2 \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE47t90RPk9ZabGgd7QrgOaQQICDm7\n" \
	"RGIkAtzpaHo1oNlObtutfL3egZin77xLaWv9/3TtP5uEHwQ344Y6QhIGLA==\n" \
	"-----END PUBLIC KEY-----\n"
#define EC_ID "1ac31385ea0815fbf39bfc9701a9ec32e4ffc57e2d27ee80a9348388a75ff5cb"
#define EC_SEC1 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEINR1fuaKwDwc+w4TGPIJw/YwWeLz0wNGdRTYFVsFtJFboAoGCCqGSM49\n" \
	"AwEHoUQDQgAELI9yEnz1ND77lINGzgbrPc+L8LY/fP1CXSKqjJcYQhTH128YjRhI\n" \
	"ozAO+++CApJtAg1clhSWUNyHT0jc0M+TRg==\n" \
	"-----END EC PRIVATE KEY-----\n"
#define EC_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1HV+5orAPBz7DhMY\n" \
	"8gnD9jBZ4vPTA0Z1FNgVWwW0kVuhRANCAAQsj3ISfPU0PvuUg0bOBus9z4vwtj98\n" \
	"/UJdIqqMlxhCFMfXbxiNGEijMA7774ICkm0CDVyWFJZQ3IdPSNzQz5NG\n" \
	"-----END PRIVATE KEY-----\n"
#define EC_P384 \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAErgxL/dwXbioFyuzVK+YtL6AvNnpzrv0Y\n" \
	"kYUG1GfCuiKFqLuwp2FYFDk9ROMiK7Cv80uwvcujz2Yj7tN4jGMY0ynx+sYd8Qle\n" \
	"5sIiMrdDzXHlMNFh5SDA05yCB3CgRFpn\n" \
	"-----END PUBLIC KEY-----\n"
#define PAYLOAD \
	"{\"critical\":{\"identity\":{\"docker-reference\":\"registry.example/team/app\"},\"image\":{" \
	"\"docker-manifest-digest\":\"" MANIFEST "\"}," \
	"\"type\":\"cosign container image signature\"}," \
	"\"optional\":{\"counter\":\"7\",\"creator\":\"ci\"}}"
#define PAYLOAD_SIGNED \
	"MEUCIQDxnmt5Rjr8ttTJw7KBtI0K+oV7vRptCv94uoPs8iIBMwIgQstV/omgCuVdgvThsAlDElKssD14FSQNvnh/" \
	"ELKhr4s="

struct world {
	char path[64], store_path[80], policy_path[80];
	int folder;
	struct store *store;
	struct image_settings settings;
	struct digest manifest;
};

static struct world world;

static inline int set_up_world(void **state)
{
	struct store_request request = { .path = world.store_path, .flags = STORE_MAKE };

	(void)state;
	error_clear();
	world.folder = make_folder(world.path);
	snprintf(world.store_path, sizeof(world.store_path), "%s/store", world.path);
	snprintf(world.policy_path, sizeof(world.policy_path), "%s/policy.json", world.path);
	world.settings = (struct image_settings){ .policy = world.policy_path };
	assert_int_equal(store_open(&request, &world.store), 0);
	assert_int_equal(digest_parse(&world.manifest, MANIFEST, "manifest"), 0);
	return 0;
}

static inline int tear_down_world(void **state)
{
	(void)state;
	store_close(&world.store);
	remove_folder(world.folder, world.path);
	return 0;
}

static inline void put_file(const char *path, const void *data, size_t size)
{
	int fd = openat(world.folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static inline void put_text(const char *path, const char *text)
{
	put_file(path, text, strlen(text));
}

/* Into the store without asking anybody: "0123....SUFFIX". */
static inline void put_signature(const char *suffix, const void *data, size_t size)
{
	char path[160];

	mkdirat(world.folder, "store/signatures", 0700);
	snprintf(path, sizeof(path), "store/signatures/%s.%s", HEX, suffix);
	put_file(path, data, size);
}

static inline void put_signatures(const char *statement, const char *minisig)
{
	put_signature("statement", statement, strlen(statement));
	put_signature("minisig", minisig, strlen(minisig));
}

static inline void expect_message(const char *part)
{
	char text[2048];

	if (!strstr(error_format(error_last(), text, sizeof(text)), part))
		fail_msg("'%s' does not say '%s'", text, part);
}

#endif
