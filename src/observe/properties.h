/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What udev knows of a block device, by name: of all that it keeps, nobody here wants a value.
 * Its database is a file per device in /run, which udev replaces as a whole.
 */
#include <stddef.h>

#include "base/devt.h"

/* The names as libudev lists them: sorted, each once, "A,B,C" with the end cut off where there are
 * too many. run: a directory descriptor on /run. 0, or negative errno and "": udev has not looked
 * at this device (yet). */
int properties_read(int run, const struct devt *devt, char *ret, size_t size);

/* The same from the text of such a file. */
void properties_parse(const char *bytes, size_t len, char *ret, size_t size);
