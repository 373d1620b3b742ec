/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config.json to start from: what `runc spec` writes, as its users know it. Kept without
 * blanks, and set in lines when it is written.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "lib/arena.h"
#include "runtime/spec/spec.h"

#define CAPABILITIES "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char process_part[] =
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},"
	"\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"\"TERM=xterm\"],"
	"\"cwd\":\"/\",\"capabilities\":{\"bounding\":" CAPABILITIES ",\"effective\":" CAPABILITIES
	",\"permitted\":" CAPABILITIES "},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"cruet\",\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"";

static const char middle_part[] =
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},";

static const char sys_part[] =
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"network\"},";

/* Without privileges a new sysfs needs a new network namespace, which then has no way out: the
 * host's is bound. */
static const char rootless_sys_part[] =
	"{\"destination\":\"/sys\",\"type\":\"none\",\"source\":\"/sys\","
	"\"options\":[\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}],"
	"\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":%lu,\"size\":1}],"
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":%lu,\"size\":1}],"
	"\"namespaces\":[{\"type\":\"user\"},";

static const char end_part[] =
	"{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}%s],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

enum { CGROUP2_MAGIC = 0x63677270 };

static bool unified_cgroup(void)
{
	struct statfs filesystem;

	return statfs("/sys/fs/cgroup", &filesystem) == 0 && filesystem.f_type == CGROUP2_MAGIC;
}

static char *new_line(char *out, size_t depth)
{
	*out++ = '\n';
	memset(out, '\t', depth);
	return out + depth;
}

/* One member or item a line, indented by tabs. None of our strings has a bracket, a comma, a
 * colon-quote or an escape. */
static char *set_in_lines(struct arena *arena, const char *text)
{
	char *start = arena_alloc(arena, 4 * strlen(text) + 2), *out = start;
	size_t depth = 0;

	if (!start)
		return NULL;
	for (; *text; text++) {
		if (*text == '}' || *text == ']')
			out = new_line(out, --depth);
		*out++ = *text;
		if (*text == '{' || *text == '[')
			out = new_line(out, ++depth);
		else if (*text == ',')
			out = new_line(out, depth);
		else if (*text == ':' && text[-1] == '"')
			*out++ = ' ';
	}
	*out = '\0';
	return start;
}

char *spec_template(struct arena *arena, bool rootless, uint32_t uid, uint32_t gid)
{
	const char *cgroup = unified_cgroup() ? ",{\"type\":\"cgroup\"}" : "";
	const char *sys = sys_part;
	char *end, *text;

	if (rootless)
		sys = arena_printf(arena, rootless_sys_part, (unsigned long)uid,
				   (unsigned long)gid);
	end = arena_printf(arena, end_part, cgroup);
	if (!sys || !end)
		return NULL;
	text = arena_printf(arena, "%s%s]},%s%s%s", process_part, rootless ? "" : ",\"gid=5\"",
			    middle_part, sys, end);
	return text ? set_in_lines(arena, text) : NULL;
}
