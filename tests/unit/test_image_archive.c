/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: compression, limits, digests, data, and the child. */
#include "archive_world.h"

#include <sys/mman.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/config.h"

static const char *read_with(struct bytes *bytes, struct archive_limits limits)
{
	struct archive_request request = request_of(bytes);

	request.limits = limits;
	return read_request(&request, NULL);
}

/* ---- compression ---- */

static void test_gzip(void **state)
{
	struct bytes tar = { 0 }, gzip = { 0 };
	struct archive_request request;
	size_t one;

	(void)state;
	add_file(&tar, "a", "data");
	add_file(&tar, "b", "more");
	add_end(&tar);
	add_gzip(&gzip, tar.data, 700);
	assert_non_null(strstr(read_bytes(&gzip), "truncated"));
	one = gzip.size;
	add_gzip(&gzip, tar.data + 700, 0);
	add_gzip(&gzip, tar.data + 700, tar.size - 700);
	assert_string_equal(read_bytes(&gzip), "f a 4\nf b 4\n");
	add_zeros(&gzip, 100000);
	assert_string_equal(read_bytes(&gzip), "f a 4\nf b 4\n");
	add(&gzip, "x", 1);
	CONTAINS(read_bytes(&gzip), "test: something follows the compressed data");
	gzip.size -= 100001;
	add(&gzip, "x", 1);
	CONTAINS(read_bytes(&gzip), "test: something follows the compressed data");
	gzip.size--;
	for (size_t size = 11; size < gzip.size; size += 7)
		if (size != one) {
			struct bytes cut = { .data = gzip.data, .size = size };

			CONTAINS(read_bytes(&cut), "truncated");
		}
	gzip.data[gzip.size - 8] ^= 1;
	CONTAINS(read_bytes(&gzip), "test: gzip: incorrect data check");
	request = request_of(&gzip);
	request.compared = true; /* by a better sum */
	assert_string_equal(read_request(&request, NULL), "f a 4\nf b 4\n");
	request = request_of(&gzip);
	request.compared = request.unhashed = true; /* there is none to compare */
	CONTAINS(read_request(&request, NULL), "test: gzip: incorrect data check");
	gzip.data[gzip.size - 8] ^= 1;
	gzip.data[gzip.size - 4] ^= 1;
	CONTAINS(read_bytes(&gzip), "test: gzip: incorrect length check");
	drop(&gzip);
	drop(&tar);
}

/* FEXTRA (64 KiB, CVE-2022-37434), FNAME, FCOMMENT, FHCRC. */
static void test_gzip_header(void **state)
{
	static unsigned char extra[65535];
	struct bytes tar = { 0 }, gzip = { 0 }, full = { 0 };
	uint32_t sum;

	(void)state;
	add_file(&tar, "a", "data");
	add_end(&tar);
	add_gzip(&gzip, tar.data, tar.size);
	memset(extra, 'e', sizeof(extra));
	add(&full, "\x1f\x8b\x08\x1e\0\0\0\0\0\x03\xff\xff", 12);
	add(&full, extra, sizeof(extra));
	add(&full, "name\0comment\0", 13);
	sum = (uint32_t)crc32(0, full.data, (unsigned int)full.size);
	add(&full, (unsigned char[]){ sum & 0xff, (sum >> 8) & 0xff }, 2);
	add(&full, gzip.data + 10, gzip.size - 10);
	assert_string_equal(read_bytes(&full), "f a 4\n");
	full.data[100] ^= 1;
	CONTAINS(read_bytes(&full), "gzip: header crc mismatch");
	drop(&full);
	drop(&gzip);
	drop(&tar);
}

/* What is known by its first bytes and switched off is said by its symbol. */
static void test_switched_off(void **state)
{
	struct bytes xz = { 0 }, bzip2 = { 0 };

	(void)state;
	add(&xz,
	    "\xfd"
	    "7zXZ\0\0\x04",
	    8);
	CONTAINS(read_bytes(&xz),
		 IS_ENABLED(CONFIG_IMAGE_XZ) ? "xz: truncated" : "CONFIG_IMAGE_XZ is not set");
	add(&bzip2, "BZh91AY&SY\0\0", 12);
	CONTAINS(read_bytes(&bzip2), IS_ENABLED(CONFIG_IMAGE_BZIP2) ?
					     "bzip2: truncated" :
					     "CONFIG_IMAGE_BZIP2 is not set");
	drop(&xz);
	drop(&bzip2);
}

