/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this room: the table of properties, and the reader that walks a document by it. A row
 * says all there is to say about one property; what rows cannot say (rules that span several
 * properties) is in check_*.c, keyed by the kind of object.
 */
#ifndef RUNTIME_SPEC_TABLE_H
#define RUNTIME_SPEC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "runtime/spec/words.h"

struct arena;
struct spec;
struct spec_process;
struct spec_resources;

/* The kinds of JSON object; the rows of one kind stand together in the table, in this order. */
enum spec_object {
	OBJECT_CONFIG,
	OBJECT_ROOT,
	OBJECT_MOUNT,
	OBJECT_PROCESS,
	OBJECT_CONSOLE,
	OBJECT_USER,
	OBJECT_CAPABILITIES,
	OBJECT_RLIMIT,
	OBJECT_SCHEDULER,
	OBJECT_HOOKS,
	OBJECT_HOOK,
	OBJECT_LINUX,
	OBJECT_NAMESPACE,
	OBJECT_ID_MAPPING,
	OBJECT_DEVICE,
	OBJECT_PERSONALITY,
	OBJECT_RESOURCES,
	OBJECT_DEVICE_RULE,
	OBJECT_MEMORY,
	OBJECT_CPU,
	OBJECT_PIDS,
	OBJECT_BLOCK_IO,
	OBJECT_WEIGHT_DEVICE,
	OBJECT_THROTTLE,
	OBJECT_HUGEPAGE,
	OBJECT_NETWORK,
	OBJECT_NETWORK_PRIORITY,
	OBJECT_RDMA,
	OBJECT_SECCOMP,
	OBJECT_SYSCALL,
	OBJECT_SYSCALL_ARG,
	OBJECTS,
	OBJECT_NONE = OBJECTS, /* of a property that no configuration offers yet */
};

/* How a value is read and stored; the comment names what stands at the row's offset. */
enum spec_kind {
	KIND_BOOL,    /* bool */
	KIND_STRING,  /* const char *; detail: enum spec_text */
	KIND_STRINGS, /* struct spec_strings; detail: enum spec_text, of each */
	KIND_INT,     /* struct spec_int; detail: enum spec_range, as of all numbers */
	KIND_UINT,    /* struct spec_uint */
	KIND_INT64,   /* int64_t */
	KIND_UINT64,  /* uint64_t */
	KIND_INT32,   /* int32_t */
	KIND_UINT32,  /* uint32_t */
	KIND_UINT16,  /* uint16_t */
	KIND_IDS,     /* uint32_t *, size_t: an array of numbers; detail: enum spec_range */
	KIND_WORD,    /* int or an enum; detail: enum spec_words, as of the next two */
	KIND_BITS32,  /* uint32_t: an array of words, one bit each */
	KIND_BITS64,  /* uint64_t */
	KIND_OBJECT,  /* the object's structure; detail: enum spec_object, as of the next */
	KIND_OBJECTS, /* pointer, size_t: an array of objects */
	KIND_MAP,     /* pointer, size_t: names and strings (struct spec_sysctl, spec_unified) */
	/* The rest have readers of their own, in special.c. */
	KIND_VERSION,	    /* const char * */
	KIND_ANNOTATIONS,   /* const char *, size_t */
	KIND_CAPABILITIES,  /* uint64_t */
	KIND_NAMESPACES,    /* struct spec_namespace[] */
	KIND_PROPAGATION,   /* unsigned long */
	KIND_PERSONALITY,   /* struct spec */
	KIND_DEVICE_TYPE,   /* char */
	KIND_RULE_TYPE,	    /* char */
	KIND_ACCESS,	    /* struct spec_device_rule */
	KIND_RDMA,	    /* pointer, size_t */
	KIND_UNUSED_STRING, /* only its type is checked */
	KIND_IGNORED,	    /* a number that is only warned about */
	KIND_NEVER_NUMBER,  /* refused, unless the value asks for nothing */
	KIND_NEVER_BOOL,
	KIND_NEVER_ARRAY,
	KINDS,
};

/* What a string must look like. */
enum spec_text {
	TEXT_ANY,
	TEXT_NONEMPTY,
	TEXT_ABSOLUTE,	   /* begins with a slash */
	TEXT_ENVIRONMENT,  /* NAME=VALUE */
	TEXT_HOST_NAME,	   /* at most 64 bytes, what the kernel takes */
	TEXT_ARCHITECTURE, /* of WORDS_ARCHITECTURES */
	TEXT_PAGE_SIZE,	   /* 64KB, 2MB, 1GB */
	TEXT_INTERFACE,	   /* a network interface: shorter than IFNAMSIZ, no slash */
	TEXT_CGROUP_PATH,  /* no component ".." */
	TEXT_CGROUP_FILE,  /* one path component */
};

enum spec_range {
	RANGE_UINT64,
	RANGE_UINT32,
	RANGE_INT64,
	RANGE_ID,    /* a user or group: (uid_t)-1 is none */
	RANGE_LIMIT, /* -1: none */
	RANGE_OOM,
	RANGE_UMASK,
	RANGE_MODE, /* of a file, as stat(2) gives it: podman leaves the type in */
	RANGE_NICE,
	RANGE_PRIORITY,
	RANGE_MAJOR, /* what fits the kernel's dev_t */
	RANGE_MINOR,
	RANGE_ANY_NUMBER, /* of a device rule: -1: any */
	RANGE_SWAPPINESS,
	RANGE_WEIGHT,
	RANGE_PERIOD, /* us, what the kernel takes (sched_cfs_period: 1 ms to 1 s) */
	RANGE_FLAG,
	RANGE_TIMEOUT,
	RANGE_SIZE,
	RANGE_ARGUMENT,
	RANGE_RETURN, /* SECCOMP_RET_DATA has 16 bits */
	RANGES,
};

