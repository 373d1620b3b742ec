/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals: a pty of the container's own devpts, its master handed to the caller over a unix
 * socket.
 */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * P: connect to --console-socket (AF_UNIX stream). Path may be longer than sun_path allows.
 * Descriptor, or -errno recorded.
 */
int console_connect(const char *path);

/*
 * C, inside the container: open a pty on /dev/pts/ptmx (of a devpts: checked), size it (0: leave),
 * give it to the user, send the master over `socket` (payload: the slave's name), make it stdin,
 * stdout, stderr. *slave (if not NULL) gets a descriptor of the slave, for /dev/console.
 */
int console_attach(int socket, uint32_t height, uint32_t width, uid_t owner, int *slave);

/*
 * P in the foreground: the size of our own terminal, where none was given, so that the program has
 * the right one from its first moment.
 */
void console_own_size(uint32_t *height, uint32_t *width);

/* Make the terminal on stdin the controlling one of our session, which we lead (setsid(2)). */
int console_control(void);

/*
 * P in the foreground (run, exec -t): stdin/stdout <-> master until `pidfd`'s process ends, raw
 * mode meanwhile, window size kept equal. Restores the terminal. `signals` is a signalfd or -1
 * (forwarded by the caller's function).
 */
struct console_relay {
	int master;
	int pidfd;   /* ends when readable */
	int signals; /* signalfd; each signal is given to on_signal */
	void (*on_signal)(int signal, void *context);
	void *context;
};
int console_relay(const struct console_relay *relay);

#endif
