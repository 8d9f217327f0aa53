/* SPDX-License-Identifier: Apache-2.0 */
/* racer ONE OTHER: make two names change places until killed. */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: racer ONE OTHER\n", stderr);
		return 2;
	}
	for (;;)
		(void)renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
}
