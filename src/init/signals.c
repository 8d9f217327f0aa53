/* SPDX-License-Identifier: Apache-2.0 */
#include "init/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* What runc's init exits with when the signal itself does not end it. */
#define EXIT_PID_1_TERMINATED 2

static void on_broken_pipe(int number)
{
	(void)number;
}

/* The default action is in place again (SA_RESETHAND), so this ends every process but a pid 1. */
static void on_termination(int number)
{
	kill(getpid(), number);
	_exit(EXIT_PID_1_TERMINATED);
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

void signals_prepare(void)
{
	static const int terminating[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (int number = 1; number < NSIG; number++) {
		struct sigaction current;

		if (number != SIGHUP && number != SIGINT &&
		    sigaction(number, NULL, &current) == 0 && current.sa_handler == SIG_IGN)
			handle(number, SIG_DFL, 0);
	}
	handle(SIGPIPE, on_broken_pipe, SA_RESTART);
	for (size_t i = 0; i < sizeof(terminating) / sizeof(terminating[0]); i++) {
		struct sigaction current;

		if (sigaction(terminating[i], NULL, &current) == 0 && current.sa_handler != SIG_IGN)
			handle(terminating[i], on_termination, SA_RESETHAND | SA_NODEFER);
	}
}
