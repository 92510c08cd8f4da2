/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/helper.h"

#include <errno.h>

#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"

struct batch {
	struct batch *next;
	struct packet packet;
};

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
	helper_drop(h, NULL, NULL);
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

static struct batch *add_batch(struct helper *h)
{
	struct batch **end = &h->out, *b = malloc(sizeof *b);

	if (!b)
		return NULL;
	b->next = NULL;
	packet_clear(&b->packet);
	while (*end)
		end = &(*end)->next;
	return *end = b;
}

int helper_add(struct helper *h, const struct action *a)
{
	struct batch *b = h->out;

	while (b && b->next)
		b = b->next;
	if (b && packet_add(&b->packet, a, action_size(a)) == 0)
		return 0;
	b = add_batch(h);
	return b ? packet_add(&b->packet, a, action_size(a)) : -ENOMEM;
}

int helper_flush(struct helper *h, instant now)
{
	if (h->out)
		helper_look_behind(h, now); /* what is sent now cannot have been taken yet */
	while (h->out) {
		struct batch *sent = h->out;
		int r = packet_send(h->socket, &sent->packet);

		if (r < 0)
			return r;
		h->out = sent->next;
		free(sent);
	}
	helper_look_behind(h, now);
	return 0;
}

void helper_drop(struct helper *h, void (*visit)(void *arg, const struct action *a), void *arg)
{
	struct batch *dropped = TAKE(h->out), *b;
	struct action a;

	while ((b = dropped)) {
		while (visit && packet_next(&b->packet, &a, sizeof a) == 1)
			visit(arg, &a);
		dropped = b->next;
		free(b);
	}
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
