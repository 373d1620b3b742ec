/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions and the boot state, for `cruet image fsck`. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "image/revision/internal.h"
#include "image/revision/pin.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/tree.h"

/* What is no record goes: the other one counts, or none. */
static int check_records(const struct store *store, bool repair, struct boot *boot,
			 struct fsck_report *report, uint64_t *left)
{
	static const char *const names[2] = { "a", "b" };

	for (int i = 0; i < 2; i++) {
		report->checked++;
		if (!boot->damaged[i])
			continue;
		log_warning("%s/" REVISION_BOOT "/%s is damaged", store_path(store), names[i]);
		report->damaged++;
		*left += !repair;
		if (!repair)
			continue;
		if (tree_remove(boot->folder, names[i]) < 0)
			return error_result();
		if (fsync(boot->folder) < 0)
			return fail(errno, "sync %s/" REVISION_BOOT, store_path(store));
		report->removed++;
	}
	return 0;
}

/* One that boots stays, however damaged: what is to become of it is not for us to say. */
static int check_revision(struct store *store, bool repair, const struct boot *boot,
			  uint32_t number, struct fsck_report *report, uint64_t *left)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int all = -1;
	struct revision revision;
	char name[16];
	int result = revision_check_content(&arena, store, number, &revision);

	report->checked++;
	if (result == 0 || result == -ENOMEM)
		return result;
	log_warning("%s", error_last()->text);
	report->missing += result == -ENOENT;
	report->damaged += result != -ENOENT;
	error_clear();
	if (!repair || boot_names(&boot->state, number)) {
		++*left;
		return 0;
	}
	all = revisions_folder(store, false);
	snprintf(name, sizeof(name), "%u", number);
	report->removed++;
	return all < 0 ? all : tree_remove(all, name);
}

int revision_fsck(struct store *store, bool repair, struct fsck_report *report, uint64_t *left)
{
	auto_arena struct arena arena = { 0 };
	auto_boot struct boot boot = { .folder = -1 };
	uint32_t *numbers;
	ssize_t count;
	int result = 0;

	/* Nothing is made for the looking. */
	if (store_folder(store) < 0)
		return 0;
	result = boot_open(store, false, &boot);
	if (result == 0 && boot.folder >= 0)
		result = check_records(store, repair, &boot, report, left);
	if (result < 0)
		return result;
	count = revision_numbers(&arena, store, &numbers);
	for (ssize_t i = 0; i < count && result == 0; i++)
		result = check_revision(store, repair, &boot, numbers[i], report, left);
	return count < 0 ? (int)count : result;
}
