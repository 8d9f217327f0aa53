/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/fault.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocol/sync-socket.h"

#define STRING(number)	  STRING_OF(number)
#define STRING_OF(number) #number
#define OVERSIZE	  STRING(1048577)
#define NAME_64		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define NAME_512	  NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64
#define NAME_4096	  NAME_512 NAME_512 NAME_512 NAME_512 NAME_512 NAME_512 NAME_512 NAME_512
#define MESSAGE_STEP	  "send packet {\"type\":\"%T\",\"flags\":%F%A}\n"
#define FILE_STEP	  "send files 1 " FAULT_SOURCE "\n"

_Static_assert(RTI_SYNC_PACKET_MAX == 1048576, "OVERSIZE is one byte more");
_Static_assert(sizeof(NAME_4096) - 1 == RTI_SYNC_FD_NAME_MAX + 1, "NAME_4096 is one byte too long");

/* In @steps, %T stands for the name of the message, %A for `,"arg":...`, and %F for its flags. */
struct fault {
	const char *name;
	const char *steps;
	const char *text;
};

static const struct fault no_messages[] = {
	{ "not-json", "send packet hello\n", "unmarshal sync" },
	{ "not-utf8", "send packet \\xff\\xfe\\x00\n", "unmarshal sync" },
	{ "array", "send packet []\n", "" },
	{ "number", "send packet 7\n", "" },
	{ "null", "send packet null\n", "" },
	{ "brace", "send packet {\n", "unmarshal sync" },
	{ "type-number", "send packet {\"type\":7,\"flags\":0}\n", "" },
	{ "type-missing", "send packet {\"flags\":0}\n", "" },
	{ "file-alone", "send files 1 /dev/null\n", "" },
	{ "files-alone", "send files 253 /dev/null\n", "" },
};

static const struct fault any_message[] = {
	{ "truncated", "send packet {\"type\":\"%T\",\"flags\":%F%A\n", "" },
	{ "trailing", "send packet {\"type\":\"%T\",\"flags\":%F%A}{}\n", "" },
	{ "flags-text", "send packet {\"type\":\"%T\",\"flags\":\"0\"%A}\n", "" },
	{ "flags-negative", "send packet {\"type\":\"%T\",\"flags\":-1%A}\n", "" },
	{ "oversized", "send padded " OVERSIZE " %T\n", "larger than" },
	{ "attached", "send attached %T\n", "" },
};

/* For messages that no file goes with. */
static const struct fault without_file[] = {
	{ "file-announced", "send packet {\"type\":\"%T\",\"flags\":1%A}\n", "" },
	{ "file-surplus", "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 1 /dev/null\n",
	  "" },
};

static const struct fault with_file[] = {
	{ "file-unannounced", "send packet {\"type\":\"%T\",\"flags\":0%A}\n" FILE_STEP,
	  "response missing attached fd" },
	{ "file-missing", "send packet {\"type\":\"%T\",\"flags\":1%A}\nclose sync\n", "" },
	{ "file-empty", "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend empty\n", "" },
	{ "file-none",
	  "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 0 " FAULT_SOURCE "\n",
	  "recvfd: number of SCMs is not 1: 0" },
	{ "file-two",
	  "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 2 " FAULT_SOURCE "\n",
	  "recvfd: number of fds is not 1: 2" },
	{ "file-many",
	  "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 253 " FAULT_SOURCE "\n",
	  "recvfd: number of fds is not 1: 253" },
	{ "file-name-wrong",
	  "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 1 /dev/null\n",
	  "doesn't match requested mount configuration" },
	{ "file-name-none", "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 1\n", "" },
	{ "file-name-long",
	  "send packet {\"type\":\"%T\",\"flags\":1%A}\nsend files 1 " NAME_4096 "\n",
	  "recvfile: incorrect number of bytes read (n=4096" },
	{ "file-unfit", "send packet {\"type\":\"%T\",\"flags\":1%A}\n" FILE_STEP, "" },
	{ "file-not-detached",
	  "send packet {\"type\":\"%T\",\"flags\":1,\"arg\":{\"type\":\"open_tree\"}}\n" FILE_STEP,
	  "" },
};

