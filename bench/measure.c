/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs commands one after the other and says what they cost, with all that they left behind:
 *
 *	measure [-n RUNS] [-j AT_ONCE] COMMAND [ARG...] [";" COMMAND [ARG...]]...
 *
 * "{}" in an argument becomes the number of the run. Orphans come to this program, so that the CPU
 * time of a container that its runtime left running is counted too; the last of several commands
 * waits for them, because it is the one that deletes. Prints one line,
 *
 *	WALL_US CPU_US PEAK_KB FAILURES STEP_WALL_US...
 *
 * where the steps are those of the last run and PEAK_KB is the largest process's resident size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEPS_MAX 8

struct plan {
	char **steps[STEPS_MAX]; /* argument vectors */
	size_t count;
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double cpu_us(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static char *numbered(const char *arg, long number)
{
	const char *mark = strstr(arg, "{}");
	char *text;

	if (!mark)
		return (char *)arg;
	if (asprintf(&text, "%.*s%ld%s", (int)(mark - arg), arg, number, mark + 2) < 0)
		exit(EXIT_FAILURE);
	return text;
}

static _Noreturn void execute(char **args, long number)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (char **arg = args; *arg; arg++)
		*arg = numbered(*arg, number);
	if (null_fd >= 0 && dup2(null_fd, 0) == 0 && dup2(null_fd, 1) == 1)
		execvp(args[0], args);
	fprintf(stderr, "measure: %s: %s\n", args[0], strerror(errno));
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status;
	pid_t found;

	while ((found = wait(&status)) != pid)
		if (found < 0 && errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static void wait_for_orphans(void)
{
	while (wait(NULL) >= 0 || errno == EINTR)
		;
}

/* One run, in a process of its own; the times of its steps go down the pipe. */
static _Noreturn void run(const struct plan *plan, long number, int report_fd)
{
	double times[STEPS_MAX] = { 0 };
	int status = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
	for (size_t i = 0; i < plan->count; i++) {
		double start;
		pid_t pid;

		if (i > 0 && i + 1 == plan->count)
			wait_for_orphans();
		start = now_us();
		pid = fork();
		if (pid == 0)
			execute(plan->steps[i], number);
		if (pid < 0 || wait_for(pid) != 0)
			status = EXIT_FAILURE;
		times[i] = now_us() - start;
	}
	wait_for_orphans();
	if (write(report_fd, times, sizeof(times)) != sizeof(times))
		status = EXIT_FAILURE;
	_exit(status);
}

static void usage(void)
{
	fprintf(stderr, "usage: measure [-n RUNS] [-j AT_ONCE] COMMAND... [\";\" COMMAND...]...\n");
	exit(2);
}

static void make_plan(char **args, struct plan *plan)
{
	bool is_start = true;

	for (; *args; args++) {
		if (strcmp(*args, ";") == 0) {
			*args = NULL;
			is_start = true;
			continue;
		}
		if (is_start && plan->count == STEPS_MAX)
			usage();
		if (is_start)
			plan->steps[plan->count++] = args;
		is_start = false;
	}
	if (plan->count == 0)
		usage();
}

int main(int argc, char **argv)
{
	struct plan plan = { 0 };
	double times[STEPS_MAX] = { 0 };
	struct rusage usage_all;
	long runs = 1, at_once = 1, running = 0, failures = 0;
	int report[2];
	double start;
	int option;

	while ((option = getopt(argc, argv, "+n:j:")) != -1) {
		if (option == 'n')
			runs = strtol(optarg, NULL, 10);
		else if (option == 'j')
			at_once = strtol(optarg, NULL, 10);
		else
			usage();
	}
	make_plan(argv + optind, &plan);
	if (pipe2(report, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	start = now_us();
	for (long i = 0; i < runs || running > 0;) {
		int status;
		pid_t pid = i < runs && running < at_once ? fork() : -1;

		if (pid == 0)
			run(&plan, i, report[1]);
		if (pid > 0) {
			i++;
			running++;
			continue;
		}
		if (wait(&status) < 0)
			break;
		running--;
		failures += status != 0;
		if (read(report[0], times, sizeof(times)) != sizeof(times))
			break;
	}
	getrusage(RUSAGE_CHILDREN, &usage_all);
	printf("%.0f %.0f %ld %ld", now_us() - start, cpu_us(&usage_all), usage_all.ru_maxrss,
	       failures);
	for (size_t i = 0; i < plan.count; i++)
		printf(" %.0f", times[i]);
	putchar('\n');
	return 0;
}
