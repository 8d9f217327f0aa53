/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/opening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "peer/escape.h"
#include "peer/smallest.h"
#include "protocol/bootstrap.h"

/* A number within the bootstrap data, in the machine's byte order as all of it. */
struct patch {
	size_t offset;
	size_t size; /* 2 or 4; 0: nothing is patched */
	uint32_t value;
};

/* The header is length, type, flags, sequence, port; the first attribute length, type, payload. */
#define HEADER_LENGTH	  0, 4
#define HEADER_TYPE	  4, 2
#define ATTRIBUTE_LENGTH  16, 2
#define ATTRIBUTE_TYPE	  18, 2
#define ATTRIBUTE_PAYLOAD 20, 4

static const struct {
	const char *name;
	struct patch patches[2];
	const char *text;
} patched[] = {
	{ "length-0", { { HEADER_LENGTH, 0 } }, "invalid netlink message length 0" },
	{ "length-15", { { HEADER_LENGTH, 15 } }, "invalid netlink message length 15" },
	{ "length-huge", { { HEADER_LENGTH, UINT32_MAX } }, "invalid netlink message length" },
	{ "length-over", { { HEADER_LENGTH, 1048576 } }, "failed to read netlink payload (got" },
	{ "type", { { HEADER_TYPE, 62001 } }, "unexpected msg type 62001" },
	{ "type-error", { { HEADER_TYPE, 2 } }, "failed to read netlink message" },
	{ "attribute-length-0", { { ATTRIBUTE_LENGTH, 0 } }, "claims 0 bytes" },
	{ "attribute-length-3", { { ATTRIBUTE_LENGTH, 3 } }, "claims 3 bytes" },
	{ "attribute-length-huge", { { ATTRIBUTE_LENGTH, 65535 } }, "claims 65535 bytes" },
	{ "attribute-number-short", { { ATTRIBUTE_LENGTH, 7 } }, "27281 has 3 bytes, not 4" },
	{ "attribute-unknown", { { ATTRIBUTE_TYPE, 1 } }, "unknown netlink message type 1" },
	{ "attribute-text-open",
	  { { ATTRIBUTE_TYPE, RTI_BOOTSTRAP_NS_PATHS }, { ATTRIBUTE_PAYLOAD, 0x41414141 } },
	  "27282 is not a NUL-terminated text" },
	{ "attribute-text-double",
	  { { ATTRIBUTE_TYPE, RTI_BOOTSTRAP_NS_PATHS }, { ATTRIBUTE_PAYLOAD, 0 } },
	  "27282 is not a NUL-terminated text" },
};

/* The data are cut after so many bytes. */
static const struct {
	const char *name;
	size_t size;
	const char *text;
} cuts[] = {
	{ "cut-1", 1, "failed to read netlink header (got 1 of 16 bytes)" },
	{ "cut-15", 15, "failed to read netlink header (got 15 of 16 bytes)" },
	{ "cut-16", 16, "failed to read netlink payload (got 0 of" },
	{ "cut-19", 19, "failed to read netlink payload (got 3 of" },
};

struct lie {
	const char *name;
	const char *steps;
	const char *text;
};

static const struct lie bootstraps[] = {
	{ "bootstrap.close", "close init\n", "failed to read netlink header (got 0 of 16 bytes)" },
	{ "bootstrap.text", "send init 16 bytes, and more\nclose init\n",
	  "unexpected msg type" },
};

static const struct lie configs[] = {
	{ "config.close", "close init\n", "EOF" },
	{ "config.cut", "send init {\"config\":{\nclose init\n", "unexpected EOF" },
	{ "config.text", "send init hello\n", "invalid character 'h'" },
	{ "config.nul", "send init \\x00\n", "invalid character" },
	{ "config.array", "send init []\n", "cannot unmarshal" },
	{ "config.number", "send init 7\nclose init\n", "cannot unmarshal" },
	{ "config.null", "send init null\nclose init\n", "" },
	{ "config.empty", "send init {}\n", "" },
	{ "config.config-null", "send init {\"config\":null}\n", "" },
	{ "config.config-number", "send init {\"config\":7}\n", "config" },
	{ "config.args-number", "send init {\"args\":7}\n", "args" },
	{ "config.env-objects", "send init {\"env\":[{}]}\n", "env" },
};

/* Of stage 0, which gives no pids, or wrong ones. */
static const struct lie pids[] = {
	{ "pids.close", "close init\n", "EOF" },
	{ "pids.die", "die\n", "" },
	{ "pids.exit", "exit 0\n", "EOF" },
	{ "pids.fail", "exit 7\n", "" },
	{ "pids.cut", "send init {\"stage1_pid\":1\nclose init\n", "unexpected EOF" },
	{ "pids.text", "send init hello\n", "invalid character 'h'" },
	{ "pids.array", "send init []\n", "cannot unmarshal" },
	{ "pids.null", "send init null\\n\n", "no valid stage1_pid (0)" },
	{ "pids.empty", "send init {}\n", "no valid stage1_pid (0)" },
	{ "pids.one", "send init {\"stage1_pid\":4}\n", "no valid stage2_pid (0)" },
	{ "pids.negative", "send init {\"stage1_pid\":4,\"stage2_pid\":-1}\n", "stage2_pid (-1)" },
	{ "pids.huge", "send init {\"stage1_pid\":4,\"stage2_pid\":4294967297}\n",
	  "no valid stage2_pid (4294967297)" },
	{ "pids.fraction", "send init {\"stage1_pid\":4,\"stage2_pid\":1.5}\n", "stage2_pid" },
	{ "pids.words", "send init {\"stage1_pid\":\"4\",\"stage2_pid\":\"5\"}\n", "stage1_pid" },
	{ "pids.strangers", "send init {\"stage1_pid\":1,\"stage2_pid\":1}\n",
	  "pid 1 is no stage of this init" },
};

