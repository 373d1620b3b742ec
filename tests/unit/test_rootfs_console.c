/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: what goes to the caller, and the relay in the foreground. */
#include "tests/unit/process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>

#include "lib/fd.h"
#include "runtime/console.h"

/* A devpts of our own. */
static void own_devpts(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		_exit(CHILD_SKIPS);
	check(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0);
	check(mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") == 0);
	check(setsid() > 0 || errno == EPERM);
}

static void attach_and_talk(void)
{
	struct winsize size;
	struct stat info;
	char name[64] = "", text[16] = "";
	int pair[2], master, slave = -1;

	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	check(console_attach(pair[1], 33, 77, 12, &slave) == 0);
	check(fd_receive(pair[0], &master, name, sizeof(name)) == (ssize_t)strlen("/dev/pts/0"));
	check(strcmp(name, "/dev/pts/0") == 0 && master >= 0 && slave > 2);
	check(fcntl(slave, F_GETFD) == FD_CLOEXEC);
	check(ioctl(master, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 77);
	for (int fd = 0; fd < 3; fd++) {
		check(isatty(fd) && fstat(fd, &info) == 0 && info.st_uid == 12);
		check((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0);
	}
	/* It becomes the controlling terminal. */
	check(console_control() == 0);
	check(open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0);
	check(write(STDOUT_FILENO, "hello", 5) == 5);
	check(read(master, text, sizeof(text)) == 5 && strcmp(text, "hello") == 0);
}

static void test_attach_in_child(void)
{
	own_devpts();
	attach_and_talk();
}

static void test_attach(void **state)
{
	(void)state;
	in_child(test_attach_in_child);
}

/* TIOCGPTPEER gives ENOTTY, as before 4.13. */
static void forget_peer(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x5441, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]),
				     .filter = program };

	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

static void test_attach_without_peer_in_child(void)
{
	own_devpts();
	forget_peer();
	attach_and_talk();
}

static void test_attach_without_peer(void **state)
{
	(void)state;
	in_child(test_attach_without_peer_in_child);
}

/* /dev/pts of an image that is no devpts is not believed. */
static void test_fake_devpts_in_child(void)
{
	int pair[2];

	own_devpts();
	check(mount("fake", "/dev/pts", "tmpfs", 0, NULL) == 0);
	check(mknod("/dev/pts/ptmx", S_IFCHR | 0666, 5 << 8 | 2) == 0);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	check(console_attach(pair[1], 0, 0, 0, NULL) < 0);
	check(strstr(error_last()->text, "/dev/pts is not a devpts"));
}

static void test_fake_devpts(void **state)
{
	(void)state;
	in_child(test_fake_devpts_in_child);
}

/* A socket far down: its path does not fit into an address. */
static void test_connect_in_child(void)
{
	char folder[] = "/tmp/cruet-unit-XXXXXX", path[512];
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), connected;

	check(listener >= 0 && mkdtemp(folder) && chdir(folder) == 0);
	snprintf(path, sizeof(path), "%s/%0100d", folder, 1);
	check(mkdir(path, 0700) == 0 && chdir(path) == 0);
	check(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	      listen(listener, 1) == 0);
	strcat(path, "/socket");
	connected = console_connect(path);
	check(connected >= 0 && accept(listener, NULL, NULL) >= 0);
	check(console_connect("socket") >= 0);
	check(unlink(path) == 0);
	check(console_connect("socket") == -ENOENT && strstr(error_last()->text, "socket"));
	*strrchr(path, '/') = 0;
	check(chdir("/") == 0 && rmdir(path) == 0 && rmdir(folder) == 0);
}

static void test_connect(void **state)
{
	(void)state;
	in_child(test_connect_in_child);
}

/* ---- the relay: this process is "the caller's side", with a pty as its terminal ---- */

struct seen {
	int signal;
};

static void see_signal(int signal, void *context)
{
	((struct seen *)context)->signal = signal;
}

