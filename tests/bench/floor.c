/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: the least that any OCI runtime must do for the default configuration (that of `spec`), as
 * a program without any of a runtime's own work: no JSON, no state, no checks, no messages but one.
 * What the kernel charges for this is the bar that `make bench` measures cruet against.
 *
 *   floor [--seccomp FILE] run CGROUP ROOTFS COMMAND [ARG...]
 *   floor [--seccomp FILE] exec CGROUP PID COMMAND [ARG...]
 *
 * CGROUP is the folder of a new (run) or existing (exec) cgroup v2, FILE a classic BPF program as
 * filter.c writes it. run: mkdir of the cgroup, a device program loaded and attached; one clone3
 * with all six namespaces into the cgroup, the parent suspended as by vfork; then in the child
 * host name, lo up, private propagation, rootfs, 7 mounts, 6 nodes, 6 links, pivot_root,
 * read-only root, 10 masks, 5 read-only paths, rlimit, keyring, bounding set, ids,
 * capabilities, no_new_privs, the filter, execve. The parent waits and removes the cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

enum {
	LAST_CAPABILITY = 40, /* CAP_CHECKPOINT_RESTORE */
	NAMESPACES = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
		     CLONE_NEWCGROUP,
};

/* CAP_KILL, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE */
static const uint32_t capabilities = 1u << 5 | 1u << 10 | 1u << 29;

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	dprintf(2, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

#define INSN(c, d, s, o, i) \
	{ \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
	}
#define LOAD(reg, offset) INSN(BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, offset, 0)
#define SKIP_IF(op, reg, value, count) INSN(BPF_JMP | BPF_K | (op), reg, 0, count, value)
#define ALLOW_IF(reg, value, distance) SKIP_IF(BPF_JEQ, reg, value, distance)

/* mknod of anything; null zero full random urandom, tty console ptmx, pts; nothing else. */
static int load_device_program(void)
{
	static const struct bpf_insn program[] = {
		LOAD(BPF_REG_2, 0), /* access << 16 | type */
		LOAD(BPF_REG_4, 4), /* major */
		LOAD(BPF_REG_5, 8), /* minor */
		INSN(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0),
		INSN(BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16),
		INSN(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff),
		ALLOW_IF(BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 15),
		SKIP_IF(BPF_JNE, BPF_REG_2, BPF_DEVCG_DEV_CHAR, 12),
		ALLOW_IF(BPF_REG_4, 136, 13),
		SKIP_IF(BPF_JNE, BPF_REG_4, 1, 6),
		ALLOW_IF(BPF_REG_5, 3, 11),
		ALLOW_IF(BPF_REG_5, 5, 10),
		ALLOW_IF(BPF_REG_5, 7, 9),
		ALLOW_IF(BPF_REG_5, 8, 8),
		ALLOW_IF(BPF_REG_5, 9, 7),
		INSN(BPF_JMP | BPF_JA, 0, 0, 4, 0),
		SKIP_IF(BPF_JNE, BPF_REG_4, 5, 3),
		ALLOW_IF(BPF_REG_5, 0, 4),
		ALLOW_IF(BPF_REG_5, 1, 3),
		ALLOW_IF(BPF_REG_5, 2, 2),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t) "Apache-2.0",
	};
	const long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	check(fd, "load the device program");
	return (int)fd;
}

static int make_cgroup(const char *path)
{
	int cgroup;
	union bpf_attr attr = { .attach_type = BPF_CGROUP_DEVICE };

	check(mkdir(path, 0755), path);
	cgroup = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	check(cgroup, path);
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)load_device_program();
	check(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)), "attach");
	close((int)attr.attach_bpf_fd);
	return cgroup;
}

/*
 * clone3 with the parent suspended and the memory shared, as vfork: on the same stack, so it must
 * be inline and the child must never return from the function that calls it.
 */
static inline __attribute__((always_inline)) long clone_suspended(struct clone_args *args)
{
#ifdef __x86_64__
	long result;

	args->flags |= CLONE_VFORK | CLONE_VM;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args))
			 : "rcx", "r11", "memory");
	if (result < 0) {
		errno = (int)-result;
		result = -1;
	}
	return result;
#else
	args->flags |= CLONE_VFORK;
	return syscall(SYS_clone3, args, sizeof(*args));
