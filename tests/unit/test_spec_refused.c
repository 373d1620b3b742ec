/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What config.json must not say: each case with the whole message, so that property path, index,
 * line and reason are all checked. The build of the unit tests has every symbol that is offered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/spec/spec.h"

#include <cmocka.h> /* last: it defines fail() */

/* The members under test begin on line 2. */
#define WITH(members) "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"rootfs\"},\n" members "}"
#define PROCESS(members) WITH("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\"],\n" members "}")
#define USER(members) PROCESS("\"user\": {" members "}")
#define RLIMITS(items) PROCESS("\"rlimits\": [\n" items "]")
#define SCHEDULER(members) PROCESS("\"scheduler\": {" members "}")
#define HOOK(members) WITH("\"hooks\": {\"poststop\": [{\"path\": \"/a\"}, {" members "}]}")
#define LINUX(members) WITH("\"linux\": {\n" members "}")
#define USER_NAMESPACE(members) LINUX("\"namespaces\": [{\"type\": \"user\"}],\n" members)
#define DEVICE(members) LINUX("\"devices\": [{" members "}]")
#define RESOURCES(members) LINUX("\"resources\": {\n" members "}")
#define MEMORY(members) RESOURCES("\"memory\": {" members "}")
#define CPU(members) RESOURCES("\"cpu\": {" members "}")
#define RULE(members) RESOURCES("\"devices\": [{\"allow\": true, " members "}]")
#define SYSCTL(members) \
	LINUX("\"namespaces\": [{\"type\": \"network\"}, {\"type\": \"uts\"}],\n\"sysctl\": {" members \
	      "}")
#define SECCOMP(members) LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\",\n" members "}")
#define SYSCALL(members) SECCOMP("\"syscalls\": [{\"names\": [\"a\"], " members "}]")

struct refused {
	const char *text, *message;
};

static const struct refused documents[] = {
	{ "[]", "1: must be an object, found an array" },
	{ "null", "1: must be an object, found null" },
	{ "{}", "1: ociVersion: is required" },
	{ "{\"ociVersion\": \"1.0.0\"}", "1: root: is required" },
	{ "{\"root\": {\"path\": \"rootfs\"}}", "1: ociVersion: is required" },
	{ "{\"ociVersion\": 1}", "1: ociVersion: must be a string, found a number" },
#define VERSION(text) \
	{ \
		"{\n\"ociVersion\": \"" text "\"}", \
			"2: ociVersion: must be a version 1.x.y of the specification, found \"" text \
			"\"" \
	}
	VERSION(""),
	VERSION("2.0.0"),
	VERSION("0.5.0-dev"),
	VERSION("1"),
	VERSION("1.0"),
	VERSION("1.0.0.0"),
	VERSION("01.0.0"),
	VERSION("1.00.0"),
	VERSION("1.0.0-"),
	VERSION("1.0.0-01"),
	VERSION("1.0.0-a..b"),
	VERSION("1.0.0+"),
	VERSION("1.0.0 "),
	VERSION("v1.0.0"),
	VERSION("1.0.x"),
	VERSION("11.0.0"),

	{ WITH("\"root\": 1"), NULL }, /* a key twice: lib/json says so */
	{ "{\"ociVersion\": \"1.0.0\", \"root\": {}}", "1: root.path: is required" },
	{ "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"\"}}",
	  "1: root.path: must not be empty" },
	{ "{\"ociVersion\": \"1.0.0\",\n\"root\": {\"path\": null}}",
	  "2: root.path: must be a string, found null" },
	{ "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\", \"readonly\": 1}}",
	  "1: root.readonly: must be a boolean, found a number" },
	{ WITH("\"hostname\": \"box\""), "2: hostname: needs a uts namespace" },
	{ WITH("\"domainname\": \"box\""), "2: domainname: needs a uts namespace" },
	{ WITH("\"hostname\": \"0123456789012345678901234567890123456789012345678901234567890123x\""),
	  "2: hostname: is longer than 64 bytes" },
	{ WITH("\"hostname\": null"), "2: hostname: must be a string, found null" },

	{ WITH("\"mounts\": {}"), "2: mounts: must be an array, found an object" },
	{ WITH("\"mounts\": [{}]"), "2: mounts[0].destination: is required" },
	{ WITH("\"mounts\": [{\"destination\": \"/a\"},\n{\"destination\": \"\"}]"),
	  "3: mounts[1].destination: must not be empty" },
	{ WITH("\"mounts\": [{\"destination\": \"/a\", \"options\": [\"ro\",\n2]}]"),
	  "3: mounts[0].options[1]: must be a string, found a number" },
	{ WITH("\"mounts\": [{\"destination\": \"/a\", \"uidMappings\": [{}]}]"),
	  "2: mounts[0].uidMappings: CONFIG_IDMAP_MOUNTS is not set" },

	{ WITH("\"annotations\": {\"a\": \"b\", \"c.d\": 1}"),
	  "2: annotations[\"c.d\"]: must be a string" },
	{ WITH("\"annotations\": {\"\": \"b\"}"), "2: annotations: must not have an empty key" },
	{ WITH("\"annotations\": null"), "2: annotations: must be an object, found null" },
	{ WITH("\"linux\": []"), "2: linux: must be an object, found an array" },
};

