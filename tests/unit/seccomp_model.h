/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the filters: profiles, an interpreter of classic BPF, and libseccomp's plain
 * list as a reference. */
#ifndef TESTS_UNIT_SECCOMP_MODEL_H
#define TESTS_UNIT_SECCOMP_MODEL_H

#include <cJSON.h>
#include <errno.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before cmocka, which has a macro fail(). */
#include "lib/error.h"

#include <cmocka.h>

#include "runtime/seccomp/internal.h"
#include "runtime/spec/spec.h"

enum { MODEL_CALLS = 256, MODEL_NAMES = 512 };

struct model {
	struct spec_seccomp profile;
	struct spec_syscall calls[MODEL_CALLS];
	struct spec_syscall_arg args[MODEL_CALLS][6];
	const char *names[MODEL_CALLS * MODEL_NAMES];
	size_t name_count;
	const char *arches[8];
	cJSON *document;
	char *text;
};

static inline void model_reset(struct model *model)
{
	cJSON_Delete(model->document);
	free(model->text);
	memset(model, 0, sizeof(*model));
	model->profile.present = true;
	model->profile.syscalls = model->calls;
	model->profile.architectures.items = model->arches;
	model->profile.source = "";
}

static inline struct spec_syscall *model_call(struct model *model, enum spec_seccomp_action action,
					      uint32_t errno_ret)
{
	struct spec_syscall *call = &model->calls[model->profile.syscall_count];

	assert_true(model->profile.syscall_count < MODEL_CALLS);
	call->names.items = model->names + model->name_count;
	call->names.present = true;
	call->action = action;
	call->errno_ret = errno_ret;
	call->args = model->args[model->profile.syscall_count++];
	return call;
}

static inline void model_name(struct model *model, struct spec_syscall *call, const char *name)
{
	assert_true(model->name_count < MODEL_CALLS * MODEL_NAMES);
	model->names[model->name_count++] = name;
	call->names.count++;
}

static inline void model_arg(struct spec_syscall *call, uint32_t index, int op, uint64_t value,
			     uint64_t value_two)
{
	call->args[call->arg_count++] = (struct spec_syscall_arg){ index, value, value_two, op };
}

static inline void model_arch(struct model *model, const char *name)
{
	model->arches[model->profile.architectures.count++] = name;
}

static inline enum spec_seccomp_action model_action(const char *name)
{
	static const char *const names[] = { "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS",
					     "SCMP_ACT_TRAP",	     "SCMP_ACT_ERRNO",
					     "SCMP_ACT_TRACE",	     "SCMP_ACT_ALLOW",
					     "SCMP_ACT_LOG" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum spec_seccomp_action)i;
	fail_msg("no action %s", name);
	return 0;
}

/* A profile as it stands in config.json. Loose: the tests of the reader are elsewhere. */
static inline void model_read(struct model *model, const char *path)
{
	static const char *const ops[] = { "",
					   "SCMP_CMP_NE",
					   "SCMP_CMP_LT",
					   "SCMP_CMP_LE",
					   "SCMP_CMP_EQ",
					   "SCMP_CMP_GE",
					   "SCMP_CMP_GT",
					   "SCMP_CMP_MASKED_EQ" };
	FILE *file = fopen(path, "r");
	const cJSON *item, *name, *number;

	model_reset(model);
	assert_non_null(file);
	model->text = calloc(1, 1 << 20);
	assert_true(fread(model->text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	model->document = cJSON_Parse(model->text);
	assert_non_null(model->document);
	model->profile.source = model->text;
	model->profile.source_size = strlen(model->text);
	model->profile.default_action =
		model_action(cJSON_GetObjectItem(model->document, "defaultAction")->valuestring);
	number = cJSON_GetObjectItem(model->document, "defaultErrnoRet");
	model->profile.default_errno_ret = number ? (uint32_t)number->valueint : EPERM;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(model->document, "architectures"))
		model_arch(model, item->valuestring);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(model->document, "syscalls"))
	{
		const cJSON *arg;
		struct spec_syscall *call =
			model_call(model,
				   model_action(cJSON_GetObjectItem(item, "action")->valuestring),
				   EPERM);

		number = cJSON_GetObjectItem(item, "errnoRet");
		if (number)
			call->errno_ret = (uint32_t)number->valueint;
		cJSON_ArrayForEach(name, cJSON_GetObjectItem(item, "names"))
			model_name(model, call, name->valuestring);
		cJSON_ArrayForEach(arg, cJSON_GetObjectItem(item, "args"))
		{
			const cJSON *two = cJSON_GetObjectItem(arg, "valueTwo");
			int op = 1;

			while (strcmp(ops[op], cJSON_GetObjectItem(arg, "op")->valuestring) != 0)
				op++;
			model_arg(call, (uint32_t)cJSON_GetObjectItem(arg, "index")->valueint, op,
				  (uint64_t)cJSON_GetObjectItem(arg, "value")->valuedouble,
				  two ? (uint64_t)two->valuedouble : 0);
		}
	}
}

