/* SPDX-License-Identifier: Apache-2.0 */
/* `ps`: the processes of a container, by the host's ps(1). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "cmd/runtime-parent/command.h"

enum { FORMAT };

static const struct option_spec options[] = {
	[FORMAT] = { "format", 'f', OPTION_TEXT, "table or json (default: table)" },
	{ .name = NULL },
};

static void print_json(const pid_t *pids, size_t count)
{
	if (count == 0)
		fputs("null", stdout);
	for (size_t i = 0; i < count; i++)
		printf("%s%d%s", i ? "," : "[", pids[i], i + 1 == count ? "]" : "");
	putchar('\n');
}

/* Start ps(1) with its output in a pipe. */
static int start_ps(char **arguments, int *ret_fd, pid_t *ret_pid, struct rti_error *err)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe2");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execvp("ps", arguments);
		fprintf(stderr, "exec: \"ps\": %s\n", strerror(errno));
		_exit(127);
	}
	rti_close(fds[1]);
	if (pid < 0) {
		rti_close(fds[0]);
		return rti_fail(err, errno, "fork");
	}
	*ret_fd = fds[0];
	*ret_pid = pid;
	return 0;
}

/* The @column-th word of a line; NULL if there are fewer. */
static char *find_word(char *line, int column, size_t *ret_length)
{
	line += strspn(line, " \t\n");
	while (column-- > 0) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t\n");
	}
	*ret_length = strcspn(line, " \t\n");
	return *ret_length ? line : NULL;
}

static int find_pid_column(char *title)
{
	size_t length;
	char *word;

	for (int column = 0; (word = find_word(title, column, &length)); column++) {
		if (length == 3 && strncmp(word, "PID", 3) == 0)
			return column;
	}
	return -1;
}

static bool names_one_of(char *line, int column, const pid_t *pids, size_t count)
{
	size_t length;
	char *word = find_word(line, column, &length), text[24];
	int64_t pid;

	if (!word || length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	text[length] = 0;
	if (!rti_number_i64(text, 0, INT32_MAX, &pid))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

/* The title and those lines that are about the container's processes. */
static int filter(FILE *output, const pid_t *pids, size_t count, struct rti_error *err)
{
	_cleanup_free_ char *line = NULL;
	int column = -1;
	size_t room = 0;

	while (getline(&line, &room, output) > 0) {
		if (column >= 0) {
			if (names_one_of(line, column, pids, count))
				fputs(line, stdout);
			continue;
		}
		column = find_pid_column(line);
		if (column < 0)
			break;
		fputs(line, stdout);
	}
	/* Else processes would be missing without a word. */
	if (ferror(output))
		return rti_fail(err, errno, "read from ps");
	return column < 0 ? rti_refuse(err, EINVAL, "couldn't find PID field in ps output") : 0;
}

static int print_table(const struct call *call, const pid_t *pids, size_t count,
		       struct rti_error *err)
{
	_cleanup_free_ char **arguments = calloc((size_t)call->argc + 2, sizeof(char *));
	static char program[] = "ps", everything[] = "-ef";
	int fd = -EBADF, status, r;
	pid_t pid = -1;
	FILE *output;

	if (!arguments)
		return rti_fail(err, ENOMEM, "ps");
	arguments[0] = program;
	arguments[1] = everything;
	if (call->argc > 1)
		memcpy(arguments + 1, call->argv + 1, (size_t)(call->argc - 1) * sizeof(char *));
	r = start_ps(arguments, &fd, &pid, err);
	if (r < 0)
		return r;
	output = fdopen(fd, "re");
	if (output) {
		r = filter(output, pids, count, err);
		fclose(output);
	} else {
		r = rti_fail(err, errno, "read from ps");
		rti_close(fd);
	}
	if (rti_retry(waitpid(pid, &status, 0)) == pid && status != 0 && !WIFSIGNALED(status))
		return rti_refuse(err, ECHILD, "exit status %d", WEXITSTATUS(status));
	return r;
}

static int ps(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	const char *format = call->options[FORMAT].text;
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r;

	r = call_load_container(call, &container, err);
	if (r < 0)
		return r;
	r = rti_container_get_pids(container, &pids, &count, err);
	if (r < 0)
		return r;
	if (strcmp(format, "json") == 0) {
		print_json(pids, count);
		return 0;
	}
	if (*format && strcmp(format, "table") != 0)
		return rti_refuse(err, EINVAL, "invalid format option");
	return print_table(call, pids, count, err);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "<container-id> [ps options]",
	.purpose = "ps displays the processes running inside a container",
	.options = options,
	.arguments_min = 1,
	.arguments_max = -1,
	.keep_order = true,
	.exit_code = 1,
	.run = ps,
};
