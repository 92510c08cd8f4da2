/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/asker.h"

#include <errno.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "port/packet.h"
#include "port/process.h"

static _Noreturn void ask_in_child(
	int disk, uint32_t timeout_ms, struct ask_wishes wishes, int pipe)
{
	const int kept[] = { disk, pipe };
	struct obs_checked checked;

	if (process_close_all_but(kept, ARRAY_SIZE(kept)) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, "pk-asker");
	ask_now(disk, timeout_ms, wishes, 0, &checked);
	_exit(packet_send_patiently(pipe, &checked, sizeof checked) < 0);
}

int asker_fork(int disk, uint32_t timeout_ms, struct ask_wishes wishes, int *ret)
{
	_cleanup_(closep) int ours = -1, its = -1;
	int pair[2], pid, r;

	r = packet_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	its = pair[1];
	pid = fork();
	if (pid == 0)
		ask_in_child(disk, timeout_ms, wishes, its);
	if (pid < 0)
		return -errno;
	*ret = TAKE_FD(ours);
	return 0;
}
