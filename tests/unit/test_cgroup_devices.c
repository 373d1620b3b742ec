/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules. The BPF program runs here in a small interpreter and is compared with the plain
 * reading of the specification, for thousands of random lists; so are the exceptions for v1,
 * as the kernel's devices controller would take them.
 */
#include "tests/unit/test_lib.h"

#include <sys/syscall.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/cgroup/devices.h"

enum { ROUNDS = 4000, RULES_MAX = 12 };

static struct arena arena;

/* ---- the meaning of a list ---- */

struct request {
	char type;
	int32_t major, minor;
	unsigned int access;
};

static bool matches(const struct device_rule *rule, const struct request *request)
{
	return (rule->type == 'a' || rule->type == request->type) &&
	       (rule->major == DEVICE_ANY || rule->major == request->major) &&
	       (rule->minor == DEVICE_ANY || rule->minor == request->minor);
}

/* For each kind of access the last rule that matches, from the first to the last. */
static bool allowed(const struct device_rules *rules, const struct request *request)
{
	for (unsigned int bit = 1; bit <= DEVICE_ALL; bit <<= 1) {
		bool answer = rules->allow;

		if (!(request->access & bit))
			continue;
		for (size_t i = 0; i < rules->count; i++) {
			if ((rules->items[i].access & bit) && matches(&rules->items[i], request))
				answer = rules->items[i].allow;
		}
		if (!answer)
			return false;
	}
	return true;
}

/* ---- BPF ---- */

static uint64_t sign_extended(int32_t value)
{
	return (uint64_t)(int64_t)value;
}

/* Runs the program; -1 for anything that the kernel's verifier would not have. */
static int run(const struct device_insn *program, size_t size, const struct request *request)
{
	const uint32_t context[] = {
		request->access << 16 | (request->type == 'b' ? 1 : 2),
		(uint32_t)request->major,
		(uint32_t)request->minor,
	};
	uint64_t registers[11] = { 0 };
	size_t at = 0;

	for (;;) {
		const struct device_insn *insn = &program[at];
		uint64_t *to = &registers[insn->destination];
		bool jump = false;

		if (at >= size)
			return -1;
		switch (insn->code) {
		case 0x61:
			if (insn->source != 1 || insn->offset < 0 || insn->offset > 8)
				return -1;
			*to = context[insn->offset / 4];
			break;
		case 0xbf:
			*to = registers[insn->source];
			break;
		case 0xb7:
			*to = sign_extended(insn->value);
			break;
		case 0x57:
			*to &= sign_extended(insn->value);
			break;
		case 0x77:
			*to >>= insn->value;
			break;
		case 0x6f:
			*to <<= registers[insn->source] & 63;
			break;
		case 0x25:
			jump = *to > sign_extended(insn->value);
			break;
		case 0x05:
			jump = true;
			break;
		case 0x15:
			jump = *to == sign_extended(insn->value);
			break;
		case 0x55:
			jump = *to != sign_extended(insn->value);
			break;
		case 0x45:
			jump = *to & sign_extended(insn->value);
			break;
		case 0x95:
			return registers[0] <= 1 ? (int)registers[0] : -1;
		default:
			return -1;
		}
		if (jump && insn->offset < 0)
			return -1;
		at += 1 + (jump ? (size_t)insn->offset : 0);
	}
}

/* The verifier refuses what no path reaches. */
static void assert_all_reached(const struct device_insn *program, size_t size)
{
	bool *reached = calloc(size + 1, sizeof(*reached));

	reached[0] = true;
	for (size_t i = 0; i < size; i++) {
		const uint8_t code = program[i].code;

		assert_true(reached[i]);
		if (code == 0x95)
			continue;
		if (code != 0x05)
			reached[i + 1] = true;
		if ((code & 7) == 5) {
			assert_true(i + 1 + (size_t)program[i].offset < size);
			reached[i + 1 + (size_t)program[i].offset] = true;
		}
	}
	assert_false(reached[size]);
	free(reached);
}

/* Few, so that rules often meet; at both sides of what a program may test at once. */
static const int32_t numbers[] = { 0, 1, 30, 31, 64, 300 };
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static int32_t random_number(void)
{
	return rand() % 4 == 0 ? DEVICE_ANY : numbers[rand() % NUMBERS];
}

static struct device_rule random_rule(void)
{
	static const char types[] = "aabbccc";

	return (struct device_rule){
		.allow = rand() % 2,
		.type = types[rand() % 7],
		.major = random_number(),
		.minor = random_number(),
		.access = rand() % 3 == 0 ? DEVICE_ALL : (unsigned int)rand() % 8,
	};
}

