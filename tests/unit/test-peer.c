/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of protocol-peer that need no process: its list of cases, scripts and transcripts. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/cases.h"
#include "peer/escape.h"
#include "peer/peer.h"
#include "peer/transcript.h"
#include "protocol/sync-state.h"

static void test_any_bytes_survive_as_text(void **state)
{
	char bytes[258], *text = NULL, *again;
	size_t size, text_size;
	struct rti_error err;
	FILE *file = open_memstream(&text, &text_size);

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i + 1] = (char)i;
	bytes[0] = bytes[257] = ' ';
	escape_write(file, bytes, sizeof(bytes));
	fclose(file);
	assert_null(strchr(text, '\n'));
	assert_true(text[0] != ' ' && text[text_size - 1] != ' ');
	assert_int_equal(escape_read(text, &again, &size, &err), 0);
	assert_int_equal(size, sizeof(bytes));
	assert_memory_equal(again, bytes, size);
	free(again);
	free(text);
}

static void test_wrong_escapes_are_refused(void **state)
{
	static const char *const texts[] = { "\\", "a\\q", "\\x", "\\x1", "\\xg0", "\\x1G" };
	struct rti_error err;
	size_t size;
	char *bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(escape_read(texts[i], &bytes, &size, &err), -EINVAL);
}

/* What the list of cases has been seen to hold. */
struct seen {
	const struct verbs *verbs;
	size_t count;
	char names[1024][96];
};

static int note_case(void *data, const struct protocol_case *item, struct rti_error *err)
{
	struct seen *seen = data;
	const struct verbs tables[] = { peer_verbs, *seen->verbs };
	struct script script;
	FILE *file = fmemopen((char *)(uintptr_t)item->script, strlen(item->script), "r");

	if (script_read(file, item->name, tables, 2, &script, err) < 0)
		fail_msg("%s", err->text);
	script_done(&script);
	fclose(file);
	assert_true(seen->count < 1024 && strlen(item->name) < sizeof(seen->names[0]));
	for (size_t i = 0; i < seen->count; i++)
		assert_string_not_equal(seen->names[i], item->name);
	strcpy(seen->names[seen->count++], item->name);
	return 0;
}

static bool has_case(const struct seen *seen, enum rti_sync_state state, const char *fault)
{
	char name[32];
	size_t size;

	snprintf(name, sizeof(name), "%s", rti_sync_state_name(state));
	size = strlen(name);
	for (char *at = name; *at; at++)
		if (*at == ' ')
			*at = '-';
	for (size_t i = 0; i < seen->count; i++) {
		const char *at = seen->names[i];

		if (strncmp(at, name, size) != 0 || (at[size] != '.' && at[size] != '+'))
			continue;
		if (strcmp(strchr(at, '.') + 1, fault) == 0)
			return true;
	}
	return false;
}

/* Each rule that receives has its message spoiled; each state gets each that it cannot take. */
static void check_table(const struct rti_sync_table *table, const struct seen *seen)
{
	for (size_t i = 0; i < table->rule_count; i++) {
		const struct rti_sync_rule *rule = &table->rules[i];
		struct rti_sync_machine machine = { .table = table, .state = rule->from };
		char fault[64];

		for (int t = RTI_SYNC_NONE + 1; t < RTI_SYNC_TYPES; t++) {
			const char *name = rti_sync_info((enum rti_sync_type)t)->name;
			bool legal =
				rti_sync_allows(&machine, RTI_SYNC_RECEIVE, (enum rti_sync_type)t);

			if (rule->direction != RTI_SYNC_RECEIVE)
				continue;
			snprintf(fault, sizeof(fault), "%s.%s", legal ? "truncated" : "order",
				 name);
			if (!has_case(seen, rule->from, fault))
				fail_msg("%s: no case '%s' in state '%s'", table->name, fault,
					 rti_sync_state_name(rule->from));
		}
		if (rule->type != RTI_SYNC_PROC_ERROR)
			assert_true(has_case(seen, rule->from, "order.procUnheardOf"));
		assert_true(
			has_case(seen, rule->to, "order.procUnheardOf") ||
			(rule->type == RTI_SYNC_PROC_ERROR && rule->direction == RTI_SYNC_SEND));
	}
}