#endif
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check(fd, "socket");
	strcpy(request.ifr_name, "lo");
	check(ioctl(fd, SIOCSIFFLAGS, &request), "lo up");
	close(fd);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *target, *data;
		unsigned long flags;
	} table[] = {
		{ "proc", "proc", NULL, 0 },
		{ "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
		{ "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
		  MS_NOSUID | MS_NOEXEC },
		{ "tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV },
		{ "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
		{ "sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY },
		{ "cgroup2", "sys/fs/cgroup", NULL,
		  MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (i >= 2 && i <= 4)
			check(mkdir(table[i].target, 0755), table[i].target);
		check(mount(table[i].type, table[i].target, table[i].type, table[i].flags,
			    table[i].data),
		      table[i].target);
	}
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {
		{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
		{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "dev/fd" },	     { "/proc/self/fd/0", "dev/stdin" },
		{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
		{ "pts/ptmx", "dev/ptmx" },	     { "/proc/kcore", "dev/core" },
	};
	size_t i;

	umask(0);
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		check(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		      nodes[i].path);
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		check(symlink(links[i][0], links[i][1]), links[i][1]);
	umask(022);
}

static void enter_root(void)
{
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount");
	check(chdir("/"), "/");
	check(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only root");
}

static void hide_paths(void)
{
	static const char *const masked[] = {
		"/proc/acpi",	       "/proc/asound",	   "/proc/kcore",	"/proc/keys",
		"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
		"/sys/firmware",       "/proc/scsi",
	};
	static const char *const readonly[] = {
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	};
	size_t i;

	for (i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		if (mount("/dev/null", masked[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
			continue;
		check(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL), masked[i]);
	}
	for (i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++) {
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) < 0 &&
		    errno == ENOENT)
			continue;
		check(mount(NULL, readonly[i], NULL,
			    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    NULL),
		      readonly[i]);
	}
}

static void credentials(const struct sock_fprog *filter)
{
	const struct rlimit files = { 1024, 1024 };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ .effective = capabilities, .permitted = capabilities },
	};
	int i;

	check(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &files, NULL), "prlimit");
	for (i = 0; i <= LAST_CAPABILITY; i++)
		if (i > 31 || !(capabilities & 1u << i))
			check(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), "bounding set");
	check(syscall(SYS_setgroups, 0, NULL), "setgroups");
	check(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	check(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	check(syscall(SYS_capset, &header, data), "capset");
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (filter->filter)
		check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter), "seccomp");
}

static _Noreturn void execute(char *const *argv)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
					     NULL };

	execve(argv[0], argv, environment);
	check(-1, argv[0]);
	_exit(127);
}

static _Noreturn void contain(const char *rootfs, const struct sock_fprog *filter,
			      char *const *argv)
{
	check(sethostname("floor", 5), "sethostname");
	loopback_up();
	check(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "private propagation");
	check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	check(chdir(rootfs), rootfs);
	mount_all();
	make_devices();
	enter_root();
	hide_paths();
	check(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "floor"), "keyring");
	credentials(filter);
	execute(argv);
}

static struct sock_fprog read_filter(const char *path)
{
	struct stat status;
	struct sock_fprog program = { 0 };
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd, path);
	check(fstat(fd, &status), path);
	program.len = (unsigned short)((size_t)status.st_size / sizeof(struct sock_filter));
	program.filter = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	check(program.filter == MAP_FAILED ? -1 : 0, path);
	close(fd);
	return program;
}

static int finish(pid_t child)
{
	int status;

	check(waitpid(child, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(char **argv, const struct sock_fprog *filter)
{
	struct clone_args args = { .flags = NAMESPACES | CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	long child;
	int result;

	args.cgroup = (uint64_t)make_cgroup(argv[0]);
	child = clone_suspended(&args);
	check(child, "clone3");
	if (child == 0)
		contain(argv[1], filter, argv + 2);
	result = finish((pid_t)child);
	check(rmdir(argv[0]), argv[0]);
	return result;
}

static int join(char **argv, const struct sock_fprog *filter)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	const int cgroup = open(argv[0], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	const long target = syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	long child;

	check(cgroup, argv[0]);
	check(target, "pidfd_open");
	args.cgroup = (uint64_t)cgroup;
	check(setns((int)target, NAMESPACES), "setns");
	child = clone_suspended(&args);
	check(child, "clone3");
	if (child == 0) {
		credentials(filter);
		execute(argv + 2);
	}
	return finish((pid_t)child);
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { 0 };
	int first = 1;

	if (argc > 3 && strcmp(argv[1], "--seccomp") == 0) {
		filter = read_filter(argv[2]);
		first = 3;
	}
	if (argc - first >= 4 && strcmp(argv[first], "run") == 0)
		return run(argv + first + 1, &filter);
	if (argc - first >= 4 && strcmp(argv[first], "exec") == 0)
		return join(argv + first + 1, &filter);
	dprintf(2, "usage: floor [--seccomp FILE] run|exec CGROUP ROOTFS|PID COMMAND [ARG...]\n");
	return 2;
}
