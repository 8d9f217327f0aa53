/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTAINER_UTS_H
#define CONTAINER_UTS_H

#include "base/error.h"

/**
 * uts_set() - host name and NIS domain name of the current UTS namespace
 * @hostname:   NULL or "": left alone
 * @domainname: NULL or "": left alone
 *
 * Return: 0 or a negative errno ("sethostname: ...", "setdomainname: ...").
 */
int uts_set(const char *hostname, const char *domainname, struct rti_error *err);

#endif
