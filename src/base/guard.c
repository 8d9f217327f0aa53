/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guard.h"

#ifdef RTI_REMOVABLE_GUARDS

#define TEXT_OF(name) "guard " #name "="

/* Found and changed in the file of the program, so the compiler must not know what they say. */
static const volatile char texts[][40] __attribute__((section(".rti_guards"))) = {
#define GUARD(name, what) TEXT_OF(name) "1",
#include "base/guard.def"
#undef GUARD
};

static const unsigned char digit_at[] = {
#define GUARD(name, what) sizeof(TEXT_OF(name)) - 1,
#include "base/guard.def"
#undef GUARD
};

bool rti_guard_is_there(enum rti_guard name)
{
	return texts[name][digit_at[name]] == '1';
}

#endif
