/* SPDX-License-Identifier: Apache-2.0 */
#include "base/identity.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"

/* Program headers and bytes of notes that are looked at; chosen, many times what linkers make. */
#define HEADERS_MAX 64
#define NOTES_MAX   (64u * 1024)

#define ALIGN_UP(size) (((size) + 3u) & ~(size_t)3u)

static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	long n = rti_retry(pread(fd, buffer, size, (off_t)offset));

	if (n < 0)
		return (int)n;
	return (size_t)n == size ? 0 : -ENOEXEC;
}

/* Takes the identity out of one note, if it is that. */
static bool take_identity(const ElfW(Nhdr) * header, const char *name, const char *text, char *ret)
{
	if (header->n_type != RTI_IDENTITY_NOTE_TYPE ||
	    header->n_namesz != sizeof(RTI_IDENTITY_NOTE_NAME) ||
	    memcmp(name, RTI_IDENTITY_NOTE_NAME, sizeof(RTI_IDENTITY_NOTE_NAME)) != 0)
		return false;
	if (header->n_descsz == 0 || header->n_descsz > RTI_IDENTITY_MAX ||
	    text[header->n_descsz - 1] != '\0')
		return false;
	strcpy(ret, text);
	return true;
}

static bool search_notes(const char *notes, size_t size, char *ret)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) header;
		size_t name_size, whole;

		memcpy(&header, notes, sizeof(header));
		if (header.n_namesz > size || header.n_descsz > size)
			return false;
		name_size = ALIGN_UP(header.n_namesz);
		whole = sizeof(header) + name_size + ALIGN_UP(header.n_descsz);
		if (whole > size)
			return false;
		if (take_identity(&header, notes + sizeof(header),
				  notes + sizeof(header) + name_size, ret))
			return true;
		notes += whole;
		size -= whole;
	}
	return false;
}

static int search_segment(int fd, const ElfW(Phdr) * segment, char *ret)
{
	size_t size = segment->p_filesz < NOTES_MAX ? segment->p_filesz : NOTES_MAX;
	_cleanup_free_ char *notes = malloc(size + 1);
	int r;

	if (!notes)
		return -ENOMEM;
	r = read_at(fd, notes, size, segment->p_offset);
	if (r < 0)
		return r;
	return search_notes(notes, size, ret) ? 0 : -ENOENT;
}

int rti_identity_read(int fd, char *ret)
{
	ElfW(Phdr) segments[HEADERS_MAX];
	ElfW(Ehdr) header;
	int r;

	r = read_at(fd, &header, sizeof(header), 0);
	if (r < 0)
		return r;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    header.e_phentsize != sizeof(segments[0]) || header.e_phnum > HEADERS_MAX)
		return -ENOENT;
	r = read_at(fd, segments, header.e_phnum * sizeof(segments[0]), header.e_phoff);
	if (r < 0)
		return r;
	for (size_t i = 0; i < header.e_phnum; i++) {
		if (segments[i].p_type != PT_NOTE)
			continue;
		r = search_segment(fd, &segments[i], ret);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

int rti_identity_check(int fd, const char *path, const char *caller, struct rti_error *err)
{
	char identity[RTI_IDENTITY_MAX];
	int r = rti_identity_read(fd, identity);

	if (r == -ENOENT)
		return rti_refuse(err, ENOENT, "%s is not runtime-init", path);
	if (r == -ENOEXEC)
		return rti_refuse(err, ENOEXEC, "%s is not an ELF program", path);
	if (r < 0)
		return rti_fail(err, -r, "read %s", path);
	if (strcmp(identity, RTI_IDENTITY) != 0)
		return rti_refuse(
			err, EPROTONOSUPPORT,
			"%s is runtime-init %s, but this is %s %s: both have to be of one build",
			path, identity, caller, RTI_IDENTITY);
	return 0;
}
