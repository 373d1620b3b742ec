/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Usage: archive_list [-b] [-c] [-n] [-r] [-u] [-s BYTES] [-e ENTRIES] [-w WINDOW] [-d DEPTH] [-o
 * FOLDER] <ARCHIVE Print what image/archive reads: a line for each entry, with the digest of its
 * data; then the digests and sizes of source and content, the entries, the compression, and the
 * digest of the data of all files together. -b: only decompress, to stdout. -c: as if the digests
 * were compared. -n: pass over data. -r: read by small pieces. -u: no digests. -o: files go into
 * FOLDER.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/archive/archive.h"
#include "lib/error.h"
#include "lib/log.h"

static bool small_pieces, discard;
static const char *folder;
static struct digester all_data;

static void print_bytes(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] > ' ' && text[i] <= '~' && text[i] != '\\')
			putchar(text[i]);
		else
			printf("\\x%02x", (unsigned char)text[i]);
	}
}

static int read_data(struct archive *archive, char hex[DIGEST_TEXT_SIZE])
{
	static unsigned char buffer[64 << 10];
	struct digester digester;
	struct digest digest = { 0 };
	ssize_t got;

	digester_start(&digester, DIGEST_SHA256);
	while ((got = archive_read(archive, buffer, small_pieces ? 7 : sizeof(buffer))) > 0) {
		digester_add(&digester, buffer, (size_t)got);
		digester_add(&all_data, buffer, (size_t)got);
	}
	if (got < 0)
		return -1;
	digester_finish(&digester, &digest);
	digest_text(&digest, hex);
	return 0;
}

static int copy_data(struct archive *archive)
{
	static int number;
	char name[64];
	int fd, result;

	snprintf(name, sizeof(name), "%s/%d", folder, number++);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return fail(errno, "%s", name);
	result = archive_copy_to(archive, fd);
	close(fd);
	return result;
}

static int print_entry(struct archive *archive, const struct entry *entry)
{
	char hex[DIGEST_TEXT_SIZE] = "-";

	if (entry->type == ENTRY_FILE &&
	    (folder ? copy_data(archive) : read_data(archive, hex)) < 0)
		return -1;
	putchar("fhlcbdp"[entry->type]);
	putchar(' ');
	print_bytes(entry->path, strlen(entry->path));
	printf(" %o %u %u %lld.%09u %llu %u,%u ", entry->mode, entry->uid, entry->gid,
	       (long long)entry->mtime, entry->mtime_nanoseconds, (unsigned long long)entry->size,
	       entry->major, entry->minor);
	printf("%s ", hex);
	print_bytes(entry->link, strlen(entry->link));
	for (size_t i = 0; i < entry->xattr_count; i++) {
		putchar(' ');
		print_bytes(entry->xattrs[i].name, strlen(entry->xattrs[i].name));
		putchar('=');
		print_bytes(entry->xattrs[i].value, entry->xattrs[i].size);
	}
	putchar('\n');
	return 0;
}

static int list(const struct archive_request *request)
{
	struct archive_result result;
	auto_archive struct archive *archive = NULL;
	struct entry entry;
	char source[DIGEST_TEXT_SIZE], content[DIGEST_TEXT_SIZE], data[DIGEST_TEXT_SIZE];
	struct digest digest = { 0 };
	int more;

	digester_start(&all_data, DIGEST_SHA256);
	more = archive_open(request, &archive);

	if (more < 0)
		return more;
	while ((more = archive_next(archive, &entry)) > 0) {
		if (discard)
			continue;
		if (request->bare ? archive_copy_to(archive, 1) < 0 :
				    print_entry(archive, &entry) < 0)
			return -1;
	}
	if (more < 0)
		return more;
	archive_result(archive, &result);
	digester_finish(&all_data, &digest);
	fprintf(request->bare ? stderr : stdout, "%s %llu %s %llu %llu %d %s\n",
		digest_text(&result.source, source), (unsigned long long)result.source_size,
		digest_text(&result.content, content), (unsigned long long)result.content_size,
		(unsigned long long)result.entries, result.compression, digest_text(&digest, data));
	return 0;
}

int main(int argc, char **argv)
{
	const struct log_options log = { .fd = -1, .program = "archive_list" };
	int input = 0, option;
	struct archive_request request = {
		.name = "stdin",
		.source = archive_source_fd,
		.data = &input,
	};

	log_setup(&log);
	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "bcrnus:e:w:d:o:")) > 0) {
		if (option == 'b')
			request.bare = true;
		else if (option == 'r')
			small_pieces = true;
		else if (option == 'n')
			discard = true;
		else if (option == 'c')
			request.compared = true;
		else if (option == 'u')
			request.unhashed = true;
		else if (option == 's')
			request.limits.bytes = strtoull(optarg, NULL, 10);
		else if (option == 'e')
			request.limits.entries = strtoull(optarg, NULL, 10);
		else if (option == 'w')
			request.limits.zstd_window = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'd')
			request.limits.depth = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'o')
			folder = optarg;
		else
			return 2;
	}
	if (list(&request) < 0) {
		fflush(stdout);
		log_error();
		return 1;
	}
	return 0;
}
