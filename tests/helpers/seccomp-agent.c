/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp agent that answers system calls by a table.
 *
 *   seccomp-agent SOCKET [NAME=ANSWER...]
 *
 * ANSWER is an errno's number, "+" and a return value, or "continue", which is also the answer for
 * names that are not given. Prints "container TEXT" for each message of a runtime, and "call NAME"
 * for each system call that it is asked about. Runs until it is killed.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/helpers/socket.h"

#define LISTENERS_MAX 16

struct agent {
	char **answers;
	struct pollfd polled[1 + LISTENERS_MAX]; /* first the socket, then listeners */
	int polled_count;
};

static void answer_call(const struct agent *agent, const char *name,
			struct seccomp_notif_resp *response)
{
	size_t size = strlen(name);

	response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	for (char **answer = agent->answers; *answer; answer++) {
		const char *value = *answer + size + 1;

		if (strncmp(*answer, name, size) != 0 || (*answer)[size] != '=' ||
		    strcmp(value, "continue") == 0)
			continue;
		response->flags = 0;
		if (*value == '+')
			response->val = atoll(value + 1);
		else
			response->error = -atoi(value);
	}
}

static void handle_call(const struct agent *agent, int listener_fd)
{
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	char *name;

	if (seccomp_notify_alloc(&request, &response) < 0)
		errx(2, "no memory");
	/* The caller may have been killed since poll(). */
	if (seccomp_notify_receive(listener_fd, request) == 0) {
		name = seccomp_syscall_resolve_num_arch(request->data.arch, request->data.nr);
		response->id = request->id;
		answer_call(agent, name ? name : "", response);
		printf("call %s\n", name ? name : "?");
		seccomp_notify_respond(listener_fd, response);
		free(name);
	}
	seccomp_notify_free(request, response);
}

static void take_listener(struct agent *agent)
{
	static char text[65536];
	int connection_fd = accept(agent->polled[0].fd, NULL, NULL);
	int listener_fd;

	if (connection_fd < 0)
		err(2, "accept");
	socket_receive(connection_fd, text, sizeof(text), &listener_fd);
	close(connection_fd);
	printf("container %s\n", text);
	if (listener_fd < 0 || agent->polled_count > LISTENERS_MAX)
		errx(1, "no fd, or too many");
	agent->polled[agent->polled_count++] =
		(struct pollfd){ .fd = listener_fd, .events = POLLIN };
}

int main(int argc, char **argv)
{
	struct agent agent = { .polled_count = 1 };

	if (argc < 2)
		errx(2, "usage: seccomp-agent SOCKET [NAME=ANSWER...]");
	setlinebuf(stdout);
	agent.answers = argv + 2;
	agent.polled[0] = (struct pollfd){ .fd = socket_listen(argv[1]), .events = POLLIN };

	for (;;) {
		if (poll(agent.polled, agent.polled_count, -1) < 0)
			err(2, "poll");
		for (int i = 1; i < agent.polled_count; i++) {
			if (agent.polled[i].revents & POLLIN)
				handle_call(&agent, agent.polled[i].fd);
			else if (agent.polled[i].revents)
				/* no process has the filter any more */
				agent.polled[i].fd = -EBADF;
		}
		if (agent.polled[0].revents)
			take_listener(&agent);
	}
}
