/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reading and writing the files of cgroup file systems. A file that lies on any other file system
 * is refused, so that a mount over part of /sys/fs/cgroup cannot redirect a limit.
 *
 * @dir is the absolute path of a cgroup, or NULL for one that the container does not have
 * (-ENOENT).
 */
#ifndef RTI_PARENT_CGROUP_FILE_H
#define RTI_PARENT_CGROUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * cgroup_file_open() - open a file, or with @file "" the cgroup directory itself
 *
 * Return: an fd that the caller closes, or a negative errno.
 */
int cgroup_file_open(const char *dir, const char *file, int flags, struct rti_error *err);

/**
 * cgroup_file_read() - the file's text, NUL-terminated; longer text is cut
 *
 * Return: its length, or a negative errno.
 */
ssize_t cgroup_file_read(const char *dir, const char *file, char *buffer, size_t size,
			 struct rti_error *err);

/**
 * cgroup_file_read_u64() - one number; "max" is UINT64_MAX
 */
int cgroup_file_read_u64(const char *dir, const char *file, uint64_t *ret, struct rti_error *err);

/**
 * cgroup_file_read_key() - the number after @key in a "key number" file
 */
int cgroup_file_read_key(const char *dir, const char *file, const char *key, uint64_t *ret);

/**
 * cgroup_file_write() - one write(2) of formatted text
 *
 * Return: 0 or a negative errno, with runc's text `failed to write "V": write P: E`.
 */
int cgroup_file_write(const char *dir, const char *file, struct rti_error *err, const char *fmt,
		      ...) __attribute__((format(printf, 4, 5)));

/**
 * cgroup_file_put() - one write(2) into a file of cgroup_file_open(); as cgroup_file_write()
 * @dir:  for the error
 * @file: likewise
 */
int cgroup_file_put(int fd, const char *dir, const char *file, const char *text,
		    struct rti_error *err);

/**
 * cgroup_file_add_pid() - move a process into the cgroup @dir
 *
 * A process that is just being made may give EINVAL; that is tried again for a short while.
 */
int cgroup_file_add_pid(const char *dir, pid_t pid, struct rti_error *err);

/**
 * cgroup_file_exists() - whether the cgroup (or its file) is there
 */
bool cgroup_file_exists(const char *dir, const char *file);

/**
 * cgroup_mkdir() - create a cgroup and those above it, 0755
 */
int cgroup_mkdir(const char *path, struct rti_error *err);

/**
 * cgroup_rmdir() - remove a cgroup and those below; a busy one is tried again for a second
 */
int cgroup_rmdir(const char *path, struct rti_error *err);

#endif
