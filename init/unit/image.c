/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image says of how it is to be supervised (StopSignal, Healthcheck, sockets) stands in for
 * what its unit does not say.
 */
#include <stdlib.h>
#include <string.h>

#include "image/store.h"
#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/listen.h"
#include "lib/str.h"

/* Everybody may connect, as with what the program would open itself; `listen` says otherwise. */
#define ANY_ADDRESS "0.0.0.0"

/* Docker's defaults, in milliseconds, where Healthcheck does not say (Dockerfile reference). */
enum { HEALTH_EVERY = 30000, HEALTH_TIMEOUT = 30000, HEALTH_FAILURES = 3 };

static void take_signal(const struct frame *document, struct plan_unit *plan, const char *name)
{
	uint32_t number;
	int found;

	if (unit_member(unit_member(document->node, "stop"), "signal") || !name[0])
		return;
	found = str_uint32(name, &number) && number >= 1 && number <= 64 ?
			(int)number :
			unit_signal(document->set, name);
	if (found < 0)
		unit_warning(document, "image", "its stop signal \"%.40s\" is not known: SIGTERM",
			     name);
	else
		plan->stop_signal = (uint32_t)found;
}

/* ["CMD", WORD...] or ["CMD-SHELL", SCRIPT]: the words to execute, NULL last. */
static const char **health_words(struct arena *arena, const char **test)
{
	const char **words;

	if (strcmp(test[0], "CMD") == 0)
		return test + 1;
	words = arena_array(arena, 4, sizeof(*words));
	if (words) {
		words[0] = "/bin/sh";
		words[1] = "-c";
		words[2] = test[1];
	}
	return words;
}

static void take_health(const struct frame *document, struct plan_unit *plan,
			const struct image_advice *advice)
{
	struct set *set = document->set;
	struct plan_check *health = &plan->health;
	const char **words;
	uint32_t *texts;
	size_t count = 0;

	if (unit_member(document->node, "health") || !advice->health_test ||
	    !advice->health_test[1])
		return;
	words = health_words(set->arena, advice->health_test);
	while (words && words[count])
		count++;
	texts = words ? arena_array(set->arena, count, sizeof(*texts)) : NULL;
	if (!texts) {
		set->pool.failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		texts[i] = pool_text(&set->pool, words[i], strlen(words[i]));
	health->kind = CHECK_EXEC;
	health->words = pool_list(&set->pool, texts, count);
	health->every = advice->health_interval_ms ? advice->health_interval_ms : HEALTH_EVERY;
	health->timeout = advice->health_timeout_ms ? advice->health_timeout_ms : HEALTH_TIMEOUT;
	health->failures = advice->health_retries ? advice->health_retries : HEALTH_FAILURES;
	health->grace = advice->health_start_ms;
}

static void take_sockets(const struct frame *document, struct plan_unit *plan,
			 const struct image_sockets *sockets)
{
	enum { WORDS = sizeof(struct plan_socket) / sizeof(uint32_t) };
	struct pool *pool = &document->set->pool;
	struct plan_socket *list;
	uint32_t address;

	if (unit_member(document->node, "listen"))
		return;
	if (plan->on_demand && !sockets->count)
		unit_warning(document, "on_demand", "the image has no socketActivated ports");
	if (!sockets->count)
		return;
	list = arena_array(document->set->arena, sockets->count, sizeof(*list));
	if (!list) {
		pool->failed = true;
		return;
	}
	address = pool_text(pool, ANY_ADDRESS, strlen(ANY_ADDRESS));
	for (unsigned int i = 0; i < sockets->count; i++) {
		const struct image_socket *socket = &sockets->list[i];

		unit_set_defaults(OBJECT_SOCKET, (uint32_t *)&list[i]);
		list[i].name = pool_text(pool, socket->name, strlen(socket->name));
		list[i].kind = socket->datagrams ? LISTEN_UDP : LISTEN_TCP;
		list[i].address = address;
		list[i].port = socket->port;
	}
	plan->listen = pool_list(pool, list, sockets->count * (size_t)WORDS);
	plan->listen.count = plan->listen.count ? sockets->count : 0;
	unit_place_sockets(document, plan);
}

void unit_ask_image(const struct frame *document, struct plan_unit *plan)
{
	struct set *set = document->set;
	const char *name =
		set->pool.failed || !plan->path ? NULL : set->pool.texts + plan->path - 1;
	struct image_advice advice;
	char text[300];

	if (!name)
		return;
	if (image_advice(set->arena, getenv("CRUET_IMAGES"), NULL, name, &advice) < 0) {
		set->image_missing = true;
		unit_warning(document, "image", "not looked at: %s",
			     error_format(error_last(), text, sizeof(text)));
		error_clear();
		return;
	}
	take_signal(document, plan, advice.stop_signal);
	take_health(document, plan, &advice);
	take_sockets(document, plan, &advice.sockets);
}
