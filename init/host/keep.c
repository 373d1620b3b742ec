/* SPDX-License-Identifier: Apache-2.0 */
/* The kept memory: making it, taking it over, and exchanging it for another plan's. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/log/log.h"
#include "lib/error.h"
#include "lib/fd.h"

static uint32_t aligned(size_t size)
{
	return (uint32_t)((size + 63) & ~(size_t)63);
}

/* Where each part lies, and how much it is in all. */
static void lay_out(struct kept *kept, const struct plan *plan)
{
	kept->magic = KEPT_MAGIC;
	kept->version = KEPT_VERSION;
	kept->unit_size = sizeof(struct kept_unit);
	kept->unit_count = plan->unit_count;
	kept->journal_offset = aligned(sizeof(*kept));
	kept->units_offset =
		kept->journal_offset + aligned(JOURNAL_ENTRIES * sizeof(struct journal_entry));
	/* One more than units: the supervisor's own log pipe. */
	kept->supervisor_offset =
		kept->units_offset + aligned((plan->unit_count + 1) * sizeof(struct kept_unit));
	kept->supervisor_size = (uint32_t)supervisor_size(plan);
	kept->sockets_offset = kept->supervisor_offset + aligned(kept->supervisor_size);
	kept->socket_count = host_count_sockets(plan);
	kept->size = kept->sockets_offset + aligned(kept->socket_count * sizeof(int32_t));
}

static void point(struct host *host)
{
	char *base = (char *)host->kept;

	host->kept_size = host->kept->size;
	host->journal = (struct journal_entry *)(base + host->kept->journal_offset);
	host->units = (struct kept_unit *)(base + host->kept->units_offset);
	host->supervisor = (struct supervisor *)(base + host->kept->supervisor_offset);
	host->sockets = (int32_t *)(base + host->kept->sockets_offset);
}

/* A block for this plan: zero but for its layout. */
static struct kept *make_block(const struct plan *plan, int *result_fd)
{
	auto_fd int fd = (int)syscall(SYS_memfd_create, "cruet-state", 1u /* MFD_CLOEXEC */);
	struct kept layout = { 0 };
	struct kept *kept;

