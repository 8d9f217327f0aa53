/* SPDX-License-Identifier: Apache-2.0 */
#include "container/uts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int uts_set(const char *hostname, const char *domainname, struct rti_error *err)
{
	if (hostname && *hostname && sethostname(hostname, strlen(hostname)) < 0)
		return rti_fail(err, errno, "sethostname");
	if (domainname && *domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return rti_fail(err, errno, "setdomainname");
	return 0;
}
