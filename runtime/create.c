/* SPDX-License-Identifier: Apache-2.0 */
/* Planning a container: config.json and the options to a complete `struct launch`. See create.h. */
#include "runtime/create.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/path.h"
#include "lib/process.h"
#include "lib/str.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/console.h"
#include "runtime/credentials.h"
#include "runtime/env.h"
#include "runtime/hook.h"
#include "runtime/notify.h"
#include "runtime/open.h"
#include "runtime/rootfs.h"

/* The bundle's absolute path, as our caller sees it: links in it stay, for it is the caller's own.
 */
static int open_bundle(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const char *given = creation->request->bundle;
	char folder[PATH_MAX];

	if (!given || !given[0])
		given = ".";
	creation->bundle = openat(AT_FDCWD, given, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (creation->bundle < 0)
		return fail(errno, "bundle %s", given);
	if (given[0] == '/')
		launch->record.bundle = arena_strdup(launch->arena, given);
	else if (!getcwd(folder, sizeof(folder)))
		return fail(errno, "the current folder");
	else if (strcmp(given, ".") == 0)
		launch->record.bundle = arena_strdup(launch->arena, folder);
	else
		launch->record.bundle = arena_printf(launch->arena, "%s/%s", folder, given);
	return launch->record.bundle ? 0 : -ENOMEM;
}

static int read_config(struct creation *creation, char **text, size_t *size)
{
	struct launch *launch = &creation->launch;
	const char *name = creation->request->config;
	int folder = AT_FDCWD;

	if (!name) {
		name = STATE_CONFIG;
		folder = creation->bundle;
	}
	*text = file_read(launch->arena, folder, name, JSON_MAX_SIZE, size);
	if (!*text)
		return fail_context(errno ? -errno : -EIO, "bundle %s", launch->record.bundle);
	launch->spec = spec_parse(launch->arena, *text, *size, name);
	return launch->spec ? 0 : -EINVAL;
}

static int check_terminal(const struct creation *creation)
{
	const struct container_create_request *request = creation->request;
	const bool terminal = creation->launch.spec->process.terminal;

	if (!creation->launch.spec->process.present && creation->run)
		return fail_property("process", "is missing: there is nothing to run");
	if (terminal && !request->console_socket && !creation->foreground)
		return fail_property("process.terminal",
				     "cannot allocate tty if cruet will detach without setting "
				     "console socket");
	if (request->console_socket && (!terminal || creation->foreground))
		return fail_as(
			ERROR_USAGE, 0,
			"cannot use console socket if cruet will not detach or allocate tty");
	return 0;
}

/* What sd_listen_fds(3) asks for; the pid is C's to fill in. */
static int tell_listen_fds(struct launch *launch, const char *count)
{
	enum { PID_SIZE = 12 };
	static const char name[] = "LISTEN_PID=";
	struct spec_strings *environment = &launch->spec->process.env;
	const char *names = getenv("LISTEN_FDNAMES");
	char *pid = arena_bytes(launch->arena, sizeof(name) + PID_SIZE);

	if (!pid)
		return -ENOMEM;
	memcpy(pid, name, sizeof(name));
	launch->listen_pid = pid + sizeof(name) - 1;
	if (!env_add(launch->arena, environment,
		     arena_printf(launch->arena, "LISTEN_FDS=%s", count)) ||
	    !env_add(launch->arena, environment, pid))
		return -ENOMEM;
	if (names && !env_add(launch->arena, environment,
			      arena_printf(launch->arena, "LISTEN_FDNAMES=%s", names)))
		return -ENOMEM;
	return 0;
}

/* Descriptors to pass on: those of systemd's socket activation (sd_listen_fds(3)), then
 * --preserve-fds. */
static int plan_passed_fds(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const char *text = getenv("LISTEN_FDS"), *owner = getenv("LISTEN_PID");
	uint32_t listen = 0, pid = 0;

	if (IS_ENABLED(CONFIG_LISTEN_FDS) && text && owner && str_uint32(owner, &pid) &&
	    (pid_t)pid == getpid() && !str_uint32(text, &listen))
		return fail_as(ERROR_USAGE, EINVAL, "LISTEN_FDS=%s", text);
	launch->passed_fds = listen + creation->request->preserve_fds;
	for (unsigned int i = listen; i < launch->passed_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return fail(errno, "--preserve-fds: descriptor %u", 3 + i);
	if (listen == 0 || !launch->spec->process.present)
		return 0;
	return tell_listen_fds(launch, text);
}

static int plan_seccomp(struct creation *creation)
{
	struct launch *launch = &creation->launch;

	if (!IS_ENABLED(CONFIG_SECCOMP) || !launch->spec->seccomp.present ||
	    !launch->spec->process.present)
		return 0;
	return seccomp_prepare(launch->arena, &launch->spec->seccomp, creation->context->root_fd,
			       &launch->seccomp);
}

static int plan_record(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const struct spec *spec = launch->spec;
	struct state_record *record = &launch->record;
	struct process_stat self;
	struct timespec now;
	char time_text[STR_TIME_SIZE];
	const pid_t pid = getpid();
	int result = process_stat_read(pid, &self);

	if (result < 0)
		return fail(-result, "read our own start time");
	clock_gettime(CLOCK_REALTIME, &now);
	record->id = creation->request->id;
	record->creator = pid;
	record->creator_start_time = self.start_time;
	launch->ignored_signals = self.ignored;
	record->created_at = arena_strdup(launch->arena, str_time(&now, time_text));
	record->rootfs = spec->root.path && spec->root.path[0] == '/' ?
				 spec->root.path :
				 arena_printf(launch->arena, "%s/%s", record->bundle,
					      spec->root.path ? spec->root.path : "");
	record->cgroup = cgroup_record(launch->cgroup);
	record->annotations = "";
	if (spec->annotations_size > 0) {
		char *text =
			arena_strndup(launch->arena, spec->annotations, spec->annotations_size);

		if (!text)
			return -ENOMEM;
		cJSON_Minify(text); /* the state is one line to hooks, and in lists */
		record->annotations = text;
	}
	record->owner = (uint32_t)getauxval(AT_UID);
	record->has_process = spec->process.present;
	record->has_poststart = spec->hooks[HOOK_POSTSTART].count > 0;
	record->has_poststop = spec->hooks[HOOK_POSTSTOP].count > 0;
	record->own_pid_namespace = launch->namespaces.new_flags & CLONE_NEWPID;
	record->own_keyring = IS_ENABLED(CONFIG_KEYRING) && !creation->request->no_new_keyring;
	return record->created_at && record->rootfs ? 0 : -ENOMEM;
}

static int plan_console(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	int pair[2];

	if (!launch->spec->process.terminal)
		return 0;
	if (creation->request->console_socket) {
		launch->console_socket = console_connect(creation->request->console_socket);
		return launch->console_socket < 0 ? launch->console_socket : 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(errno, "make a socket pair for the terminal");
	console_own_size(&launch->spec->process.console_height,
			 &launch->spec->process.console_width);
	creation->console = pair[0];
	launch->console_socket = pair[1];
	return 0;
}

static int plan_hooks(struct launch *launch)
{
	const struct spec *spec = launch->spec;
	const struct spec_hooks *container = &spec->hooks[HOOK_CREATE_CONTAINER];

	launch->wait_hooks =
		spec->hooks[HOOK_PRESTART].count > 0 || spec->hooks[HOOK_CREATE_RUNTIME].count > 0;
	if (!IS_ENABLED(CONFIG_HOOKS_CONTAINER) || container->count == 0)
		return 0;
	launch->container_hooks = arena_array(launch->arena, container->count, sizeof(int));
	return launch->container_hooks ? hooks_open(container, launch->container_hooks) : -ENOMEM;
}

/*
 * Groups that are in use may be those of a container with this id. If its creator died they are
 * cleared away with it; else it is the id that is taken.
 */
static int plan_groups(struct creation *creation)
{
	const struct container_context *context = creation->context;
	const char *id = creation->request->id;
	struct launch *launch = &creation->launch;
	const struct spec *spec = launch->spec;

	launch->cgroup = cgroup_plan(launch->arena, context->cgroup_manager, spec->cgroups_path, id,
				     &spec->resources);
	if (!launch->cgroup && container_roll_back(context, id))
		launch->cgroup = cgroup_plan(launch->arena, context->cgroup_manager,
					     spec->cgroups_path, id, &spec->resources);
	if (launch->cgroup)
		return 0;
	return state_exists(context->root_fd, id) < 0 ? -EEXIST : error_result();
}

/* The rooms' own plans, each checking what it can without touching the system. */
static int plan_rooms(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const struct spec *spec = launch->spec;
	int result = namespace_plan(spec, &launch->namespaces);

	if (result == 0)
		result = credentials_check_labels(&spec->process);
	if (result < 0)
		return result;
	result = plan_groups(creation);
	if (result < 0)
		return result;
	launch->rootfs =
		rootfs_plan(launch->arena, spec,
			    &(struct rootfs_options){
				    .bundle = launch->record.bundle,
				    .cgroup = launch->cgroup,
				    .no_pivot = creation->request->no_pivot,
				    .user_namespace = spec->namespaces[NAMESPACE_USER].present,
				    .new_mount_namespace =
					    launch->namespaces.new_flags & CLONE_NEWNS,
			    });
	if (!launch->rootfs)
		return error_result();
	return plan_hooks(launch);
}

/*
 * C may run in our memory when nobody but C has to do anything before its program runs, nobody else
 * can see it, and it cannot run out of memory, which would be the end of us both.
 */
static bool may_share(const struct launch *launch)
{
	const struct spec *spec = launch->spec;
	const struct namespace_plan *namespaces = &launch->namespaces;

	return !launch->wait_parent && !launch->wait_hooks && namespaces->join_flags == 0 &&
	       (namespaces->new_flags & CLONE_NEWPID) && !spec->process.scheduler.present &&
	       spec->hooks[HOOK_CREATE_CONTAINER].count == 0 &&
	       spec->hooks[HOOK_START_CONTAINER].count == 0 && !spec->resources.memory.limit.set &&
	       spec->resources.unified_count == 0;
}

/* What only P may do to C before it goes on, and which clones are needed. */
static int plan_launch(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const struct spec *spec = launch->spec;
	const struct namespace_plan *namespaces = &launch->namespaces;
	const bool new_user = namespaces->new_flags & CLONE_NEWUSER;
	bool proc = new_user || spec->sysctl_count > 0 || spec->process.oom_score_adj.set ||
		    spec->process.apparmor_profile || spec->process.selinux_label;

	launch->wait_parent = new_user || spec->process.oom_score_adj.set ||
			      spec->namespaces[NAMESPACE_USER].present;
	launch->intermediate = (namespaces->join_flags & CLONE_NEWUSER) ||
			       (new_user && namespaces->join_flags != 0);
	launch->shares = creation->run && !creation->request->ready && may_share(launch);
	launch->proc = proc ? path_open_proc() : -1;
	return proc && launch->proc < 0 ? launch->proc : 0;
}

int creation_plan(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	int result = state_check_id(creation->request->id);
	size_t size = 0;
	char *text = NULL;

	creation->console = creation->bundle = creation->intent = -1;
	launch->parent_socket = launch->child_socket = launch->state = -1;
	launch->console_socket = launch->start = launch->result = launch->proc = -1;
	launch->arena = &creation->arena;
	launch->record.id = creation->request->id;
	if (result == 0)
		result = open_bundle(creation);
	if (result == 0)
		result = read_config(creation, &text, &size);
	if (result < 0)
		return result;
	launch->config = text;
	launch->config_size = size;
	result = check_terminal(creation);
	if (result == 0)
		result = plan_passed_fds(creation);
	if (result == 0 && IS_ENABLED(CONFIG_NOTIFY_SOCKET))
		result = notify_plan(launch, creation->context->root);
	if (result == 0)
		result = plan_rooms(creation);
	if (result == 0)
		result = plan_launch(creation);
	if (result == 0)
		result = plan_record(creation);
	if (result == 0)
		result = plan_seccomp(creation);
	return result == 0 ? plan_console(creation) : result;
}
