/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/clerk.h"

#include <errno.h>

#include "act/detaches.h"
#include "act/gaps.h"
#include "act/taken.h"
#include "port/packet.h"
#include "port/test_point.h"

static bool is_for_clerk(enum action_kind kind)
{
	return kind == ACT_WRITE_DOWN || kind == ACT_STRIKE_OUT || kind == ACT_KEEP_OUT ||
	       kind == ACT_LET_IN;
}

/* The word last: what is left of its maps is found by it. */
static int strike_out(uint64_t word)
{
	int r = taken_remove(word);

	return r < 0 ? r : detaches_remove(word);
}

static int perform(const struct action *a)
{
	switch ((int)a->kind) {
	case ACT_WRITE_DOWN: return detaches_write(&a->word);
	case ACT_STRIKE_OUT: return strike_out(a->word.number);
	case ACT_KEEP_OUT: return gaps_keep_out(&a->gap);
	case ACT_LET_IN: return gaps_remove(&a->gap.gap);
	}
	return -EOPNOTSUPP;
}

void clerk_perform(const struct action *a, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_DONE, .action = a->id, .path = a->path };
	ret->done.stage = STAGE_WRITE;
	test_point("clerk-before-write");
	ret->result = perform(a);
}

int clerk_main(int socket, uint32_t tag)
{
	static struct packet packet;
	struct action a;
	int r;

	(void)tag;
	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, &a, sizeof a) > 0) {
			struct observation o;

			if (!is_for_clerk(a.kind))
				continue;
			clerk_perform(&a, &o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
