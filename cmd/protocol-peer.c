/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays either side of the conversation between a runtime and its init by a script. A runtime that
 * shall talk to it gets this program for its init: it has the note of runtime-init, and knows the
 * launcher's request to become runc.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/identity.h"
#include "base/number.h"
#include "launch/launch.h"
#include "peer/cases.h"
#include "peer/peer.h"
#include "peer/transcript.h"

RTI_IDENTITY_NOTE;

static const char usage[] =
	"Usage: protocol-peer parent --init PROGRAM [OPTION...] SCRIPT\n"
	"                                         start an init and be its parent\n"
	"       protocol-peer init                as started by a runtime: be its init, by the\n"
	"                                         script protocol-peer.script in the container's\n"
	"                                         root file system\n"
	"       protocol-peer cases child|parent standard|setns [FOLDER]\n"
	"                                         list everything that can be done wrong to that\n"
	"                                         side, and write the scripts into a folder\n"
	"       protocol-peer check TRANSCRIPT    whether it follows the protocol\n"
	"       protocol-peer replay child|parent TRANSCRIPT\n"
	"                                         print the script that says again what that side\n"
	"                                         has said\n"
	"       protocol-peer --help|--version\n"
	"\n"
	"Options of parent:\n"
	"  --type standard|setns   kind of init; standard unless given\n"
	"  --rootfs FOLDER         its root file system, needed for standard; has /bin/true\n"
	"  --runc VERSION          write the configuration as this runc does\n"
	"  --record FILE           write a transcript; - for standard output\n"
	"  --limit MILLISECONDS    how long the init may take to refuse; 1000 unless given\n"
	"\n"
	"SCRIPT, TRANSCRIPT: a file, or - for standard input.\n";

static int fail_usage(const char *text, const char *object)
{
	fprintf(stderr, "protocol-peer: %s%s (see protocol-peer --help)\n", text, object);
	return 2;
}

static int report(int r, const struct rti_error *err)
{
	if (r < 0)
		fprintf(stderr, "protocol-peer: %s\n", err->text);
	return r < 0 ? 1 : 0;
}

static void print_verbs(const char *title, const struct verbs *verbs)
{
	printf("\n%s\n", title);
	for (size_t i = 0; i < verbs->count; i++) {
		const struct verb *verb = &verbs->items[i];
		int width = printf("  %s %s", verb->words, verb->argument ? verb->argument : "");

		if (width > 36)
			printf("\n%36s", "");
		printf("%*s%s\n", width < 36 ? 36 - width : 0, "", verb->help);
	}
}

static int print_help(void)
{
	fputs(usage, stdout);
	print_verbs("Steps of a script, one a line:", &peer_verbs);
	print_verbs("Steps of a parent:", &peer_parent_verbs);
	print_verbs("Steps of a child:", &peer_child_verbs);
	return 0;
}

static bool parse_type(const char *text, enum rti_init_type *ret)
{
	*ret = strcmp(text, "setns") == 0 ? RTI_INIT_SETNS : RTI_INIT_STANDARD;
	return *ret == RTI_INIT_SETNS || strcmp(text, "standard") == 0;
}

static bool parse_role(const char *text, enum rti_sync_role *ret)
{
	*ret = strcmp(text, "parent") == 0 ? RTI_SYNC_PARENT : RTI_SYNC_CHILD;
	return *ret == RTI_SYNC_PARENT || strcmp(text, "child") == 0;
}

enum option_id {
	OPTION_INIT = 1,
	OPTION_TYPE,
	OPTION_ROOTFS,
	OPTION_RUNC,
	OPTION_RECORD,
	OPTION_LIMIT
};

/* Gives what is wrong with the option's value, or NULL. */
static const char *set_option(int id, struct peer_parent *parent)
{
	int64_t ms;

	switch (id) {
	case OPTION_INIT:
		parent->init = optarg;
		return NULL;
	case OPTION_TYPE:
		return parse_type(optarg, &parent->type) ? NULL : "no type of init: ";
	case OPTION_ROOTFS:
		parent->rootfs = optarg;
		return NULL;
	case OPTION_RUNC:
		return rti_dialect_from_version(optarg, &parent->dialect) < 0
			       ? "no version of runc 1.2 or newer: "
			       : NULL;
	case OPTION_RECORD:
		parent->record = optarg;
		return NULL;
	case OPTION_LIMIT:
		if (!rti_number_i64(optarg, 1, 60 * 1000, &ms))
			return "no number of milliseconds up to a minute: ";
		parent->refusal_ms = (int)ms;
		return NULL;
	}
	return "unknown option";
}

