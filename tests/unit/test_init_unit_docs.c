/* SPDX-License-Identifier: Apache-2.0 */
/* cruet-unit(5) and cruet-system(5) name every property and every word, and their examples are
 * good. */
#include "tests/unit/unit_world.h"

#include "init/unit/table.h"

static const char unit_page[] = "docs/cruet-unit.5", system_page[] = "docs/cruet-system.5";

static char *read_page(const char *path)
{
	char *text = calloc(1, 128 << 10);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, (128 << 10) - 1) > 0);
	close(fd);
	return text;
}

/* Is `word` an argument of such a macro somewhere? */
static bool has(const char *page, const char *macro, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = page; (at = strstr(at, macro)) != NULL; at++) {
		const size_t line = strcspn(at, "\n");
		const char *found = memmem(at, line, word, length);

		for (; found;
		     found = memmem(found + 1, line - (size_t)(found + 1 - at), word, length))
			if (found[-1] == ' ' && strchr(" \n:\\", found[length]))
				return true;
	}
	return false;
}

static void every_property_is_explained(void **state)
{
	char *unit = read_page(unit_page), *system = read_page(system_page);

	(void)state;
	for (size_t i = 0; i < unit_property_count; i++) {
		const char *key = unit_keys + unit_properties[i].key;
		const char *page = unit_properties[i].object >= OBJECT_SYSTEM ? system : unit;

		if (!has(page, "Va ", key))
			fail_msg("%s is not explained", key);
	}
	free(unit);
	free(system);
}

static void every_word_is_explained(void **state)
{
	char *unit = read_page(unit_page), *system = read_page(system_page);

	(void)state;
	for (enum unit_choice choice = 0; choice < CHOICES; choice++) {
		char words[64];

		snprintf(words, sizeof(words), "%s", unit_choice_words(choice));
		for (char *word = strtok(words, "|"); word; word = strtok(NULL, "|"))
			if (!has(unit, "Cm ", word) && !has(system, "Cm ", word))
				fail_msg("%s is not explained", word);
	}
	free(unit);
	free(system);
}

/* The next literal block of a page, or NULL. */
static const char *next_example(const char **page)
{
	char *start = strstr(*page, "\n.Bd -literal"), *end;

	if (!start)
		return NULL;
	start = strchr(start + 1, '\n') + 1;
	end = strstr(start, "\n.Ed");
	assert_non_null(end);
	*end = '\0';
	*page = end + 1;
	return start;
}

static void the_examples_are_good(void **state)
{
	static const char *const names[] = { "gateway", "shell", "web", "net" };
	char *unit = read_page(unit_page), *system = read_page(system_page);
	const char *page = system, *example = next_example(&page);
	struct world world;

	(void)state;
	world_begin(&world);
	assert_non_null(example);
	world_system(&world, example);
	assert_null(next_example(&page));
	page = unit;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		example = next_example(&page);
		assert_non_null(example);
		world_unit(&world, names[i], example);
	}
	assert_null(next_example(&page));
	world_unit(&world, "dhcp", "{\"exec\": [\"x\"]}");
	world_unit(&world, "firewall", "{\"exec\": [\"x\"]}");
	world_plan(&world);
	assert_string_equal(world.said, "");
	world_end(&world);
	free(unit);
	free(system);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_property_is_explained),
		cmocka_unit_test(every_word_is_explained),
		cmocka_unit_test(the_examples_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
