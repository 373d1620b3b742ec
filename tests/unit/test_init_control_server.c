/* SPDX-License-Identifier: Apache-2.0 */
/* The control server with clients of every kind: right, slow, silent, wrong, and far too many. */
#include "tests/unit/test_lib.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "tests/unit/control_world.h"

struct fixture {
	struct world world;
	char folder[64], path[96];
	int folder_fd, open_before;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int listener;

	fixture->open_before = count_open();
	fixture->folder_fd = make_folder(fixture->folder);
	snprintf(fixture->path, sizeof(fixture->path), "%s/control", fixture->folder);
	listener = control_listen(fixture->path);
	assert_true(listener >= 0);
	world_begin(&fixture->world, listener);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	world_end(&fixture->world);
	remove_folder(fixture->folder_fd, fixture->folder);
	assert_int_equal(count_open(), fixture->open_before);
	free(fixture);
	return 0;
}

static int connected(const struct fixture *fixture)
{
	const int fd = control_connect(fixture->path);

	assert_true(fd >= 0);
	return fd;
}

static int ask(const struct fixture *fixture, uint32_t command, uint32_t flags, const char *name)
{
	const int fd = control_request(fixture->path, command, flags, name, NULL);

	assert_true(fd >= 0);
	return fd;
}

/* Is a packet there, or the end? */
static bool has_something(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

static void expect_end(int fd, int result, const char *text)
{
	union control_answer answer;

	assert_true(has_something(fd));
	assert_int_equal(recv(fd, &answer, sizeof(answer), 0), sizeof(answer.packet));
	assert_int_equal(answer.kind, CONTROL_END);
	assert_int_equal(answer.packet.result, result);
	assert_string_equal(answer.packet.text, text);
	assert_int_equal(recv(fd, &answer, sizeof(answer), 0), 0);
	close(fd);
}

static void expect_closed(int fd)
{
	char byte;

	assert_true(has_something(fd));
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void test_listen(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	char second[96], long_path[200];
	int fd;

	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_true(fcntl(fixture->world.control.listener, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fixture->world.control.listener, F_GETFL) & O_NONBLOCK);
	/* a living supervisor keeps its place, a dead one's is taken */
	assert_int_equal(control_listen(fixture->path), -EADDRINUSE);
	snprintf(second, sizeof(second), "%s/second", fixture->folder);
	fd = control_listen(second);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(control_connect(second), -ECONNREFUSED);
	assert_non_null(strstr(error_last()->text, "no supervisor is running here"));
	fd = control_listen(second);
	assert_true(fd >= 0);
	close(fd);
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(control_listen(long_path), -ENAMETOOLONG);
	assert_int_equal(control_connect(long_path), -ENAMETOOLONG);
	assert_int_equal(control_connect("/nonexistent/control"), -ENOENT);
}

static void test_status(void **state)
{
	struct fixture *fixture = *state;
	union control_answer answer;
	int fd = ask(fixture, CONTROL_STATUS, 0, NULL);

	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(answer.kind, CONTROL_SYSTEM);
	assert_int_equal(answer.system.unit_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(control_next(fd, &answer, NULL), 1);
		assert_int_equal(answer.kind, CONTROL_UNIT);
		assert_int_equal(answer.unit.index, i);
		assert_string_equal(answer.unit.name, fixture->world.units[i].name);
	}
	assert_int_equal(control_next(fd, &answer, NULL), 0);
	close(fd);
	/* one of them */
	fd = ask(fixture, CONTROL_STATUS, 0, "unit1");
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_string_equal(answer.unit.name, "unit1");
	assert_int_equal(control_next(fd, &answer, NULL), 0);
	close(fd);
	fd = ask(fixture, CONTROL_STATUS, 0, "unit99");
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(control_next(fd, &answer, NULL), -ENOENT);
	assert_string_equal(error_last()->text, "no such unit");
	close(fd);
	assert_int_equal(world_clients(&fixture->world), 0);
}

static void test_no_units(void **state)
{
	struct fixture *fixture = *state;
	union control_answer answer;
	int fd;

	fixture->world.unit_count = 0;
	fd = ask(fixture, CONTROL_STATUS, 0, "x");
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(control_next(fd, &answer, NULL), -ENOENT);
	close(fd);
}

static void test_descriptors(void **state)
{
	struct fixture *fixture = *state;
	union control_answer answer;
	int pipes[2], fd, received;

	/* none there: the answer goes on without it */
	fd = ask(fixture, CONTROL_LOGS, 0, NULL);
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(answer.kind, CONTROL_UNIT);
	close(fd);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	fixture->world.rings = pipes[0];
	fixture->world.plan = pipes[0];
	fd = ask(fixture, CONTROL_LOGS, 0, NULL);
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, &received), 1);
	assert_int_equal(answer.kind, CONTROL_RINGS);
	assert_true(received >= 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(read(received, &(char){ 0 }, 1), 1);
	close(received);
	close(fd);
	fd = ask(fixture, CONTROL_BOOT, 0, NULL);
	assert_true(world_rest(&fixture->world));
	assert_int_equal(control_next(fd, &answer, &received), 1);
	assert_int_equal(answer.kind, CONTROL_SYSTEM);
	assert_int_equal(received, -1);
	assert_int_equal(control_next(fd, &answer, &received), 1);
	assert_int_equal(answer.kind, CONTROL_PLAN);
	assert_true(received >= 0);
	close(received);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_commands(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int fd = control_request(fixture->path, CONTROL_REBOOT, 0, NULL, "new firmware");

	assert_true(world_rest(world));
	expect_end(fd, 0, "");
	assert_int_equal(world->last.command, CONTROL_REBOOT);
	assert_string_equal(world->last.text, "new firmware");
	assert_int_equal(world->last_uid, getuid());
	assert_int_equal(world->last_pid, getpid());
	world->result = -EBUSY;
	world->reason = "not now";
	fd = ask(fixture, CONTROL_UP, CONTROL_WAIT, "web");
	assert_true(world_rest(world));
	expect_end(fd, -EBUSY, "not now");
	assert_string_equal(world->last.name, "web");
	/* under way, but nobody waits */
	world->result = 1;
	fd = ask(fixture, CONTROL_UP, 0, "web");
	assert_true(world_rest(world));
	expect_end(fd, 0, "");
	assert_int_equal(world->commands, 3);
}

static void test_waiting(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int fd, gone;

	world->result = 1;
	fd = ask(fixture, CONTROL_UP, CONTROL_WAIT, "web");
	gone = ask(fixture, CONTROL_RESTART, CONTROL_WAIT, "web");
	assert_true(world_rest(world));
	assert_false(has_something(fd));
	world->now += 1000000; /* as long as it takes */
	assert_int_equal(control_tick(&world->control, world->now), UINT64_MAX);
	control_changed(&world->control, world->now);
	assert_false(has_something(fd));
	assert_int_equal(world_clients(world), 2);
	close(gone);
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), 1);
	world->settled = -EIO;
	world->reason = "web: failed";
	control_changed(&world->control, world->now);
	expect_end(fd, -EIO, "web: failed");
	/* already so */
	world->settled = 1;
	fd = ask(fixture, CONTROL_UP, CONTROL_WAIT, "web");
	assert_true(world_rest(world));
	expect_end(fd, 0, "");
	/* a waiting client has nothing more to say */
	world->settled = 0;
	fd = ask(fixture, CONTROL_UP, CONTROL_WAIT, "web");
	assert_true(world_rest(world));
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_true(world_rest(world));
	expect_closed(fd);
	assert_int_equal(world_clients(world), 0);
}

