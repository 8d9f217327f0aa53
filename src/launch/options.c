/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* Chosen: a configuration file of this program has a line or two. */
#define FILE_MAX ((size_t)64 * 1024)

static const char *const runc_directories[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
};

/* The next word of *@text, unescaped into @word; false at the end, or when it is too long. */
static bool next_word(const char **text, char *word, size_t size, bool *too_long)
{
	const char *at = *text;
	size_t n = 0;

	while (isspace((unsigned char)*at) || *at == '#')
		at += *at == '#' ? strcspn(at, "\n") : 1;
	if (*at == '\0')
		return false;
	for (; *at && !isspace((unsigned char)*at); at++) {
		if (*at == '\\' && at[1])
			at++;
		if (n + 1 >= size) {
			*too_long = true;
			return false;
		}
		word[n++] = *at;
	}
	word[n] = '\0';
	*text = at;
	return true;
}

static int take_path(const char **text, const char *option, char path[PATH_MAX], const char *origin,
		     struct rti_error *err)
{
	char word[PATH_MAX];
	bool too_long = false;

	if (!next_word(text, word, sizeof(word), &too_long))
		return rti_refuse(err, EINVAL, "%s: %s %s", origin, option,
				  too_long ? "has too long a path" : "needs a path");
	if (word[0] != '/')
		return rti_refuse(err, EINVAL, "%s: %s %s: the path must be absolute", origin,
				  option, word);
	strcpy(path, word);
	return 0;
}

int options_parse(const char *text, const char *origin, struct options *options,
		  struct rti_error *err)
{
	char word[PATH_MAX];
	bool too_long = false;
	int r = 0;

	while (r == 0 && next_word(&text, word, sizeof(word), &too_long)) {
		if (strcmp(word, "--runc") == 0)
			r = take_path(&text, word, options->runc, origin, err);
		else if (strcmp(word, "--init") == 0)
			r = take_path(&text, word, options->init, origin, err);
		else if (strcmp(word, "--show") == 0)
			options->show = true;
		else
			r = rti_refuse(err, EINVAL, "%s: unknown option %.100s", origin, word);
	}
	if (r == 0 && too_long)
		r = rti_refuse(err, EINVAL, "%s: a word is too long", origin);
	return r;
}

static int parse_file(const char *path, struct options *options, struct rti_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : rti_fail(err, errno, "open %s", path);
	text = malloc(FILE_MAX + 1);
	if (!text)
		return rti_fail(err, ENOMEM, "read %s", path);
	n = rti_read_full(fd, text, FILE_MAX);
	if (n < 0)
		return rti_fail(err, (int)-n, "read %s", path);
	if ((size_t)n == FILE_MAX || memchr(text, '\0', (size_t)n))
		return rti_refuse(err, EINVAL, "%s is no configuration file", path);
	text[n] = '\0';
	return options_parse(text, path, options, err);
}

int options_read(const char *file, struct options *ret, struct rti_error *err)
{
	struct options options = { 0 };
	const char *variable = getenv(OPTIONS_VARIABLE);
	int r;

	r = parse_file(file, &options, err);
	if (r == 0 && variable)
		r = options_parse(variable, OPTIONS_VARIABLE, &options, err);
	if (r == 0)
		*ret = options;
	return r;
}

static bool is_same_file(int fd, const struct stat *other)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == other->st_dev && st.st_ino == other->st_ino;
}

/* Also skips a link called runc that leads to this launcher, which is how it may be installed. */
static int search_runc(struct options *options, struct rti_error *err)
{
	struct stat self;

	if (stat("/proc/self/exe", &self) < 0)
		return rti_fail(err, errno, "stat /proc/self/exe");
	for (size_t i = 0; i < sizeof(runc_directories) / sizeof(runc_directories[0]); i++) {
		int fd;

		snprintf(options->runc, sizeof(options->runc), "%s/runc", runc_directories[i]);
		if (access(options->runc, X_OK) < 0)
			continue;
		fd = open(options->runc, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && !is_same_file(fd, &self))
			return fd;
		rti_close(fd);
	}
	options->runc[0] = '\0';
	return rti_refuse(err, ENOENT,
			  "no runc in the usual system directories; name one with --runc PATH "
			  "in the configuration file or in " OPTIONS_VARIABLE);
}

static int open_program(const char *path, const char *what, struct rti_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? rti_fail(err, errno, "open %s %s", what, path) : fd;
}

int options_open_runc(struct options *options, struct rti_error *err)
{
	if (options->runc[0])
		return open_program(options->runc, "runc", err);
	return search_runc(options, err);
}

int options_open_init(struct options *options, const char *installed, struct rti_error *err)
{
	static const char name[] = "runtime-init";
	ssize_t n;
	char *slash;

	if (options->init[0])
		return open_program(options->init, name, err);
	n = readlink("/proc/self/exe", options->init, sizeof(options->init) - sizeof(name));
	if (n > 0) {
		options->init[n] = '\0';
		slash = strrchr(options->init, '/');
		strcpy(slash ? slash + 1 : options->init, name);
		if (access(options->init, X_OK) == 0)
			return open_program(options->init, name, err);
	}
	snprintf(options->init, sizeof(options->init), "%s", installed);
	return open_program(options->init, name, err);
}
