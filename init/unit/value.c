/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a unit file: texts, times, sizes, numbers, signals. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "init/unit/read.h"
#include "lib/json.h"
#include "lib/listen.h"
#include "lib/str.h"

enum { WORD_MAX = 16 };

static const char mips_signals[] =
	"|HUP|INT|QUIT|ILL|TRAP|ABRT|EMT|FPE|KILL|BUS|SEGV|SYS|PIPE|ALRM|TERM|USR1|USR2|CHLD|PWR|"
	"WINCH|URG|IO|STOP|TSTP|CONT|TTIN|TTOU|VTALRM|PROF|XCPU|XFSZ";
static const char signals[] =
	"|HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|"
	"STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|PWR|SYS";

bool unit_is_string(const struct frame *frame)
{
	return cJSON_IsString(frame->node) || unit_problem(frame, NULL, "must be a string");
}

/* ---- words ---- */

/* The place of `word` among the words that '|' separates, or -1. */
static int place_of(const char *words, const char *word)
{
	const size_t length = strlen(word);

	if (!length || strchr(word, '|'))
		return -1;
	for (int place = 0; words; place++) {
		if (strncmp(words, word, length) == 0 && strchr("|", words[length]))
			return place;
		words = strchr(words, '|');
		words += words != NULL;
	}
	return -1;
}

bool unit_read_choice(const struct frame *frame, enum unit_choice choice, uint32_t *word)
{
	const char *words = unit_choice_words(choice);
	int place;

	if (!unit_is_string(frame))
		return false;
	place = place_of(words, frame->node->valuestring);
	if (place < 0)
		return unit_problem(frame, NULL, "must be one of %s, found \"%.40s\"",
				    words + (*words == '|'), frame->node->valuestring);
	*word = (uint32_t)place;
	return true;
}

/* "SIGTERM", "SIGRTMIN+3": the number that the kernel of the target gives it. */
int unit_signal(const struct set *set, const char *name)
{
	uint32_t above = 0;
	int number;

	if (!str_has_prefix(name, "SIG"))
		return -1;
	name += 3;
	if (str_has_prefix(name, "RTMIN+"))
		return str_uint32(name + 6, &above) && above <= 30 ? 34 + (int)above : -1;
	number = place_of(set->like_mips ? mips_signals : signals, name);
	return number > 0 ? number : -1;
}

static bool read_signal(const struct frame *frame, uint32_t *word)
{
	int number;

	if (!unit_is_string(frame))
		return false;
	number = unit_signal(frame->set, frame->node->valuestring);
	if (number < 0)
		return unit_problem(frame, NULL, "\"%.40s\" is not the name of a signal",
				    frame->node->valuestring);
	*word = (uint32_t)number;
	return true;
}

/* ---- numbers ---- */

/* Leading digits; false if there are none, or too many. */
static bool read_digits(const char **text, uint64_t *value)
{
	const char *start = *text;

	for (*value = 0; **text >= '0' && **text <= '9' && *text - start < 12; ++*text)
		*value = *value * 10 + (uint64_t)(**text - '0');
	return *text > start;
}

/* "500ms", "20s", "5m", "2h" in milliseconds. */
static bool time_of(const char *text, uint64_t *value)
{
	if (!read_digits(&text, value))
		return false;
	if (strcmp(text, "ms") == 0)
		return true;
	*value *= 1000;
	if (*text == 'm' || *text == 'h')
		*value *= *text == 'm' ? 60 : 3600;
	else if (*text != 's')
		return false;
	return !text[1];
}

/* "4096", "64K", "8M", "1G" in bytes. */
static bool size_of(const char *text, uint64_t *value)
{
	if (!read_digits(&text, value))
		return false;
	for (const char *unit = *text ? "KMG" : ""; *unit; unit++) {
		*value <<= 10;
		if (*unit == *text)
			return !text[1];
	}
	return !*text;
}

static bool out_of_bounds(const struct frame *frame, const struct unit_property *property)
{
	struct unit_limits limits = unit_ranges[property->detail];
	const char *least = "", *most = "";

	if (property->kind == KIND_TIME) {
		least = "ms";
		most = "h";
		limits.maximum /= 3600 * 1000;
	} else if (property->kind == KIND_SECONDS) {
		least = most = "s";
	} else if (property->kind != KIND_NUMBER) {
		least = most = "K";
		limits.minimum >>= property->kind == KIND_SIZE ? 10 : 0;
		limits.maximum >>= property->kind == KIND_SIZE ? 10 : 0;
	}
	return unit_problem(frame, NULL, "must be from %u%s to %u%s, found %.40s",
			    (unsigned int)limits.minimum, least, (unsigned int)limits.maximum, most,
			    frame->node->valuestring);
}

