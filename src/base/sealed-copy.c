/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sealed-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/fd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* Exactly these and not F_SEAL_EXEC, which only keeps the mode: crun compares for equality. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* What one sendfile(2) is asked for, bytes; Linux moves at most 2 GiB at once. */
#define COPY_CHUNK (1 << 30)

bool rti_sealed_is(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int copy_all(int from_fd, int to_fd)
{
	off_t at = 0;

	for (;;) {
		long n = rti_retry(sendfile(to_fd, from_fd, &at, COPY_CHUNK));

		if (n <= 0)
			return (int)n;
	}
}

int rti_sealed_copy(int fd, const char *name, struct rti_error *err)
{
	_cleanup_fd_ int copy_fd = -EBADF;
	int r;

	copy_fd = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC | MFD_EXEC);
	if (copy_fd < 0 && errno == EINVAL) /* before Linux 6.3 every memory file is executable */
		copy_fd = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (copy_fd < 0)
		return rti_fail(err, errno, "memfd_create %s", name);
	r = copy_all(fd, copy_fd);
	if (r < 0)
		return rti_fail(err, -r, "copy %s to a memory file", name);
	/* Everybody may execute it: stage 0 of a rootless start may run as anybody. */
	if (fchmod(copy_fd, 0511) < 0)
		return rti_fail(err, errno, "chmod memory file %s", name);
	if (fcntl(copy_fd, F_ADD_SEALS, SEALS) < 0)
		return rti_fail(err, errno, "seal memory file %s", name);
	return rti_take_fd(&copy_fd);
}
