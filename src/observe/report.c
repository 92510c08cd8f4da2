/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/report.h"

#include <errno.h>

void report_init(struct report *report, int socket)
{
	report->socket = socket;
	report->failed = 0;
	packet_clear(&report->packet);
}

int report_flush(struct report *report)
{
	int r = report->failed;

	while (r >= 0 && report->packet.len) {
		r = packet_send(report->socket, &report->packet);
		if (r >= 0)
			packet_clear(&report->packet);
		else if (r == -EAGAIN)
			r = packet_wait(report->socket, true);
	}
	report->failed = r;
	return r;
}

void report_add(void *arg, const struct observation *o)
{
	struct report *report = arg;
	size_t size = observation_size(o);

	if (packet_add(&report->packet, o, size) != -ENOSPC)
		return;
	if (report_flush(report) >= 0)
		packet_add(&report->packet, o, size);
}
