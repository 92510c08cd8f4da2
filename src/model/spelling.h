/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How a name of a device is written (model/name.h has the list), whether or not anything is called
 * so: its form, and what of it is the name.
 */
#include <stdbool.h>

enum name_form {
	NAME_INVALID, /* no device can be called so */
	NAME_ADDRESS, /* a form that names one place: when nothing is there, it is absent */
	NAME_LINK,    /* any other below a folder of /dev: nothing, until it was followed */
	NAME_WORD,    /* any word: when nothing is called so, there is no such device */
};

enum name_form name_form(const char *name);

/* Does it say which volume, whether or not there is one? */
bool name_is_wwid(const char *name);

/* Without the folder that it stands in; of a link that says it, the volume. scratch: MAX_SYSFS
 * bytes that live as long as what is returned. */
const char *spelling_bare(const char *name, char *scratch);

/* A component of the device tree that carries paths: "host3", "rport-3:0-1"? */
bool spelling_is_branch(const char *name);

/* "3" of "dm-3"; NULL: it is no such name. */
const char *spelling_map_minor(const char *name);

/* What follows; NULL: it does not begin so. */
const char *spelling_behind(const char *s, const char *prefix);
