/* SPDX-License-Identifier: Apache-2.0 */
/*
 * old_kernel COMMAND...: run it as if the kernel were one of 4.x: a seccomp filter answers ENOSYS
 * to the system calls that came later and that the runtime knows how to do without.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers are the same on every architecture: these calls came after the tables were united. */
static const unsigned int missing[] = {
	424, /* pidfd_send_signal 5.1 */
	428, /* open_tree 5.2 */
	429, /* move_mount */
	430, /* fsopen */
	431, /* fsconfig */
	432, /* fsmount */
	433, /* fspick */
	434, /* pidfd_open 5.3 */
	435, /* clone3 */
	436, /* close_range 5.9 */
	437, /* openat2 5.6 */
	438, /* pidfd_getfd */
	439, /* faccessat2 5.8 */
	441, /* epoll_pwait2 5.11 */
	442, /* mount_setattr 5.12 */
	447, /* memfd_secret 5.14 */
	452, /* fchmodat2 6.6 */
	457, /* statmount 6.8 */
	458, /* listmount */
};

enum { MISSING = sizeof(missing) / sizeof(missing[0]) };

int main(int argc, char **argv)
{
	struct sock_filter filter[MISSING + 3];
	struct sock_fprog program = { .len = MISSING + 3, .filter = filter };

	if (argc < 2) {
		fprintf(stderr, "usage: old_kernel COMMAND [ARGUMENT...]\n");
		return 125;
	}
	filter[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (unsigned int i = 0; i < MISSING; i++)
		filter[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, missing[i],
							     (unsigned char)(MISSING - i), 0);
	filter[MISSING + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[MISSING + 2] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	/* As root, without no_new_privs: that would be inherited and hide what the runtime does
	 * with it. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("old_kernel: seccomp");
		return 125;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
