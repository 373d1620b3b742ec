/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan in memory: see plan.h. One letter says what a word of a record is (plan_walk.h), so that
 * checking a plan is one walk along these words.
 */
#include "init/plan.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "init/plan_walk.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/listen.h"

_Static_assert((int)PLAN_SOCKETS_MAX <= (int)LISTEN_MAX && LISTEN_KINDS == 5, "see SOCKET");

#define CHECK "6[Ttnnnnn"
#define RESTART "2[n[nnn%nn[e"
#define NETWORK "3tt[T[rn"
#define LOG "onn7tnn"
#define UNIT \
	"Nd#33t[T[Ttnn111[U[U[U[F[C" CHECK CHECK "nn1n" RESTART "kn[v2" NETWORK "[l1" LOG "tt1n"
#define SYSTEM "tttttt[T[m[p[i11ttnntnnnt1tnn" LOG
#define HEADER "nnnnnn[u[cStn"
#define VOLUME "NT2n1n"
#define MOUNT "TTTt11n"
#define INTERFACE "T1[T[T[rn"
#define SOCKET "t4Tnnnnn"

#define ASSERT_LAYOUT(layout, structure) \
	_Static_assert(sizeof(layout) - 1 == sizeof(struct structure) / sizeof(uint32_t), \
		       "a letter for each word of struct " #structure)
ASSERT_LAYOUT(CHECK, plan_check);
ASSERT_LAYOUT(RESTART, plan_restart);
ASSERT_LAYOUT(NETWORK, plan_network);
ASSERT_LAYOUT(LOG, plan_log);
ASSERT_LAYOUT(UNIT, plan_unit);
ASSERT_LAYOUT(SYSTEM, plan_system);
ASSERT_LAYOUT(HEADER, plan_header);
ASSERT_LAYOUT(VOLUME, plan_volume);
ASSERT_LAYOUT(MOUNT, plan_mount);
ASSERT_LAYOUT(INTERFACE, plan_interface);
ASSERT_LAYOUT(SOCKET, plan_socket);
ASSERT_LAYOUT("7t", plan_condition);
ASSERT_LAYOUT("n1", plan_step);
ASSERT_LAYOUT("Tt", plan_route);
ASSERT_LAYOUT("TT", plan_pair);

const char *plan_layout(char record)
{
	switch (record) {
	case RECORD_HEADER:
		return HEADER;
	case RECORD_UNIT:
		return UNIT;
	case RECORD_CONDITION:
		return "7t";
	case RECORD_SYSTEM:
		return SYSTEM;
	case RECORD_STEP:
		return "n1";
	case RECORD_VOLUME:
		return VOLUME;
	case RECORD_ROUTE:
		return "Tt";
	case RECORD_MOUNT:
		return MOUNT;
	case RECORD_PAIR:
		return "TT";
	case RECORD_INTERFACE:
		return INTERFACE;
	case RECORD_SOCKET:
		return SOCKET;
	default:
		return NULL;
	}
}

static int walk_list(struct plan_walk *walk, char element, uint32_t offset, uint32_t count)
{
	const char *layout = plan_layout(element);
	const size_t words = layout ? strlen(layout) : 1;
	const uint32_t *at = (const uint32_t *)walk->block + offset / 4;

	if (!count)
		return offset % 4 || offset > walk->words_end ? -EINVAL : 0;
	if (offset % 4 || offset < sizeof(struct plan_header) || offset > walk->words_end ||
	    count > walk->left / words || count * words > (walk->words_end - offset) / 4)
		return -EINVAL;
	walk->left -= (uint32_t)(count * words);
	for (uint32_t i = 0; i < count; i++, at += words) {
		int result;

		if (element == RECORD_UNIT)
			walk->unit = i;
		result = layout ? plan_walk(walk, element, at) : walk->visit(walk, element, at);
		if (result < 0)
			return result;
	}
	return 0;
}

int plan_walk(struct plan_walk *walk, char record, const uint32_t *at)
{
	for (const char *letter = plan_layout(record); *letter; letter++, at++) {
		int result = walk->visit(walk, *letter, at);

		if (result == 0 && *letter == WORD_SYSTEM)
			result = walk_list(walk, RECORD_SYSTEM, *at, 1);
		if (result == 0 && *letter == WORD_LIST) {
			result = walk_list(walk, *++letter, at[0], at[1]);
			at++;
		}
		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- the check ---- */

bool plan_is_name(const char *text)
{
	size_t length = 0;

	for (; text[length]; length++) {
		const char c = text[length];
		const bool plain =
			(c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		if (length == PLAN_NAME_MAX || !(plain || (length && strchr("_.-", c))))
			return false;
	}
	return length > 0;
}

static bool is_text(const struct plan_walk *walk, uint32_t offset)
{
	const struct plan_header *header = walk->block;

	/* The block's last byte is NUL: so every text ends. */
	return offset >= header->words_end && offset < header->size;
}

static int check_word(struct plan_walk *walk, char letter, const uint32_t *word)
{
	const struct plan_header *header = walk->block;
	const uint32_t value = *word;
	bool good = true;

	switch (letter) {
	case WORD_TEXT:
	case WORD_DESCRIPTION:
		good = value == 0 || is_text(walk, value);
		break;
	case WORD_REQUIRED:
		good = is_text(walk, value);
		break;
	case WORD_NAME:
		good = is_text(walk, value) && plan_is_name((const char *)walk->block + value);
		break;
	case WORD_ABOVE:
		good = value < walk->unit;
		break;
	case WORD_FOLLOWER:
		good = value > walk->unit && value < header->units.count;
		break;
	case WORD_CONDITION:
		good = (value & ~CONDITION_NOT) < header->conditions.count;
		break;
	case WORD_RING:
		good = value >= PLAN_RING_MIN && value <= PLAN_RING_MAX && !(value & (value - 1));
		break;
	case WORD_SIGNAL:
		good = value >= 1 && value <= 64;
		break;
	case WORD_FACTOR:
		good = value >= 100;
		break;
	default:
		if (letter >= '1' && letter <= '9')
			good = value <= (uint32_t)(letter - '0');
	}
	return good ? 0 : -EINVAL;
}

static bool check_is_complete(const struct plan_check *check)
{
	return check->kind == CHECK_EXEC ?
		       check->words.count > 0 :
		       check->path || (check->kind != CHECK_FILE && check->kind != CHECK_TCP);
}

static bool log_is_complete(const struct plan_log *log)
{
	return (!log->rate_lines || log->rate_interval) &&
	       (!(log->sinks & LOG_TO_FILE) || (log->file && log->file_size && log->file_count));
}

static bool ladder_rises(const struct plan *plan, struct plan_list ladder)
{
	const struct plan_step *step = plan_at(plan, ladder);
	uint32_t last = 0;

	for (uint32_t i = 0; i < ladder.count; i++) {
		if (step[i].after <= last)
			return false;
		last = step[i].after;
	}
	return true;
}

/* A descriptor for readiness lies behind the sockets. */
static bool sockets_fit(const struct plan_unit *unit)
{
	return unit->listen.count <= PLAN_SOCKETS_MAX &&
	       (!unit->listen.count || unit->ready.kind != CHECK_FD ||
		unit->ready.number >= LISTEN_FIRST_FD + unit->listen.count) &&
	       (!unit->on_demand || unit->listen.count);
}

/* What readers rely on, and a single word cannot say. */
static bool unit_is_complete(const struct plan *plan, const struct plan_unit *unit)
{
	const struct plan_check *health = &unit->health;
	const bool probed = health->kind == CHECK_EXEC || health->kind == CHECK_FILE ||
			    health->kind == CHECK_TCP;

	return (unit->source == SOURCE_NONE) == (unit->type == UNIT_GROUP) &&
	       (unit->source == SOURCE_NONE ||
		(unit->source == SOURCE_EXEC ? unit->command.count > 0 : unit->path > 0)) &&
	       check_is_complete(&unit->ready) && check_is_complete(health) &&
	       (probed ? health->every && health->failures : health->kind == CHECK_NONE) &&
	       (unit->ready.kind != CHECK_HEALTH || probed) &&
	       (unit->network.mode != NETWORK_BRIDGE ||
		(unit->network.bridge && unit->network.interface)) &&
	       ladder_rises(plan, unit->restart.ladder) && log_is_complete(&unit->log) &&
	       sockets_fit(unit);
}

static bool condition_is_complete(const struct plan *plan, const struct plan_condition *condition)
{
	const char *text = plan_text(plan, condition->text);

	/* CONDITION_BOARD is the first, and only the first. */
	if ((condition->kind == CONDITION_BOARD) != (condition == plan->conditions))
		return false;
	if (condition->kind == CONDITION_BOARD || condition->kind == CONDITION_CLOCK)
		return !text;
	return text && (condition->kind != CONDITION_FLAG || plan_is_name(text));
}

static bool is_complete(const struct plan *plan)
{
	if (!plan->condition_count || plan->unit_count > PLAN_MAX_UNITS ||
	    !log_is_complete(&plan->system->log))
		return false;
	for (uint32_t i = 0; i < plan->condition_count; i++)
		if (!condition_is_complete(plan, &plan->conditions[i]))
			return false;
	for (uint32_t i = 0; i < plan->unit_count; i++)
		if (!unit_is_complete(plan, &plan->units[i]) ||
		    plan_find(plan, plan_unit_name(plan, i)) != i)
			return false;
	return true;
}

uint32_t plan_crc32(uint32_t crc, const void *data, size_t size)
{
	/* By half bytes: the polynomial 0xedb88320, bits reflected. */
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *byte = data;

	crc = ~crc;
	while (size--) {
		crc ^= *byte++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint32_t checksum(const void *block, size_t size)
{
	const size_t sealed = offsetof(struct plan_header, flags);

	return plan_crc32(0, (const char *)block + sealed, size - sealed);
}

bool plan_is_mips(void)
{
#ifdef __mips__
	return true;
#else
	return false;
#endif
}

/* The header, before anything is looked up by it: NULL, or what is wrong. */
static const char *check_header(const void *block, size_t size)
{
	const struct plan_header *header = block;

	if ((uintptr_t)block % sizeof(uint32_t) || size < sizeof(*header) || size > PLAN_MAX_SIZE ||
	    header->magic != PLAN_MAGIC)
		return "not a plan";
	if (header->version != PLAN_VERSION)
		return "a plan of another version of cruet";
	if ((header->flags & PLAN_MIPS) != (plan_is_mips() ? PLAN_MIPS : 0))
		return "a plan for a machine with other signal numbers";
	if (header->size != size || header->words_end % sizeof(uint32_t) ||
	    header->words_end < sizeof(*header) || header->words_end >= size ||
	    ((const char *)block)[size - 1])
		return "cut off";
	if (checksum(block, size) != header->checksum)
		return "damaged: the checksum is wrong";
	return NULL;
}

int plan_from_block(struct plan *plan, const void *block, size_t size, const char *name)
{
	const struct plan_header *header = block;
	const char *wrong = check_header(block, size);
	struct plan_walk walk = { .block = block, .visit = check_word };

	if (!wrong) {
		walk.words_end = header->words_end;
		walk.left = header->words_end / sizeof(uint32_t);
		*plan = (struct plan){
			.header = header,
			.unit_count = header->units.count,
			.condition_count = header->conditions.count,
		};
		plan->units = plan_at(plan, header->units);
		plan->conditions = plan_at(plan, header->conditions);
		plan->system = (const void *)plan_text(plan, header->system);
		if (plan_walk(&walk, RECORD_HEADER, block) < 0 || !is_complete(plan))
			wrong = "not a plan that makes sense";
	}
	if (!wrong)
		return 0;
	*plan = (struct plan){ 0 };
	return fail_as(ERROR_CONFIG, 0, "%s: %s", name, wrong);
}

void plan_turn(void *block, size_t size)
{
	uint32_t *word = block;
	uint32_t words = ((struct plan_header *)block)->words_end;

	if (((struct plan_header *)block)->magic != PLAN_MAGIC)
		words = __builtin_bswap32(words);
	if (words > size)
		return;
	for (words /= sizeof(*word); words; words--, word++)
		*word = __builtin_bswap32(*word);
}

void plan_seal(void *block, size_t size)
{
	struct plan_header *header = block;

	header->checksum = checksum(block, size);
	if (header->magic != PLAN_MAGIC)
		header->checksum = __builtin_bswap32(header->checksum);
}

/* From the other byte order to ours; the checksum is of the bytes as they are. */
static void make_ours(void *block, size_t size)
{
	const struct plan_header *header = block;

	if (header->magic != __builtin_bswap32(PLAN_MAGIC))
		return;
	if (checksum(block, size) == __builtin_bswap32(header->checksum)) {
		plan_turn(block, size);
		plan_seal(block, size);
	}
}

int plan_map(struct plan *plan, int fd, const char *name)
{
	struct stat status;
	size_t size;
	void *block;
	int result;

	if (fstat(fd, &status) < 0)
		return fail(errno, "%s", name);
	if (status.st_size < (off_t)sizeof(struct plan_header) || status.st_size > PLAN_MAX_SIZE)
		return fail_as(ERROR_CONFIG, 0, "%s: not a plan", name);
	size = (size_t)status.st_size;
	block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return fail(errno, "%s: %zu bytes of memory", name, size);
	if (lseek(fd, 0, SEEK_SET) < 0 || fd_read_all(fd, block, size) < 0) {
		result = fail(errno, "read %s", name);
	} else {
		make_ours(block, size);
		result = plan_from_block(plan, block, size, name);
		mprotect(block, size, PROT_READ);
	}
	if (result < 0)
		munmap(block, size);
	return result;
}

void plan_unmap(struct plan *plan)
{
	if (plan->header)
		munmap((void *)plan->header, plan->header->size);
	*plan = (struct plan){ 0 };
}

uint32_t plan_find(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->unit_count; i++)
		if (strcmp(plan_unit_name(plan, i), name) == 0)
			return i;
	return PLAN_NONE;
}