/* A frame that wants a window of 16 MiB, in nothing but its header; and one of raw blocks. */
static void test_zstd(void **state)
{
	struct bytes tar = { 0 }, zstd = { 0 };
	struct archive_limits limits = { .zstd_window = 16 << 20 };

	(void)state;
	add(&zstd, "\x28\xb5\x2f\xfd\0\x70\x01\0\0", 9);
	CONTAINS(read_bytes(&zstd), "test: zstd: a window of more than 8388608 bytes");
	CONTAINS(read_with(&zstd, limits), "test: empty");
	zstd.data[5] = 0xa8; /* 2 GiB */
	CONTAINS(read_with(&zstd, limits), "test: zstd: a window of more than 16777216 bytes");
	drop(&zstd);
	add_file(&tar, "a", "data");
	add_end(&tar);
	add(&zstd, "\x5a\x2a\x4d\x18\x03\0\0\0abc", 11); /* to be skipped */
	for (size_t at = 0; at < tar.size; at += 1024) {
		add(&zstd, "\x28\xb5\x2f\xfd\0\x58\x01\x20\0", 9); /* last, raw, 1024 bytes */
		add(&zstd, tar.data + at, 1024);
	}
	assert_string_equal(read_bytes(&zstd), "f a 4\n");
	add(&zstd, "x", 1);
	CONTAINS(read_bytes(&zstd), "zstd: something follows the compressed data");
	zstd.size -= 500;
	CONTAINS(read_bytes(&zstd), "zstd: truncated");
	drop(&zstd);
	drop(&tar);
}

/* ---- limits ---- */

static void test_limits(void **state)
{
	struct bytes tar = { 0 }, gzip = { 0 };

	(void)state;
	add_file(&tar, "a", "data");
	add_file(&tar, "d/e/f", "data");
	add_end(&tar);
	assert_string_equal(read_with(&tar, (struct archive_limits){ tar.size, 2, 3, 0 }),
			    "f a 4\nf d/e/f 4\n");
	CONTAINS(read_with(&tar, (struct archive_limits){ .bytes = tar.size - 1 }),
		 "test: more than 3071 bytes when unpacked");
	CONTAINS(read_with(&tar, (struct archive_limits){ .entries = 1 }), "too many entries");
	CONTAINS(read_with(&tar, (struct archive_limits){ .depth = 2 }),
		 "entry d/e/f: too many components");
	drop(&tar);
	/* A bomb: 64 MiB of zeros in 64 KB. */
	add_header(&tar, header_of("zeros", '0', 64 << 20));
	add_zeros(&tar, 64 << 20);
	add_gzip(&gzip, tar.data, tar.size);
	assert_true(gzip.size < 100000);
	CONTAINS(read_with(&gzip, (struct archive_limits){ .bytes = 1 << 20 }),
		 "too large when unpacked");
	drop(&gzip);
	drop(&tar);
}

/* ---- data and digests ---- */

static void fill(struct bytes *tar, size_t size, unsigned int seed)
{
	struct bytes data = { 0 };

	add_zeros(&data, size);
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1103515245 + 12345;
		data.data[i] = (unsigned char)(seed >> 16);
	}
	add_header(tar, header_of("file", '0', size));
	add_padded(tar, data.data, size);
	drop(&data);
}

/* Read in pieces, by copying to a file, or not at all: the same bytes, and the digests are right.
 */
