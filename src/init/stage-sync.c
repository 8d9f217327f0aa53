/* SPDX-License-Identifier: Apache-2.0 */
#include "init/stage-sync.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/fd.h"

void stage_send(const struct staging *staging, int fd, int number, const char *peer,
		const char *what)
{
	/* So few bytes never go out in parts. */
	long n = rti_retry(send(fd, &number, sizeof(number), MSG_NOSIGNAL));

	if (n < 0)
		stage_fail(staging, (int)-n, "failed to sync with %s: write(%s)", peer, what);
}

int stage_receive(const struct staging *staging, int fd, const char *peer, const char *what)
{
	int number;
	ssize_t n = rti_read_full(fd, &number, sizeof(number));

	if (n < 0)
		stage_fail(staging, (int)-n, "failed to sync with %s: %s", peer, what);
	if ((size_t)n < sizeof(number))
		stage_fail(staging, 0, "failed to sync with %s: %s (got %zd of %zu bytes)", peer,
			   what, n, sizeof(number));
	return number;
}

void stage_expect(const struct staging *staging, int fd, enum stage_message message,
		  const char *peer, const char *name)
{
	char what[64];
	int number;

	snprintf(what, sizeof(what), "read(%s)", name);
	number = stage_receive(staging, fd, peer, what);
	if (number != (int)message)
		stage_fail(staging, 0, "failed to sync with %s: %s: got %d", peer, name, number);
}
