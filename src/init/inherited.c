/* SPDX-License-Identifier: Apache-2.0 */
#include "init/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/sealed-copy.h"

static const char *const names[INHERITED_VARIABLES] = {
	[INHERITED_INITPIPE] = "_LIBCONTAINER_INITPIPE",
	[INHERITED_SYNCPIPE] = "_LIBCONTAINER_SYNCPIPE",
	[INHERITED_LOGPIPE] = "_LIBCONTAINER_LOGPIPE",
	[INHERITED_LOGLEVEL] = "_LIBCONTAINER_LOGLEVEL",
	[INHERITED_INITTYPE] = "_LIBCONTAINER_INITTYPE",
	[INHERITED_FIFOFD] = "_LIBCONTAINER_FIFOFD",
	[INHERITED_CONSOLE] = "_LIBCONTAINER_CONSOLE",
	[INHERITED_PIDFD_SOCK] = "_LIBCONTAINER_PIDFD_SOCK",
	[INHERITED_STATEDIR] = "_LIBCONTAINER_STATEDIR",
	[INHERITED_SECCOMP] = "_RUNTIME_INIT_SECCOMP",
};

static const char *value_of(const char *entry, const char *name)
{
	size_t size = strlen(name);

	return strncmp(entry, name, size) == 0 && entry[size] == '=' ? entry + size + 1 : NULL;
}

void inherited_take(char **environment, struct inherited *ret)
{
	*ret = (struct inherited){
		.init_fd = -EBADF,
		.sync_fd = -EBADF,
		.log_fd = -EBADF,
		.fifo_fd = -EBADF,
		.console_fd = -EBADF,
		.pidfd_socket_fd = -EBADF,
		.seccomp_fd = -EBADF,
		.log_level = LOG_LEVEL_DEBUG,
	};
	for (char **entry = environment; *entry; entry++) {
		for (int i = 0; i < INHERITED_VARIABLES; i++) {
			const char *value = value_of(*entry, names[i]);

			if (value)
				snprintf(ret->value[i], INHERITED_VALUE_MAX, "%s", value);
		}
		explicit_bzero(*entry, strlen(*entry));
	}
	environment[0] = NULL;
}

bool inherited_has(char **environment, enum inherited_variable variable)
{
	for (char **entry = environment; *entry; entry++) {
		const char *value = value_of(*entry, names[variable]);

		if (value && *value)
			return true;
	}
	return false;
}

/* Numbers that the stages read; runc shows an errno there that nothing has set. */
static int read_early_number(const struct inherited *inherited, enum inherited_variable variable,
			     int *ret, struct rti_error *err)
{
	const char *name = names[variable], *value = inherited->value[variable];
	int64_t number;

	if (!rti_number_i64(value, INT_MIN, INT_MAX, &number))
		return rti_refuse(err, EINVAL, "unable to parse %s=%s: %s", name, value,
				  strerror(0));
	if (number < 0)
		return rti_refuse(err, EINVAL, "bad value for %s=%s (%d): %s", name, value,
				  (int)number, strerror(0));
	*ret = (int)number;
	return 0;
}

/* Numbers that the init proper reads, with the words of Go's strconv. */
static int read_late_number(const struct inherited *inherited, enum inherited_variable variable,
			    int *ret, struct rti_error *err)
{
	const char *value = inherited->value[variable];
	bool digits = *value && strspn(value, "0123456789") == strlen(value);
	int64_t number;

	if (!rti_number_i64(value, 0, INT_MAX, &number))
		return rti_refuse(err, EINVAL,
				  "unable to convert %s: strconv.Atoi: parsing \"%s\": %s",
				  names[variable], value,
				  digits ? "value out of range" : "invalid syntax");
	*ret = (int)number;
	return 0;
}

/* Stdio goes to the container's program, so nothing of the parent's may lie there. */
static int check_not_stdio(enum inherited_variable variable, int fd, struct rti_error *err)
{
	if (fd > STDERR_FILENO)
		return 0;
	return rti_refuse(err, EBADF, "%s=%d names a standard stream", names[variable], fd);
}

static int check_socket(enum inherited_variable variable, int fd, int type, struct rti_error *err)
{
	int domain = 0, actual = 0;
	socklen_t size = sizeof(int);
	int r = check_not_stdio(variable, fd, err);

	if (r < 0)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return rti_fail(err, errno, "%s=%d", names[variable], fd);
	size = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &actual, &size) < 0)
		return rti_fail(err, errno, "%s=%d", names[variable], fd);
	if (domain != AF_UNIX || actual != type)
		return rti_refuse(err, EBADF, "%s=%d is not a unix %s socket", names[variable], fd,
				  type == SOCK_STREAM ? "stream" : "seqpacket");
	return 0;
}

static int check_fifo(enum inherited_variable variable, int fd, bool path_only,
		      struct rti_error *err)
{
	struct stat status;
	int flags, r = check_not_stdio(variable, fd, err);

