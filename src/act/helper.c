/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/helper.h"

#include <errno.h>

#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"

struct helper *helper_new(void *owner, enum helper_kind kind, uint32_t host)
{
	struct helper *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->owner = owner;
	h->kind = kind;
	h->host = host;
	h->socket = -1;
	return h;
}

struct helper *helper_free(struct helper *h)
{
	if (!h)
		return NULL;
	source_free(h->source);
	close_fd(h->socket);
	while (h->owed) {
		struct question *q = h->owed;

		h->owed = q->next;
		free(q);
	}
	free(h->out);
	free(h);
	return NULL;
}

void helper_look_behind(struct helper *h, instant now)
{
	size_t bytes = h->socket < 0 ? 0 : packet_untaken_bytes(h->socket);

	if (!bytes)
		h->behind_since = INSTANT_NEVER;
	else if (!instant_is_set(h->behind_since) || bytes < h->untaken_bytes)
		h->behind_since = now;
	h->untaken_bytes = bytes;
}

int helper_flush(struct helper *h, instant now)
{
	int r;

	if (!h->out)
		return 0;
	helper_look_behind(h, now); /* before: what is sent now cannot have been taken yet */
	r = packet_send(h->socket, h->out);
	if (r < 0)
		return r;
	free(TAKE(h->out));
	return 0;
}

int helper_add(struct helper *h, const struct action *a)
{
	int r;

	if (h->out && packet_add(h->out, a, action_size(a)) == 0)
		return 0;
	if (h->out) {
		r = h->socket < 0 ? -EAGAIN : helper_flush(h, loop_now());
		if (r < 0)
			return r;
	}
	h->out = malloc(sizeof *h->out);
	if (!h->out)
		return -ENOMEM;
	packet_clear(h->out);
	return packet_add(h->out, a, action_size(a));
}

int helper_owe(struct helper *h, const struct action *a, instant now)
{
	struct question **end = &h->owed, *q = malloc(sizeof *q);

	if (!q)
		return -ENOMEM;
	*q = (struct question){ .kind = a->kind, .id = a->id, .path = a->path, .at = now };
	while (*end)
		end = &(*end)->next;
	*end = q;
	return 0;
}

void helper_answered(struct helper *h, enum action_kind kind, uint64_t id)
{
	for (struct question **q = &h->owed; *q; q = &(*q)->next)
		if ((*q)->kind == kind && (*q)->id == id) {
			struct question *answered = *q;

			*q = answered->next;
			free(answered);
			return;
		}
}
