/* SPDX-License-Identifier: Apache-2.0 */
/**
 * runtime-parent: an OCI runtime command line, spelled as runc's, over the parent library.
 *
 * Here are the global options, the choice of the command, and its help; the commands are in
 * runtime-parent/.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/runtime-parent/command.h"
#include "cmd/runtime-parent/runner.h"

#define DEFAULT_ROOT	 "/run/runtime-parent"
#define INIT_ENVIRONMENT "RUNTIME_PARENT_INIT"
#define EXIT_NO_COMMAND	 3 /* as runc's */

enum {
	DEBUG,
	LOG,
	LOG_FORMAT,
	ROOT,
	SYSTEMD_CGROUP,
	ROOTLESS,
	INIT,
	SHOW_HELP,
	SHOW_VERSION,
};

static const struct option_spec global_options[] = {
	[DEBUG] = { "debug", 0, OPTION_BOOL, "enable debug logging" },
	[LOG] = { "log", 0, OPTION_TEXT, "log file (default: standard error)" },
	[LOG_FORMAT] = { "log-format", 0, OPTION_TEXT, "text (default) or json" },
	[ROOT] = { "root", 0, OPTION_TEXT,
		   "directory of container states (default: " DEFAULT_ROOT ")" },
	[SYSTEMD_CGROUP] = { "systemd-cgroup", 0, OPTION_BOOL, "not supported; refused" },
	[ROOTLESS] = { "rootless", 0, OPTION_TEXT,
		       "ignore cgroup permission errors: true, false or auto (default: auto)" },
	[INIT] = { "init", 0, OPTION_TEXT,
		   "the init program: runtime-init or a runc (default: $" INIT_ENVIRONMENT
		   ", else the installed runtime-init)" },
	[SHOW_HELP] = { "help", 'h', OPTION_BOOL, "show help" },
	[SHOW_VERSION] = { "version", 'v', OPTION_BOOL, "print the version" },
	{ .name = NULL },
};

static const struct command *const commands[] = {
	&command_create, &command_delete, &command_exec,  &command_kill,
	&command_list,	 &command_pause,  &command_ps,	  &command_resume,
	&command_run,	 &command_spec,	  &command_start, &command_state,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void print_help(void)
{
	puts("NAME:\n   runtime-parent - Open Container Initiative runtime\n\n"
	     "USAGE:\n   runtime-parent [global options] command [command options] "
	     "[arguments...]\n\nVERSION:\n   " PACKAGE_VERSION "\n\nCOMMANDS:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("   %-8s %s\n", commands[i]->name, commands[i]->purpose);
	puts("\nGLOBAL OPTIONS:");
	options_print(global_options);
}

static void print_command_help(const struct command *command)
{
	printf("NAME:\n   runtime-parent %s - %s\n\nUSAGE:\n   runtime-parent %s%s%s%s\n",
	       command->name, command->purpose, command->name,
	       options_are_shown(command->options) ? " [command options]" : "",
	       *command->arguments ? " " : "", command->arguments);
	if (command->help)
		printf("\n%s\n", command->help);
	if (options_are_shown(command->options)) {
		puts("\nOPTIONS:");
		options_print(command->options);
	}
}

static void print_version(void)
{
	printf("runtime-parent version %s\nspec: 1.3.0\n", PACKAGE_VERSION);
}

/* Whoever is not root of the machine keeps state where a user may, if there is such a place. */
static int default_root(char *room, struct rti_error *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");

	strcpy(room, DEFAULT_ROOT);
	if (!runtime_dir || !*runtime_dir || rti_container_is_rootful())
		return 0;
	if (geteuid() == 0 && user && strcmp(user, "root") == 0)
		return 0;
	if (snprintf(room, PATH_MAX, "%s/runtime-parent", runtime_dir) >= PATH_MAX)
		return rti_fail(err, ENAMETOOLONG, "%s", runtime_dir);
	/* The sticky bit keeps it from being tidied away while containers run. */
	if ((mkdir(room, 0700) < 0 && errno != EEXIST) || chmod(room, 01700) < 0)
		return rti_fail(err, errno, "mkdir %s", room);
	return 0;
}

static int choose_root(struct globals *globals, const struct option_value *option,
		       struct rti_error *err)
{
	static char joined[PATH_MAX], clean[PATH_MAX];
	size_t length = 0;
	int r;

	globals->root_given = option->set;
	if (!option->set) {
		r = default_root(joined, err);
		globals->root = joined;
		return r;
	}
	r = absolute_path(*option->text ? option->text : ".", joined, err);
	if (r < 0)
		return r;
	/* Without "." and ".." and doubled slashes, by the letter, as runc has it. */
	for (char *next = joined, *part; (part = strsep(&next, "/"));) {
		if (!*part || strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			while (length > 0 && clean[--length] != '/')
				;
		} else {
			length += (size_t)snprintf(clean + length, sizeof(clean) - length, "/%s",
						   part);
		}
	}
	clean[length] = 0;
	if (length == 0)
		return rti_refuse(err, EINVAL, "Option --root argument should not be set to /");
	globals->root = clean;
	return 0;
}

/* The runtime-init beside this program, which is of its build, or the installed one. */
static void find_own_init(char room[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	self[n > 0 ? n : 0] = 0;
	slash = strrchr(self, '/');
	if (!slash ||
	    snprintf(room, PATH_MAX, "%.*s/runtime-init", (int)(slash - self), self) >= PATH_MAX ||
	    access(room, X_OK) < 0)
		strcpy(room, SBINDIR "/runtime-init");
}

static int choose_init(struct globals *globals, const struct option_value *option,
		       struct rti_error *err)
{
	static char room[PATH_MAX];
	const char *given = option->set ? option->text : getenv(INIT_ENVIRONMENT);

	globals->init = room;
	if (given && *given)
		return absolute_path(given, room, err);
	find_own_init(room);
	return 0;
}

static int choose_rootless(struct globals *globals, const struct option_value *option,
			   struct rti_error *err)
{
	static const char *const words[] = { "0", "f", "F", "false", "FALSE", "False",
					     "1", "t", "T", "true",  "TRUE",  "True" };

	if (!*option->text || strcasecmp(option->text, "auto") == 0) {
		globals->rootless = !rti_container_is_rootful();
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(option->text, words[i]) == 0) {
			globals->rootless = i >= 6;
			return 0;
		}
	}
	return rti_refuse(err, EINVAL, "strconv.ParseBool: parsing \"%s\": invalid syntax",
			  option->text);
}

static int set_globals(struct globals *globals, const struct option_value *values,
		       struct rti_error *err)
{
	int r;

	r = logger_open(&globals->logger, values[LOG].text, values[LOG_FORMAT].text,
			values[DEBUG].flag, err);
	if (r == 0 && values[SYSTEMD_CGROUP].flag)
		r = rti_refuse(err, EINVAL, "the systemd cgroup driver is not supported");
	if (r == 0)
		r = choose_root(globals, &values[ROOT], err);
	if (r == 0)
		r = choose_init(globals, &values[INIT], err);
	if (r == 0)
		r = choose_rootless(globals, &values[ROOTLESS], err);
	globals->debug = values[DEBUG].flag;
	return r;
}

static int check_arguments(const struct command *command, int argc, const char *argv0,
			   struct rti_error *err)
{
	const char *how = command->arguments_min == command->arguments_max ? "exactly"
			  : argc < command->arguments_min		   ? "a minimum of"
									   : "a maximum of";
	int bound = argc < command->arguments_min ? command->arguments_min : command->arguments_max;

	if (argc >= command->arguments_min &&
	    (command->arguments_max < 0 || argc <= command->arguments_max))
		return 0;
	printf("Incorrect Usage.\n\n");
	print_command_help(command);
	return rti_refuse(err, EINVAL, "%s: \"%s\" requires %s %d argument(s)", argv0,
			  command->name, how, bound);
}

static bool asks_for_help(int argc, char **argv)
{
	return argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
			    strcmp(argv[0], "-help") == 0);
}

static int call_command(struct globals *globals, const struct command *command, int argc,
			char **argv, struct option_value *values, struct rti_error *err)
{
	struct call call = { .command = command, .globals = globals, .options = values };
	int r;

	r = options_parse(command->options, !command->keep_order, &argc, argv, values, err);
	if (r < 0) {
		printf("Incorrect Usage: %s\n\n", err->text);
		print_command_help(command);
		return r;
	}
	r = check_arguments(command, argc, globals->argv0, err);
	if (r < 0)
		return r;
	call.argc = argc;
	call.argv = argv;
	return command->run(&call, err);
}

static int run_command(struct globals *globals, const struct command *command, int argc,
		       char **argv, struct rti_error *err)
{
	struct option_value values[OPTIONS_MAX] = { 0 };
	int r;

	if (asks_for_help(argc, argv)) {
		print_command_help(command);
		return 0;
	}
	r = call_command(globals, command, argc, argv, values, err);
	options_done(command->options, values);
	return r;
}

/* A standard stream that is closed would become whatever is opened next. */
static void open_missing_streams(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			exit(EXIT_FAILURE); /* there is nowhere to say why */
	}
}

