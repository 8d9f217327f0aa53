/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "protocol/sync-state.h"

/*
 * Conversations as the init holds them: '>' the init sends, '<' the parent answers. "!" at the end
 * means that the last message is a violation, "." that the parent may then see the end of file as a
 * complete conversation.
 */
static const struct {
	enum rti_init_type type;
	const char *messages;
} conversations[] = {
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procReady <procRun ." },
	{ RTI_INIT_STANDARD,
	  ">procMountPlease <procMountFd >procMountPlease <procMountFd >procHooks "
	  "<procHooksDone >procReady <procRun ." },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procReady <procRun >procSeccomp "
			     "<procSeccompDone ." },
	{ RTI_INIT_STANDARD, ">procError ." },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procReady <procRun >procError ." },
	{ RTI_INIT_STANDARD, ">procReady !" },
	{ RTI_INIT_STANDARD, ">procSeccomp !" },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procHooks !" },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procMountPlease !" },
	{ RTI_INIT_STANDARD, ">procHooks <procRun !" },
	{ RTI_INIT_STANDARD, ">procMountPlease <procHooksDone !" },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procReady <procRun >procReady !" },
	{ RTI_INIT_STANDARD, ">procHooks <procHooksDone >procReady <procRun >procSeccomp "
			     "<procSeccompDone >procSeccomp !" },
	{ RTI_INIT_SETNS, ">procReady <procRun ." },
	{ RTI_INIT_SETNS, ">procReady <procRun >procSeccomp <procSeccompDone ." },
	{ RTI_INIT_SETNS, ">procError ." },
	{ RTI_INIT_SETNS, ">procHooks !" },
	{ RTI_INIT_SETNS, ">procMountPlease !" },
	{ RTI_INIT_SETNS, ">procReady <procHooksDone !" },
};

static enum rti_sync_type type_of(const char *name, size_t size)
{
	for (int t = RTI_SYNC_NONE + 1; t < RTI_SYNC_TYPES; t++) {
		const char *known = rti_sync_info((enum rti_sync_type)t)->name;

		if (strlen(known) == size && memcmp(known, name, size) == 0)
			return (enum rti_sync_type)t;
	}
	fail_msg("no message %.*s", (int)size, name);
	return RTI_SYNC_NONE;
}

static void hold(enum rti_init_type type, const char *text)
{
	struct rti_sync_machine child, parent;
	struct rti_error err;
	const char *at = text;

	rti_sync_start(&child, type, RTI_SYNC_CHILD);
	rti_sync_start(&parent, type, RTI_SYNC_PARENT);
	while (*at) {
		size_t size = strcspn(at, " ");
		bool from_child = *at == '>', legal;
		enum rti_sync_type message;
		int c, p;

		if (*at == '.') {
			assert_int_equal(rti_sync_eof(&parent, &err), 0);
			return;
		}
		message = type_of(at + 1, size - 1);
		at += size + strspn(at + size, " ");
		legal = *at != '!';
		c = rti_sync_advance(&child, from_child ? RTI_SYNC_SEND : RTI_SYNC_RECEIVE, message,
				     NULL, &err);
		p = rti_sync_advance(&parent, from_child ? RTI_SYNC_RECEIVE : RTI_SYNC_SEND,
				     message, NULL, &err);
		if (c != (legal ? 0 : -EPROTO) || p != (legal ? 0 : -EPROTO))
			fail_msg("'%s' at '%s': child %d, parent %d", text, at, c, p);
		if (!legal)
			return;
	}
}

static void test_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++)
		hold(conversations[i].type, conversations[i].messages);
}

static const struct {
	enum rti_init_type type;
	enum rti_sync_role role;
} sides[] = {
	{ RTI_INIT_STANDARD, RTI_SYNC_CHILD },
	{ RTI_INIT_STANDARD, RTI_SYNC_PARENT },
	{ RTI_INIT_SETNS, RTI_SYNC_CHILD },
	{ RTI_INIT_SETNS, RTI_SYNC_PARENT },
};

