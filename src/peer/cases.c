/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/cases.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "peer/fault.h"
#include "peer/opening.h"

/* Longest way to a state. */
#define RULES_MAX 16

/* Where a packet of the other side is read. */
struct point {
	enum rti_sync_state state; /* the packet is sent when the honest side is here */
	/* What the honest side says before it reads, or NULL. */
	const struct rti_sync_rule *question;
	enum rti_sync_state reads; /* the state in which it reads */
	const struct rti_sync_rule *path[RULES_MAX]; /* from the beginning to @state */
	size_t path_size;
};

struct cases {
	enum rti_init_type type;
	enum rti_sync_role role; /* of the honest side */
	const struct rti_sync_table *table;
	const struct point *point;
	int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err);
	void *data;
};

static bool is_ordinary(const struct rti_sync_rule *rule)
{
	return rule->type != RTI_SYNC_PROC_ERROR;
}

/* The shortest way to a state that no procError is on, unless it leads there. */
static bool find_path(const struct rti_sync_table *table, enum rti_sync_state from,
		      enum rti_sync_state to, struct point *point, size_t depth)
{
	if (from == to) {
		point->path_size = depth;
		return true;
	}
	if (depth == RULES_MAX)
		return false;
	for (size_t i = 0; i < table->rule_count; i++) {
		const struct rti_sync_rule *rule = &table->rules[i];

		/* Only what comes from the other side can be made to fail on purpose. */
		if (rule->from != from ||
		    (!is_ordinary(rule) && (rule->to != to || rule->direction == RTI_SYNC_SEND)))
			continue;
		/* The tables have one loop, of a mount and its answer. */
		if (rule->to == RTI_SYNC_STATE_MOUNT_ASKED && to != RTI_SYNC_STATE_MOUNT_ASKED)
			continue;
		point->path[depth] = rule;
		if (find_path(table, rule->to, to, point, depth + 1))
			return true;
	}
	return false;
}

static bool reads_in(const struct rti_sync_table *table, enum rti_sync_state state)
{
	for (size_t i = 0; i < table->rule_count; i++)
		if (table->rules[i].from == state && table->rules[i].direction == RTI_SYNC_RECEIVE)
			return true;
	return false;
}

static bool allows(const struct cases *cases, enum rti_sync_type type)
{
	const struct rti_sync_machine machine = {
		.table = cases->table,
		.role = cases->role,
		.state = cases->point->reads,
	};

	return rti_sync_allows(&machine, RTI_SYNC_RECEIVE, type);
}

/* "hooks-asked"; with what the honest side says before it reads, "hooks-asked+procHooksDone". */
static void name_point(const struct point *point, char *ret, size_t size)
{
	snprintf(ret, size, "%s%s%s", rti_sync_state_name(point->state), point->question ? "+" : "",
		 point->question ? rti_sync_info(point->question->type)->name : "");
	for (char *at = ret; *at; at++)
		if (*at == ' ')
			*at = '-';
}

static bool is_on_the_way(const struct point *point, enum rti_sync_type type)
{
	for (size_t i = 0; i < point->path_size; i++)
		if (point->path[i]->type == type)
			return true;
	return point->question && point->question->type == type;
}

static void write_beginning(const struct cases *cases, FILE *script)
{
	const struct point *point = cases->point;

	if (cases->role == RTI_SYNC_PARENT) {
		fputs("expect bootstrap\nmake stages\nsend pids\nstage 2\nexpect config\n", script);
		return;
	}
	fprintf(script, "send bootstrap\nexpect pids\nsend config%s%s\n",
		is_on_the_way(point, RTI_SYNC_PROC_MOUNT_PLEASE) ? " mount" : "",
		is_on_the_way(point, RTI_SYNC_PROC_SECCOMP) ? " seccomp" : "");
}

/* The good part of the conversation, as the other side holds it. */
static void write_path(const struct point *point, FILE *script)
{
	for (size_t i = 0; i < point->path_size; i++) {
		const struct rti_sync_rule *rule = point->path[i];
		const struct rti_sync_info *info = rti_sync_info(rule->type);

		if (rule->direction == RTI_SYNC_SEND)
			fprintf(script, "expect %s in %s\n", info->name,
				rti_sync_state_name(rule->from));
		else
			fprintf(script, "send %s\n", info->name);
		if (info->fd && rule->direction == RTI_SYNC_SEND)
			fputs("expect file\n", script);
		else if (info->fd)
			fputs("send files 1 " FAULT_SOURCE "\n", script);
	}
}

/* What the liar does when it has lied. */
static void write_end(const struct cases *cases, enum case_outcome outcome, const char *text,
		      FILE *script)
{
	bool standard = cases->type == RTI_INIT_STANDARD;

	if (cases->role == RTI_SYNC_PARENT && outcome != CASE_REFUSED)
		fputs("close sync\nclose log\nexit 0\n", script);
	else if (cases->role == RTI_SYNC_PARENT)
		fputs("wait 5000\nexit 91\n", script); /* to be killed long before */
	else if (outcome == CASE_REFUSED)
		fprintf(script, "expect refusal %s\n", text);
	else
		fprintf(script, "%sexpect exit 0\n", standard ? "expect start\n" : "");
}

static int emit(const void *data, const char *name, enum case_outcome outcome, const char *text,
		const char *lie, struct rti_error *err)
{
	const struct cases *cases = data;
	struct protocol_case item = { .outcome = outcome, .text = text };
	_cleanup_free_ char *script = NULL;
	char point_name[64], full_name[160];
	size_t size;
	FILE *file = open_memstream(&script, &size);

	if (!file)
		return rti_fail(err, ENOMEM, "case");
	name_point(cases->point, point_name, sizeof(point_name));
	snprintf(full_name, sizeof(full_name), "%s.%s", point_name, name);
	fprintf(file, "# %s: %s\n", cases->table->name, full_name);
	write_beginning(cases, file);
	write_path(cases->point, file);
	fputs(lie, file);
	write_end(cases, outcome, text, file);
	if (fclose(file) != 0)
		return rti_fail(err, ENOMEM, "case");
	item.name = full_name;
	item.script = script;
	return cases->handle(cases->data, &item, err);
}

