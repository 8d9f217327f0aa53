/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/transcript-line.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/number.h"
#include "peer/escape.h"

static const char *const channels[] = {
	[TRANSCRIPT_BOOTSTRAP] = "bootstrap",
	[TRANSCRIPT_PIDS] = "pids",
	[TRANSCRIPT_CONFIG] = "config",
	[TRANSCRIPT_SYNC] = "sync",
	[TRANSCRIPT_FILE] = "file",
	[TRANSCRIPT_END] = "end",
	[TRANSCRIPT_START] = "start",
	[TRANSCRIPT_EXIT] = "exit",
	[TRANSCRIPT_LOG] = "log",
	[TRANSCRIPT_STDERR] = "stderr",
};

/* Cuts the next word off; "" at the end. */
static char *cut_word(char **text)
{
	char *word = *text;

	*text += strcspn(*text, " ");
	if (**text)
		*(*text)++ = '\0';
	return word;
}

static int parse_channel(const char *name, struct transcript_line *line, struct rti_error *err)
{
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
		if (strcmp(channels[i], name) == 0) {
			line->channel = (enum transcript_channel)i;
			return 0;
		}
	}
	return rti_refuse(err, EBADMSG, "no such channel: %s", name);
}

static int parse_line(char *text, struct transcript_line *line, struct rti_error *err)
{
	uint64_t count = 0;
	char *word;
	int r;

	cut_word(&text); /* the time */
	word = cut_word(&text);
	if (strcmp(word, "child") != 0 && strcmp(word, "parent") != 0)
		return rti_refuse(err, EBADMSG, "'%s' is neither child nor parent", word);
	line->speaker = *word == 'c' ? RTI_SYNC_CHILD : RTI_SYNC_PARENT;
	r = parse_channel(cut_word(&text), line, err);
	if (r < 0)
		return r;
	if (line->channel == TRANSCRIPT_FILE && !rti_number_u64(cut_word(&text), 1000, &count))
		return rti_refuse(err, EBADMSG, "no number of file descriptors");
	line->file_count = count;
	line->text = text;
	return escape_read(text, &line->data, &line->size, err);
}

static int parse_header(char *text, enum rti_init_type *ret, struct rti_error *err)
{
	static const char words[] = "protocol-peer transcript ";

	if (strncmp(text, words, sizeof(words) - 1) == 0) {
		text += sizeof(words) - 1;
		*ret = strcmp(text, "setns") == 0 ? RTI_INIT_SETNS : RTI_INIT_STANDARD;
		if (*ret == RTI_INIT_SETNS || strcmp(text, "standard") == 0)
			return 0;
	}
	return rti_refuse(err, EBADMSG, "no transcript: it does not begin with '%s'", words);
}

int transcript_read(FILE *file, void (*begin)(void *data, enum rti_init_type type),
		    int (*handle)(void *data, const struct transcript_line *line,
				  struct rti_error *err),
		    void *data, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	unsigned int number = 0;
	enum rti_init_type type = RTI_INIT_STANDARD;
	size_t room = 0;
	int r = 0;

	while (r == 0 && getline(&text, &room, file) >= 0) {
		struct transcript_line line = { 0 };

		text[strcspn(text, "\n")] = '\0';
		if (++number == 1) {
			r = parse_header(text, &type, err);
			if (r == 0)
				begin(data, type);
			continue;
		}
		if (!text[0] || text[0] == '#')
			continue;
		r = parse_line(text, &line, err);
		if (r == 0)
			r = handle(data, &line, err);
		if (r < 0)
			rti_prefix(err, r, "line %u", number);
		free(line.data);
	}
	return number == 0 ? rti_refuse(err, EBADMSG, "no transcript: it is empty") : r;
}
