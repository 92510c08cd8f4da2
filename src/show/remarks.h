/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is to be said about the configuration: in status, of config --check, after reconfigure. */
#include <stddef.h>

#include "show/document.h"

struct diagnostics;

/* An array {"severity","file","line","text"}; list may be NULL. The caller's. */
struct json_object *remarks_array(struct document *d, const struct diagnostics *list);

/* {"version":1,"result","remarks"}: result is "accepted", "refused" or "failed"; reason may be
 * NULL. *ret: the caller's. 0 or -ENOMEM. */
int remarks_document(
	const char *result, const char *reason, const struct diagnostics *list, char **ret);

/* "/etc/multipath.conf:12: warning: ..." lines, of an array as above. */
void remarks_print(struct json_object *remarks, struct text *out);
