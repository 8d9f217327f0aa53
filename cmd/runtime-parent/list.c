/* SPDX-License-Identifier: Apache-2.0 */
/* `state` and `list`: what there is. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "cmd/runtime-parent/command.h"

enum { FORMAT, QUIET };

static const struct option_spec list_options[] = {
	[FORMAT] = { "format", 'f', OPTION_TEXT, "table or json (default: table)" },
	[QUIET] = { "quiet", 'q', OPTION_BOOL, "display only container IDs" },
	{ .name = NULL },
};

static const struct option_spec no_options[] = { { .name = NULL } };

static int state(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	_cleanup_free_ char *json = NULL, *text = NULL;
	struct rti_container_report report;
	int r;

	r = call_load_container(call, &container, err);
	if (r == 0)
		r = rti_container_report(container, &report, err);
	if (r == 0)
		r = rti_container_report_encode(&report, &json, err);
	if (r == 0)
		r = text_indent(json, &text, err);
	if (r == 0)
		fputs(text, stdout);
	return r;
}

struct entry {
	struct rti_container *container;
	struct rti_container_report report;
	char owner[256];
};

struct entries {
	struct entry *items;
	size_t count;
	size_t room;
};

static void entries_done(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		rti_container_free(entries->items[i].container);
	free(entries->items);
}

/* By /etc/passwd alone: name services cannot be linked into a static program. */
static void find_owner(const char *root, const char *id, char *owner, size_t size)
{
	_cleanup_free_ char *path = NULL;
	const struct passwd *user;
	struct stat st;
	FILE *file;

	if (asprintf(&path, "%s/%s", root, id) < 0)
		path = NULL;
	if (!path || lstat(path, &st) < 0)
		return;
	snprintf(owner, size, "#%u", st.st_uid);
	file = fopen("/etc/passwd", "re");
	while (file && (user = fgetpwent(file))) {
		if (user->pw_uid == st.st_uid) {
			snprintf(owner, size, "%s", user->pw_name);
			break;
		}
	}
	if (file)
		fclose(file);
}

/* One that cannot be read is told about and passed over. */
static int add_entry(const struct call *call, struct entries *entries, const char *id)
{
	struct rti_container_log log = call_log(call);
	const char *step = "load container";
	struct rti_error err;
	struct entry *entry;
	int r;

	if (entries->count == entries->room) {
		size_t room = entries->room ? entries->room * 2 : 16;
		struct entry *items = reallocarray(entries->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		entries->items = items;
		entries->room = room;
	}
	entry = &entries->items[entries->count];
	*entry = (struct entry){ 0 };
	r = rti_container_load(call->globals->root, id, &log, &entry->container, &err);
	if (r == 0) {
		step = "status for";
		r = rti_container_report(entry->container, &entry->report, &err);
	}
	if (r < 0) {
		fprintf(stderr, "%s %s: %s\n", step, id, err.text);
		rti_container_free(entry->container);
		return 0;
	}
	find_owner(call->globals->root, id, entry->owner, sizeof(entry->owner));
	entries->count++;
	return 0;
}

static int is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

static int collect(const struct call *call, struct entries *entries, struct rti_error *err)
{
	const char *root = call->globals->root;
	struct dirent **names;
	int count, r = 0;

	count = scandir(root, &names, is_directory, alphasort);
	if (count < 0 && errno == ENOENT && !call->globals->root_given)
		return 0; /* nobody has made a container yet */
	if (count < 0)
		return rti_fail(err, errno, "open %s", root);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add_entry(call, entries, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r < 0 ? rti_fail(err, -r, "list containers") : 0;
}

#define COLUMNS 6

static void fill_row(const struct entry *entry, const char *cells[static COLUMNS],
		     char pid[static 24])
{
	snprintf(pid, 24, "%" PRId64, entry->report.pid);
	cells[0] = entry->report.id;
	cells[1] = pid;
	cells[2] = entry->report.status;
	cells[3] = entry->report.bundle;
	cells[4] = entry->report.created;
	cells[5] = entry->owner;
}

static void print_row(const char *const cells[static COLUMNS], const size_t widths[static COLUMNS])
{
	for (int c = 0; c < COLUMNS - 1; c++)
		printf("%-*s", (int)widths[c], cells[c]);
	puts(cells[COLUMNS - 1]);
}

/* Each column as wide as its widest cell and three blanks, twelve at least. */
static void print_table(const struct entries *entries)
{
	static const char *const titles[COLUMNS] = { "ID",     "PID",	  "STATUS",
						     "BUNDLE", "CREATED", "OWNER" };
	size_t widths[COLUMNS] = { 12, 12, 12, 12, 12, 12 };
	const char *cells[COLUMNS];
	char pid[24];

	for (size_t i = 0; i < entries->count; i++) {
		fill_row(&entries->items[i], cells, pid);
		for (int c = 0; c < COLUMNS; c++) {
			if (strlen(cells[c]) + 3 > widths[c])
				widths[c] = strlen(cells[c]) + 3;
		}
	}
	print_row(titles, widths);
	for (size_t i = 0; i < entries->count; i++) {
		fill_row(&entries->items[i], cells, pid);
		print_row(cells, widths);
	}
}

static int print_json(const struct entries *entries, struct rti_error *err)
{
	if (entries->count == 0)
		puts("null");
	for (size_t i = 0; i < entries->count; i++) {
		_cleanup_free_ char *text = NULL;
		struct rti_container_report report = entries->items[i].report;
		int r;

		report.owner = entries->items[i].owner;
		r = rti_container_report_encode(&report, &text, err);
		if (r < 0)
			return r;
		printf("%s%s%s", i ? "," : "[", text, i + 1 == entries->count ? "]\n" : "");
	}
	return 0;
}

static int list(const struct call *call, struct rti_error *err)
{
	_cleanup_(entries_done) struct entries entries = { 0 };
	const char *format = call->options[FORMAT].text;
	int r;

	r = collect(call, &entries, err);
	if (r < 0)
		return r;
	if (call->options[QUIET].flag) {
		for (size_t i = 0; i < entries.count; i++)
			puts(entries.items[i].report.id);
	} else if (!*format || strcmp(format, "table") == 0) {
		print_table(&entries);
	} else if (strcmp(format, "json") == 0) {
		r = print_json(&entries, err);
	} else {
		r = rti_refuse(err, EINVAL, "invalid format option");
	}
	return r;
}

const struct command command_state = {
	.name = "state",
	.arguments = "<container-id>",
	.purpose = "output the state of a container",
	.options = no_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = state,
};

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.purpose = "lists containers with the given root",
	.options = list_options,
	.arguments_min = 0,
	.arguments_max = 0,
	.exit_code = 1,
	.run = list,
};
