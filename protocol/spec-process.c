/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process as the command line sees it: what is asked of it, and the flags of exec.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/guard.h"
#include "base/number.h"
#include "protocol/spec-convert-internal.h"

int rti_spec_check_process(const struct rti_spec_process *process, bool selinux,
			   struct rti_error *err)
{
	if (!process)
		return rti_refuse(err, EINVAL, "process property must not be empty");
	if (spec_is_empty(process->cwd))
		return rti_refuse(err, EINVAL, "Cwd property must not be empty");
	if (*process->cwd != '/')
		return rti_refuse(err, EINVAL, "Cwd must be an absolute path");
	if (!process->args.count)
		return rti_refuse(err, EINVAL, "args must not be empty");
	if (!spec_is_empty(process->selinux_label) && !selinux)
		return rti_refuse(err, EINVAL,
				  "selinux label is specified in config, but selinux is disabled "
				  "or not supported");
	return 0;
}

int rti_spec_check_terminal(const struct rti_spec_process *process, bool detach,
			    bool has_console_socket, struct rti_error *err)
{
	if (detach && process->terminal && !has_console_socket)
		return rti_refuse(err, EINVAL,
				  "cannot allocate tty if runc will detach without setting console "
				  "socket");
	if ((!detach || !process->terminal) && has_console_socket)
		return rti_refuse(err, EINVAL,
				  "cannot use console socket if runc will not detach or allocate "
				  "tty");
	return 0;
}

int rti_spec_add_notify_socket(struct rti_spec *spec, const char *directory, struct rti_error *err)
{
	static const char *const options[] = { "bind", "nosuid", "noexec", "nodev", "ro" };
	struct rti_spec_mount *mounts =
		rti_arena_array(&spec->arena, spec->mounts.count + 1, sizeof(*mounts));
	struct rti_spec_mount *added;

	if (!spec->process)
		return rti_spec_check_process(NULL, false, err);
	if (!mounts)
		return spec_no_memory(err);
	if (spec->mounts.count)
		memcpy(mounts, spec->mounts.items, spec->mounts.count * sizeof(*mounts));
	added = &mounts[spec->mounts.count];
	added->destination = "/run/notify";
	if (spec_copy_text(&spec->arena, directory, &added->source) < 0)
		return spec_no_memory(err);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (spec_strings_append(&spec->arena, &added->options, options[i]) < 0)
			return spec_no_memory(err);
	if (spec_strings_append(&spec->arena, &spec->process->env,
				"NOTIFY_SOCKET=/run/notify/notify.sock") < 0)
		return spec_no_memory(err);
	spec->mounts.items = mounts;
	spec->mounts.count++;
	return 0;
}

/* A number in the words of Go's strconv.Atoi, which takes a sign. */
static int parse_id(const char *what, const char *text, struct rti_arena *arena, uint32_t *ret,
		    struct rti_error *err)
{
	const char *digits = text + (text[0] == '+' && text[1] != '-');
	bool is_number;
	const char *quoted;
	int64_t number = 0;

	is_number = rti_number_i64(digits, INT64_MIN, INT64_MAX, &number);
	/* runc cuts the upper half off, which makes root of 4294967296. */
	if ((is_number && number >= 0 && number <= UINT32_MAX) || !guard(USER_IS_NUMBER)) {
		*ret = (uint32_t)number;
		return 0;
	}
	quoted = spec_quote(arena, text);
	if (!quoted)
		return spec_no_memory(err);
	return rti_refuse(err, EINVAL, "bad %s: strconv.Atoi: parsing %s: %s", what, quoted,
			  is_number ? "value out of range" : "invalid syntax");
}

static int apply_user(struct rti_spec *spec, const char *user, struct rti_error *err)
{
	struct rti_spec_user *ret = &spec->process->user;
	const char *colon = strchr(user, ':');
	size_t length = colon ? (size_t)(colon - user) : strlen(user);
	const char *uid = rti_arena_text(&spec->arena, user, length);
	int r = 0;

	if (!uid)
		return spec_no_memory(err);
	if (colon)
		r = parse_id("gid", colon + 1, &spec->arena, &ret->gid, err);
	if (r == 0)
		r = parse_id("uid", uid, &spec->arena, &ret->uid, err);
	return r;
}

static int append_all(struct rti_arena *arena, struct rti_strings *list,
		      const struct rti_strings *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (spec_strings_append(arena, list, more->items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int apply_caps(struct rti_spec *spec, const struct rti_strings *caps)
{
	struct rti_capabilities *to = spec->process->capabilities;
	struct rti_arena *arena = &spec->arena;

	if (!caps->count)
		return 0;
	if (!to) {
		to = rti_arena_alloc(arena, sizeof(*to));
		if (!to)
			return -ENOMEM;
		spec->process->capabilities = to;
	}
	if (append_all(arena, &to->bounding, caps) < 0 ||
	    append_all(arena, &to->effective, caps) < 0 ||
	    append_all(arena, &to->permitted, caps) < 0)
		return -ENOMEM;
	/* an ambient capability must be inheritable, and what is added here is not by itself */
	return to->inheritable.items ? append_all(arena, &to->ambient, caps) : 0;
}

static int apply_groups(struct rti_spec *spec, const struct rti_numbers *gids,
			struct rti_error *err)
{
	struct rti_numbers *to = &spec->process->user.additional_gids;
	int64_t *items;

	if (!gids->count)
		return 0;
	items = rti_arena_array(&spec->arena, to->count + gids->count, sizeof(*items));
	if (!items)
		return spec_no_memory(err);
	if (to->count)
		memcpy(items, to->items, to->count * sizeof(*items));
	for (size_t i = 0; i < gids->count; i++) {
		if (gids->items[i] < 0)
			return rti_refuse(err, EINVAL,
					  "additional-gids must be a positive number %" PRId64,
					  gids->items[i]);
		items[to->count + i] = (uint32_t)gids->items[i];
	}
	to->items = items;
	to->count += gids->count;
	return 0;
}

static int apply_text(struct rti_arena *arena, const char *text, const char **ret)
{
	return spec_is_empty(text) ? 0 : spec_copy_text(arena, text, ret);
}

int rti_spec_apply_exec_options(struct rti_spec *spec, const struct rti_exec_options *options,
				struct rti_error *err)
{
	struct rti_spec_process *process = spec->process;
	struct rti_arena *arena = &spec->arena;
	int r = 0;

	if (!process)
		return rti_spec_check_process(NULL, false, err);
	if (!options->args.count)
		return rti_refuse(err, EINVAL, "exec args cannot be empty");
	if (spec_copy_strings(arena, &options->args, &process->args) < 0 ||
	    apply_text(arena, options->cwd, &process->cwd) < 0 ||
	    apply_text(arena, options->apparmor, &process->apparmor_profile) < 0 ||
	    apply_text(arena, options->process_label, &process->selinux_label) < 0 ||
	    apply_caps(spec, &options->caps) < 0 ||
	    append_all(arena, &process->env, &options->env) < 0)
		return spec_no_memory(err);
	process->terminal = options->tty;
	if (options->no_new_privs)
		process->no_new_privileges = *options->no_new_privs;
	if (!spec_is_empty(options->user))
		r = apply_user(spec, options->user, err);
	if (r == 0)
		r = apply_groups(spec, &options->additional_gids, err);
	return r;
}
