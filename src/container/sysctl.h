/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Kernel parameters of the container's namespaces.
 */
#ifndef CONTAINER_SYSCTL_H
#define CONTAINER_SYSCTL_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * sysctl_apply() - write each value to its file below /proc/sys
 * @sysctl: keys with dots or slashes; each dot stands for a slash
 *
 * Written in the order of the map, which the decoder keeps as sent. A procfs of our own is used, so
 * that a mount on the container's /proc/sys changes nothing (CVE-2025-52881).
 *
 * Return: 0 or a negative errno: `open sysctl K file: ...`, `failed to write sysctl K = "V": ...`.
 */
int sysctl_apply(const struct rti_string_map *sysctl, struct rti_error *err);

#endif