/* KIND_NUMBER, _TIME, _SECONDS, _SIZE, _KIB */
static bool read_number(const struct frame *frame, const struct unit_property *property,
			uint32_t *word)
{
	const struct unit_limits limits = unit_ranges[property->detail];
	const char *text;
	uint64_t value;

	if (property->kind == KIND_NUMBER) {
		if (!cJSON_IsNumber(frame->node))
			return unit_problem(frame, NULL, "must be a number");
		if (!json_uint64(frame->node, &value))
			return out_of_bounds(frame, property);
	} else if (!unit_is_string(frame)) {
		return false;
	} else if (property->kind == KIND_SIZE || property->kind == KIND_KIB) {
		text = frame->node->valuestring;
		if (!size_of(text, &value))
			return unit_problem(frame, NULL,
					    "must be a size such as \"64K\" or \"8M\", "
					    "found \"%.40s\"",
					    text);
		if (property->kind == KIND_KIB)
			value >>= 10;
	} else {
		text = frame->node->valuestring;
		if (limits.maximum == PLAN_FOREVER && strcmp(text, "never") == 0) {
			*word = PLAN_FOREVER;
			return true;
		}
		if (!time_of(text, &value))
			return unit_problem(frame, NULL,
					    "must be a time such as \"500ms\", \"20s\", \"5m\" or "
					    "\"2h\", found \"%.40s\"",
					    text);
		if (property->kind == KIND_SECONDS)
			value /= 1000;
	}
	if (value < limits.minimum || value > limits.maximum)
		return out_of_bounds(frame, property);
	*word = (uint32_t)value;
	return true;
}

/* 2 or 1.5: in hundredths, from 1 to 100. */
static bool read_factor(const struct frame *frame, uint32_t *word)
{
	const char *text = cJSON_IsNumber(frame->node) ? frame->node->valuestring : "";
	uint64_t whole = 0, part = 0;
	bool good = read_digits(&text, &whole);

	if (good && *text == '.') {
		const char *start = ++text;

		good = read_digits(&text, &part) && text - start <= 2;
		if (text - start == 1)
			part *= 10;
	}
	if (!good || *text || whole < 1 || whole > 100)
		return unit_problem(frame, NULL, "must be a number from 1 to 100, as 2 or 1.5");
	*word = (uint32_t)(whole * 100 + part);
	return true;
}

bool unit_read_status(const struct frame *frame, uint32_t *word)
{
	static const struct unit_property status = { .kind = KIND_NUMBER, .detail = RANGE_STATUS };

	if (cJSON_IsNumber(frame->node))
		return read_number(frame, &status, word);
	if (!read_signal(frame, word))
		return false;
	*word += 128;
	return true;
}

/* "200/10s", "none" */
static bool read_rate(const struct frame *frame, uint32_t words[2])
{
	const char *text;
	uint64_t lines, interval;

	if (!unit_is_string(frame))
		return false;
	text = frame->node->valuestring;
	if (strcmp(text, "none") == 0) {
		words[0] = words[1] = 0;
		return true;
	}
	if (!read_digits(&text, &lines) || *text++ != '/' || !time_of(text, &interval) || !lines ||
	    lines > 1000000 || !interval || interval > 3600000)
		return unit_problem(frame, NULL,
				    "must be lines per time such as \"200/10s\", or \"none\"");
	words[0] = (uint32_t)lines;
	words[1] = (uint32_t)interval;
	return true;
}

static bool read_mode(const struct frame *frame, uint32_t *word)
{
	const char *text = cJSON_IsString(frame->node) ? frame->node->valuestring : "";
	const size_t length = strlen(text);

	*word = 0;
	if (length < 3 || length > 5 || text[strspn(text, "01234567")] ||
	    (length == 5 && *text != '0'))
		return unit_problem(frame, NULL, "must be a mode in octal digits such as \"0755\"");
	for (; *text; text++)
		*word = *word << 3 | (uint32_t)(*text - '0');
	return true;
}

/* "1000", "1000:100": the group is the user's number if it is not given. */
static bool read_user(const struct frame *frame, uint32_t words[2])
{
	const char *text = cJSON_IsString(frame->node) ? frame->node->valuestring : "";
	uint64_t ids[2] = { 0 };
	bool good = read_digits(&text, &ids[0]);

	ids[1] = ids[0];
	if (good && *text == ':') {
		text++;
		good = read_digits(&text, &ids[1]);
	}
	if (!good || *text || ids[0] >= UINT32_MAX || ids[1] >= UINT32_MAX)
		return unit_problem(frame, NULL,
				    "must be numbers such as \"1000\" or \"1000:100\"");
	words[0] = (uint32_t)ids[0];
	words[1] = (uint32_t)ids[1];
	return true;
}

