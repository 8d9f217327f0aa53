/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Finished seccomp programs, kept in /run/runtime-init/seccomp so that a profile is compiled once.
 *
 * Compiling a profile of Docker's size takes several times as long as all the rest of a start, and
 * megabytes of memory that would be charged to the container. What is kept depends on the profile,
 * this build, libseccomp, the machine and the running kernel; all of it is in the file, and is
 * compared byte by byte, so that a program is never used for anything but what it was compiled for.
 *
 * The folder is root's alone, and is looked for only where "/run" is the host's beyond doubt: by
 * the parent, and by a standard init in a mount namespace that it has made itself and where no
 * container can see it. Whoever sees a process may, with CAP_SYS_PTRACE, reopen its fds by way of
 * /proc, for writing too, and what is written into a file here decides what later containers may
 * do: the hash is no signature. So no fd of a file or of the folder is ever where a container's
 * processes are. The init gets a copy from our parent, which is sealed against all change, or
 * compiles. Removing files, or all of it, is safe at any time, and happens when there are many.
 */
#ifndef CONTAINER_SECCOMP_CACHE_H
#define CONTAINER_SECCOMP_CACHE_H

#include "container/seccomp.h"

/**
 * seccomp_cache_prepare() - a sealed copy of the finished program, compiled now if it has to be
 * @seccomp: the profile
 *
 * For the parent, whose memory is not the container's.
 *
 * Return: a close-on-exec fd of a memory file that the caller closes, see base/sealed-copy.h; or a
 * negative errno for whatever reason, and then the init compiles and has the error.
 */
int seccomp_cache_prepare(const struct rti_seccomp *seccomp);

/**
 * seccomp_cache_read() - take the program for a profile out of a file
 * @fd:  of seccomp_cache_prepare(); borrowed, its offset is not used
 * @ret: as of seccomp_program_compile()
 *
 * Return: 0; -ESTALE for a file that holds anything else; or another negative errno.
 */
int seccomp_cache_read(int fd, const struct rti_seccomp *seccomp, struct seccomp_program *ret);

/**
 * seccomp_cache_compile() - seccomp_program_compile() with the kept program, which is kept now if
 * there was none
 *
 * To be called only where paths are the host's, and no container sees the caller. Without a folder
 * to trust it just compiles.
 */
int seccomp_cache_compile(const struct rti_seccomp *seccomp, struct seccomp_program *ret,
			  struct rti_error *err);

/**
 * seccomp_cache_use_folder() - for tests: another place than /run/runtime-init
 * @path: an existing directory; borrowed for good
 */
void seccomp_cache_use_folder(const char *path);

#endif