static const struct refused processes[] = {
	{ WITH("\"process\": null"), "2: process: must be an object, found null" },
	{ WITH("\"process\": {\"args\": [\"sh\"]}"), "2: process.cwd: is required" },
	{ WITH("\"process\": {\"cwd\": \"/\"}"), "2: process.args: is required" },
	{ WITH("\"process\": {\"cwd\": \"/\", \"args\": []}"),
	  "2: process.args: must have at least one entry" },
	{ WITH("\"process\": {\"cwd\": \"/\", \"args\": [\"\"]}"),
	  "2: process.args[0]: must not be empty" },
	{ WITH("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\", true]}"),
	  "2: process.args[1]: must be a string, found a boolean" },
	{ WITH("\"process\": {\"cwd\": \"tmp\", \"args\": [\"sh\"]}"),
	  "2: process.cwd: must be an absolute path, found \"tmp\"" },
	{ WITH("\"process\": {\"cwd\": \"\", \"args\": [\"sh\"]}"),
	  "2: process.cwd: must not be empty" },
	{ PROCESS("\"env\": [\"A=1\",\n\"B\"]"), "4: process.env[1]: must be NAME=VALUE" },
	{ PROCESS("\"env\": [\"=A\"]"), "3: process.env[0]: must be NAME=VALUE" },
	{ PROCESS("\"env\": null"), "3: process.env: must be an array, found null" },
	{ PROCESS("\"env\": [\"A=\\u0000\"]"), NULL }, /* a NUL: lib/json says so */
	{ PROCESS("\"terminal\": \"true\""),
	  "3: process.terminal: must be a boolean, found a string" },
	{ PROCESS("\"consoleSize\": {\"height\": 1}"),
	  "3: process.consoleSize.width: is required" },
	{ PROCESS("\"terminal\": true, \"consoleSize\": {\"height\": 1, \"width\": 65536}"),
	  "3: process.consoleSize: a terminal has at most 65535 lines or columns" },
	{ USER("\"uid\": -1"),
	  "3: process.user.uid: must be an integer from 0 to 4294967294, found -1" },
	{ USER("\"uid\": 4294967295"),
	  "3: process.user.uid: must be an integer from 0 to 4294967294, found 4294967295" },
	{ USER("\"gid\": 1.5"),
	  "3: process.user.gid: must be an integer from 0 to 4294967294, found 1.5" },
	{ USER("\"gid\": 1e3"),
	  "3: process.user.gid: must be an integer from 0 to 4294967294, found 1e3" },
	{ USER("\"umask\": 512"),
	  "3: process.user.umask: must be an integer from 0 to 511, found 512" },
	{ USER("\"umask\": [[]]"), "3: process.user.umask: must be an integer, found an array" },
	{ USER("\"additionalGids\": {}"),
	  "3: process.user.additionalGids: must be an array, found an object" },
	{ USER("\"additionalGids\": [1, \"2\"]"),
	  "3: process.user.additionalGids[1]: must be an integer, found a string" },
	{ PROCESS("\"capabilities\": -1"),
	  "3: process.capabilities: must be an object, found a number" },
	{ PROCESS("\"capabilities\": {\"ambient\": \"CAP_KILL\"}"),
	  "3: process.capabilities.ambient: must be an array, found a string" },
	{ PROCESS("\"capabilities\": {\"ambient\": [5]}"),
	  "3: process.capabilities.ambient[0]: must be a string" },
	{ RLIMITS("{\"type\": \"RLIMIT_CORE\", \"soft\": 1}"),
	  "4: process.rlimits[0].hard: is required" },
	{ RLIMITS("{\"type\": \"RLIMIT_CORE\", \"soft\": 2, \"hard\": 1}"),
	  "4: process.rlimits[0].soft: is above the hard limit" },
	{ RLIMITS("{\"type\": \"RLIMIT_FOO\", \"soft\": 1, \"hard\": 1}"),
	  "4: process.rlimits[0].type: unknown value \"RLIMIT_FOO\"" },
	{ RLIMITS("{\"type\": \"CORE\", \"soft\": 1, \"hard\": 1}"),
	  "4: process.rlimits[0].type: unknown value \"CORE\"" },
	{ RLIMITS("{\"type\": \"RLIMIT_CORE\", \"soft\": -1, \"hard\": 1}"),
	  "4: process.rlimits[0].soft: must be an integer from 0 to 18446744073709551615, found -1" },
	{ RLIMITS("{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 18446744073709551616}"),
	  "4: process.rlimits[0].hard: must be an integer from 0 to 18446744073709551615, "
	  "found 18446744073709551616" },
	{ RLIMITS("{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 1},\n"
		  "{\"type\": \"RLIMIT_AS\", \"soft\": 1, \"hard\": 1},\n"
		  "{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 1}"),
	  "6: process.rlimits[2].type: RLIMIT_CORE is listed twice" },
	{ PROCESS("\"oomScoreAdj\": 1001"),
	  "3: process.oomScoreAdj: must be an integer from -1000 to 1000, found 1001" },
	{ PROCESS("\"noNewPrivileges\": null"),
	  "3: process.noNewPrivileges: must be a boolean, found null" },
	{ PROCESS("\"ioPriority\": {\"class\": \"IOPRIO_CLASS_RT\", \"priority\": 1}"),
	  "3: process.ioPriority: CONFIG_IO_PRIORITY is not set" },
	{ PROCESS("\"execCPUAffinity\": {\"initial\": \"0\"}"),
	  "3: process.execCPUAffinity: CONFIG_EXEC_AFFINITY is not set" },

	{ SCHEDULER(""), "3: process.scheduler.policy: is required" },
	{ SCHEDULER("\"policy\": \"FIFO\""),
	  "3: process.scheduler.policy: unknown value \"FIFO\"" },
	{ SCHEDULER("\"policy\": \"SCHED_ISO\""),
	  "3: process.scheduler.policy: Linux has no SCHED_ISO" },
	{ SCHEDULER("\"policy\": \"SCHED_FIFO\""),
	  "3: process.scheduler.priority: must be from 1 to 99 with this policy" },
	{ SCHEDULER("\"policy\": \"SCHED_RR\", \"priority\": 100"),
	  "3: process.scheduler.priority: must be an integer from 0 to 99, found 100" },
	{ SCHEDULER("\"policy\": \"SCHED_OTHER\", \"priority\": 1"),
	  "3: process.scheduler.priority: needs SCHED_FIFO or SCHED_RR" },
	{ SCHEDULER("\"policy\": \"SCHED_OTHER\", \"nice\": 20"),
	  "3: process.scheduler.nice: must be an integer from -20 to 19, found 20" },
	{ SCHEDULER("\"policy\": \"SCHED_OTHER\", \"deadline\": 1"),
	  "3: process.scheduler.deadline: needs SCHED_DEADLINE" },
	{ SCHEDULER("\"policy\": \"SCHED_DEADLINE\", \"runtime\": 5, \"deadline\": 4"),
	  "3: process.scheduler.runtime: must be positive, and runtime <= deadline <= period" },
	{ SCHEDULER("\"policy\": \"SCHED_OTHER\", \"flags\": [\"SCHED_FLAG_FOO\"]"),
	  "3: process.scheduler.flags[0]: unknown value \"SCHED_FLAG_FOO\"" },

	{ WITH("\"hooks\": []"), "2: hooks: must be an object, found an array" },
	{ HOOK(""), "2: hooks.poststop[1].path: is required" },
	{ HOOK("\"path\": \"true\""),
	  "2: hooks.poststop[1].path: must be an absolute path, found \"true\"" },
	{ HOOK("\"path\": \"/a\", \"timeout\": 0"),
	  "2: hooks.poststop[1].timeout: must be an integer from 1 to 2147483647, found 0" },
	{ HOOK("\"path\": \"/a\", \"timeout\": -1"),
	  "2: hooks.poststop[1].timeout: must be an integer from 1 to 2147483647, found -1" },
	{ HOOK("\"path\": \"/a\", \"env\": [\"A\"]"),
	  "2: hooks.poststop[1].env[0]: must be NAME=VALUE" },
};

