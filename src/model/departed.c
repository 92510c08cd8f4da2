/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/departed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void drop(struct departures *d, uint32_t i)
{
	memmove(&d->rows[i], &d->rows[i + 1], (--d->n - i) * sizeof *d->rows);
}

static bool is_of_interest(const struct departed *row, instant now)
{
	return row->ours || instant_ms_between(row->at, now) < DEPARTED_REST_MS;
}

/* Room for one more: those of no interest go, and when all are the oldest. */
static int make_room(struct departures *d, instant now)
{
	uint32_t max = d->max ? d->max * 2 : 64;
	struct departed *rows;

	if (d->n < d->max)
		return 0;
	for (uint32_t i = d->n; i-- > 0;)
		if (!is_of_interest(&d->rows[i], now))
			drop(d, i);
	if (d->n == MAX_DEPARTED)
		drop(d, 0);
	if (d->n < d->max)
		return 0;
	rows = realloc(d->rows, max * sizeof *rows);
	if (!rows)
		return -ENOMEM;
	d->rows = rows;
	d->max = max;
	return 0;
}

static struct departed *find(const struct departures *d, const struct scsi_address *address)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (scsi_address_equal(&d->rows[i].address, address))
			return &d->rows[i];
	return NULL;
}

int departures_add(struct departures *d, const struct departed *row)
{
	struct departed *before = find(d, &row->address);
	int r;

	if (before)
		drop(d, (uint32_t)(before - d->rows));
	r = make_room(d, row->at);
	if (r < 0)
		return r;
	d->rows[d->n++] = *row;
	return 0;
}

void departures_return(struct departures *d, const struct scsi_address *address)
{
	struct departed *row = find(d, address);

	if (row)
		*row = (struct departed){ .address = row->address, .at = row->at };
}

void departures_drop_host(struct departures *d, uint32_t host)
{
	for (uint32_t i = d->n; i-- > 0;)
		if (d->rows[i].address.host == host)
			drop(d, i);
}

void departures_done(struct departures *d)
{
	free(d->rows);
	*d = (struct departures){ 0 };
}

instant departures_last(const struct departures *d, const struct place *place)
{
	instant last = INSTANT_NEVER;

	for (uint32_t i = 0; i < d->n; i++)
		if (place_covers(place, &d->rows[i].address) &&
			(!instant_is_set(last) || instant_before(last, d->rows[i].at)))
			last = d->rows[i].at;
	return last;
}
