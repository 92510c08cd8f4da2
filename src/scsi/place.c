/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/place.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_TEXT = 24 };

struct place place_of_host(uint32_t host)
{
	return (struct place){ host, PLACE_ANY, PLACE_ANY, PLACE_ANY_LUN };
}

struct place place_of_target(const struct scsi_address *a)
{
	return (struct place){ a->host, a->channel, a->target, PLACE_ANY_LUN };
}

struct place place_of_address(const struct scsi_address *a)
{
	return (struct place){ a->host, a->channel, a->target, a->lun };
}

bool place_covers(const struct place *p, const struct scsi_address *a)
{
	return p->host == a->host && (p->channel == PLACE_ANY || p->channel == a->channel) &&
	       (p->target == PLACE_ANY || p->target == a->target) &&
	       (p->lun == PLACE_ANY_LUN || p->lun == a->lun);
}

bool place_equal(const struct place *a, const struct place *b)
{
	return a->host == b->host && a->channel == b->channel && a->target == b->target &&
	       a->lun == b->lun;
}

static void print_number(uint64_t number, uint64_t any, char ret[NUMBER_TEXT])
{
	if (number == any)
		snprintf(ret, NUMBER_TEXT, "-");
	else
		snprintf(ret, NUMBER_TEXT, "%" PRIu64, number);
}

static void print(const struct place *p, char between, bool with_host, char ret[PLACE_TEXT])
{
	char channel[NUMBER_TEXT], target[NUMBER_TEXT], lun[NUMBER_TEXT];
	int n = 0;

	print_number(p->channel, PLACE_ANY, channel);
	print_number(p->target, PLACE_ANY, target);
	print_number(p->lun, PLACE_ANY_LUN, lun);
	if (with_host)
		n = snprintf(ret, PLACE_TEXT, "%" PRIu32 ":", p->host);
	snprintf(ret + n, PLACE_TEXT - (size_t)n, "%s%c%s%c%s", channel, between, target, between,
		lun);
}

void place_print(const struct place *p, char ret[PLACE_TEXT])
{
	print(p, ':', true, ret);
}

void place_print_scan(const struct place *p, char ret[PLACE_TEXT])
{
	print(p, ' ', false, ret);
}
