/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Names for the decisions that stop an attack.
 *
 * tests/security has an attack for each, and shows that it fails because of the guard and not by
 * chance: with the guard removed it succeeds. In a normal build guard(NAME) is the constant true,
 * and the compiler leaves nothing of it. In a build with --enable-removable-guards, which is for
 * those tests only, each guard is a text "guard NAME=1" in the program file, and it is removed by
 * making the 1 a 0 in a copy.
 */
#ifndef RTI_BASE_GUARD_H
#define RTI_BASE_GUARD_H

#include <stdbool.h>

enum rti_guard {
#define GUARD(name, what) RTI_GUARD_##name,
#include "base/guard.def"
#undef GUARD
};

/**
 * guard() - whether a decision named in guard.def is to be made
 */
#ifdef RTI_REMOVABLE_GUARDS
#define guard(name) rti_guard_is_there(RTI_GUARD_##name)
#else
#define guard(name) ((void)RTI_GUARD_##name, true)
#endif

/**
 * rti_guard_is_there() - reads the guard's text in this program; only with removable guards
 */
bool rti_guard_is_there(enum rti_guard name);

#endif
