/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A configuration: what all files together say, and what of it is in force for a device.
 * A configuration never changes; a new one is built beside it and swapped in by the caller, so
 * that a bad one leaves the old one in force.
 *
 * Precedence: multipaths, overrides (with its protocol entries), devices (later entries first;
 * those of the hardware table are the earliest), defaults, built-in.
 */
#include "base/cleanup.h"
#include "config/diagnostics.h"
#include "config/grammar.h"
#include "config/settings.h"

struct config;
struct text;

/* files in the order of reading: the hardware table, multipath.conf, its drop-ins, pathkeeper.conf.
 * No file: what is built in. Remarks are added to list, also on failure; it may be NULL.
 * 0; -EINVAL: refused, at least one remark is SEVERITY_FATAL; -ENOMEM; -E2BIG: too many files. */
int config_new(const struct config_file *files, size_t n_files, struct diagnostics *list,
	struct config **ret);
struct config *config_free(struct config *config);
DEFINE_FREEP(struct config, config_free)

/* What is known of a device. NULL or "": unknown. */
struct config_device {
	const char *wwid;
	const char *vendor; /* vendor or product unknown: no entry of devices applies */
	const char *product;
	const char *revision;
	const char *devnode;  /* "sdb" */
	const char *protocol; /* "scsi:iscsi" */

	/* Names of udev properties in the order in which they are to be asked, "A,B,C"; while they
	 * are not known, property rules do not apply. */
	const char *properties;
};

/* What is in force for device; with NULL what is in force for the daemon. 0, or -ENOMEM: which
 * entries apply to device could not be told, and *ret is untouched. Without device never. */
int config_resolve(
	const struct config *config, const struct config_device *device, struct settings *ret);

/* Adds the value of any keyword for device to out, also of one that is not acted on (yet). false:
 * it is not set. */
bool config_value(const struct config *config, const struct config_device *device,
	const char *keyword, struct text *out);

/* May this device be asked at all? 1; 0: *ret_reason (may be NULL) says which rule excludes it,
 * borrowed from config; -ENOMEM. */
int config_is_asked(
	const struct config *config, const struct config_device *device, const char **ret_reason);

/* "multipath.conf:12 (overrides)", "built-in". Written to and returned from buffer. */
#define ORIGIN_TEXT_SIZE 128
const char *config_origin_text(
	const struct config *config, const struct origin *origin, char buffer[ORIGIN_TEXT_SIZE]);

/* The value as it would be written in a file. Written to and returned from buffer. */
#define SETTING_TEXT_SIZE 64
const char *settings_value_text(
	const struct settings *settings, enum setting setting, char buffer[SETTING_TEXT_SIZE]);
const char *setting_name(enum setting setting);

/* One line of the whole configuration; strings are borrowed for the call. */
struct config_row {
	enum section section;
	unsigned entry; /* rows of one device, protocol or multipath entry share it; else 0 */
	const char *keyword;
	const char *value;
	const char *origin;
	bool is_number;	  /* else to be quoted in a dump */
	bool is_acted_on; /* else known, accepted and shown */
};

/* Calls visit for every row in the order of a multipath.conf, until it returns nonzero; returns
 * that, else 0; -ENOMEM. Keywords of defaults that nobody set come with their built-in value. */
int config_rows(const struct config *config, int (*visit)(void *arg, const struct config_row *row),
	void *arg);

/* Adds the same rows to out as a file that can be read again, each with its origin as a comment if
 * wanted. 0 or -ENOMEM. */
int config_print(const struct config *config, bool with_origins, struct text *out);