/* Every state x direction x message: exactly what has a row is accepted, all else closes. */
static void test_only_rows_of_the_table_are_accepted(void **unused)
{
	size_t accepted = 0, rules = 0;

	(void)unused;
	for (size_t s = 0; s < 4; s++) {
		const struct rti_sync_table *table = rti_sync_table(sides[s].type, sides[s].role);

		rules += table->rule_count;
		for (int state = 0; state < RTI_SYNC_STATES; state++)
			for (int direction = 0; direction < 2; direction++)
				for (int type = 0; type < RTI_SYNC_TYPES; type++) {
					struct rti_sync_machine machine = {
						.table = table,
						.role = sides[s].role,
						.state = (enum rti_sync_state)state,
					};
					struct rti_error err = { 0 };

					if (rti_sync_advance(&machine,
							     (enum rti_sync_direction)direction,
							     (enum rti_sync_type)type, NULL,
							     &err) == 0) {
						accepted++;
						continue;
					}
					assert_int_equal(machine.state, RTI_SYNC_STATE_CLOSED);
					assert_true(err.text[0] != '\0');
				}
	}
	assert_int_equal(accepted, rules);
}

/* A rule's direction follows from who sends the message. */
static void test_rules_agree_with_the_message_table(void **state)
{
	(void)state;
	for (size_t s = 0; s < 4; s++) {
		const struct rti_sync_table *table = rti_sync_table(sides[s].type, sides[s].role);
		enum rti_sync_sender self = sides[s].role == RTI_SYNC_CHILD
						    ? RTI_SYNC_SENDER_CHILD
						    : RTI_SYNC_SENDER_PARENT;

		for (size_t i = 0; i < table->rule_count; i++) {
			const struct rti_sync_rule *rule = &table->rules[i];
			enum rti_sync_sender sender = rti_sync_info(rule->type)->sender;

			if (sender != RTI_SYNC_SENDER_BOTH)
				assert_int_equal(rule->direction,
						 sender == self ? RTI_SYNC_SEND : RTI_SYNC_RECEIVE);
		}
	}
}

/* Each state in which a side receives says what the end of file means there. */
static void test_every_receiving_state_has_an_end_of_file(void **state)
{
	(void)state;
	for (size_t s = 0; s < 4; s++) {
		const struct rti_sync_table *table = rti_sync_table(sides[s].type, sides[s].role);

		for (size_t i = 0; i < table->rule_count; i++) {
			bool found = false;

			if (table->rules[i].direction != RTI_SYNC_RECEIVE)
				continue;
			for (size_t e = 0; e < table->eof_count; e++)
				found |= table->eofs[e].state == table->rules[i].from;
			assert_true(found);
		}
	}
}

static void test_violations_name_what_came_and_what_was_expected(void **state)
{
	struct rti_sync_machine machine;
	struct rti_error err;

	(void)state;
	rti_sync_start(&machine, RTI_INIT_STANDARD, RTI_SYNC_PARENT);
	rti_sync_advance(&machine, RTI_SYNC_RECEIVE, RTI_SYNC_NONE, "procDance", &err);
	assert_string_equal(err.text,
			    "invalid JSON payload from child: got \"procDance\" in state 'setup', "
			    "expected procMountPlease or procHooks");
	machine.state = RTI_SYNC_STATE_READY;
	machine.role = RTI_SYNC_CHILD;
	machine.table = rti_sync_table(RTI_INIT_SETNS, RTI_SYNC_CHILD);
	rti_sync_advance(&machine, RTI_SYNC_RECEIVE, RTI_SYNC_PROC_HOOKS_DONE, NULL, &err);
	assert_string_equal(
		err.text,
		"unexpected synchronisation flag: got \"procHooksDone\", expected \"procRun\"");
	assert_int_equal(rti_sync_advance(&machine, RTI_SYNC_RECEIVE, RTI_SYNC_PROC_RUN, NULL,
					  &err),
			 -EPROTO);
}

static void test_end_of_file_before_ready_is_always_a_failure(void **state)
{
	struct rti_sync_machine machine;
	struct rti_error err;

	(void)state;
	rti_sync_start(&machine, RTI_INIT_STANDARD, RTI_SYNC_PARENT);
	assert_int_equal(rti_sync_eof(&machine, &err), -ECONNRESET);
	assert_non_null(strstr(err.text, "procReady not received"));
	rti_sync_start(&machine, RTI_INIT_SETNS, RTI_SYNC_PARENT);
	assert_int_equal(rti_sync_eof(&machine, &err), -ECONNRESET);
	assert_non_null(strstr(err.text, "procReady not received"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_only_rows_of_the_table_are_accepted),
		cmocka_unit_test(test_rules_agree_with_the_message_table),
		cmocka_unit_test(test_every_receiving_state_has_an_end_of_file),
		cmocka_unit_test(test_violations_name_what_came_and_what_was_expected),
		cmocka_unit_test(test_end_of_file_before_ready_is_always_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