static int run_parent(int argc, char **argv)
{
	static const struct option options[] = {
		{ "init", required_argument, NULL, OPTION_INIT },
		{ "type", required_argument, NULL, OPTION_TYPE },
		{ "rootfs", required_argument, NULL, OPTION_ROOTFS },
		{ "runc", required_argument, NULL, OPTION_RUNC },
		{ "record", required_argument, NULL, OPTION_RECORD },
		{ "limit", required_argument, NULL, OPTION_LIMIT },
		{ 0 },
	};
	struct peer_parent parent = {
		.dialect = RTI_DIALECT_OWN,
		.refusal_ms = PEER_REFUSAL_MS,
	};
	static struct rti_error err;
	int id;

	while ((id = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		const char *wrong = id == '?' ? "wrong option" : set_option(id, &parent);

		if (wrong)
			return fail_usage(wrong, id == '?' ? "" : optarg);
	}
	if (optind != argc - 1)
		return fail_usage("one script is needed", "");
	if (!parent.init)
		return fail_usage("--init is needed", "");
	/* Without a root file system of its own it would set up this machine's. */
	if (parent.type == RTI_INIT_STANDARD && !parent.rootfs)
		return fail_usage("--rootfs is needed for a standard init", "");
	parent.script = argv[optind];
	return report(peer_parent_run(&parent, &err), &err);
}

static int write_case(const char *folder, const struct protocol_case *item, struct rti_error *err)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	if (asprintf(&path, "%s/%s", folder, item->name) < 0) {
		path = NULL;
		return rti_fail(err, ENOMEM, "path");
	}
	file = fopen(path, "we");
	if (!file)
		return rti_fail(err, errno, "open %s", path);
	fputs(item->script, file);
	return fclose(file) != 0 ? rti_fail(err, errno, "write %s", path) : 0;
}

static int list_case(void *folder, const struct protocol_case *item, struct rti_error *err)
{
	printf("%s\t%s\t%s\n", item->name, case_outcome_name(item->outcome), item->text);
	return folder ? write_case(folder, item, err) : 0;
}

static int run_cases(int argc, char **argv)
{
	static struct rti_error err;
	enum rti_init_type type;
	enum rti_sync_role role;
	char *folder = argc > 3 ? argv[3] : NULL;

	if (argc < 3 || argc > 4 || !parse_role(argv[1], &role) || !parse_type(argv[2], &type))
		return fail_usage("cases takes child or parent, standard or setns, and a folder",
				  "");
	if (folder && mkdir(folder, 0755) < 0 && errno != EEXIST)
		return report(rti_fail(&err, errno, "make %s", folder), &err);
	return report(cases_each(type, role, list_case, folder, &err), &err);
}

static FILE *open_input(const char *path, struct rti_error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!file)
		rti_fail(err, errno, "open %s", path);
	return file;
}

static int run_check(int argc, char **argv)
{
	static struct rti_error err;
	FILE *file;
	int r;

	if (argc != 2)
		return fail_usage("check takes one transcript", "");
	file = open_input(argv[1], &err);
	r = file ? transcript_check(file, &err) : -EIO;
	if (file)
		fclose(file);
	return report(r, &err);
}

static int run_replay(int argc, char **argv)
{
	static struct rti_error err;
	enum rti_sync_role role;
	FILE *file;
	int r;

	if (argc != 3 || !parse_role(argv[1], &role))
		return fail_usage("replay takes child or parent, and a transcript", "");
	file = open_input(argv[2], &err);
	r = file ? transcript_replay(file, role, stdout, &err) : -EIO;
	if (file)
		fclose(file);
	return report(r, &err);
}

static int run_init(int argc, char **argv)
{
	static struct rti_error err;

	(void)argv;
	if (argc != 1 || !getenv("_LIBCONTAINER_INITPIPE"))
		return fail_usage("a runtime starts 'protocol-peer init'", "");
	if (peer_child_run(&err) < 0) {
		report(-1, &err);
		return PEER_CHILD_STATUS;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "parent", run_parent }, { "init", run_init },	    { "cases", run_cases },
	{ "check", run_check },	  { "replay", run_replay },
};

static int become_runc(int argc, char **argv, char **environment)
{
	static struct rti_error err;

	return report(launch_become(argc, argv, environment, &err), &err);
}

int main(int argc, char **argv, char **environment)
{
	if (launch_is_requested(environment))
		return become_runc(argc, argv, environment);
	if (argc < 2)
		return fail_usage("a command is needed", "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return print_help();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("protocol-peer version %s\n", PACKAGE_VERSION);
		return 0;
	}
	return fail_usage("no such command: ", argv[1]);
}
