/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/lun.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/model.h"

void lun_leave(struct model *m, struct path *p)
{
	struct lun *lun = p->lun;

	p->lun = NULL;
	if (!lun || --lun->n_paths)
		return;
	HASH_DEL(m->luns, lun);
	free(lun);
}

int lun_join(struct model *m, struct path *p)
{
	char key[MAX_ARRAY + MAX_SYSFS];
	struct lun *lun;

	snprintf(key, sizeof key, "%s\n%s", p->device.array,
		p->device.wwid[0] ? p->device.wwid : p->device.sysfs);
	HASH_FIND_STR(m->luns, key, lun);
	if (lun && lun == p->lun)
		return 0;
	if (!lun) {
		lun = calloc(1, sizeof *lun);
		if (!lun)
			return -ENOMEM;
		TEXT_SET(lun->array, p->device.array);
		TEXT_SET(lun->key, key);
		HASH_ADD_STR(m->luns, key, lun);
		if (!HASH_TOOK(lun)) {
			free(lun);
			return -ENOMEM;
		}
	}
	lun_leave(m, p);
	lun->n_paths++;
	p->lun = lun;
	return 0;
}

/* The i-th from the latest backwards, as long as it is remembered. */
static struct death *death(const struct model *m, uint32_t i)
{
	struct death *d;

	if (i >= m->n_deaths || i >= MAX_DEATHS)
		return NULL;
	d = &m->deaths[(m->n_deaths - 1 - i) % MAX_DEATHS];
	return instant_is_set(d->at) && instant_ms_between(d->at, m->now) >= DEATH_MEMORY_MS ? NULL
											     : d;
}

const struct death *lun_death(const struct model *m, uint32_t i)
{
	return death(m, i);
}

static struct death *death_of(const struct model *m, const struct path *p)
{
	struct death *d;

	for (uint32_t i = 0; (d = death(m, i)); i++)
		if (instant_is_set(d->at) && path_id_equal(d->path, p->id))
			return d;
	return NULL;
}

/* Its logical unit counts by the one before it, if there is one. */
static void forget_death(struct model *m, struct death *back)
{
	struct death *d;

	for (uint32_t i = 0; back->newest && (d = death(m, i)); i++)
		if (d != back && instant_is_set(d->at) && !strcmp(d->key, back->key)) {
			d->newest = true;
			break;
		}
	back->at = INSTANT_NEVER;
	back->newest = false;
}

void lun_take_back_death(struct model *m, const struct path *p)
{
	struct death *d = death_of(m, p);

	if (d && !d->stands)
		forget_death(m, d);
}

void lun_keep_death(struct model *m, const struct path *p)
{
	struct death *d = death_of(m, p);

	if (d)
		d->stands = true;
}

void lun_add_death(struct model *m, const struct path *p)
{
	struct death *d = death_of(m, p);
	bool stands = d && d->stands;

	if (d)
		forget_death(m, d);
	for (uint32_t i = 0; (d = death(m, i)); i++)
		if (!strcmp(d->key, p->lun->key))
			d->newest = false;
	d = &m->deaths[m->n_deaths++ % MAX_DEATHS];
	*d = (struct death){ .at = m->now, .path = p->id, .newest = true, .stands = stands };
	TEXT_SET(d->array, p->lun->array);
	TEXT_SET(d->key, p->lun->key);
}
