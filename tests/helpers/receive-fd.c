/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Take the fd that a runtime sends to --console-socket or --pidfd-socket.
 *
 *   receive-fd console SOCKET   print the message, then copy the terminal to stdout, stdin to it
 *   receive-fd pidfd SOCKET     print the message and "pid N", and "ended" when the process has
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/helpers/socket.h"

/* Until the other side is closed, which a terminal's master tells with EIO. */
static void copy_terminal(int terminal_fd)
{
	struct pollfd polled[] = {
		{ .fd = terminal_fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char buffer[4096];
	ssize_t size;

	for (;;) {
		if (poll(polled, 2, -1) < 0)
			err(2, "poll");
		if (polled[1].revents) {
			size = read(STDIN_FILENO, buffer, sizeof(buffer));
			if (size <= 0)
				polled[1].fd = -EBADF;
			else if (write(terminal_fd, buffer, size) != size)
				err(2, "write to the terminal");
		}
		if (polled[0].revents) {
			size = read(terminal_fd, buffer, sizeof(buffer));
			if (size <= 0)
				return;
			if (write(STDOUT_FILENO, buffer, size) != size)
				err(2, "write to stdout");
		}
	}
}

static void print_pid(int pid_fd)
{
	char path[64], line[128];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	file = fopen(path, "re");
	if (!file)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "Pid:", 4) == 0)
			pid = atoi(line + 4);
	fclose(file);
	printf("pid %d\n", pid);
	fflush(stdout);
}

static void wait_for_end(int pid_fd)
{
	struct pollfd polled = { .fd = pid_fd, .events = POLLIN };

	if (poll(&polled, 1, -1) < 0)
		err(2, "poll");
	puts("ended");
}

int main(int argc, char **argv)
{
	char text[4096];
	int connection_fd, fd;

	if (argc != 3 || (strcmp(argv[1], "console") != 0 && strcmp(argv[1], "pidfd") != 0))
		errx(2, "usage: receive-fd console|pidfd SOCKET");
	connection_fd = accept(socket_listen(argv[2]), NULL, NULL);
	if (connection_fd < 0)
		err(2, "accept");

	socket_receive(connection_fd, text, sizeof(text), &fd);
	if (fd < 0)
		errx(1, "no fd came with \"%s\"", text);
	printf("%s\n", text);
	fflush(stdout);

	if (strcmp(argv[1], "console") == 0) {
		copy_terminal(fd);
	} else {
		print_pid(fd);
		wait_for_end(fd);
	}
	return 0;
}
