/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader, and what is read with it from a peer. The input is a text.
 *
 * The reader gives the same tokens however the text is cut into pieces, and what it accepts comes
 * out of the writer as a text with the same tokens. The same text then is a pid message, an OCI
 * state and lines of a log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "parent/log-forward.h"
#include "protocol/bootstrap.h"
#include "protocol/json.h"
#include "protocol/process-state.h"

static int write_token(void *data, const struct rti_json_token *token, struct rti_error *err)
{
	(void)err;
	fuzz_expect(token->kind != RTI_JSON_STRING || token->size == 0 ||
			    rti_utf8_size(token->text, token->size) > 0,
		    "a string that is not UTF-8");
	rti_json_write_token(data, token);
	return 0;
}

/*
 * The tokens as a text again, to be freed; NULL for a text that is refused.
 * @piece: bytes that are fed at once
 */
static char *copy(const char *text, size_t size, size_t piece, size_t *ret_size, int *ret_result)
{
	struct rti_json_writer writer = { 0 };
	struct rti_json_reader *reader;
	struct rti_error err;
	size_t used = 0, at = 0;
	char *written = NULL;
	int r = 0;

	fuzz_expect(rti_json_reader_new(1 << 20, write_token, &writer, &reader, &err) == 0, "%s",
		    err.text);
	while (r == 0 && at < size) {
		size_t part = size - at < piece ? size - at : piece;

		r = rti_json_reader_feed(reader, text + at, part, &used, &err);
		fuzz_expect(r < 0 || used <= part, "used %zu of %zu", used, part);
		at += part;
	}
	if (r == 0)
		r = rti_json_reader_finish(reader, &err);
	fuzz_expect(r >= 0 || err.errnum == -r, "no reason for %d", r);
	*ret_result = r < 0 ? r : 0;
	rti_json_reader_free(reader);
	if (r >= 0)
		fuzz_expect(rti_json_writer_finish(&writer, &written, ret_size, &err) == 0, "%s",
			    err.text);
	rti_json_writer_done(&writer);
	return written;
}

static void check_reader(const char *text, size_t size)
{
	static const size_t pieces[] = { 1, 2, 7 };
	size_t whole_size = 0, again_size = 0;
	int whole_result, result;
	_cleanup_free_ char *whole = copy(text, size, size, &whole_size, &whole_result);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		_cleanup_free_ char *cut = copy(text, size, pieces[i], &again_size, &result);

		fuzz_expect(result == whole_result, "in pieces of %zu: %d, not %d", pieces[i],
			    result, whole_result);
		fuzz_expect(!whole || (again_size == whole_size &&
				       memcmp(cut, whole, whole_size) == 0),
			    "in pieces of %zu: %s\n%s", pieces[i], cut, whole);
	}
	if (whole) {
		_cleanup_free_ char *again =
			copy(whole, whole_size, whole_size, &again_size, &result);

		fuzz_expect(again && again_size == whole_size &&
				    memcmp(again, whole, whole_size) == 0,
			    "read again: %s\n%s", again ? again : "refused", whole);
	}
}

static void check_pid_message(int fd)
{
	struct rti_pid_message message = { 0 };

	if (rti_pid_message_receive(fd, &message, NULL) == 0)
		fuzz_expect(message.stage1_pid > 0 && message.stage2_pid > 0, "pids %d, %d",
			    message.stage1_pid, message.stage2_pid);
}

static void check_spec_state(const char *text, size_t size)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct rti_spec_state state = { 0 };
	size_t first_size, second_size;
	struct rti_error err;

	if (rti_spec_state_decode(text, size, &arena, &state, &err) < 0)
		return;
	fuzz_expect(rti_spec_state_encode(&state, &first, &first_size, &err) == 0 &&
			    rti_spec_state_decode(first, first_size, &arena, &state, &err) == 0 &&
			    rti_spec_state_encode(&state, &second, &second_size, &err) == 0,
		    "%s", err.text);
	fuzz_expect(strcmp(first, second) == 0, "%s\n%s", first, second);
}

static void count_line(void *data, enum rti_parent_level level, const char *message)
{
	fuzz_expect(level >= RTI_PARENT_LEVEL_PANIC && level <= RTI_PARENT_LEVEL_TRACE, "level %d",
		    level);
	*(size_t *)data += strlen(message);
}

/* @fd is taken over. */
static void check_log(int fd)
{
	struct log_forward forward = { 0 };
	size_t count = 0;

	if (log_forward_init(&forward, fd, NULL) < 0)
		return;
	forward.log = count_line;
	forward.data = &count;
	forward.collect_fatal = true;
	while (forward.fd >= 0)
		log_forward_pump(&forward);
	log_forward_done(&forward);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_fds fds = fuzz_fds_note();
	const char *text = (const char *)data;
	int fd = fuzz_file(data, size);

	check_reader(text, size);
	check_spec_state(text, size);
	check_pid_message(fd);
	lseek(fd, 0, SEEK_SET);
	check_log(fd);
	fuzz_fds_expect(fds);
	return 0;
}