static void send_raw(struct fixture *fixture, const void *data, size_t size, const char *text)
{
	const int fd = connected(fixture);

	assert_int_equal(send(fd, data, size, 0), size);
	assert_true(world_rest(&fixture->world));
	expect_end(fd, -EPROTO, text);
}

static void test_hostile(void **state)
{
	static const char other_version[] = "this supervisor speaks another version of the "
					    "protocol";
	struct fixture *fixture = *state;
	struct control_request request = { .version = CONTROL_VERSION + 1 };
	char big[sizeof(request) + 1000];
	int fd;

	send_raw(fixture, &request, sizeof(request), other_version);
	send_raw(fixture, &request, 1, other_version);
	memset(big, 0, sizeof(big));
	send_raw(fixture, big, sizeof(big), other_version);
	request.version = CONTROL_VERSION;
	memcpy(big, &request, sizeof(request));
	send_raw(fixture, &request, sizeof(request) - 1, "malformed request");
	send_raw(fixture, big, sizeof(request) + 1, "malformed request");
	send_raw(fixture, &request, sizeof(request.version), "malformed request");
	request.command = CONTROL_COMMANDS;
	send_raw(fixture, &request, sizeof(request), "this supervisor does not know that command");
	request.command = UINT32_MAX;
	send_raw(fixture, &request, sizeof(request), "this supervisor does not know that command");
	request.command = CONTROL_UP;
	request.flags = CONTROL_WAIT << 1;
	send_raw(fixture, &request, sizeof(request), "malformed request");
	request.flags = 0;
	request.reserved = 1;
	send_raw(fixture, &request, sizeof(request), "malformed request");
	request.reserved = 0;
	memset(request.name, 'x', sizeof(request.name));
	send_raw(fixture, &request, sizeof(request), "malformed request");
	request.name[0] = '\0';
	memset(request.text, 'x', sizeof(request.text));
	send_raw(fixture, &request, sizeof(request), "malformed request");
	/* an empty packet is an end */
	fd = connected(fixture);
	assert_int_equal(send(fd, "", 0, 0), 0);
	assert_true(world_rest(&fixture->world));
	expect_closed(fd);
	/* gone before the answer */
	fd = ask(fixture, CONTROL_STATUS, 0, NULL);
	close(fd);
	assert_true(world_rest(&fixture->world));
	assert_int_equal(fixture->world.commands, 0);
	assert_int_equal(world_clients(&fixture->world), 0);
}