/* What a filter answers. Fails the test on an instruction that the kernel would not take. */
static inline uint32_t bpf_run(const struct sock_filter *filter, size_t count,
			       const struct seccomp_data *data)
{
	uint32_t accumulator = 0, word;
	size_t at = 0;

	for (;;) {
		const struct sock_filter *in = &filter[at];
		bool jump;

		assert_true(at < count);
		at++;
		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(in->k % 4 == 0 && in->k < sizeof(*data));
			memcpy(&word, (const char *)data + in->k, sizeof(word));
			accumulator = word;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= in->k;
			continue;
		case BPF_JMP | BPF_JA:
			at += in->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = accumulator == in->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			jump = accumulator > in->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			jump = accumulator >= in->k;
			break;
		case BPF_RET | BPF_K:
			return in->k;
		default:
			fail_msg("instruction %zu: code 0x%x", at - 1, in->code);
			return 0;
		}
		at += jump ? in->jt : in->jf;
	}
}

/* libseccomp's list for the profile, made with as little of our own code as can be. */
static inline size_t model_reference(const struct model *model, const struct arch_set *set,
				     struct sock_filter *out, size_t room)
{
	const struct spec_seccomp *profile = &model->profile;
	uint32_t default_action =
		compile_action(profile->default_action, profile->default_errno_ret);
	scmp_filter_ctx context = seccomp_init(default_action);
	int fd = memfd_create("reference", MFD_CLOEXEC);
	ssize_t size;

	assert_non_null(context);
	assert_int_equal(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
			 0);
	for (size_t i = 1; i < set->count; i++)
		assert_int_equal(seccomp_arch_add(context, set->tokens[i]), 0);
	for (size_t i = 0; i < profile->syscall_count; i++) {
		const struct spec_syscall *call = &profile->syscalls[i];
		uint32_t action = compile_action(call->action, call->errno_ret);
		unsigned int uses[6] = { 0 };
		bool twice = false;

		for (size_t j = 0; j < call->arg_count; j++)
			twice |= ++uses[call->args[j].index] > 1;
		for (size_t n = 0; n < call->names.count && action != default_action; n++) {
			int number = seccomp_syscall_resolve_name(call->names.items[n]);
			struct scmp_arg_cmp all[6];

			if (number == __NR_SCMP_ERROR)
				continue;
			for (size_t j = 0; j < call->arg_count; j++)
				all[j] = (struct scmp_arg_cmp){ call->args[j].index,
								(enum scmp_compare)call->args[j].op,
								call->args[j].value,
								call->args[j].value_two };
			if (!twice)
				seccomp_rule_add_array(context, action, number,
						       (unsigned int)call->arg_count, all);
			for (size_t j = 0; j < call->arg_count && twice; j++)
				seccomp_rule_add_array(context, action, number, 1, &all[j]);
		}
	}
	assert_int_equal(seccomp_export_bpf(context, fd), 0);
	seccomp_release(context);
	size = pread(fd, out, room * sizeof(*out), 0);
	assert_true(size > 0 && (size_t)size < room * sizeof(*out));
	close(fd);
	return (size_t)size / sizeof(*out);
}

#endif
