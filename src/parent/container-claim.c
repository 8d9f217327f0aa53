/* SPDX-License-Identifier: Apache-2.0 */
/* Whose cgroup it is, when more than one container names it. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "parent/container-private.h"

static bool is_at_or_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (!path[length] || path[length] == '/');
}

static const char *find_shared(const struct cgroup *cgroup, const struct cgroup *other)
{
	for (size_t i = 0; i < cgroup->path_count; i++)
		for (size_t j = 0; j < other->path_count; j++)
			if (is_at_or_below(other->paths[j].path, cgroup->paths[i].path))
				return cgroup->paths[i].path;
	return NULL;
}

/* The draft first: what has none any more by then has its state. */
static int load_any(const char *root, const char *id, struct rti_container **ret,
		    struct rti_error *err)
{
	int r = container_load_draft(root, id, ret, err);

	if (r == -ENOENT || r == -ENODATA || r == -EBADMSG)
		r = rti_container_load(root, id, NULL, ret, err);
	return r;
}

static int check_other(const struct rti_container *container, const char *root, const char *id,
		       const char **ret_shared, struct rti_error *err)
{
	struct rti_container *other = NULL;
	int r = load_any(root, id, &other, err);

	/* What is no container, or has made nothing yet, has no cgroup. */
	if (r == -ENOENT || r == -ENODATA || r == -EBADMSG || r == -EINVAL || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return rti_prefix(err, r, "container %s", id);
	*ret_shared = find_shared(&container->cgroup, &other->cgroup);
	rti_container_free(other);
	return 0;
}

int container_find_claim(const struct rti_container *container, const char *root,
			 struct container_claim *ret, struct rti_error *err)
{
	DIR *dir = opendir(root);
	struct dirent *entry;
	int r = 0;

	*ret = (struct container_claim){ 0 };
	if (!dir)
		return rti_fail(err, errno, "open %s", root);
	for (errno = 0; r == 0 && !ret->path && (entry = readdir(dir)); errno = 0) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, container->id) == 0)
			continue;
		r = check_other(container, root, entry->d_name, &ret->path, err);
		if (ret->path)
			strncpy(ret->id, entry->d_name, sizeof(ret->id) - 1);
	}
	if (r == 0 && !ret->path && errno != 0)
		r = rti_fail(err, errno, "read directory %s", root);
	closedir(dir);
	return r;
}