/* Descriptors that come along are closed: not one reaches us. */
static void test_sent_descriptors(void **state)
{
	struct fixture *fixture = *state;
	const struct control_request request = { .version = CONTROL_VERSION,
						 .command = CONTROL_REBOOT };
	int pipes[2], before;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	before = count_open();
	for (int i = 0; i < 50; i++) {
		const int fd = connected(fixture);

		assert_int_equal(fd_send(fd, pipes[1], &request, sizeof(request)), 0);
		assert_true(world_rest(&fixture->world));
		expect_end(fd, 0, "");
	}
	assert_int_equal(count_open(), before);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &(char){ 0 }, 1), 0); /* nobody holds the other end */
	close(pipes[0]);
}

static void test_silent(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int fd = connected(fixture);

	assert_true(world_rest(world));
	assert_int_equal(control_tick(&world->control, world->now), world->now + CONTROL_SILENT_MS);
	world->now += CONTROL_SILENT_MS - 1;
	control_tick(&world->control, world->now);
	assert_int_equal(world_clients(world), 1);
	world->now++;
	assert_int_equal(control_tick(&world->control, world->now), UINT64_MAX);
	assert_int_equal(world_clients(world), 0);
	expect_closed(fd);
}

/* Somebody who asks and never reads costs a slot for 30 s and no more. */
static void test_slow_reader(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int fd, other;
	union control_answer answer;
	uint32_t packets = 0;

	world->unit_count = WORLD_UNITS;
	fd = connected(fixture);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, sizeof(int)), 0);
	assert_int_equal(send(fd,
			      &(struct control_request){ .version = CONTROL_VERSION,
							 .command = CONTROL_STATUS },
			      sizeof(struct control_request), 0),
			 sizeof(struct control_request));
	for (int i = 0; i < 100; i++)
		world_turn(world, 0);
	/* full: the server has more to say, and does not turn in circles over it */
	assert_int_equal(world_turn(world, 0), 0);
	assert_int_equal(world_clients(world), 1);
	assert_true(control_tick(&world->control, world->now) < UINT64_MAX);
	other = ask(fixture, CONTROL_STATUS, 0, "unit1");
	for (int i = 0; i < 20; i++)
		world_turn(world, 0);
	assert_int_equal(control_next(other, &answer, NULL), 1); /* served nevertheless */
	close(other);
	/* whatever it had not got yet comes when it reads */
	while (control_next(fd, &answer, NULL) > 0) {
		packets++;
		assert_true(world_rest(world));
	}
	assert_int_equal(packets, 1 + WORLD_UNITS);
	close(fd);
}

/* A monitor that reads gets all, or is told how much it lost; one that does not read is dropped. */
static void test_flood(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	union control_answer answer;
	uint64_t lost = 0, got = 0, last = 0;
	int fd = ask(fixture, CONTROL_MONITOR, 0, NULL);
	int slow = ask(fixture, CONTROL_MONITOR, 0, NULL);

	assert_true(world_rest(world));
	for (int i = 0; i < 4; i++)
		assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_false(has_something(fd));
	for (int round = 0; round < 100; round++) {
		world->changes += 1000;
		world->asked = 0;
		control_changed(&world->control, world->now);
		assert_true(world->asked < 300); /* it does not look at each of them */
		assert_true(world_rest(world));
		while (has_something(fd)) {
			assert_int_equal(control_next(fd, &answer, NULL), 1);
			if (answer.kind == CONTROL_LOST) {
				lost += (uint64_t)answer.packet.result;
				continue;
			}
			assert_int_equal(answer.kind, CONTROL_CHANGE);
			assert_true(got == 0 || answer.change.time_ms > last);
			last = answer.change.time_ms;
			got++;
		}
	}
	assert_int_equal(lost + got, world->changes);
	assert_int_equal(last, world->changes - 1);
	assert_true(lost > 0 && got >= 100 * WORLD_JOURNAL);
	/* the one that never read is out after its time, the other one stays */
	assert_int_equal(world_clients(world), 2);
	world->now += CONTROL_BLOCKED_MS;
	control_tick(&world->control, world->now);
	assert_int_equal(world_clients(world), 1);
	world->changes++;
	control_changed(&world->control, world->now);
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	close(fd);
	close(slow);
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), 0);
}

