/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/helpers/call-text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH_TEXT_MAX 256
#define PAGE_SIZE     4096u

/* A letter an argument: s path or other text, f fd, n number; a dot passes one over. */
static const struct {
	long number;
	const char *arguments;
} calls[] = {
	{ SYS_access, "sn" },
	{ SYS_chdir, "s" },
	{ SYS_chroot, "s" },
	{ SYS_clone, "n" },
	{ SYS_close, "f" },
	{ SYS_connect, "f" },
	{ SYS_dup3, "fn" },
	{ SYS_execve, "s" },
	{ SYS_execveat, "fs" },
	{ SYS_faccessat, "fs" },
	{ SYS_fchdir, "f" },
	{ SYS_fchmod, "fn" },
	{ SYS_fchmodat, "fsn" },
	{ SYS_fchown, "f" },
	{ SYS_fchownat, "fs" },
	{ SYS_fcntl, "fn" },
	{ SYS_flock, "fn" },
	{ SYS_fsconfig, "fns" },
	{ SYS_fsmount, "f" },
	{ SYS_fsopen, "s" },
	{ SYS_fstat, "f" },
	{ SYS_fstatfs, "f" },
	{ SYS_ftruncate, "f" },
	{ SYS_getdents64, "f" },
	{ SYS_ioctl, "fn" },
	{ SYS_keyctl, "n" },
	{ SYS_kill, ".n" },
	{ SYS_linkat, "fsfs" },
	{ SYS_lseek, "f" },
	{ SYS_memfd_create, "s" },
	{ SYS_mkdir, "s" },
	{ SYS_mkdirat, "fs" },
	{ SYS_mknodat, "fs" },
	{ SYS_mount, "sssn" },
	{ SYS_mount_setattr, "fs" },
	{ SYS_move_mount, "fsfs" },
	{ SYS_newfstatat, "fs" },
	{ SYS_open_tree, "fs" },
	{ SYS_openat, "fs" },
	{ SYS_openat2, "fs" },
	{ SYS_pidfd_send_signal, ".n" },
	{ SYS_pivot_root, "ss" },
	{ SYS_poll, ".nn" },
	{ SYS_prctl, "nn" },
	{ SYS_pread64, "f" },
	{ SYS_prlimit64, ".n" },
	{ SYS_pwrite64, "f" },
	{ SYS_read, "f" },
	{ SYS_readlink, "s" },
	{ SYS_readlinkat, "fs" },
	{ SYS_recvfrom, "f" },
	{ SYS_recvmsg, "f" },
	{ SYS_renameat, "fsfs" },
	{ SYS_renameat2, "fsfs" },
	{ SYS_rmdir, "s" },
	{ SYS_rt_sigaction, "n" },
	{ SYS_rt_sigprocmask, "n" },
	{ SYS_seccomp, "nn" },
	{ SYS_sendfile, "f" },
	{ SYS_sendmsg, "f" },
	{ SYS_sendto, "f" },
	{ SYS_sethostname, "s" },
	{ SYS_setns, "fn" },
	{ SYS_shutdown, "fn" },
	{ SYS_socket, "nn" },
	{ SYS_statfs, "s" },
	{ SYS_statx, "fs" },
	{ SYS_symlinkat, "sfs" },
	{ SYS_umount2, "sn" },
	{ SYS_unlink, "s" },
	{ SYS_unlinkat, "fs" },
	{ SYS_unshare, "n" },
	{ SYS_write, "f" },
};

/* A text that ends before its page does may be the last of its mapping. */
static void read_text(pid_t pid, uint64_t address, char text[PATH_TEXT_MAX])
{
	size_t first = PAGE_SIZE - address % PAGE_SIZE;
	struct iovec local = { text, PATH_TEXT_MAX - 1 };
	struct iovec remote[2] = { { (void *)(uintptr_t)address, PATH_TEXT_MAX - 1 } };
	int parts = 1;
	ssize_t size;

	if (first < PATH_TEXT_MAX - 1) {
		remote[0].iov_len = first;
		remote[1] = (struct iovec){ (void *)(uintptr_t)(address + first),
					    PATH_TEXT_MAX - 1 - first };
		parts = 2;
	}
	size = process_vm_readv(pid, &local, 1, remote, (unsigned long)parts, 0);
	strcpy(text + (size > 0 ? size : 0), "");
	if (size < 0)
		strcpy(text, "?");
	for (char *byte = text; *byte; byte++)
		if (*byte < ' ')
			*byte = '?';
}

static void read_fd(pid_t pid, int fd, char text[PATH_TEXT_MAX])
{
	char path[64];
	ssize_t size;

	if (fd == AT_FDCWD) {
		strcpy(text, ".");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	size = readlink(path, text, PATH_TEXT_MAX - 1);
	strcpy(text + (size > 0 ? size : 0), "");
	if (size < 0)
		strcpy(text, "none");
}

static void print_argument(pid_t pid, char kind, uint64_t value, char *text, size_t size)
{
	char word[PATH_TEXT_MAX];

	if (kind == 's')
		read_text(pid, value, word);
	else if (kind == 'f')
		read_fd(pid, (int)value, word);
	else
		snprintf(word, sizeof(word), "%#llx", (unsigned long long)value);
	snprintf(text, size, "%s", word);
}

void call_text_print(pid_t pid, uint64_t number, const uint64_t arguments[6], char *text,
		     size_t size)
{
	size_t used = 0;

	*text = 0;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if ((uint64_t)calls[i].number != number)
			continue;
		for (int j = 0; calls[i].arguments[j]; j++) {
			if (calls[i].arguments[j] == '.' || size - used < 2)
				continue;
			if (used)
				text[used++] = ' ';
			print_argument(pid, calls[i].arguments[j], arguments[j], text + used,
				       size - used);
			used += strlen(text + used);
		}
	}
}
