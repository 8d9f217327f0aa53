/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.json. The input is the file.
 *
 * What is read and written again is read as the same: the second file is the first, byte for byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "parent/state.h"

#define FILE_MAX (1 << 20)

static void put(int dir_fd, const uint8_t *data, size_t size)
{
	_cleanup_fd_ int fd =
		openat(dir_fd, STATE_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_expect(fd >= 0 && rti_write_full(fd, data, size) == 0, STATE_FILE ": %s",
		    strerror(errno));
}

/* Read the file that is there and write it again; gives its bytes, to be freed, or NULL. */
static char *read_and_write(int dir_fd, enum rti_dialect dialect, size_t *ret_size)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	_cleanup_fd_ int fd = -EBADF;
	struct rti_error err;
	struct state state;
	char *bytes;
	int r = state_read(dir_fd, &arena, &state, &err);

	if (r < 0) {
		fuzz_expect(err.errnum == -r && *err.text, "no reason for %d", r);
		return NULL;
	}
	fuzz_expect(state_write(dir_fd, &state, dialect, &err) == 0, "%s", err.text);
	fd = openat(dir_fd, STATE_FILE, O_RDONLY | O_CLOEXEC);
	bytes = malloc(FILE_MAX);
	fuzz_expect(fd >= 0 && bytes, STATE_FILE ": %s", strerror(errno));
	*ret_size = (size_t)rti_read_full(fd, bytes, FILE_MAX);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum rti_dialect dialects[] = { RTI_DIALECT_RUNC_1_2, RTI_DIALECT_OWN };
	static int dir_fd = -1;
	size_t first_size, second_size;
	struct fuzz_fds fds;

	if (dir_fd < 0)
		dir_fd = open(fuzz_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds = fuzz_fds_note();
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
		enum rti_dialect dialect = dialects[i];

		put(dir_fd, data, size);
		_cleanup_free_ char *first = read_and_write(dir_fd, dialect, &first_size);

		if (!first)
			break;
		_cleanup_free_ char *second = read_and_write(dir_fd, dialect, &second_size);

		fuzz_expect(second && first_size == second_size &&
				    memcmp(first, second, first_size) == 0,
			    "%s: %.*s\n%.*s", rti_dialect_name(dialect), (int)first_size, first,
			    (int)second_size, second ? second : "");
	}
	fuzz_fds_expect(fds);
	return 0;
}
