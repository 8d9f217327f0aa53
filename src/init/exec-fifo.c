/* SPDX-License-Identifier: Apache-2.0 */
#include "init/exec-fifo.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/procfs.h"

int exec_fifo_wait(int fifo_fd, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	int r;

	do
		fd = rti_procfs_reopen(fifo_fd, O_WRONLY, err);
	while (fd == -EINTR);
	if (fd < 0)
		return rti_prefix(err, fd, "reopen exec fifo");
	r = rti_write_full(fd, "0", 1);
	return r < 0 ? rti_fail(err, -r, "write exec fifo") : 0;
}
