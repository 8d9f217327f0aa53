/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init configuration. The input is what a parent writes on the init pipe.
 *
 * What is accepted encodes to the same text again and again, in each dialect; reading it from a
 * file gives what decoding it gives.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "fuzz/text.h"

static void count_unknown(void *data, const char *path, const char *json)
{
	size_t *count = data;

	*count += 1 + strlen(path) + strlen(json);
}

static void read_from_file(const uint8_t *data, size_t size, const struct rti_init_config *decoded,
			   size_t unknown)
{
	_cleanup_fd_ int fd = fuzz_file(data, size);
	struct rti_init_config config;
	struct rti_error err;
	size_t count = 0;
	int r = rti_init_config_read(fd, count_unknown, &count, &config, &err);

	fuzz_expect((r == 0) == (decoded != NULL), "decoded differently: %d", r);
	if (r < 0) {
		fuzz_expect(err.errnum == -r, "no reason");
		return;
	}
	_cleanup_free_ char *ours = text_of_config(&config, RTI_DIALECT_OWN);
	_cleanup_free_ char *theirs = text_of_config(decoded, RTI_DIALECT_OWN);

	fuzz_expect(strcmp(ours, theirs) == 0, "read: %s\ndecoded: %s", ours, theirs);
	fuzz_expect(count == unknown, "other unknown keys");
	rti_init_config_done(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_fds fds = fuzz_fds_note();
	struct rti_init_config config;
	struct rti_error err;
	size_t unknown = 0;
	int r = rti_init_config_decode((const char *)data, size, count_unknown, &unknown, &config,
				       &err);

	read_from_file(data, size, r == 0 ? &config : NULL, unknown);
	if (r == 0) {
		for (int i = RTI_DIALECT_RUNC_1_2; i <= RTI_DIALECT_RUNC_MAIN; i++)
			text_expect_stable(&config, (enum rti_dialect)i);
		rti_init_config_done(&config);
	}
	fuzz_fds_expect(fds);
	return 0;
}
