/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here asks the kernel. */
#include <errno.h>
#include <string.h>

#include "base/path.h"

/* Takes the last name off ret[0..size); false if there is none that ".." may take off. */
static bool path_drop_last(const char *ret, size_t *size, bool absolute)
{
	size_t end = *size;
	size_t start = end;

	while (start > 0 && ret[start - 1] != '/')
		start--;
	if (start == end || (end - start == 2 && ret[start] == '.' && ret[start + 1] == '.'))
		return false;
	/* The slash before the name goes too, but not the one that makes the path absolute. */
	*size = start > (absolute ? 1u : 0u) ? start - 1 : start;
	return true;
}

int rti_path_clean(const char *path, char ret[static PATH_MAX])
{
	bool absolute = path[0] == '/';
	char result[PATH_MAX];
	size_t size = 0;

	if (absolute)
		result[size++] = '/';
	while (*path) {
		size_t length = strcspn(path, "/");
		bool is_up = length == 2 && path[0] == '.' && path[1] == '.';

		if (length == 0) {
			path++;
			continue;
		}
		if ((length == 1 && path[0] == '.') ||
		    (is_up && (path_drop_last(result, &size, absolute) || absolute))) {
			path += length;
			continue;
		}
		if (size + 1 + length >= PATH_MAX)
			return -ENAMETOOLONG;
		if (size > (absolute ? 1u : 0u))
			result[size++] = '/';
		memcpy(result + size, path, length);
		size += length;
		path += length;
	}
	if (size == 0)
		result[size++] = '.';
	memcpy(ret, result, size);
	ret[size] = '\0';
	return 0;
}

static size_t path_size_without_slashes(const char *path)
{
	size_t size = strlen(path);

	while (size > 0 && path[size - 1] == '/')
		size--;
	return size;
}

bool rti_path_is_inside(const char *root, const char *path)
{
	size_t root_size = path_size_without_slashes(root);
	size_t path_size = path_size_without_slashes(path);

	return path_size >= root_size && memcmp(path, root, root_size) == 0 &&
	       (path_size == root_size || path[root_size] == '/');
}

static int path_clean_absolute(const char *path, char ret[static PATH_MAX])
{
	char absolute[PATH_MAX];
	size_t size = strlen(path);

	if (path[0] == '/')
		return rti_path_clean(path, ret);
	if (size + 2 > sizeof(absolute))
		return -ENAMETOOLONG;
	absolute[0] = '/';
	memcpy(absolute + 1, path, size + 1);
	return rti_path_clean(absolute, ret);
}

int rti_path_strip_root(const char *root, const char *path, char ret[static PATH_MAX])
{
	char clean_root[PATH_MAX];
	char clean[PATH_MAX];
	const char *rest = clean;
	int r;

	r = path_clean_absolute(root, clean_root);
	if (r == 0)
		r = path_clean_absolute(path, clean);
	if (r < 0)
		return r;
	if (rti_path_is_inside(clean_root, clean))
		rest = clean + path_size_without_slashes(clean_root);
	strcpy(ret, *rest ? rest : "/");
	return 0;
}