static void random_rules(struct device_rules *rules, struct device_rule *items)
{
	*rules = (struct device_rules){ .allow = rand() % 2, .items = items };
	rules->count = (size_t)rand() % (RULES_MAX + 1);
	for (size_t i = 0; i < rules->count; i++)
		items[i] = random_rule();
}

/* All devices of these numbers, with all combinations of access. False: that was the last. */
static bool next_request(unsigned int *number, struct request *request)
{
	const unsigned int at = *number;

	if (at == 2 * NUMBERS * NUMBERS * DEVICE_ALL)
		return false;
	*request = (struct request){
		.type = "bc"[at % 2],
		.major = numbers[at / 2 % NUMBERS],
		.minor = numbers[at / (2 * NUMBERS) % NUMBERS],
		.access = at / (2 * NUMBERS * NUMBERS) + 1,
	};
	++*number;
	return true;
}

static void test_program(void **state)
{
	struct device_insn program[RULES_MAX * 7 + 16];
	struct device_rule items[RULES_MAX];
	struct device_rules rules;
	struct request request;

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t size;

		random_rules(&rules, items);
		size = devices_program(&rules, program);
		assert_true(size <= devices_program_size(rules.count));
		assert_all_reached(program, size);
		for (unsigned int number = 0; next_request(&number, &request);) {
			if (run(program, size, &request) != allowed(&rules, &request))
				fail_msg("round %u: %c %d:%d %u", round, request.type,
					 (int)request.major, (int)request.minor, request.access);
		}
	}
}

/* The verifier of the kernel takes it, even long ones. */
static void test_verifier(void **state)
{
	struct device_rules rules = { .count = 150 };
	struct device_insn *program;
	struct {
		uint32_t type, count;
		uint64_t program, license;
		unsigned char rest[96];
	} request = { .type = 15 };

	(void)state;
	if (geteuid() != 0)
		skip();
	srand(2);
	rules.items = arena_array(&arena, rules.count, sizeof(rules.items[0]));
	program = arena_array(&arena, devices_program_size(rules.count), sizeof(*program));
	request.program = (uintptr_t)program;
	request.license = (uintptr_t) "x";
	for (unsigned int round = 0; round < 10; round++) {
		auto_fd int fd = -1;

		rules.allow = round % 2;
		for (size_t i = 0; i < rules.count; i++) {
			rules.items[i] = random_rule();
			rules.items[i].major = rand() % 300;
		}
		request.count = (uint32_t)devices_program(&rules, program);
		fd = (int)syscall(SYS_bpf, 5, &request, sizeof(request));
		if (fd < 0 && (errno == EPERM || errno == EINVAL) && round == 0)
			skip(); /* may not, or a kernel without such programs */
		assert_true(fd >= 0);
	}
}

/* ---- v1: the kernel's devices controller ---- */

struct controller {
	bool allow;
	struct device_rule exceptions[64];
	size_t count;
};

/* devcgroup_access_write(): an exception is only changed by one of just the same numbers. */
static void controller_write(struct controller *controller, const struct device_rule *rule,
			     bool allow)
{
	size_t i = 0;

	while (i < controller->count && (controller->exceptions[i].type != rule->type ||
					 controller->exceptions[i].major != rule->major ||
					 controller->exceptions[i].minor != rule->minor))
		i++;
	if (allow != controller->allow) {
		if (i == controller->count)
			controller->exceptions[controller->count++] = *rule;
		else
			controller->exceptions[i].access |= rule->access;
	} else if (i < controller->count) {
		controller->exceptions[i].access &= ~rule->access;
	}
}

/*
 * Allowed by default: what an exception has any of; denied by default: what exceptions together
 * have all of.
 */
static bool controller_allows(const struct controller *controller, const struct request *request)
{
	unsigned int access = 0;

	for (size_t i = 0; i < controller->count; i++) {
		if (matches(&controller->exceptions[i], request))
			access |= controller->exceptions[i].access;
	}
	return controller->allow ? !(access & request->access) : !(request->access & ~access);
}

static void test_exceptions(void **state)
{
	struct device_rule items[RULES_MAX], exceptions[RULES_MAX * 2 + 1];
	unsigned int expressed = 0;
	struct device_rules rules;
	struct request request;

	(void)state;
	srand(3);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct controller controller;
		size_t count, failed;

		random_rules(&rules, items);
		rules.count /= 3;
		if (devices_v1_exceptions(&rules, exceptions, &count, &failed) < 0) {
			assert_true(failed < rules.count);
			assert_true(rules.items[failed].allow == rules.allow);
			continue;
		}
		expressed++;
		controller = (struct controller){ .allow = rules.allow };
		for (size_t i = 0; i < count; i++)
			controller_write(&controller, &exceptions[i], !rules.allow);
		for (unsigned int number = 0; next_request(&number, &request);) {
			if (controller_allows(&controller, &request) != allowed(&rules, &request))
				fail_msg("round %u: %c %d:%d %u", round, request.type,
					 (int)request.major, (int)request.minor, request.access);
		}
	}
	assert_true(expressed > ROUNDS / 3);
}

