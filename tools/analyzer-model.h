/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gcc -fanalyzer has to know and cannot see, as it looks at one file at a time: that the
 * functions which record an error hand a negative number on. tools/check-static.sh includes it
 * first; no build does.
 */
#include "base/error.h"

#include <errno.h>

#define rti_fail(err, errnum, ...)   ((void)rti_fail(err, errnum, __VA_ARGS__), -EIO)
#define rti_refuse(err, errnum, ...) ((void)rti_refuse(err, errnum, __VA_ARGS__), -(errnum))
#define rti_prefix(err, ret, ...)    ((void)rti_prefix(err, ret, __VA_ARGS__), (ret))
