/* SPDX-License-Identifier: Apache-2.0 */
#include "container/seccomp-cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/identity.h"
#include "base/sealed-copy.h"

#define CACHE_PARENT "/run/runtime-init"
#define CACHE_FOLDER "seccomp"

/* Programs that are kept; each has some 10 KB of /run, which is memory. */
#define CACHE_FILES_MAX 64

static const char *cache_parent = CACHE_PARENT;

/* What a file begins with. The key follows, and then the instructions. */
struct cache_header {
	uint64_t key_size;
	uint64_t count;	  /* instructions */
	uint64_t program; /* their hash: a file that was cut or damaged is no program */
	uint32_t flags;
	uint32_t notify;
};

/* All that decides what the program is, as bytes. */
struct cache_key {
	unsigned char *bytes; /* malloc()ed; NULL after memory ran out */
	size_t size;
	size_t room;
};

void seccomp_cache_use_folder(const char *path)
{
	cache_parent = path;
}

/* FNV-1a; a name for a file and a check against damage, where nobody has a reason to collide. */
static uint64_t hash(const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	uint64_t value = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++)
		value = (value ^ byte[i]) * UINT64_C(1099511628211);
	return value;
}

static void put_bytes(struct cache_key *key, const void *bytes, size_t size)
{
	if (!key->bytes)
		return;
	if (size > key->room - key->size) {
		size_t room = 2 * (key->room + size);
		unsigned char *more = realloc(key->bytes, room);

		if (!more)
			free(key->bytes);
		key->bytes = more;
		key->room = room;
	}
	if (key->bytes && size)
		memcpy(key->bytes + key->size, bytes, size);
	key->size += size;
}

static void put_number(struct cache_key *key, uint64_t number)
{
	put_bytes(key, &number, sizeof(number));
}

static void put_text(struct cache_key *key, const char *text)
{
	size_t size = text ? strlen(text) : 0;

	put_number(key, size);
	put_bytes(key, text, size);
}

static void put_optional(struct cache_key *key, const uint64_t *number)
{
	put_number(key, number != NULL);
	put_number(key, number ? *number : 0);
}

static void put_texts(struct cache_key *key, const struct rti_strings *list)
{
	put_number(key, list->count);
	for (size_t i = 0; i < list->count; i++)
		put_text(key, list->items[i]);
}

static void put_call(struct cache_key *key, const struct rti_seccomp_syscall *call)
{
	put_text(key, call->name);
	put_number(key, (uint64_t)call->action);
	put_optional(key, call->errno_ret);
	put_number(key, call->args.count);
	for (size_t i = 0; i < call->args.count; i++) {
		const struct rti_seccomp_arg *arg = &call->args.items[i];

		put_number(key, arg->index);
		put_number(key, arg->value);
		put_number(key, arg->value_two);
		put_number(key, (uint64_t)arg->op);
	}
}

/* The order of the rules counts. Where the listener is does not. */
static void put_profile(struct cache_key *key, const struct rti_seccomp *seccomp)
{
	put_number(key, (uint64_t)seccomp->default_action);
	put_optional(key, seccomp->default_errno_ret);
	put_texts(key, &seccomp->architectures);
	put_texts(key, &seccomp->flags);
	put_number(key, seccomp->syscalls.count);
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		put_call(key, &seccomp->syscalls.items[i]);
}

static void key_done(struct cache_key *key)
{
	free(key->bytes);
}

static int make_key(const struct rti_seccomp *seccomp, struct cache_key *ret)
{
	const struct scmp_version *version = seccomp_version();
	struct cache_key key = { .bytes = malloc(4096), .room = 4096 };
	struct utsname kernel;

	if (uname(&kernel) < 0)
		memset(&kernel, 0, sizeof(kernel));
	put_text(&key, RTI_IDENTITY);
	put_number(&key, guard(OWN_COMPARISONS));
	put_number(&key, guard(PROFILE_SIZE));
	put_number(&key, version ? version->major : 0);
	put_number(&key, version ? version->minor : 0);
	put_number(&key, version ? version->micro : 0);
	put_text(&key, RTI_LIBSECCOMP);
	put_number(&key, seccomp_arch_native());
	/* What the kernel can do decides about flags, and about actions in libseccomp. */
	put_text(&key, kernel.release);
	put_text(&key, kernel.version);
	put_profile(&key, seccomp);
	*ret = key;
	return key.bytes ? 0 : -ENOMEM;
}

static void make_name(const struct cache_key *key, char ret[static 32])
{
	snprintf(ret, 32, "%016llx", (unsigned long long)hash(key->bytes, key->size));
}

/* A folder that root alone can write to; made if it is not there. */
static int open_folder_in(int dir_fd, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd_ int fd = openat(dir_fd, path, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dir_fd, path, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dir_fd, path, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & 077)
		return -EPERM;
	return rti_take_fd(&fd);
}

static int open_folder(void)
{
	_cleanup_fd_ int parent_fd = -EBADF;

	if (geteuid() != 0)
		return -EPERM;
	parent_fd = open_folder_in(AT_FDCWD, cache_parent);
	return parent_fd < 0 ? parent_fd : open_folder_in(parent_fd, CACHE_FOLDER);
}

static int read_at(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n = pread(fd, buffer, size, offset);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ESTALE;
}

