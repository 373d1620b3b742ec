/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this room: the table of properties (properties.h). A row says all there is to say about
 * one key; what rows cannot say is in rules.c.
 */
#ifndef INIT_UNIT_TABLE_H
#define INIT_UNIT_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The kinds of JSON object. */
enum unit_object {
	OBJECT_UNIT,
	OBJECT_READY,
	OBJECT_HEALTH,
	OBJECT_WATCHDOG,
	OBJECT_RESTART,
	OBJECT_STEP,
	OBJECT_STOP,
	OBJECT_VOLUME,
	OBJECT_NETWORK,
	OBJECT_ROUTE,
	OBJECT_SOCKET,
	OBJECT_LOG,
	OBJECT_GOAL,
	OBJECT_SYSTEM,
	OBJECT_MOUNT,
	OBJECT_INTERFACE,
	OBJECT_DEVICE, /* of the hardware watchdog */
	OBJECT_PROBE,
	OBJECT_REVISION, /* how a trial is judged */
};

/* How a value is read, and what is stored at the row's field. */
enum unit_kind {
	KIND_BOOL,
	KIND_TEXT,    /* detail: enum unit_text */
	KIND_TEXTS,   /* list of them */
	KIND_NUMBER,  /* detail: enum unit_range, as of the next four */
	KIND_TIME,    /* "20s": milliseconds */
	KIND_SECONDS, /* "20s": seconds */
	KIND_SIZE,    /* "64K": bytes */
	KIND_KIB,     /* "64K": KiB */
	KIND_CHOICE,  /* one word of a set: its place; detail: enum unit_choice */
	KIND_SINKS,   /* an array of such words: a bit for each */
	KIND_OBJECT,  /* detail: enum unit_object; the structure itself */
	KIND_RECORDS, /* an array of objects: list of records */
	KIND_MAP,     /* an object with any keys; detail: enum unit_map */
	KIND_UNITS,   /* names of units: nothing is stored, links.c reads them */
	KIND_CONDITIONS,
	KIND_STATUSES, /* exit statuses and signals */
	KIND_SIGNAL,
	KIND_FACTOR,	/* 1.5: 150 */
	KIND_RATE,	/* "200/10s": two words */
	KIND_MODE,	/* "0755" */
	KIND_USER,	/* "1000:100": two words */
	KIND_SOCKET,	/* "tcp:0.0.0.0:80": three words */
	KIND_RESOURCES, /* linux.resources: its JSON */
	KIND_NETWORK,	/* a word, or OBJECT_NETWORK */
	KIND_GOAL,	/* true, or OBJECT_GOAL, whose fields are the unit's */
};

enum unit_text {
	TEXT_ANY,
	TEXT_NONEMPTY,
	TEXT_LINE, /* not empty, without control characters */
	TEXT_PATH, /* absolute */
	TEXT_NAME, /* plan_is_name() */
	TEXT_HOST, /* a host name, 64 bytes at most */
	TEXT_INTERFACE,
	TEXT_ADDRESS, /* IPv4 or IPv6 */
	TEXT_PREFIX,  /* with the length of the prefix: 10.1.2.3/24 */
	TEXT_ROUTE,   /* the same, or "default" */
	TEXT_SYSLOG,  /* a socket's path, or udp:ADDRESS:PORT */
};

enum unit_range {
	RANGE_TIME, /* of a time; 0 is none */
	RANGE_WAIT,
	RANGE_READY, /* "never" too */
	RANGE_DELAY,
	RANGE_WATCHDOG, /* seconds */
	RANGE_PORT,
	RANGE_BACKLOG,
	RANGE_FD,
	RANGE_FAILURES,
	RANGE_MTU,
	RANGE_COUNT,
	RANGE_STATUS,
	RANGE_RING,
	RANGE_FILE,
	RANGE_VOLUME, /* KiB */
};

struct unit_limits {
	uint32_t minimum, maximum;
};
extern const struct unit_limits unit_ranges[];

enum unit_choice {
	CHOICE_TYPE,
	CHOICE_READY,
	CHOICE_RESTART,
	CHOICE_STEP,
	CHOICE_VOLUME,
	CHOICE_LAYER,
	CHOICE_NETWORK,
	CHOICE_SINK,
	CHOICE_CGROUPS,
	CHOICE_KEYS,
	CHOICES,
};

enum unit_map { MAP_ENVIRONMENT, MAP_SYSCTL, MAP_INTERFACES };

/* What units may have a property. */
enum unit_fits { REQUIRED = 1, FITS_EXEC = 2, FITS_CONTAINER = 4, FITS_GROUP = 8 };

/* No pointers: rows need no relocation and stay in shared, read-only pages. */
struct unit_property {
	uint32_t standard; /* the value when the key is missing */
	uint16_t key;	   /* where it stands in unit_keys */
	uint8_t object, kind, detail;
	uint8_t word; /* of the object's structure */
	uint8_t fits;
};

extern const struct unit_property unit_properties[];
extern const size_t unit_property_count;
extern const char unit_keys[];

/* The words of a choice in their order: "service|oneshot|task|group". An empty one cannot be
 * chosen. */
const char *unit_choice_words(enum unit_choice choice);

#endif
