/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain main() for a fuzz target: it runs the target on files, with any compiler.
 *
 *   fuzz-TARGET FILE|DIR...
 *
 * Without arguments, as `make check` calls it, on the findings in fuzz/corpus/TARGET and the
 * seeds that make-seeds has made of the captures. Prints TAP. What must not happen ends it by
 * abort(3), with the input's name on standard error; with FUZZ_VERBOSE set, all names are there.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static size_t inputs;
static char current[4096]; /* the input that runs */

static void say_current(int signal_number)
{
	(void)signal_number;
	(void)!write(STDERR_FILENO, current, strlen(current));
	(void)!write(STDERR_FILENO, "\n", 1);
}

static void replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "re");
	/* Exactly the bytes, so that reading beyond them is noticed. */
	uint8_t *bytes = malloc(size + !size);

	fuzz_expect(file && bytes, "%s: %s", path, strerror(errno));
	fuzz_expect(fread(bytes, 1, size, file) == size, "%s: short", path);
	fclose(file);
	snprintf(current, sizeof(current), "%s", path);
	if (getenv("FUZZ_VERBOSE"))
		say_current(0);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	inputs++;
}

static void replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int count;

	fuzz_expect(stat(path, &st) == 0, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	count = scandir(path, &entries, NULL, alphasort);
	fuzz_expect(count >= 0, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *inner = NULL;

		if (entries[i]->d_name[0] != '.') {
			fuzz_expect(asprintf(&inner, "%s/%s", path, entries[i]->d_name) > 0,
				    "no memory");
			replay(inner);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
}

/* Findings and seeds, as far as there are any. */
static void replay_known(const char *target)
{
	static const struct {
		const char *variable;
		const char *folder;
	} places[] = { { "top_srcdir", "corpus" }, { "top_builddir", "seeds" } };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const char *top = getenv(places[i].variable);
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/fuzz/%s/%s", top ? top : ".", places[i].folder,
			 target);
		if (stat(path, &st) == 0)
			replay(path);
	}
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *target = slash ? slash + 1 : argv[0];

	if (strncmp(target, "fuzz-", 5) == 0)
		target += 5;
	signal(SIGABRT, say_current);
	printf("1..1\n");
	fflush(stdout);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1)
		replay_known(target);
	printf("%s 1 - %s on %zu inputs\n", inputs ? "ok" : "not ok", target, inputs);
	return inputs ? 0 : 1;
}
