/* SPDX-License-Identifier: Apache-2.0 */
/* inflate FILE: what zlib alone takes for a gzip file, and nothing is done with what comes out. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

int main(int argc, char **argv)
{
	static unsigned char in[64 << 10], out[64 << 10];
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1, result = Z_OK;
	z_stream stream = { 0 };
	ssize_t size;

	if (fd < 0 || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return 2;
	while (result == Z_OK && (size = read(fd, in, sizeof(in))) > 0) {
		stream.next_in = in;
		stream.avail_in = (unsigned int)size;
		do {
			stream.next_out = out;
			stream.avail_out = sizeof(out);
			result = inflate(&stream, Z_NO_FLUSH);
		} while (result == Z_OK && (stream.avail_in || !stream.avail_out));
		if (result == Z_BUF_ERROR)
			result = Z_OK;
	}
	if (result != Z_STREAM_END)
		fputs("inflate: not a whole gzip file\n", stderr);
	return result != Z_STREAM_END;
}
