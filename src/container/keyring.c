/* SPDX-License-Identifier: Apache-2.0 */
#include "container/keyring.h"

#include <errno.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "container/lsm.h"

/* Permission bits of keys, as keyctl_setperm(3) has them. */
#define KEY_USR_SEARCH 0x00080000u
#define KEY_OTH_SEARCH 0x00000008u

/* The kernel limits a description to a page; the fields before it are numbers. */
#define DESCRIPTION_MAX (4096 + 128)

/* "keyring;0;0;3f130000;_ses.name" */
static int parse_permissions(const char *description, uint32_t *ret, struct rti_error *err)
{
	const char *field = description;
	unsigned long permissions;
	char *end;

	for (int i = 0; i < 3; i++) {
		field = strchr(field, ';');
		if (!field)
			break;
		field++;
	}
	if (!field || !strchr(field, ';'))
		return rti_refuse(err, EBADMSG,
				  "Destination buffer for key description is too small");
	errno = 0;
	permissions = strtoul(field, &end, 16);
	if (errno != 0 || end == field || *end != ';' || permissions > UINT32_MAX)
		return rti_refuse(err, EBADMSG, "key description \"%s\" has no permissions",
				  description);
	*ret = (uint32_t)permissions;
	return 0;
}

static int add_permissions(long keyring, uint32_t bits, struct rti_error *err)
{
	char description[DESCRIPTION_MAX];
	uint32_t permissions = 0;
	long size = syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, description, sizeof(description),
			    0);
	int r;

	if (size < 0)
		return rti_refuse(err, errno, "%s", rti_errno_text(errno));
	if (size == 0 || (size_t)size > sizeof(description))
		return rti_refuse(err, EBADMSG,
				  "Destination buffer for key description is too small");
	description[size - 1] = '\0';
	r = parse_permissions(description, &permissions, err);
	if (r < 0)
		return r;
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions | bits, 0, 0) < 0)
		return rti_refuse(err, errno, "%s", rti_errno_text(errno));
	return 0;
}

int keyring_join(const char *container_id, const char *process_label, bool set_permissions,
		 bool userns, struct rti_error *err)
{
	char name[4096];
	long keyring;
	int r;

	if (process_label && *process_label) {
		/* Not undone on failure: the process ends then, and execve(2) forgets it. */
		r = lsm_selinux_keycreate(process_label, err);
		if (r < 0)
			return r;
	}
	r = snprintf(name, sizeof(name), "_ses.%s", container_id ? container_id : "");
	if (r < 0 || (size_t)r >= sizeof(name))
		return rti_fail(err, ENAMETOOLONG, "unable to join session keyring");
	keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
	if (keyring < 0) {
		int errnum = errno;

		log_warn("KeyctlJoinSessionKeyring: unable to create session key: %s",
			 rti_errno_text(errnum));
		if (errnum == ENOSYS)
			return 0;
		return rti_fail(err, errnum,
				"unable to join session keyring: unable to create session key");
	}
	if (!set_permissions)
		return 0;
	r = add_permissions(keyring, userns ? KEY_OTH_SEARCH : KEY_USR_SEARCH, err);
	return r < 0 ? rti_prefix(err, r, "unable to mod keyring permissions") : 0;
}
