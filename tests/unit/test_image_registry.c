/* SPDX-License-Identifier: Apache-2.0 */
/* Names, addresses, answers, challenges and certificates of registries, without a network. */
#include "tests/unit/test_lib.h"

#include <stdio.h>

#include <mbedtls/x509_crt.h>

#include "image/registry/http_parse.h"
#include "image/registry/registry.h"
#include "image/registry/remote.h"
#include "image/registry/trusted.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "tests/unit/registry_certificates.h"

#define LLVMFuzzerTestOneInput fuzz_http
#include "tests/fuzz/fuzz_image_http.c"
#undef LLVMFuzzerTestOneInput
#include "tests/fuzz/driver.c"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_names(void **state)
{
	static const char *const good[][2] = {
		{ "busybox", "docker.io/library/busybox:latest" },
		{ "busybox:1.36", "docker.io/library/busybox:1.36" },
		{ "team/app", "docker.io/team/app:latest" },
		{ "docker.io/busybox", "docker.io/library/busybox:latest" },
		{ "index.docker.io/busybox", "docker.io/library/busybox:latest" },
		{ "registry.example/a/b/c:x", "registry.example/a/b/c:x" },
		{ "registry.example:5000/a", "registry.example:5000/a:latest" },
		{ "localhost/a", "localhost/a:latest" },
		{ "[::1]:5000/a", "[::1]:5000/a:latest" },
		{ "a@sha256:" HEX, "docker.io/library/a@sha256:" HEX },
		{ "r.example/a:1@sha256:" HEX, "r.example/a:1@sha256:" HEX },
		{ "r.example/a-b--c_d__e.f", "r.example/a-b--c_d__e.f:latest" },
	};
	static const char *const bad[] = {
		"",	      "A",
		"a/B",	      "a//b",
		"/a",	      "a/",
		"a:",	      "a:-x",
		"a:.x",	      "a:b:c",
		"a@",	      "a@sha256:12",
		"a..b",	      "a___b",
		"-a",	      "a-",
		"r.example/", "r.example/A",
		"a b",	      "a\nb",
		"a:b\r\n",    "r\n.example/a",
		"../a",	      "r.example/../a",
		"a@md5:" HEX, "a@sha256:" HEX "0",
	};
	auto_arena struct arena arena = { 0 };
	char tag[140] = "a:";
	struct image_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(image_name_parse(&arena, good[i][0], &name), 0);
		assert_string_equal(image_name_text(&arena, &name), good[i][1]);
		assert_int_equal(image_name_parse(&arena, good[i][1], &name), 0);
		assert_string_equal(image_name_text(&arena, &name), good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear();
		if (image_name_parse(&arena, bad[i], &name) >= 0)
			fail_msg("'%s' is taken", bad[i]);
		assert_true(error_last()->text[0]);
	}
	memset(tag + 2, 'x', 128);
	assert_int_equal(image_name_parse(&arena, tag, &name), 0);
	tag[130] = 'x';
	assert_int_equal(image_name_parse(&arena, tag, &name), -EINVAL);
}

