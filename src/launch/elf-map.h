/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Mapping an executable into this process as the kernel would on execve(2).
 */
#ifndef LAUNCH_ELF_MAP_H
#define LAUNCH_ELF_MAP_H

#include <stdint.h>

#include "base/error.h"
#include "launch/elf-file.h"

struct elf_map {
	uintptr_t base; /* where address 0 of the file has come to lie; 0 for a fixed-address one */
	uintptr_t entry;    /* entry point, in this process */
	uintptr_t segments; /* the program headers, in this process */
};

/**
 * elf_map() - map all segments of a checked executable
 * @file: as elf_file_read() gave it
 *
 * A fixed-address executable goes where it must, and never over something that is there already.
 * The mapping stays for the life of the process; the file's fd may be closed afterwards.
 *
 * Return: 0; -ENOEXEC if the headers make no sense together; -EEXIST if the addresses are taken; or
 * what mmap(2) gave.
 */
int elf_map(const struct elf_file *file, struct elf_map *ret, struct rti_error *err);

#endif
