/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Labels of the Linux security modules, written for the next execve(2) or the next key.
 *
 * All writes go through base/procfs.h, because a file that only looks like
 * /proc/thread-self/attr/exec would leave the container unconfined (CVE-2019-16884,
 * CVE-2025-52881). The kernel is not asked first whether the module is enabled: a profile that
 * cannot be applied is an error.
 */
#ifndef CONTAINER_LSM_H
#define CONTAINER_LSM_H

#include "base/error.h"

/**
 * lsm_apparmor_exec() - confine the program executed next with an AppArmor profile
 * @profile: name of a loaded profile; NULL or "": nothing is done
 *
 * Return: 0 or a negative errno ("apparmor failed to apply profile: ...").
 */
int lsm_apparmor_exec(const char *profile, struct rti_error *err);

/**
 * lsm_selinux_exec() - SELinux label of the program executed next; NULL or "": nothing is done
 *
 * Return: 0 or a negative errno.
 */
int lsm_selinux_exec(const char *label, struct rti_error *err);

/**
 * lsm_selinux_keycreate() - SELinux label of keys made from now on
 * @label: the label; "" for the default; NULL: nothing is done
 *
 * A kernel without SELinux, where the file is missing, is not an error.
 *
 * Return: 0 or a negative errno.
 */
int lsm_selinux_keycreate(const char *label, struct rti_error *err);

#endif
