/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/retired.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "port/loop.h"

enum { MANY = 4 };

struct retiree {
	struct retiree *next;
	struct retired *retired; /* borrowed */
	enum helper_kind kind;
	int socket;	       /* owned */
	struct source *source; /* owned */
};

static void drop(struct retiree *one)
{
	struct retiree **at = &one->retired->first;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	source_free(one->source);
	close(one->socket);
	free(one);
}

/* What it still says is taken and dropped, so that it does not wait for room, and ends. */
static void on_word(void *arg, int fd, uint32_t events)
{
	struct retiree *one = arg;
	struct retired *retired = one->retired;
	ssize_t n;
	char c;

	(void)events;
	do
		n = recv(fd, &c, sizeof c, MSG_DONTWAIT);
	while (n > 0 || (n < 0 && (errno == EINTR || errno == ECONNRESET)));
	if (n < 0 && errno == EAGAIN)
		return;
	drop(one);
	retired->ended(retired->arg);
}

/* Without memory it is not counted. */
void retired_add(struct retired *retired, enum helper_kind kind, int socket)
{
	struct retiree *one = calloc(1, sizeof *one);

	shutdown(socket, SHUT_WR); /* for it, the end: should it come back */
	if (!one) {
		close(socket);
		return;
	}
	*one = (struct retiree){ retired->first, retired, kind, socket, NULL };
	retired->first = one;
	if (loop_watch(retired->loop, socket, EPOLLIN, PRIORITY_ANSWER, on_word, one,
		    &one->source) < 0)
		drop(one);
}

bool retired_are_many(const struct retired *retired, enum helper_kind kind)
{
	unsigned n = 0;

	for (const struct retiree *one = retired->first; one; one = one->next)
		n += one->kind == kind;
	return n >= MANY;
}

void retired_done(struct retired *retired)
{
	while (retired->first)
		drop(retired->first);
}
