/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/data-files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void data_path(char *path, size_t size, const char *name)
{
	const char *top = getenv("top_srcdir");

	snprintf(path, size, "%s/tests/unit/data/%s", top ? top : ".", name);
}

char *data_read(const char *name, size_t *ret_size)
{
	char path[4096], *bytes = NULL;
	size_t size = 0, room = 0, n;
	FILE *file;

	data_path(path, sizeof(path), name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot open %s", path);
	do {
		if (room - size < 2) {
			char *grown;

			room = room ? 2 * room : 4096;
			grown = realloc(bytes, room);
			assert_non_null(grown);
			bytes = grown;
		}
		n = fread(bytes + size, 1, room - size - 1, file);
		size += n;
	} while (n > 0);
	fclose(file);
	bytes[size] = '\0';
	*ret_size = size;
	return bytes;
}

size_t data_each(const char *folder, const char *ending,
		 void (*visit)(const char *name, void *data), void *data)
{
	struct dirent **entries;
	size_t seen = 0;
	char path[4096];
	int count;

	data_path(path, sizeof(path), folder);
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		fail_msg("cannot list %s", path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t size = strlen(name), tail = strlen(ending);

		if (name[0] != '.' && size >= tail && strcmp(name + size - tail, ending) == 0) {
			visit(name, data);
			seen++;
		}
		free(entries[i]);
	}
	free(entries);
	return seen;
}

size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}
