/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A device number as sysfs, /proc and device-mapper print it: "8:16". */
#include <stdbool.h>
#include <stdint.h>

struct devt {
	uint32_t major, minor;
};

#define DEVT_TEXT 24

/* The whole text must be "major:minor". 0 or -EINVAL. */
int devt_parse(const char *text, struct devt *ret);
void devt_print(const struct devt *d, char ret[DEVT_TEXT]);

static inline bool devt_equal(const struct devt *a, const struct devt *b)
{
	return a->major == b->major && a->minor == b->minor;
}
