/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Paths of the container that are made read-only or hidden. Call inside the container's root.
 */
#ifndef CONTAINER_MASK_H
#define CONTAINER_MASK_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * mask_make_readonly() - make each path a read-only mount point
 * @paths: as configured; missing ones are skipped
 *
 * Only the topmost mount becomes read-only; what is mounted below keeps its flags, as with runc.
 *
 * Return: 0 or a negative errno: `can't make "P" read-only: ...`.
 */
int mask_make_readonly(const struct rti_strings *paths, struct rti_error *err);

/**
 * mask_hide() - cover each path: files with the container's /dev/null, directories with an empty
 * read-only tmpfs, one for all of them
 * @paths:       as configured; missing ones and repetitions are skipped
 * @mount_label: SELinux label for the tmpfs; NULL or "" for none
 *
 * /dev/null must be the real one (char 1:3): an image that makes it a link to a file of procfs
 * would otherwise get that file, writable, over the masked path (CVE-2025-31133).
 *
 * Return: 0 or a negative errno: `can't mask paths: container's /dev/null is invalid`,
 * `can't mask dir "P": ...`, `can't mask path "P": ...`.
 */
int mask_hide(const struct rti_strings *paths, const char *mount_label, struct rti_error *err);

#endif
