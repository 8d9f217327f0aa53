/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/post-mortem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "parent/process.h"

/* From the end of a process's sockets to its own, and that of those who miss it. Chosen. */
#define DYING_MS 100

/* Three stages, and room for what cannot be. */
#define FAMILY_MAX 8

/* What a death looks like from here: an end of file, a broken connection, a missing /proc/PID. */
static bool may_be_death(int r)
{
	static const int numbers[] = { ENODATA, ECONNRESET, EPIPE, ECHILD, ESRCH, ENOENT };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (r == -numbers[i])
			return true;
	return false;
}

/* A stage that misses another one says just that; with any other reason it kills the others. */
static bool has_other_reason(const struct conversation *conversation)
{
	return conversation->log.fatal && !strstr(conversation->log.fatal, "failed to sync with");
}

/* An init that a signal or the loss of its terminal ends may exit without a word. */
static bool is_worth_telling(const struct conversation *conversation, int r, int status)
{
	if (WIFSIGNALED(status))
		return true;
	return WIFEXITED(status) && WEXITSTATUS(status) != 0 && may_be_death(r) &&
	       conversation->log.collect_fatal && !conversation->log.fatal;
}

static void tell(const char *name, pid_t pid, int status, struct rti_error *err)
{
	size_t used = strlen(err->text);
	char text[64];

	process_status_text(status, text, sizeof(text));
	snprintf(err->text + used, sizeof(err->text) - used, "; %s (pid %d): %s", name, pid, text);
}

/* As ps(1) shows it: "runc:[1:CHILD]". */
static void read_name(pid_t pid, char *ret, size_t size)
{
	char path[32];
	ssize_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file) {
		n = (ssize_t)fread(ret, 1, size - 1, file);
		fclose(file);
	}
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

void post_mortem_tell(struct conversation *conversation, int r, struct rti_error *err)
{
	int64_t deadline = rti_clock_ms() + (may_be_death(r) ? DYING_MS : 0);
	pid_t pids[FAMILY_MAX];
	size_t count = process_family_list(&conversation->family, pids, FAMILY_MAX);
	int status[FAMILY_MAX];

	for (size_t i = 0; i < count; i++) {
		_cleanup_fd_ int pidfd = process_open(pids[i]);
		int64_t left = deadline - rti_clock_ms();

		status[i] = 0;
		if (pidfd < 0 || conversation_wait(conversation, -EBADF, 0, pidfd,
						   left > 0 ? (int)left : 0) != CONVERSATION_DEAD)
			continue;
		process_peek(pidfd, &status[i]);
	}
	if (!err || has_other_reason(conversation))
		return;
	if (WIFSIGNALED(conversation->stage1_status))
		tell("runc:[1:CHILD]", conversation->stage1_pid, conversation->stage1_status, err);
	for (size_t i = 0; i < count; i++) {
		char name[32];

		if (!is_worth_telling(conversation, r, status[i]))
			continue;
		read_name(pids[i], name, sizeof(name));
		tell(name, pids[i], status[i], err);
	}
}