	lay_out(&layout, plan);
	if (fd < 0 || ftruncate(fd, layout.size) < 0) {
		fail(errno, "memory for the state");
		return NULL;
	}
	kept = mmap(NULL, layout.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (kept == MAP_FAILED) {
		fail(errno, "memory for the state");
		return NULL;
	}
	memcpy(kept, &layout, sizeof(layout));
	*result_fd = take_fd(&fd);
	return kept;
}

static void empty_unit(struct kept_unit *unit)
{
	*unit = (struct kept_unit){
		.output_read = -1,
		.output = -1,
		.notify = -1,
		.report = -1,
		.ready = -1,
		.early_exit = -1,
	};
}

static int copy_text(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return fail(ENAMETOOLONG, "%s", from);
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

int host_keep(struct host *host, const struct host_settings *settings, int plan_fd)
{
	int fd, result;
	struct kept *kept = make_block(&host->plan, &fd);

	if (!kept)
		return error_result();
	host->kept = kept;
	host->kept_fd = fd;
	point(host);
	for (uint32_t i = 0; i <= host->plan.unit_count; i++)
		empty_unit(&host->units[i]);
	memset(host->sockets, -1, kept->socket_count * sizeof(int32_t));
	kept->is_init = settings->is_init;
	kept->from_file = host->from_file;
	kept->plan_fd = plan_fd;
	kept->control = kept->rings = kept->watchdog.fd = -1;
	kept->started = host->now = host_clock();
	kept->record_boot_due = settings->is_init;
	result = copy_text(kept->units, sizeof(kept->units), settings->units);
	if (result == 0)
		result = copy_text(kept->system, sizeof(kept->system), settings->system);
	if (result == 0)
		result = copy_text(kept->plan_file, sizeof(kept->plan_file), settings->plan);
	if (result < 0)
		return result;
	if (readlink("/proc/self/exe", kept->exe, sizeof(kept->exe) - 1) < 0)
		kept->exe[0] = '\0';
	supervisor_begin(host->supervisor, &host->plan, host->now);
	return 0;
}

int host_resume(struct host *host, int kept_fd)
{
	struct kept header;

	if (pread(kept_fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    header.magic != KEPT_MAGIC || header.version != KEPT_VERSION ||
	    header.unit_size != sizeof(struct kept_unit))
		return fail(EBADMSG, "the state of the program before is of another kind");
	host->kept = mmap(NULL, header.size, PROT_READ | PROT_WRITE, MAP_SHARED, kept_fd, 0);
	if (host->kept == MAP_FAILED) {
		host->kept = NULL;
		return fail(errno, "state of the program before");
	}
	host->kept_fd = kept_fd;
	point(host);
	if (plan_map(&host->plan, header.plan_fd, header.units) < 0)
		return error_result();
	/* Another layout of rings: what was in them is lost, what is still to come is not. */
	if (!log_rings_fit(host->kept->rings, &host->plan)) {
		close(host->kept->rings);
		host->kept->rings = -1;
	}
	return 0;
}

/* Descriptors and jobs go along under the unit's new index. */
static void move_units(struct host *host, const struct host *old)
{
	for (uint32_t i = 0; i <= host->plan.unit_count; i++) {
		const uint32_t from = i == host->plan.unit_count ?
					      old->plan.unit_count :
					      plan_find(&old->plan, plan_unit_name(&host->plan, i));

		if (from == PLAN_NONE) {
			empty_unit(&host->units[i]);
			continue;
		}
		host->units[i] = old->units[from];
		host->units[i].again = 0;
	}
	for (uint32_t i = 0; i < old->plan.unit_count; i++)
		if (plan_find(&host->plan, plan_unit_name(&old->plan, i)) == PLAN_NONE)
			host_close_unit(&old->units[i]);
}

/* Entries name units by index. */
static void move_journal(struct host *host, const struct host *old)
{
	for (uint32_t i = 0; i < JOURNAL_ENTRIES; i++) {
		struct journal_entry *entry = &host->journal[i];

		*entry = old->journal[i];
		if (entry->note == NOTE_UNIT && entry->unit < old->plan.unit_count)
			entry->unit =
				plan_find(&host->plan, plan_unit_name(&old->plan, entry->unit));
	}
}

int host_adopt_plan(struct host *host)
{
	struct host old = *host;
	int fd, rings, result;
	struct kept *kept = make_block(&host->next_plan, &fd);
	struct kept layout;

	if (!kept)
		return error_result();
	rings = log_rings_make(&host->next_plan, old.kept->rings);
	layout = *kept;
	*kept = *old.kept;
	lay_out(kept, &host->next_plan);
	host->kept = kept;
	host->plan = host->next_plan;
	point(host);
	result = rings < 0 ? rings :
			     supervisor_adopt(host->supervisor, &host->plan, old.supervisor,
					      old.kept->supervisor_size, &old.plan);
	if (result < 0) {
		munmap(kept, layout.size);
		close(fd);
		if (rings >= 0)
			close(rings);
		*host = old;
		return result;
	}
	move_units(host, &old);
	host_move_sockets(host, &old);
	move_journal(host, &old);
	close(kept->plan_fd);
	close(kept->rings);
	close(old.kept_fd);
	munmap(old.kept, old.kept_size);
	kept->plan_fd = host->next_fd;
	kept->from_file = host->from_file;
	kept->rings = rings;
	host->kept_fd = fd;
	host->next_fd = -1;
	close_fd(&host->rings_read);
	close_fd(&host->plan_read);
	kept->writer_at = host->goal_at = host->now;
	result = host_watch_units(host);
	return result < 0 ? result : host_watch_rest(host);
}