static void test_data(void **state)
{
	static const size_t sizes[] = {
		0, 1, 511, 512, 4096, 16384, 16385, 200000, 196608, 3000000
	};
	struct bytes tar = { 0 }, gzip = { 0 }, got = { 0 };
	struct archive_request request;
	struct archive_result result;
	struct archive *archive;
	struct entry entry;
	struct digest source, content;
	size_t at = TAR_BLOCK;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int way = 0; way < 4; way++)
			fill(&tar, sizes[i], (unsigned int)i);
	add_end(&tar);
	add_gzip(&gzip, tar.data, tar.size);
	digest_of(&source, DIGEST_SHA512, gzip.data, gzip.size);
	digest_of(&content, DIGEST_SHA256, tar.data, tar.size);
	request = request_of(&gzip);
	request.source_digest = DIGEST_SHA512;
	assert_int_equal(archive_open(&request, &archive), 0);
	for (unsigned int number = 0; archive_next(archive, &entry) > 0; number++) {
		static unsigned char room[100001];
		int file = memfd_create("data", MFD_CLOEXEC);
		ssize_t piece;

		drop(&got);
		if (number % 4 == 0) {
			while ((piece = archive_read(archive, room, sizeof(room))) > 0)
				add(&got, room, (size_t)piece);
			assert_int_equal(piece, 0);
		} else if (number % 4 < 3) {
			if (number % 4 == 2 && entry.size) {
				assert_int_equal(archive_read(archive, room, 1), 1);
				add(&got, room, 1);
			}
			assert_int_equal(archive_copy_to(archive, file), 0);
			lseek(file, 0, SEEK_SET);
			while ((piece = read(file, room, sizeof(room))) > 0)
				add(&got, room, (size_t)piece);
			assert_int_equal(archive_read(archive, room, 1), 0);
		}
		if (number % 4 < 3) {
			assert_int_equal(got.size, entry.size);
			if (got.size)
				assert_memory_equal(got.data, tar.data + at, got.size);
		}
		close(file);
		at += entry.size + -entry.size % TAR_BLOCK + TAR_BLOCK;
	}
	assert_int_equal(archive_next(archive, &entry), 0);
	archive_result(archive, &result);
	archive_close(&archive);
	assert_true(digest_equal(&result.source, &source));
	assert_true(digest_equal(&result.content, &content));
	assert_int_equal(result.source_size, gzip.size);
	assert_int_equal(result.content_size, tar.size);
	assert_int_equal(result.entries, 40);
	assert_int_equal(result.compression, COMPRESSION_GZIP);
	drop(&got);
	drop(&gzip);
	drop(&tar);
}

static void test_bare(void **state)
{
	struct bytes plain = { 0 }, gzip = { 0 };
	struct archive_request request;
	struct archive_result result;
	struct archive *archive;
	struct entry entry;
	struct digest content;
	int file = memfd_create("data", MFD_CLOEXEC);

	(void)state;
	add_zeros(&plain, 1000000);
	memset(plain.data + 500000, 'x', 1000);
	add_gzip(&gzip, plain.data, plain.size);
	digest_of(&content, DIGEST_SHA256, plain.data, plain.size);
	for (int compressed = 0; compressed < 2; compressed++) {
		request = request_of(compressed ? &gzip : &plain);
		request.bare = true;
		assert_int_equal(archive_open(&request, &archive), 0);
		assert_int_equal(archive_next(archive, &entry), 1);
		assert_true(entry.size == UINT64_MAX);
		assert_int_equal(ftruncate(file, 0), 0);
		lseek(file, 0, SEEK_SET);
		assert_int_equal(archive_copy_to(archive, file), 0);
		assert_int_equal(archive_next(archive, &entry), 0);
		archive_result(archive, &result);
		archive_close(&archive);
		assert_true(digest_equal(&result.content, &content));
		assert_int_equal(lseek(file, 0, SEEK_END), 1000000);
	}
	request = request_of(&gzip);
	request.bare = true;
	request.limits.bytes = 999999;
	CONTAINS(read_request(&request, NULL), "more than 999999 bytes");
	request = request_of(&gzip);
	request.bare = request.unhashed = true;
	read_request(&request, &result);
	assert_int_equal(result.content_size, 1000000);
	assert_int_equal(result.content.bytes[0], 0);
	close(file);
	drop(&plain);
	drop(&gzip);
}

/* ---- the source ---- */

static ssize_t source_fails(void *data, void *buffer, size_t size)
{
	struct bytes *bytes = data;

	if (bytes->at >= 1024)
		return fail(EIO, "the cable was pulled");
	return source_bytes(data, buffer, size < 1024 ? size : 1024);
}

static void test_source(void **state)
{
	struct bytes tar = { 0 };
	struct archive_request request;
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), result;
	struct archive *archive;
	struct entry entry;

	(void)state;
	fill(&tar, 400000, 1);
	request = request_of(&tar);
	request.source = source_fails;
	CONTAINS(read_request(&request, NULL), "test: the cable was pulled");
	request = request_of(&tar);
	assert_int_equal(archive_open(&request, &archive), 0);
	assert_int_equal(archive_next(archive, &entry), 1);
	result = archive_copy_to(archive, full);
	assert_int_equal(result, -ENOSPC);
	archive_close(&archive);
	close(full);
	close(null);
	drop(&tar);
}

/* ---- the child ---- */

static pid_t only_child(void)
{
	char path[64], text[64] = "";
	int fd, pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	sscanf(text, "%d", &pid);
	return pid;
}

static void read_status(pid_t pid, char text[4096])
{
	char path[64];
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, text, 4095);
	assert_true(got > 0);
	text[got] = 0;
	close(fd);
}

