/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which devices are left alone. Five criteria, each with a list of rules that exclude and a list of
 * exceptions; within a criterion an exception wins, between criteria nothing does: a device is
 * excluded when one of them excludes it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "config/pattern.h"
#include "config/settings.h"

struct config_device;

/* In the order in which they are asked. */
enum criterion {
	CRITERION_PROPERTY,
	CRITERION_DEVNODE,
	CRITERION_DEVICE,
	CRITERION_PROTOCOL,
	CRITERION_WWID,
};
#define CRITERIA (CRITERION_WWID + 1)

enum filter {
	FILTER_NOTHING,	 /* no rule fits */
	FILTER_EXCEPTED, /* an exception fits */
	FILTER_EXCLUDED,
	FILTER_NO_MEMORY, /* for trying them */
};

struct rule {
	enum criterion criterion;
	char *text;		/* owned; what is matched: devnode, wwid, vendor ... */
	char *product;		/* owned; of a device rule */
	struct pattern pattern; /* of text; not set in a device rule without vendor */
	struct pattern product_pattern;
	struct origin origin;
	char *why; /* owned, may be NULL: for people, "devnode blacklisted: multipath.conf:12
		      (blacklist)" */
};

struct rules {
	struct rule *rule; /* owned */
	size_t n;
	size_t size;
};

/* Which word of a rule is none, and why. */
struct rule_fault {
	const char *text; /* borrowed from who gave it */
	enum pattern_fault fault;
};

struct blacklist {
	struct rules excluded;
	struct rules excepted;
};

/* "devnode", "wwid", "property", "protocol"; and "device". */
const char *criterion_name(enum criterion criterion);

/* -EINVAL: there is no such criterion. */
int criterion_parse(const char *name, enum criterion *ret);

/* One or both of text and product (device rules only) may be NULL. A rule that is there already is
 * not added again. 1: added; 0: not; -EINVAL: *ret_fault says what is wrong; -ENOMEM. */
int rules_add(struct rules *rules, enum criterion criterion, const char *text, const char *product,
	struct origin origin, struct rule_fault *ret_fault);

/* The rules that are always there: devices that are no disks, and udev properties every disk has.
 */
int blacklist_add_built_in(struct blacklist *list);

/* What one criterion says. *ret_rule (may be NULL): the rule that fits, or NULL when property rules
 * exclude because none fits: uid_attribute is among the properties, so udev has done its work. */
enum filter blacklist_ask(const struct blacklist *list, enum criterion criterion,
	const struct config_device *device, const char *uid_attribute,
	const struct rule **ret_rule);

/* All criteria in order, up to the first that excludes or has no memory; else what the last that
 * said something said. *ret_criterion, *ret_rule (may be NULL): of that answer; untouched on
 * FILTER_NOTHING. */
enum filter blacklist_ask_all(const struct blacklist *list, const struct config_device *device,
	const char *uid_attribute, enum criterion *ret_criterion, const struct rule **ret_rule);

void blacklist_done(struct blacklist *list);
