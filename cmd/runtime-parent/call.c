/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands need. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/runtime-parent/command.h"

static void log_line(void *data, enum rti_parent_level level, const char *message)
{
	logger_write(data, level, message);
}

static void log_warning(void *data, const char *text)
{
	logger_write(data, RTI_PARENT_LEVEL_WARNING, text);
}

struct rti_container_log call_log(const struct call *call)
{
	return (struct rti_container_log){ log_line, &call->globals->logger };
}

int call_load_container(const struct call *call, struct rti_container **ret, struct rti_error *err)
{
	struct rti_container_log log = call_log(call);

	if (call->argc < 1 || !*call->argv[0])
		return rti_refuse(err, EINVAL, "container id cannot be empty");
	return rti_container_load(call->globals->root, call->argv[0], &log, ret, err);
}

int call_open_program(const struct call *call, struct rti_parent_program *ret,
		      struct rti_error *err)
{
	return rti_parent_program_open(call->globals->init, ret, err);
}

int call_environment(const struct call *call, const char *id, char *bundle,
		     struct rti_convert_environment *ret, struct rti_error *err)
{
	const struct scmp_version *version = seccomp_version();

	if (!getcwd(bundle, PATH_MAX))
		return rti_fail(err, errno, "getwd");
	*ret = (struct rti_convert_environment){ 0 };
	rti_convert_environment_probe(ret);
	ret->bundle = bundle;
	ret->container_id = id;
	ret->rootless_euid = geteuid() != 0;
	ret->rootless_cgroups = call->globals->rootless;
	if (version) {
		ret->seccomp_version[0] = version->major;
		ret->seccomp_version[1] = version->minor;
		ret->seccomp_version[2] = version->micro;
	}
	ret->seccomp_api = seccomp_api_get();
	ret->read_id_maps = rti_container_read_id_maps;
	ret->warn = log_warning;
	ret->data = &call->globals->logger;
	return 0;
}

ssize_t file_read(const char *path, char **ret, struct rti_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t size = 0, room = 0;
	ssize_t n;

	if (fd < 0)
		return rti_fail(err, errno, "open %s", path);
	do {
		char *grown;

		room = room ? room * 2 : 64 * 1024;
		grown = realloc(text, room);
		if (!grown)
			return rti_fail(err, ENOMEM, "read %s", path);
		text = grown;
		n = rti_read_full(fd, text + size, room - size);
		if (n < 0)
			return rti_fail(err, (int)-n, "read %s", path);
		size += (size_t)n;
		if (size > RTI_SPEC_MAX)
			return rti_fail(err, EFBIG, "read %s", path);
	} while (size == room);
	text[size] = 0;
	*ret = text;
	text = NULL;
	return (ssize_t)size;
}

int bundle_load(struct rti_spec *ret, bool selinux, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	ssize_t size = file_read(CONFIG_FILE, &text, err);
	int r;

	if (size == -ENOENT)
		return rti_refuse(err, ENOENT, "JSON specification file %s not found", CONFIG_FILE);
	if (size < 0)
		return (int)size;
	r = rti_spec_read(text, (size_t)size, ret, err);
	if (r < 0)
		return r;
	r = rti_spec_check_process(ret->process, selinux, err);
	if (r < 0)
		rti_spec_done(ret);
	return r;
}

static void break_line(FILE *out, size_t depth)
{
	fputc('\n', out);
	while (depth--)
		fputs("  ", out);
}

int text_indent(const char *json, char **ret, struct rti_error *err)
{
	size_t size, depth = 0;
	FILE *out = open_memstream(ret, &size);
	bool in_string = false;

	if (!out)
		return rti_fail(err, ENOMEM, "print JSON");
	for (const char *p = json; *p; p++) {
		/* '[' and '{' lie two before ']' and '}' in ASCII. */
		bool opens = *p == '{' || *p == '[', closes = *p == '}' || *p == ']';

		if (in_string) {
			if (*p == '\\')
				fputc(*p++, out);
			else
				in_string = *p != '"';
			fputc(*p, out);
			continue;
		}
		in_string = *p == '"';
		if (closes && depth-- && p[-1] != *p - 2)
			break_line(out, depth);
		fputc(*p, out);
		if (*p == ':')
			fputc(' ', out);
		depth += opens;
		if (*p == ',' || (opens && p[1] != *p + 2))
			break_line(out, depth);
	}
	return fclose(out) == 0 ? 0 : rti_fail(err, ENOMEM, "print JSON");
}
