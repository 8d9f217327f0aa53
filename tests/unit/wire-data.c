/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/wire-data.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define FILES_MAX 1024

static struct wire_file files[FILES_MAX];
static size_t file_count;

char *read_whole_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	long size;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		text = calloc(1, (size_t)size + 1);
		*ret_size = text ? fread(text, 1, (size_t)size, file) : 0;
	}
	fclose(file);
	return text;
}

/* Which release wrote it: the end of "NAME.wire.1.2.9.json", or the digits of "s129-NAME". */
static bool dialect_of(const char *mark, enum rti_dialect *ret)
{
	static const struct {
		const char *mark;
		enum rti_dialect dialect;
	} marks[] = {
		{ ".1.2.9.json", RTI_DIALECT_RUNC_1_2 }, { "129", RTI_DIALECT_RUNC_1_2 },
		{ ".1.3.6.json", RTI_DIALECT_RUNC_1_3 }, { "136", RTI_DIALECT_RUNC_1_3 },
		{ ".1.4.3.json", RTI_DIALECT_RUNC_1_4 }, { "143", RTI_DIALECT_RUNC_1_4 },
		{ ".json", RTI_DIALECT_RUNC_1_5 },	 { "151", RTI_DIALECT_RUNC_1_5 },
		{ ".main.json", RTI_DIALECT_RUNC_MAIN }, { "main", RTI_DIALECT_RUNC_MAIN },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strcmp(mark, marks[i].mark)) {
			*ret = marks[i].dialect;
			return true;
		}
	return false;
}

/* Fill name, test_case and dialect from the path. */
static bool identify(const char *path, struct wire_file *file)
{
	char directory[96], mark[8] = "";
	const char *slash = strrchr(path, '/'), *wire = strstr(slash, ".wire");

	if (wire) {
		snprintf(file->name, sizeof(file->name), "%s", slash + 1);
		snprintf(file->test_case, sizeof(file->test_case), "%.*s",
			 (int)(wire - slash - 1), slash + 1);
		return dialect_of(wire + strlen(".wire"), &file->dialect);
	}
	while (slash > path && slash[-1] != '/')
		slash--;
	snprintf(directory, sizeof(directory), "%.*s", (int)strcspn(slash, "/"), slash);
	snprintf(file->name, sizeof(file->name), "%s", directory);
	snprintf(mark, sizeof(mark), "%.*s", (int)strcspn(directory + 1, "-"), directory + 1);
	return dialect_of(mark, &file->dialect); /* not that of runc 1.1 */
}

static void add_files(const char *pattern)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	glob_t found;

	snprintf(path, sizeof(path), "%s/tests/unit/data/%s", top ? top : ".", pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && file_count < FILES_MAX; i++) {
		struct wire_file file = { 0 };

		if (!identify(found.gl_pathv[i], &file))
			continue;
		file.text = read_whole_file(found.gl_pathv[i], &file.size);
		assert_non_null(file.text);
		files[file_count++] = file;
	}
	globfree(&found);
}

struct wire_file *wire_files(size_t *ret_count)
{
	if (!file_count) {
		add_files("config/*.wire*.json");
		add_files("wire/*/initconfig.json");
	}
	assert_true(file_count > 0);
	*ret_count = file_count;
	return files;
}
