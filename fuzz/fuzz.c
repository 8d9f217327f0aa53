/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FDS 64

void fuzz_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

uint8_t fuzz_byte(struct fuzz_input *input)
{
	return (uint8_t)fuzz_number(input, 1);
}

uint64_t fuzz_number(struct fuzz_input *input, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size && input->left; i++) {
		number |= (uint64_t)*input->at++ << (8 * i);
		input->left--;
	}
	return number;
}

char *fuzz_line(struct fuzz_input *input, size_t *ret_size)
{
	char *line;
	size_t size = 0;

	*ret_size = 0;
	if (!input->left)
		return NULL;
	line = malloc(input->left + 1);
	fuzz_expect(line, "no memory");
	while (input->left) {
		uint8_t byte = fuzz_byte(input);

		if (byte == '\\' && input->left && *input->at == '\n')
			byte = fuzz_byte(input);
		else if (byte == '\n')
			break;
		line[size++] = (char)byte;
	}
	line[size] = '\0';
	*ret_size = size;
	return line;
}

struct fuzz_fds fuzz_fds_note(void)
{
	struct fuzz_fds now = { 0 };
	struct pollfd fds[FDS];

	for (int i = 0; i < FDS; i++)
		fds[i] = (struct pollfd){ .fd = i };
	fuzz_expect(poll(fds, FDS, 0) >= 0, "poll: %s", strerror(errno));
	for (int i = 0; i < FDS; i++)
		if (!(fds[i].revents & POLLNVAL))
			now.open |= 1ull << i;
	return now;
}

void fuzz_fds_expect(struct fuzz_fds then)
{
	struct fuzz_fds now = fuzz_fds_note();

	fuzz_expect(now.open == then.open, "open fds before: %#llx, after: %#llx",
		    (unsigned long long)then.open, (unsigned long long)now.open);
}

int fuzz_file(const void *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_expect(fd >= 0, "memfd_create: %s", strerror(errno));
	fuzz_expect(write(fd, bytes, size) == (ssize_t)size, "write: %s", strerror(errno));
	fuzz_expect(lseek(fd, 0, SEEK_SET) == 0, "lseek: %s", strerror(errno));
	return fd;
}

static char folder[256];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
	const char *parent = getenv("TMPDIR");

	if (*folder)
		return folder;
	snprintf(folder, sizeof(folder), "%s/fuzz-XXXXXX", parent ? parent : "/tmp");
	fuzz_expect(mkdtemp(folder), "mkdtemp %s: %s", folder, strerror(errno));
	atexit(remove_folder);
	return folder;
}
