/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between clients and the supervisor: a SOCK_SEQPACKET unix socket, INIT_CONTROL, mode 0600. A
 * client sends one request; the answer is a row of packets, the last of which is CONTROL_END.
 * Fixed-size records in the machine's byte order: PID 1 neither parses nor formats text.
 */
#ifndef INIT_CONTROL_PROTOCOL_H
#define INIT_CONTROL_PROTOCOL_H

#include <stdint.h>

enum { CONTROL_VERSION = 1, CONTROL_NAME = 64, CONTROL_TEXT = 200 };

enum control_command {
	CONTROL_STATUS, /* CONTROL_SYSTEM, then a CONTROL_UNIT for each (or the named one) */
	CONTROL_UP,
	CONTROL_DOWN,
	CONTROL_RESTART,
	CONTROL_MONITOR, /* as CONTROL_STATUS, then a CONTROL_CHANGE each time; ends with the client
			  */
	CONTROL_LOGS, /* CONTROL_RINGS with the rings' descriptor (read-only), then a CONTROL_UNIT
			 for each */
	CONTROL_BOOT, /* CONTROL_SYSTEM, CONTROL_PLAN with the plan's descriptor (read-only; if the
			 host has one), a CONTROL_UNIT for each, then a CONTROL_CHANGE for each
			 entry of the boot's journal */
	CONTROL_RELOAD, /* read the units again; CONTROL_WAIT: answer when it is done */
	CONTROL_REEXEC,
	CONTROL_REBOOT,
	CONTROL_POWEROFF,
	CONTROL_HALT,
	CONTROL_FLAG_SET,
	CONTROL_FLAG_CLEAR, /* named flags, for `when` */
	CONTROL_COMMANDS
};

enum { CONTROL_WAIT = 1 }; /* up, down, restart: answer when it is done, or has failed */

struct control_request {
	uint32_t version, command, flags, reserved;
	char name[CONTROL_NAME]; /* NUL-terminated; "" where none is needed */
	char text[CONTROL_NAME]; /* reboot and so on: why, for the flight recorder */
};

enum control_kind {
	CONTROL_END,
	CONTROL_SYSTEM,
	CONTROL_UNIT,
	CONTROL_CHANGE,
	CONTROL_RINGS,
	CONTROL_PLAN,
	CONTROL_LOST, /* `result` journal entries were overwritten before they could be sent */
};

/* Every packet begins with its kind. This is CONTROL_END, _RINGS, _PLAN and _LOST. */
struct control_packet {
	uint32_t kind;	/* enum control_kind */
	int32_t result; /* CONTROL_END: 0, or a negative errno with the reason in text */
	char text[CONTROL_TEXT];
};

struct control_system {
	uint32_t kind, unit_count;
	uint64_t now_ms;     /* the supervisor's clock: monotonic */
	uint64_t started_ms; /* when it began, on that clock */
	int64_t realtime_ms; /* CLOCK_REALTIME at `now` */
	uint32_t pid, shutdown;
	uint32_t reexecs, goal; /* goal: 1 reached */
	uint32_t goal_ms;	/* when, since it began */
	uint32_t watchdog_timeout_ms, watchdog_boot_status;
	uint32_t writer_pid, writer_starts;
	uint32_t well; /* 0: the watchdog is not fed because of the unit named below */
	char unwell[CONTROL_NAME];
	uint32_t revision, on_trial;   /* whose units run; 0: the firmware's alone */
	uint64_t trial_due_ms;	       /* when it will be committed, or has to be ready */
	char trial_unit[CONTROL_NAME]; /* that has to be ready by then, or "" */
	char source[128];	       /* folder or plan file that the units come from */
	char recorder[128];	       /* file of the flight recorder, or "" */
};

struct control_unit {
	uint32_t kind, index;
	char name[CONTROL_NAME];
	char description[96];
	uint32_t type, source; /* enum unit_type, enum unit_source */
	uint32_t phase, cause; /* enum unit_phase, enum unit_cause */
	int32_t pid;	       /* 0: none */
	int32_t exit_status;
	uint32_t starts, failures, wanted, critical;
	uint64_t since_ms, ready_ms,
		next_ms;	      /* phase began; ready since; deadline of the phase or 0 */
	char status[CONTROL_TEXT];    /* STATUS= of sd_notify, or the last error */
	char waits_for[CONTROL_NAME]; /* WAITING: the unit or the condition */
};

struct control_change {
	uint32_t kind, index;
	uint64_t time_ms;
	char name[CONTROL_NAME]; /* "" : an entry about the supervisor itself, `text` says what */
	uint32_t before, phase, cause;
	int32_t exit_status, pid;
	char text[64];
};

#endif