/* Of stage 2, when the parent has its pid. */
static const struct lie stages[] = {
	{ "stage2.die", "die\n", "" },
	{ "stage2.exit", "exit 0\n", "" },
	{ "stage2.close-both", "close init\nclose sync\n", "" },
};

struct opening {
	enum rti_init_type type;
	enum rti_sync_role role;
	int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err);
	void *data;
};

/* The honest child ends by itself; the honest parent ends this one, or waits for stage 0's end. */
static void write_end(const struct opening *opening, const struct lie *lie, FILE *script)
{
	if (opening->role == RTI_SYNC_CHILD)
		fprintf(script, "expect refusal %s\n", lie->text);
	else if (opening->type == RTI_INIT_SETNS && strncmp(lie->name, "pids", 4) == 0)
		fputs("exit 0\n", script);
	else
		fputs("wait 5000\nexit 91\n", script);
}

static int emit(const struct opening *opening, const char *beginning, const struct lie *lie,
		struct rti_error *err)
{
	struct protocol_case item = {
		.name = lie->name,
		.outcome = CASE_REFUSED,
		.text = lie->text,
	};
	_cleanup_free_ char *script = NULL;
	size_t size;
	FILE *file = open_memstream(&script, &size);

	if (!file)
		return rti_fail(err, ENOMEM, "case");
	fprintf(file, "# %s\n%s%s", lie->name, beginning, lie->steps);
	write_end(opening, lie, file);
	if (fclose(file) != 0)
		return rti_fail(err, ENOMEM, "case");
	item.script = script;
	return opening->handle(opening->data, &item, err);
}

static int emit_all(const struct opening *opening, const char *beginning, const struct lie *lies,
		    size_t count, struct rti_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = emit(opening, beginning, &lies[i], err);
	return r;
}

#define EMIT_ALL(opening, beginning, lies, err)                                                    \
	emit_all(opening, beginning, lies, sizeof(lies) / sizeof((lies)[0]), err)

static void apply(const struct patch *patch, char *bytes)
{
	uint16_t narrow = (uint16_t)patch->value;

	if (patch->size == sizeof(narrow))
		memcpy(bytes + patch->offset, &narrow, sizeof(narrow));
	else
		memcpy(bytes + patch->offset, &patch->value, patch->size);
}

/* Bytes instead of the bootstrap data. */
static int emit_bytes(const struct opening *opening, const char *name, const void *bytes,
		      size_t size, const char *text, struct rti_error *err)
{
	_cleanup_free_ char *steps = NULL;
	char full_name[96];
	struct lie lie = { .name = full_name, .text = text };
	size_t steps_size;
	FILE *file = open_memstream(&steps, &steps_size);

	if (!file)
		return rti_fail(err, ENOMEM, "case");
	fputs("send init ", file);
	escape_write(file, bytes, size);
	fputs("\nclose init\n", file);
	if (fclose(file) != 0)
		return rti_fail(err, ENOMEM, "case");
	snprintf(full_name, sizeof(full_name), "bootstrap.%s", name);
	lie.steps = steps;
	return emit(opening, "", &lie, err);
}

static int emit_bootstraps(const struct opening *opening, struct rti_error *err)
{
	_cleanup_free_ void *good = NULL;
	_cleanup_free_ char *bad = NULL;
	size_t size;
	int r;

	r = smallest_bootstrap(opening->type, &good, &size, err);
	if (r < 0)
		return r;
	bad = malloc(size);
	if (!bad)
		return rti_fail(err, ENOMEM, "bootstrap data");
	for (size_t i = 0; r == 0 && i < sizeof(patched) / sizeof(patched[0]); i++) {
		memcpy(bad, good, size);
		apply(&patched[i].patches[0], bad);
		apply(&patched[i].patches[1], bad);
		r = emit_bytes(opening, patched[i].name, bad, size, patched[i].text, err);
	}
	for (size_t i = 0; r == 0 && i < sizeof(cuts) / sizeof(cuts[0]); i++)
		r = emit_bytes(opening, cuts[i].name, good, cuts[i].size, cuts[i].text, err);
	return r == 0 ? EMIT_ALL(opening, "", bootstraps, err) : r;
}

int opening_each(enum rti_init_type type, enum rti_sync_role role,
		 int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err),
		 void *data, struct rti_error *err)
{
	const struct opening opening = {
		.type = type,
		.role = role,
		.handle = handle,
		.data = data,
	};
	int r;

	if (role == RTI_SYNC_CHILD) {
		r = emit_bootstraps(&opening, err);
		if (r < 0)
			return r;
		return EMIT_ALL(&opening, "send bootstrap\nexpect pids\n", configs, err);
	}
	r = EMIT_ALL(&opening, "expect bootstrap\n", pids, err);
	if (r < 0)
		return r;
	return EMIT_ALL(&opening, "expect bootstrap\nmake stages\nsend pids\nstage 2\n", stages,
			err);
}
