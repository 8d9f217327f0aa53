/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUILD_ID_H
#define BASE_BUILD_ID_H

/* A SHA-1 in hexadecimal and its NUL. */
#define BUILD_ID_TEXT_MAX 41

/**
 * build_id_format() - the build identity that the linker has put into this program
 * @ret: hexadecimal text; "unknown" where the program was linked without one
 *
 * Equal sources and tools give an equal identity, and any change another one.
 */
void build_id_format(char ret[static BUILD_ID_TEXT_MAX]);

#endif
