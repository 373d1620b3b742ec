/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that span the document: names and mappings with their namespaces, sysctl with theirs. */
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

enum { MAPPINGS_MAXIMUM = 340 }; /* user_namespaces(7) */

/* ---- linux.sysctl ---- */

/*
 * sysctl(8): the first separator of a name decides. If it is a dot, dots and slashes change places
 * ("net.ipv4.conf.eth0/1.mtu" has an interface eth0.1).
 */
static const char *sysctl_path(struct arena *arena, const char *name)
{
	char *path;

	if (name[strcspn(name, "./")] != '.')
		return name;
	path = arena_strdup(arena, name);
	for (char *c = path; c && *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return path;
}

static bool is_plain_path(const char *path)
{
	for (;; path++) {
		const size_t length = strcspn(path, "/");

		if (!length || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))))
			return false;
		path += length;
		if (!*path)
			return true;
	}
}

enum spec_namespace_type spec_sysctl_namespace(const char *path)
{
	static const char ipc[][18] = { "msgmax", "msgmnb",	 "msgmni",	   "msg_next_id",
					"sem",	  "sem_next_id", "shmall",	   "shmmax",
					"shmmni", "shm_next_id", "shm_rmid_forced" };

	if (strncmp(path, "net/", 4) == 0)
		return NAMESPACE_NETWORK;
	if (strncmp(path, "fs/mqueue/", 10) == 0)
		return NAMESPACE_IPC;
	if (strncmp(path, "user/", 5) == 0)
		return NAMESPACE_USER;
	if (strcmp(path, "kernel/domainname") == 0 || strcmp(path, "kernel/hostname") == 0)
		return NAMESPACE_UTS;
	for (size_t i = 0; i < sizeof(ipc) / sizeof(*ipc); i++)
		if (strncmp(path, "kernel/", 7) == 0 && strcmp(path + 7, ipc[i]) == 0)
			return NAMESPACE_IPC;
	return NAMESPACE_TYPES;
}

static int check_sysctls(struct spec_reader *reader, const struct spec_frame *linux_frame,
			 struct spec *spec)
{
	const struct spec_frame frame = { linux_frame, spec_member(linux_frame->node, "sysctl"),
					  "sysctl", 0 };
	struct spec_frame item = { &frame, frame.node->child, NULL, 0 };

	for (size_t i = 0; i < spec->sysctl_count; i++, item.node = item.node->next) {
		struct spec_sysctl *sysctl = &spec->sysctls[i];
		enum spec_namespace_type type;

		item.name = sysctl->name;
		sysctl->name = sysctl_path(reader->arena, sysctl->name);
		if (!sysctl->name)
			return -ENOMEM;
		if (!is_plain_path(sysctl->name))
			return spec_fail(reader, &item, NULL, "is no name of a setting");
		type = spec_sysctl_namespace(sysctl->name);
		if (type == NAMESPACE_TYPES)
			return spec_fail(reader, &item, NULL,
					 "belongs to no namespace, it would change the host");
		if (!spec->namespaces[type].present)
			return spec_fail(reader, &item, NULL, "needs a %s namespace",
					 spec_namespace_name(type));
		if (strcmp(sysctl->name, "kernel/hostname") == 0 && spec->hostname)
			return spec_fail(reader, &item, NULL, "contradicts hostname");
		if (strcmp(sysctl->name, "kernel/domainname") == 0 && spec->domainname)
			return spec_fail(reader, &item, NULL, "contradicts domainname");
	}
	return 0;
}

/* ---- id mappings ---- */

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_mappings(const struct spec_reader *reader, const struct spec_frame *frame,
			  const char *name, const struct spec_id_mapping *mappings, size_t count)
{
	if (count > MAPPINGS_MAXIMUM)
		return spec_fail(reader, frame, name, "more than %d mappings", MAPPINGS_MAXIMUM);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (overlap(mappings[i].container_id, mappings[i].size,
				    mappings[j].container_id, mappings[j].size) ||
			    overlap(mappings[i].host_id, mappings[i].size, mappings[j].host_id,
				    mappings[j].size))
				return spec_fail(reader, frame, name, "entries %zu and %zu overlap",
						 j, i);
	return 0;
}

static int check_user_namespace(const struct spec_reader *reader, const struct spec_frame *frame,
				const struct spec *spec)
{
	const bool mapped = spec->uid_mapping_count || spec->gid_mapping_count;

	if (mapped && !spec->namespaces[NAMESPACE_USER].present)
		return spec_fail(reader, frame,
				 spec->uid_mapping_count ? "uidMappings" : "gidMappings",
				 "needs a user namespace");
	if (!spec->uid_mapping_count != !spec->gid_mapping_count)
		return spec_fail(reader, frame,
				 spec->uid_mapping_count ? "gidMappings" : "uidMappings",
				 "is required, as the other mapping is given");
	if (check_mappings(reader, frame, "uidMappings", spec->uid_mappings,
			   spec->uid_mapping_count) < 0)
		return -EINVAL;
	return check_mappings(reader, frame, "gidMappings", spec->gid_mappings,
			      spec->gid_mapping_count);
}

/*
 * What 0 means was left open before 1.3.0 (config-linux.md#pids), and those who wrote it then meant
 * "no limit": podman 4 does for --pids-limit -1. Its container could not fork.
 */
static void drop_old_pids_limit(struct spec *spec)
{
	if (spec->resources.pids_limit.value == 0 && spec->version[2] < '3' &&
	    spec->version[3] == '.')
		spec->resources.pids_limit.set = false;
}

int spec_check_config(struct spec_reader *reader, const struct spec_frame *frame, struct spec *spec)
{
	const struct spec_frame linux_frame = { frame, spec_member(frame->node, "linux"), "linux",
						0 };

	/* Without a namespace of its own they would rename the host. */
	if (spec->hostname && !spec->namespaces[NAMESPACE_UTS].present)
		return spec_fail(reader, frame, "hostname", "needs a uts namespace");
	if (spec->domainname && !spec->namespaces[NAMESPACE_UTS].present)
		return spec_fail(reader, frame, "domainname", "needs a uts namespace");
	drop_old_pids_limit(spec);
	if (!linux_frame.node)
		return 0;
	if (check_user_namespace(reader, &linux_frame, spec) < 0)
		return -EINVAL;
	return spec->sysctl_count ? check_sysctls(reader, &linux_frame, spec) : 0;
}
