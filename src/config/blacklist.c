/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/blacklist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy.h"

/* Everything but SCSI disks, DASD and NVMe; and what udev says of every disk it could identify. */
#define NOT_A_DISK "!^(sd[a-z]|dasd[a-z]|nvme[0-9])"
#define IDENTIFIED "(SCSI_IDENT_|ID_WWN)"

enum { LONGEST_NAME = 256 }; /* of a property; what is longer is matched as far as this */

static const char *const names[CRITERIA] = {
	[CRITERION_PROPERTY] = "property",
	[CRITERION_DEVNODE] = "devnode",
	[CRITERION_DEVICE] = "device",
	[CRITERION_PROTOCOL] = "protocol",
	[CRITERION_WWID] = "wwid",
};

const char *criterion_name(enum criterion criterion)
{
	return names[criterion];
}

int criterion_parse(const char *name, enum criterion *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum criterion)i;
			return 0;
		}
	}
	return -EINVAL;
}

static void rule_done(struct rule *rule)
{
	free(rule->text);
	free(rule->product);
	free(rule->why);
	pattern_done(&rule->pattern);
	pattern_done(&rule->product_pattern);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_known(
	const struct rules *rules, enum criterion criterion, const char *text, const char *product)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->rule[i];

		if (rule->criterion == criterion && is_same_text(rule->text, text) &&
			is_same_text(rule->product, product))
			return true;
	}
	return false;
}

static struct rule *append(struct rules *rules)
{
	if (rules->n == rules->size) {
		size_t size = rules->size ? rules->size * 2 : 8;
		struct rule *all = realloc(rules->rule, size * sizeof *all);

		if (!all)
			return NULL;
		rules->rule = all;
		rules->size = size;
	}
	return &rules->rule[rules->n];
}

static int compile(
	const char *text, struct pattern *ret, char **ret_copy, struct rule_fault *ret_fault)
{
	enum pattern_fault fault;

	if (!text)
		return 0;
	*ret_copy = strdup(text);
	if (!*ret_copy)
		return -ENOMEM;
	fault = pattern_compile_rule(text, ret);
	if (fault == PATTERN_FINE)
		return 0;
	*ret_fault = (struct rule_fault){ text, fault };
	return fault == PATTERN_NO_MEMORY ? -ENOMEM : -EINVAL;
}

int rules_add(struct rules *rules, enum criterion criterion, const char *text, const char *product,
	struct origin origin, struct rule_fault *ret_fault)
{
	struct rule rule = { .criterion = criterion, .origin = origin };
	struct rule *place;
	int r;

	if ((!text && !product) || is_known(rules, criterion, text, product))
		return 0;
	r = compile(text, &rule.pattern, &rule.text, ret_fault);
	if (r >= 0)
		r = compile(product, &rule.product_pattern, &rule.product, ret_fault);
	place = r >= 0 ? append(rules) : NULL;
	if (!place) {
		rule_done(&rule);
		return r < 0 ? r : -ENOMEM;
	}
	*place = rule;
	rules->n++;
	return 1;
}

int blacklist_add_built_in(struct blacklist *list)
{
	struct origin built_in = { .layer = LAYER_BUILT_IN };
	struct rule_fault fault;
	int r;

	r = rules_add(&list->excluded, CRITERION_DEVNODE, NOT_A_DISK, NULL, built_in, &fault);
	if (r < 0)
		return r;
	r = rules_add(&list->excepted, CRITERION_PROPERTY, IDENTIFIED, NULL, built_in, &fault);
	return r < 0 ? r : 0;
}

/* What a rule of this criterion is matched against; NULL: not known. */
static const char *subject(enum criterion criterion, const struct config_device *device)
{
	const char *text = NULL;

	switch (criterion) {
	case CRITERION_PROPERTY: break;
	case CRITERION_DEVNODE: text = device->devnode; break;
	case CRITERION_DEVICE: text = device->vendor; break;
	case CRITERION_PROTOCOL: text = device->protocol; break;
	case CRITERION_WWID: text = device->wwid; break;
	}
	return text && *text ? text : NULL;
}

