/* SPDX-License-Identifier: Apache-2.0 */
/* Which program, environment and folder the container's process gets. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "process_child.h"

#include "lib/arena.h"
#include "runtime/exec_path.h"
#include "runtime/spec/spec.h"

enum { VARIABLES = 5000 };

static struct arena arena;
static const char *items[VARIABLES + 1];

static struct spec_strings strings(size_t count, const char *const *list)
{
	memcpy(items, list, count * sizeof(*list));
	items[count] = NULL;
	return (struct spec_strings){ items, count, true };
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	check(fchmod(fd, mode) == 0);
	close(fd);
}

/* A root of our own, that goes with the mount namespace. */
static void own_root(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		_exit(CHILD_SKIPS);
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	check(chroot("/tmp") == 0 && chdir("/") == 0);
	check(mkdir("/etc", 0755) == 0 && mkdir("/bin", 0755) == 0 && mkdir("/usr", 0755) == 0);
}

static void expect_message(const char *name, const struct spec_strings *env, const char *message)
{
	char text[1280];

	check(exec_path_find(&arena, name, env) == NULL);
	check(error_last()->code == ERROR_PROCESS);
	error_format(error_last(), text, sizeof(text));
	if (strcmp(text, message) != 0) {
		fprintf(stderr, "got: %s\nnot: %s\n", text, message);
		_exit(1);
	}
}

static void finding(void)
{
	static const char *const list[] = { "PATH=/nowhere", "OTHER=1", "PATH=/usr:/bin" };
	struct spec_strings env = strings(3, list), no_path = { items, 0, true };
	const char *found;

	own_root();
	write_file("/bin/tool", "", 0755);
	write_file("/usr/data", "", 0644);
	write_file("/bin/data", "", 0755);
	check(mkdir("/usr/folder", 0755) == 0);
	found = exec_path_find(&arena, "tool", &env);
	check(found && strcmp(found, "/bin/tool") == 0);
	found = exec_path_find(&arena, "data", &env); /* the first one cannot be executed */
	check(found && strcmp(found, "/bin/data") == 0);
	found = exec_path_find(&arena, "/bin/tool", &no_path);
	check(found && strcmp(found, "/bin/tool") == 0);
	found = exec_path_find(&arena, "bin/tool", &no_path);
	check(found && strcmp(found, "bin/tool") == 0);
	/* An empty word is the current folder. */
	check(chdir("/bin") == 0);
	items[0] = "PATH=/usr:";
	env.count = 1;
	found = exec_path_find(&arena, "tool", &env);
	check(found && strcmp(found, "./tool") == 0);
}

static void not_finding(void)
{
	static const char *const list[] = { "PATH=/usr:/bin" };
	struct spec_strings env = strings(1, list), no_path = { items, 0, true };

	own_root();
	write_file("/bin/tool", "", 0755);
	write_file("/usr/data", "", 0644);
	check(mkdir("/usr/folder", 0755) == 0);
	expect_message("nothing", &env, "exec: \"nothing\": executable file not found in $PATH");
	expect_message("data", &env, "exec: \"data\": executable file not found in $PATH");
	expect_message("folder", &env, "exec: \"folder\": executable file not found in $PATH");
	expect_message("tool", &no_path, "exec: \"tool\": executable file not found in $PATH");
	expect_message("", &env, "exec: \"\": executable file not found in $PATH");
	expect_message("/none", &env, "exec: \"/none\": stat /none: no such file or directory");
	expect_message("/bin/tool/x", &env,
		       "exec: \"/bin/tool/x\": stat /bin/tool/x: not a directory");
	expect_message("/usr/data", &env, "exec: \"/usr/data\": permission denied");
	expect_message("/usr/folder", &env, "exec: \"/usr/folder\": permission denied");
	write_file("/bin/private", "", 0700);
	check(exec_path_find(&arena, "/bin/private", &env));
	check(setresuid(1000, 1000, 1000) == 0);
	expect_message("/usr/folder", &env, "exec: \"/usr/folder\": permission denied");
	expect_message("/bin/private", &env, "exec: \"/bin/private\": permission denied");
}

static char **environment(uint32_t uid, size_t count, const char *const *list)
{
	struct spec_process process = { .user.uid = uid };

	if (list)
		process.env = strings(count, list);
	return exec_environment(&arena, &process);
}

static size_t length(char **env)
{
	size_t count = 0;

	while (env[count])
		count++;
	return count;
}

static bool has(char **env, const char *entry)
{
	for (; *env; env++)
		if (strcmp(*env, entry) == 0)
			return true;
	return false;
}

static void duplicates(void)
{
	static const char *const list[] = { "A=1", "HOME=/h", "B=2", "A=3", "AB=4", "B=", "A==5" };
	static char text[VARIABLES][24];
	char **env = environment(0, 7, list);

	check(env && length(env) == 4);
	check(strcmp(env[0], "HOME=/h") == 0 && strcmp(env[1], "AB=4") == 0 &&
	      strcmp(env[2], "B=") == 0 && strcmp(env[3], "A==5") == 0);
	for (size_t i = 0; i < VARIABLES; i++) {
		snprintf(text[i], sizeof(text[i]), "V%zu=%zu", i % (VARIABLES / 2), i);
		items[i] = text[i];
	}
	items[VARIABLES] = NULL;
	struct spec_process process = { .env = { items, VARIABLES, true } };

	env = exec_environment(&arena, &process);
	check(env && length(env) == VARIABLES / 2 + 1);
	check(has(env, "V0=2500") && !has(env, "V0=0") && has(env, "V2499=4999"));
}

