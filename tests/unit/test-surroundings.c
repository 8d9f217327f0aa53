/* SPDX-License-Identifier: Apache-2.0 */
/* The network, host names, keyring and working directory, each in a child with its own namespaces.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/cwd.h"
#include "container/keyring.h"
#include "container/namespace.h"
#include "container/network.h"
#include "container/uts.h"

static void in_child(int (*act)(void), int namespaces)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (unshare(namespaces) < 0)
			_exit(77);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static bool is_up(const char *name)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	strcpy(request.ifr_name, name);
	up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
	close(fd);
	return up;
}

static int act_loopback(void)
{
	struct rti_network items[] = { { .type = "loopback" }, { .type = "veth" } };
	struct rti_networks networks = { items, 1 };
	const struct rti_routes routes = { 0 };
	struct rti_error err;

	if (is_up("lo") || network_up(&networks, &routes, &err) < 0 || !is_up("lo"))
		return 1;
	networks.count = 2;
	if (network_up(&networks, &routes, &err) != -EINVAL)
		return 2;
	return strcmp(err.text, "unknown strategy type \"veth\"") == 0 ? 0 : 3;
}

static const char *try_route(struct rti_route route)
{
	static struct rti_error err;
	const struct rti_networks networks = { 0 };
	const struct rti_routes routes = { &route, 1 };

	err.text[0] = '\0';
	network_up(&networks, &routes, &err);
	return err.text;
}

static bool has_line(const char *command, const char *wanted)
{
	FILE *pipe = popen(command, "r");
	char line[512];
	bool found = false;

	while (pipe && fgets(line, sizeof(line), pipe))
		found = found || strncmp(line, wanted, strlen(wanted)) == 0;
	if (pipe)
		pclose(pipe);
	return found;
}

static int act_routes(void)
{
	static const struct {
		struct rti_route route; /* destination, source, gateway, interface */
		const char *text;
	} bad[] = {
		{ { "10.1.0.0", "10.9.0.1", "10.9.0.2", "d0" }, "invalid CIDR address: 10.1.0.0" },
		{ { "10.1.0.0/33", "10.9.0.1", "10.9.0.2", "d0" },
		  "invalid CIDR address: 10.1.0.0/33" },
		{ { NULL, "10.9.0.1", "10.9.0.2", "d0" }, "invalid CIDR address: " },
		{ { "10.1.0.0/16", "x", "10.9.0.2", "d0" }, "Invalid source for route: x" },
		{ { "10.1.0.0/16", "10.9.0.1", "", "d0" }, "Invalid gateway for route: " },
		{ { "10.1.0.0/16", "10.9.0.1", "10.9.0.2", "none" }, "Link not found: none" },
		{ { "10.1.0.0/16", "fd00::1", "10.9.0.2", "d0" },
		  "source and destination ip are not the same IP family" },
		{ { "10.1.0.0/16", "10.9.0.1", "fd00::2", "d0" },
		  "gateway, source, and destination ip are not the same IP family" },
		{ { "10.1.0.0/16", "10.9.0.1", "10.77.0.2", "d0" },
		  "add route to 10.1.0.0/16: network is unreachable" },
	};
	const struct rti_route v4 = { "10.1.2.3/16", "10.9.0.1", "10.9.0.2", "d0" };
	const struct rti_route v6 = { "fd01::/64", "fd00::1", "fd00::2", "d0" };

	if (system("ip link add d0 type bridge && ip addr add 10.9.0.1/24 dev d0 && "
		   "ip addr add fd00::1/64 dev d0 nodad && ip link set d0 up") != 0)
		return 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *text = try_route(bad[i].route);

		if (strcmp(text, bad[i].text) != 0) {
			fprintf(stderr, "# %s\n", text);
			return 1;
		}
	}
	if (*try_route(v4) || *try_route(v6))
		return 2;
	if (strcmp(try_route(v4), "add route to 10.1.2.3/16: file exists") != 0)
		return 3;
	if (!has_line("ip route", "10.1.0.0/16 via 10.9.0.2 dev d0 src 10.9.0.1"))
		return 4;
	return has_line("ip -6 route", "fd01::/64 via fd00::2 dev d0 src fd00::1") ? 0 : 5;
}

static int act_names(void)
{
	char hostname[65], domainname[65];

	if (uts_set("test-host", "test-domain", NULL) < 0 || uts_set("", NULL, NULL) < 0)
		return 1;
	gethostname(hostname, sizeof(hostname));
	if (getdomainname(domainname, sizeof(domainname)) < 0)
		return 1;
	return strcmp(hostname, "test-host") == 0 && strcmp(domainname, "test-domain") == 0 ? 0 : 2;
}

