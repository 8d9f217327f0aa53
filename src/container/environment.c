/* SPDX-License-Identifier: Apache-2.0 */
#include "container/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"

/* Chosen: room for two hundred thousand users; what lies beyond is not looked at. */
#define PASSWD_SIZE_MAX (size_t)(16 * 1024 * 1024)

/* The names met so far: open addressing, a power of two of slots, never more than half full. */
struct name_set {
	const char ***slots; /* points at the entry of the result whose name it is */
	size_t mask;
};

static int name_set_init(struct name_set *set, size_t names, struct rti_arena *arena)
{
	size_t slots = 16;

	while (slots / 2 < names)
		slots *= 2;
	set->slots = rti_arena_array(arena, slots, sizeof(set->slots[0]));
	set->mask = slots - 1;
	return set->slots ? 0 : -ENOMEM;
}

/* The slot of @entry's name: empty, or holding an entry of the same name. */
static const char ***name_set_find(struct name_set *set, const char *entry, size_t name_size)
{
	size_t hash = 2166136261u;

	for (size_t i = 0; i < name_size; i++)
		hash = (hash ^ (unsigned char)entry[i]) * 16777619u;
	for (size_t at = hash & set->mask;; at = (at + 1) & set->mask) {
		const char **known = set->slots[at];

		if (!known ||
		    (strncmp(*known, entry, name_size) == 0 && (*known)[name_size] == '='))
			return &set->slots[at];
	}
}

static int check_entry(const char *entry, size_t *ret_name_size, struct rti_error *err)
{
	const char *equals = strchr(entry, '=');

	if (!equals)
		return rti_refuse(err, EINVAL, "invalid environment variable: missing '='");
	if (equals == entry)
		return rti_refuse(err, EINVAL,
				  "invalid environment variable: name cannot be empty");
	*ret_name_size = (size_t)(equals - entry);
	return 0;
}

/* Entries are met from the last to the first, so the first one met of a name is the one to keep. */
static int keep_last_places(const struct rti_strings *env, struct name_set *set, const char **ret,
			    size_t *ret_count, struct rti_error *err)
{
	const char **next = ret + env->count;
	size_t count;

	for (size_t i = env->count; i > 0; i--) {
		const char *entry = env->items[i - 1];
		const char ***slot;
		size_t name_size;
		int r = check_entry(entry, &name_size, err);

		if (r < 0)
			return r;
		slot = name_set_find(set, entry, name_size);
		if (*slot)
			continue;
		*--next = entry;
		*slot = next;
	}
	count = (size_t)(ret + env->count - next);
	memmove(ret, next, count * sizeof(ret[0]));
	*ret_count = count;
	return 0;
}

static int keep_first_places(const struct rti_strings *env, struct name_set *set, const char **ret,
			     size_t *ret_count, struct rti_error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < env->count; i++) {
		const char *entry = env->items[i];
		const char ***slot;
		size_t name_size;
		int r = check_entry(entry, &name_size, err);

		if (r < 0)
			return r;
		slot = name_set_find(set, entry, name_size);
		if (!*slot)
			*slot = &ret[count++];
		**slot = entry;
	}
	*ret_count = count;
	return 0;
}

/*
 * A number as runc's parser takes it, so not by base/number.h: anything that is none counts as 0,
 * and one that is too large as the largest.
 */
static int64_t lax_number(const char *text, size_t size)
{
	bool negative = size > 0 && text[0] == '-';
	int64_t number = 0;
	size_t i = size > 0 && (text[0] == '-' || text[0] == '+');

	for (; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		if (__builtin_mul_overflow(number, (int64_t)10, &number) ||
		    __builtin_add_overflow(number, (int64_t)(text[i] - '0'), &number))
			number = INT64_MAX / 10;
	}
	return negative ? -number : number;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool line_gives_home(const char *line, size_t size, int64_t uid, const char **ret,
			    size_t *ret_size)
{
	enum { UID = 2, HOME = 5, FIELDS };
	const char *fields[FIELDS], *end;
	size_t sizes[FIELDS] = { 0 };

	while (size > 0 && is_blank(line[0])) {
		line++;
		size--;
	}
	while (size > 0 && is_blank(line[size - 1]))
		size--;
	if (size == 0)
		return false;
	end = line + size;
	for (int i = 0; i < FIELDS; i++) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		fields[i] = line;
		sizes[i] = (size_t)((colon ? colon : end) - line);
		line = colon ? colon + 1 : end;
	}
	if (lax_number(fields[UID], sizes[UID]) != uid)
		return false;
	*ret = fields[HOME];
	*ret_size = sizes[HOME];
	return true;
}