	if (r < 0)
		return r;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fstat(fd, &status) < 0)
		return rti_fail(err, errno, "%s=%d", names[variable], fd);
	if (!S_ISFIFO(status.st_mode))
		return rti_refuse(err, EBADF, "%s=%d is not a pipe", names[variable], fd);
	if (path_only ? !(flags & O_PATH) : (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
		return rti_refuse(err, EBADF, "%s=%d is not %s", names[variable], fd,
				  path_only ? "an O_PATH descriptor" : "open for writing");
	return 0;
}

int inherited_open_log(struct inherited *inherited, struct rti_error *err)
{
	int fd = -EBADF, level = LOG_LEVEL_DEBUG, r;

	if (*inherited->value[INHERITED_LOGPIPE]) {
		r = read_early_number(inherited, INHERITED_LOGPIPE, &fd, err);
		if (r == 0)
			r = check_fifo(INHERITED_LOGPIPE, fd, false, err);
		if (r < 0)
			return r;
		inherited->log_fd = fd;
	}
	if (*inherited->value[INHERITED_LOGLEVEL]) {
		r = read_early_number(inherited, INHERITED_LOGLEVEL, &level, err);
		if (r < 0)
			return r;
		inherited->log_level =
			level > LOG_LEVEL_TRACE ? LOG_LEVEL_TRACE : (enum log_level)level;
		inherited->has_log_level = true;
	}
	return 0;
}

int inherited_check_parent(const struct inherited *inherited, struct rti_error *err)
{
	if (!*inherited->value[INHERITED_STATEDIR])
		return 0;
	return rti_refuse(
		err, EPROTONOSUPPORT,
		"the parent speaks the protocol of runc 1.1 or older; runtime-init needs runc "
		"1.2 or newer");
}

int inherited_open_init(struct inherited *inherited, struct rti_error *err)
{
	int fd = -EBADF;
	int r = read_early_number(inherited, INHERITED_INITPIPE, &fd, err);

	if (r == 0)
		r = check_socket(INHERITED_INITPIPE, fd, SOCK_STREAM, err);
	if (r == 0)
		inherited->init_fd = fd;
	return r;
}

int inherited_open_sync(struct inherited *inherited, struct rti_error *err)
{
	int fd = -EBADF;
	int r = read_late_number(inherited, INHERITED_SYNCPIPE, &fd, err);

	if (r == 0)
		r = check_socket(INHERITED_SYNCPIPE, fd, SOCK_SEQPACKET, err);
	if (r == 0)
		inherited->sync_fd = fd;
	return r;
}

/* A socket that need not be there. */
static int open_optional_socket(struct inherited *inherited, enum inherited_variable variable,
				int *ret, struct rti_error *err)
{
	int fd = -EBADF, r;

	if (!*inherited->value[variable])
		return 0;
	r = read_late_number(inherited, variable, &fd, err);
	if (r == 0)
		r = check_socket(variable, fd, SOCK_STREAM, err);
	if (r == 0)
		*ret = fd;
	return r;
}

/* A file that can be written to would be within reach of the container that is joined. */
static int open_seccomp(struct inherited *inherited, struct rti_error *err)
{
	int fd = -EBADF, r;

	if (!*inherited->value[INHERITED_SECCOMP])
		return 0;
	r = read_late_number(inherited, INHERITED_SECCOMP, &fd, err);
	if (r == 0)
		r = check_not_stdio(INHERITED_SECCOMP, fd, err);
	if (r < 0)
		return r;
	if (!rti_sealed_is(fd))
		return rti_refuse(err, EBADF, "%s=%d is not a sealed memory file",
				  names[INHERITED_SECCOMP], fd);
	inherited->seccomp_fd = fd;
	return 0;
}

int inherited_open_rest(struct inherited *inherited, struct rti_error *err)
{
	int fd = -EBADF, r;

	/* The stages did without, as runc's do; a missing one is found only now. */
	if (inherited->log_fd < 0) {
		r = read_late_number(inherited, INHERITED_LOGPIPE, &fd, err);
		if (r < 0)
			return r;
	}
	inherited->type = RTI_INIT_SETNS;
	if (strcmp(inherited->value[INHERITED_INITTYPE], "standard") == 0) {
		inherited->type = RTI_INIT_STANDARD;
		r = read_late_number(inherited, INHERITED_FIFOFD, &fd, err);
		if (r == 0)
			r = check_fifo(INHERITED_FIFOFD, fd, true, err);
		if (r < 0)
			return r;
		inherited->fifo_fd = fd;
	}
	r = open_optional_socket(inherited, INHERITED_CONSOLE, &inherited->console_fd, err);
	if (r < 0)
		return r;
	r = open_optional_socket(inherited, INHERITED_PIDFD_SOCK, &inherited->pidfd_socket_fd,
				 err);
	return r < 0 ? r : open_seccomp(inherited, err);
}

int inherited_check_type(const struct inherited *inherited, struct rti_error *err)
{
	const char *type = inherited->value[INHERITED_INITTYPE];

	if (strcmp(type, "standard") == 0 || strcmp(type, "setns") == 0)
		return 0;
	return rti_refuse(err, EINVAL, "unknown init type \"%s\"", type);
}