static bool session_is(const char *ending, const char *permissions)
{
	char text[512] = "";

	syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text));
	return strstr(text, permissions) && strlen(text) >= strlen(ending) &&
	       strcmp(text + strlen(text) - strlen(ending), ending) == 0;
}

static int act_keyring(void)
{
	if (keyring_join("test-one", "", false, false, NULL) < 0)
		return 77;
	if (!session_is(";_ses.test-one", ";3f130000;"))
		return 1;
	if (keyring_join("test-two", NULL, true, false, NULL) < 0 ||
	    !session_is(";_ses.test-two", ";3f1b0000;"))
		return 2;
	if (keyring_join("test-three", NULL, true, true, NULL) < 0 ||
	    !session_is(";_ses.test-three", ";3f130008;"))
		return 3;
	return 0;
}

static int act_cwd(void)
{
	char directory[] = "/tmp/test-cwd.XXXXXX";
	struct rti_error err;
	bool again = true;
	int r;

	if (cwd_enter("", NULL, &err) < 0 || cwd_enter("/", &again, &err) < 0 || again)
		return 1;
	if (cwd_enter("/nonexistent\n", &again, &err) != -ENOENT ||
	    strcmp(err.text, "chdir to cwd (\"/nonexistent\\n\") set in config.json failed: no "
			     "such file or directory") != 0)
		return 2;
	if (cwd_verify(&err) < 0 || !mkdtemp(directory) || chdir("/") < 0)
		return 3;
	r = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (chroot(directory) < 0 || fchdir(r) < 0)
		return 4;
	/* Now in a directory that the root does not contain. */
	r = cwd_verify(&err);
	if (rmdir(directory + 1) < 0 || r != -ENOENT ||
	    strcmp(err.text, "current working directory is outside of container mount namespace "
			     "root -- possible container breakout detected") != 0)
		return 5;
	return 0;
}

static int act_cwd_as_user(void)
{
	char directory[] = "/tmp/test-cwd.XXXXXX";
	struct rti_error err;
	bool again = false;
	int r;

	if (!mkdtemp(directory) || chmod(directory, 0700) < 0 || setuid(12345) < 0)
		return 1;
	r = cwd_enter(directory, &again, &err);
	if (r < 0 || !again)
		return 2;
	return cwd_enter(directory, NULL, &err) == -EACCES ? 0 : 3;
}

static void test_loopback_is_brought_up(void **state)
{
	(void)state;
	in_child(act_loopback, CLONE_NEWNET);
}

static void test_routes_are_added_or_refused(void **state)
{
	(void)state;
	in_child(act_routes, CLONE_NEWNET);
}

static void test_names_of_the_host_are_set(void **state)
{
	(void)state;
	in_child(act_names, CLONE_NEWUTS);
}

static void test_session_keyring_is_new_and_searchable(void **state)
{
	(void)state;
	in_child(act_keyring, 0);
}

static void test_cwd_outside_of_the_root_is_refused(void **state)
{
	(void)state;
	in_child(act_cwd, CLONE_FS);
}

static void test_cwd_of_the_user_is_tried_twice(void **state)
{
	(void)state;
	in_child(act_cwd_as_user, 0);
}

static void test_namespaces_are_found_by_every_name(void **state)
{
	int all = 0;

	(void)state;
	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		const struct namespace_kind *kind = &namespace_kinds[i];
		char path[64];

		assert_ptr_equal(namespace_from_wire(kind->wire), kind);
		assert_ptr_equal(namespace_from_proc(kind->proc), kind);
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->proc);
		if (strcmp(kind->proc, "time") != 0)
			assert_int_equal(access(path, F_OK), 0);
		all |= kind->flag;
	}
	assert_int_equal(__builtin_popcount((unsigned int)all), NAMESPACE_KINDS);
	assert_null(namespace_from_wire("net"));
	assert_null(namespace_from_proc("network"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback_is_brought_up),
		cmocka_unit_test(test_routes_are_added_or_refused),
		cmocka_unit_test(test_names_of_the_host_are_set),
		cmocka_unit_test(test_session_keyring_is_new_and_searchable),
		cmocka_unit_test(test_cwd_outside_of_the_root_is_refused),
		cmocka_unit_test(test_cwd_of_the_user_is_tried_twice),
		cmocka_unit_test(test_namespaces_are_found_by_every_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
