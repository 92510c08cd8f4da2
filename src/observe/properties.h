/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What udev knows of a block device: the names of all that it keeps, and one value. Its database is
 * a file per device in /run, which udev replaces as a whole.
 */
#include <stddef.h>

#include "base/devt.h"

/* The names as libudev lists them: sorted, each once, "A,B,C" with the end cut off where there are
 * too many; and the value of ID_SERIAL. run: a directory descriptor on /run. 0, or negative errno
 * and "" twice: udev has not looked at this device (yet). */
int properties_read(int run, const struct devt *devt, char *ret, size_t size, char *ret_serial,
	size_t serial_size);

/* The names from the text of such a file. */
void properties_parse(const char *bytes, size_t len, char *ret, size_t size);

/* The value of one, "" where there is none that is printable and fits. */
void properties_value(const char *bytes, size_t len, const char *name, char *ret, size_t size);