static const struct refused linux_parts[] = {
	{ LINUX("\"namespaces\": [{}]"), "3: linux.namespaces[0].type: is required" },
	{ LINUX("\"namespaces\": [{\"type\": \"foo\"}]"),
	  "3: linux.namespaces[0].type: unknown value \"foo\"" },
	{ LINUX("\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"ipc\"},\n"
		"{\"type\": \"pid\", \"path\": \"/proc/1/ns/pid\"}]"),
	  "4: linux.namespaces[2].type: \"pid\" is listed twice" },
	{ LINUX("\"namespaces\": [{\"type\": \"pid\", \"path\": \"proc/1/ns/pid\"}]"),
	  "3: linux.namespaces[0].path: must be an absolute path, found \"proc/1/ns/pid\"" },
	{ LINUX("\"namespaces\": [{\"type\": \"time\"}]"),
	  "3: linux.namespaces[0].type: CONFIG_TIME_NAMESPACE is not set" },
	{ LINUX("\"timeOffsets\": {\"monotonic\": {\"secs\": 1}}"),
	  "3: linux.timeOffsets: CONFIG_TIME_NAMESPACE is not set" },
	{ LINUX("\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 1}]"),
	  "3: linux.uidMappings: needs a user namespace" },
	{ USER_NAMESPACE("\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 1}]"),
	  "2: linux.gidMappings: is required, as the other mapping is given" },
	{ USER_NAMESPACE("\"uidMappings\": [{\"containerID\": 0, \"size\": 1}]"),
	  "4: linux.uidMappings[0].hostID: is required" },
	{ USER_NAMESPACE("\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 0}]"),
	  "4: linux.uidMappings[0].size: must be an integer from 1 to 4294967295, found 0" },
	{ USER_NAMESPACE(
		  "\"gidMappings\": [{\"containerID\": 1, \"hostID\": 0, \"size\": 4294967295}]"),
	  "4: linux.gidMappings[0].size: goes beyond the last id" },
	{ USER_NAMESPACE("\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 10},\n"
			 "{\"containerID\": 9, \"hostID\": 2000, \"size\": 10}],\n"
			 "\"gidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 1}]"),
	  "4: linux.uidMappings: entries 0 and 1 overlap" },
	{ USER_NAMESPACE(
		  "\"gidMappings\": [{\"containerID\": 10, \"hostID\": 1010, \"size\": 10},\n"
		  "{\"containerID\": 0, \"hostID\": 1001, \"size\": 10}],\n"
		  "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 1}]"),
	  "4: linux.gidMappings: entries 0 and 1 overlap" },

	{ DEVICE("\"path\": \"/dev/a\""), "3: linux.devices[0].type: is required" },
	{ DEVICE("\"type\": \"c\", \"major\": 1, \"minor\": 3"),
	  "3: linux.devices[0].path: is required" },
	{ DEVICE("\"path\": \"dev/a\", \"type\": \"c\", \"major\": 1, \"minor\": 3"),
	  "3: linux.devices[0].path: must be an absolute path, found \"dev/a\"" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"a\", \"major\": 1, \"minor\": 3"),
	  "3: linux.devices[0].type: unknown value \"a\"" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"cc\", \"major\": 1, \"minor\": 3"),
	  "3: linux.devices[0].type: unknown value \"cc\"" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"\", \"major\": 1, \"minor\": 3"),
	  "3: linux.devices[0].type: unknown value \"\"" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"b\", \"minor\": 3"),
	  "3: linux.devices[0].major: is required" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"u\", \"major\": 3"),
	  "3: linux.devices[0].minor: is required" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"u\", \"major\": 4096, \"minor\": 0"),
	  "3: linux.devices[0].major: must be an integer from 0 to 4095, found 4096" },
	{ DEVICE("\"path\": \"/dev/a\", \"type\": \"p\", \"fileMode\": 65536"),
	  "3: linux.devices[0].fileMode: must be an integer from 0 to 65535, found 65536" },
	{ LINUX("\"netDevices\": {\"eth0\": {}}"),
	  "3: linux.netDevices: CONFIG_NETDEVICES is not set" },
	{ LINUX("\"cgroupsPath\": \"/a/../../b\""),
	  "3: linux.cgroupsPath: must not contain \"..\"" },
	{ LINUX("\"rootfsPropagation\": \"public\""),
	  "3: linux.rootfsPropagation: unknown value \"public\"" },
	{ LINUX("\"maskedPaths\": [\"/a\",\n\"b\"]"),
	  "4: linux.maskedPaths[1]: must be an absolute path, found \"b\"" },
	{ LINUX("\"readonlyPaths\": [\"\"]"), "3: linux.readonlyPaths[0]: must not be empty" },
	{ LINUX("\"personality\": {}"), "3: linux.personality.domain: is required" },
	{ LINUX("\"personality\": {\"domain\": \"LINUX64\"}"),
	  "3: linux.personality.domain: unknown value \"LINUX64\"" },
	{ LINUX("\"personality\": {\"domain\": \"LINUX\", \"flags\": [\"ADDR_NO_RANDOMIZE\"]}"),
	  "3: linux.personality.flags: is not supported" },
	{ LINUX("\"intelRdt\": {}"), "3: linux.intelRdt: CONFIG_INTEL_RDT is not set" },
	{ LINUX("\"memoryPolicy\": {\"mode\": \"MPOL_DEFAULT\"}"),
	  "3: linux.memoryPolicy: CONFIG_MEMORY_POLICY is not set" },

	{ SYSCTL("\"net.ipv4.ip_forward\": 1"),
	  "4: linux.sysctl[\"net.ipv4.ip_forward\"]: must be a string, found a number" },
	{ SYSCTL("\"kernel.panic\": \"1\""),
	  "4: linux.sysctl[\"kernel.panic\"]: belongs to no namespace, it would change the host" },
	{ SYSCTL("\"kernel/panic\": \"1\""),
	  "4: linux.sysctl.kernel/panic: belongs to no namespace, it would change the host" },
	{ SYSCTL("\"net/../kernel/panic\": \"1\""),
	  "4: linux.sysctl[\"net/../kernel/panic\"]: is no name of a setting" },
	{ SYSCTL("\"net.//.kernel.panic\": \"1\""),
	  "4: linux.sysctl[\"net.//.kernel.panic\"]: is no name of a setting" },
	{ SYSCTL("\"net..ipv4\": \"1\""),
	  "4: linux.sysctl[\"net..ipv4\"]: is no name of a setting" },
	{ SYSCTL("\"/net/ipv4\": \"1\""), "4: linux.sysctl./net/ipv4: is no name of a setting" },
	{ SYSCTL("\"\": \"1\""), "4: linux.sysctl.: must be named like a file" },
	{ SYSCTL("\"kernel.shmmax\": \"1\""),
	  "4: linux.sysctl[\"kernel.shmmax\"]: needs a ipc namespace" },
	{ SYSCTL("\"fs.mqueue.msg_max\": \"1\""),
	  "4: linux.sysctl[\"fs.mqueue.msg_max\"]: needs a ipc namespace" },
	{ WITH("\"hostname\": \"a\", \"linux\": {\"namespaces\": [{\"type\": \"uts\"}],\n"
	       "\"sysctl\": {\"kernel.hostname\": \"b\"}}"),
	  "3: linux.sysctl[\"kernel.hostname\"]: contradicts hostname" },
};

