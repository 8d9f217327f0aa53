/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Paths inside a root that may be hostile.
 *
 * A container's tree is written by somebody else, possibly while we walk through it. All functions
 * here take the root as an fd, take a path that is understood as chroot(2) would ("/" and ".." stop
 * at the root, absolute links start at it), never leave the root, never pass a magic link of
 * procfs, and give O_PATH fds, so that nothing is opened for real before the caller has looked at
 * it.
 *
 * Lookups use openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS). Where that system call is missing,
 * or where it keeps failing with EAGAIN because somebody renames directories under it, a walk of
 * single O_NOFOLLOW steps answers instead. The walk never uses "..": it keeps the path that it has
 * resolved so far and starts again from the root, so that a directory moved away under it cannot
 * lead it out.
 *
 * Error texts are those of the step and the path, e.g. "openat2 /etc/passwd/x: not a directory".
 */
#ifndef RTI_BASE_PATH_H
#define RTI_BASE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * rti_path_clean() - the shortest lexical form of a path, as Go's filepath.Clean()
 * @path: any path; "" gives "."
 * @ret:  PATH_MAX bytes; may be @path itself
 *
 * Removes ".", doubled slashes and trailing slashes; resolves ".." against the name before it, and
 * drops it at the beginning of an absolute path.
 *
 * Return: 0, or -ENAMETOOLONG if the result does not fit.
 */
int rti_path_clean(const char *path, char ret[static PATH_MAX]);

/**
 * rti_path_is_inside() - whether @path is @root or lies lexically below it
 *
 * Both should be clean; trailing slashes do not matter.
 */
bool rti_path_is_inside(const char *root, const char *path);

/**
 * rti_path_strip_root() - the clean, absolute path inside @root that @path means
 * @root: path of the root on the host
 * @path: a path inside the root, absolute or not; one that begins with @root means the same place
 *        without it, which is how runc reads mount destinations
 * @ret:  PATH_MAX bytes
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int rti_path_strip_root(const char *root, const char *path, char ret[static PATH_MAX]);

/**
 * rti_path_open() - open what @path names inside the root
 * @root_fd: the root; borrowed
 * @path:    path inside it; trailing links are followed unless @flags has O_NOFOLLOW
 * @flags:   any of O_DIRECTORY and O_NOFOLLOW
 *
 * Return: an O_PATH | O_CLOEXEC fd, or a negative errno; -ELOOP for a magic link.
 */
int rti_path_open(int root_fd, const char *path, int flags, struct rti_error *err);

/**
 * rti_path_resolve() - the path without links that @path names inside the root
 * @ret: PATH_MAX bytes; absolute, seen from the root
 *
 * Names that do not exist are kept as they are, with ".." after them resolved lexically, and a
 * dangling link stands for the place it points to. So the result is where a missing directory would
 * have to be made. It is a snapshot: only use it with functions that do not follow links.
 *
 * Return: 0 or a negative errno.
 */
int rti_path_resolve(int root_fd, const char *path, char ret[static PATH_MAX],
		     struct rti_error *err);

/**
 * rti_path_mkdir() - make a directory and its missing parents inside the root
 * @mode: of each new directory, less the umask
 *
 * The path is resolved once as rti_path_resolve() does; after that no link is followed, so that a
 * link put there meanwhile is an error (ENOTDIR) and not a way out (CVE-2024-45310).
 *
 * Return: an O_PATH | O_DIRECTORY | O_CLOEXEC fd, or a negative errno.
 */
int rti_path_mkdir(int root_fd, const char *path, mode_t mode, struct rti_error *err);

/**
 * rti_path_open_parent() - make and open the directory that holds @path
 * @ret_name: NAME_MAX + 1 bytes; the last name of the resolved path, to be used with the fd and
 *            without following links
 *
 * Return: fd as rti_path_mkdir(), or a negative errno; -EINVAL if @path names the root itself.
 */
int rti_path_open_parent(int root_fd, const char *path, mode_t mode,
			 char ret_name[static NAME_MAX + 1], struct rti_error *err);

/**
 * rti_path_create() - make an empty regular file, and missing parents (0755), inside the root
 *
 * Return: an O_RDONLY | O_CLOEXEC fd of the file; -EEXIST if something is there already; or another
 * negative errno.
 */
int rti_path_create(int root_fd, const char *path, mode_t mode, struct rti_error *err);

/**
 * rti_path_symlink() - make a symbolic link, and missing parents (0755), inside the root
 * @target: text of the link
 *
 * A dangling link at the end of @path is resolved first, as for all creations here.
 *
 * Return: 0, -EEXIST or another negative errno.
 */
int rti_path_symlink(const char *target, int root_fd, const char *path, struct rti_error *err);

/**
 * rti_path_unlink() - remove the name @path itself (a link is not followed) inside the root
 *
 * Return: 0, -ENOENT, or another negative errno.
 */
int rti_path_unlink(int root_fd, const char *path, struct rti_error *err);

/**
 * rti_path_mkdir_plain() - mkdir -p of a path in the caller's own root, following links
 *
 * For use after the root has been switched: there the kernel keeps the path inside. Error texts are
 * those of Go's os.MkdirAll(), "mkdir P: not a directory".
 *
 * Return: 0 or a negative errno.
 */
int rti_path_mkdir_plain(const char *path, mode_t mode, struct rti_error *err);

/**
 * rti_path_force_walk() - behave as if openat2(2) were missing, in this process
 *
 * For tests, which want the same answers from both implementations.
 */
void rti_path_force_walk(bool on);

#endif