int environment_home_from_passwd(const char *text, size_t size, int64_t uid, const char **ret,
				 size_t *ret_size)
{
	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t line_size = newline ? (size_t)(newline - text) : size;

		if (line_gives_home(text, line_size, uid, ret, ret_size))
			return 1;
		if (!newline)
			break;
		text += line_size + 1;
		size -= line_size + 1;
	}
	return 0;
}

/* The image may have made anything of the file: only a regular one is read, and nothing awaited. */
static int read_passwd(char **ret, size_t *ret_size)
{
	_cleanup_fd_ int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t size;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	size = (size_t)st.st_size < PASSWD_SIZE_MAX ? st.st_size : (ssize_t)PASSWD_SIZE_MAX;
	text = malloc((size_t)size + 1);
	if (!text)
		return -ENOMEM;
	size = rti_read_full(fd, text, (size_t)size);
	if (size < 0)
		return (int)size;
	*ret = text;
	*ret_size = (size_t)size;
	text = NULL;
	return 0;
}

static char *make_home(int64_t uid, struct rti_arena *arena)
{
	_cleanup_free_ char *text = NULL;
	const char *home = "/";
	size_t size = 0, home_size = 1;
	int r = read_passwd(&text, &size);

	if (r < 0)
		log_debug("HOME not set in process.env, and getting UID %lld homedir failed: %s",
			  (long long)uid, rti_errno_text(-r));
	else
		environment_home_from_passwd(text, size, uid, &home, &home_size);
	/* A NUL in the file ends the value: it cannot be part of a variable. */
	return rti_arena_printf(arena, "HOME=%.*s", (int)home_size, home);
}

static const char **find_variable(const char **env, size_t count, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (strncmp(env[i], name, size) == 0 && env[i][size] == '=')
			return &env[i];
	return NULL;
}

int environment_build(const struct rti_init_config *init, struct rti_arena *arena, char ***ret_env,
		      const char **ret_path, struct rti_error *err)
{
	bool is_1_2 = init->user != NULL;
	struct name_set set;
	const char **env, **home, **path;
	size_t count;
	int r;

	env = rti_arena_array(arena, init->env.count + 2, sizeof(env[0]));
	if (!env || name_set_init(&set, init->env.count, arena) < 0)
		return rti_fail(err, ENOMEM, "environment");
	if (is_1_2)
		r = keep_first_places(&init->env, &set, env, &count, err);
	else
		r = keep_last_places(&init->env, &set, env, &count, err);
	if (r < 0)
		return r;
	path = find_variable(env, count, "PATH");
	home = find_variable(env, count, "HOME");
	if (home && !(*home)[strlen("HOME=")] && !is_1_2) {
		/* Dropped here, so that the one from passwd stands last. */
		memmove(home, home + 1, (size_t)(env + count - home - 1) * sizeof(env[0]));
		count--;
		path = find_variable(env, count, "PATH");
		home = NULL;
	}
	if (!home) {
		home = &env[count++];
		*home = NULL;
	}
	if (home && (!*home || !(*home)[strlen("HOME=")])) {
		*home = make_home(init->uid, arena);
		if (!*home)
			return rti_fail(err, ENOMEM, "environment");
	}
	env[count] = NULL;
	*ret_env = (char **)env;
	*ret_path = path ? *path + strlen("PATH=") : NULL;
	return 0;
}
