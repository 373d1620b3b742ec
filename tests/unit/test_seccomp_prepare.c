/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled filters, the choice of flags, and filters at work in the kernel. */
#include "seccomp_model.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/arena.h"

static struct model model;
static char folder[64];
static int cache = -1;

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cruet-seccomp-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	cache = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return cache < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	close(cache);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* All calls are allowed but getppid, which gives `number`. */
static void small_profile(const char *source, uint32_t number)
{
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	model_name(&model, model_call(&model, SECCOMP_ERRNO, number), "getppid");
	model.profile.source = source;
	model.profile.source_size = strlen(source);
}

static uint32_t answer(const struct seccomp_program *program, const char *name)
{
	struct seccomp_data data = { .nr = seccomp_syscall_resolve_name(name),
				     .arch = seccomp_arch_native() };

	return bpf_run(program->filter, program->count, &data);
}

static void prepare(struct arena *arena, struct seccomp_program *program)
{
	assert_int_equal(seccomp_prepare(arena, &model.profile, cache, program), 0);
	assert_true(program->count > 0);
}

/* Name of the cache's entry for the profile. */
static char *entry(char path[160])
{
	unsigned char key[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	cache_key(&model.profile, key);
	snprintf(path, 160, "%s/.seccomp/%s", folder, sha256_hex(key, hex));
	return path;
}

static void comes_from_the_cache(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	struct stat info;
	char path[160];

	(void)state;
	small_profile("a", 11);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 11);
	assert_int_equal(stat(entry(path), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	/* Same source, other rules: only the cache can answer as before. */
	small_profile("a", 12);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 11);
	assert_int_equal(program.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	small_profile("b", 12);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 12);
	arena_free(&arena);
}

static void no_cache(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;

	(void)state;
	small_profile("none", 13);
	assert_int_equal(seccomp_prepare(&arena, &model.profile, -1, &program), 0);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 13);
	model.profile.present = false;
	assert_int_equal(seccomp_prepare(&arena, &model.profile, cache, &program), 0);
	assert_int_equal(program.count, 0);
	arena_free(&arena);
}

/* Each bit of an entry, and each length: compiled again, and the entry is whole after. */
static void damaged_entries(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	struct stat info;
	char path[160];
	ssize_t size;
	char bytes[4096];
	int fd;

	(void)state;
	small_profile("damage", 14);
	prepare(&arena, &program);
	fd = open(entry(path), O_RDONLY);
	size = read(fd, bytes, sizeof(bytes));
	close(fd);
	assert_true(size > 48 && size < (ssize_t)sizeof(bytes));
	for (ssize_t i = 0; i < size; i++) {
		char changed = (char)(bytes[i] ^ (1 << (i % 8)));

		fd = open(path, O_WRONLY);
		assert_int_equal(pwrite(fd, &changed, 1, i), 1);
		close(fd);
		prepare(&arena, &program);
		assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 14);
		assert_int_equal(answer(&program, "getpid"), SECCOMP_RET_ALLOW);
		if (i % 8 == 0) {
			assert_int_equal(truncate(path, i), 0);
			prepare(&arena, &program);
			assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 14);
		}
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_size, size);
	}
	arena_free(&arena);
}

/* A right file of somebody else's making is not believed. */
static void foreign_entries(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	char path[160], other[200];

	(void)state;
	small_profile("trust", 15);
	prepare(&arena, &program);
	small_profile("trust", 16); /* what a compilation would give now */
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 15);

	assert_int_equal(chmod(entry(path), 0620), 0);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 16);

	small_profile("trust", 17);
	snprintf(other, sizeof(other), "%s/elsewhere", folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 17);

	if (geteuid() == 0) {
		small_profile("trust", 18);
		assert_int_equal(chown(path, 1, 1), 0);
		prepare(&arena, &program);
		assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 18);
	}
	/* The entry of one profile under the name of another. */
	small_profile("mixed up", 19);
	assert_int_equal(link(path, entry(other)), 0);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 19);
	/* A fifo must not stop us. */
	small_profile("fifo", 20);
	assert_int_equal(mkfifo(entry(path), 0600), 0);
	prepare(&arena, &program);
	assert_int_equal(answer(&program, "getppid"), SECCOMP_RET_ERRNO | 20);
	arena_free(&arena);
}

