/* SPDX-License-Identifier: Apache-2.0 */
#include "init/id-map.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"

#define SEPARATORS " \n"

int id_map_deny_setgroups(pid_t pid, struct rti_error *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "%d/setgroups", pid);
	log_debug("update /proc/%s to 'deny'", path);
	r = rti_procfs_write(RTI_PROCFS_ROOT, path, "deny", 4, NULL);
	if (r < 0 && r != -ENOENT)
		return rti_refuse(err, -r, "failed to write 'deny' to /proc/%s: %s", path,
				  strerror(-r));
	return 0;
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	while (*(text += strspn(text, SEPARATORS))) {
		count++;
		text += strcspn(text, SEPARATORS);
	}
	return count;
}

ssize_t id_map_tool_arguments(const char *tool, pid_t pid, const char *map, char ***ret)
{
	size_t count = 2 + count_words(map), text_size = strlen(map) + 1, n = 2;
	const size_t pid_size = 16;
	char **arguments, *text, *word, *rest;

	/* No overflow: a text from the bootstrap data is shorter than 64 KiB. */
	arguments = malloc((count + 1) * sizeof(*arguments) + pid_size + text_size);
	if (!arguments)
		return -ENOMEM;
	text = (char *)(arguments + count + 1);
	snprintf(text, pid_size, "%d", pid);
	arguments[0] = (char *)tool;
	arguments[1] = text;
	text = memcpy(text + pid_size, map, text_size);
	for (word = strtok_r(text, SEPARATORS, &rest); word;
	     word = strtok_r(NULL, SEPARATORS, &rest))
		arguments[n++] = word;
	arguments[n] = NULL;
	*ret = arguments;
	return (ssize_t)n;
}

/* Runs the tool; true only if it says that it has done it. Being killed is no success. */
static bool run_tool(char **arguments)
{
	char *const no_environment[] = { NULL };
	pid_t pid = fork();
	int status;

	if (pid < 0) {
		log_msg(LOG_LEVEL_ERROR, "failed to fork for %s: %s", arguments[0],
			strerror(errno));
		return false;
	}
	if (pid == 0) {
		execve(arguments[0], arguments, no_environment);
		log_msg(LOG_LEVEL_ERROR, "failed to execute %s: %s", arguments[0], strerror(errno));
		_exit(127);
	}
	if (rti_retry(waitpid(pid, &status, 0)) < 0)
		return false;
	if (WIFSIGNALED(status))
		log_msg(LOG_LEVEL_ERROR, "%s was killed by signal %d", arguments[0],
			WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int write_with_tool(pid_t pid, const char *kind, const char *map, const char *tool,
			   struct rti_error *err)
{
	_cleanup_free_ char **arguments = NULL;

	if (!tool || !*tool)
		return rti_fail(err, EPERM, "mapping tool not present: write /proc/%d/%s_map", pid,
				kind);
	log_debug("update /proc/%d/%s_map got Operation not permitted (trying %s)", pid, kind,
		  tool);
	if (id_map_tool_arguments(tool, pid, map, &arguments) < 0)
		return rti_refuse(err, ENOMEM, "failed to use new%s map on %d: out of memory", kind,
				  pid);
	if (!run_tool(arguments))
		return rti_refuse(err, EPERM, "failed to use new%s map on %d", kind, pid);
	return 0;
}

int id_map_write(pid_t pid, const char *kind, const char *map, const char *tool,
		 struct rti_error *err)
{
	char path[64];
	int r;

	if (!map || !*map)
		return 0;
	snprintf(path, sizeof(path), "%d/%s_map", pid, kind);
	log_debug("update /proc/%s to '%s'", path, map);
	r = rti_procfs_write(RTI_PROCFS_ROOT, path, map, strlen(map), NULL);
	if (r == -EPERM)
		return write_with_tool(pid, kind, map, tool, err);
	if (r < 0)
		return rti_refuse(err, -r, "failed to update /proc/%s: %s", path, strerror(-r));
	return 0;
}
