/* SPDX-License-Identifier: Apache-2.0 */
#include "container/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

/* Since Linux 5.8 AppArmor has files of its own, which work next to another security module. */
static const char *apparmor_exec_path(void)
{
	_cleanup_fd_ int fd = rti_procfs_open(RTI_PROCFS_THREAD_SELF, "attr/apparmor/exec", O_PATH,
					      NULL);

	return fd >= 0 ? "attr/apparmor/exec" : "attr/exec";
}

int lsm_apparmor_exec(const char *profile, struct rti_error *err)
{
	char text[4096];
	int size, r;

	if (!profile || !*profile)
		return 0;
	size = snprintf(text, sizeof(text), "exec %s", profile);
	if (size < 0 || (size_t)size >= sizeof(text))
		return rti_fail(err, ENAMETOOLONG, "apparmor failed to apply profile");
	r = rti_procfs_write(RTI_PROCFS_THREAD_SELF, apparmor_exec_path(), text, (size_t)size, err);
	return r < 0 ? rti_prefix(err, r, "apparmor failed to apply profile") : 0;
}

int lsm_selinux_exec(const char *label, struct rti_error *err)
{
	if (!label || !*label)
		return 0;
	return rti_procfs_write(RTI_PROCFS_THREAD_SELF, "attr/exec", label, strlen(label), err);
}

int lsm_selinux_keycreate(const char *label, struct rti_error *err)
{
	int r;

	if (!label)
		return 0;
	r = rti_procfs_write(RTI_PROCFS_SELF, "attr/keycreate", label, strlen(label), err);
	return r == -ENOENT ? 0 : r;
}
