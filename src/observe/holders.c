/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/holders.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "observe/holders_match.h"
#include "observe/report.h"
#include "port/loop.h"
#include "port/packet.h"

enum { DEADLINE_MS = 10000, MAX_OF_PACKET = PACKET_MAX / 64, MAX_QUESTIONS = 2 * MAX_OF_PACKET };

struct questions {
	struct action all[MAX_QUESTIONS];
	size_t n;
};

static instant deadline_of(const struct action *actions, size_t n)
{
	instant now = loop_now(), deadline = instant_add_ms(now, DEADLINE_MS);

	for (size_t i = 0; i < n; i++)
		if (actions[i].holders.deadline_ms)
			deadline = instant_earlier(
				deadline, instant_add_ms(now, actions[i].holders.deadline_ms));
	return deadline;
}

void holders_find(const struct action *actions, size_t n, struct observation *ret)
{
	_cleanup_(scan_done) struct scan scan;
	_cleanup_(users_done) struct users users;

	scan_init(&scan, deadline_of(actions, n));
	users_read(&scan, &users);
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct observation){
			.kind = OBS_HOLDERS,
			.action = actions[i].id,
			.path = actions[i].path,
		};
		scan_goes_on(&scan);
		holders_match(&users, &actions[i].holders, &ret[i].holders);
	}
}

/* All packets that are there are answered with one look: were it one for each, those that come
 * while we look would have to wait for more and more of them. 0 or negative errno. */
static int gather(int socket, struct questions *questions)
{
	static struct packet packet;

	questions->n = 0;
	while (questions->n <= MAX_QUESTIONS - MAX_OF_PACKET) {
		int r = packet_receive(socket, &packet);

		if (r == -EAGAIN)
			return 0;
		if (r <= 0)
			return r < 0 ? r : -EPIPE;
		while (questions->n < MAX_QUESTIONS &&
			packet_next(&packet, &questions->all[questions->n], sizeof(struct action)) >
				0)
			questions->n += questions->all[questions->n].kind == ACT_FIND_HOLDERS;
		packet_done(&packet);
	}
	return 0;
}

static int answer(const struct questions *questions, struct report *report)
{
	_cleanup_(freep) struct observation *answers = calloc(questions->n, sizeof *answers);

	if (!answers)
		return -ENOMEM;
	holders_find(questions->all, questions->n, answers);
	for (size_t i = 0; i < questions->n; i++)
		report_add(report, &answers[i]);
	return report_flush(report);
}

int scanner_main(int socket, uint32_t tag)
{
	_cleanup_(freep) struct questions *questions = malloc(sizeof *questions);
	static struct report report;
	int r = questions ? 0 : -ENOMEM;

	(void)tag;
	report_init(&report, socket);
	while (r >= 0) {
		r = packet_wait(socket, false);
		if (r >= 0)
			r = gather(socket, questions);
		if (r >= 0 && questions->n)
			r = answer(questions, &report);
	}
	return r != -EPIPE;
}
