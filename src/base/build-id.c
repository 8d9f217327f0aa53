/* SPDX-License-Identifier: Apache-2.0 */
#include "base/build-id.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ALIGN_UP(size) (((size) + 3u) & ~3u)

/* Notes of one segment; each has a header, a name and a description, padded to 4 bytes. */
static bool find_in_notes(const unsigned char *notes, size_t size, char *ret)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)notes;
		size_t name_size = ALIGN_UP(note->n_namesz), id_size = note->n_descsz;
		const unsigned char *id = notes + sizeof(*note) + name_size;
		size_t whole = sizeof(*note) + name_size + ALIGN_UP(id_size);

		if (whole > size)
			return false;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    memcmp(note + 1, "GNU", sizeof("GNU")) == 0) {
			if (id_size > (BUILD_ID_TEXT_MAX - 1) / 2)
				id_size = (BUILD_ID_TEXT_MAX - 1) / 2;
			for (size_t i = 0; i < id_size; i++)
				snprintf(ret + 2 * i, 3, "%02x", id[i]);
			return true;
		}
		notes += whole;
		size -= whole;
	}
	return false;
}

/* The first object is the program itself. */
static int look_at_program(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_NOTE &&
		    find_in_notes((const void *)(uintptr_t)(info->dlpi_addr + segment->p_vaddr),
				  segment->p_memsz, ret))
			break;
	}
	return 1;
}

void build_id_format(char ret[static BUILD_ID_TEXT_MAX])
{
	strcpy(ret, "unknown");
	dl_iterate_phdr(look_at_program, ret);
}
