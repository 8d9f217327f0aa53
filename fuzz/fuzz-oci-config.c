/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from config.json to the init configuration. The input is the text of a config.json and,
 * if there is a NUL, what follows it: the dialect, and bits of the call and the machine.
 *
 * What is accepted encodes to a text that decodes to the same configuration; decoding twice gives
 * the same; a refusal says why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"
#include "fuzz/text.h"
#include "protocol/spec-convert.h"
#include "protocol/spec-validate.h"
#include "tests/unit/spec-fixture.h"

enum bits {
	BIT_SYSTEMD = 1,
	BIT_NO_PIVOT = 2,
	BIT_NO_KEYRING = 4,
	BIT_ROOTLESS = 8,
	BIT_UNIFIED = 16,
	BIT_SELINUX = 32,
	BIT_RDT = 64,
	BIT_EXEC = 128,
	BIT_OPTIONS = 256, /* of exec */
	BIT_CONSOLE = 512,
	BIT_NOTIFY = 1024,
	BIT_OLD_KERNEL = 2048,
};

struct call {
	enum rti_dialect dialect;
	uint64_t bits;
	struct rti_convert_environment environment;
	struct fixture fixture;
};

static void read_call(struct fuzz_input *input, struct call *call)
{
	uint64_t bits;

	call->dialect = (enum rti_dialect)(fuzz_byte(input) % (RTI_DIALECT_RUNC_MAIN + 1));
	bits = call->bits = fuzz_number(input, 2);
	call->environment = fixture_environment(&call->fixture, "/bundles/fuzz", "fuzz");
	call->environment.systemd_cgroup = bits & BIT_SYSTEMD;
	call->environment.no_pivot_root = bits & BIT_NO_PIVOT;
	call->environment.no_new_keyring = bits & BIT_NO_KEYRING;
	call->environment.rootless_euid = bits & BIT_ROOTLESS;
	call->environment.rootless_cgroups = bits & BIT_ROOTLESS;
	call->environment.cgroup_unified = bits & BIT_UNIFIED;
	call->environment.selinux = bits & BIT_SELINUX;
	call->environment.rdt = bits & BIT_RDT;
	call->environment.rdt_cat = bits & BIT_RDT;
	call->environment.rdt_mba = bits & BIT_RDT;
	if (bits & BIT_OLD_KERNEL) {
		call->environment.user_namespaces = false;
		call->environment.cgroup_namespaces = false;
		call->environment.time_namespaces = false;
		call->environment.seccomp_api = 0;
	}
}

static int refused(int r, const struct rti_error *err)
{
	fuzz_expect(r <= 0, "gives %d", r);
	fuzz_expect(r == 0 || (err->errnum == -r && *err->text), "no reason for %d", r);
	return r;
}

static int apply_options(struct rti_spec *spec, struct rti_error *err)
{
	static const char *args[] = { "/bin/true", "x", NULL };
	static const char *env[] = { "B=2", NULL };
	static const char *caps[] = { "CAP_NET_RAW", NULL };
	static int64_t gids[] = { 7, 7 };
	const struct rti_exec_options options = {
		.args = { args, 2 },
		.cwd = "/etc",
		.apparmor = "profile",
		.process_label = "label",
		.user = "1000:1001",
		.env = { env, 1 },
		.caps = { caps, 1 },
		.additional_gids = { gids, 2 },
		.tty = true,
		.no_new_privs = &(bool){ true },
	};

	return refused(rti_spec_apply_exec_options(spec, &options, err), err);
}

static int convert_process(struct rti_spec *spec, const struct call *call,
			   struct rti_init_config *init, struct rti_error *err)
{
	const struct rti_process_options options = {
		.exec = call->bits & BIT_EXEC,
		.create_console = call->bits & BIT_CONSOLE,
		.preserve_fds = 2,
		.cgroup2_path = call->bits & BIT_UNIFIED ? "/sys/fs/cgroup/fuzz" : NULL,
	};
	int r = 0;

	if (options.exec && (call->bits & BIT_OPTIONS))
		r = apply_options(spec, err);
	if (r == 0)
		r = refused(rti_spec_check_terminal(spec->process, options.create_console,
						    options.create_console, err),
			    err);
	if (r == 0)
		r = refused(rti_spec_convert_process(spec->process, &options, &call->environment,
						     call->dialect,
						     options.exec ? NULL : &spec->annotations, init,
						     err),
			    err);
	return r;
}

/* The steps of spec-convert.h, in their order. */
static int convert(struct rti_spec *spec, const struct call *call, struct rti_init_config *ret,
		   struct rti_error *err)
{
	int r = refused(rti_spec_check_process(spec->process, call->environment.selinux, err), err);

	if (r == 0 && (call->bits & BIT_NOTIFY))
		r = refused(rti_spec_add_notify_socket(spec, "/run/fuzz/notify", err), err);
	if (r == 0)
		r = refused(rti_spec_convert(spec, &call->environment, call->dialect, ret, err),
			    err);
	if (r < 0)
		return r;
	r = refused(rti_spec_validate(ret->config, &call->environment, call->dialect, err), err);
	if (r == 0)
		r = convert_process(spec, call, ret, err);
	if (r < 0)
		rti_init_config_done(ret);
	return r;
}

/* The text that a config.json becomes, to be freed; NULL where it is refused. */
static char *read_and_convert(const uint8_t *data, size_t size, const struct call *call, bool check)
{
	struct rti_init_config init = { 0 };
	struct rti_error err;
	struct rti_spec spec;
	char *text = NULL;

	if (refused(rti_spec_read((const char *)data, size, &spec, &err), &err) < 0)
		return NULL;
	if (convert(&spec, call, &init, &err) == 0) {
		text = text_of_config(&init, call->dialect);
		if (check)
			text_expect_stable(&init, call->dialect);
		rti_init_config_done(&init);
	}
	rti_spec_done(&spec);
	return text;
}

static void read_process(const uint8_t *data, size_t size)
{
	struct rti_error err;
	struct rti_spec spec;

	if (refused(rti_spec_read_process((const char *)data, size, &spec, &err), &err) == 0)
		rti_spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t json_size = nul ? (size_t)(nul - data) : size;
	struct fuzz_input input = { data + json_size, size - json_size };
	struct call call;

	fuzz_byte(&input); /* the NUL */
	read_call(&input, &call);
	_cleanup_free_ char *text = read_and_convert(data, json_size, &call, true);
	_cleanup_free_ char *again = read_and_convert(data, json_size, &call, false);

	fuzz_expect(!text == !again && (!text || strcmp(text, again) == 0),
		    "another time it becomes something else");
	read_process(data, json_size);
	return 0;
}
