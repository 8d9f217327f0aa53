/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the launch that happens inside the sealed copy of runtime-init. */
#include "launch/launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rseq.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "launch/arch.h"
#include "launch/elf-file.h"
#include "launch/elf-map.h"

static const char *find_request(char **environment)
{
	size_t size = strlen(LAUNCH_VARIABLE);

	for (; *environment; environment++)
		if (strncmp(*environment, LAUNCH_VARIABLE, size) == 0 &&
		    (*environment)[size] == '=')
			return *environment + size + 1;
	return NULL;
}

bool launch_is_requested(char **environment)
{
	return find_request(environment) != NULL;
}

static int parse_request(const char *request, int *ret_fd, const char **ret_path,
			 struct rti_error *err)
{
	const char *colon = request ? strchr(request, ':') : NULL;
	char number[16];
	int64_t fd;

	if (colon && (size_t)(colon - request) < sizeof(number)) {
		memcpy(number, request, (size_t)(colon - request));
		number[colon - request] = '\0';
		if (rti_number_i64(number, 3, INT32_MAX, &fd)) {
			*ret_fd = (int)fd;
			*ret_path = colon + 1;
			return 0;
		}
	}
	return rti_refuse(err, EINVAL, "%s=%s is no request of the form FD:PATH", LAUNCH_VARIABLE,
			  request ? request : "");
}

/*
 * The C library of this program has told the kernel where it keeps its restartable-sequences area;
 * the next program's library must be able to register its own. A library that has no signature for
 * this processor registers none.
 */
static void forget_rseq(void)
{
#ifdef RSEQ_SIG
	char *area = (char *)__builtin_thread_pointer() + __rseq_offset;

	if (__rseq_size)
		syscall(SYS_rseq, area, sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#endif
}

static void set_process_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	/* Only for ps(1); execution from a memory file has left a meaningless name. */
	(void)prctl(PR_SET_NAME, slash ? slash + 1 : path);
}

struct start {
	const char *path;
	struct elf_file *file;
	struct elf_map program;
	struct elf_map interpreter; /* zero without one */
};

static uintptr_t auxiliary_value(const struct start *start, const Elf64_auxv_t *original)
{
	switch (original->a_type) {
	case AT_PHDR:
		return start->program.segments;
	case AT_PHENT:
		return sizeof(Elf64_Phdr);
	case AT_PHNUM:
		return start->file->segment_count;
	case AT_BASE:
		return start->interpreter.base;
	case AT_ENTRY:
		return start->program.entry;
	case AT_EXECFN:
		return (uintptr_t)start->path;
	default:
		return original->a_un.a_val;
	}
}

/*
 * Lays out a new initial stack below the present one: argc, argv, environment and auxiliary vector.
 * The strings stay where the kernel put them.
 */
static __attribute__((noreturn)) void enter(const struct start *start, int argc, char **argv,
					    char **environment)
{
	const Elf64_auxv_t *auxiliary, *a;
	size_t env_count = 0, aux_count = 1;
	uintptr_t *block, *at;
	char **e;

	for (e = environment; *e; e++)
		env_count++;
	auxiliary = (const Elf64_auxv_t *)(const void *)(e + 1);
	for (a = auxiliary; a->a_type != AT_NULL; a++)
		aux_count++;
	block = __builtin_alloca_with_align((1 + (size_t)argc + 1 + env_count + 1 + 2 * aux_count) *
						    sizeof(uintptr_t),
					    128);
	at = block;
	*at++ = (uintptr_t)argc;
	for (int i = 0; i <= argc; i++)
		*at++ = (uintptr_t)argv[i];
	for (e = environment; *e; e++)
		if (strncmp(*e, LAUNCH_VARIABLE "=", sizeof(LAUNCH_VARIABLE)) != 0)
			*at++ = (uintptr_t)*e;
	*at++ = 0;
	for (a = auxiliary; a->a_type != AT_NULL; a++) {
		*at++ = a->a_type;
		*at++ = auxiliary_value(start, a);
	}
	*at++ = AT_NULL;
	*at++ = 0;
	arch_jump(start->interpreter.entry ? start->interpreter.entry : start->program.entry,
		  block);
}

static int map_interpreter(const char *path, struct elf_map *ret, struct rti_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_file file;
	int r;

	if (fd < 0)
		return rti_fail(err, errno, "open interpreter %s", path);
	r = elf_file_read(fd, path, &file, err);
	if (r < 0)
		return r;
	return elf_map(&file, ret, err);
}

int launch_become(int argc, char **argv, char **environment, struct rti_error *err)
{
	struct elf_file file;
	struct start start = { .file = &file };
	int fd = -EBADF, r;

	r = parse_request(find_request(environment), &fd, &start.path, err);
	if (r == 0)
		r = elf_file_read(fd, start.path, &file, err);
	if (r == 0)
		r = elf_map(&file, &start.program, err);
	if (r == 0 && file.interpreter[0])
		r = map_interpreter(file.interpreter, &start.interpreter, err);
	if (r < 0)
		return rti_prefix(err, r, "cannot run %s", start.path ? start.path : "runc");
	close(fd);
	set_process_name(start.path);
	forget_rseq();
	enter(&start, argc, argv, environment);
}
