/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/elf-file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "launch/arch.h"

static int read_at(const struct elf_file *file, void *buffer, size_t size, uint64_t offset,
		   const char *what, struct rti_error *err)
{
	long n;

	if (offset > INT64_MAX - size)
		return rti_refuse(err, ENOEXEC, "%s: its %s is at an impossible offset", file->path,
				  what);
	n = rti_retry(pread(file->fd, buffer, size, (off_t)offset));
	if (n < 0)
		return rti_fail(err, (int)-n, "read %s of %s", what, file->path);
	if ((size_t)n != size)
		return rti_refuse(err, ENOEXEC, "%s ends within its %s", file->path, what);
	return 0;
}

static int check_header(const struct elf_file *file, struct rti_error *err)
{
	const Elf64_Ehdr *header = &file->header;
	const char *why = NULL;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		why = "is not an ELF file";
	else if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		why = "is not a 64-bit little-endian ELF file";
	else if (header->e_machine != ARCH_ELF_MACHINE)
		why = "is for another processor";
	else if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		why = "is not an executable ELF file";
	else if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
		why = "has no usable program headers";
	if (why)
		return rti_refuse(err, ENOEXEC, "%s %s", file->path, why);
	if (header->e_phnum > ELF_SEGMENTS_MAX)
		return rti_refuse(err, ENOEXEC, "%s has %u program headers, more than %d",
				  file->path, header->e_phnum, ELF_SEGMENTS_MAX);
	return 0;
}

static int read_interpreter(struct elf_file *file, const Elf64_Phdr *segment, struct rti_error *err)
{
	uint64_t size = segment->p_filesz;
	int r;

	if (size < 2 || size > sizeof(file->interpreter))
		return rti_refuse(err, ENOEXEC, "%s names an interpreter of %" PRIu64 " bytes",
				  file->path, size);
	r = read_at(file, file->interpreter, size, segment->p_offset, "interpreter's name", err);
	if (r < 0)
		return r;
	if (file->interpreter[size - 1] != '\0' || file->interpreter[0] != '/')
		return rti_refuse(err, ENOEXEC, "%s names an interpreter that is no absolute path",
				  file->path);
	return 0;
}

/* What the kernel refuses too, and what would make the arithmetic of the mapping wrap. */
static int check_load(const struct elf_file *file, const Elf64_Phdr *segment, uint64_t *end,
		      uint64_t file_size, struct rti_error *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const char *why = NULL;

	if (segment->p_filesz > segment->p_memsz)
		why = "is larger in the file than in memory";
	else if (segment->p_offset > file_size || segment->p_filesz > file_size - segment->p_offset)
		why = "lies beyond the end of the file";
	else if (segment->p_vaddr > INT64_MAX / 2 || segment->p_memsz > INT64_MAX / 2)
		why = "lies at an impossible address";
	else if (segment->p_vaddr % page != segment->p_offset % page)
		why = "is not aligned to pages";
	else if (segment->p_align > page && (segment->p_align & (segment->p_align - 1)))
		why = "has an alignment that is no power of two";
	else if (segment->p_vaddr < *end)
		why = "overlaps the one before";
	if (why)
		return rti_refuse(err, ENOEXEC, "%s: segment at 0x%" PRIx64 " %s", file->path,
				  segment->p_vaddr, why);
	*end = segment->p_vaddr + segment->p_memsz;
	return 0;
}

static int check_segments(struct elf_file *file, struct rti_error *err)
{
	uint64_t end = 0;
	size_t loads = 0;
	struct stat st;
	int r = 0;

	if (fstat(file->fd, &st) < 0)
		return rti_fail(err, errno, "stat %s", file->path);
	for (size_t i = 0; i < file->segment_count && r == 0; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type == PT_INTERP)
			r = read_interpreter(file, segment, err);
		if (segment->p_type != PT_LOAD)
			continue;
		r = check_load(file, segment, &end, (uint64_t)st.st_size, err);
		loads++;
	}
	if (r == 0 && loads == 0)
		return rti_refuse(err, ENOEXEC, "%s has nothing to load", file->path);
	return r;
}

/* Said first: a script may be shorter than any ELF header. */
static int refuse_script(const struct elf_file *file, struct rti_error *err)
{
	char start[2] = { 0 };

	if (rti_retry(pread(file->fd, start, sizeof(start), 0)) != sizeof(start) ||
	    memcmp(start, "#!", sizeof(start)) != 0)
		return 0;
	return rti_refuse(err, ENOEXEC, "%s is a script, not a program that can be mapped",
			  file->path);
}

int elf_file_read(int fd, const char *path, struct elf_file *ret, struct rti_error *err)
{
	struct elf_file *file = ret;
	int r;

	file->fd = fd;
	file->path = path;
	file->interpreter[0] = '\0';
	r = refuse_script(file, err);
	if (r == 0)
		r = read_at(file, &file->header, sizeof(file->header), 0, "ELF header", err);
	if (r == 0)
		r = check_header(file, err);
	if (r < 0)
		return r;
	file->segment_count = file->header.e_phnum;
	r = read_at(file, file->segments, file->segment_count * sizeof(Elf64_Phdr),
		    file->header.e_phoff, "program headers", err);
	if (r == 0)
		r = check_segments(file, err);
	return r;
}