/* ---- texts ---- */

/* An address of `length` bytes; its family, or 0. */
static int family_of(const char *text, size_t length)
{
	unsigned char binary[sizeof(struct in6_addr)];
	char address[INET6_ADDRSTRLEN];
	int family;

	if (length >= sizeof(address))
		return 0;
	memcpy(address, text, length);
	address[length] = '\0';
	family = strchr(address, ':') ? AF_INET6 : AF_INET;
	return inet_pton(family, address, binary) == 1 ? family : 0;
}

static bool is_prefix(const char *text)
{
	const char *slash = strchrnul(text, '/');
	const int family = family_of(text, (size_t)(slash - text));
	uint32_t length;

	return family && *slash && str_uint32(slash + 1, &length) &&
	       length <= (family == AF_INET ? 32 : 128);
}

/* "/dev/log", "udp:10.0.0.1:514", "udp:[fd00::1]:514" */
static bool is_syslog(const char *text)
{
	const char *end = strrchr(text, ':');
	uint32_t port;

	if (*text == '/')
		return strlen(text) < 108; /* sun_path of unix(7) */
	if (!str_has_prefix(text, "udp:") || end < text + 4 || !str_uint32(end + 1, &port) ||
	    !port || port > 65535)
		return false;
	text += 4;
	if (*text == '[' && end[-1] == ']')
		return end > text + 2 && family_of(text + 1, (size_t)(end - text) - 2) == AF_INET6;
	return family_of(text, (size_t)(end - text)) == AF_INET;
}

/* "0.0.0.0:80", "[::1]:80": the address's length, with `*text` at its beginning; 0: neither. */
static size_t split_port(const char **text, uint32_t *port)
{
	const char *end = strrchr(*text, ':');
	int family = AF_INET;
	size_t length;

	if (!end || !str_uint32(end + 1, port) || !*port || *port > 65535)
		return 0;
	length = (size_t)(end - *text);
	if (**text == '[' && length > 2 && end[-1] == ']') {
		++*text;
		length -= 2;
		family = AF_INET6;
	}
	return family_of(*text, length) == family ? length : 0;
}

/* In memory: PID 1 makes it, who never writes to a disk. */
static bool is_socket_path(const char *text)
{
	if (strlen(text) >= 108) /* sun_path of unix(7) */
		return false;
	if (*text == '@')
		return text[1];
	if (!str_has_prefix(text, "/run/"))
		return false;
	for (; text; text = strchr(text + 1, '/'))
		if (strchr("/", text[1]) || (text[1] == '.' && strchr("/", text[2])) ||
		    (text[1] == '.' && text[2] == '.' && strchr("/", text[3])))
			return false;
	return true;
}

/* "tcp:0.0.0.0:80", "udp:[::1]:53", "unix:/run/x": kind, address and port. */
static bool read_socket(const struct frame *frame, uint32_t words[3])
{
	static const char kinds[] = "tcp|udp|unix|unixgram|unixpacket"; /* enum listen_kind */
	const char *text, *address;
	char kind[WORD_MAX];
	size_t length = 0;
	int place;

	if (!unit_is_string(frame))
		return false;
	text = frame->node->valuestring;
	address = strchrnul(text, ':');
	snprintf(kind, sizeof(kind), "%.*s", (int)(address - text), text);
	place = *address++ ? place_of(kinds, kind) : -1;
	words[2] = 0;
	if (place >= LISTEN_UNIX)
		length = is_socket_path(address) ? strlen(address) : 0;
	else if (place >= 0)
		length = split_port(&address, &words[2]);
	if (!length)
		return unit_problem(frame, NULL,
				    "must be tcp:ADDRESS:PORT, udp:ADDRESS:PORT, or unix:, "
				    "unixgram: or unixpacket: with a path below /run or @NAME, "
				    "found \"%.60s\"",
				    text);
	words[0] = (uint32_t)place;
	words[1] = pool_text(&frame->set->pool, address, length);
	return true;
}

