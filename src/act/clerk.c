/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/clerk.h"

#include "act/detaches.h"
#include "port/packet.h"
#include "port/test_point.h"

void clerk_perform(const struct action *a, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_DONE, .action = a->id, .path = a->path };
	ret->done.stage = STAGE_WRITE;
	test_point("clerk-before-write");
	ret->result = a->kind == ACT_WRITE_DOWN ? detaches_write(&a->word)
						: detaches_remove(a->word.number);
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

			if (a.kind != ACT_WRITE_DOWN && a.kind != ACT_STRIKE_OUT)
				continue;
			clerk_perform(&a, &o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
