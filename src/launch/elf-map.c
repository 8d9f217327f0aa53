/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/elf-map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

static uintptr_t page_start(uintptr_t address)
{
	return address & ~(page_size() - 1);
}

static uintptr_t page_end(uintptr_t address)
{
	return page_start(address + page_size() - 1);
}

/* The span of all segments, in the file's own addresses, and the widest alignment asked for. */
static void find_span(const struct elf_file *file, uintptr_t *start, uintptr_t *end,
		      uintptr_t *align)
{
	*start = UINTPTR_MAX;
	*end = 0;
	*align = page_size();
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD)
			continue;
		if (*start == UINTPTR_MAX)
			*start = page_start(segment->p_vaddr);
		*end = page_end(segment->p_vaddr + segment->p_memsz);
		if (segment->p_align > *align)
			*align = segment->p_align;
	}
}

static int map_error(const struct elf_file *file, int errnum, uintptr_t at, struct rti_error *err)
{
	return rti_fail(err, errnum, "map %s at 0x%" PRIxPTR, file->path, at);
}

/* Keeps the whole span for the segments, so that none can land on another mapping. */
static int reserve_span(const struct elf_file *file, uintptr_t *ret_base, struct rti_error *err)
{
	bool fixed = file->header.e_type == ET_EXEC;
	uintptr_t start, end, align, room, at;
	void *span;

	find_span(file, &start, &end, &align);
	room = end - start + (fixed ? 0 : align - page_size());
	span = mmap(fixed ? (void *)start : NULL, room, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (fixed ? MAP_FIXED_NOREPLACE : 0),
		    -1, 0);
	if (span == MAP_FAILED)
		return map_error(file, errno, start, err);
	at = (uintptr_t)span;
	if (fixed && at != start) { /* a kernel before 4.17 takes the address for a hint */
		munmap(span, room);
		return map_error(file, EEXIST, start, err);
	}
	if (!fixed)
		at = (at + align - 1) & ~(align - 1);
	*ret_base = at - start;
	return 0;
}

static int segment_protection(const Elf64_Phdr *segment)
{
	return (segment->p_flags & PF_R ? PROT_READ : 0) |
	       (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	       (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Memory beyond the file's bytes is zero: the rest of the last page by hand, as the kernel does
 * (the dynamic loader allocates from it and expects zeroes), whole pages as anonymous ones.
 */
static int map_zeroes(const struct elf_file *file, const Elf64_Phdr *segment, uintptr_t base,
		      struct rti_error *err)
{
	uintptr_t from = base + segment->p_vaddr + segment->p_filesz;
	uintptr_t to = page_end(base + segment->p_vaddr + segment->p_memsz);
	int protection = segment_protection(segment);

	if (segment->p_memsz == segment->p_filesz)
		return 0;
	if (segment->p_filesz && from != page_end(from)) {
		if (!(protection & PROT_WRITE))
			return rti_refuse(err, ENOEXEC, "%s: read-only segment at 0x%" PRIx64
							" is larger in memory than in the file",
					  file->path, segment->p_vaddr);
		memset((void *)from, 0, page_end(from) - from);
	}
	from = segment->p_filesz ? page_end(from) : page_start(from);
	if (from < to && mmap((void *)from, to - from, protection,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return map_error(file, errno, from, err);
	return 0;
}

static int map_segment(const struct elf_file *file, const Elf64_Phdr *segment, uintptr_t base,
		       struct rti_error *err)
{
	uintptr_t at = page_start(base + segment->p_vaddr);
	uintptr_t lead = base + segment->p_vaddr - at;

	if (segment->p_filesz && mmap((void *)at, lead + segment->p_filesz,
				      segment_protection(segment), MAP_PRIVATE | MAP_FIXED,
				      file->fd, (off_t)(segment->p_offset - lead)) == MAP_FAILED)
		return map_error(file, errno, at, err);
	return map_zeroes(file, segment, base, err);
}

/* The program headers are wherever the segment that holds them has been mapped. */
static uintptr_t find_segments(const struct elf_file *file, uintptr_t base)
{
	uint64_t offset = file->header.e_phoff;

	for (size_t i = 0; i < file->segment_count; i++)
		if (file->segments[i].p_type == PT_PHDR)
			return base + file->segments[i].p_vaddr;
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type == PT_LOAD && offset >= segment->p_offset &&
		    offset - segment->p_offset < segment->p_filesz)
			return base + segment->p_vaddr + (offset - segment->p_offset);
	}
	return 0;
}

int elf_map(const struct elf_file *file, struct elf_map *ret, struct rti_error *err)
{
	uintptr_t base = 0, segments;
	int r;

	r = reserve_span(file, &base, err);
	for (size_t i = 0; i < file->segment_count && r == 0; i++)
		if (file->segments[i].p_type == PT_LOAD)
			r = map_segment(file, &file->segments[i], base, err);
	if (r < 0)
		return r;
	segments = find_segments(file, base);
	if (!segments)
		return rti_refuse(err, ENOEXEC, "%s does not load its program headers", file->path);
	ret->base = base;
	ret->entry = base + file->header.e_entry;
	ret->segments = segments;
	return 0;
}
