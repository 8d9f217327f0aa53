/* SPDX-License-Identifier: Apache-2.0 */
/* `spec`: a config.json to start from. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/runtime-parent/command.h"

enum { BUNDLE, ROOTLESS };

static const struct option_spec options[] = {
	[BUNDLE] = { "bundle", 'b', OPTION_TEXT, "the bundle's directory" },
	[ROOTLESS] = { "rootless", 0, OPTION_BOOL,
		       "generate a configuration for a rootless container" },
	{ .name = NULL },
};

static int spec(const struct call *call, struct rti_error *err)
{
	const char *bundle = call->options[BUNDLE].text;
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -EBADF;
	struct statfs fs;
	bool unified;
	int r;

	if (*bundle && chdir(bundle) < 0)
		return rti_fail(err, errno, "chdir %s", bundle);
	unified = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
	r = rti_spec_default(call->options[ROOTLESS].flag, unified, geteuid(), getegid(), &text);
	if (r < 0)
		return rti_fail(err, -r, "make specification");
	fd = open(CONFIG_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return rti_refuse(err, EEXIST, "File %s exists. Remove it first", CONFIG_FILE);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", CONFIG_FILE);
	r = rti_write_full(fd, text, strlen(text));
	return r < 0 ? rti_fail(err, -r, "write %s", CONFIG_FILE) : 0;
}

const struct command command_spec = {
	.name = "spec",
	.arguments = "",
	.purpose = "create a new specification file",
	.help = "Writes a config.json for a bundle that runs \"sh\" in the directory rootfs.\n"
		"It is a starting point; real containers need it edited.",
	.options = options,
	.arguments_min = 0,
	.arguments_max = 0,
	.exit_code = 1,
	.run = spec,
};
