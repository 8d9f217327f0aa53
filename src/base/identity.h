/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The identity that our init and our parent have in common when they are of one build.
 *
 * Between releases the conversation of the two may change in ways that no dialect describes, so the
 * parent does not start an init of another identity, nor does the launcher. The init carries its
 * identity as an ELF note, which is read from the file; nothing has to be run to learn it.
 */
#ifndef RTI_BASE_IDENTITY_H
#define RTI_BASE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/build-identity.h"
#include "base/error.h"

/* What has to be equal: the release, and a number of the sources that both are made of. */
#define RTI_IDENTITY PACKAGE_VERSION "-" RTI_BUILD_SOURCES

#define RTI_IDENTITY_NOTE_NAME "runtime-init"
#define RTI_IDENTITY_NOTE_TYPE 1

/* Longest identity that is read, with its NUL. */
#define RTI_IDENTITY_MAX 64

struct rti_identity_note { /* Elf64_Nhdr, the name padded to 4 bytes, the identity likewise */
	uint32_t name_size;
	uint32_t text_size;
	uint32_t type;
	char name[(sizeof(RTI_IDENTITY_NOTE_NAME) + 3) & ~3u];
	char text[(sizeof(RTI_IDENTITY) + 3) & ~3u];
};

/**
 * RTI_IDENTITY_NOTE - put the identity into the program that is compiled here
 */
#define RTI_IDENTITY_NOTE                                                                          \
	static const struct rti_identity_note rti_identity_note                                    \
		__attribute__((used, section(".note.runtime-init"), aligned(4))) = {               \
			.name_size = sizeof(RTI_IDENTITY_NOTE_NAME),                               \
			.text_size = sizeof(RTI_IDENTITY),                                         \
			.type = RTI_IDENTITY_NOTE_TYPE,                                            \
			.name = RTI_IDENTITY_NOTE_NAME,                                            \
			.text = RTI_IDENTITY,                                                      \
		}

/**
 * rti_identity_read() - the identity in an ELF file of this machine's word size
 * @fd:  readable; borrowed, its offset is not used
 * @ret: on success the text, at least RTI_IDENTITY_MAX bytes
 *
 * Return: 0; -ENOENT for an ELF file without one; -ENOEXEC for what is no ELF file; another
 * negative errno.
 */
int rti_identity_read(int fd, char *ret);

/**
 * rti_identity_check() - whether a file is runtime-init of the caller's own build
 * @fd:     readable; borrowed, its offset is not used
 * @path:   of the file, for errors
 * @caller: the caller's program, for errors: "runtime-parent"
 *
 * Return: 0; -ENOENT for an ELF file that is no runtime-init; -EPROTONOSUPPORT for a runtime-init
 * of another build; -ENOEXEC for what is no ELF file; another negative errno.
 */
int rti_identity_check(int fd, const char *path, const char *caller, struct rti_error *err);

#endif
