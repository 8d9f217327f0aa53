/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which programs the parent takes for an init. Each is a copy of this program with a trailer, which
 * it prints when it is asked for its version.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/identity.h"
#include "parent/runtime-parent.h"
#include "tests/unit/data-files.h"

#define TRAILER_SIZE 64

static char program_path[] = "/tmp/rti-test-program-XXXXXX";

static int print_trailer(void)
{
	char trailer[TRAILER_SIZE + 1] = "";
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || lseek(fd, -TRAILER_SIZE, SEEK_END) < 0 || read(fd, trailer, TRAILER_SIZE) < 0)
		return 1;
	fputs(trailer, stdout);
	return 0;
}

/* Our own program, all of it, with room for a trailer; the caller frees it. */
static char *read_self(size_t *ret_size)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	bytes = calloc(1, (size_t)st.st_size + TRAILER_SIZE);
	assert_int_equal(rti_read_full(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static void write_program(const char *bytes, size_t size)
{
	int fd = open(program_path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(rti_write_full(fd, bytes, size), 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
}

static void write_with_trailer(const char *trailer)
{
	size_t size;
	char *bytes = read_self(&size);

	memcpy(bytes + size, trailer, strlen(trailer));
	write_program(bytes, size + TRAILER_SIZE);
	free(bytes);
}

static void assert_refused(const char *path, int expected, const char *text)
{
	struct rti_parent_program program = RTI_PARENT_PROGRAM_EMPTY;
	size_t fds = open_fds();
	struct rti_error err;

	assert_int_equal(rti_parent_program_open(path, &program, &err), expected);
	if (!strstr(err.text, text))
		fail_msg("got '%s', expected '%s'", err.text, text);
	assert_int_equal(program.exe_fd, -EBADF);
	assert_int_equal(open_fds(), fds);
}

static void test_a_runc_is_known_by_its_version(void **state)
{
	struct rti_parent_program program;
	struct rti_error err;

	(void)state;
	write_with_trailer("runc version 1.3.6+ds1\ncommit: x\n");
	if (rti_parent_program_open(program_path, &program, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(program.own);
	assert_int_equal(program.dialect, RTI_DIALECT_RUNC_1_3);
	assert_string_equal(program.version, "1.3.6+ds1");
	assert_true(fcntl(program.exe_fd, F_GETFD) & FD_CLOEXEC);
	rti_parent_program_done(&program);
	rti_parent_program_done(&program);
}

static void test_what_speaks_another_protocol_is_refused(void **state)
{
	(void)state;
	write_with_trailer("runc version 1.1.15\n");
	assert_refused(
		program_path, -EPROTONOSUPPORT,
		"is runc 1.1.15, whose init speaks an older protocol: runc 1.2 or later is needed");
	write_with_trailer("crun version 1.8.1\n");
	assert_refused(program_path, -EINVAL, "is 'crun', which is neither runtime-init nor runc");
	write_with_trailer("runc version bogus\n");
	assert_refused(program_path, -EINVAL, "cannot make out runc version 'bogus'");
	write_with_trailer("hello\n");
	assert_refused(program_path, -EINVAL, "prints no version: hello");
	write_with_trailer("");
	assert_refused(program_path, -EINVAL, "prints no version: ");
}

static void test_what_is_no_program_is_refused(void **state)
{
	(void)state;
	assert_refused("/no/such", -ENOENT, "open /no/such: no such file or directory");
	assert_refused("/etc", -EINVAL, "/etc is not a regular file");
	assert_refused("/etc/passwd", -ENOEXEC, "/etc/passwd is not an ELF program");
	write_program("#!/bin/sh\nexec runc \"$@\"\n#############################################",
		      70);
	assert_refused(program_path, -ENOEXEC, "is not an ELF program");
	write_program("\177ELF", 4);
	assert_refused(program_path, -ENOEXEC, "is not an ELF program");
}

/* An ELF file that is nothing but the header, one segment and these notes. */
static void write_note(const void *note, size_t size)
{
	static char file[4096];
	ElfW(Ehdr) header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 },
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(ElfW(Phdr)),
		.e_phnum = 1,
	};
	ElfW(Phdr) segment = {
		.p_type = PT_NOTE,
		.p_offset = sizeof(header) + sizeof(segment),
		.p_filesz = size,
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &segment, sizeof(segment));
	memcpy(file + segment.p_offset, note, size);
	write_program(file, segment.p_offset + size);
}

struct note {
	struct rti_identity_note other;
	struct rti_identity_note ours;
};

static struct rti_identity_note make_note(void)
{
	struct rti_identity_note note = {
		.name_size = sizeof(RTI_IDENTITY_NOTE_NAME),
		.text_size = sizeof(RTI_IDENTITY),
		.type = RTI_IDENTITY_NOTE_TYPE,
		.name = RTI_IDENTITY_NOTE_NAME,
		.text = RTI_IDENTITY,
	};

	return note;
}

static void test_our_init_is_known_by_its_note(void **state)
{
	struct note notes = { make_note(), make_note() };
	struct rti_parent_program program;

	(void)state;
	notes.other.name[0] = 'x';
	write_note(&notes, sizeof(notes));
	assert_int_equal(rti_parent_program_open(program_path, &program, NULL), 0);
	assert_true(program.own);
	assert_int_equal(program.dialect, RTI_DIALECT_OWN);
	assert_string_equal(program.version, RTI_IDENTITY);
	rti_parent_program_done(&program);
	notes.ours.text[0]++;
	write_note(&notes, sizeof(notes));
	assert_refused(program_path, -EPROTONOSUPPORT, "both have to be of one build");
}

static void test_broken_notes_are_no_notes(void **state)
{
	struct rti_identity_note note = make_note();
	char text[RTI_IDENTITY_MAX];
	int fd;

	(void)state;
#define ASSERT_NO_NOTE(change)                                                                     \
	do {                                                                                       \
		note = make_note();                                                                \
		change;                                                                            \
		write_note(&note, sizeof(note));                                                   \
		fd = open(program_path, O_RDONLY | O_CLOEXEC);                                     \
		assert_int_equal(rti_identity_read(fd, text), -ENOENT);                            \
		close(fd);                                                                         \
	} while (0)
	ASSERT_NO_NOTE(note.name_size = UINT32_MAX);
	ASSERT_NO_NOTE(note.name_size = 1000);
	ASSERT_NO_NOTE(note.text_size = UINT32_MAX - 2);
	ASSERT_NO_NOTE(note.text_size = 0);
	ASSERT_NO_NOTE(note.text_size = 1000);
	ASSERT_NO_NOTE(memset(note.text, 'a', sizeof(note.text)));
	ASSERT_NO_NOTE(note.type = 2);
}

static int setup(void **state)
{
	(void)state;
	return close(mkstemp(program_path));
}

static int teardown(void **state)
{
	(void)state;
	return unlink(program_path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_runc_is_known_by_its_version),
		cmocka_unit_test(test_what_speaks_another_protocol_is_refused),
		cmocka_unit_test(test_what_is_no_program_is_refused),
		cmocka_unit_test(test_our_init_is_known_by_its_note),
		cmocka_unit_test(test_broken_notes_are_no_notes),
	};

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print_trailer();
	return cmocka_run_group_tests(tests, setup, teardown);
}
