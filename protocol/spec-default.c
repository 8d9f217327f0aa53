/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration to start from that `spec` writes: pieces of JSON without blanks, some for one
 * kind of container only, put together and then indented.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/oci-spec.h"

/* Which containers a piece is for. */
enum { ALL, ROOTFUL, ROOTLESS, CGROUP_NAMESPACE };

#define CAPABILITIES "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const struct {
	int kind;
	const char *json;
} pieces[] = {
	{ ALL, "{\"ociVersion\":\"1.3.0\"" },
	{ ALL, ",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"]" },
	{ ALL, ",\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"" },
	{ ALL, ",\"TERM=xterm\"],\"cwd\":\"/\",\"capabilities\":{" },
	{ ALL, "\"bounding\":" CAPABILITIES ",\"effective\":" CAPABILITIES },
	{ ALL, ",\"permitted\":" CAPABILITIES "}" },
	{ ALL, ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}]" },
	{ ALL, ",\"noNewPrivileges\":true}" },
	{ ALL, ",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"runc\"" },

	{ ALL, ",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}" },
	{ ALL, ",{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"" },
	{ ALL, ",\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}" },
	{ ALL, ",{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\"" },
	{ ALL, ",\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\"" },
	{ ALL, ",\"mode=0620\"" },
	{ ROOTFUL, ",\"gid=5\"" }, /* group tty, which an unprivileged user cannot map */
	{ ALL, "]},{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\"" },
	{ ALL, ",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]}" },
	{ ALL, ",{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\"" },
	{ ALL, ",\"options\":[\"nosuid\",\"noexec\",\"nodev\"]}" },
	{ ROOTFUL, ",{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\"" },
	{ ROOTFUL, ",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}" },
	/* sysfs can only be mounted by the owner of the network namespace */
	{ ROOTLESS, ",{\"destination\":\"/sys\",\"type\":\"none\",\"source\":\"/sys\"" },
	{ ROOTLESS, ",\"options\":[\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}" },
	{ ALL, ",{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\"" },
	{ ALL, ",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}]" },

	{ ALL, ",\"linux\":{" },
	{ ROOTLESS, "\"uidMappings\":[{\"containerID\":0,\"hostID\":@U,\"size\":1}]," },
	{ ROOTLESS, "\"gidMappings\":[{\"containerID\":0,\"hostID\":@G,\"size\":1}]," },
	{ ROOTFUL, "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}," },
	{ ALL, "\"namespaces\":[{\"type\":\"pid\"}" },
	{ ROOTFUL, ",{\"type\":\"network\"}" },
	{ ALL, ",{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}" },
	{ CGROUP_NAMESPACE, ",{\"type\":\"cgroup\"}" },
	{ ROOTLESS, ",{\"type\":\"user\"}" },
	{ ALL, "],\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\"" },
	{ ALL, ",\"/proc/keys\",\"/proc/latency_stats\",\"/proc/timer_list\"" },
	{ ALL, ",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"]" },
	{ ALL, ",\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\"" },
	{ ALL, ",\"/proc/sysrq-trigger\"]}}" },
};

static void new_line(FILE *out, unsigned int depth)
{
	putc('\n', out);
	while (depth--)
		putc('\t', out);
}

/* Indent JSON that has no blanks and no empty list or object, as Go's MarshalIndent does. */
static void write_indented(FILE *out, const char *json, unsigned int *depth, bool *in_string)
{
	for (; *json; json++) {
		bool opens = !*in_string && strchr("{[", *json);
		bool closes = !*in_string && strchr("}]", *json);

		if (*json == '"')
			*in_string = !*in_string;
		if (closes)
			new_line(out, --*depth);
		putc(*json, out);
		if (opens)
			new_line(out, ++*depth);
		else if (!*in_string && *json == ',')
			new_line(out, *depth);
		else if (!*in_string && *json == ':')
			putc(' ', out);
	}
}

int rti_spec_default(bool rootless, bool cgroup_namespace, uint32_t uid, uint32_t gid, char **ret)
{
	const bool wanted[] = {
		[ALL] = true,
		[ROOTFUL] = !rootless,
		[ROOTLESS] = rootless,
		[CGROUP_NAMESPACE] = cgroup_namespace,
	};
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int depth = 0;
	bool in_string = false;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		const char *json = pieces[i].json;
		const char *id = strchr(json, '@'); /* @U and @G stand for the caller's ids */
		char filled[128];

		if (!wanted[pieces[i].kind])
			continue;
		if (id) {
			snprintf(filled, sizeof(filled), "%.*s%" PRIu32 "%s", (int)(id - json),
				 json, id[1] == 'U' ? uid : gid, id + 2);
			json = filled;
		}
		write_indented(out, json, &depth, &in_string);
	}
	if (fclose(out) != 0)
		return -ENOMEM;
	*ret = text;
	text = NULL;
	return 0;
}
