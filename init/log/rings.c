/* SPDX-License-Identifier: Apache-2.0 */
/* The rings' memory as a whole: making it, moving to another plan's, mapping it. See ring.h. */
#include "init/log/ring.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

#include "init/log/log.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { RINGS_MFD_CLOEXEC = 1, ALIGNMENT = 64 };

static uint64_t aligned(uint64_t size)
{
	return (size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static const struct plan_log *log_of(const struct plan *plan, uint32_t index)
{
	return index < plan->unit_count ? &plan->units[index].log : &plan->system->log;
}

static const char *name_of(const struct plan *plan, uint32_t index)
{
	return index < plan->unit_count ? plan_unit_name(plan, index) : "";
}

/* The next smaller power of two, within bounds. */
static uint32_t ring_size(const struct plan_log *log)
{
	uint32_t size = PLAN_RING_MIN;

	while (size < PLAN_RING_MAX && size * 2 <= log->ring)
		size *= 2;
	return size;
}

static uint64_t inbox_offset(uint32_t count)
{
	return aligned(sizeof(struct rings) + (uint64_t)count * sizeof(struct ring));
}

static uint64_t size_for(const struct plan *plan)
{
	uint64_t size = inbox_offset(plan->unit_count + 1) + INBOX_SIZE;

	for (uint32_t i = 0; i <= plan->unit_count; i++)
		size += ring_size(log_of(plan, i));
	return size;
}

static void lay_out(struct rings *rings, const struct plan *plan, uint64_t size)
{
	uint64_t data;

	*rings = (struct rings){
		.magic = RINGS_MAGIC,
		.version = RINGS_VERSION,
		.count = plan->unit_count + 1,
		.ring_size = sizeof(struct ring),
		.size = size,
		.inbox = (uint32_t)inbox_offset(plan->unit_count + 1),
	};
	data = rings->inbox + INBOX_SIZE;
	for (uint32_t i = 0; i < rings->count; i++) {
		struct ring *ring = rings_at(rings, i);
		const struct plan_log *log = log_of(plan, i);

		memccpy(ring->name, name_of(plan, i), '\0', PLAN_NAME_MAX);
		ring->data = data;
		ring->size = ring_size(log);
		ring->sinks = log->sinks;
		ring->states[0].sequence = 1;
		for (int sink = 0; sink < RING_SINKS; sink++)
			ring->places[sink].sequence = 1;
		data += ring->size;
	}
}

/* ---- from one plan's to the next one's ---- */

static uint32_t find(const struct rings *rings, const char *name, uint32_t guess)
{
	if (guess < rings->count && strcmp(rings_at(rings, guess)->name, name) == 0)
		return guess;
	for (uint32_t i = 0; i < rings->count; i++)
		if (strcmp(rings_at(rings, i)->name, name) == 0)
			return i;
	return PLAN_NONE;
}

/* Positions stay what they are: only their place in the memory is another one. */
static void move_bytes(struct rings *rings, uint32_t index, const struct ring_view *from,
		       uint32_t begin, uint32_t end)
{
	struct ring *ring = rings_at(rings, index);
	unsigned char *data = (unsigned char *)rings + ring->data;

	for (; begin != end; begin++)
		data[begin & (ring->size - 1)] = from->data[begin & (from->size - 1)];
}

/* The newest lines that have room, the incomplete one, and how far the sinks have come. */
static void move_ring(struct rings *rings, uint32_t index, const struct rings *old, uint32_t from)
{
	struct ring *ring = rings_at(rings, index);
	const struct ring *before = rings_at(old, from);
	const struct ring_view view = rings_view(old, from);
	struct ring_state state = ring_state(before);
	struct record record;
	uint32_t tail = before->tail, end;

	if (state.open > ring->size / 4 - sizeof(record))
		state.open = ring->size / 4 - (uint32_t)sizeof(record); /* cut, as lines are here */
	end = state.head + (uint32_t)sizeof(record) + state.open;
	while (tail != state.head && end - tail > ring->size) {
		ring_copy(&view, tail, &record, sizeof(record));
		if (record.size > state.head - tail - sizeof(record))
			tail = state.head;
		else
			tail += (uint32_t)sizeof(record) + record.size;
	}
	move_bytes(rings, index, &view, tail, end);
	ring->tail = tail;
	ring->states[0] = state;
	for (uint32_t i = 0; i < RING_SINKS; i++) {
		ring->places[i] = before->places[i];
		/* A new sink gets what comes from now on. */
		if (!(before->sinks & 1u << i))
			ring->places[i] = (struct ring_place){
				.position = state.head,
				.sequence = (uint32_t)state.sequence,
			};
	}
}

static void move_all(struct rings *rings, const struct rings *old)
{
	rings->inbox_turn = old->inbox_turn;
	for (uint32_t i = 0; i < rings->count; i++) {
		const uint32_t from = find(old, rings_at(rings, i)->name, i);

		if (from == PLAN_NONE)
			continue;
		move_ring(rings, i, old, from);
		if (from == old->inbox_ring) {
			rings->inbox_ring = i;
			memcpy((char *)rings + rings->inbox, (const char *)old + old->inbox,
			       INBOX_SIZE);
		}
	}
}

void rings_wake(struct rings *rings)
{
	__atomic_store_n(&rings->wakes, rings->wakes + 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &rings->wakes, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void replace(struct rings *rings, int old)
{
	size_t size;
	struct rings *before = old >= 0 ? rings_map(old, true, &size) : NULL;

	if (!before)
		return;
	move_all(rings, before);
	before->phase = RINGS_REPLACED;
	rings_wake(before);
	munmap(before, size);
}

int log_rings_make(const struct plan *plan, int old)
{
	const uint64_t size = size_for(plan);
	auto_fd int fd = -1;
	struct rings *rings;

	if (size > SIZE_MAX / 2)
		return fail(EFBIG, "log rings of all units");
	fd = (int)syscall(SYS_memfd_create, "cruet-log", RINGS_MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return fail(errno, "memory for the log");
	rings = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rings == MAP_FAILED)
		return fail(errno, "memory for the log");
	lay_out(rings, plan, size);
	replace(rings, old);
	munmap(rings, (size_t)size);
	return take_fd(&fd);
}

/* ---- mapping ---- */

static bool is_sound(const struct rings *rings, uint64_t size)
{
	const uint32_t count = rings->count;

	if (rings->magic != RINGS_MAGIC || rings->version != RINGS_VERSION ||
	    rings->ring_size != sizeof(struct ring) || rings->size != size || count == 0 ||
	    count > PLAN_MAX_UNITS + 1 || rings->inbox != inbox_offset(count) ||
	    size < inbox_offset(count) + INBOX_SIZE)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct ring *ring = rings_at(rings, i);

		if (ring->size < PLAN_RING_MIN || ring->size > PLAN_RING_MAX ||
		    (ring->size & (ring->size - 1)) || ring->data > size ||
		    ring->size > size - ring->data || ring->name[PLAN_NAME_MAX])
			return false;
	}
	return true;
}

struct rings *rings_map(int fd, bool writable, size_t *size)
{
	const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
	struct stat status = { 0 };
	struct rings *rings = MAP_FAILED;

	if (fstat(fd, &status) == 0) {
		*size = (size_t)status.st_size;
		errno = EBADMSG;
		if (*size >= sizeof(*rings) && *size == (uint64_t)status.st_size)
			rings = mmap(NULL, *size, protection, MAP_SHARED, fd, 0);
	}
	if (rings != MAP_FAILED) {
		if (is_sound(rings, *size))
			return rings;
		munmap(rings, *size);
		errno = EBADMSG;
	}
	fail(errno, "log rings");
	return NULL;
}

bool rings_fit(const struct rings *rings, const struct plan *plan)
{
	if (rings->count != plan->unit_count + 1)
		return false;
	for (uint32_t i = 0; i < rings->count; i++) {
		const struct ring *ring = rings_at(rings, i);

		if (ring->size != ring_size(log_of(plan, i)) ||
		    strcmp(ring->name, name_of(plan, i)) != 0)
			return false;
	}
	return true;
}

bool log_rings_fit(int rings, const struct plan *plan)
{
	size_t size;
	struct rings *mapped = rings_map(rings, false, &size);
	const bool result = mapped && rings_fit(mapped, plan);

	if (mapped)
		munmap(mapped, size);
	return result;
}
