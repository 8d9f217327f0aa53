/* SPDX-License-Identifier: Apache-2.0 */
#include "container/cwd.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/quote.h"

int cwd_enter(const char *cwd, bool *ret_again, struct rti_error *err)
{
	char quoted[RTI_QUOTE_MAX];
	int errnum;

	if (ret_again)
		*ret_again = false;
	if (!cwd || !*cwd || chdir(cwd) == 0)
		return 0;
	errnum = errno;
	if (ret_again && (errnum == EACCES || errnum == EPERM)) {
		*ret_again = true;
		return 0;
	}
	return rti_fail(err, errnum, "chdir to cwd (%s) set in config.json failed",
			rti_quote(cwd, quoted, sizeof(quoted)));
}

int cwd_verify(struct rti_error *err)
{
	char path[PATH_MAX];
	/*
	 * The system call and not getcwd(3): the C library walks up with ".." where the kernel
	 * gives no absolute path, and so may find one that the kernel does not know.
	 */
	long size = syscall(SYS_getcwd, path, sizeof(path));

	if (size < 0 && errno != ENOENT)
		return rti_fail(err, errno,
				"failed to verify if current working directory is safe: getwd");
	if (guard(CWD_IS_INSIDE) && (size < 0 || path[0] != '/'))
		return rti_refuse(
			err, ENOENT,
			"current working directory is outside of container mount namespace "
			"root -- possible container breakout detected");
	return 0;
}