/* What the honest side says of a message that its table does not have. */
static void order_text(const struct cases *cases, const char *name, char *ret, size_t size)
{
	if (cases->point->reads == RTI_SYNC_STATE_FAILED)
		snprintf(ret, size, "the peer gives up");
	else if (cases->role == RTI_SYNC_CHILD)
		snprintf(ret, size, "unexpected synchronisation flag: got \"%s\", expected", name);
	else
		snprintf(ret, size, "invalid JSON payload from child: got \"%s\" in state '%s'",
			 name, rti_sync_state_name(cases->point->reads));
}

static int emit_orders(const struct cases *cases, enum case_outcome outcome, struct rti_error *err)
{
	static const char unknown[] = "procUnheardOf";
	int r = 0;

	for (int i = RTI_SYNC_NONE; r == 0 && i < RTI_SYNC_TYPES; i++) {
		enum rti_sync_type type = (enum rti_sync_type)i;
		const char *name = type ? rti_sync_info(type)->name : unknown;
		char full_name[96], lie[128], text[256];

		if (outcome == CASE_REFUSED && type && allows(cases, type))
			continue;
		order_text(cases, name, text, sizeof(text));
		snprintf(full_name, sizeof(full_name), "order.%s", name);
		snprintf(lie, sizeof(lie), "send %s\n%s", name,
			 type && rti_sync_info(type)->fd ? "send files 1 /dev/null\n" : "");
		r = emit(cases, full_name, outcome, outcome == CASE_REFUSED ? text : "", lie, err);
	}
	return r;
}

static int emit_faults(const struct cases *cases, struct rti_error *err)
{
	int r = fault_each(RTI_SYNC_NONE, emit, cases, err);

	for (int i = RTI_SYNC_NONE + 1; r == 0 && i < RTI_SYNC_TYPES; i++)
		if (allows(cases, (enum rti_sync_type)i))
			r = fault_each((enum rti_sync_type)i, emit, cases, err);
	return r;
}

/* The end of file, which a side that sends at that moment may notice before it has sent. */
static int emit_ends(const struct cases *cases, struct rti_error *err)
{
	enum case_outcome outcome = CASE_REFUSED;
	const char *text = "";
	int r;

	for (size_t i = 0; i < cases->table->eof_count; i++) {
		const struct rti_sync_eof *eof = &cases->table->eofs[i];

		if (eof->state != cases->point->reads)
			continue;
		if (eof->complete)
			outcome = cases->point->question ? CASE_EITHER : CASE_ACCEPTED;
		else if (!cases->point->question)
			text = eof->text;
	}
	r = emit(cases, "end.close", outcome, text, "close sync\n", err);
	if (r == 0)
		r = emit(cases, "end.empty", outcome, text, "send empty\n", err);
	if (r == 0 && cases->role == RTI_SYNC_PARENT)
		r = emit(cases, "end.die", outcome, text, "die\n", err);
	return r;
}

static int emit_point(const struct cases *cases, struct rti_error *err)
{
	enum rti_sync_state reads = cases->point->reads;
	int r;

	if (reads == RTI_SYNC_STATE_FAILED)
		return emit_orders(cases, CASE_REFUSED, err);
	if (!reads_in(cases->table, reads))
		return emit_orders(cases, CASE_ACCEPTED, err);
	r = emit_orders(cases, CASE_REFUSED, err);
	if (r == 0)
		r = emit_faults(cases, err);
	return r < 0 ? r : emit_ends(cases, err);
}

/* All points of a state: one where it reads, else one for each thing that the honest side says. */
static int emit_state(struct cases *cases, struct point *point, struct rti_error *err)
{
	bool reads = reads_in(cases->table, point->state);
	int r = 0;

	point->reads = point->state;
	point->question = NULL;
	for (size_t i = 0; !reads && r == 0 && i < cases->table->rule_count; i++) {
		const struct rti_sync_rule *rule = &cases->table->rules[i];

		if (rule->from != point->state || !is_ordinary(rule))
			continue;
		point->question = rule;
		point->reads = rule->to;
		r = emit_point(cases, err);
	}
	/* It waits; or has nothing more to say that it must. */
	if (r < 0 || (!reads && point->question && point->state != RTI_SYNC_STATE_RUN))
		return r;
	point->question = NULL;
	point->reads = point->state;
	return emit_point(cases, err);
}

int cases_each(enum rti_init_type type, enum rti_sync_role role,
	       int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err),
	       void *data, struct rti_error *err)
{
	struct point point;
	struct cases cases = {
		.type = type,
		.role = role,
		.table = rti_sync_table(type, role),
		.point = &point,
		.handle = handle,
		.data = data,
	};
	int r = opening_each(type, role, handle, data, err);

	for (int i = 0; r == 0 && i < RTI_SYNC_STATES; i++) {
		point = (struct point){ .state = (enum rti_sync_state)i };
		if (find_path(cases.table, RTI_SYNC_STATE_SETUP, point.state, &point, 0))
			r = emit_state(&cases, &point, err);
	}
	return r;
}

const char *case_outcome_name(enum case_outcome outcome)
{
	static const char *const names[] = {
		[CASE_REFUSED] = "refused",
		[CASE_ACCEPTED] = "accepted",
		[CASE_EITHER] = "either",
	};

	return names[outcome];
}
