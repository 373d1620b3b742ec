/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: all units and the system's settings, read, checked and put in order, in one block of
 * memory without a pointer. unit/ makes it of JSON in a child; `cruet compile` writes it to a file;
 * PID 1 maps it read-only and never parses anything.
 *
 * The block: the header, then words (records and lists: nothing but uint32_t), then the texts. A
 * reference is an offset in bytes from the beginning of the block; 0 is "none". The byte order is
 * the machine's: a plan made for the other one is turned around word by word as it is loaded.
 * Times are in milliseconds, sizes in bytes unless the name says otherwise; booleans are 0 or 1.
 */
#ifndef INIT_PLAN_H
#define INIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLAN_MAGIC = 0x63727031, /* "crp1" */
	PLAN_VERSION = 2,
	PLAN_MAX_SIZE = 4 << 20,
	PLAN_MAX_UNITS = 1024,
	PLAN_SOCKETS_MAX = 64, /* of a unit */
	PLAN_NAME_MAX = 63,   /* of a unit, a flag, a volume: [A-Za-z0-9][A-Za-z0-9_.-]* */
	PLAN_RING_MIN = 4096, /* bytes of RAM of a log ring */
	PLAN_RING_MAX = 16 << 20,
	PLAN_NONE = 0xffffffffu,    /* no index, no limit, no number */
	PLAN_FOREVER = 0xffffffffu, /* a time that never ends */
};

/* `count` things at `offset`. What they are, stands with each list. */
struct plan_list {
	uint32_t offset, count;
};

enum unit_type {
	UNIT_SERVICE, /* stays; is restarted by its policy */
	UNIT_ONESHOT, /* runs to its end at boot; ready when it ended well, and stays so */
	UNIT_TASK,    /* a oneshot that is started only when asked for */
	UNIT_GROUP,   /* no process: ready when all that it requires is */
};

enum unit_source { SOURCE_NONE, SOURCE_BUNDLE, SOURCE_IMAGE, SOURCE_EXEC };

/* How a check is made; READY_BY_NOTIFY, _FD and _START need no probe. */
enum check_kind {
	CHECK_NONE,   /* ready: as soon as the process has been executed */
	CHECK_NOTIFY, /* ready: READY=1 by sd_notify(3) */
	CHECK_FD,     /* ready: a newline on a descriptor (s6's way) */
	CHECK_EXEC,   /* a command in the container (an exec unit: on the host) exits 0 */
	CHECK_FILE,   /* a path exists, in the container's root */
	CHECK_TCP,    /* a connection is accepted, in the container's network */
	CHECK_HEALTH, /* ready: the health check has passed once */
};

struct plan_check {
	uint32_t kind;		/* enum check_kind */
	struct plan_list words; /* CHECK_EXEC: texts, the command line */
	uint32_t path;		/* CHECK_FILE: text. CHECK_TCP: text, the address */
	uint32_t number;	/* CHECK_FD: the descriptor. CHECK_TCP: the port */
	uint32_t every;		/* between two probes */
	uint32_t timeout;	/* ready: from start to readiness. health: of one probe */
	uint32_t failures;	/* health: so many in a row and the unit has failed */
	uint32_t grace;		/* health: failures this soon after the start do not count */
};

/* What else may be needed before a unit starts, asked of the board. */
enum condition_kind {
	CONDITION_BOARD,     /* the board is set up: mounts, modules, network of system.json */
	CONDITION_PATH,	     /* the path exists */
	CONDITION_CMDLINE,   /* a word, or a key=value, on the kernel's command line */
	CONDITION_MODEL,     /* the device tree's model or a compatible string is this */
	CONDITION_INTERFACE, /* the network interface is up and has a carrier */
	CONDITION_MOUNT,     /* something is mounted there */
	CONDITION_CLOCK,     /* the clock has been set (no argument) */
	CONDITION_FLAG,	     /* the named flag is set: /run/cruet-init/flags/NAME exists */
};

struct plan_condition {
	uint32_t kind; /* enum condition_kind */
	uint32_t text; /* the argument */
};

