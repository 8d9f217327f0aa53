/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bootstrap data. The input is a message as it is on the init pipe.
 *
 * What is accepted comes out of the encoder as a message that means the same; reading it from a
 * file gives the same answer as decoding it, and leaves what follows it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "init/namespace-join.h"
#include "protocol/bootstrap.h"

static void expect_same_text(const char *what, const char *a, const char *b)
{
	fuzz_expect(!a == !b && (!a || strcmp(a, b) == 0), "%s: \"%s\", \"%s\"", what,
		    a ? a : "(none)", b ? b : "(none)");
}

static void expect_same(const struct rti_bootstrap *a, const struct rti_bootstrap *b)
{
	fuzz_expect(a->clone_flags == b->clone_flags, "clone_flags");
	fuzz_expect(a->setgroups == b->setgroups, "setgroups");
	fuzz_expect(a->rootless_euid == b->rootless_euid, "rootless_euid");
	expect_same_text("ns_paths", a->ns_paths, b->ns_paths);
	expect_same_text("uid_map", a->uid_map, b->uid_map);
	expect_same_text("gid_map", a->gid_map, b->gid_map);
	expect_same_text("oom_score_adj", a->oom_score_adj, b->oom_score_adj);
	expect_same_text("newuidmap", a->newuidmap, b->newuidmap);
	expect_same_text("newgidmap", a->newgidmap, b->newgidmap);
	expect_same_text("time_offsets", a->time_offsets, b->time_offsets);
}

static void encode_again(const struct rti_bootstrap *bootstrap)
{
	_cleanup_free_ void *bytes = NULL;
	struct rti_bootstrap again;
	struct rti_error err;
	size_t size;

	fuzz_expect(rti_bootstrap_encode(bootstrap, &bytes, &size, &err) == 0, "%s", err.text);
	fuzz_expect(rti_bootstrap_decode(bytes, size, &again, &err) == 0, "%s", err.text);
	expect_same(bootstrap, &again);
	rti_bootstrap_done(&again);
}

/* What stage 0 makes of the namespaces, short of opening them. */
static void parse_namespaces(const char *text)
{
	static struct namespace_list list;

	if (text && namespace_list_parse(&list, text, NULL) == 0)
		for (size_t i = 0; i < list.count; i++)
			for (size_t j = 0; j < i; j++)
				fuzz_expect(list.items[i].kind != list.items[j].kind,
					    "a namespace twice: %s", text);
	namespace_list_done(&list);
}

static void receive(const uint8_t *data, size_t size, const struct rti_bootstrap *decoded)
{
	_cleanup_fd_ int fd = fuzz_file(data, size);
	struct rti_bootstrap received;
	struct rti_error err;
	uint32_t length;
	int r = rti_bootstrap_receive(fd, &received, &err);

	if (r < 0) {
		/* The decoder refuses what follows a message, and the reader does not look. */
		fuzz_expect(!decoded, "decoded, but not received: %s", err.text);
		return;
	}
	memcpy(&length, data, sizeof(length));
	fuzz_expect(lseek(fd, 0, SEEK_CUR) == (off_t)length, "read beyond the message");
	if (decoded)
		expect_same(decoded, &received);
	else
		fuzz_expect(length < size, "received, but not decoded");
	rti_bootstrap_done(&received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_fds fds = fuzz_fds_note();
	struct rti_bootstrap bootstrap;
	struct rti_error err;

	if (rti_bootstrap_decode(data, size, &bootstrap, &err) < 0) {
		receive(data, size, NULL);
	} else {
		encode_again(&bootstrap);
		receive(data, size, &bootstrap);
		parse_namespaces(bootstrap.ns_paths);
		rti_bootstrap_done(&bootstrap);
	}
	fuzz_fds_expect(fds);
	return 0;
}
