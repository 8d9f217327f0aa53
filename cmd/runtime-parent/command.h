/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The commands of runtime-parent, and what they share. Internal to the program.
 */
#ifndef RUNTIME_PARENT_COMMAND_H
#define RUNTIME_PARENT_COMMAND_H

#include <stdbool.h>

#include "base/error.h"
#include "cmd/runtime-parent/logger.h"
#include "cmd/runtime-parent/options.h"
#include "parent/runtime-container.h"

#define CONFIG_FILE "config.json"

struct globals {
	const char *argv0;
	const char *root; /* absolute */
	bool root_given;
	const char *init; /* absolute path of the init program */
	bool rootless;	  /* cgroup errors are ignored where runc ignores them */
	bool debug;
	int inherited_fds; /* fds 3 to 3 + n - 1 were open when the program started */
	struct logger logger;
};

/* One call of one command. */
struct call {
	const struct command *command;
	struct globals *globals;
	const struct option_value *options; /* in the order of command->options */
	int argc;
	char **argv; /* arguments after the options */
};

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *purpose;   /* one line */
	const char *help;      /* more lines, or NULL */
	const struct option_spec *options;
	int arguments_min;
	int arguments_max; /* -1: any number */
	bool keep_order;   /* options end at the first argument */
	int exit_code;	   /* when it fails */
	/* Gives the program's exit code, or a negative errno with @err filled. */
	int (*run)(const struct call *call, struct rti_error *err);
};

extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_exec;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_pause;
extern const struct command command_ps;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;

/**
 * call_load_container() - the container that the first argument names
 */
int call_load_container(const struct call *call, struct rti_container **ret, struct rti_error *err);

/**
 * call_open_program() - the init program
 */
int call_open_program(const struct call *call, struct rti_parent_program *ret,
		      struct rti_error *err);

/**
 * call_environment() - what conversion needs to know; the working directory must be the bundle
 * @bundle: room for the working directory, PATH_MAX bytes; has to live as long as @ret
 */
int call_environment(const struct call *call, const char *id, char *bundle,
		     struct rti_convert_environment *ret, struct rti_error *err);

/**
 * bundle_load() - read config.json in the working directory, and check its process
 */
int bundle_load(struct rti_spec *ret, bool selinux, struct rti_error *err);

/**
 * file_read() - a whole file
 * @ret: on success malloc()ed text; the caller frees it
 *
 * Return: its size, or a negative errno.
 */
ssize_t file_read(const char *path, char **ret, struct rti_error *err);

/**
 * text_indent() - JSON text with line breaks, as Go's MarshalIndent() with two blanks
 * @ret: malloc()ed; the caller frees it
 */
int text_indent(const char *json, char **ret, struct rti_error *err);

/* Where an embedder's log lines go. */
struct rti_container_log call_log(const struct call *call);

static inline void command_free_container(struct rti_container **container)
{
	rti_container_free(*container);
}

#define _cleanup_container_ __attribute__((cleanup(command_free_container)))

#endif