static void test_boot(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	union control_answer answer;
	uint32_t entries = 0;
	int fd;

	world->changes = WORLD_JOURNAL + 10;
	fd = ask(fixture, CONTROL_BOOT, 0, NULL);
	assert_true(world_rest(world));
	for (int i = 0; i < 4; i++)
		assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(control_next(fd, &answer, NULL), 1);
	assert_int_equal(answer.kind, CONTROL_LOST);
	assert_int_equal(answer.packet.result, 10);
	while (control_next(fd, &answer, NULL) > 0) {
		assert_int_equal(answer.kind, CONTROL_CHANGE);
		assert_int_equal(answer.change.time_ms, 10 + entries);
		entries++;
		world->changes++; /* what comes after the question is no part of the answer */
	}
	assert_int_equal(entries, WORLD_JOURNAL);
	close(fd);
}

static void test_many(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int fds[CONTROL_CLIENTS + 8], fd;

	/* silent ones make room, the oldest first */
	for (int i = 0; i < CONTROL_CLIENTS + 4; i++) {
		fds[i] = connected(fixture);
		world->now++;
		assert_true(world_rest(world));
	}
	assert_int_equal(world_clients(world), CONTROL_CLIENTS);
	for (int i = 0; i < 4; i++)
		expect_closed(fds[i]);
	fd = ask(fixture, CONTROL_REBOOT, 0, NULL);
	assert_true(world_rest(world));
	expect_end(fd, 0, "");
	for (int i = 4; i < CONTROL_CLIENTS + 4; i++)
		close(fds[i]);
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), 0);
	/* those that stay leave room for commands */
	for (int i = 0; i < CONTROL_STAYING; i++)
		fds[i] = ask(fixture, CONTROL_MONITOR, 0, NULL);
	world->result = 1;
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), CONTROL_STAYING);
	fd = ask(fixture, CONTROL_MONITOR, 0, NULL);
	assert_true(world_rest(world));
	expect_end(fd, -EBUSY, "too many clients wait or monitor already");
	fd = ask(fixture, CONTROL_UP, CONTROL_WAIT, "web");
	assert_true(world_rest(world));
	expect_end(fd, -EBUSY, "too many clients wait or monitor already");
	assert_int_equal(world->commands, 1);
	fd = ask(fixture, CONTROL_UP, 0, "web");
	assert_true(world_rest(world));
	expect_end(fd, 0, "");
	for (int i = 0; i < CONTROL_STAYING; i++)
		close(fds[i]);
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), 0);
	/* thousands that come and go */
	for (int i = 0; i < 3000; i++) {
		fd = connected(fixture);
		if (i % 3 == 0)
			send(fd, "x", 1, 0);
		close(fd);
		if (i % 7 == 0)
			world_turn(world, 0);
	}
	assert_true(world_rest(world));
	assert_int_equal(world_clients(world), 0);
	assert_int_equal(world->commands, 2);
}

/* Somebody else's process: dropped before it can say a word. */
static void test_other_user(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	int status, fds[2];
	pid_t pid;

	if (getuid() != 0)
		skip();
	assert_int_equal(chmod(fixture->path, 0666), 0);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		union control_answer answer;
		int fd;

		if (setresuid(1000, 1000, 1000) < 0)
			_exit(10);
		fd = control_request(fixture->path, CONTROL_REBOOT, 0, NULL, NULL);
		if (fd < 0 || write(fds[1], "x", 1) != 1)
			_exit(11);
		_exit(control_next(fd, &answer, NULL) == -ECONNRESET ? 0 : 12);
	}
	assert_int_equal(read(fds[0], &(char){ 0 }, 1), 1);
	assert_true(world_rest(world));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(world->commands, 0);
	assert_int_equal(world_clients(world), 0);
	close(fds[0]);
	close(fds[1]);
}

/* Without a descriptor left, the listener rests for a second instead of being ready for ever. */
static void test_no_descriptors(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;
	const int fd = ask(fixture, CONTROL_REBOOT, 0, NULL);
	struct rlimit before, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(world_rest(world));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(world->commands, 0);
	assert_int_equal(world_turn(world, 0), 0);
	assert_int_equal(control_tick(&world->control, world->now), world->now + 1000);
	world->now += 1000;
	assert_int_equal(control_tick(&world->control, world->now), UINT64_MAX);
	assert_true(world_rest(world));
	expect_end(fd, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_listen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_units, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sent_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_descriptors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