static void test_text(void **state)
{
	char text[DEVICE_TEXT_SIZE];
	const struct device_rule all = {
		.type = 'b', .major = DEVICE_ANY, .minor = DEVICE_ANY, .access = DEVICE_MKNOD
	};
	const struct device_rule longest = {
		.type = 'c', .major = INT32_MAX, .minor = INT32_MAX, .access = DEVICE_ALL
	};

	(void)state;
	assert_string_equal(device_text(&all, text), "b *:* m");
	assert_string_equal(device_text(&longest, text), "c 2147483647:2147483647 rwm");
}

/* ---- which rules are in effect ---- */

static struct device_rules *rules_of(struct spec_device_rule *items, size_t count)
{
	const struct spec_resources resources = { .devices = items, .device_count = count };

	return devices_rules(&arena, &resources);
}

static void test_defaults(void **state)
{
	struct device_rules *rules = rules_of(NULL, 0);
	const struct request null = { 'c', 1, 3, DEVICE_READ | DEVICE_WRITE };
	const struct request mknod = { 'b', 8, 0, DEVICE_MKNOD };
	const struct request disk = { 'b', 8, 0, DEVICE_READ };
	const struct request tun = { 'c', 10, 200, DEVICE_ALL };
	const struct request pts = { 'c', 136, 7, DEVICE_ALL };

	(void)state;
	assert_false(rules->asked);
	assert_true(allowed(rules, &null));
	assert_true(allowed(rules, &mknod));
	assert_true(allowed(rules, &tun));
	assert_true(allowed(rules, &pts));
	assert_false(allowed(rules, &disk));
}

/* The listed rules first and in order; after them what they did not allow of the defaults. */
static void test_order(void **state)
{
	struct spec_device_rule items[] = {
		{ .allow = true, .type = 'c', .major = 9, .minor = 9, .read = true },
		{ .allow = false,
		  .type = 'a',
		  .major = -1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true, .type = 'c', .major = 10, .minor = 229, .read = true },
		{ .allow = true,
		  .type = 'b',
		  .major = 8,
		  .minor = 20,
		  .read = true,
		  .write = true },
		{ .allow = true,
		  .type = 'c',
		  .major = 1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true, .type = 'c', .major = 1ll << 40, .minor = 0, .read = true },
	};
	struct device_rules *rules = rules_of(items, 6);

	(void)state;
	assert_true(rules->asked);
	assert_false(rules->allow);
	assert_int_equal(rules->items[0].minor, 229);
	assert_int_equal(rules->items[1].type, 'b');
	assert_int_equal(rules->items[2].minor, DEVICE_ANY);
	/* null, zero ... are allowed already: the first one added is making nodes. */
	assert_int_equal(rules->items[3].access, DEVICE_MKNOD);
	assert_int_equal(rules->count, 3 + 2 + 5);
	for (size_t i = 3; i < rules->count; i++)
		assert_false(rules->items[i].major == 1);
}

static void test_everything(void **state)
{
	struct spec_device_rule items[] = {
		{ .allow = false, .type = 'c', .major = 1, .minor = 1, .read = true },
		{ .allow = true,
		  .type = 'a',
		  .major = -1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = false, .type = 'c', .major = 5, .minor = 1, .write = true },
	};
	struct device_rules *rules = rules_of(items, 2);

	(void)state;
	assert_true(rules->allow);
	assert_int_equal(rules->count, 0);
	/* A default that the list denies comes back: all runtimes do so. */
	rules = rules_of(items, 3);
	assert_true(rules->allow);
	assert_false(rules->items[0].allow);
	for (size_t i = 1; i < rules->count; i++)
		assert_true(rules->items[i].allow);
}

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_program, clear),
		cmocka_unit_test_teardown(test_verifier, clear),
		cmocka_unit_test_teardown(test_exceptions, clear),
		cmocka_unit_test_teardown(test_text, clear),
		cmocka_unit_test_teardown(test_defaults, clear),
		cmocka_unit_test_teardown(test_order, clear),
		cmocka_unit_test_teardown(test_everything, clear),
	};

	return cmocka_run_group_tests_name("cgroup_devices", tests, NULL, NULL);
}
