/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/identity.h"
#include "parent/process.h"
#include "parent/runtime-parent.h"
#include "parent/seal.h"
#include "parent/spawn.h"

/* How long `--version` may take. Chosen: it prints a few lines. */
#define VERSION_TIMEOUT_MS (10 * 1000)

/* Most of its output that is looked at, bytes; the version is in the first line. */
#define VERSION_OUTPUT_MAX 1024

/* Reads until the output ends, is long enough, or time is up. */
static int read_output(int fd, char *text, size_t size)
{
	int64_t deadline = rti_clock_ms() + VERSION_TIMEOUT_MS;
	size_t used = 0;

	while (used < size - 1) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - rti_clock_ms();
		long n = left > 0 ? rti_retry(poll(&poll_fd, 1, (int)left)) : 0;

		if (n == 0)
			return -ETIMEDOUT;
		if (n > 0)
			n = rti_retry(read(fd, text + used, size - 1 - used));
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	return 0;
}

/* Runs `PROGRAM --version` with an empty environment and gives the beginning of what it prints. */
static int ask_version(int exe_fd, char *text, size_t size, struct rti_error *err)
{
	_cleanup_fd_ int null_fd = -EBADF, read_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
	char *argv[] = { (char[]){ "runc" }, (char[]){ "--version" }, NULL };
	char *envp[] = { NULL };
	int ends[2], fds[3], r;
	struct spawn spawn = {
		.exe_fd = exe_fd,
		.argv = argv,
		.envp = envp,
		.fds = fds,
		.fd_count = 3,
		.dir = "/",
	};

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return rti_fail(err, errno, "open /dev/null");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	fds[0] = fds[2] = null_fd;
	fds[1] = write_fd;
	r = spawn_process(&spawn, &pidfd, err);
	if (r < 0)
		return r;
	write_fd = rti_close(write_fd);
	r = read_output(read_fd, text, size);
	process_kill(pidfd);
	return r < 0 ? rti_fail(err, -r, "read its version") : 0;
}

/* Takes "NAME version VERSION" apart; cuts @text. */
static bool parse_version(char *text, const char **ret_name, const char **ret_version)
{
	char *save = NULL, *word;

	text[strcspn(text, "\n")] = '\0';
	*ret_name = strtok_r(text, " ", &save);
	word = strtok_r(NULL, " ", &save);
	*ret_version = strtok_r(NULL, " ", &save);
	return *ret_name && word && strcmp(word, "version") == 0 && *ret_version;
}

/* A program without our note: a runc, if anything. */
static int identify_runc(const char *path, struct rti_parent_program *program,
			 struct rti_error *err)
{
	char text[VERSION_OUTPUT_MAX];
	const char *name, *version;
	int r;

	r = ask_version(program->exe_fd, text, sizeof(text), err);
	if (r < 0)
		return rti_prefix(err, r, "run '%s --version'", path);
	if (!parse_version(text, &name, &version))
		return rti_refuse(err, EINVAL, "'%s --version' prints no version: %s", path, text);
	if (strcmp(name, "runc") != 0)
		return rti_refuse(err, EINVAL, "%s is '%s', which is neither runtime-init nor runc",
				  path, name);
	snprintf(program->version, sizeof(program->version), "%s", version);
	r = rti_dialect_from_version(version, &program->dialect);
	if (r == -EPROTONOSUPPORT)
		return rti_refuse(
			err, EPROTONOSUPPORT,
			"%s is runc %s, whose init speaks an older protocol: runc 1.2 or later is "
			"needed",
			path, version);
	if (r < 0)
		return rti_refuse(err, -r, "%s: cannot make out runc version '%s'", path, version);
	return 0;
}

static int identify(int fd, const char *path, struct rti_parent_program *program,
		    struct rti_error *err)
{
	/* A script is refused: it could not be executed through an fd that executing closes. */
	int r = rti_identity_check(fd, path, "runtime-parent", err);

	if (r == -ENOENT)
		return identify_runc(path, program, err);
	if (r < 0)
		return r;
	program->own = true;
	program->dialect = RTI_DIALECT_OWN;
	snprintf(program->version, sizeof(program->version), "%s", RTI_IDENTITY);
	return 0;
}

static int check_file(int fd, const char *path, struct rti_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rti_fail(err, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return rti_refuse(err, EINVAL, "%s is not a regular file", path);
	return 0;
}

int rti_parent_program_open(const char *path, struct rti_parent_program *ret, struct rti_error *err)
{
	struct rti_parent_program program = RTI_PARENT_PROGRAM_EMPTY;
	_cleanup_fd_ int fd = -EBADF;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", path);
	r = check_file(fd, path, err);
	if (r < 0)
		return r;
	program.exe_fd = seal_program(fd, path, err);
	if (program.exe_fd < 0)
		return program.exe_fd;
	r = identify(fd, path, &program, err);
	if (r < 0) {
		rti_parent_program_done(&program);
		return r;
	}
	*ret = program;
	return 0;
}

void rti_parent_program_done(struct rti_parent_program *program)
{
	program->exe_fd = rti_close(program->exe_fd);
}
