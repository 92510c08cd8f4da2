/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzzer as an ordinary program, for AFL++ and for looking at a finding without libFuzzer: gives
 * it standard input, or each file that is named. meson setup -Dfuzz_main=true
 */
#include "fuzz.h"

enum { MAX_INPUT = 1024 * 1024 };

static int give(FILE *from)
{
	uint8_t *bytes = malloc(MAX_INPUT), *exact;
	size_t n;

	if (!bytes)
		return EXIT_FAILURE;
	n = fread(bytes, 1, MAX_INPUT, from);
	exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */
	if (!exact)
		return EXIT_FAILURE;
	memcpy(exact, bytes, n);
	free(bytes);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return give(stdin);
	for (int i = 1; i < argc; i++) {
		FILE *from = fopen(argv[i], "re");

		if (!from) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		if (give(from) != EXIT_SUCCESS)
			return EXIT_FAILURE;
		fclose(from);
	}
	return EXIT_SUCCESS;
}
