/* SPDX-License-Identifier: Apache-2.0 */
/* A password: from the environment, or from the terminal without showing it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "image/trust/sign.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

#define PASSWORD_VARIABLE "MINISIGN_PASSWORD"

static int read_line(int fd, char line[PASSWORD_MAX])
{
	size_t used = 0;

	for (;;) {
		const ssize_t got = read(fd, line + used, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(got < 0 ? errno : EPIPE, "read the password");
		if (line[used] == '\n')
			break;
		if (++used == PASSWORD_MAX)
			return fail(E2BIG, "read the password");
	}
	line[used] = '\0';
	return 0;
}

int password_ask(char password[PASSWORD_MAX])
{
	static const char prompt[] = "Password of the secret key: ";
	const char *given = getenv(PASSWORD_VARIABLE);
	auto_fd int fd = -1;
	struct termios shown, hidden;
	int result;

	if (given)
		return str_format(password, PASSWORD_MAX, "%s", given);
	fd = openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &shown) < 0)
		return fail(errno, "the key has a password, and there is neither " PASSWORD_VARIABLE
				   " nor a terminal to ask on");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &hidden) < 0)
		return fail(errno, "hide the password");
	fd_write_all(fd, prompt, sizeof(prompt) - 1);
	result = read_line(fd, password);
	tcsetattr(fd, TCSAFLUSH, &shown);
	fd_write_all(fd, "\n", 1);
	return result;
}