/* What an argument may not be, by what it has to be. */
static const struct argument {
	enum rti_sync_arg kind;
	const char *name;
	const char *arg;
	const char *text;
} arguments[] = {
	{ RTI_SYNC_ARG_NONE, "arg-surplus", ",\"arg\":1", "had unexpected argument passed" },
	{ RTI_SYNC_ARG_NONE, "arg-object", ",\"arg\":{}", "had unexpected argument passed" },
	{ RTI_SYNC_ARG_ERROR, "arg-missing", "", "" },
	{ RTI_SYNC_ARG_ERROR, "arg-null", ",\"arg\":null", "" },
	{ RTI_SYNC_ARG_ERROR, "arg-number", ",\"arg\":7", "" },
	{ RTI_SYNC_ARG_ERROR, "arg-empty", ",\"arg\":{}", "" },
	{ RTI_SYNC_ARG_MOUNT, "arg-missing", "", "missing an argument" },
	{ RTI_SYNC_ARG_MOUNT, "arg-null", ",\"arg\":null", "missing an argument" },
	{ RTI_SYNC_ARG_MOUNT, "arg-number", ",\"arg\":7", "passed invalid mount arg" },
	{ RTI_SYNC_ARG_MOUNT, "arg-empty", ",\"arg\":{}", "only bind-mounts are supported" },
	{ RTI_SYNC_ARG_MOUNT, "arg-not-bind",
	  ",\"arg\":{\"source\":\"proc\",\"destination\":\"/proc\",\"device\":\"proc\"}",
	  "only bind-mounts are supported" },
	{ RTI_SYNC_ARG_MOUNT, "arg-foreign",
	  ",\"arg\":{\"source\":\"/etc\",\"destination\":\"/mnt\","
	  "\"device\":\"bind\",\"flags\":4096}",
	  "the container has no such mount of \"/etc\"" },
	{ RTI_SYNC_ARG_MOUNT_FD, "arg-missing", "", "" },
	{ RTI_SYNC_ARG_MOUNT_FD, "arg-null", ",\"arg\":null", "" },
	{ RTI_SYNC_ARG_MOUNT_FD, "arg-number", ",\"arg\":7", "" },
	{ RTI_SYNC_ARG_NUMBER, "arg-missing", "", "missing an argument" },
	{ RTI_SYNC_ARG_NUMBER, "arg-null", ",\"arg\":null", "missing an argument" },
	{ RTI_SYNC_ARG_NUMBER, "arg-text", ",\"arg\":\"0\"", "passed invalid fd arg" },
	{ RTI_SYNC_ARG_NUMBER, "arg-fraction", ",\"arg\":0.5", "passed invalid fd arg" },
	{ RTI_SYNC_ARG_NUMBER, "arg-huge", ",\"arg\":4294967296", "" },
	{ RTI_SYNC_ARG_NUMBER, "arg-negative", ",\"arg\":-1", "" },
	{ RTI_SYNC_ARG_NUMBER, "arg-closed", ",\"arg\":1000000", "bad file descriptor" },
};

static const char *const good_args[] = {
	[RTI_SYNC_ARG_NONE] = "",
	[RTI_SYNC_ARG_ERROR] = ",\"arg\":{\"message\":\"the peer gives up\"}",
	[RTI_SYNC_ARG_MOUNT] = ",\"arg\":{}",
	/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) ; one text of two pieces */
	[RTI_SYNC_ARG_MOUNT_FD] = ",\"arg\":" RTI_SYNC_MOUNT_FD_PLAIN,
	[RTI_SYNC_ARG_NUMBER] = ",\"arg\":0",
};

struct faults {
	enum rti_sync_type type;
	int (*handle)(const void *data, const char *name, enum case_outcome outcome,
		      const char *text, const char *lie, struct rti_error *err);
	const void *data;
};

static void fill_in(const char *form, enum rti_sync_type type, const char *arg, char *ret,
		    size_t size)
{
	const struct rti_sync_info *info = rti_sync_info(type);
	size_t used = 0;

	for (; *form && used + 1 < size; form++) {
		const char *piece = NULL;

		if (form[0] == '%' && form[1] == 'T')
			piece = info->name;
		else if (form[0] == '%' && form[1] == 'A')
			piece = arg;
		else if (form[0] == '%' && form[1] == 'F')
			piece = info->fd ? "1" : "0";
		if (!piece) {
			ret[used++] = *form;
			continue;
		}
		used += (size_t)snprintf(ret + used, size - used, "%s", piece);
		form++;
	}
	ret[used] = '\0';
}

static int emit(const struct faults *faults, const struct fault *fault, const char *arg,
		struct rti_error *err)
{
	enum case_outcome outcome = CASE_REFUSED;
	const char *text = fault->text;
	char name[96], lie[8192];

	fill_in(fault->steps, faults->type, arg, lie, sizeof(lie));
	snprintf(name, sizeof(name), "%s%s%s", fault->name, faults->type ? "." : "",
		 rti_sync_info(faults->type)->name);
	/*
	 * The last answer is read with the seccomp filter in place, which may forbid recvmsg(2):
	 * the kernel drops the fd, and nobody learns of it.
	 */
	if (faults->type == RTI_SYNC_PROC_SECCOMP_DONE && strcmp(fault->name, "attached") == 0) {
		outcome = CASE_ACCEPTED;
		text = "";
	}
	return faults->handle(faults->data, name, outcome, text, lie, err);
}

static int emit_all(const struct faults *faults, const struct fault *items, size_t count,
		    struct rti_error *err)
{
	const char *arg = good_args[rti_sync_info(faults->type)->arg];
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = emit(faults, &items[i], arg, err);
	return r;
}

static int emit_arguments(const struct faults *faults, struct rti_error *err)
{
	const struct rti_sync_info *info = rti_sync_info(faults->type);
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		const struct argument *argument = &arguments[i];
		const struct fault fault = {
			.name = argument->name,
			.steps = info->fd ? MESSAGE_STEP FILE_STEP : MESSAGE_STEP,
			.text = argument->text,
		};

		if (argument->kind == info->arg)
			r = emit(faults, &fault, argument->arg, err);
	}
	return r;
}

#define EMIT_ALL(faults, items, err)                                                               \
	emit_all(faults, items, sizeof(items) / sizeof((items)[0]), err)

int fault_each(enum rti_sync_type type,
	       int (*handle)(const void *data, const char *name, enum case_outcome outcome,
			     const char *text, const char *lie, struct rti_error *err),
	       const void *data, struct rti_error *err)
{
	const struct faults faults = { .type = type, .handle = handle, .data = data };
	int r;

	if (type == RTI_SYNC_NONE)
		return EMIT_ALL(&faults, no_messages, err);
	r = EMIT_ALL(&faults, any_message, err);
	if (r == 0)
		r = emit_arguments(&faults, err);
	if (r < 0)
		return r;
	return rti_sync_info(type)->fd ? EMIT_ALL(&faults, with_file, err)
				       : EMIT_ALL(&faults, without_file, err);
}
