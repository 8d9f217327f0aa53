/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Attributes of the process that prctl(2) sets.
 */
#ifndef CONTAINER_PRCTL_H
#define CONTAINER_PRCTL_H

#include <stdbool.h>

#include "base/error.h"

/**
 * dumpable_set() - PR_SET_DUMPABLE: whether others may attach to this process, read its
 * descriptors and memory, and own its files in /proc (CVE-2016-9962)
 *
 * Return: 0 or a negative errno.
 */
int dumpable_set(bool on);

/**
 * no_new_privs_set() - PR_SET_NO_NEW_PRIVS
 *
 * Return: 0 or a negative errno; the text is the bare error, as runc's setns init gives it (its
 * standard init puts "prctl(SET_NO_NEW_PRIVS): " before it).
 */
int no_new_privs_set(struct rti_error *err);

/**
 * pdeathsig_save() - read the parent-death signal, which a change of user clears
 * @ret: the signal, 0 for none
 *
 * Return: 0 or a negative errno ("can't get pdeath signal: ...").
 */
int pdeathsig_save(int *ret, struct rti_error *err);

/**
 * pdeathsig_restore() - set the parent-death signal again where it was lost; 0: nothing is done
 *
 * The caller then has to check that the parent did not die in between.
 *
 * Return: 0 or a negative errno ("can't restore pdeath signal: ...").
 */
int pdeathsig_restore(int saved, struct rti_error *err);

#endif