static const struct refused resources[] = {
	{ MEMORY("\"limit\": \"1m\""),
	  "4: linux.resources.memory.limit: must be an integer, found a string" },
	{ MEMORY("\"limit\": -2"),
	  "4: linux.resources.memory.limit: must be an integer from -1 to 9223372036854775807, found -2" },
	{ MEMORY("\"limit\": 9223372036854775808"),
	  "4: linux.resources.memory.limit: must be an integer from -1 to 9223372036854775807, "
	  "found 9223372036854775808" },
	{ MEMORY("\"limit\": 1.0"),
	  "4: linux.resources.memory.limit: must be an integer from -1 to 9223372036854775807, found 1.0" },
	{ MEMORY("\"limit\": null"),
	  "4: linux.resources.memory.limit: must be an integer, found null" },
	{ MEMORY("\"kernel\": true"),
	  "4: linux.resources.memory.kernel: must be an integer, found a boolean" },
	{ MEMORY("\"kernelTCP\": 0.5"),
	  "4: linux.resources.memory.kernelTCP: must be an integer, found 0.5" },
	{ MEMORY("\"swappiness\": 101"),
	  "4: linux.resources.memory.swappiness: must be an integer from 0 to 100, found 101" },
	{ MEMORY("\"useHierarchy\": true"),
	  "4: linux.resources.memory.useHierarchy: is not supported" },
	{ CPU("\"quota\": 999"), "4: linux.resources.cpu.quota: must be -1 or at least 1000" },
	{ CPU("\"period\": 999"),
	  "4: linux.resources.cpu.period: must be an integer from 1000 to 1000000, found 999" },
	{ CPU("\"period\": 1000001"),
	  "4: linux.resources.cpu.period: must be an integer from 1000 to 1000000, found 1000001" },
	{ CPU("\"quota\": 2000, \"burst\": 2001"),
	  "4: linux.resources.cpu.burst: is larger than the quota" },
	{ CPU("\"idle\": 2"),
	  "4: linux.resources.cpu.idle: must be an integer from 0 to 1, found 2" },
	{ CPU("\"cpus\": 1"), "4: linux.resources.cpu.cpus: must be a string, found a number" },
	{ RESOURCES("\"pids\": {}"), "4: linux.resources.pids.limit: is required" },
	{ RESOURCES("\"pids\": {\"limit\": -2}"),
	  "4: linux.resources.pids.limit: must be an integer from -1 to 9223372036854775807, found -2" },
	{ RESOURCES("\"devices\": [{\"access\": \"r\"}]"),
	  "4: linux.resources.devices[0].allow: is required" },
	{ RULE("\"type\": \"p\""), "4: linux.resources.devices[0].type: unknown value \"p\"" },
	{ RULE("\"access\": \"rx\""),
	  "4: linux.resources.devices[0].access: must be made of r, w and m, found \"rx\"" },
	{ RULE("\"major\": -2"),
	  "4: linux.resources.devices[0].major: must be an integer from -1 to 4294967295, found -2" },
	{ RESOURCES("\"blockIO\": {\"weight\": 9}"),
	  "4: linux.resources.blockIO.weight: must be an integer from 10 to 1000, found 9" },
	{ RESOURCES("\"blockIO\": {\"leafWeight\": 10}"),
	  "4: linux.resources.blockIO.leafWeight: is not supported" },
	{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0}]}"),
	  "4: linux.resources.blockIO.weightDevice[0].weight: is required" },
	{ RESOURCES("\"blockIO\": {\"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 0}]}"),
	  "4: linux.resources.blockIO.throttleWriteIOPSDevice[0].rate: is required" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"64kB\", \"limit\": 1}]"),
	  "4: linux.resources.hugepageLimits[0].pageSize: must be like 64KB, 2MB or 1GB, found \"64kB\"" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"MB\", \"limit\": 1}]"),
	  "4: linux.resources.hugepageLimits[0].pageSize: must be like 64KB, 2MB or 1GB, found \"MB\"" },
	{ RESOURCES("\"network\": {\"classID\": 4294967296}"),
	  "4: linux.resources.network.classID: must be an integer from 0 to 4294967295, found 4294967296" },
	{ RESOURCES(
		  "\"network\": {\"priorities\": [{\"name\": \"0123456789abcdef\", \"priority\": 1}]}"),
	  "4: linux.resources.network.priorities[0].name: is no name of an interface" },
	{ RESOURCES("\"unified\": {\"memory.high\": 5}"),
	  "4: linux.resources.unified[\"memory.high\"]: must be a string, found a number" },
	{ RESOURCES("\"unified\": {\"../x\": \"5\"}"),
	  "4: linux.resources.unified[\"../x\"]: must be named like a file" },
};

