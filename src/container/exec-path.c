/* SPDX-License-Identifier: Apache-2.0 */
#include "container/exec-path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "base/quote.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

enum verdict {
	RUNNABLE,
	NO_STAT,
	NO_ACCESS,
	IS_DIRECTORY,
};

static enum verdict judge(const char *path, int *ret_errnum)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		*ret_errnum = errno;
		return NO_STAT;
	}
	*ret_errnum = EISDIR;
	if (S_ISDIR(st.st_mode))
		return IS_DIRECTORY;
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return RUNNABLE;
	*ret_errnum = errno;
	if (errno != ENOSYS && errno != EPERM)
		return NO_ACCESS;
	/* A kernel before 5.8, or a seccomp filter that refuses the call: look at the mode. */
	*ret_errnum = EACCES;
	return st.st_mode & 0111 ? RUNNABLE : NO_ACCESS;
}

static int fail_given(const char *name, enum verdict verdict, int errnum, struct rti_error *err)
{
	char quoted[RTI_QUOTE_MAX];

	rti_quote(name, quoted, sizeof(quoted));
	if (verdict == NO_STAT)
		return rti_fail(err, errnum, "exec: %s: stat %s", quoted, name);
	return rti_fail(err, errnum, "exec: %s", quoted);
}

/* As Go joins: the result is cleaned, and an empty element means the working directory. */
static bool join(const char *element, size_t size, const char *name, char ret[static PATH_MAX])
{
	char joined[PATH_MAX];
	int n = snprintf(joined, sizeof(joined), "%.*s%s%s", (int)size, element, size ? "/" : "",
			 name);

	return n >= 0 && (size_t)n < sizeof(joined) && rti_path_clean(joined, ret) == 0;
}

static int give(const char *name, const char *path, struct rti_arena *arena, char **ret,
		struct rti_error *err)
{
	char *copy = rti_arena_text(arena, path, strlen(path));

	if (!copy)
		return rti_fail(err, ENOMEM, "exec: \"%s\"", name);
	*ret = copy;
	return 0;
}

/* Why a directory of the list is passed over, as a shell does; all else is worth a word. */
static bool is_usual(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == EACCES || errnum == EISDIR ||
	       errnum == ELOOP || errnum == ENAMETOOLONG;
}

static int search(const char *name, const char *path_list, struct rti_arena *arena, char **ret,
		  struct rti_error *err)
{
	char path[PATH_MAX], quoted[RTI_QUOTE_MAX];
	char failed[PATH_MAX] = "";
	const char *element = path_list;
	int errnum, failure = 0;

	rti_quote(name, quoted, sizeof(quoted));
	while (element && *path_list) {
		const char *colon = strchr(element, ':');
		size_t size = colon ? (size_t)(colon - element) : strlen(element);

		errnum = ENAMETOOLONG;
		if (join(element, size, name, path) && judge(path, &errnum) == RUNNABLE) {
			if (path[0] != '/')
				return rti_refuse(
					err, EACCES,
					"exec: %s: cannot run executable found relative to "
					"current directory",
					quoted);
			return give(name, path, arena, ret, err);
		}
		if (!failure && !is_usual(errnum)) {
			failure = errnum;
			strcpy(failed, path);
		}
		element = colon ? colon + 1 : NULL;
	}
	if (failure)
		return rti_fail(err, failure, "exec: %s: %s", quoted, failed);
	return rti_refuse(err, ENOENT, "exec: %s: executable file not found in $PATH", quoted);
}

int exec_path_find(const char *name, const char *path_list, struct rti_arena *arena, char **ret,
		   struct rti_error *err)
{
	char quoted[8];
	enum verdict verdict;
	int errnum;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return rti_refuse(err, ENOENT, "exec: %s: executable file not found in $PATH",
				  rti_quote(name, quoted, sizeof(quoted)));
	if (!strchr(name, '/'))
		return search(name, path_list ? path_list : "", arena, ret, err);
	verdict = judge(name, &errnum);
	if (verdict != RUNNABLE)
		return fail_given(name, verdict, errnum, err);
	return give(name, name, arena, ret, err);
}