static void test_urls(void **state)
{
	/* RFC 3986 section 5.4, with an authority and a query of ours. */
	static const char *const resolved[][2] = {
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g/" },
		{ "?y", "http://a/b/c/d?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "", "http://a/b/c/d" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "g#s", "http://a/b/c/g" },
		{ "HTTPS://B:8443/x", "https://b:8443/x" },
		{ "https://b:443/x", "https://b/x" },
		{ "http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x" },
	};
	static const char *const bad[] = {
		"ftp://a/",	   "http://",		"http:///x",	 "http://a:0/",
		"http://a:65536/", "http://a:x/",	"http://u@a/",	 "http://u:p@a/",
		"http://a b/",	   "http://a/\r\nX: y", "http://a/ x",	 "http://[::1/",
		"http://[x]/",	   "http://[::1]x/",	"http://a/\x7f", "a",
		"mailto:a@b.c",	   "http://a\\b/",	"http://a%20b/",
	};
	auto_arena struct arena arena = { 0 };
	struct url base, url;

	(void)state;
	assert_int_equal(url_parse(&arena, "http://a/b/c/d", &base), 0);
	for (size_t i = 0; i < sizeof(resolved) / sizeof(resolved[0]); i++) {
		if (url_resolve(&arena, &base, resolved[i][0], &url) < 0)
			fail_msg("'%s' is refused: %s", resolved[i][0], error_last()->text);
		assert_string_equal(url_text(&arena, &url), resolved[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (url_parse(&arena, bad[i], &url) >= 0)
			fail_msg("'%s' is taken", bad[i]);
	}
	assert_int_equal(url_parse(&arena, "http://a:8080/b", &url), 0);
	assert_false(url_same_origin(&base, &url));
	assert_int_equal(url_parse(&arena, "https://a:80/b", &url), 0);
	assert_false(url_same_origin(&base, &url));
	assert_int_equal(url_parse(&arena, "HTTP://A:80/x", &url), 0);
	assert_true(url_same_origin(&base, &url));
	assert_string_equal(url_escape(&arena, "a b/&=%\xc3\xa9~"), "a%20b%2F%26%3D%25%C3%A9~");
}

static int read_answer(struct arena *arena, const char *text, bool head,
		       struct http_response *response, char body[64])
{
	static struct http_stream stream;
	struct bytes bytes = { (const uint8_t *)text, strlen(text), 3 };
	size_t size = 0;
	ssize_t got;
	int result;

	memset(&stream, 0, sizeof(stream));
	stream.fill = give;
	stream.data = &bytes;
	result = http_head_read(&stream, arena, head, response);
	if (result < 0)
		return result;
	while ((got = http_body_read(&stream, body + size, 63 - size)) > 0)
		size += (size_t)got;
	body[size] = '\0';
	return (int)got;
}

static void test_answers(void **state)
{
	static const struct {
		const char *text, *body; /* NULL: refused */
		unsigned int status;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", 200 },
		{ "HTTP/1.1 200\r\ncontent-length:2 \r\n\r\nabc", "ab", 200 },
		{ "HTTP/1.0 404 \r\n\r\nto the end", "to the end", 404 },
		{ "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", "", 204 },
		{ "HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 x\r\n\r\ny", "y", 200 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;q\r\nc\r\n0\r\n\r\n",
		  "abc", 200 },
		{ "HTTP/1.1 200 x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", "ab", 200 },
		{ "HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Length: +2\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Length: 2, 2\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Length: 99999999999999999999\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Length : 2\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\n Content-Length: 2\r\n\r\nab", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NULL, 0 },
		{ "HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
		  NULL, 0 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
		  NULL, 0 },
		{ "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", NULL,
		  0 },
		{ "HTTP/1.1 200 x\r\nContent-Range: bytes 5-4/10\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Range: bytes 0-10/10\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nContent-Range: lines 0-1/10\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\nContent-Length: 0\n\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nX: a\rb\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 200 x\r\nX: a\x01\r\n\r\n", NULL, 0 },
		{ "HTTP/2 200 x\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 099 x\r\n\r\n", NULL, 0 },
		{ "HTTP/1.1 2000 x\r\n\r\n", NULL, 0 },
		{ "", NULL, 0 },
	};
	auto_arena struct arena arena = { 0 };
	struct http_response response;
	char body[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int result = read_answer(&arena, rows[i].text, false, &response, body);

		if ((result == 0) != (rows[i].body != NULL))
			fail_msg("row %zu: %d %s", i, result, error_last()->text);
		if (result == 0) {
			assert_int_equal(response.status, rows[i].status);
			assert_string_equal(body, rows[i].body);
		}
	}
	assert_int_equal(read_answer(&arena, "HTTP/1.1 200 x\r\nContent-Length: 7\r\n\r\n", true,
				     &response, body),
			 0);
	assert_int_equal(response.length, 7);
	assert_int_equal(
		read_answer(&arena,
			    "HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate\r\nwww-authenticate: "
			    "Bearer realm=\"r\"\r\nWWW-Authenticate: basic\r\nRetry-After: 7\r\n"
			    "Content-Range: bytes 1-2/*\r\nContent-Length: 0\r\n\r\n",
			    false, &response, body),
		0);
	assert_string_equal(response.bearer, "realm=\"r\"");
	assert_string_equal(response.basic, "");
	assert_int_equal(response.retry_after, 7);
	assert_true(response.has_range && response.range_start == 1 && response.range_end == 2 &&
		    response.range_total == HTTP_LENGTH_UNKNOWN);
	assert_false(http_is_value("a\r\nb"));
	assert_true(http_is_value("a b;c=\"d\""));
}

static void test_challenges(void **state)
{
	static const char challenge[] =
		" realm=\"https://a.example/t?x=1,2\", service = x,Service=\"a \\\"b\\\\\" , "
		"scope=repository:a:pull,other,empty=\"\",unended=\"abc";
	static const char *const rows[][2] = {
		{ "realm", "https://a.example/t?x=1,2" },
		{ "service", "a \"b\\" },
		{ "SCOPE", "repository:a:pull" },
		{ "empty", "" },
		{ "unended", "abc" },
		{ "other", NULL },
		{ "x", NULL },
		{ "real", NULL },
	};
	auto_arena struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = auth_parameter(&arena, challenge, rows[i][0]);

		if (!value != !rows[i][1] || (value && strcmp(value, rows[i][1]) != 0))
			fail_msg("%s: %s", rows[i][0], value ? value : "none");
	}
}

/* ---- certificates: the clock is the test's ---- */

static time_t the_time;

time_t time(time_t *result)
{
	if (result)
		*result = the_time;
	return the_time;
}

static int check(const char *pem, const char *host, const char *bundle)
{
	mbedtls_x509_crt chain;
	int result;

	mbedtls_x509_crt_init(&chain);
	assert_int_equal(mbedtls_x509_crt_parse(&chain, (const unsigned char *)pem,
						strlen(pem) + 1),
			 0);
	error_clear();
	result = certificate_check(&chain, host, bundle);
	mbedtls_x509_crt_free(&chain);
	return result;
}

static void test_certificates(void **state)
{
	const time_t now = 1800000000, unset = 86400;
	char path[] = "/tmp/cruet-bundle.XXXXXX";
	const int fd = mkstemp(path);

	(void)state;
	unsetenv("SSL_CERT_FILE");
	assert_true(fd >= 0);
	/* Much that is not wanted before and behind it, across the reader's buffer. */
	for (unsigned int i = 0; i < 100; i++)
		dprintf(fd, "# number %u\n%s", i, i == 60 ? pem_ca : pem_good);
	close(fd);
	the_time = now;
	assert_int_equal(check(pem_good, "registry.example", path), 0);
	assert_int_equal(check(pem_good, "192.0.2.1", path), 0);
	assert_int_equal(check(pem_good, "2001:db8::1", path), 0);
	assert_int_equal(check(pem_good, "REGISTRY.example", path), 0);
	assert_int_equal(check(pem_good, "192.0.2.2", path), -EACCES);
	assert_non_null(strstr(error_last()->text, "another host"));
	assert_int_equal(check(pem_good, "other.example", path), -EACCES);
	assert_int_equal(check(pem_good, "good", path), -EACCES); /* the CN is no name */
	assert_int_equal(check(pem_future, "registry.example", path), -EACCES);
	assert_non_null(strstr(error_last()->text, "not valid yet"));
	assert_int_equal(check(pem_old, "registry.example", path), -EACCES);
	assert_non_null(strstr(error_last()->text, "expired"));
	/* A device without a clock. */
	the_time = unset;
	assert_int_equal(check(pem_good, "registry.example", path), 0);
	assert_int_equal(check(pem_good, "other.example", path), -EACCES);
	the_time = now;
	assert_int_equal(check(pem_good, "registry.example", "/dev/null"), -EACCES);
	assert_non_null(strstr(error_last()->text, "issuer is unknown"));
	assert_int_equal(check(pem_good, "registry.example", "/nonexistent"), -ENOENT);
	setenv("SSL_CERT_FILE", path, 1);
	assert_int_equal(check(pem_good, "registry.example", "/nonexistent"), 0);
	unsetenv("SSL_CERT_FILE");
	unlink(path);
}

static void test_fuzz(void **state)
{
	(void)state;
	assert_true(fuzz_run(fuzz_http, "tests/fuzz/corpus/image_http", 100000, 1) > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_urls),
		cmocka_unit_test(test_answers),	     cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_certificates), cmocka_unit_test(test_fuzz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
