/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/holders.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "observe/holders_match.h"
#include "observe/report.h"
#include "port/loop.h"
#include "port/packet.h"

enum { DEADLINE_MS = 10000, MAX_QUESTIONS = PACKET_MAX / 64 };

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

/* All questions of a packet are answered with one look. */
static int answer(struct packet *packet, struct report *report)
{
	_cleanup_(freep) struct action *questions = calloc(MAX_QUESTIONS, sizeof *questions);
	_cleanup_(freep) struct observation *answers = NULL;
	size_t n = 0;

	while (questions && n < MAX_QUESTIONS &&
		packet_next(packet, &questions[n], sizeof *questions) > 0)
		n += questions[n].kind == ACT_FIND_HOLDERS;
	if (questions)
		answers = calloc(n ? n : 1, sizeof *answers);
	if (!answers)
		return -ENOMEM;
	if (n)
		holders_find(questions, n, answers);
	for (size_t i = 0; i < n; i++)
		report_add(report, &answers[i]);
	return report_flush(report);
}

int scanner_main(int socket, uint32_t tag)
{
	static struct packet packet;
	static struct report report;
	int r;

	(void)tag;
	report_init(&report, socket);
	for (;;) {
		r = packet_wait(socket, false);
		if (r < 0)
			return 1;
		r = packet_receive(socket, &packet);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return r < 0;
		r = answer(&packet, &report);
		packet_done(&packet);
		if (r < 0)
			return 1;
	}
}