static void wrong_variables(void)
{
	static const char *const missing[] = { "A=1", "NOTHING" }, *const empty[] = { "=x" };

	check(environment(0, 2, missing) == NULL && strstr(error_last()->text, "NOTHING"));
	check(environment(0, 1, empty) == NULL && error_last()->code == ERROR_PROCESS);
}

static void home(void)
{
	static const char *const given[] = { "HOME=" };
	char line[3000];

	own_root();
	check(has(environment(0, 0, NULL), "HOME=/")); /* no file */
	write_file("/etc/passwd",
		   "root:x:0:0:root:/root:/bin/sh\n"
		   "\n"
		   "short:x:7\n"
		   "bad:x:8x:8::/bad:/bin/sh\n"
		   "big:x:4294967304:8::/big:/bin/sh\n"
		   "eight:x:8:8::/eight:/bin/sh\n"
		   "empty:x:9:9:::/bin/sh\n"
		   "last:x:1000:1000:a,b:/home/last:/bin/sh",
		   0644);
	check(has(environment(0, 0, NULL), "HOME=/root"));
	check(has(environment(7, 0, NULL), "HOME=/"));
	check(has(environment(8, 0, NULL), "HOME=/eight"));
	check(has(environment(9, 0, NULL), "HOME=/"));
	check(has(environment(1000, 0, NULL), "HOME=/home/last"));
	check(has(environment(1001, 0, NULL), "HOME=/"));
	check(has(environment(1000, 1, given), "HOME=") &&
	      length(environment(1000, 1, given)) == 1);
	/* A line longer than we hold is passed over, also one that would look right from its
	 * middle. */
	memset(line, 'x', sizeof(line));
	memcpy(line + 1020, "\x78:x:5:5::/wrong:/bin/sh", 22);
	strcpy(line + sizeof(line) - 60, "\nfive:x:5:5::/five:/bin/sh\n");
	write_file("/etc/passwd", line, 0644);
	check(has(environment(5, 0, NULL), "HOME=/five"));
}

static void hostile_passwd(void)
{
	int fd;

	own_root();
	alarm(10); /* none of these may block */
	check(mkfifo("/etc/passwd", 0644) == 0);
	check(has(environment(0, 0, NULL), "HOME=/"));
	unlink("/etc/passwd");
	check(mkdir("/etc/passwd", 0755) == 0);
	check(has(environment(0, 0, NULL), "HOME=/"));
	rmdir("/etc/passwd");
	if (mknod("/etc/passwd", S_IFCHR | 0666, makedev(1, 5)) == 0) /* zeros without an end */
		check(has(environment(0, 0, NULL), "HOME=/"));
	unlink("/etc/passwd");
	write_file("/etc/passwd", "", 0644);
	fd = open("/etc/passwd", O_WRONLY);
	check(ftruncate(fd, (off_t)1 << 40) == 0);
	check(has(environment(0, 0, NULL), "HOME=/"));
	unlink("/etc/passwd");
	check(symlink("loop", "/etc/passwd") == 0 && symlink("passwd", "/etc/loop") == 0);
	check(has(environment(0, 0, NULL), "HOME=/"));
}

static void folder(void)
{
	char buffer[4096], deep[1024] = "";
	struct stat info;
	int outside = open("/", O_PATH | O_DIRECTORY);

	own_root();
	check(exec_working_directory("/usr", 0) == 0);
	check(getcwd(buffer, sizeof(buffer)) && strcmp(buffer, "/usr") == 0);
	check(exec_working_directory("/new/folder", 0) == -ENOENT);
	check(strstr(error_last()->text,
		     "chdir to cwd (\"/new/folder\") set in config.json failed"));
	check(exec_working_directory("/new/folder", 1) == 0);
	check(getcwd(buffer, sizeof(buffer)) && strcmp(buffer, "/new/folder") == 0);
	check(stat("/new", &info) == 0 && (info.st_mode & 07777) == 0755);
	for (int i = 0; i < 20; i++)
		strcat(deep, "/a-rather-long-name-of-a-folder");
	check(exec_working_directory(deep, 1) == 0);
	check(getcwd(buffer, sizeof(buffer)) && strcmp(buffer, deep) == 0);
	/* CVE-2024-21626: a descriptor of the host's tree, reached by /proc/self/fd. */
	check(mkdir("/proc", 0755) == 0);
	if (mount("proc", "/proc", "proc", 0, NULL) == 0) {
		snprintf(buffer, sizeof(buffer), "/proc/self/fd/%d/etc", outside);
		check(exec_working_directory(buffer, 1) == -EINVAL);
		check(strstr(error_last()->text, "outside"));
	}
}

#define CHILD_TEST(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		in_child(name); \
	}
CHILD_TEST(finding)
CHILD_TEST(not_finding)
CHILD_TEST(duplicates)
CHILD_TEST(wrong_variables)
CHILD_TEST(home)
CHILD_TEST(hostile_passwd)
CHILD_TEST(folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finding),	   cmocka_unit_test(test_not_finding),
		cmocka_unit_test(test_duplicates), cmocka_unit_test(test_wrong_variables),
		cmocka_unit_test(test_home),	   cmocka_unit_test(test_hostile_passwd),
		cmocka_unit_test(test_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