static const struct refused seccomp[] = {
	{ LINUX("\"seccomp\": {}"), "3: linux.seccomp.defaultAction: is required" },
	{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_FOO\"}"),
	  "3: linux.seccomp.defaultAction: unknown value \"SCMP_ACT_FOO\"" },
	{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}"),
	  "3: linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default" },
	{ SECCOMP("\"defaultErrnoRet\": 1"),
	  "4: linux.seccomp.defaultErrnoRet: goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
	{ SECCOMP("\"architectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_VAX\"]"),
	  "4: linux.seccomp.architectures[1]: unknown value \"SCMP_ARCH_VAX\"" },
	{ SECCOMP("\"flags\": [\"TSYNC\"]"), "4: linux.seccomp.flags[0]: unknown value \"TSYNC\"" },
	{ SECCOMP("\"flags\": [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]"),
	  "4: linux.seccomp.flags: CONFIG_SECCOMP_NOTIFY is not set" },
	{ SECCOMP("\"listenerMetadata\": \"a\""),
	  "4: linux.seccomp.listenerMetadata: needs listenerPath" },
	{ SECCOMP("\"syscalls\": [{\"action\": \"SCMP_ACT_LOG\"}]"),
	  "4: linux.seccomp.syscalls[0].names: is required" },
	{ SECCOMP("\"syscalls\": [{\"names\": [], \"action\": \"SCMP_ACT_LOG\"}]"),
	  "4: linux.seccomp.syscalls[0].names: must have at least one entry" },
	{ SYSCALL("\"errnoRet\": 1"), "4: linux.seccomp.syscalls[0].action: is required" },
	{ SYSCALL("\"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 1"),
	  "4: linux.seccomp.syscalls[0].errnoRet: goes only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
	{ SYSCALL("\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 4096"),
	  "4: linux.seccomp.syscalls[0].errnoRet: must be at most 4095" },
	{ SYSCALL("\"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 65536"),
	  "4: linux.seccomp.syscalls[0].errnoRet: must be an integer from 0 to 65535, found 65536" },
	{ SYSCALL("\"action\": \"SCMP_ACT_NOTIFY\""),
	  "4: linux.seccomp.syscalls[0].action: CONFIG_SECCOMP_NOTIFY is not set" },
	{ SYSCALL("\"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]"),
	  "4: linux.seccomp.syscalls[0].args[0].index: must be an integer from 0 to 5, found 6" },
	{ SYSCALL("\"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": 0, \"value\": 0, \"op\": \"EQ\"}]"),
	  "4: linux.seccomp.syscalls[0].args[0].op: unknown value \"EQ\"" },
	{ SYSCALL("\"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": 0, \"op\": \"SCMP_CMP_EQ\"}]"),
	  "4: linux.seccomp.syscalls[0].args[0].value: is required" },
};

static void check_message(const char *expected)
{
	const struct error *error = error_last();
	const char *property = strstr(expected, ": ") + 2, *end = strstr(property, ": ");

	assert_memory_equal(error->text, "config.json:", 12);
	assert_string_equal(error->text + 12, expected);
	/* The same path again, for the log in JSON. */
	assert_int_equal(strlen(error->property), end ? end - property : 0);
	assert_memory_equal(error->property, property, end ? (size_t)(end - property) : 0);
	assert_int_equal(error->code,
			 strstr(expected, "CONFIG_") ? ERROR_UNSUPPORTED : ERROR_CONFIG);
}

static void check_refused(const struct refused *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_arena struct arena arena = { 0 };

		error_clear();
		if (spec_parse(&arena, cases[i].text, strlen(cases[i].text), "config.json"))
			fail_msg("accepted: %s", cases[i].text);
		assert_true(error_last()->text[0]);
		if (cases[i].message)
			check_message(cases[i].message);
	}
}

#define CHECK(name, cases) \
	static void name(void **state) \
	{ \
		(void)state; \
		check_refused(cases, sizeof(cases) / sizeof(*cases)); \
	}

CHECK(refuses_documents, documents)
CHECK(refuses_processes, processes)
CHECK(refuses_linux_parts, linux_parts)
CHECK(refuses_resources, resources)
CHECK(refuses_seccomp, seccomp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_documents),   cmocka_unit_test(refuses_processes),
		cmocka_unit_test(refuses_linux_parts), cmocka_unit_test(refuses_resources),
		cmocka_unit_test(refuses_seccomp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
