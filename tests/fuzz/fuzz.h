/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A fuzzer gives bytes to a reader of untrusted bytes. That it neither crashes nor reads too far is
 * the sanitizers' to see; REQUIRE() says what must hold of the result besides.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
