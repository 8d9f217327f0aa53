/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into runtime-init in sanitizer builds only. Its environment is the parent's to give, so
 * the options stand here: leaks cannot be looked for inside a container, where the checker's helper
 * thread must not run and /proc may be anybody's, and an init that ends need not free.
 */
/* The sanitizer's library looks the name up in the program. */
const char *__asan_default_options(void) __attribute__((visibility("default")));

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