static void stays_small(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	char source[32], command[128];
	FILE *pipe;
	int count = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(source, sizeof(source), "profile %u", i);
		small_profile(source, 21);
		prepare(&arena, &program);
	}
	snprintf(command, sizeof(command), "ls %s/.seccomp | wc -l", folder);
	pipe = popen(command, "r");
	assert_int_equal(fscanf(pipe, "%d", &count), 1);
	pclose(pipe);
	assert_in_range(count, 32, 64);
	arena_free(&arena);
}

static void flags(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;

	(void)state;
	small_profile("flags", 1);
	model.profile.flags_present = true;
	assert_int_equal(seccomp_prepare(&arena, &model.profile, -1, &program), 0);
	assert_int_equal(program.flags, 0);
	model.profile.flags = SECCOMP_TSYNC | SECCOMP_LOG_FLAG | SECCOMP_SPEC_ALLOW;
	assert_int_equal(seccomp_prepare(&arena, &model.profile, -1, &program), 0);
	assert_int_equal(program.flags, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
						SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	model.profile.flags = SECCOMP_WAIT_KILLABLE;
	assert_true(seccomp_prepare(&arena, &model.profile, -1, &program) < 0);
	assert_int_equal(error_last()->code, ERROR_UNSUPPORTED);
	assert_string_equal(error_last()->property, "linux.seccomp.flags");
	small_profile("notify", 1);
	model.calls[0].action = SECCOMP_NOTIFY;
	assert_true(seccomp_prepare(&arena, &model.profile, -1, &program) < 0);
	assert_non_null(strstr(error_last()->text, "CONFIG_SECCOMP_NOTIFY"));
	arena_free(&arena);
}

static void rules_against_each_other(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	enum spec_seccomp_action actions[] = { SECCOMP_ERRNO, SECCOMP_TRAP };

	(void)state;
	small_profile("against", 1);
	for (size_t i = 0; i < 2; i++) {
		struct spec_syscall *call = model_call(&model, actions[i], 5);

		model_name(&model, call, "kill");
		model_arg(call, 0, SCMP_CMP_EQ, 1, 0);
	}
	assert_true(seccomp_prepare(&arena, &model.profile, -1, &program) < 0);
	assert_string_equal(error_last()->property, "linux.seccomp.syscalls");
	assert_non_null(strstr(error_last()->text, "kill"));
	arena_free(&arena);
}

/* Runs in a process of its own under the filter; its wait status. */
static int under_filter(const struct seccomp_program *program, void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core files from those that are killed */
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_load_program(program) < 0)
			_exit(99);
		what();
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void call_getppid(void)
{
	_exit(syscall(SYS_getppid) < 0 ? errno : 0);
}

static void call_newest(void)
{
	_exit(syscall(1000) < 0 ? errno : 0);
}

static void works_in_the_kernel(void **state)
{
	struct arena arena = { 0 };
	struct seccomp_program program;
	int status;

	(void)state;
	small_profile("kernel", 42);
	prepare(&arena, &program);
	status = under_filter(&program, call_getppid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);

	model.calls[0].action = SECCOMP_KILL_PROCESS;
	model.profile.source = "kernel, killed";
	assert_int_equal(seccomp_prepare(&arena, &model.profile, -1, &program), 0);
	status = under_filter(&program, call_getppid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);

	model_read(&model, "tests/bench/seccomp.json");
	model.profile.default_errno_ret = EPERM;
	assert_int_equal(seccomp_prepare(&arena, &model.profile, -1, &program), 0);
	status = under_filter(&program, call_newest);
	assert_int_equal(WEXITSTATUS(status), ENOSYS);
	status = under_filter(&program, call_getppid);
	assert_int_equal(WEXITSTATUS(status), 0);
	arena_free(&arena);
}

static void refused_by_the_kernel(void **state)
{
	struct sock_filter wrong = { BPF_LD | BPF_W | BPF_ABS, 0, 0, 4096 };
	struct seccomp_program program = { &wrong, 1, 0 };
	int status = under_filter(&program, call_getppid);

	(void)state;
	assert_int_equal(WEXITSTATUS(status), 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_from_the_cache),
		cmocka_unit_test(no_cache),
		cmocka_unit_test(damaged_entries),
		cmocka_unit_test(foreign_entries),
		cmocka_unit_test(flags),
		cmocka_unit_test(rules_against_each_other),
		cmocka_unit_test(works_in_the_kernel),
		cmocka_unit_test(refused_by_the_kernel),
		cmocka_unit_test(stays_small),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
