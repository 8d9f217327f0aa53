/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel parameters a container may set: those that belong to a namespace of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/spec-validate-internal.h"

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/*
 * "net/ipv4/conf/eno2.100/forwarding" for "net.ipv4.conf.eno2/100.forwarding": a key whose first
 * separator is a slash has the two the other way round.
 */
static void dot_separators(char *key)
{
	char *separator = strpbrk(key, "./");

	if (!separator || *separator == '.')
		return;
	for (; *key; key++)
		if (*key == '.')
			*key = '/';
		else if (*key == '/')
			*key = '.';
}

static bool belongs_to_ipc(const char *key)
{
	static const char *const keys[] = {
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(keys[i], key))
			return true;
	return starts_with(key, "fs.mqueue.");
}

static int check_net(const struct spec_validation *validation, const char *key,
		     struct rti_error *err)
{
	const struct rti_convert_environment *environment = validation->environment;
	const struct rti_namespace *net = spec_find_namespace(validation->config, "NEWNET");
	bool own = !net;

	if (net && !spec_is_empty(net->path)) {
		int r = environment->netns_is_own(environment->data, net->path, &own, err);

		if (r < 0)
			return rti_prefix(err, r, "invalid netns path");
	}
	if (own)
		return spec_refuse_quoted(err, "sysctl ", key,
					  " not allowed in host network namespace");
	return 0;
}

static int check_key(const struct spec_validation *validation, const char *key,
		     struct rti_error *err)
{
	const struct rti_config *config = validation->config;

	if (belongs_to_ipc(key))
		return spec_find_namespace(config, "NEWIPC") ?
			       0 :
			       spec_refuse_quoted(err, "sysctl ", key,
						  " is not allowed in the hosts ipc namespace");
	if (starts_with(key, "net."))
		return check_net(validation, key, err);
	if (spec_find_namespace(config, "NEWUTS")) {
		if (!strcmp(key, "kernel.domainname"))
			return 0;
		if (!strcmp(key, "kernel.hostname"))
			return spec_refuse_quoted(err, "sysctl ", key,
						  " is not allowed as it conflicts with the OCI "
						  "\"hostname\" field");
	}
	if (starts_with(key, "user.") && validation->dialect >= RTI_DIALECT_RUNC_1_4)
		return spec_find_namespace(config, "NEWUSER") ?
			       0 :
			       rti_refuse(err, EINVAL,
					  "setting ucounts without a user namespace not allowed: "
					  "%s",
					  key);
	return spec_refuse_quoted(err, "sysctl ", key, " is not in a separate kernel namespace");
}

int spec_validate_sysctl(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_string_map *sysctl = &validation->config->sysctl;

	for (size_t i = 0; i < sysctl->count; i++) {
		_cleanup_free_ char *key = strdup(spec_text(sysctl->items[i].key));
		int r;

		if (!key)
			return spec_no_memory(err);
		dot_separators(key);
		r = check_key(validation, key, err);
		if (r < 0)
			return r;
	}
	return 0;
}
