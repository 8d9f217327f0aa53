/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/transcript.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "peer/escape.h"

static const char *const speakers[] = {
	[RTI_SYNC_CHILD] = "child",
	[RTI_SYNC_PARENT] = "parent",
};

int transcript_open(struct transcript *transcript, const char *path, enum rti_init_type type,
		    struct rti_error *err)
{
	int fd;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", path);
	if (dprintf(fd, "protocol-peer transcript %s\n",
		    type == RTI_INIT_SETNS ? "setns" : "standard") < 0) {
		rti_close(fd);
		return rti_fail(err, errno, "write %s", path);
	}
	transcript_done(transcript);
	transcript->fd = fd;
	clock_gettime(CLOCK_MONOTONIC, &transcript->begun);
	return 0;
}

static void add_line(const struct transcript *transcript, enum rti_sync_role speaker,
		     const char *channel, const char *before, const void *data, size_t size)
{
	_cleanup_free_ char *line = NULL;
	struct timespec now;
	size_t line_size;
	long ms;
	FILE *file;

	if (transcript->fd < 0)
		return;
	file = open_memstream(&line, &line_size);
	if (!file)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - transcript->begun.tv_sec) * 1000 +
	     (now.tv_nsec - transcript->begun.tv_nsec) / 1000000;
	fprintf(file, "%ld.%03ld %s %s%s", ms / 1000, ms % 1000, speakers[speaker], channel,
		before);
	if (size > 0)
		putc(' ', file);
	escape_write(file, data, size);
	putc('\n', file);
	/* In one write(2): several processes may hold the file. */
	if (fclose(file) == 0)
		rti_write_full(transcript->fd, line, line_size);
}

void transcript_add(const struct transcript *transcript, enum rti_sync_role speaker,
		    const char *channel, const void *data, size_t size)
{
	add_line(transcript, speaker, channel, "", data, size);
}

void transcript_add_file(const struct transcript *transcript, enum rti_sync_role speaker,
			 size_t count, const void *name, size_t size)
{
	char before[32];

	snprintf(before, sizeof(before), " %zu", count);
	add_line(transcript, speaker, "file", before, name, size);
}

void transcript_done(struct transcript *transcript)
{
	transcript->fd = rti_close(transcript->fd);
}
