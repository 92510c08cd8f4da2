/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/pace.h"

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_LAST_MS = 300000 };

/* A number that differs from path to path, and stays the same for one. */
static uint32_t scatter(const struct path *p)
{
	return (p->id.slot * 2654435761u) ^ (p->id.gen * 40503u);
}

/* Did it say often enough that it is gone? Then it is asked at its own pace again. */
static bool is_confirmed(const struct path *p)
{
	return p->gone_count >= 2 && p->gone_count >= p->settings.purge_checks;
}

void pace_after_check(struct model *m, struct path *p, uint32_t ask_again_ms, bool changed)
{
	uint64_t first = p->settings.polling_interval_s * 1000ull;
	uint64_t most = p->settings.max_polling_interval_s * 1000ull;
	uint64_t wait;

	if (ask_again_ms && (ask_again_ms != PACE_CONFIRM_MS || !is_confirmed(p))) {
		p->check_due = instant_add_ms(m->now, ask_again_ms);
		return;
	}
	if (changed || p->state != PATH_UP || !p->interval_ms)
		p->interval_ms = first;
	else
		p->interval_ms = p->interval_ms * 2 > most ? most : p->interval_ms * 2;
	wait = p->interval_ms;
	wait -= scatter(p) % (wait / 8 + 1); /* keeps neighbours from falling into step */
	p->check_due = instant_add_ms(m->now, wait);
}

void pace_after_clean(struct model *m, struct path *p)
{
	uint64_t most = p->settings.max_polling_interval_s * 1000ull;

	p->interval_ms = 0;
	p->check_due = instant_add_ms(m->now, most + scatter(p) % (most / 8 + 1));
}

uint64_t pace_backoff_ms(uint32_t failures)
{
	uint64_t wait = BACKOFF_FIRST_MS;

	while (failures-- > 1 && wait < BACKOFF_LAST_MS)
		wait *= 2;
	return wait < BACKOFF_LAST_MS ? wait : BACKOFF_LAST_MS;
}

instant pace_first(const struct path *p, instant now)
{
	uint64_t interval = p->settings.polling_interval_s * 1000ull;

	return instant_add_ms(now, interval ? scatter(p) % interval / 4 : 0);
}