/* In plan_unit.conditions: an index into the plan's conditions; with this bit: must be false. */
enum { CONDITION_NOT = 1u << 31 };

enum restart_on { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

enum ladder_action {
	LADDER_RESET,  /* throw away the writable layer and the boot volumes, then restart */
	LADDER_REBOOT, /* reboot the machine, with this unit as the reason */
};

struct plan_step {
	uint32_t after;	 /* failures in a row; rises from step to step */
	uint32_t action; /* enum ladder_action */
};

struct plan_restart {
	uint32_t on; /* enum restart_on */
	/* Words: an exit status, or 128 + signal. 0 always succeeds; SIGTERM and the stop signal do
	 * so while it is being stopped. */
	struct plan_list success;  /* these count as success */
	struct plan_list prevent;  /* after these it is never restarted: failed */
	uint32_t delay, delay_max; /* the first delay; each further one is `factor` times as long */
	uint32_t factor_percent;   /* 200: doubled */
	uint32_t reset_after;	   /* ready for so long, and the failures are forgotten */
	uint32_t limit;		 /* failures in a row before giving up for good; PLAN_NONE: never */
	struct plan_list ladder; /* struct plan_step */
};

enum volume_class {
	VOLUME_PERMANENT, /* <data>/volumes/permanent/<unit>/<name> */
	VOLUME_REVISION,  /* <data>/volumes/revision/<number>/<unit>/<name>: plan_header.revision */
	VOLUME_BOOT,	  /* a tmpfs */
};

struct plan_volume {
	uint32_t name, path; /* texts; the path is in the container */
	uint32_t class;	     /* enum volume_class */
	uint32_t size_kib;   /* boot: of the tmpfs; else 0 */
	uint32_t read_only;
	uint32_t mode; /* of the folder when it is made */
};

/* Where a container's writes to its root go. */
enum unit_layer {
	LAYER_NONE,	 /* to the bundle's own root, if config.json lets it */
	LAYER_BOOT,	 /* an overlay on a tmpfs: gone at the next boot */
	LAYER_PERMANENT, /* an overlay in <data>/layers/<unit> */
};

enum network_mode {
	NETWORK_BUNDLE, /* as config.json has it (a bundle), the host's (exec) */
	NETWORK_HOST,
	NETWORK_NONE,	/* a namespace of its own with loopback only */
	NETWORK_BRIDGE, /* the same, and a veth pair on a bridge of system.json */
};

struct plan_route {
	uint32_t destination, gateway; /* texts: "10.0.0.0/8", "default"; the gateway may be 0 */
};

struct plan_network {
	uint32_t mode;		    /* enum network_mode */
	uint32_t bridge;	    /* text */
	uint32_t interface;	    /* text, in the container: "eth0" */
	struct plan_list addresses; /* texts "10.1.2.3/24", "fd00::2/64" */
	struct plan_list routes;    /* struct plan_route */
	uint32_t mtu;		    /* 0: the bridge's */
};

/* A socket that is open before the unit runs, and handed to each run: struct listen_socket. */
struct plan_socket {
	uint32_t name;	  /* text, for LISTEN_FDNAMES; 0: the unit's */
	uint32_t kind;	  /* enum listen_kind */
	uint32_t address; /* text: an IP address, a path, or "@NAME" */
	uint32_t port;
	uint32_t backlog;
	uint32_t mode, uid, gid; /* of a path */
};

enum log_sink { LOG_TO_KERNEL = 1, LOG_TO_SYSLOG = 2, LOG_TO_FILE = 4 };

struct plan_log {
	uint32_t ring;			    /* bytes of RAM, a power of two */
	uint32_t rate_lines, rate_interval; /* 0: no limit */
	uint32_t sinks;			    /* bits of enum log_sink */
	uint32_t file;			    /* text: path */
	uint32_t file_size, file_count;	    /* rotate at so many bytes; keep so many files in all */
};

struct plan_unit {
	uint32_t name, description; /* texts */
	/* CRC-32 of all that makes the unit what it is (its neighbours by name; without description
	 * and followers), the same on every machine: how a reload finds what has changed. */
	uint32_t digest;
	uint32_t type;		      /* enum unit_type */
	uint32_t source;	      /* enum unit_source */
	uint32_t path;		      /* text: the bundle's folder, or the image's name */
	struct plan_list command;     /* texts: exec's words */
	struct plan_list environment; /* texts KEY=VALUE; of a container: added to its own */
	uint32_t directory;	      /* exec: text, or 0 for "/" */
	uint32_t uid, gid;	      /* exec */
	uint32_t console;   /* exec: stdin, stdout, stderr are the console, which it owns */
	uint32_t autostart; /* wanted from boot on */
	uint32_t early;	    /* does not wait for CONDITION_BOARD */
	/* Words: indices of units. All three put this one after them; requires and wants pull
	 * them up. What JSON says as `before` stands as `after` in the other unit. */
	struct plan_list requires, wants, after;
	struct plan_list followers;  /* words: the units that have this one in one of the three */
	struct plan_list conditions; /* words: index, perhaps with CONDITION_NOT */
	struct plan_check ready, health;
	uint32_t start_timeout;	   /* from the start to the process's execution (create, start) */
	uint32_t watchdog_timeout; /* WATCHDOG=1 at least so often; 0: none */
	uint32_t critical;	   /* the hardware watchdog is fed only while this unit is well */
	uint32_t critical_budget;  /* how long a critical unit may be unwell before that */
	struct plan_restart restart;
	uint32_t stop_signal, stop_timeout;
	struct plan_list volumes; /* struct plan_volume */
	uint32_t layer;		  /* enum unit_layer */
	struct plan_network network;
	struct plan_list listen; /* struct plan_socket */
	uint32_t on_demand;	 /* started when something comes in at one of them */
	struct plan_log log;
	uint32_t resources; /* text: the JSON of OCI's linux.resources, or 0 */
	uint32_t runtime;   /* text: path of an OCI runtime with runc's command line; 0: our own */
	uint32_t goal;	    /* the boot is complete when all such units are ready ... */
	uint32_t goal_stable; /* ... and have been for so long */
};

struct plan_mount {
	uint32_t source, target, type, options; /* texts; options as in fstab(5) */
	uint32_t required;			/* without it: emergency; else a warning */
	uint32_t make;				/* make the mount point if it is missing */
	uint32_t wait;				/* for the device to appear */
};

struct plan_pair {
	uint32_t key, value; /* texts */
};

struct plan_interface {
	uint32_t name;		    /* text */
	uint32_t is_bridge;	    /* make it: a bridge */
	struct plan_list ports;	    /* texts: interfaces that are put on the bridge */
	struct plan_list addresses; /* texts "192.168.1.2/24" */
	struct plan_list routes;    /* struct plan_route */
	uint32_t mtu;		    /* 0: leave it */
};

enum cgroup_layout { CGROUP_LAYOUT_V2, CGROUP_LAYOUT_V1 };

struct plan_system {
	uint32_t hostname; /* texts; 0: leave it */
	uint32_t console;  /* "ttyS0"; 0: /dev/console */
	uint32_t shell;	   /* the emergency shell; 0: /bin/sh */
	uint32_t data;	   /* where the data partition is mounted; 0: there is none */
	uint32_t init;	   /* switch-root: the program to execute there; 0: none of that */
	uint32_t root;	   /* switch-root: where the new root is mounted */
	struct plan_list
		modules; /* texts: names, perhaps with arguments: "softdog soft_margin=20" */
	struct plan_list mounts;     /* struct plan_mount, in order */
	struct plan_list sysctl;     /* struct plan_pair */
	struct plan_list interfaces; /* struct plan_interface */
	uint32_t coldplug;	     /* load modules by the devices' modalias, and follow uevents */
	uint32_t cgroups;	     /* enum cgroup_layout */
	uint32_t clock_floor;	  /* text: a file whose mtime is the least the clock may say; 0 */
	uint32_t watchdog_device; /* text; 0: none */
	uint32_t watchdog_timeout, watchdog_pretimeout; /* seconds */
	uint32_t probe; /* text: file or block device that is read; 0: no storage probe */
	uint32_t probe_every, probe_timeout;
	uint32_t shutdown_timeout;  /* for all units together */
	uint32_t recorder;	    /* text: file of the flight recorder; 0: none */
	uint32_t ctrl_alt_del;	    /* 0: ignored, 1: reboot */
	uint32_t syslog;	    /* text: socket, "/dev/log"; or "udp:ADDRESS:PORT" */
	uint32_t revision_deadline; /* a trial: all that counts has to be ready by then */
	uint32_t revision_stable;   /* the same without a goal: for so long */
	struct plan_log log;	    /* of the supervisor's own messages, and default of the units */
};

struct plan_header {
	uint32_t magic, version;
	uint32_t size;	    /* of the whole block */
	uint32_t words_end; /* where the words end and the texts begin */
	uint32_t checksum;  /* CRC-32 (IEEE) of all that follows this field */
	uint32_t flags;
	struct plan_list units; /* struct plan_unit, so sorted that each comes after all that it
				 * requires, wants or comes after */
	struct plan_list conditions; /* struct plan_condition; the first is CONDITION_BOARD */
	uint32_t system;	     /* struct plan_system */
	uint32_t source;	     /* text: the folder that it was made of */
	uint32_t revision;	     /* whose units lie over those of the folder; 0: none's */
};

/* In plan_header.flags. */
enum {
	PLAN_MIPS = 1,		/* signals have the numbers of MIPS */
	PLAN_IMAGE_MISSING = 2, /* what some image says could not be looked up */
	PLAN_TRIAL = 4,		/* the revision has to prove itself */
};

/* A plan in memory: `header` is the block's beginning. */
struct plan {
	const struct plan_header *header;
	const struct plan_unit *units;
	const struct plan_condition *conditions;
	const struct plan_system *system;
	uint32_t unit_count, condition_count;
};

/*
 * Take a block as a plan: checks magic, version, checksum, that every reference lies within it and
 * fits its kind, and what readers rely on (names are distinct and fit to be a path's component, a
 * check has what it needs, a ladder rises), so that nothing that reads it afterwards needs to look.
 * The block is the caller's, aligned for words, and must outlive the plan. 0, or -EINVAL recorded
 * with the reason; `name` is for the message.
 */
int plan_from_block(struct plan *plan, const void *block, size_t size, const char *name);

/*
 * Read the file `fd` into memory of its own and take it as a plan, turned around if it is of the
 * other byte order. Not the file itself is mapped: somebody who writes over it in place must not
 * take PID 1 with him. The memory, read-only, stays until plan_unmap(). 0 or a negative errno,
 * recorded.
 */
int plan_map(struct plan *plan, int fd, const char *name);
void plan_unmap(struct plan *plan);

/* Texts and lists; offset 0 gives NULL. */
static inline const char *plan_text(const struct plan *plan, uint32_t offset)
{
	return offset ? (const char *)plan->header + offset : NULL;
}

/* A text that is there: one of a list, a name, what the check has made sure of. */
static inline const char *plan_given(const struct plan *plan, uint32_t offset)
{
	return (const char *)plan->header + offset;
}

static inline const void *plan_at(const struct plan *plan, struct plan_list list)
{
	return (const char *)plan->header + list.offset;
}

static inline uint32_t plan_word(const struct plan *plan, struct plan_list list, uint32_t i)
{
	return ((const uint32_t *)plan_at(plan, list))[i];
}

/* The i-th text of a list of texts. */
static inline const char *plan_list_text(const struct plan *plan, struct plan_list list, uint32_t i)
{
	return plan_given(plan, plan_word(plan, list, i));
}

static inline const char *plan_unit_name(const struct plan *plan, uint32_t unit)
{
	return plan_given(plan, plan->units[unit].name);
}

/* The unit of that name, or PLAN_NONE. */
uint32_t plan_find(const struct plan *plan, const char *name);

/* May this be the name of a unit, a flag, a volume? See PLAN_NAME_MAX. */
bool plan_is_name(const char *text);

/* CRC-32 (IEEE 802.3, as gzip has it) of `size` bytes, going on from `crc`: 0 to begin. */
uint32_t plan_crc32(uint32_t crc, const void *data, size_t size);

#endif