/* How many fds the caller passed without a gap, before any of ours is opened. */
static int count_inherited_fds(void)
{
	int n = 0;

	while (fcntl(3 + n, F_GETFD) >= 0)
		n++;
	return n;
}

/* Its caller chooses the programs that it runs. */
static void refuse_set_uid(void)
{
	static const char text[] =
		"runtime-parent: refusing to run set-uid, set-gid or with file capabilities\n";

	if (getauxval(AT_SECURE)) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	struct globals globals = { .argv0 = argv[0],
				   .inherited_fds = count_inherited_fds(),
				   .logger = { STDERR_FILENO, false, RTI_PARENT_LEVEL_INFO } };
	struct option_value values[OPTIONS_MAX] = { 0 };
	const struct command *command;
	struct rti_error err;
	char **rest = argv + 1;
	int r;

	argc--;
	open_missing_streams();
	refuse_set_uid();
	r = options_parse(global_options, false, &argc, rest, values, &err);
	if (r < 0) {
		printf("Incorrect Usage. %s\n\n", err.text);
		print_help();
		logger_fail(&globals.logger, err.text);
		return 1;
	}
	if (values[SHOW_VERSION].flag) {
		print_version();
		return 0;
	}
	if (values[SHOW_HELP].flag || argc == 0 || strcmp(rest[0], "help") == 0) {
		command = argc > 1 ? find_command(rest[1]) : NULL;
		if (command)
			print_command_help(command);
		else
			print_help();
		return 0;
	}
	r = set_globals(&globals, values, &err);
	if (r < 0) {
		logger_fail(&globals.logger, err.text);
		return 1;
	}
	command = find_command(rest[0]);
	if (!command) {
		char text[256];

		snprintf(text, sizeof(text), "No help topic for '%s'", rest[0]);
		logger_fail(&globals.logger, text);
		return EXIT_NO_COMMAND;
	}
	r = run_command(&globals, command, argc - 1, rest + 1, &err);
	errno = 0;
	if ((fflush(stdout) != 0 || ferror(stdout)) && r >= 0)
		r = rti_fail(&err, errno ? errno : EIO, "write to standard output");
	if (r < 0) {
		logger_fail(&globals.logger, err.text);
		return command->exit_code;
	}
	return r;
}
