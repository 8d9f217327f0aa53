/* SPDX-License-Identifier: Apache-2.0 */
#include "container/prctl.h"

#include <errno.h>
#include <sys/prctl.h>

#include "base/guard.h"

int dumpable_set(bool on)
{
	unsigned long value = on || !guard(NOT_DUMPABLE) ? 1 : 0;

	return prctl(PR_SET_DUMPABLE, value, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
}

int no_new_privs_set(struct rti_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rti_refuse(err, errno, "%s", rti_errno_text(errno));
	return 0;
}

int pdeathsig_save(int *ret, struct rti_error *err)
{
	int saved = 0;

	if (prctl(PR_GET_PDEATHSIG, &saved, 0, 0, 0) < 0)
		return rti_fail(err, errno, "can't get pdeath signal");
	*ret = saved;
	return 0;
}

int pdeathsig_restore(int saved, struct rti_error *err)
{
	int now;

	if (saved == 0)
		return 0;
	if (prctl(PR_GET_PDEATHSIG, &now, 0, 0, 0) == 0 && now == saved)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, saved, 0, 0, 0) < 0)
		return rti_fail(err, errno, "can't restore pdeath signal");
	return 0;
}