/*
 * Kconfig symbols that properties need. Of the planned ones there is no code yet: whatever
 * .config says, the property is refused by the symbol's name.
 */
/* clang-format off */
#define SPEC_SYMBOLS(offered, planned) \
	offered(USER_NAMESPACE) offered(HOOKS_CONTAINER) offered(SCHEDULER) \
	offered(PERSONALITY) offered(APPARMOR) offered(SELINUX) \
	offered(SECCOMP) offered(IO_THROTTLE) offered(BLKIO_WEIGHT) \
	offered(CPU_REALTIME) offered(NET_CLS) offered(HUGEPAGES) \
	offered(RDMA) offered(MEMORY_SWAPPINESS) planned(SECCOMP_NOTIFY) \
	planned(TIME_NAMESPACE) planned(IDMAP_MOUNTS) planned(NETDEVICES) \
	planned(IO_PRIORITY) planned(EXEC_AFFINITY) planned(INTEL_RDT) \
	planned(MEMORY_POLICY)
/* clang-format on */

#define SPEC_SYMBOL_NAME(name) SYMBOL_##name,
enum spec_symbol { SYMBOL_NONE, SPEC_SYMBOLS(SPEC_SYMBOL_NAME, SPEC_SYMBOL_NAME) SYMBOLS };
#undef SPEC_SYMBOL_NAME

enum spec_property_flags {
	REQUIRED = 1,
	ZERO_ABSENT = 2, /* 0, "" and false mean "not given" */
	PRESENCE = 4,	 /* being there asks for something, even if it is empty */
};

/* An item of linux.namespaces as it is read; it then takes the slot of its type. */
struct spec_namespace_item {
	int type; /* enum spec_namespace_type */
	const char *path;
};

/* No pointers: rows need no relocation and stay in shared, read-only pages. */
struct spec_property {
	uint8_t object; /* of which it is a property */
	uint8_t kind, detail, symbol;
	uint16_t offset; /* in the structure of the object */
	uint8_t flags;
};

extern const struct spec_property spec_properties[];
extern const size_t spec_property_count;
/* Their names, one after the other, each with its NUL. */
extern const char spec_property_names[];

/* Bytes of the structure that an array of such objects is made of. */
size_t spec_object_size(enum spec_object object);

struct spec_limits {
	int64_t minimum;
	uint64_t maximum;
};
extern const struct spec_limits spec_ranges[RANGES];

bool spec_symbol_enabled(enum spec_symbol symbol);
const char *spec_symbol_name(enum spec_symbol symbol);

/* ---- the reader ---- */

struct spec_reader {
	struct arena *arena;
	const char *file;    /* for messages */
	unsigned int warned; /* unknown capabilities already named in a warning */
	const char *warned_names[8];
	/* Of each kind of object: its first row, and where in the names that row's stands. */
	uint16_t first[OBJECTS + 1], names[OBJECTS];
};

/* Where we are in the document; the path is put together only for a message. */
struct spec_frame {
	const struct spec_frame *up;
	const cJSON *node;
	const char *name; /* NULL: an item of an array */
	size_t index;
};

/* Read an object's members to `base` by the table, then check it. */
int spec_read_object(struct spec_reader *reader, const struct spec_frame *frame,
		     enum spec_object object, void *base);

/* Readers for kinds that the engine does not know itself. */
int spec_read_special(struct spec_reader *reader, const struct spec_frame *frame,
		      const struct spec_property *property, void *place);

/* A string of the document against its rule. */
int spec_check_text(const struct spec_reader *reader, const struct spec_frame *frame,
		    enum spec_text rule);

/* Rules that one row cannot say, after all members of an object were read. */
int spec_check_object(struct spec_reader *reader, const struct spec_frame *frame,
		      enum spec_object object, void *base);
int spec_check_process(struct spec_reader *reader, const struct spec_frame *frame,
		       enum spec_object object, void *base);
int spec_check_resources(struct spec_reader *reader, const struct spec_frame *frame,
			 enum spec_object object, void *base);
int spec_check_seccomp(struct spec_reader *reader, const struct spec_frame *frame,
		       enum spec_object object, void *base);
int spec_check_config(struct spec_reader *reader, const struct spec_frame *frame,
		      struct spec *spec);

/* A member of an object, or NULL; the number of members or items. */
const cJSON *spec_member(const cJSON *object, const char *name);
size_t spec_count(const cJSON *node);

/*
 * Record "FILE:LINE: PROPERTY: message". `child` (may be NULL) is a property below the frame,
 * "a.b"; the line is that of the deepest of them which is there. Always returns -EINVAL.
 */
int spec_fail(const struct spec_reader *reader, const struct spec_frame *frame, const char *child,
	      const char *format, ...) __attribute__((format(printf, 4, 5), cold));

/* The same for a property that this build leaves out. */
int spec_refuse(const struct spec_reader *reader, const struct spec_frame *frame, const char *child,
		enum spec_symbol symbol) __attribute__((cold));

/* The same as a warning in the log; the property is not wrong. */
void spec_warn(const struct spec_reader *reader, const struct spec_frame *frame, const char *format,
	       ...) __attribute__((format(printf, 3, 4), cold));

#endif
