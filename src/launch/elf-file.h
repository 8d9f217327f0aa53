/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An executable file's headers, checked so far that mapping it cannot go wrong silently.
 */
#ifndef LAUNCH_ELF_FILE_H
#define LAUNCH_ELF_FILE_H

#include <elf.h>
#include <limits.h>
#include <stddef.h>

#include "base/error.h"

/* The kernel refuses tables over a page as well; 64 entries is more than any linker writes. */
#define ELF_SEGMENTS_MAX 64

struct elf_file {
	int fd; /* borrowed */
	const char *path;
	Elf64_Ehdr header;
	Elf64_Phdr segments[ELF_SEGMENTS_MAX];
	size_t segment_count;
	char interpreter[PATH_MAX]; /* "" for none */
};

/**
 * elf_file_read() - read and check the headers of an executable
 * @fd:   open for reading; borrowed
 * @path: for errors; borrowed
 *
 * Accepts 64-bit little-endian executables of this processor, fixed-address (ET_EXEC) and
 * position-independent (ET_DYN), with or without an interpreter.
 *
 * Return: 0; -ENOEXEC with the reason for anything else ("is a script", "is not an ELF file", "is
 * for another processor", ...); or what pread(2) gave.
 */
int elf_file_read(int fd, const char *path, struct elf_file *ret, struct rti_error *err);

#endif
