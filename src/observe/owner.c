/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/owner.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/action.h"
#include "port/multipathd.h"
#include "port/packet.h"

#define KEYWORD "purge_disconnected"

enum { ASK_MS = 5000 };

/* A line such as "\tpurge_disconnected \"yes\"". */
static void read_line(const char *line, size_t len, struct obs_owner *ret)
{
	const char *end = line + len;

	while (line < end && strchr(" \t", *line))
		line++;
	if ((size_t)(end - line) < strlen(KEYWORD) || strncmp(line, KEYWORD, strlen(KEYWORD)) != 0)
		return;
	line += strlen(KEYWORD);
	if (line < end && !strchr(" \t\"", *line))
		return; /* another word that begins like it */
	ret->knows_purge = true;
	while (line < end && strchr(" \t\"", *line))
		line++;
	if (end - line >= 3 && !strncmp(line, "yes", 3))
		ret->purges = true;
}

void owner_read_config(const char *config, struct obs_owner *ret)
{
	while (*config) {
		size_t len = strcspn(config, "\n");

		read_line(config, len, ret);
		config += len + (config[len] == '\n');
	}
}

static void ask(struct observation *o)
{
	_cleanup_(text_done) struct text config = TEXT_INIT;

	o->owner.running = multipathd_is_running(&o->owner.pid);
	if (!o->owner.running)
		return;
	o->result = multipathd_ask("show config", ASK_MS, &config);
	if (o->result >= 0)
		owner_read_config(text_str(&config), &o->owner);
	else if (o->result == -ESRCH) /* it ended while we looked */
		*o = (struct observation){ .kind = OBS_OWNER, .action = o->action };
	else
		o->owner.knows_purge = o->owner.purges = true;
}

int owner_main(int socket, uint32_t tag)
{
	static struct packet packet;
	struct action a;
	int r;

	(void)tag;
	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, &a, sizeof a) > 0) {
			struct observation o = { .kind = OBS_OWNER, .action = a.id };

			if (a.kind != ACT_ASK_OWNER)
				continue;
			ask(&o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