static size_t count_fds(pid_t pid)
{
	char path[64];
	DIR *folder;
	size_t count = 0;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += *entry->d_name != '.';
	closedir(folder);
	return count;
}

/* While it waits for more, it has two descriptors and no system call but two. */
static void test_child(void **state)
{
	struct bytes tar = { 0 };
	struct archive_request request;
	struct archive *archive;
	struct entry entry;
	char status[4096];
	pid_t pid;

	(void)state;
	fill(&tar, 2000000, 1);
	request = request_of(&tar);
	assert_int_equal(only_child(), 0);
	assert_int_equal(archive_open(&request, &archive), 0);
	assert_int_equal(archive_next(archive, &entry), 1);
	pid = only_child();
	assert_true(pid > 0);
	read_status(pid, status);
	/* Under somebody's filter, it is a filter too. */
	assert_true(strstr(status, "Seccomp:\t1") || strstr(status, "Seccomp:\t2"));
	assert_non_null(strstr(status, "NoNewPrivs:\t1"));
	assert_int_equal(count_fds(pid), 2);
	archive_close(&archive);
	assert_int_equal(only_child(), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	/* It is killed: an error that says so. */
	request = request_of(&tar);
	assert_int_equal(archive_open(&request, &archive), 0);
	assert_int_equal(archive_next(archive, &entry), 1);
	assert_int_equal(kill(only_child(), SIGKILL), 0);
	assert_true(archive_next(archive, &entry) < 0);
	CONTAINS(error_last()->text, "test: the reader of archives was ended by signal 9");
	assert_true(archive_next(archive, &entry) < 0);
	archive_close(&archive);
	assert_int_equal(only_child(), 0);
	drop(&tar);
}

/*
 * In a process that has a filter, with `refuse` one that knows no seccomp: the child's status to
 * `output`, and then all must be read as ever.
 */
static void under_filter(bool refuse, struct bytes *tar, int output)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, refuse ? SECCOMP_RET_ERRNO | EINVAL : SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };
	struct archive_request request = request_of(tar);
	struct archive *archive;
	struct entry entry;
	char status[4096];

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ||
	    archive_open(&request, &archive) < 0 || archive_next(archive, &entry) != 1)
		_exit(1);
	read_status(only_child(), status);
	if (write(output, status, strlen(status)) < 0)
		_exit(2);
	archive_close(&archive);
	_exit(strcmp(read_bytes(tar), "f file 2000000\n") == 0 ? 0 : 3);
}

static void test_no_strict_mode(void **state)
{
	struct bytes tar = { 0 };

	(void)state;
	fill(&tar, 2000000, 1);
	for (int refuse = 0; refuse < 2; refuse++) {
		char text[4096] = "";
		int pipes[2], status;
		pid_t pid;

		assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			under_filter(refuse, &tar, pipes[1]);
		close(pipes[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
		close(pipes[0]);
		/* "Seccomp_filters: 2" says the same, where the kernel counts them (5.9). */
		if (!refuse && strstr(text, "Seccomp_filters:"))
			CONTAINS(text, "Seccomp_filters:\t2");
		if (refuse && geteuid() == 0)
			CONTAINS(text, "Uid:\t65534\t65534\t65534");
	}
	drop(&tar);
}

/* No descriptor stays, however it ends. */
static void test_leaks(void **state)
{
	const size_t before = count_fds(getpid());
	struct bytes tar = { 0 }, wrong = { 0 };
	struct archive_request request;
	struct archive *archive;

	(void)state;
	fill(&tar, 1000, 1);
	add_end(&tar);
	add_zeros(&wrong, 100);
	for (int i = 0; i < 10; i++) {
		read_bytes(&tar);
		read_bytes(&wrong);
		request = request_of(&tar);
		assert_int_equal(archive_open(&request, &archive), 0);
		archive_close(&archive);
		archive_close(&archive);
	}
	assert_int_equal(count_fds(getpid()), before);
	assert_int_equal(only_child(), 0);
	drop(&tar);
	drop(&wrong);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_gzip),	       cmocka_unit_test(test_gzip_header),
	cmocka_unit_test(test_switched_off),   cmocka_unit_test(test_zstd),
	cmocka_unit_test(test_limits),	       cmocka_unit_test(test_data),
	cmocka_unit_test(test_bare),	       cmocka_unit_test(test_source),
	cmocka_unit_test(test_child),	       cmocka_unit_test(test_leaks),
	cmocka_unit_test(test_no_strict_mode),
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
