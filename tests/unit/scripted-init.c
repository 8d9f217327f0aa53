/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scripted-init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol/bootstrap.h"
#include "protocol/init-config.h"
#include "protocol/sync-socket.h"

static int init_fd, sync_fd, log_fd;
static pid_t stage1, stage2;

__attribute__((noreturn, format(printf, 1, 2))) static void bad(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "scripted init: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	_exit(90);
}

static int number_of(const char *name)
{
	const char *value = getenv(name);

	if (!value || !value[0])
		bad("%s is not set", name);
	return atoi(value);
}

static void hang(void)
{
	for (;;)
		pause();
}

/* A sibling, as the real stages are. */
static pid_t make_stage(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

static void run_stage2(char *script) __attribute__((noreturn));

static void make_stages(char *stage2_script, bool hanging)
{
	stage1 = make_stage();
	if (stage1 == 0) {
		if (hanging)
			hang();
		_exit(0);
	}
	stage2 = make_stage();
	if (stage2 == 0)
		run_stage2(stage2_script);
	if (stage1 < 0 || stage2 < 0)
		bad("clone: %s", strerror(errno));
}

static void read_bootstrap(void)
{
	struct rti_bootstrap bootstrap;
	struct rti_error err;

	if (rti_bootstrap_receive(init_fd, &bootstrap, &err) < 0)
		bad("%s", err.text);
	rti_bootstrap_done(&bootstrap);
}

static void read_config(void)
{
	struct rti_init_config config;
	struct rti_error err;

	if (rti_init_config_read(init_fd, NULL, NULL, &config, &err) < 0)
		bad("%s", err.text);
	rti_init_config_done(&config);
}

static void receive(const char *expected)
{
	struct rti_error err;
	size_t size;
	char *packet;
	int r = rti_sync_packet_receive(sync_fd, &packet, &size, &err);

	if (r == RTI_SYNC_EOF)
		_exit(91);
	if (r < 0)
		bad("%s", err.text);
	if (strcmp(packet, expected) != 0)
		bad("got %s, expected %s", packet, expected);
	free(packet);
}

static void receive_fd(const char *expected)
{
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	struct rti_error err;
	int fd;

	if (rti_sync_fd_receive(sync_fd, name, sizeof(name), &fd, &err) != 0)
		bad("no fd: %s", err.text);
	if (strcmp(name, expected) != 0)
		bad("got an fd named %s, expected %s", name, expected);
	close(fd);
}

static void log_much(int kilobytes)
{
	char line[1025];

	memset(line, 'd', sizeof(line));
	memcpy(line, "{\"level\":\"debug\",\"msg\":\"", 24);
	memcpy(line + 1021, "\"}\n", 3);
	for (int i = 0; i < kilobytes; i++)
		if (write(log_fd, line, 1024) != 1024)
			bad("write log: %s", strerror(errno));
}

static void leave_holder(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		int keep[] = { sync_fd, log_fd };

		for (int fd = 0; fd < 64; fd++)
			if (fd != keep[0] && fd != keep[1])
				close(fd);
		sleep(3);
		_exit(0);
	}
}

static void describe(void)
{
	char text[4096] = "", cwd[4096];
	size_t used = 0;

	for (char **entry = environ; *entry; entry++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", *entry);
	for (int fd = 0; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%d ", fd);
	snprintf(text + used, sizeof(text) - used, "\n%s\n", getcwd(cwd, sizeof(cwd)));
	if (write(1, text, strlen(text)) < 0)
		bad("write: %s", strerror(errno));
}

/* What both parts of a script know. */
static void do_common(char verb, const char *argument)
{
	switch (verb) {
	case 'L':
		dprintf(log_fd, "{\"level\":\"fatal\",\"msg\":\"%s\"}\n", argument);
		return;
	case 'D':
		log_much(atoi(argument));
		return;
	case 'H':
		hang();
		return;
	case 'e':
		describe();
		return;
	case 'w':
		usleep(100000);
		return;
	case 'O':
		leave_holder();
		return;
	case 'x':
		_exit(atoi(argument));
	case 'k':
		kill(getpid(), SIGKILL);
		return;
	}
	bad("no such word: %c%s", verb, argument);
}

static void do_stage2(char verb, const char *argument)
{
	switch (verb) {
	case 'c':
		read_config();
		return;
	case 'S':
		if (send(sync_fd, argument, strlen(argument), MSG_NOSIGNAL) < 0)
			bad("send: %s", strerror(errno));
		return;
	case 'R':
		receive(argument);
		return;
	case 'F':
		receive_fd(argument);
		return;
	case 'Z':
		send(sync_fd, "", 0, MSG_NOSIGNAL);
		return;
	case 'C':
		close(sync_fd);
		return;
	case 'l':
		close(log_fd);
		return;
	}
	do_common(verb, argument);
}

static void do_stage0(char verb, const char *argument, char *stage2_script)
{
	switch (verb) {
	case 'b':
		read_bootstrap();
		return;
	case 's':
	case 'h':
		make_stages(stage2_script, verb == 'h');
		return;
	case 'p':
		dprintf(init_fd, "{\"stage1_pid\":%d,\"stage2_pid\":%d}\n", stage1, stage2);
		return;
	case 'P':
		dprintf(init_fd, "%s", argument);
		return;
	}
	do_common(verb, argument);
}

/* The next word of a script, its tildes made spaces; NULL at the end. */
static char *next_word(char **script)
{
	char *word = strtok_r(NULL, " ", script);

	for (char *at = word; at && *at; at++)
		if (*at == '~')
			*at = ' ';
	return word;
}

static void run_stage2(char *script)
{
	char *word;

	while ((word = next_word(&script)))
		do_stage2(word[0], word + 1);
	_exit(0);
}

void scripted_init_run(const char *text)
{
	char *script = strdup(text), *stage2_script = strchr(script, '|'), *word;

	if (stage2_script)
		*stage2_script++ = '\0';
	else
		stage2_script = (char[]){ "" };
	signal(SIGPIPE, SIG_IGN);
	init_fd = number_of("_LIBCONTAINER_INITPIPE");
	sync_fd = number_of("_LIBCONTAINER_SYNCPIPE");
	log_fd = number_of("_LIBCONTAINER_LOGPIPE");
	while ((word = next_word(&script)))
		do_stage0(word[0], word + 1, stage2_script);
	_exit(0);
}
