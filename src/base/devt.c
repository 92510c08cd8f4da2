/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/devt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"

int devt_parse(const char *text, struct devt *ret)
{
	uint64_t major, minor;

	if (number_parse_field(&text, ':', UINT32_MAX, &major) < 0 ||
		number_parse_field(&text, '\0', UINT32_MAX, &minor) < 0)
		return -EINVAL;
	*ret = (struct devt){ .major = (uint32_t)major, .minor = (uint32_t)minor };
	return 0;
}

void devt_print(const struct devt *d, char ret[DEVT_TEXT])
{
	snprintf(ret, DEVT_TEXT, "%" PRIu32 ":%" PRIu32, d->major, d->minor);
}