static int fits(const struct rule *rule, const char *text, const char *product)
{
	int r = rule->text ? pattern_matches(&rule->pattern, text) : 1;

	return r > 0 && rule->product ? pattern_matches(&rule->product_pattern, product) : r;
}

/* The first rule that fits; NULL: none does. 0 or -ENOMEM. */
static int find_fitting(const struct rules *rules, enum criterion criterion, const char *text,
	const char *product, const struct rule **ret)
{
	int r = 0;

	for (size_t i = 0; i < rules->n; i++) {
		r = rules->rule[i].criterion == criterion ? fits(&rules->rule[i], text, product)
							  : 0;
		if (r < 0)
			return r;
		if (r > 0) {
			*ret = &rules->rule[i];
			return 0;
		}
	}
	*ret = NULL;
	return 0;
}

static enum filter ask_lists(const struct blacklist *list, enum criterion criterion,
	const char *text, const char *product, const struct rule **ret_rule)
{
	const struct rule *rule;

	if (find_fitting(&list->excepted, criterion, text, product, &rule) < 0)
		return FILTER_NO_MEMORY;
	if (rule) {
		*ret_rule = rule;
		return FILTER_EXCEPTED;
	}
	if (find_fitting(&list->excluded, criterion, text, product, &rule) < 0)
		return FILTER_NO_MEMORY;
	if (!rule)
		return FILTER_NOTHING;
	*ret_rule = rule;
	return FILTER_EXCLUDED;
}

/* The first property that a rule speaks of decides. */
static enum filter ask_properties(const struct blacklist *list, const struct config_device *device,
	const char *uid_attribute, const struct rule **ret_rule)
{
	const char *at = device->properties ? device->properties : "";
	bool is_identified = false;

	for (size_t len; *at; at += len + (at[len] == ',')) {
		char name[LONGEST_NAME];
		enum filter answer;

		len = strcspn(at, ",");
		snprintf(name, sizeof name, "%.*s", (int)len, at);
		answer = ask_lists(list, CRITERION_PROPERTY, name, NULL, ret_rule);
		if (answer != FILTER_NOTHING)
			return answer;
		if (uid_attribute && *uid_attribute && strcmp(uid_attribute, name) == 0)
			is_identified = true;
	}
	return is_identified ? FILTER_EXCLUDED : FILTER_NOTHING;
}

enum filter blacklist_ask(const struct blacklist *list, enum criterion criterion,
	const struct config_device *device, const char *uid_attribute, const struct rule **ret_rule)
{
	const char *text = subject(criterion, device);
	const char *product = criterion == CRITERION_DEVICE ? device->product : NULL;
	const struct rule *rule = NULL;
	enum filter answer;

	if (criterion == CRITERION_PROPERTY)
		answer = ask_properties(list, device, uid_attribute, &rule);
	else if (!text || (criterion == CRITERION_DEVICE && (!product || !*product)))
		answer = FILTER_NOTHING;
	else
		answer = ask_lists(list, criterion, text, product, &rule);
	if (ret_rule)
		*ret_rule = rule;
	return answer;
}

enum filter blacklist_ask_all(const struct blacklist *list, const struct config_device *device,
	const char *uid_attribute, enum criterion *ret_criterion, const struct rule **ret_rule)
{
	enum filter said = FILTER_NOTHING;

	for (size_t i = 0; i < CRITERIA; i++) {
		const struct rule *rule = NULL;
		enum filter answer = blacklist_ask(
			list, (enum criterion)i, device, uid_attribute, &rule);

		if (answer == FILTER_NOTHING)
			continue;
		said = answer;
		if (ret_criterion)
			*ret_criterion = (enum criterion)i;
		if (ret_rule)
			*ret_rule = rule;
		if (answer == FILTER_EXCLUDED || answer == FILTER_NO_MEMORY)
			break;
	}
	return said;
}

static void rules_done(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_done(&rules->rule[i]);
	free(rules->rule);
	*rules = (struct rules){ 0 };
}

void blacklist_done(struct blacklist *list)
{
	rules_done(&list->excluded);
	rules_done(&list->excepted);
}
