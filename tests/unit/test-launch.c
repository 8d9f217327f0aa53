/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sealed-copy.h"
#include "launch/elf-file.h"
#include "launch/elf-map.h"
#include "launch/options.h"
#include "tests/unit/data-files.h"

static struct elf_file file;

static int read_bytes(const void *bytes, size_t size, struct rti_error *err)
{
	int fd = memfd_create("elf", MFD_CLOEXEC), r;

	assert_int_equal(write(fd, bytes, size), size);
	r = elf_file_read(fd, "prog", &file, err);
	close(fd);
	return r;
}

static void test_what_is_no_program_is_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *text;
	} cases[] = {
		{ "#!/bin/sh\n", 200, "prog is a script" },
		{ "hello", 200, "prog is not an ELF file" },
		{ ELFMAG "\1\1\1", 200, "prog is not a 64-bit little-endian ELF file" },
		{ ELFMAG "\2\2\1", 200, "prog is not a 64-bit little-endian ELF file" },
		{ ELFMAG "\2\1\1", 200, "prog is for another processor" },
		{ ELFMAG "\2\1\1", 63, "prog ends within its ELF header" },
		{ "", 0, "prog ends within its ELF header" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rti_error err = { 0 };
		char bytes[256] = { 0 };

		memcpy(bytes, cases[i].bytes, strlen(cases[i].bytes));
		assert_int_equal(read_bytes(bytes, cases[i].size, &err), -ENOEXEC);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' lacks '%s'", err.text, cases[i].text);
	}
}