/* Of `most` bytes at most, all of them letters, digits or in `others`. */
static bool is_plain(const char *text, size_t most, const char *others)
{
	const size_t length = strlen(text);

	for (; *text; text++)
		if (!(*text >= '0' && *text <= '9') &&
		    !((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z') && !strchr(others, *text))
			return false;
	return length > 0 && length <= most;
}

static bool is_line(const char *text)
{
	const char *at = text;

	while ((unsigned char)*at >= ' ' && *at != 0x7f)
		at++;
	return at > text && !*at;
}

const char *unit_text_is_wrong(const char *text, enum unit_text rule)
{
	switch (rule) {
	case TEXT_ANY:
		return NULL;
	case TEXT_NONEMPTY:
		return *text ? NULL : "must not be empty";
	case TEXT_LINE:
		return is_line(text) ? NULL : "must be one line, not empty";
	case TEXT_PATH:
		return *text == '/' && strlen(text) < 4096 ? NULL : "must be an absolute path";
	case TEXT_NAME:
		return plan_is_name(text) ?
			       NULL :
			       "must be a name: letters, digits, '_', '.', '-', at most "
			       "63, the first a letter or digit";
	case TEXT_HOST:
		return is_plain(text, 64, ".-") ? NULL : "must be a host name";
	case TEXT_INTERFACE:
		return is_plain(text, 15, "_.-") && *text != '.' ? NULL :
								   "must be the name of a network "
								   "interface, at most 15 bytes";
	case TEXT_ADDRESS:
		return family_of(text, strlen(text)) ? NULL : "must be an IPv4 or IPv6 address";
	case TEXT_ROUTE:
		if (strcmp(text, "default") == 0)
			return NULL;
		/* fallthrough */
	case TEXT_PREFIX:
		return is_prefix(text) ? NULL :
					 "must be an address and its prefix's length, as in "
					 "\"10.1.2.3/24\"";
	default:
		return is_syslog(text) ? NULL : "must be a socket's path or udp:ADDRESS:PORT";
	}
}

bool unit_read_text(const struct frame *frame, enum unit_text rule, uint32_t *word)
{
	const char *text, *wrong;

	if (!unit_is_string(frame))
		return false;
	text = frame->node->valuestring;
	wrong = unit_text_is_wrong(text, rule);
	if (wrong)
		return unit_problem(frame, NULL, "%s, found \"%.40s\"", wrong, text);
	*word = pool_text(&frame->set->pool, text, strlen(text));
	return true;
}

bool unit_read_condition(const struct frame *frame, uint32_t *word)
{
	/* In the order of enum condition_kind; the board is no matter of units. */
	static const char kinds[] = "|path|cmdline|model|interface|mount|clock|flag";
	const char *text, *argument;
	char kind[WORD_MAX] = "";
	int place;

	if (!unit_is_string(frame))
		return false;
	text = frame->node->valuestring;
	*word = *text == '!' ? CONDITION_NOT : 0;
	text += *text == '!';
	argument = strchr(text, ':');
	snprintf(kind, sizeof(kind), "%.*s", argument ? (int)(argument - text) : WORD_MAX, text);
	place = place_of(kinds, kind);
	if (place <= 0 || (place == CONDITION_CLOCK) != !argument || (argument && !argument[1]) ||
	    (place == CONDITION_FLAG && !plan_is_name(argument + 1)) ||
	    ((place == CONDITION_PATH || place == CONDITION_MOUNT) && argument[1] != '/'))
		return unit_problem(frame, NULL,
				    "must be a condition: path:/PATH, cmdline:WORD, model:TEXT, "
				    "interface:NAME, mount:/PATH, clock or flag:NAME, found "
				    "\"%.40s\"",
				    frame->node->valuestring);
	*word |= unit_condition(frame, (uint32_t)place, argument ? argument + 1 : NULL);
	return true;
}

bool unit_read_scalar(const struct frame *frame, const struct unit_property *property,
		      uint32_t *words)
{
	switch (property->kind) {
	case KIND_BOOL:
		*words = cJSON_IsTrue(frame->node);
		return cJSON_IsBool(frame->node) ||
		       unit_problem(frame, NULL, "must be true or false");
	case KIND_TEXT:
		return unit_read_text(frame, property->detail, words);
	case KIND_CHOICE:
		return unit_read_choice(frame, property->detail, words);
	case KIND_SIGNAL:
		return read_signal(frame, words);
	case KIND_FACTOR:
		return read_factor(frame, words);
	case KIND_RATE:
		return read_rate(frame, words);
	case KIND_MODE:
		return read_mode(frame, words);
	case KIND_USER:
		return read_user(frame, words);
	case KIND_SOCKET:
		return read_socket(frame, words);
	default:
		return read_number(frame, property, words);
	}
}