/* Whether the bytes at @offset are the key. */
static int compare_key(int fd, const struct cache_key *key, off_t offset)
{
	_cleanup_free_ unsigned char *bytes = malloc(key->size);
	int r = bytes ? read_at(fd, bytes, key->size, offset) : -ENOMEM;

	if (r < 0)
		return r;
	return memcmp(bytes, key->bytes, key->size) == 0 ? 0 : -ESTALE;
}

static int read_program(int fd, const struct cache_key *key, struct seccomp_program *ret)
{
	struct cache_header header;
	struct sock_filter *filter;
	size_t size;
	int r = read_at(fd, &header, sizeof(header), 0);

	if (r < 0)
		return r;
	if (header.key_size != key->size || header.count == 0 || header.count > BPF_MAXINSNS)
		return -ESTALE;
	r = compare_key(fd, key, sizeof(header));
	if (r < 0)
		return r;
	size = header.count * sizeof(*filter);
	filter = malloc(size);
	r = filter ? read_at(fd, filter, size, (off_t)(sizeof(header) + key->size)) : -ENOMEM;
	if (r == 0 && hash(filter, size) != header.program)
		r = -ESTALE;
	if (r < 0) {
		free(filter);
		return r;
	}
	*ret = (struct seccomp_program){
		.filter = filter,
		.count = header.count,
		.flags = header.flags,
		.notify = header.notify,
	};
	return 0;
}

static bool is_program(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/*
 * A full folder is emptied: who has a profile for each container must not fill /run. All go, since
 * what is in use is soon there again, and nothing has to be known about age or use.
 */
static void make_room(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t count = 0;

	if (!folder) {
		rti_close(fd);
		return;
	}
	while ((entry = readdir(folder)))
		count += is_program(entry);
	rewinddir(folder);
	while (count >= CACHE_FILES_MAX && (entry = readdir(folder)))
		if (is_program(entry))
			unlinkat(folder_fd, entry->d_name, 0);
	closedir(folder);
}

/* In one piece: the file has no name before it is whole. */
static int store(int folder_fd, const char *name, const struct cache_key *key,
		 const struct seccomp_program *program)
{
	size_t size = program->count * sizeof(program->filter[0]);
	const struct cache_header header = {
		.key_size = key->size,
		.count = program->count,
		.program = hash(program->filter, size),
		.flags = program->flags,
		.notify = program->notify,
	};
	_cleanup_fd_ int fd = openat(folder_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0400);
	int r;

	if (fd < 0)
		return -errno;
	r = rti_write_full(fd, &header, sizeof(header));
	if (r == 0)
		r = rti_write_full(fd, key->bytes, key->size);
	if (r == 0)
		r = rti_write_full(fd, program->filter, size);
	if (r < 0)
		return r;
	make_room(folder_fd);
	/* One that is there was no good, or somebody else was as fast. */
	unlinkat(folder_fd, name, 0);
	if (linkat(fd, "", folder_fd, name, AT_EMPTY_PATH) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* The fd of the file itself is here for this long only: a container that sees it can reopen it. */
static int read_file(int folder_fd, const char *name, const struct cache_key *key,
		     struct seccomp_program *ret)
{
	_cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : read_program(fd, key, ret);
}

/* It is the copy that is verified, which nobody can change any more. */
static int copy_file(int folder_fd, const char *name, const struct cache_key *key)
{
	_cleanup_(seccomp_program_done) struct seccomp_program program = { NULL };
	_cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int copy_fd = -EBADF;
	int r;

	if (fd < 0)
		return -errno;
	r = copy_fd = rti_sealed_copy(fd, "seccomp", NULL);
	if (r >= 0)
		r = read_program(copy_fd, key, &program);
	return r < 0 ? r : rti_take_fd(&copy_fd);
}

int seccomp_cache_prepare(const struct rti_seccomp *seccomp)
{
	_cleanup_(key_done) struct cache_key key = { NULL };
	_cleanup_(seccomp_program_done) struct seccomp_program program = { NULL };
	_cleanup_fd_ int folder_fd = open_folder();
	struct rti_error err;
	char name[32];
	int r;

	if (folder_fd < 0)
		return folder_fd;
	r = make_key(seccomp, &key);
	if (r < 0)
		return r;
	make_name(&key, name);
	r = copy_file(folder_fd, name, &key);
	if (r >= 0)
		return r;
	r = seccomp_program_compile(seccomp, &program, &err);
	if (r == 0)
		r = store(folder_fd, name, &key, &program);
	return r < 0 ? r : copy_file(folder_fd, name, &key);
}

int seccomp_cache_read(int fd, const struct rti_seccomp *seccomp, struct seccomp_program *ret)
{
	_cleanup_(key_done) struct cache_key key = { NULL };
	int r = make_key(seccomp, &key);

	return r < 0 ? r : read_program(fd, &key, ret);
}

int seccomp_cache_compile(const struct rti_seccomp *seccomp, struct seccomp_program *ret,
			  struct rti_error *err)
{
	_cleanup_(key_done) struct cache_key key = { NULL };
	_cleanup_fd_ int folder_fd = open_folder();
	char name[32];
	int r;

	if (folder_fd < 0 || make_key(seccomp, &key) < 0)
		return seccomp_program_compile(seccomp, ret, err);
	make_name(&key, name);
	if (read_file(folder_fd, name, &key, ret) == 0)
		return 0;
	r = seccomp_program_compile(seccomp, ret, err);
	if (r == 0)
		(void)store(folder_fd, name, &key, ret);
	return r;
}