/* The container: answers each line, ends at "end", and writes a lot last. */
static void answer(int slave)
{
	char line[64], last[100];
	ssize_t size;

	dup2(slave, STDIN_FILENO);
	while ((size = read(STDIN_FILENO, line, sizeof(line) - 1)) > 0) {
		line[size] = 0;
		if (strcmp(line, "end\n") == 0)
			break;
		dprintf(slave, "<%s>", line);
	}
	memset(last, 'z', sizeof(last));
	for (int i = 0; i < 30; i++)
		check(write(slave, last, sizeof(last)) == sizeof(last));
	_exit(7);
}

static int open_terminal(int *slave)
{
	const int unlocked = 0;
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	check(master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0);
	*slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	check(*slave >= 0);
	return master;
}

static void quiet(int terminal)
{
	struct termios mode;

	check(tcgetattr(terminal, &mode) == 0);
	mode.c_lflag &= ~(tcflag_t)ECHO;
	mode.c_oflag &= ~(tcflag_t)OPOST;
	check(tcsetattr(terminal, TCSANOW, &mode) == 0);
}

/* The user: types, sends a signal, looks at what comes. */
static void use(int terminal, pid_t relay)
{
	char text[8192] = "";
	size_t size = 0;

	check(write(terminal, "one\n", 4) == 4);
	while (!strstr(text, "<one\n>")) {
		ssize_t got = read(terminal, text + size, sizeof(text) - 1 - size);

		check(got > 0);
		size += (size_t)got;
	}
	check(kill(relay, SIGUSR1) == 0);
	check(write(terminal, "end\n", 4) == 4);
	while (size < strlen("<one\n>") + 3000) {
		ssize_t got = read(terminal, text + size, sizeof(text) - 1 - size);

		check(got > 0);
		size += (size_t)got;
	}
	check(strspn(text + strlen("<one\n>"), "z") == 3000);
}

static void test_relay_in_child(void)
{
	const struct winsize size = { .ws_row = 11, .ws_col = 22 };
	struct seen seen = { 0 };
	struct console_relay relay = { .on_signal = see_signal, .context = &seen };
	struct termios before, after;
	struct winsize found;
	sigset_t signals;
	int user, terminal, slave, status;
	pid_t pid, typist;

	own_devpts();
	user = open_terminal(&terminal);
	quiet(terminal);
	check(ioctl(user, TIOCSWINSZ, &size) == 0);
	relay.master = open_terminal(&slave);
	quiet(slave);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	check(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
	relay.signals = signalfd(-1, &signals, SFD_CLOEXEC);
	check(relay.signals >= 0);
	pid = fork();
	if (pid == 0)
		answer(slave);
	close(slave);
	relay.pidfd = (int)syscall(434 /* pidfd_open */, pid, 0);
	check(pid > 0 && relay.pidfd >= 0);
	check(dup2(terminal, STDIN_FILENO) == 0 && dup2(terminal, STDOUT_FILENO) == 1);
	check(tcgetattr(STDIN_FILENO, &before) == 0);
	typist = fork();
	if (typist == 0) {
		use(user, getppid());
		_exit(0);
	}
	check(console_relay(&relay) == 0);
	check(waitpid(typist, &status, 0) == typist && status == 0);
	check(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	check(seen.signal == SIGUSR1);
	check(tcgetattr(STDIN_FILENO, &after) == 0 && after.c_lflag == before.c_lflag);
	check(ioctl(relay.master, TIOCGWINSZ, &found) == 0 && found.ws_row == 11 &&
	      found.ws_col == 22);
}

static void test_relay(void **state)
{
	(void)state;
	in_child(test_relay_in_child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach),	    cmocka_unit_test(test_attach_without_peer),
		cmocka_unit_test(test_fake_devpts), cmocka_unit_test(test_connect),
		cmocka_unit_test(test_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