/* A copy of this very program with one field of a header changed. */
static int read_changed(size_t offset, const void *value, size_t size, struct rti_error *err)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy_fd, r;
	static char bytes[4096];
	off_t end = lseek(fd, 0, SEEK_END);

	copy_fd = memfd_create("elf", MFD_CLOEXEC);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	memcpy(bytes + offset, value, size);
	assert_int_equal(write(copy_fd, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(ftruncate(copy_fd, end), 0);
	r = elf_file_read(copy_fd, "prog", &file, err);
	close(copy_fd);
	close(fd);
	return r;
}

static size_t first_load(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_int_equal(elf_file_read(fd, "self", &file, NULL), 0);
	close(fd);
	for (size_t i = 0; i < file.segment_count; i++)
		if (file.segments[i].p_type == PT_LOAD)
			return file.header.e_phoff + i * sizeof(Elf64_Phdr);
	fail();
	return 0;
}

static void test_headers_that_make_no_sense_are_refused(void **state)
{
	size_t load = first_load();
	const uint64_t huge = UINT64_MAX - 100, odd = 0x123;
	const uint16_t many = 65, none = 0;
	const struct {
		size_t offset;
		const void *value;
		size_t size;
		const char *text;
	} cases[] = {
		{ offsetof(Elf64_Ehdr, e_phnum), &many, 2, "65 program headers" },
		{ offsetof(Elf64_Ehdr, e_phnum), &none, 2, "no usable program headers" },
		{ offsetof(Elf64_Ehdr, e_phoff), &huge, 8, "impossible offset" },
		{ load + offsetof(Elf64_Phdr, p_filesz), &huge, 8,
		  "larger in the file than in memory" },
		{ load + offsetof(Elf64_Phdr, p_memsz), &huge, 8, "impossible address" },
		{ load + offsetof(Elf64_Phdr, p_vaddr), &huge, 8, "impossible address" },
		{ load + offsetof(Elf64_Phdr, p_vaddr), &odd, 8, "not aligned to pages" },
		{ load + offsetof(Elf64_Phdr, p_offset), &huge, 8, "beyond the end of the file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rti_error err = { 0 };

		assert_int_equal(read_changed(cases[i].offset, cases[i].value, cases[i].size, &err),
				 -ENOEXEC);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' lacks '%s'", err.text, cases[i].text);
	}
}

static void test_a_mapped_program_has_the_bytes_of_its_file(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf_map map;

	(void)state;
	assert_int_equal(elf_file_read(fd, "self", &file, NULL), 0);
	assert_int_equal(elf_map(&file, &map, NULL), 0);
	assert_memory_equal((const void *)map.segments, file.segments,
			    file.segment_count * sizeof(Elf64_Phdr));
	assert_int_equal(map.entry, map.base + file.header.e_entry);
	for (size_t i = 0; i < file.segment_count; i++) {
		const Elf64_Phdr *segment = &file.segments[i];
		const char *memory = (const char *)map.base + segment->p_vaddr;
		char *bytes;

		if (segment->p_type != PT_LOAD)
			continue;
		bytes = malloc(segment->p_filesz);
		assert_int_equal(pread(fd, bytes, segment->p_filesz, (off_t)segment->p_offset),
				 segment->p_filesz);
		assert_memory_equal(memory, bytes, segment->p_filesz);
		for (size_t at = segment->p_filesz; at < segment->p_memsz; at++)
			assert_int_equal(memory[at], 0);
		free(bytes);
	}
	close(fd);
}

static void test_a_sealed_copy_cannot_be_changed(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy_fd, again_fd;
	size_t before = open_fds();
	char path[64], byte;

	(void)state;
	assert_false(rti_sealed_is(fd));
	copy_fd = rti_sealed_copy(fd, "copy", NULL);
	assert_true(copy_fd >= 0);
	assert_true(rti_sealed_is(copy_fd));
	assert_int_equal(fcntl(copy_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(copy_fd, "x", 1), -1);
	assert_int_equal(ftruncate(copy_fd, 0), -1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy_fd);
	again_fd = open(path, O_RDWR | O_CLOEXEC);
	if (again_fd >= 0) {
		assert_int_equal(pwrite(again_fd, "x", 1, 0), -1);
		assert_ptr_equal(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, again_fd, 0), MAP_FAILED);
		close(again_fd);
	}
	assert_int_equal(pread(copy_fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 0x7f);
	close(copy_fd);
	assert_int_equal(open_fds(), before);
	close(fd);
}

static void test_options(void **state)
{
	static const struct {
		const char *text;
		const char *runc;
		const char *init;
		const char *error;
	} cases[] = {
		{ "--runc /a/runc", "/a/runc", "", NULL },
		{ "# comment --runc /no\n\t--init  /b/init\n--runc /c#d", "/c#d", "/b/init", NULL },
		{ "--runc /with\\ blank", "/with blank", "", NULL },
		{ "--runc /a --runc /b", "/b", "", NULL },
		{ "", "", "", NULL },
		{ "--runc", NULL, NULL, "t: --runc needs a path" },
		{ "--runc runc", NULL, NULL, "t: --runc runc: the path must be absolute" },
		{ "--rnc /x", NULL, NULL, "t: unknown option --rnc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options = { 0 };
		struct rti_error err = { 0 };
		int r = options_parse(cases[i].text, "t", &options, &err);

		if (cases[i].error) {
			assert_int_equal(r, -EINVAL);
			assert_string_equal(err.text, cases[i].error);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(options.runc, cases[i].runc);
		assert_string_equal(options.init, cases[i].init);
	}
}

static void test_an_option_that_is_too_long_is_refused(void **state)
{
	char text[PATH_MAX + 32] = "--runc /";
	struct options options = { 0 };
	struct rti_error err = { 0 };

	(void)state;
	memset(text + 8, 'x', PATH_MAX);
	assert_int_equal(options_parse(text, "t", &options, &err), -EINVAL);
	assert_string_equal(err.text, "t: --runc has too long a path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_program_is_named),
		cmocka_unit_test(test_headers_that_make_no_sense_are_refused),
		cmocka_unit_test(test_a_mapped_program_has_the_bytes_of_its_file),
		cmocka_unit_test(test_a_sealed_copy_cannot_be_changed),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_an_option_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
