/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Is this still the same logical unit (P7)? Its identity is the set of designators that it gives
 * itself; another one is a set that shares nothing with it, read twice. What cannot be read, or not
 * be compared, is unknown and changes nothing; a set that grew is the same.
 */
#include "model/model.h"

struct identity_verdict {
	enum identity_word word;
	enum baseline baseline; /* by which it was found */
};

enum { IDENTITY_CONFIRM_MS = 500 }; /* between two readings that count as two */

/* A text may be "", record may have no designators: then there is no such baseline. */
struct identity_verdict identity_judge(const char *map_wwid, const char *udev_serial,
	const struct vpd_identity *record, const char *sysfs_wwid, const struct vpd_identity *live);

/* What an answer says of p's identity, if it says anything, written into the path. */
void identity_apply(struct model *m, struct path *p, const struct obs_checked *checked);

/* Should the next check ask for it? */
bool identity_is_due(const struct model *m, const struct path *p);

/* It is to be asked with the next check, which is due now. */
void identity_ask_soon(struct model *m, struct path *p);
