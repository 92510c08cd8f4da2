/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The status document as Prometheus text, for a collector that reads files. Names are an interface
 * like those of documents: added, never changed or removed (docs/metrics.md).
 */
struct json_object;
struct text;

/* status: the root of the document of status. What it does not have is left out. */
void metrics_print(struct json_object *status, struct text *out);
