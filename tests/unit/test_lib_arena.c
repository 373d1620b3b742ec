/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include "lib/arena.h"
#include "lib/error.h"

static void test_zeroed_and_aligned(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *memory = arena_alloc(&arena, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
		arena_bytes(&arena, 1)[0] = 'x'; /* puts the next one off */
	}
	arena_free(&arena);
	assert_null(arena.blocks);
}

static void test_strings(void **state)
{
	auto_arena struct arena arena = { 0 };
	char text[200000];

	(void)state;
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_strdup(&arena, "abc"), "abc");
	assert_string_equal(arena_strdup(&arena, text), text);
	assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
	assert_string_equal(arena_strndup(&arena, "abc", 7), "abc");
	assert_string_equal(arena_printf(&arena, "%d-%s", 5, "z"), "5-z");
	assert_string_equal(arena_printf(&arena, "%s", text), text);
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
}

/* What a try to print leaves behind is not seen by the next allocation. */
static void test_printf_leaves_zeros(void **state)
{
	auto_arena struct arena arena = { 0 };
	char text[70000];
	unsigned char *memory;

	(void)state;
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	arena_alloc(&arena, 8);
	arena_printf(&arena, "%s", text);
	memory = arena_alloc(&arena, 60000);
	for (size_t i = 0; i < 60000; i++)
		assert_int_equal(memory[i], 0);
}

static void test_too_much(void **state)
{
	auto_arena struct arena arena = { 0 };

	(void)state;
	error_clear();
	assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
	assert_int_equal(error_last()->no, ENOMEM);
	error_clear();
	assert_null(arena_array(&arena, SIZE_MAX / 4, 2));
	assert_int_equal(error_last()->no, ENOMEM);
	assert_non_null(arena_alloc(&arena, 10));
}

/* Beginning in the caller's memory, going on in the kernel's. */
static void test_in_room(void **state)
{
	char room[64] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);

	(void)state;
	for (int i = 0; i < 100; i++) {
		char *text = arena_printf(&arena, "number %d", i);

		assert_non_null(text);
		assert_int_equal(atoi(text + 7), i);
		text = arena_alloc(&arena, 5);
		assert_int_equal(text[0] | text[1] | text[2] | text[3] | text[4], 0);
		memset(text, 0xff, 5);
	}
}

static void test_large_blocks(void **state)
{
	auto_arena struct arena arena = { 0 };
	char *first = arena_alloc(&arena, 5 << 20);
	char *second = arena_alloc(&arena, 16);

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	memset(first, 1, 5 << 20);
	memset(second, 2, 16);
	assert_int_equal(first[(5 << 20) - 1], 1);
	for (int i = 0; i < 100000; i++)
		assert_non_null(arena_alloc(&arena, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_printf_leaves_zeros),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_in_room),
		cmocka_unit_test(test_large_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