static void test_no_state_and_no_message_is_forgotten(void **state)
{
	static struct seen seen;
	struct rti_error err;

	(void)state;
	for (int type = RTI_INIT_STANDARD; type <= RTI_INIT_SETNS; type++) {
		for (int role = RTI_SYNC_CHILD; role <= RTI_SYNC_PARENT; role++) {
			seen.count = 0;
			seen.verbs =
				role == RTI_SYNC_CHILD ? &peer_parent_verbs : &peer_child_verbs;
			assert_int_equal(cases_each((enum rti_init_type)type,
						    (enum rti_sync_role)role, note_case, &seen,
						    &err),
					 0);
			check_table(rti_sync_table((enum rti_init_type)type,
						   (enum rti_sync_role)role),
				    &seen);
		}
	}
}

#define MOUNT                                                                                      \
	"\"arg\":{\"source\":\"/a\",\"destination\":\"/b\",\"device\":\"bind\",\"flags\":4096}"
#define GOOD                                                                                       \
	"protocol-peer transcript standard\n"                                                      \
	"0.0 parent bootstrap \\x20\\x00\n"                                                        \
	"0.1 child pids {\"stage1_pid\":7,\"stage2_pid\":8}\\n\n"                                  \
	"0.2 parent config {}\n"                                                                   \
	"# a comment\n"                                                                            \
	"0.3 child sync {\"type\":\"procMountPlease\",\"flags\":0," MOUNT "}\n"                    \
	"0.3 parent sync "                                                                         \
	"{\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":\"plain-open\"}}\n"               \
	"0.3 parent file 1 /a\n"                                                                   \
	"0.4 child sync {\"type\":\"procHooks\",\"flags\":0}\n"                                    \
	"0.4 parent sync {\"type\":\"procHooksDone\",\"flags\":0}\n"                               \
	"0.5 child log {\"level\":\"debug\"}\n"                                                    \
	"0.5 child sync {\"type\":\"procReady\",\"flags\":0}\n"                                    \
	"0.5 parent sync {\"type\":\"procRun\",\"flags\":0}\n"                                     \
	"0.6 child end\n"                                                                          \
	"0.7 child start\n"                                                                        \
	"0.8 child exit 3\n"

static FILE *open_text(const char *text)
{
	FILE *file = fmemopen((char *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(file);
	return file;
}

static void test_a_good_transcript_is_good(void **state)
{
	struct rti_error err;
	FILE *file = open_text(GOOD);

	(void)state;
	assert_int_equal(transcript_check(file, &err), 0);
	fclose(file);
}

static void replay(enum rti_sync_role role, const char *expected)
{
	FILE *file = open_text(GOOD), *script;
	char *text = NULL;
	struct rti_error err;
	size_t size;

	script = open_memstream(&text, &size);
	assert_int_equal(transcript_replay(file, role, script, &err), 0);
	fclose(script);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
}

static void test_a_transcript_becomes_a_script_for_either_side(void **state)
{
	(void)state;
	replay(RTI_SYNC_PARENT,
	       "# the parent of a standard conversation\n"
	       "send init \\x20\\x00\nexpect pids\nsend init {}\n"
	       "expect procMountPlease\n"
	       "send packet {\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":"
	       "\"plain-open\"}}\nsend files 1 /a\n"
	       "expect procHooks\nsend packet {\"type\":\"procHooksDone\",\"flags\":0}\n"
	       "expect procReady\nsend packet {\"type\":\"procRun\",\"flags\":0}\n"
	       "expect end\nexpect start\nexpect exit 3\n");
	replay(RTI_SYNC_CHILD,
	       "# the child of a standard conversation\n"
	       "expect bootstrap\nmake stages\nsend pids\nstage 2\nexpect config\n"
	       "send packet {\"type\":\"procMountPlease\",\"flags\":0," MOUNT "}\n"
	       "expect procMountFd\nexpect file /a\n"
	       "send packet {\"type\":\"procHooks\",\"flags\":0}\nexpect procHooksDone\n"
	       "send log {\"level\":\"debug\"}\n"
	       "send packet {\"type\":\"procReady\",\"flags\":0}\nexpect procRun\n"
	       "close sync\nstart\nexit 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes_survive_as_text),
		cmocka_unit_test(test_wrong_escapes_are_refused),
		cmocka_unit_test(test_no_state_and_no_message_is_forgotten),
		cmocka_unit_test(test_a_good_transcript_is_good),
		cmocka_unit_test(test_a_transcript_becomes_a_script_for_either_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
